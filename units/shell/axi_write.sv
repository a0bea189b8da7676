// axi_write.sv
// An AXI4 master that writes the words of whole frames, in bursts, several of them outstanding.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A job (weft_axi_bursts) is taken while job_ready; up to three wait behind the one whose bursts are being requested. A burst is requested
// when all of its words are in the buffer, so that the bus is never held by a burst that waits for data; its data does not wait for the
// address to be taken. `done_valid` tells of a job whose last write is answered, until done_taken; jobs end in order. `error` is high for
// a cycle with each response other than OKAY. All bursts have ID 0.

module weft_axi_write #(
    parameter int WordBits    = 512,
    parameter int FrameWords  = 1,
    parameter int MaxBurst    = 64,
    parameter int Outstanding = 8,
    parameter int Depth       = 128
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                job_valid,
    output logic                job_ready,
    input  logic [63:0]         job_address,
    input  logic [31:0]         job_frames,
    output logic                done_valid,
    input  logic                done_taken,
    input  logic                in_valid,
    output logic                in_ready,
    input  logic [WordBits-1:0] in_data,
    output logic                awvalid,
    input  logic                awready,
    output logic [63:0]         awaddr,
    output logic [ 7:0]         awlen,
    output logic                wvalid,
    input  logic                wready,
    output logic [WordBits-1:0] wdata,
    output logic                wlast,
    input  logic                bvalid,
    output logic                bready,
    input  logic [ 1:0]         bresp,
    output logic                error
);
    localparam int HeldBits = $clog2(Depth + 1);
    localparam int OutstandingBits = $clog2(Outstanding + 1);

    logic        next_valid;
    logic        next_ready;
    logic [63:0] next_address;
    logic [31:0] next_frames;
    weft_fifo #(
        .Width(96),
        .Depth(3)
    ) jobs (
        .clk      (clk),
        .rst      (rst),
        .in_valid (job_valid),
        .in_ready (job_ready),
        .in_data  ({job_frames, job_address}),
        .out_valid(next_valid),
        .out_ready(next_ready),
        .out_data ({next_frames, next_address})
    );

    logic        burst;
    logic [63:0] burst_address;
    logic [ 7:0] burst_length;
    logic        burst_last;
    logic        burst_taken;
    logic        empty;
    weft_axi_bursts #(
        .WordBits  (WordBits),
        .FrameWords(FrameWords),
        .MaxBurst  (MaxBurst)
    ) bursts (
        .clk          (clk),
        .rst          (rst),
        .job_valid    (next_valid),
        .job_ready    (next_ready),
        .job_address  (next_address),
        .job_frames   (next_frames),
        .burst        (burst),
        .burst_address(burst_address),
        .burst_length (burst_length),
        .burst_last   (burst_last),
        .burst_taken  (burst_taken),
        .empty        (empty)
    );

    // Words in the buffer that no burst has been requested for. `fits` looks at the burst that is offered: they only grow until it is taken.
    logic [HeldBits-1:0]        held;
    logic [OutstandingBits-1:0] outstanding;
    logic                       fits;
    logic                       enters;
    logic                       answered;
    assign burst_taken = burst && fits && !awvalid;
    assign enters      = in_valid && in_ready;
    assign answered    = bvalid && bready;

    always_ff @(posedge clk) begin
        fits <= burst && !burst_taken && held > HeldBits'(burst_length) && outstanding < OutstandingBits'(Outstanding);
        if (burst_taken) begin
            awaddr <= burst_address;
            awlen  <= burst_length;
        end
        error <= answered && bresp != 2'b00;
        if (rst) begin
            awvalid     <= 1'b0;
            held        <= '0;
            outstanding <= '0;
            error       <= 1'b0;
        end else begin
            awvalid     <= burst_taken || (awvalid && !awready);
            held        <= held + (burst_taken ? ~(HeldBits'(burst_length)) : '0) + HeldBits'(enters);
            outstanding <= outstanding + OutstandingBits'(burst_taken) - OutstandingBits'(answered);
        end
    end

    logic                buffer_valid;
    logic                buffer_ready;
    weft_fifo #(
        .Width(WordBits),
        .Depth(Depth)
    ) buffer (
        .clk      (clk),
        .rst      (rst),
        .in_valid (in_valid),
        .in_ready (in_ready),
        .in_data  (in_data),
        .out_valid(buffer_valid),
        .out_ready(buffer_ready),
        .out_data (wdata)
    );

    // Lengths of the bursts whose data is to be sent; `left` words of the present one, less one.
    logic       length_valid;
    logic       length_ready;
    logic [7:0] length;
    logic       unused_length_room;
    logic       sending;
    logic [7:0] left;
    weft_fifo #(
        .Width(8),
        .Depth(Outstanding + 1)
    ) lengths (
        .clk      (clk),
        .rst      (rst),
        .in_valid (burst_taken),
        .in_ready (unused_length_room),
        .in_data  (burst_length),
        .out_valid(length_valid),
        .out_ready(length_ready),
        .out_data (length)
    );
    assign length_ready = !sending || (wvalid && wready && wlast);
    assign wvalid       = sending && buffer_valid;
    assign buffer_ready = sending && wready;
    always_ff @(posedge clk) begin
        if (length_ready) begin
            left  <= length;
            wlast <= length == '0;
        end else if (wvalid && wready) begin
            left  <= left - 1'b1;
            wlast <= left == 8'd1;
        end
        if (rst) sending <= 1'b0;
        else if (length_ready) sending <= length_valid;
    end

    // Which answers end a job. A job of no words ends when its turn comes and all answers before it are there.
    logic       unused_answer_valid;
    logic       unused_answer_room;
    logic       answer_last;
    logic [2:0] empties;
    logic [2:0] done_count;
    logic       passes;
    logic       done;
    weft_fifo #(
        .Width(1),
        .Depth(Outstanding + 1)
    ) answers (
        .clk      (clk),
        .rst      (rst),
        .in_valid (burst_taken),
        .in_ready (unused_answer_room),
        .in_data  (burst_last),
        .out_valid(unused_answer_valid),
        .out_ready(answered),
        .out_data (answer_last)
    );
    assign bready     = 1'b1;
    assign done_valid = done_count != '0;
    assign passes     = empties != '0 && outstanding == '0;
    assign done       = passes || (answered && answer_last);
    always_ff @(posedge clk) begin
        if (rst) begin
            empties    <= '0;
            done_count <= '0;
        end else begin
            empties    <= empties + 3'(empty) - 3'(passes);
            done_count <= done_count + 3'(done) - 3'(done_taken);
        end
    end
endmodule
