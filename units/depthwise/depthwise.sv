// depthwise.sv
// Depthwise convolution behind a window: every channel times Multiplier filters of its own, then the requantise stage.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in: beats of Pixels x TapsPerBeat x Lanes elements of InBits, signed if InSigned; a position and channel fold takes
// ceil(Taps / TapsPerBeat) of them. out: Pixels x (Lanes * Multiplier) results of OutBits. A beat a cycle, no bubble; in_ready is a register.
// A beat is read, its products run through pipelines that never stop, and results wait in a FIFO of OutputDepth beats, whose room is
// counted before the last tap fold of a position is read.
// LaneShift > 0: two products a DSP, of neighbouring positions with one weight (Pixels > 1) or of one element with neighbouring filters.
// Of ChainLength products the sum, of either lane, must fit LaneShift signed bits; weights of missing taps are zero.
// Memories: weights<n>, see depthwise_weights.sv; those of the stage.

module weft_depthwise #(
    // verilator lint_off UNUSEDPARAM
    parameter int Rows            = 1,
    parameter int Columns         = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Taps            = 1,
    parameter int Channels        = 1,
    parameter int Multiplier      = 1,
    parameter int WeightBits      = 8,
    parameter int AccumulatorBits = 20,
    parameter int LaneShift       = 0,
    parameter int ChainLength     = 1,
    parameter int Pixels          = 1,
    parameter int Lanes           = 1,
    parameter int TapsPerBeat     = 1,
    parameter int InBits          = 8,
    parameter int InSigned        = 1,
    parameter int OutBits         = 8,
    parameter int OutputDepth     = 2,
    parameter int StageForm = 0,
    parameter int StageAccBits = 8,
    parameter int StageSaturate = 0,
    parameter int StageAccDigits = 1,
    parameter int StageMulDigits = 1,
    parameter int StageMulBits = 8,
    parameter int StageSumBits = 16,
    parameter int StageShift = 1,
    parameter int StageOutSigned = 0,
    parameter int StageBounds = 0,
    parameter int StageShared = 1,
    parameter int StageLevels = 1,
    parameter int StageValuesShared = 1,
    parameter     Name            = ""
) (
    input  logic                                      clk,
    input  logic                                      rst,
    input  logic                                      in_valid,
    output logic                                      in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0] in_data,
    output logic                                      out_valid,
    input  logic                                      out_ready,
    output logic [ Pixels*Lanes*Multiplier*OutBits-1:0] out_data
);
    localparam int ChannelFolds = (Channels + Lanes - 1) / Lanes;
    localparam int TapFolds = (Taps + TapsPerBeat - 1) / TapsPerBeat;
    localparam int Steps = ChannelFolds * TapFolds;
    localparam int StepBits = Steps > 1 ? $clog2(Steps) : 1;
    localparam int WeightLatency = Steps == 1 ? 0 : Steps <= 256 ? 1 : 2;
    localparam int Chains = (TapsPerBeat + ChainLength - 1) / ChainLength;
    localparam int Accumulate = TapFolds > 1 ? 1 : 0;
    // What holds the sum of a chain, and no more than the accumulator or a DSP.
    localparam int PlainBits = InBits + (InSigned != 0 ? 0 : 1) + WeightBits + $clog2(ChainLength);
    localparam int MostBits = AccumulatorBits < 48 ? AccumulatorBits : 48;
    localparam int ChainBits = LaneShift > 0 ? LaneShift : PlainBits < MostBits ? PlainBits : MostBits;
    // Cycles from a beat's reading to the total of its products.
    localparam int Products = WeightLatency + ChainLength + 3 + $clog2(Chains);

    // The walk over the steps of a position, flags one beat ahead.
    logic reads;
    logic first_fold;
    logic last_fold;
    logic [StepBits-1:0] step_next;
    assign reads = in_valid && in_ready;
    generate
        if (Steps > 1) begin : g_steps
            logic [StepBits-1:0] step;
            logic [StepBits-1:0] following;
            logic                wraps;  // following is the last step
            assign step_next = reads ? following : step;
            always_ff @(posedge clk) begin
                if (rst) begin
                    step      <= '0;
                    following <= StepBits'(1);
                    wraps     <= Steps == 2;
                end else if (reads) begin
                    step      <= following;
                    following <= wraps ? '0 : following + 1'b1;
                    wraps     <= following == StepBits'(Steps - 2);
                end
            end
        end else begin : g_one_step
            assign step_next = '0;
        end
        if (TapFolds > 1) begin : g_folds
            localparam int FoldBits = $clog2(TapFolds);
            logic [FoldBits-1:0] fold;
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold       <= '0;
                    first_fold <= 1'b1;
                    last_fold  <= 1'b0;
                end else if (reads) begin
                    fold       <= last_fold ? '0 : fold + 1'b1;
                    first_fold <= last_fold;
                    last_fold  <= fold == FoldBits'(TapFolds - 2);
                end
            end
        end else begin : g_one_fold
            assign first_fold = 1'b1;
            assign last_fold  = 1'b1;
        end
    endgenerate

    logic takes;
    logic leaves;
    assign takes  = reads && last_fold;
    assign leaves = out_valid && out_ready;
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk(clk),
        .rst(rst),
        .takes(takes),
        .leaves(leaves),
        .available(in_ready)
    );

    // What goes along with the products: which cycles count.
    localparam int Flow = Products + Accumulate;
    logic [Flow-1:0] finished;
    logic            adds_now;
    logic            first_now;
    always_ff @(posedge clk) begin
        if (rst) finished <= '0;
        else finished <= Flow'({finished, takes});
    end
    generate
        if (Accumulate != 0) begin : g_adds
            logic [Products-2:0] adds;
            logic [Products-2:0] first;
            always_ff @(posedge clk) begin
                first <= (Products - 1)'({first, first_fold});
                if (rst) adds <= '0;
                else adds <= (Products - 1)'({adds, reads});
            end
            weft_copy #(
                .Width(2)
            ) copies (
                .clk(clk),
                .in_data({adds[Products-2], first[Products-2]}),
                .out_data({adds_now, first_now})
            );
        end else begin : g_no_adds
            logic unused;
            assign unused    = &{1'b0, first_fold};
            assign adds_now  = 1'b0;
            assign first_now = 1'b0;
        end
    endgenerate

    localparam int LaneWeights = Multiplier * TapsPerBeat * WeightBits;
    logic [Lanes*LaneWeights-1:0] weights;
    weft_depthwise_weights #(
        .Lanes(Lanes),
        .Multiplier(Multiplier),
        .WeightBits(WeightBits),
        .ChainLength(ChainLength),
        .TapsPerBeat(TapsPerBeat),
        .Steps(Steps),
        .StepBits(StepBits),
        .Latency(WeightLatency),
        .Name(Name)
    ) memories (
        .clk(clk),
        .step_next(step_next),
        .weights(weights)
    );

    logic [Pixels*Lanes*Multiplier*AccumulatorBits-1:0] sums;
    genvar lane, pixel, tap;
    generate
        for (lane = 0; lane < Lanes; lane = lane + 1) begin : g_lane
            logic [         Pixels*TapsPerBeat*InBits-1:0] x;
            logic [Pixels*Multiplier*AccumulatorBits-1:0] lane_sums;
            for (pixel = 0; pixel < Pixels; pixel = pixel + 1) begin : g_pixel
                for (tap = 0; tap < TapsPerBeat; tap = tap + 1) begin : g_tap
                    assign x[(pixel*TapsPerBeat+tap)*InBits+:InBits] = in_data[((pixel*TapsPerBeat+tap)*Lanes+lane)*InBits+:InBits];
                end
                assign sums[(pixel*Lanes+lane)*Multiplier*AccumulatorBits+:Multiplier*AccumulatorBits] =
                    lane_sums[pixel*Multiplier*AccumulatorBits+:Multiplier*AccumulatorBits];
            end
            weft_depthwise_lane #(
                .Multiplier(Multiplier),
                .WeightBits(WeightBits),
                .AccumulatorBits(AccumulatorBits),
                .LaneShift(LaneShift),
                .ChainLength(ChainLength),
                .ChainBits(ChainBits),
                .Pixels(Pixels),
                .TapsPerBeat(TapsPerBeat),
                .InBits(InBits),
                .InSigned(InSigned),
                .WeightLatency(WeightLatency),
                .Accumulate(TapFolds > 1 ? TapFolds : 0)
            ) products (
                .clk(clk),
                .adds(adds_now),
                .first(first_now),
                .x(x),
                .weights(weights[lane*LaneWeights+:LaneWeights]),
                .sums(lane_sums)
            );
        end
    endgenerate

    weft_stage_output #(
        .Pixels           (Pixels),
        .Lanes            (Lanes * Multiplier),
        .Folds            (ChannelFolds),
        .AccBits          (AccumulatorBits),
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
        .in_valid (finished[Flow-1]),
        .in_acc   (sums),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );

endmodule
