// place_run.sv
// Puts a run of bits into a wider window: out_data is in_data << at*Step, Digits cycles later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `at` has Digits digits of two bits. A clock and a four-way choice a digit, the finest first, so that registers become wide late. The
// caller sees to it that no one is shifted beyond OutBits.

module weft_place_run #(
    parameter int InBits  = 8,
    parameter int OutBits = 16,
    parameter int Step    = 8,
    parameter int Digits  = 1,
    parameter int AtBits  = Digits > 0 ? 2 * Digits : 1
) (
    input  logic               clk,
    input  logic [InBits-1:0]  in_data,
    input  logic [AtBits-1:0]  at,
    output logic [OutBits-1:0] out_data
);
    generate
        if (Digits == 0) begin : g_wires
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, at};
            assign out_data  = OutBits'(in_data);
        end else begin : g_digit
            localparam int WideBits = InBits + 3 * Step;
            localparam int MiddleBits = WideBits < OutBits ? WideBits : OutBits;
            localparam int RestBits = Digits > 1 ? 2 * (Digits - 1) : 1;
            logic [WideBits-1:0]   wide;
            logic [MiddleBits-1:0] middle;
            logic [RestBits-1:0]   middle_at;
            logic                  unused_ok;
            assign unused_ok = &{1'b0, wide};
            always_comb begin
                case (at[1:0])
                    2'd0: wide = WideBits'(in_data);
                    2'd1: wide = WideBits'(in_data) << Step;
                    2'd2: wide = WideBits'(in_data) << (2 * Step);
                    default: wide = WideBits'(in_data) << (3 * Step);
                endcase
            end
            always_ff @(posedge clk) begin
                middle_at <= RestBits'(at >> 2);
                middle    <= wide[MiddleBits-1:0];
            end
            weft_place_run #(
                .InBits (MiddleBits),
                .OutBits(OutBits),
                .Step   (4 * Step),
                .Digits (Digits - 1)
            ) rest (
                .clk     (clk),
                .in_data (middle),
                .at      (middle_at),
                .out_data(out_data)
            );
        end
    endgenerate
endmodule
