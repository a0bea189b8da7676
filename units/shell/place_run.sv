// place_run.sv
// Puts a run of bits into a wider window: out_data is in_data << at*Step, Digits cycles later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `at` has Digits digits of two bits and is told a cycle ahead: next_at. A clock and a four-way choice a digit, the finest first, so that
// registers become wide late. The caller sees to it that no one is shifted beyond OutBits.

module weft_place_run #(
    parameter int InBits  = 8,
    parameter int OutBits = 16,
    parameter int Step    = 8,
    parameter int Digits  = 1,
    parameter int AtBits  = Digits > 0 ? 2 * Digits : 1
) (
    input  logic               clk,
    input  logic [ AtBits-1:0] next_at,
    input  logic [ InBits-1:0] in_data,
    output logic [OutBits-1:0] out_data
);
    generate
        if (Digits == 0) begin : g_wires
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, next_at};
            assign out_data  = OutBits'(in_data);
        end else begin : g_digit
            localparam int WideBits = InBits + 3 * Step;
            localparam int MiddleBits = WideBits < OutBits ? WideBits : OutBits;
            localparam int RestBits = Digits > 1 ? 2 * (Digits - 1) : 1;
            logic [MiddleBits-1:0] middle;
            logic [RestBits-1:0]   rest_at;
            always_ff @(posedge clk) rest_at <= RestBits'(next_at >> 2);
            // Up by a digit is down by what it lacks of three.
            weft_run_digit #(
                .InBits (WideBits),
                .OutBits(MiddleBits),
                .Stride (Step)
            ) finest (
                .clk       (clk),
                .rst       (1'b0),
                .step      (1'b1),
                .next_digit(~next_at[1:0]),
                .in_data   ({in_data, {3 * Step{1'b0}}}),
                .out_data  (middle)
            );
            weft_place_run #(
                .InBits (MiddleBits),
                .OutBits(OutBits),
                .Step   (4 * Step),
                .Digits (Digits - 1)
            ) rest (
                .clk     (clk),
                .next_at (rest_at),
                .in_data (middle),
                .out_data(out_data)
            );
        end
    endgenerate
endmodule
