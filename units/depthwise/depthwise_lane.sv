// depthwise_lane.sv
// The products of one channel with its Multiplier filters, at Pixels positions: their sums over the taps of a beat, or over all taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The taps are cut into chains of ChainLength cells (the last may be shorter); the place of a tap is its distance from the end of the
// longest chain, so that all chains end together. x stands in the cycle in which the beat is read. Weights of place i stand
// WeightLatency + i cycles later. sums stands WeightLatency + ChainLength + 3 + levels cycles later, levels being the adder levels over the
// chains, and one more with Accumulate: there sums is added up over that many beats, those for which adds is high in the cycle in which they
// would stand, beginning anew with first.
// LaneShift > 0: two products a cell, of neighbouring positions (Pixels > 1) or of neighbouring filters.
// x: element pixel * TapsPerBeat + tap. weights: element filter * TapsPerBeat + tap. sums: element pixel * Multiplier + filter.

module weft_depthwise_lane #(
    parameter int Multiplier      = 1,
    parameter int WeightBits      = 8,
    parameter int AccumulatorBits = 20,
    parameter int LaneShift       = 0,
    parameter int ChainLength     = 1,
    parameter int ChainBits       = 20,
    parameter int Pixels          = 1,
    parameter int TapsPerBeat     = 1,
    parameter int InBits          = 8,
    parameter int InSigned        = 1,
    parameter int WeightLatency   = 0,
    parameter int Accumulate      = 0
) (
    input  logic                                         clk,
    input  logic                                         adds,
    input  logic                                         first,
    input  logic [Pixels*TapsPerBeat*InBits-1:0]         x,
    input  logic [Multiplier*TapsPerBeat*WeightBits-1:0] weights,
    output logic [Pixels*Multiplier*AccumulatorBits-1:0] sums
);
    localparam int Chains = (TapsPerBeat + ChainLength - 1) / ChainLength;
    localparam int LastLength = TapsPerBeat - (Chains - 1) * ChainLength;
    localparam int Packed = LaneShift > 0 ? 1 : 0;
    // Cells side by side, and the products that each makes.
    localparam int PixelsShared = Packed != 0 && Pixels > 1 ? 2 : 1;
    localparam int FiltersShared = Packed != 0 && Pixels == 1 ? 2 : 1;
    localparam int PixelGroups = Pixels / PixelsShared;
    localparam int FilterGroups = (Multiplier + FiltersShared - 1) / FiltersShared;
    localparam logic [47:0] Round = Packed != 0 ? 48'd1 << (LaneShift > 0 ? LaneShift - 1 : 0) : 48'd0;

    // Every element waits for its weight.
    logic [Pixels*TapsPerBeat*27-1:0] x_at;
    logic unused_sign;  // beyond the narrow operand
    assign unused_sign = &{1'b0, x_at};
    genvar pixel, tap, group, filter, chain;
    generate
        for (pixel = 0; pixel < Pixels; pixel = pixel + 1) begin : g_pixel
            for (tap = 0; tap < TapsPerBeat; tap = tap + 1) begin : g_tap
                localparam int Element = pixel * TapsPerBeat + tap;
                localparam int Place = tap % ChainLength + (tap / ChainLength == Chains - 1 ? ChainLength - LastLength : 0);
                localparam int Wait = WeightLatency + Place;
                logic [InBits-1:0] element;
                if (Wait == 0) begin : g_now
                    assign element = x[Element*InBits+:InBits];
                end else begin : g_later
                    logic [Wait*InBits-1:0] line;
                    always_ff @(posedge clk) line <= (Wait * InBits)'({line, x[Element*InBits+:InBits]});
                    assign element = line[(Wait-1)*InBits+:InBits];
                end
                if (InSigned != 0) begin : g_signed
                    assign x_at[27*Element+:27] = 27'($signed(element));
                end else begin : g_unsigned
                    assign x_at[27*Element+:27] = 27'(element);
                end
            end
        end

        for (group = 0; group < PixelGroups; group = group + 1) begin : g_group
            for (filter = 0; filter < FilterGroups; filter = filter + 1) begin : g_filter
                localparam int LowPixel = group * PixelsShared;
                localparam int LowFilter = filter * FiltersShared;
                localparam int HighFilter = FiltersShared == 2 && LowFilter + 1 < Multiplier ? 1 : 0;
                logic [Chains*ChainBits-1:0] low;
                logic [Chains*ChainBits-1:0] high;

                for (chain = 0; chain < Chains; chain = chain + 1) begin : g_chain
                    localparam int Length = chain == Chains - 1 ? LastLength : ChainLength;
                    logic [48*Length-1:0] cascade;
                    logic [47:0] p;
                    logic unused_p;
                    assign unused_p      = &{1'b0, p};
                    assign cascade[47:0] = 48'd0;
                    for (tap = 0; tap < Length; tap = tap + 1) begin : g_cell
                        localparam int Tap = chain * ChainLength + tap;
                        logic signed [26:0] a;
                        logic signed [26:0] d;
                        logic signed [17:0] b;
                        logic signed [WeightBits-1:0] weight;
                        assign weight = weights[(LowFilter*TapsPerBeat+Tap)*WeightBits+:WeightBits];
                        if (HighFilter != 0) begin : g_two_filters
                            logic signed [WeightBits-1:0] high_weight;
                            assign high_weight = weights[((LowFilter+1)*TapsPerBeat+Tap)*WeightBits+:WeightBits];
                            assign a = 27'(high_weight) << LaneShift;
                            assign d = 27'(weight);
                            assign b = x_at[27*(LowPixel*TapsPerBeat+Tap)+:18];
                        end else if (PixelsShared == 2) begin : g_two_pixels
                            assign a = x_at[27*((LowPixel+1)*TapsPerBeat+Tap)+:27] << LaneShift;
                            assign d = x_at[27*(LowPixel*TapsPerBeat+Tap)+:27];
                            assign b = 18'(weight);
                        end else begin : g_one
                            assign a = 27'd0;
                            assign d = x_at[27*(LowPixel*TapsPerBeat+Tap)+:27];
                            assign b = 18'(weight);
                        end
                        logic [47:0] cascaded;
                        logic [47:0] result;
                        weft_mac #(
                            .First(tap == 0 ? 1 : 0),
                            .Round(tap == 0 ? Round : 48'd0)
                        ) mac (
                            .clk(clk),
                            .a(a),
                            .d(d),
                            .b(b),
                            .pcin(cascade[48*tap+:48]),
                            .pcout(cascaded),
                            .p(result)
                        );
                        logic unused;
                        if (tap + 1 < Length) begin : g_next
                            assign cascade[48*(tap+1)+:48] = cascaded;
                            assign unused = &{1'b0, result};
                        end else begin : g_end
                            assign p = result;
                            assign unused = &{1'b0, cascaded};
                        end
                    end
                    if (Packed != 0) begin : g_part
                        assign low[chain*ChainBits+:ChainBits]  = {~p[LaneShift-1], p[LaneShift-2:0]};
                        assign high[chain*ChainBits+:ChainBits] = p[LaneShift+:ChainBits];
                    end else begin : g_whole
                        assign low[chain*ChainBits+:ChainBits]  = p[ChainBits-1:0];
                        assign high[chain*ChainBits+:ChainBits] = '0;
                    end
                end

                weft_sum #(
                    .Count(Chains),
                    .Depth($clog2(Chains)),
                    .Width(ChainBits),
                    .SumBits(AccumulatorBits),
                    .Accumulate(Accumulate)
                ) sum_low (
                    .clk(clk),
                    .first(first),
                    .enable(adds),
                    .words(low),
                    .sum(sums[(LowPixel*Multiplier+LowFilter)*AccumulatorBits+:AccumulatorBits])
                );
                if (PixelsShared == 2 || HighFilter != 0) begin : g_high
                    weft_sum #(
                        .Count(Chains),
                        .Depth($clog2(Chains)),
                        .Width(ChainBits),
                        .SumBits(AccumulatorBits),
                        .Accumulate(Accumulate)
                    ) sum_high (
                        .clk(clk),
                        .first(first),
                        .enable(adds),
                        .words(high),
                        .sum(sums[((LowPixel+PixelsShared-1)*Multiplier+LowFilter+FiltersShared-1)*AccumulatorBits+:AccumulatorBits])
                    );
                end else begin : g_low_alone
                    logic unused_high;
                    assign unused_high = &{1'b0, high};
                end
            end
        end
    endgenerate
endmodule
