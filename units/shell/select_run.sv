// select_run.sv
// Takes a run of bits out of a window: out_data is window[at*Step +: OutBits], Digits cycles later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `at` has Digits digits of two bits. A clock and a four-way choice a digit, the coarsest first, so that registers become narrow early.
// Bits beyond the window read as zero.

module weft_select_run #(
    parameter int InBits  = 16,
    parameter int OutBits = 8,
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
            assign unused_ok = &{1'b0, clk, at, in_data};
            assign out_data  = in_data[OutBits-1:0];
        end else begin : g_digit
            localparam int Stride = Step << (2 * (Digits - 1));
            localparam int MiddleBits = OutBits + Stride - Step;
            localparam int RestBits = Digits > 1 ? 2 * (Digits - 1) : 1;
            localparam int PaddedBits = InBits > MiddleBits + 3 * Stride ? InBits : MiddleBits + 3 * Stride;
            logic [PaddedBits-1:0] padded;
            logic [MiddleBits-1:0] middle;
            logic [RestBits-1:0]   middle_at;
            logic                  unused_ok;
            assign padded    = PaddedBits'(in_data);
            assign unused_ok = &{1'b0, padded};
            always_ff @(posedge clk) begin
                middle_at <= RestBits'(at);
                case (at[AtBits-1:AtBits-2])
                    2'd0: middle <= padded[0+:MiddleBits];
                    2'd1: middle <= padded[Stride+:MiddleBits];
                    2'd2: middle <= padded[2*Stride+:MiddleBits];
                    default: middle <= padded[3*Stride+:MiddleBits];
                endcase
            end
            weft_select_run #(
                .InBits (MiddleBits),
                .OutBits(OutBits),
                .Step   (Step),
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
