// axi_read.sv
// An AXI4 master that reads the words of whole frames, in bursts, several of them outstanding.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A job (weft_axi_bursts) is taken while job_ready, which is high again when all of its bursts are requested: the next job's follow while
// the present one's words still arrive. A burst is requested only when the buffer of Depth words has room for all of it, so rready never
// waits for what is behind. `error` is high for a cycle with each response other than OKAY. All bursts have ID 0.

module weft_axi_read #(
    parameter int WordBits    = 512,
    parameter int FrameWords  = 1,
    parameter int MaxBurst    = 64,
    parameter int Outstanding = 8,
    parameter int Depth       = 512
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                job_valid,
    output logic                job_ready,
    input  logic [63:0]         job_address,
    input  logic [31:0]         job_frames,
    output logic                arvalid,
    input  logic                arready,
    output logic [63:0]         araddr,
    output logic [ 7:0]         arlen,
    input  logic                rvalid,
    output logic                rready,
    input  logic [WordBits-1:0] rdata,
    input  logic [ 1:0]         rresp,
    input  logic                rlast,
    output logic                out_valid,
    input  logic                out_ready,
    output logic [WordBits-1:0] out_data,
    output logic                error
);
    localparam int RoomBits = $clog2(Depth + 1);
    localparam int OutstandingBits = $clog2(Outstanding + 1);

    logic        burst;
    logic [63:0] burst_address;
    logic [ 7:0] burst_length;
    logic        burst_last;
    logic        burst_taken;
    logic        empty;
    logic        unused_ok;
    assign unused_ok = &{1'b0, burst_last, empty};
    weft_axi_bursts #(
        .WordBits  (WordBits),
        .FrameWords(FrameWords),
        .MaxBurst  (MaxBurst)
    ) bursts (
        .clk          (clk),
        .rst          (rst),
        .job_valid    (job_valid),
        .job_ready    (job_ready),
        .job_address  (job_address),
        .job_frames   (job_frames),
        .burst        (burst),
        .burst_address(burst_address),
        .burst_length (burst_length),
        .burst_last   (burst_last),
        .burst_taken  (burst_taken),
        .empty        (empty)
    );

    // Words that the buffer has room for beyond those requested. `fits` looks at the burst that is offered: room only grows until it is taken.
    logic [RoomBits-1:0]        room;
    logic [OutstandingBits-1:0] outstanding;
    logic                       fits;
    logic                       leaves;
    logic                       ends;
    assign burst_taken = burst && fits && !arvalid;
    assign leaves      = out_valid && out_ready;
    assign ends        = rvalid && rready && rlast;

    always_ff @(posedge clk) begin
        fits <= burst && !burst_taken && room > RoomBits'(burst_length) && outstanding < OutstandingBits'(Outstanding);
        if (burst_taken) begin
            araddr <= burst_address;
            arlen  <= burst_length;
        end
        error <= rvalid && rready && rresp != 2'b00;
        if (rst) begin
            arvalid     <= 1'b0;
            room        <= RoomBits'(Depth);
            outstanding <= '0;
            error       <= 1'b0;
        end else begin
            arvalid     <= burst_taken || (arvalid && !arready);
            room        <= room + (burst_taken ? ~(RoomBits'(burst_length)) : '0) + RoomBits'(leaves);
            outstanding <= outstanding + OutstandingBits'(burst_taken) - OutstandingBits'(ends);
        end
    end

    weft_fifo #(
        .Width(WordBits),
        .Depth(Depth)
    ) buffer (
        .clk      (clk),
        .rst      (rst),
        .in_valid (rvalid),
        .in_ready (rready),
        .in_data  (rdata),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
endmodule
