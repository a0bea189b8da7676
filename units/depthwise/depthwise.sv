// depthwise.sv
// Depthwise convolution behind a window: every channel times Multiplier filters of its own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in: beats of Pixels x TapsPerBeat x Lanes elements of InBits, signed if InSigned; a position and channel fold takes
// ceil(Taps / TapsPerBeat) of them. acc: Pixels x (Lanes * Multiplier) sums. A beat a cycle, no bubble; in_ready is `room`, a register. The
// last tap fold of a position takes a place; its products run through pipelines that never stop.
// LaneShift > 0: two products a DSP, of neighbouring positions with one weight (Pixels > 1) or of one element with neighbouring filters.
// Of ChainLength products the sum, of either lane, must fit LaneShift signed bits; weights of missing taps are zero.
// Memories: weights<n>, see depthwise_weights.sv.

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
    parameter     Name            = ""
) (
    input  logic                                      clk,
    input  logic                                      rst,
    input  logic                                      in_valid,
    output logic                                      in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0] in_data,
    input  logic                                      room,
    output logic                                      takes,
    output logic                                      acc_valid,
    output logic [Pixels*Lanes*Multiplier*AccumulatorBits-1:0] acc
);
`ifndef __ICARUS__
    if (Lanes > Channels || TapsPerBeat > Taps || ChainLength > TapsPerBeat)
        $error("Lanes, TapsPerBeat, ChainLength: a beat has no more than a position, a cascade no more than a beat");
`endif
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
    assign in_ready = room;
    assign reads    = in_valid && room;
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

    assign takes = reads && last_fold;

    // What goes along with the products: which cycles count.
    weft_flags #(
        .Latency(Products + Accumulate)
    ) finished (
        .clk      (clk),
        .rst      (rst),
        .in_flags (takes),
        .out_flags(acc_valid)
    );
    logic adds_now;
    logic first_now;
    generate
        if (Accumulate != 0) begin : g_adds
            weft_copy #(
                .Width (2),
                .Cycles(Products)
            ) tree_flags (
                .clk     (clk),
                .in_data ({reads, first_fold}),
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

    genvar lane, pixel, tap;
    generate
        for (lane = 0; lane < Lanes; lane = lane + 1) begin : g_lane
            logic [         Pixels*TapsPerBeat*InBits-1:0] x;
            logic [Pixels*Multiplier*AccumulatorBits-1:0] lane_sums;
            for (pixel = 0; pixel < Pixels; pixel = pixel + 1) begin : g_pixel
                for (tap = 0; tap < TapsPerBeat; tap = tap + 1) begin : g_tap
                    assign x[(pixel*TapsPerBeat+tap)*InBits+:InBits] = in_data[((pixel*TapsPerBeat+tap)*Lanes+lane)*InBits+:InBits];
                end
                assign acc[(pixel*Lanes+lane)*Multiplier*AccumulatorBits+:Multiplier*AccumulatorBits] =
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


endmodule
