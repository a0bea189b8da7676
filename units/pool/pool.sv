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
    localparam int SumAt = Tree + (TapFolds > 1 || Offset != 0 ? 1 : 0) + (Maximum != 0 ? 0 : (SumBits - 2) / 23);
    localparam int AccBits = FactorBits == 0 ? SumBits : ProductBits;

    // Slices of so many elements that their flags of a beat drive few registers; each counts the taps for itself.
    localparam int Spare = (TapFolds * TapsPerBeat - Taps) * InBits;
    localparam int Driven = Maximum != 0 ? 1 : 2 * SumBits;  // an adder's LUT and its carry
    localparam int Loads = Spare > Driven ? Spare : Driven;
    localparam int Most = Loads < 240 ? 240 / Loads : 1;
    localparam int Slices = (Elements + Most - 1) / Most;
    logic [Slices-1:0] slice_first, slice_last;
    logic takes, finishes, first_tap, last_tap;
    assign first_tap = slice_first[0];
    assign last_tap  = slice_last[0];
    assign takes     = in_valid && in_ready;
    assign finishes  = takes && last_tap;
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (finishes),
        .leaves   (out_valid && out_ready),
        .available(in_ready)
    );

    // The beat's flags, a cycle before the trees have its result.
    localparam int Flags = Tree > 1 ? Tree - 1 : 0;
    logic takes_late, first_late;
    weft_stage_valid #(
        .Latency(Flags)
    ) takes_line (
        .clk      (clk),
        .rst      (rst),
        .in_valid (takes),
        .out_valid(takes_late)
    );
    weft_stage_valid #(
        .Latency(Flags)
    ) first_line (
        .clk      (clk),
        .rst      (rst),
        .in_valid (first_tap),
        .out_valid(first_late)
    );

    logic [Elements*SumBits-1:0] sums;
    logic [Elements*TapsPerBeat*InBits-1:0] taps;
    genvar i, t, k;
    generate
        for (i = 0; i < Elements; i++) begin : g_element
            for (t = 0; t < TapsPerBeat; t++) begin : g_tap
                assign taps[(i*TapsPerBeat+t)*InBits+:InBits] = in_data[((i/Lanes*TapsPerBeat+t)*Lanes+i%Lanes)*InBits+:InBits];
            end
        end
        for (k = 0; k < Slices; k++) begin : g_slice
            localparam int From = k * Most;
            localparam int Own = Elements - From < Most ? Elements - From : Most;
            weft_pool_slice #(
                .Elements   (Own),
                .TapsPerBeat(TapsPerBeat),
                .TapFolds   (TapFolds),
                .Present    (Taps - (TapFolds - 1) * TapsPerBeat),
                .Maximum    (Maximum),
                .Offset     (Offset),
                .InBits     (InBits),
                .InSigned   (InSigned),
                .SumBits    (SumBits)
            ) slice (
                .clk       (clk),
                .rst       (rst),
                .in_valid  (in_valid),
                .in_ready  (in_ready),
                .first_tap (slice_first[k]),
                .last_tap  (slice_last[k]),
                .takes_late(takes_late),
                .first_late(first_late),
                .taps      (taps[From*TapsPerBeat*InBits+:Own*TapsPerBeat*InBits]),
                .acc       (sums[From*SumBits+:Own*SumBits])
            );
        end
    endgenerate

    logic acc_valid;
    logic [Elements*AccBits-1:0] acc;
    generate
        if (FactorBits == 0) begin : g_plain
            weft_stage_valid #(
                .Latency(SumAt)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_valid (finishes),
                .out_valid(acc_valid)
            );
            assign acc = sums;
        end else begin : g_factor
            weft_stage_valid #(
                .Latency((SumAt > 2 ? SumAt : 2) + 3 + FactorAccDigits * FactorMulDigits)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_valid (finishes),
                .out_valid(acc_valid)
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
    assign unused = &{1'b0, slice_first, slice_last, Rows != 0, Columns != 0};
endmodule
