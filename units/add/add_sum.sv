// add_sum.sv
// The sum or the difference of two aligned words, aligned: 1 + (Width - 2) / 23 cycles later, mod 2^Width.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_add_sum #(
    parameter int Width    = 8,
    parameter int Subtract = 0
) (
    input  logic             clk,
    input  logic [Width-1:0] a,
    input  logic [Width-1:0] b,
    output logic [Width-1:0] sum
);
    logic [Width-1:0] skewed_a, skewed_b, skewed_sum;
    weft_skew #(
        .Width(Width)
    ) skew_a (
        .clk     (clk),
        .in_data (a),
        .out_data(skewed_a)
    );
    weft_skew #(
        .Width(Width)
    ) skew_b (
        .clk     (clk),
        .in_data (b),
        .out_data(skewed_b)
    );
    weft_split_adder #(
        .Width   (Width),
        .Subtract(Subtract)
    ) adder (
        .clk   (clk),
        .first (1'b0),
        .enable(1'b1),
        .a     (skewed_a),
        .b     (skewed_b),
        .sum   (skewed_sum)
    );
    weft_skew #(
        .Width(Width),
        .Undo (1)
    ) align (
        .clk     (clk),
        .in_data (skewed_sum),
        .out_data(sum)
    );
endmodule
