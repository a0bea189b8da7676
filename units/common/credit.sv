// credit.sv
// Counts the room behind a pipeline that cannot stop.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The FIFO behind the pipeline holds Depth beats. Whoever feeds the pipeline takes credits, up to Amount at once, only while `available` is
// high (a register: at least Amount are left); `leaves` returns one, when a beat leaves the FIFO.

module weft_credit #(
    parameter int Depth  = 4,
    parameter int Amount = 1
) (
    input  logic                        clk,
    input  logic                        rst,
    input  logic [$clog2(Amount+1)-1:0] takes,
    input  logic                        leaves,
    output logic                        available
);
    localparam int Most = Depth > Amount ? Depth : Amount;
    localparam int Bits = $clog2(Most + 1) + 1;

    // Credits left beyond the Amount that `available` promises: its sign bit is the flag.
    logic signed [Bits-1:0] spare;
    assign available = !spare[Bits-1];
    always_ff @(posedge clk) begin
        if (rst) spare <= Bits'(Depth - Amount);
        else spare <= spare - Bits'(takes) + Bits'(leaves);
    end
`ifdef WEFT_CHECK
    always @(posedge clk) begin
        if (!rst) begin
            assert (takes == '0 || available);
            assert (Bits'(takes) <= Bits'(Amount));
            assert (!leaves || spare != Bits'(Depth - Amount));  // no credit comes back that was not taken
        end
    end
`endif
endmodule
