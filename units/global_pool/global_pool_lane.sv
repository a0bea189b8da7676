// global_pool_lane.sv
// One lane of global_pool: reduces the pixels of a beat and keeps a sum (maximum) for every channel fold.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The beat of `terms` is in the tree (reduce.sv) ceil(log2(Pixels)) cycles later, together with tree_valid, tree_first (the frame's first
// position) and tree_fold; `acc` is there two cycles after that. Sums of several folds stand in a memory that is read in one cycle and
// written in the next: a fold comes again after two beats at the earliest.

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
    input  logic                                        tree_valid,
    input  logic                                        tree_first,
    input  logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] tree_fold,
    output logic [SumBits-1:0]                          acc
);
    localparam int TreeBits = InBits + (InSigned != 0 ? 0 : 1) + (Maximum != 0 ? 0 : $clog2(Pixels));
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int MostShallow = 64;

    logic [TreeBits-1:0] tree;
    weft_reduce #(
        .Terms   (Pixels),
        .Present (Present),
        .Maximum (Maximum),
        .InBits  (InBits),
        .InSigned(InSigned)
    ) reduce (
        .clk    (clk),
        .partial(partial),
        .terms  (terms),
        .tree   (tree)
    );

    logic signed [SumBits-1:0] value, before_it, next;
    logic valid, first;
    logic [FoldBits-1:0] fold;
    generate
        if (SumBits > TreeBits) begin : g_extend
            always_ff @(posedge clk) value <= {{(SumBits - TreeBits) {tree[TreeBits-1]}}, tree};
        end else begin : g_cut
            always_ff @(posedge clk) value <= tree[SumBits-1:0];
            logic unused;
            assign unused = &{1'b0, tree};
        end
        if (Maximum != 0) begin : g_maximum
            assign next = first || value > before_it ? value : before_it;
        end else begin : g_sum
            assign next = (first ? '0 : before_it) + value;
        end
    endgenerate
    always_ff @(posedge clk) begin
        valid <= tree_valid;
        first <= tree_first;
        fold  <= tree_fold;
    end

    logic signed [SumBits-1:0] kept;
    assign acc = kept;
    always_ff @(posedge clk) if (valid) kept <= next;
    generate
        if (Folds == 1) begin : g_one
            assign before_it = kept;
            logic unused;
            assign unused = &{1'b0, fold};
        end else if (Folds <= MostShallow) begin : g_shallow
            (* ram_style = "distributed" *) logic [SumBits-1:0] sums[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) sums[fold] <= next;
                before_it <= sums[tree_fold];
            end
        end else begin : g_deep
            (* ram_style = "block" *) logic [SumBits-1:0] sums[0:2**FoldBits-1];
            always_ff @(posedge clk) begin
                if (valid) sums[fold] <= next;
                before_it <= sums[tree_fold];
            end
        end
    endgenerate
endmodule
