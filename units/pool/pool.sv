// pool.sv
// The maximum, or a sum scaled by position, over the taps of each window.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes beats of Pixels x TapsPerBeat x Lanes elements, the tap folds of a channel fold one after the other, and gives one of Pixels x
// Lanes for each channel fold; a beat a cycle. Taps beyond Taps in the last tap fold do not count. in_ready is `room`, a register; a place is
// taken with the last tap fold. pool_latency (pool_rtl.cpp) tells how many cycles later its accumulators come. Sums have SumBits bits,
// signed; FactorBits = 0: they are not scaled, else by pool_factor.sv.

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
    parameter int SumBits           = 9,
    parameter int FactorBits        = 0,
    parameter int FactorAccDigits   = 1,
    parameter int FactorMulDigits   = 1,
    parameter int ProductBits       = 9,
    parameter int RowClassBits      = 1,
    parameter int ColumnClassBits   = 1,
    parameter     Name              = "",
    localparam int AccBits = FactorBits == 0 ? SumBits : ProductBits
) (
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic                                       in_valid,
    output logic                                       in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0] in_data,
    input  logic                                       room,
    output logic                                       takes,
    output logic                                       acc_valid,
    output logic [           Pixels*Lanes*AccBits-1:0] acc
);
`ifndef __ICARUS__
    if (Lanes > Channels || TapsPerBeat > Taps) $error("Lanes, TapsPerBeat: a beat has no more channels and taps than a position");
`endif
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int TapFolds = (Taps + TapsPerBeat - 1) / TapsPerBeat;
    localparam int Elements = Pixels * Lanes;
    localparam logic signed [63:0] Offset = Maximum != 0 ? 64'sd0 : 64'(Zero) * 64'(Taps);
    localparam int Tree = $clog2(TapsPerBeat);
    localparam int SumAt = Tree + (TapFolds > 1 || Offset != 0 ? 1 : 0);

    logic reads;
    assign in_ready = room;
    (* max_fanout = 256 *) logic first_tap, last_tap;
    logic [(TapFolds > 1 ? $clog2(TapFolds) : 1)-1:0] unused_tap;
    assign reads = in_valid && room;
    assign takes = reads && last_tap;
    weft_counter #(
        .Count(TapFolds)
    ) tap (
        .clk  (clk),
        .rst  (rst),
        .step (reads),
        .value(unused_tap),
        .first(first_tap),
        .last (last_tap)
    );

    // The flags of the beat whose result the trees have.
    logic adds, starts;
    weft_copy #(
        .Width (2),
        .Cycles(Tree)
    ) tree_flags (
        .clk     (clk),
        .in_data ({reads, first_tap}),
        .out_data({adds, starts})
    );

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

    generate
        if (FactorBits == 0) begin : g_plain
            weft_flags #(
                .Latency(SumAt)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (takes),
                .out_flags(acc_valid)
            );
            assign acc = sums;
        end else begin : g_factor
            weft_flags #(
                .Latency((SumAt > 2 ? SumAt : 2) + 3 + FactorAccDigits * FactorMulDigits)
            ) acc_line (
                .clk      (clk),
                .rst      (rst),
                .in_flags (takes),
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
                .finishes(takes),
                .sums    (sums),
                .products(acc)
            );
        end
    endgenerate

    logic unused;
    assign unused = &{1'b0, unused_tap, adds, starts, Rows != 0, Columns != 0};
endmodule
