// global_pool_kept.sv
// What a lane of global_pool keeps for every channel fold: a segment of its sum, or its maximum.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// tree_valid, tree_first and tree_fold come with `tree`, `carry` a cycle later; then `carry_out` goes to the next segment's register, and
// another cycle later `kept` is there. With several folds the values stand in a memory that is read in one cycle and written in the next: a
// fold comes again after two beats at the earliest.

module weft_global_pool_kept #(
    parameter int Folds   = 1,
    parameter int Maximum = 0,
    parameter int Bits    = 9
) (
    input  logic                                        clk,
    input  logic                                        tree_valid,
    input  logic                                        tree_first,
    input  logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] tree_fold,
    input  logic [Bits-1:0]                             tree,
    input  logic                                        carry,
    output logic                                        carry_out,
    output logic [Bits-1:0]                             kept
);
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int MostShallow = 64;

    logic [Bits-1:0] value, before_it, next;
    logic valid, first;
    logic [FoldBits-1:0] fold;
    always_ff @(posedge clk) begin
        value <= tree;
        valid <= tree_valid;
        first <= tree_first;
        fold  <= tree_fold;
    end
    generate
        if (Maximum != 0) begin : g_maximum
            logic greater;
            if (Bits <= 24) begin : g_narrow
                assign greater = $signed(value) > $signed(before_it);
            end else begin : g_wide
                weft_at_least #(
                    .Width(Bits)
                ) compare (
                    .a       (value),
                    .b       (before_it),
                    .at_least(greater)
                );
            end
            assign next      = first || greater ? value : before_it;
            assign carry_out = 1'b0;
            logic unused;
            assign unused = &{1'b0, carry};
        end else begin : g_sum
            assign {carry_out, next} = {1'b0, first ? {Bits{1'b0}} : before_it} + {1'b0, value} + (Bits + 1)'(carry);
        end
    endgenerate

    always_ff @(posedge clk) if (valid) kept <= next;
    generate
        if (Folds == 1) begin : g_one
            assign before_it = kept;
            logic unused;
            assign unused = &{1'b0, fold};
        end else if (Folds <= MostShallow) begin : g_shallow
            (* ram_style = "distributed" *) logic [Bits-1:0] values[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) values[fold] <= next;
                before_it <= values[tree_fold];
            end
        end else begin : g_deep
            (* ram_style = "block" *) logic [Bits-1:0] values[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) values[fold] <= next;
                before_it <= values[tree_fold];
            end
        end
    endgenerate
endmodule
