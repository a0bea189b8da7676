// regroup_select.sv
// Picks the word of the present phase: `chosen` = word `phase` of `choices`, word 0 lowest.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock on the way. A bit of `phase` drives a LUT of each bit of the word for every four choices (select.sv); where these are many, parts
// of the word have phases of their own, counted like it (regroup_steps.sv).

module weft_regroup_select #(
    parameter int Steps = 4,
    parameter int Phases = 4,
    parameter int Folds = 1,
    parameter int Width = 8,
    localparam int PhaseBits = Phases > 1 ? $clog2(Phases) : 1
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    advance,
    input  logic [   PhaseBits-1:0] phase,
    input  logic [Phases*Width-1:0] choices,
    output logic [       Width-1:0] chosen
);
    localparam int BitLoads = (Phases + 3) / 4;
    // Up to this width the phase that is given serves, which has other uses.
    localparam bit Shared = BitLoads * Width <= 120;
    localparam int Most = Shared ? Width : BitLoads < 240 ? 240 / BitLoads : 1;
    localparam int Parts = (Width + Most - 1) / Most;

    genvar p, k;
    generate
        for (p = 0; p < Parts; p = p + 1) begin : g_part
            localparam int From = p * Most;
            localparam int Own = Width - From < Most ? Width - From : Most;
            logic [   PhaseBits-1:0] own_phase;
            logic [Phases*Own-1:0]   own_choices;
            for (k = 0; k < Phases; k = k + 1) begin : g_choice
                assign own_choices[k*Own+:Own] = choices[k*Width+From+:Own];
            end
            if (Shared) begin : g_given
                assign own_phase = phase;
            end else begin : g_own
                logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] unused_fold;
                logic                                       unused_last_fold;
                logic                                       unused_last;
                logic                                       unused_flag;
                logic                                       unused;
                assign unused = &{1'b0, unused_fold, unused_last_fold, unused_last, unused_flag};
                (* keep_hierarchy = "yes" *)
                weft_regroup_steps #(
                    .Steps   (Steps),
                    .Phases  (Phases),
                    .Folds   (Folds),
                    .Flag    ({Phases{1'b0}}),
                    .LastFlag(1'b0)
                ) u_steps (
                    .clk      (clk),
                    .rst      (rst),
                    .advance  (advance),
                    .fold     (unused_fold),
                    .last_fold(unused_last_fold),
                    .phase    (own_phase),
                    .last     (unused_last),
                    .flag     (unused_flag)
                );
            end
            weft_select #(
                .Choices(Phases),
                .Width  (Own)
            ) u_select (
                .select (own_phase),
                .choices(own_choices),
                .chosen (chosen[From+:Own])
            );
        end
    endgenerate
    logic unused_phase;
    assign unused_phase = &{1'b0, clk, rst, advance, phase};
endmodule
