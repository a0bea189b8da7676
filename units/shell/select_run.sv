// select_run.sv
// Takes a run of bits out of a window: out_data is window[at*Step +: OutBits], Digits cycles later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `at` has Digits digits of two bits: it is next_at of the last step before, and Start at first. A clock and a four-way choice a digit, the
// coarsest first, so that registers become narrow early. Bits beyond the window read as zero.

module weft_select_run #(
    parameter int              InBits  = 16,
    parameter int              OutBits = 8,
    parameter int              Step    = 8,
    parameter int              Digits  = 1,
    parameter int              AtBits  = Digits > 0 ? 2 * Digits : 1,
    parameter bit [AtBits-1:0] Start   = '0
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               step,
    input  logic [ AtBits-1:0] next_at,
    input  logic [ InBits-1:0] in_data,
    output logic [OutBits-1:0] out_data
);
    generate
        if (Digits == 0) begin : g_wires
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, rst, step, next_at, in_data};
            assign out_data  = in_data[OutBits-1:0];
        end else begin : g_digit
            localparam int Stride = Step << (2 * (Digits - 1));
            localparam int MiddleBits = OutBits + Stride - Step;
            localparam int RestBits = Digits > 1 ? 2 * (Digits - 1) : 1;
            logic [MiddleBits-1:0] middle;
            logic [RestBits-1:0]   rest_at;
            always_ff @(posedge clk) begin
                if (rst) rest_at <= RestBits'(Start);
                else if (step) rest_at <= RestBits'(next_at);
            end
            weft_run_digit #(
                .InBits (InBits),
                .OutBits(MiddleBits),
                .Stride (Stride),
                .Start  (Start[AtBits-1:AtBits-2])
            ) coarsest (
                .clk       (clk),
                .rst       (rst),
                .step      (step),
                .next_digit(next_at[AtBits-1:AtBits-2]),
                .in_data   (in_data),
                .out_data  (middle)
            );
            weft_select_run #(
                .InBits (MiddleBits),
                .OutBits(OutBits),
                .Step   (Step),
                .Digits (Digits - 1)
            ) rest (
                .clk     (clk),
                .rst     (rst),
                .step    (1'b1),
                .next_at (rest_at),
                .in_data (middle),
                .out_data(out_data)
            );
        end
    endgenerate
endmodule
