// sum.sv
// The sum of Count words, or its accumulation over beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Words have Width bits, signed if Signed; sum is right mod 2^SumBits. It follows words after Depth >= log2 Count cycles, one more with
// Accumulate: there, where enable, sum = (first ? Start : sum) + the tree's result, with which first and enable come. That many beats are
// added up from one first to the next, and only then the sum is right.

module weft_sum #(
    parameter int                 Count      = 1,
    parameter int                 Depth      = 0,
    parameter int                 Width      = 18,
    parameter int                 Signed     = 1,
    parameter int                 SumBits    = 18,
    parameter int                 Accumulate = 0,
    parameter logic [SumBits-1:0] Start      = '0
) (
    input  logic                   clk,
    input  logic                   first,
    input  logic                   enable,
    input  logic [Count*Width-1:0] words,
    output logic [SumBits-1:0]     sum
);
    localparam int WordBits = Width < SumBits ? Width : SumBits;
    localparam int TreeBits = WordBits + Depth < SumBits ? WordBits + Depth : SumBits;
    logic [Count*WordBits-1:0] cut;
    logic [TreeBits-1:0]       tree_sum;
    logic [SumBits-1:0]        total;
    generate
        for (genvar i = 0; i < Count; i++) begin : g_word
            assign cut[i*WordBits+:WordBits] = words[i*Width+:WordBits];
        end
    endgenerate
    weft_adder_tree #(
        .Count   (Count),
        .Depth   (Depth),
        .Width   (WordBits),
        .MaxWidth(TreeBits),
        .Signed  (Signed)
    ) tree (
        .clk  (clk),
        .words(cut),
        .sum  (tree_sum)
    );
    generate
        if (SumBits > TreeBits) begin : g_extend
            assign total = {{(SumBits - TreeBits) {Signed != 0 && tree_sum[TreeBits-1]}}, tree_sum};
        end else begin : g_same
            assign total = tree_sum;
        end
        if (Accumulate != 0) begin : g_accumulate
            // Subtracts the complement, which adds one too much: Start makes up for it. Unlike a sum's, a difference's operands are not
            // exchanged by a mapper, which would cost a LUT a bit where the one that is chosen feeds the carry chain.
            localparam logic [SumBits-1:0] CountedStart = Start - SumBits'(Accumulate);
            logic [SumBits-1:0] complement;
            assign complement = first ? ~CountedStart : ~sum;
            always_ff @(posedge clk) if (enable) sum <= total - complement;
        end else begin : g_at_once
            assign sum = total;
            logic unused;
            assign unused = &{1'b0, first, enable, Start};
        end
    endgenerate
    logic unused_words;
    assign unused_words = &{1'b0, clk, words};
endmodule
