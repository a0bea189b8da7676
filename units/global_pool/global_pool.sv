// global_pool.sv
// The sum or the maximum of each channel over the frame, then the requantise stage.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes beats of Pixels x Lanes elements, a beat a cycle, and gives one of Lanes for each channel fold, while the last position's beats
// enter: the next frame follows without a gap. Columns beyond Columns do not count. in_ready is a register: there is a credit for a beat in
// the output FIFO of OutputDepth beats, which a result enters ceil(log2(Pixels)) + 2 + stage_latency cycles after its last beat.

module weft_global_pool #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Channels          = 1,
    parameter int Maximum           = 0,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int InBits            = 8,
    parameter int InSigned          = 0,
    parameter int OutBits           = 8,
    parameter int OutputDepth       = 2,
    parameter int SumBits           = 9,
    parameter int StageForm         = 0,
    parameter int StageAccBits      = 9,
    parameter int StageSaturate     = 0,
    parameter int StageAccDigits    = 1,
    parameter int StageMulDigits    = 1,
    parameter int StageMulBits      = 8,
    parameter int StageSumBits      = 16,
    parameter int StageShift        = 1,
    parameter int StageOutSigned    = 0,
    parameter int StageBounds       = 0,
    parameter int StageShared       = 1,
    parameter int StageLevels       = 1,
    parameter int StageValuesShared = 1,
    parameter     Name              = ""
) (
    input  logic                           clk,
    input  logic                           rst,
    input  logic                           in_valid,
    output logic                           in_ready,
    input  logic [Pixels*Lanes*InBits-1:0] in_data,
    output logic                           out_valid,
    input  logic                           out_ready,
    output logic [      Lanes*OutBits-1:0] out_data
);
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int Groups = (Columns + Pixels - 1) / Pixels;
    localparam int Tree = $clog2(Pixels);
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;

    logic takes, finishes;
    assign takes = in_valid && in_ready;
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (finishes),
        .leaves   (out_valid && out_ready),
        .available(in_ready)
    );

    logic unused_first_fold, last_fold, first_group, last_group, first_row, last_row;
    logic [FoldBits-1:0] fold;
    logic [(Groups > 1 ? $clog2(Groups) : 1)-1:0] unused_group;
    logic [(Rows > 1 ? $clog2(Rows) : 1)-1:0] unused_row;
    weft_counter #(
        .Count(Folds)
    ) fold_counter (
        .clk  (clk),
        .rst  (rst),
        .step (takes),
        .value(fold),
        .first(unused_first_fold),
        .last (last_fold)
    );
    weft_counter #(
        .Count(Groups)
    ) group_counter (
        .clk  (clk),
        .rst  (rst),
        .step (takes && last_fold),
        .value(unused_group),
        .first(first_group),
        .last (last_group)
    );
    weft_counter #(
        .Count(Rows)
    ) row_counter (
        .clk  (clk),
        .rst  (rst),
        .step (takes && last_fold && last_group),
        .value(unused_row),
        .first(first_row),
        .last (last_row)
    );
    assign finishes = takes && last_group && last_row;

    // Where the trees have the beat's reduction, and a cycle later.
    logic late_valid, late_first, valid, first;
    logic [FoldBits-1:0] tree_fold, kept_fold;
    weft_flags #(
        .Latency(Tree)
    ) valid_line (
        .clk      (clk),
        .rst      (rst),
        .in_flags (takes),
        .out_flags(late_valid)
    );
    weft_delay #(
        .Width (1),
        .Cycles(Tree)
    ) first_line (
        .clk     (clk),
        .in_data (first_group && first_row),
        .out_data(late_first)
    );
    generate
        if (Tree == 0) begin : g_no_tree
            assign tree_fold = fold;
        end else begin : g_tree
            logic [FoldBits-1:0] late_fold;
            weft_delay #(
                .Width (FoldBits),
                .Cycles(Tree - 1)
            ) fold_line (
                .clk     (clk),
                .in_data (fold),
                .out_data(late_fold)
            );
            weft_copy #(
                .Width(FoldBits)
            ) fold_copy (
                .clk     (clk),
                .in_data (late_fold),
                .out_data(tree_fold)
            );
        end
    endgenerate
    weft_copy #(
        .Width(FoldBits + 2)
    ) kept_copy (
        .clk     (clk),
        .in_data ({tree_fold, late_valid, late_first}),
        .out_data({kept_fold, valid, first})
    );

    logic acc_valid;
    weft_flags #(
        .Latency(Tree + 2)
    ) acc_line (
        .clk      (clk),
        .rst      (rst),
        .in_flags (finishes),
        .out_flags(acc_valid)
    );
    logic [Lanes*SumBits-1:0] acc;
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

    weft_stage_output #(
        .Pixels           (1),
        .Lanes            (Lanes),
        .Folds            (Folds),
        .AccBits          (SumBits),
        .OutBits          (OutBits),
        .OutputDepth      (OutputDepth),
        .StageForm        (StageForm),
        .StageAccBits     (StageAccBits),
        .StageSaturate    (StageSaturate),
        .StageAccDigits   (StageAccDigits),
        .StageMulDigits   (StageMulDigits),
        .StageMulBits     (StageMulBits),
        .StageSumBits     (StageSumBits),
        .StageShift       (StageShift),
        .StageOutSigned   (StageOutSigned),
        .StageBounds      (StageBounds),
        .StageShared      (StageShared),
        .StageLevels      (StageLevels),
        .StageValuesShared(StageValuesShared),
        .Name             (Name)
    ) results (
        .clk      (clk),
        .rst      (rst),
        .in_valid (acc_valid),
        .in_acc   (acc),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
    logic unused;
    assign unused = &{1'b0, unused_first_fold, unused_group, unused_row};
endmodule
