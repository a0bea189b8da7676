// pool_element.sv
// One channel of one position of pool: the sum or the maximum over beats of taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running. A tree over the taps of a beat (reduce.sv), and where TapFolds > 1 or Offset is not 0 a register over beats that starts
// from -Offset: `acc` of the beats since `first` is there ceil(log2(TapsPerBeat)) (+ 1) cycles after the last. first and valid tell of the beat whose result the tree has.

module weft_pool_element #(
    parameter int                  TapsPerBeat = 4,
    parameter int                  TapFolds    = 1,
    parameter int                  Present     = 4,
    parameter int                  Maximum     = 1,
    parameter logic signed  [63:0] Offset      = 64'sd0,
    parameter int                  InBits      = 8,
    parameter int                  InSigned    = 0,
    parameter int                  SumBits     = 8
) (
    input  logic                          clk,
    input  logic                          partial,
    input  logic                          valid,
    input  logic                          first,
    input  logic [TapsPerBeat*InBits-1:0] taps,
    output logic [SumBits-1:0]            acc
);
    logic [SumBits-1:0] value;
    weft_reduce #(
        .Terms   (TapsPerBeat),
        .Present (Present),
        .Maximum (Maximum),
        .InBits  (InBits),
        .InSigned(InSigned),
        .OutBits (SumBits)
    ) reduce (
        .clk    (clk),
        .partial(partial),
        .terms  (taps),
        .tree   (value)
    );

    generate
        if (TapFolds == 1 && Offset == 0) begin : g_at_once
            assign acc = value;
            logic unused;
            assign unused = &{1'b0, valid, first};
        end else if (Maximum != 0) begin : g_maximum
            always_ff @(posedge clk) if (valid && (first || $signed(value) > $signed(acc))) acc <= value;
        end else begin : g_sum
            always_ff @(posedge clk) if (valid) acc <= (first ? -Offset[SumBits-1:0] : acc) + value;
        end
    endgenerate
endmodule
