// matvec_pair.sv
// Two outputs of weft_matvec (or one): their products, summed over a beat by DSP cascades and a tree, and over the beats of a vector.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// x: the beat's elements, w: their weights, output-major (low output first). Element i is number i % ChainLength of cascade
// i / ChainLength; the last cascade may be shorter and ends with the others, so an element comes
// i % ChainLength + (ChainLength - length of its cascade) cycles late ("its slot"). Counted from slot 0, the cycle of the cascades' sums is
// ChainLength + 3, and that of the beat's sums Depth = log2(number of cascades) cycles later. For SynapseFolds > 1, first and enable come with
// a beat's sums: where enable, sums = (first ? 0 : sums) + the beat's, one cycle after them.
// Products = 2: a weight of both outputs shares a DSP, high << LaneShift beside low. Every cascade's sum of low products fits LaneShift
// signed bits, both fit ChainBits. The low sums carry an offset, which the accumulator's start takes back.

module weft_matvec_pair #(
    parameter int Simd         = 1,
    parameter int ChainLength  = 1,
    parameter int InBits       = 8,
    parameter int InSigned     = 0,
    parameter int WeightBits   = 8,
    parameter int LaneShift    = 18,
    parameter int ChainBits    = 18,
    parameter int SumBits      = 18,
    parameter int SynapseFolds = 1,
    parameter int Products     = 2
) (
    input  logic                                clk,
    input  logic                                first,
    input  logic                                enable,
    input  logic [Simd*InBits-1:0]              x,
    input  logic [Products*Simd*WeightBits-1:0] w,
    output logic [Products*SumBits-1:0]         sums
);
    localparam int Chains = (Simd + ChainLength - 1) / ChainLength;
    localparam int Depth = $clog2(Chains);
    localparam int LowBits = Products == 2 && LaneShift < ChainBits ? LaneShift : ChainBits;
    localparam logic [47:0] Offset = Products == 2 ? 48'd1 << (LowBits - 1) : 48'd0;

    logic [Chains*48-1:0] totals;
    generate
        for (genvar i = 0; i < Simd; i++) begin : g_element
            localparam int Head = i % ChainLength == 0 ? 1 : 0;
            logic signed [26:0] a;
            logic signed [26:0] d;
            logic signed [17:0] b;
            logic        [47:0] pcin;
            logic        [47:0] pcout;
            logic        [47:0] p;
            logic [WeightBits-1:0] low;
            assign low = w[i*WeightBits+:WeightBits];
            if (Products == 2) begin : g_two
                logic [WeightBits-1:0] high;
                assign high = w[(Simd+i)*WeightBits+:WeightBits];
                assign a    = {{(27 - WeightBits) {high[WeightBits-1]}}, high} << LaneShift;
                assign d    = {{(27 - WeightBits) {low[WeightBits-1]}}, low};
                assign b    = {{(18 - InBits) {InSigned != 0 && x[(i+1)*InBits-1]}}, x[i*InBits+:InBits]};
            end else begin : g_one
                if (InBits < 27) begin : g_extend
                    assign a = {{(27 - InBits) {InSigned != 0 && x[(i+1)*InBits-1]}}, x[i*InBits+:InBits]};
                end else begin : g_whole
                    assign a = x[i*InBits+:27];
                end
                assign d = 27'sd0;
                assign b = {{(18 - WeightBits) {low[WeightBits-1]}}, low};
            end
            if (Head != 0) begin : g_head
                assign pcin = 48'd0;
            end else begin : g_link
                assign pcin = g_element[i-1].pcout;
            end
            weft_mac #(
                .First(Head),
                .Round(Head != 0 ? Offset : 48'd0)
            ) mac (
                .clk  (clk),
                .a    (a),
                .d    (d),
                .b    (b),
                .pcin (pcin),
                .pcout(pcout),
                .p    (p)
            );
            if (i % ChainLength == ChainLength - 1 || i == Simd - 1) begin : g_tail
                assign totals[(i/ChainLength)*48+:48] = p;
                logic unused;
                assign unused = &{1'b0, pcout};
            end else begin : g_inside
                logic unused;
                assign unused = &{1'b0, p};
            end
        end
    endgenerate

    // Low sums without an accumulator behind: the offset goes at once. With one: all offsets of a vector together.
    localparam int Raw = Products == 2 && SynapseFolds > 1 ? 1 : 0;
    localparam logic [SumBits-1:0] Start = Raw != 0 ? -(SumBits'(Chains * SynapseFolds) << (LowBits - 1)) : '0;
    logic [Chains*LowBits-1:0] lows;
    generate
        for (genvar c = 0; c < Chains; c++) begin : g_low
            if (Products == 2 && Raw == 0) begin : g_signed
                if (LowBits > 1) begin : g_wide
                    assign lows[c*LowBits+:LowBits] = {~totals[c*48+LowBits-1], totals[c*48+:LowBits-1]};
                end else begin : g_bit
                    assign lows[c] = ~totals[c*48];
                end
            end else begin : g_raw
                assign lows[c*LowBits+:LowBits] = totals[c*48+:LowBits];
            end
        end
    endgenerate
    weft_sum #(
        .Count     (Chains),
        .Depth     (Depth),
        .Width     (LowBits),
        .Signed    (1 - Raw),
        .SumBits   (SumBits),
        .Accumulate(SynapseFolds > 1 ? SynapseFolds : 0),
        .Start     (Start)
    ) low_sum (
        .clk   (clk),
        .first (first),
        .enable(enable),
        .words (lows),
        .sum   (sums[SumBits-1:0])
    );
    generate
        if (Products == 2) begin : g_high
            logic [Chains*ChainBits-1:0] highs;
            for (genvar c = 0; c < Chains; c++) begin : g_chain
                assign highs[c*ChainBits+:ChainBits] = totals[c*48+LaneShift+:ChainBits];
            end
            weft_sum #(
                .Count     (Chains),
                .Depth     (Depth),
                .Width     (ChainBits),
                        .Signed    (1),
                .SumBits   (SumBits),
                .Accumulate(SynapseFolds > 1 ? SynapseFolds : 0)
            ) high_sum (
                .clk   (clk),
                .first (first),
                .enable(enable),
                .words (highs),
                .sum   (sums[2*SumBits-1:SumBits])
            );
        end
    endgenerate
    logic unused_totals;
    assign unused_totals = &{1'b0, totals};
endmodule
