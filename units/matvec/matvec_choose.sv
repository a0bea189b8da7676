// matvec_choose.sv
// One of Count words, registered: that of the number given the cycle before.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_matvec_choose #(
    parameter int Width = 8,
    parameter int Count = 2,
    parameter int Bits  = 1
) (
    input  logic                   clk,
    input  logic [Bits-1:0]        number,
    input  logic [Count*Width-1:0] words,
    output logic [Width-1:0]       word
);
    // A copy for each instance: this net would reach all of them.
    logic [Bits-1:0] number_here;
    always_ff @(posedge clk) number_here <= number;
    logic [Width-1:0] chosen;
    weft_select #(
        .Choices(Count),
        .Width  (Width)
    ) u_select (
        .select (number_here),
        .choices(words),
        .chosen (chosen)
    );
    always_ff @(posedge clk) word <= chosen;
endmodule
