// pool_slice.sv
// Some channels and positions of pool, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// pool_element.sv for each of Elements elements, in `taps` those of a beat element by element. A beat is taken where in_valid and in_ready
// are high; first_tap and last_tap tell of it. takes_late and first_late: of a beat a cycle before the trees have its result, where
// TapsPerBeat is not 1. The hierarchy is kept, so that the copies of the control are not made one again.

(* keep_hierarchy = "yes" *)
module weft_pool_slice #(
    parameter int                  Elements    = 1,
    parameter int                  TapsPerBeat = 4,
    parameter int                  TapFolds    = 1,
    parameter int                  Present     = 4,
    parameter int                  Maximum     = 1,
    parameter logic signed  [63:0] Offset      = 64'sd0,
    parameter int                  InBits      = 8,
    parameter int                  InSigned    = 0,
    parameter int                  SumBits     = 8
) (
    input  logic                                   clk,
    input  logic                                   rst,
    input  logic                                   in_valid,
    input  logic                                   in_ready,
    output logic                                   first_tap,
    output logic                                   last_tap,
    input  logic                                   takes_late,
    input  logic                                   first_late,
    input  logic [Elements*TapsPerBeat*InBits-1:0] taps,
    output logic [Elements*SumBits-1:0]            acc
);
    logic takes;
    logic [(TapFolds > 1 ? $clog2(TapFolds) : 1)-1:0] unused_tap;
    assign takes = in_valid && in_ready;
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
    generate
        for (genvar i = 0; i < Elements; i++) begin : g_element
            weft_pool_element #(
                .TapsPerBeat(TapsPerBeat),
                .TapFolds   (TapFolds),
                .Present    (Present),
                .Maximum    (Maximum),
                .Offset     (Offset),
                .InBits     (InBits),
                .InSigned   (InSigned),
                .SumBits    (SumBits)
            ) element (
                .clk    (clk),
                .partial(last_tap),
                .valid  (TapsPerBeat == 1 ? takes : takes_late),
                .first  (TapsPerBeat == 1 ? first_tap : first_late),
                .taps   (taps[i*TapsPerBeat*InBits+:TapsPerBeat*InBits]),
                .acc    (acc[i*SumBits+:SumBits])
            );
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, unused_tap, takes_late, first_late};
endmodule
