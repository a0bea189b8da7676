// adder_tree.sv
// The sum of Count words, a register behind every adder.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Latency: Depth cycles, Depth >= log2 Count. Words grow by a bit a level, up to MaxWidth, and are taken as signed or not; the sum is right
// mod 2^OutWidth.

module weft_adder_tree #(
    parameter int Count    = 2,
    parameter int Depth    = 1,
    parameter int Width    = 8,
    parameter int MaxWidth = 9,
    parameter int Signed   = 0,
    parameter int OutWidth = Width + Depth < MaxWidth ? Width + Depth : MaxWidth  // leave it
) (
    input  logic                   clk,
    input  logic [Count*Width-1:0] words,
    output logic [OutWidth-1:0]    sum
);
    localparam int InWidth = Width + Depth - 1 < MaxWidth ? Width + Depth - 1 : MaxWidth;
    localparam int Left = (Count + 1) / 2;
    localparam int Right = Count / 2;
    generate
        if (Depth == 0) begin : g_leaf
            assign sum = words[OutWidth-1:0];
            logic unused;
            assign unused = &{1'b0, clk, words};
        end else begin : g_level
            logic [InWidth-1:0]  left;
            logic [OutWidth-1:0] left_extended;
            weft_adder_tree #(
                .Count   (Left),
                .Depth   (Depth - 1),
                .Width   (Width),
                .MaxWidth(MaxWidth),
                .Signed  (Signed)
            ) left_tree (
                .clk  (clk),
                .words(words[Left*Width-1:0]),
                .sum  (left)
            );
            assign left_extended = OutWidth'({Signed != 0 && left[InWidth-1], left});
            if (Right == 0) begin : g_wait
                always_ff @(posedge clk) sum <= left_extended;
            end else begin : g_add
                logic [InWidth-1:0]  right;
                logic [OutWidth-1:0] right_extended;
                weft_adder_tree #(
                    .Count   (Right),
                    .Depth   (Depth - 1),
                    .Width   (Width),
                    .MaxWidth(MaxWidth),
                    .Signed  (Signed)
                ) right_tree (
                    .clk  (clk),
                    .words(words[Count*Width-1:Left*Width]),
                    .sum  (right)
                );
                assign right_extended = OutWidth'({Signed != 0 && right[InWidth-1], right});
                always_ff @(posedge clk) sum <= left_extended + right_extended;
            end
        end
    endgenerate
endmodule
