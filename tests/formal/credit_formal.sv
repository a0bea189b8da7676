// credit_formal.sv
// What weft_credit promises: behind a pipeline that cannot stop, the FIFO never refuses a beat, and all of its room can be used.
// SPDX-License-Identifier: Apache-2.0

module credit_formal #(
    parameter int Depth = 4,
    parameter int Amount = 1
) (
    input logic clk,
    input logic rst,
    input logic [$clog2(Amount+1)-1:0] asks,
    input logic out_ready
);
    // A beat comes out of a pipeline of three registers for each credit taken, one after the other.
    localparam int AmountBits = $clog2(Amount + 1);
    logic available, busy;
    logic [AmountBits-1:0] takes;
    logic [1:0] more;
    logic [2:0] pipeline;
    logic       in_ready, out_valid, out_data;
    assign takes = available && !busy && asks <= AmountBits'(Amount) ? asks : '0;
    assign busy  = more != 0;
    weft_credit #(.Depth(Depth), .Amount(Amount)) unit (
        .clk(clk), .rst(rst), .takes(takes), .leaves(out_valid && out_ready), .available(available));
    weft_fifo #(.Width(1), .Depth(Depth)) behind (
        .clk(clk), .rst(rst), .in_valid(pipeline[2]), .in_ready(in_ready), .in_data(1'b0),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    localparam int Bits = $clog2(Depth + 1) + 1;
    logic            started = 1'b0;
    logic [Bits-1:0] taken;
    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) begin
            more     <= 2'd0;
            pipeline <= 3'b000;
            taken    <= '0;
        end else begin
            more     <= takes != 0 ? 2'(takes - 1'b1) : busy ? more - 2'd1 : 2'd0;
            pipeline <= {pipeline[1:0], takes != 0 || busy};
            taken    <= taken + Bits'(takes) - Bits'(out_valid && out_ready);
        end
    end
    always @(*) begin
        if (!started) assume (rst);
        if (started && !rst) begin
            assert (taken <= Bits'(Depth));
            assert (available == (Bits'(Depth) - taken >= Bits'(Amount)));
            assert (!pipeline[2] || in_ready);
            cover (taken == Bits'(Depth) && !in_ready);
        end
    end
endmodule
