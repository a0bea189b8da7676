// global_pool_lane.sv
// One lane of global_pool: reduces the pixels of a beat and keeps a sum (maximum) for every channel fold.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The beat of `terms` is in the tree (reduce.sv) ceil(log2(Pixels)) cycles later, together with tree_fold; tree_valid and tree_first (the
// frame's first position) come a cycle after that, with fold, and `acc` another cycle later. With several folds the sums stand in a memory
// that is read in one cycle and written in the next: a fold comes again after two beats at the earliest.

module weft_global_pool_lane #(
    parameter int Folds    = 1,
    parameter int Pixels   = 1,
    parameter int Present  = 1,
    parameter int Maximum  = 0,
    parameter int InBits   = 8,
    parameter int InSigned = 0,
    parameter int SumBits  = 9
) (
    input  logic                                        clk,
    input  logic                                        partial,
    input  logic [Pixels*InBits-1:0]                    terms,
    input  logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] tree_fold,
    input  logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] fold,
    input  logic                                        valid,
    input  logic                                        first,
    output logic [SumBits-1:0]                          acc
);
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int MostShallow = 64;

    logic [SumBits-1:0] tree, value, kept, next;
    weft_reduce #(
        .Terms   (Pixels),
        .Present (Present),
        .Maximum (Maximum),
        .InBits  (InBits),
        .InSigned(InSigned),
        .OutBits (SumBits)
    ) reduce (
        .clk    (clk),
        .partial(partial),
        .terms  (terms),
        .tree   (tree)
    );
    always_ff @(posedge clk) begin
        value <= tree;
        if (valid) acc <= next;
    end
    generate
        if (Maximum != 0) begin : g_maximum
            assign next = first || $signed(value) > $signed(kept) ? value : kept;
        end else begin : g_sum
            assign next = (first ? '0 : kept) + value;
        end

        if (Folds == 1) begin : g_one
            assign kept = acc;
            logic unused;
            assign unused = &{1'b0, tree_fold, fold};
        end else if (Folds <= MostShallow) begin : g_shallow
            (* ram_style = "distributed" *) logic [SumBits-1:0] values[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) values[fold] <= next;
                kept <= values[tree_fold];
            end
        end else begin : g_deep
            (* ram_style = "block" *) logic [SumBits-1:0] values[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) values[fold] <= next;
                kept <= values[tree_fold];
            end
        end
    endgenerate
endmodule
