// axi_read_formal.sv
// What weft_axi_read promises, on words of 16 bits and bursts of 4: it asks for the words of a job one after the other from its address on,
// keeps the rules of AXI4 (weft_axi_check), always has room for what it asked for, and hands on every word in order.
// SPDX-License-Identifier: Apache-2.0
//
// With WEFT_COVER, the cases that must be reachable stand as assertions of the contrary.

module axi_read_formal (
    input logic        clk,
    input logic        rst,
    input logic        job_valid,
    input logic [12:0] job_place,
    input logic [ 2:0] job_count,
    input logic        arready,
    input logic        rvalid,
    input logic [ 1:0] r_bits,
    input logic [ 1:0] rresp,
    input logic        rlast,
    input logic        out_ready,
    input logic        follow
);
    localparam int FrameWords = 3;
    // A few addresses and counts, negative ones too: the solver's numbers stay small.
    logic [63:0] job_address;
    logic [31:0] job_frames;
    assign job_address = {51'h5_0000_8000, job_place};
    assign job_frames  = {{29{job_count[2]}}, job_count};
    logic [15:0] rdata;
    assign rdata = {14'd0, r_bits};
    logic        job_ready, arvalid, rready, out_valid, error;
    logic [63:0] araddr;
    logic [ 7:0] arlen;
    logic [15:0] out_data;
    weft_axi_read #(.WordBits(16), .FrameWords(FrameWords), .MaxBurst(4), .Outstanding(2), .Depth(8)) unit (.*);

    weft_axi_check #(.WordBits(16), .Outstanding(2), .Master(1), .Memory(0)) check (
        .awvalid(1'b0), .awready(1'b0), .awaddr(64'd0), .awlen(8'd0), .wvalid(1'b0), .wready(1'b0), .wdata(16'd0), .wlast(1'b0),
        .bvalid(1'b0), .bready(1'b0), .bresp(2'd0), .*
    );

    logic        started = 1'b0;
    logic        has_job;
    logic [63:0] base;
    logic [ 4:0] words;
    logic [ 4:0] asked;
    logic [ 4:0] came;
    logic [ 4:0] left;
    logic [ 4:0] bursts;
    logic        followed;
    logic [ 4:0] place;
    logic [15:0] value;
    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) begin
            has_job  <= 1'b0;
            asked    <= '0;
            came     <= '0;
            left     <= '0;
            bursts   <= '0;
            followed <= 1'b0;
        end else begin
            if (job_valid && job_ready && !has_job) begin
                has_job <= 1'b1;
                base    <= {job_address[63:1], 1'b0};
                words   <= job_count[2] ? 5'd0 : {2'd0, job_count} + {1'b0, job_count, 1'b0};
            end
            if (arvalid && arready) begin
                asked  <= asked + 5'(arlen) + 1'b1;
                bursts <= bursts + 1'b1;
            end
            if (rvalid && rready) begin
                came <= came + 1'b1;
                if (follow && !followed) begin
                    followed <= 1'b1;
                    place    <= came;
                    value    <= rdata;
                end
            end
            if (out_valid && out_ready) left <= left + 1'b1;
        end
    end

    always @(*) begin
        if (!started) assume (rst);
        assume (came < 24);
        if (rst) assume (!job_valid && !rvalid);
        if (started && !rst) begin
`ifdef WEFT_COVER
            c_all : assert (!(words == 6 && left == 6));
            c_unaligned : assert (!(words == 6 && bursts == 3 && left == 6));
            c_ahead : assert (!(asked == 4 && came == 0 && bursts == 2));
`else
            if (has_job && arvalid && asked < words) begin
                a_address : assert (araddr == base + 64'(asked) * 2);
                a_length : assert (asked + 5'(arlen) + 1'b1 <= words);
            end
            a_room : assert (!rvalid || rready);
            a_error : assert (!error || came != 0);
            a_order : assert (!(followed && out_valid && left == place) || out_data == value);
`endif
        end
    end
endmodule
