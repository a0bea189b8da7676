// pool_element.sv
// One channel of one position of pool: the sum or the maximum over beats of taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running. A tree over the taps of a beat (reduce.sv), and where TapFolds > 1 or Offset is not 0 a register over beats that starts
// from -Offset: `acc` of the beats since `first` is there ceil(log2(TapsPerBeat)) (+ 1) cycles after the last. first and valid tell of the
// beat a cycle before the tree has its result (of the beat itself where TapsPerBeat is 1).

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
    localparam int TreeBits = InBits + (InSigned != 0 ? 0 : 1) + (Maximum != 0 ? 0 : $clog2(TapsPerBeat));
    logic [TreeBits-1:0] tree;
    weft_reduce #(
        .Terms   (TapsPerBeat),
        .Present (Present),
        .Maximum (Maximum),
        .InBits  (InBits),
        .InSigned(InSigned)
    ) reduce (
        .clk    (clk),
        .partial(partial),
        .terms  (taps),
        .tree   (tree)
    );

    // The sum's own width: bits that it does not need are its sign, those that the tree has not are.
    logic signed [SumBits-1:0] value;
    generate
        if (SumBits > TreeBits) begin : g_extend
            assign value = {{(SumBits - TreeBits) {tree[TreeBits-1]}}, tree};
        end else begin : g_cut
            assign value = tree[SumBits-1:0];
            logic unused;
            assign unused = &{1'b0, tree};
        end

        if (TapFolds == 1 && Offset == 0) begin : g_at_once
            assign acc = value;
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
            logic signed [SumBits-1:0] kept;
            assign acc = kept;
            if (Maximum != 0) begin : g_maximum
                always_ff @(posedge clk) if (here && (starts || value > kept)) kept <= value;
            end else begin : g_sum
                always_ff @(posedge clk) if (here) kept <= (starts ? -Offset[SumBits-1:0] : kept) + value;
            end
        end
    endgenerate
endmodule
