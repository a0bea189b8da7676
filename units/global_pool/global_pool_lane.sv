// global_pool_lane.sv
// One lane of global_pool: reduces the pixels of a beat and keeps a sum (maximum) for every channel fold.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The beat of `terms` is in the tree (reduce.sv) ceil(log2(Pixels)) cycles later, together with tree_valid, tree_first (the frame's first
// position) and tree_fold; `acc` is there two cycles after that, sums (SumBits - 2) / 23 cycles later still. Their segments (of
// split_adder.sv) stand in a global_pool_kept.sv each, a cycle after one another.

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
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int Segment = 23;
    localparam int Segments = Maximum != 0 ? 1 : (SumBits - 2) / Segment + 1;

    logic [SumBits-1:0] tree, kept;
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

    // Carry into segment k in its time.
    logic [Segments-1:0] carries_out, carries_later;
    logic [Segments:0] carries;
    always_ff @(posedge clk) carries_later <= carries_out;
    assign carries = {carries_later, 1'b0};
    generate
        for (genvar k = 0; k < Segments; k++) begin : g_segment
            localparam int Low = k * Segment;
            localparam int Bits = k == Segments - 1 ? SumBits - Low : Segment;
            logic valid, first;
            logic [FoldBits-1:0] fold;
            weft_delay #(
                .Width (FoldBits + 2),
                .Cycles(k)
            ) flags (
                .clk     (clk),
                .in_data ({tree_valid, tree_first, tree_fold}),
                .out_data({valid, first, fold})
            );
            weft_global_pool_kept #(
                .Folds  (Folds),
                .Maximum(Maximum),
                .Bits   (Bits)
            ) segment (
                .clk       (clk),
                .tree_valid(valid),
                .tree_first(first),
                .tree_fold (fold),
                .tree      (tree[Low+:Bits]),
                .carry     (carries[k]),
                .carry_out (carries_out[k]),
                .kept      (kept[Low+:Bits])
            );
        end
        if (Segments == 1) begin : g_aligned
            assign acc = kept;
        end else begin : g_align
            weft_skew #(
                .Width(SumBits),
                .Undo (1)
            ) align (
                .clk     (clk),
                .in_data (kept),
                .out_data(acc)
            );
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, carries};
endmodule
