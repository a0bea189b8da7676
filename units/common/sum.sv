// sum.sv
// The sum of Count words, or its accumulation over beats, whose carry crosses at most 24 bits a cycle.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Words have Width bits, signed if Signed; sum is right mod 2^SumBits. It follows words after Depth >= log2 Count cycles, one more with
// Accumulate, and (SumBits - 2) / 23 more with Accumulate or where Depth > 0 and GrowBits + Depth > 24 (weft_split_adder).
// Accumulate: where enable, sum = (first ? Start : sum) + the words'; first and enable come one cycle before the tree's result. That many
// beats are added up from one first to the next, and only then the sum is right.

module weft_sum #(
    parameter int                 Count      = 1,
    parameter int                 Depth      = 0,
    parameter int                 Width      = 18,
    parameter int                 GrowBits   = 18,  // of the widest words among those that shall take the same time
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
    localparam int TreeBits = Width + Depth < SumBits ? Width + Depth : SumBits;
    localparam int Skewed = Depth > 0 && SumBits > 24 && GrowBits + Depth > 24 ? 1 : 0;

    // The tree's result at full width, aligned or (Skewed) skewed.
    logic [SumBits-1:0] total;
    generate
        if (Skewed != 0) begin : g_skewed
            logic [Count*SumBits-1:0] wide;
            for (genvar i = 0; i < Count; i++) begin : g_word
                logic [SumBits-1:0] extended;
                if (SumBits > Width) begin : g_extend
                    assign extended = {{(SumBits - Width) {Signed != 0 && words[(i+1)*Width-1]}}, words[i*Width+:Width]};
                end else begin : g_cut
                    assign extended = words[i*Width+:SumBits];
                end
                weft_skew #(
                    .Width(SumBits)
                ) skew (
                    .clk     (clk),
                    .in_data (extended),
                    .out_data(wide[i*SumBits+:SumBits])
                );
            end
            weft_adder_tree #(
                .Count   (Count),
                .Depth   (Depth),
                .Width   (SumBits),
                .MaxWidth(SumBits)
            ) tree (
                .clk  (clk),
                .words(wide),
                .sum  (total)
            );
        end else begin : g_grown
            logic [TreeBits-1:0] tree_sum;
            if (Width <= SumBits) begin : g_whole
                weft_adder_tree #(
                    .Count   (Count),
                    .Depth   (Depth),
                    .Width   (Width),
                    .MaxWidth(TreeBits),
                    .Signed  (Signed)
                ) tree (
                    .clk  (clk),
                    .words(words),
                    .sum  (tree_sum)
                );
            end else begin : g_cut
                logic [Count*SumBits-1:0] narrow;
                for (genvar i = 0; i < Count; i++) begin : g_word
                    assign narrow[i*SumBits+:SumBits] = words[i*Width+:SumBits];
                end
                weft_adder_tree #(
                    .Count   (Count),
                    .Depth   (Depth),
                    .Width   (SumBits),
                    .MaxWidth(SumBits),
                    .Signed  (Signed)
                ) tree (
                    .clk  (clk),
                    .words(narrow),
                    .sum  (tree_sum)
                );
            end
            if (SumBits > TreeBits) begin : g_extend
                assign total = {{(SumBits - TreeBits) {Signed != 0 && tree_sum[TreeBits-1]}}, tree_sum};
            end else begin : g_same
                assign total = tree_sum;
            end
        end

        if (Accumulate != 0) begin : g_accumulate
            logic [SumBits-1:0] addend;
            logic [SumBits-1:0] accumulator;
            logic               first_here;
            logic               enable_here;
            // A copy for each output: these nets would reach every accumulator of the unit.
            always_ff @(posedge clk) begin
                first_here  <= first;
                enable_here <= enable;
            end
            if (Skewed != 0) begin : g_as_is
                assign addend = total;
            end else begin : g_skew
                weft_skew #(
                    .Width(SumBits)
                ) skew (
                    .clk     (clk),
                    .in_data (total),
                    .out_data(addend)
                );
            end
            weft_split_adder #(
                .Width     (SumBits),
                .Accumulate(Accumulate),
                .Start     (Start)
            ) adder (
                .clk   (clk),
                .first (first_here),
                .enable(enable_here),
                .a     (addend),
                .b     ({SumBits{1'b0}}),
                .sum   (accumulator)
            );
            weft_skew #(
                .Width(SumBits),
                .Undo (1)
            ) align (
                .clk     (clk),
                .in_data (accumulator),
                .out_data(sum)
            );
        end else begin : g_at_once
            if (Skewed != 0) begin : g_align
                weft_skew #(
                    .Width(SumBits),
                    .Undo (1)
                ) align (
                    .clk     (clk),
                    .in_data (total),
                    .out_data(sum)
                );
            end else begin : g_wires
                assign sum = total;
            end
            logic unused;
            assign unused = &{1'b0, first, enable, Start};
        end
    endgenerate
    logic unused_words;
    assign unused_words = &{1'b0, clk, words};
endmodule
