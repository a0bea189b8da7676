// global_pool.sv
// The sum or the maximum of each channel over the frame.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes beats of Pixels x Lanes elements, a beat a cycle, and gives one of Lanes for each channel fold, while the last position's beats
// enter: the next frame follows without a gap. Columns beyond Columns do not count. in_ready is `room`, a register;
// a place is taken with a result's last beat, whose accumulators come ceil(log2(Pixels)) + 2 cycles later.

module weft_global_pool #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Channels          = 1,
    parameter int Maximum           = 0,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int InBits            = 8,
    parameter int InSigned          = 0,
    parameter int SumBits           = 9
) (
    input  logic                           clk,
    input  logic                           rst,
    input  logic                           in_valid,
    output logic                           in_ready,
    input  logic [Pixels*Lanes*InBits-1:0] in_data,
    input  logic                           room,
    output logic                           takes,
    output logic                           acc_valid,
    output logic [      Lanes*SumBits-1:0] acc
);
`ifndef __ICARUS__
    if (Lanes > Channels) $error("Lanes: a beat has no more channels than a position");
`endif
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int Groups = (Columns + Pixels - 1) / Pixels;
    localparam int Tree = $clog2(Pixels);
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;

    logic reads;
    assign in_ready = room;
    assign reads    = in_valid && room;

    logic unused_first_fold, last_fold, first_group, last_group, first_row, last_row;
    logic [FoldBits-1:0] fold;
    logic [(Groups > 1 ? $clog2(Groups) : 1)-1:0] unused_group;
    logic [(Rows > 1 ? $clog2(Rows) : 1)-1:0] unused_row;
    weft_counter #(
        .Count(Folds)
    ) fold_counter (
        .clk  (clk),
        .rst  (rst),
        .step (reads),
        .value(fold),
        .first(unused_first_fold),
        .last (last_fold)
    );
    weft_counter #(
        .Count(Groups)
    ) group_counter (
        .clk  (clk),
        .rst  (rst),
        .step (reads && last_fold),
        .value(unused_group),
        .first(first_group),
        .last (last_group)
    );
    weft_counter #(
        .Count(Rows)
    ) row_counter (
        .clk  (clk),
        .rst  (rst),
        .step (reads && last_fold && last_group),
        .value(unused_row),
        .first(first_row),
        .last (last_row)
    );
    assign takes = reads && last_group && last_row;

    // Where the trees have the beat's reduction, and a cycle later.
    logic valid, first;
    logic [FoldBits-1:0] tree_fold, kept_fold;
    weft_copy #(
        .Width (FoldBits),
        .Cycles(Tree)
    ) tree_copy (
        .clk     (clk),
        .in_data (fold),
        .out_data(tree_fold)
    );
    weft_copy #(
        .Width (FoldBits + 2),
        .Cycles(Tree + 1)
    ) kept_copy (
        .clk     (clk),
        .in_data ({fold, reads, first_group && first_row}),
        .out_data({kept_fold, valid, first})
    );

    weft_flags #(
        .Latency(Tree + 2)
    ) acc_line (
        .clk      (clk),
        .rst      (rst),
        .in_flags (takes),
        .out_flags(acc_valid)
    );
    genvar i, p;
    generate
        for (i = 0; i < Lanes; i++) begin : g_lane
            logic [Pixels*InBits-1:0] terms;
            for (p = 0; p < Pixels; p++) begin : g_pixel
                assign terms[p*InBits+:InBits] = in_data[(p*Lanes+i)*InBits+:InBits];
            end
            weft_global_pool_lane #(
                .Folds   (Folds),
                .Pixels  (Pixels),
                .Present (Columns - (Groups - 1) * Pixels),
                .Maximum (Maximum),
                .InBits  (InBits),
                .InSigned(InSigned),
                .SumBits (SumBits)
            ) lane (
                .clk      (clk),
                .partial  (last_group),
                .terms    (terms),
                .tree_fold(tree_fold),
                .fold     (kept_fold),
                .valid    (valid),
                .first    (first),
                .acc      (acc[i*SumBits+:SumBits])
            );
        end
    endgenerate

    logic unused;
    assign unused = &{1'b0, unused_first_fold, unused_group, unused_row};
endmodule
