// run_digit.sv
// Shifts a run of bits by a digit of its place.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is in_data >> digit*Stride, a cycle later; `digit` is next_digit of the step before, Start at first. Bits beyond in_data read as
// zero. In slices, so that no digit drives more than 256 choices.

module weft_run_digit #(
    parameter int       InBits  = 16,
    parameter int       OutBits = 8,
    parameter int       Stride  = 8,
    parameter bit [1:0] Start   = 2'd0
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               step,
    input  logic [        1:0] next_digit,
    input  logic [ InBits-1:0] in_data,
    output logic [OutBits-1:0] out_data
);
    localparam int Bits = 256;
    localparam int PaddedBits = InBits > OutBits + 3 * Stride ? InBits : OutBits + 3 * Stride;
    logic [PaddedBits-1:0] padded;
    logic                  unused_ok;
    assign padded    = PaddedBits'(in_data);
    assign unused_ok = &{1'b0, padded};
    generate
        for (genvar s = 0; s < (OutBits + Bits - 1) / Bits; s++) begin : g_slice
            localparam int From = s * Bits;
            localparam int Own = OutBits - From < Bits ? OutBits - From : Bits;
            weft_run_slice #(
                .Width(Own),
                .Start(Start)
            ) slice (
                .clk       (clk),
                .rst       (rst),
                .step      (step),
                .next_digit(next_digit),
                .choices   ({
                    padded[3*Stride+From+:Own], padded[2*Stride+From+:Own], padded[Stride+From+:Own], padded[From+:Own]
                }),
                .out_data  (out_data[From+:Own])
            );
        end
    endgenerate
endmodule
