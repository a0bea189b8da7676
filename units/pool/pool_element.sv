// pool_element.sv
// One channel of one position of pool: the sum or the maximum over beats of taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running. A tree over the taps of a beat (reduce.sv), and where TapFolds > 1 or Offset is not 0 a register over beats that starts
// from -Offset: `acc` of the beats since `first` is there ceil(log2(TapsPerBeat)) (+ 1) cycles after the last, sums (SumBits - 2) / 23 cycles
// later still. first and valid tell of the beat a cycle before the tree has its result (of the beat itself where TapsPerBeat is 1).

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
    // Of sums skewed, as weft_split_adder has them.
    logic [SumBits-1:0] value, result;
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
            assign result = value;
            logic unused;
            assign unused = &{1'b0, valid, first};
        end else begin : g_over_beats
            logic here, starts;
            if (TapsPerBeat == 1) begin : g_direct
                assign here   = valid;
                assign starts = first;
            end else begin : g_registers
                always_ff @(posedge clk) begin
                    here   <= valid;
                    starts <= first;
                end
            end
            if (Maximum != 0) begin : g_maximum
                logic greater;
                if (SumBits <= 24) begin : g_narrow
                    assign greater = $signed(value) > $signed(result);
                end else begin : g_wide
                    weft_at_least #(
                        .Width(SumBits)
                    ) compare (
                        .a       (value),
                        .b       (result),
                        .at_least(greater)
                    );
                end
                always_ff @(posedge clk) if (here && (starts || greater)) result <= value;
            end else begin : g_sum
                weft_split_adder #(
                    .Width     (SumBits),
                    .Accumulate(1),
                    .Start     (-Offset[SumBits-1:0])
                ) adder (
                    .clk   (clk),
                    .first (starts),
                    .enable(here),
                    .a     (value),
                    .b     ({SumBits{1'b0}}),
                    .sum   (result)
                );
            end
        end

        if (Maximum != 0) begin : g_aligned
            assign acc = result;
        end else begin : g_align
            weft_skew #(
                .Width(SumBits),
                .Undo (1)
            ) align (
                .clk     (clk),
                .in_data (result),
                .out_data(acc)
            );
        end
    endgenerate
endmodule
