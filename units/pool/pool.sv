// pool.sv
// The maximum, or a sum scaled by position, over the taps of each window, then the requantise stage.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes beats of Pixels x TapsPerBeat x Lanes elements, the tap folds of a channel fold one after the other, and gives one of Pixels x
// Lanes for each channel fold; a beat a cycle. Taps beyond Taps in the last tap fold do not count. in_ready is a register: there is a
// credit for a beat in the output FIFO of OutputDepth beats. pool_latency (pool_rtl.cpp) tells how many cycles after the last tap fold
// the result enters that FIFO. Sums have SumBits bits, signed; FactorBits = 0: they are not scaled, else by pool_factor.sv.

module weft_pool #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Taps              = 1,
    parameter int Channels          = 1,
    parameter int Maximum           = 1,
    parameter int Zero              = 0,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int TapsPerBeat       = 1,
    parameter int InBits            = 8,
    parameter int InSigned          = 0,
    parameter int OutBits           = 8,
    parameter int OutputDepth       = 2,
    parameter int SumBits           = 9,
    parameter int FactorBits        = 0,
    parameter int FactorAccDigits   = 1,
    parameter int FactorMulDigits   = 1,
    parameter int ProductBits       = 9,
    parameter int RowClassBits      = 1,
    parameter int ColumnClassBits   = 1,
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
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic                                       in_valid,
    output logic                                       in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0] in_data,
    output logic                                       out_valid,
    input  logic                                       out_ready,
    output logic [           Pixels*Lanes*OutBits-1:0] out_data
);
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int TapFolds = (Taps + TapsPerBeat - 1) / TapsPerBeat;
    localparam int Elements = Pixels * Lanes;
    localparam logic signed [63:0] Offset = Maximum != 0 ? 64'sd0 : 64'(Zero) * 64'(Taps);
    localparam int Tree = $clog2(TapsPerBeat);
    localparam int SumAt = Tree + (TapFolds > 1 || Offset != 0 ? 1 : 0);
    localparam int AccBits = FactorBits == 0 ? SumBits : ProductBits;

    logic takes, finishes;
    (* max_fanout = 256 *) logic first_tap, last_tap;
    logic [(TapFolds > 1 ? $clog2(TapFolds) : 1)-1:0] unused_tap;
    assign takes    = in_valid && in_ready;
    assign finishes = takes && last_tap;
    weft_counter #(
        .Count(TapFolds)
    ) tap (
        .clk  (clk),
        .rst  (rst),
        .step (takes),
        .value(unused_tap),
        .first(first_tap),
        .last (last_tap)
    );
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (finishes),
        .leaves   (out_valid && out_ready),
        .available(in_ready)
    );

    // The flags of the beat whose result the trees have.
    logic adds, starts;
    generate
        if (Tree == 0) begin : g_no_tree
            assign adds   = takes;
            assign starts = first_tap;
        end else begin : g_tree
            logic takes_late, first_late;
            weft_flags #(
                .Latency(Tree - 1)
            ) takes_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (takes),
                .out_flags(takes_late)
            );
            weft_flags #(
                .Latency(Tree - 1)
            ) first_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (first_tap),
                .out_flags(first_late)
            );
            weft_copy #(
                .Width(2)
            ) copies (
                .clk     (clk),
                .in_data ({takes_late, first_late}),
                .out_data({adds, starts})
            );
        end
    endgenerate

    logic [Elements*SumBits-1:0] sums;
    logic [Elements*TapsPerBeat*InBits-1:0] taps;
    genvar i, t;
    generate
        for (i = 0; i < Elements; i++) begin : g_element
            for (t = 0; t < TapsPerBeat; t++) begin : g_tap
                assign taps[(i*TapsPerBeat+t)*InBits+:InBits] = in_data[((i/Lanes*TapsPerBeat+t)*Lanes+i%Lanes)*InBits+:InBits];
            end
        end
        for (i = 0; i < Elements; i++) begin : g_pooled
            weft_pool_element #(
                .TapsPerBeat(TapsPerBeat),
                .TapFolds   (TapFolds),
                .Present    (Taps - (TapFolds - 1) * TapsPerBeat),
                .Maximum    (Maximum),
                .Offset     (Offset),
                .InBits     (InBits),
                .InSigned   (InSigned),
                .SumBits    (SumBits)
            ) element (
                .clk    (clk),
                .partial(last_tap),
                .valid  (adds),
                .first  (starts),
                .taps   (taps[i*TapsPerBeat*InBits+:TapsPerBeat*InBits]),
                .acc    (sums[i*SumBits+:SumBits])
            );
        end
    endgenerate

    logic acc_valid;
    logic [Elements*AccBits-1:0] acc;
    generate
        if (FactorBits == 0) begin : g_plain
            weft_flags #(
                .Latency(SumAt)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (finishes),
                .out_flags(acc_valid)
            );
            assign acc = sums;
        end else begin : g_factor
            weft_flags #(
                .Latency((SumAt > 2 ? SumAt : 2) + 3 + FactorAccDigits * FactorMulDigits)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (finishes),
                .out_flags(acc_valid)
            );
            weft_pool_factor #(
                .Rows           (Rows),
                .Columns        (Columns),
                .Folds          (Folds),
                .Pixels         (Pixels),
                .Lanes          (Lanes),
                .SumBits        (SumBits),
                .SumAt          (SumAt),
                .FactorBits     (FactorBits),
                .FactorAccDigits(FactorAccDigits),
                .FactorMulDigits(FactorMulDigits),
                .ProductBits    (ProductBits),
                .RowClassBits   (RowClassBits),
                .ColumnClassBits(ColumnClassBits),
                .Name           (Name)
            ) factors (
                .clk     (clk),
                .rst     (rst),
                .finishes(finishes),
                .sums    (sums),
                .products(acc)
            );
        end
    endgenerate

    weft_stage_output #(
        .Pixels           (Pixels),
        .Lanes            (Lanes),
        .Folds            (Folds),
        .AccBits          (AccBits),
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
    assign unused = &{1'b0, unused_tap, adds, starts, Rows != 0, Columns != 0};
endmodule
