// hold.sv
// Holds a word of any width.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes in_data in a cycle of both `valid` and `ready`. In slices, so that no enable drives more than 256 registers.

module weft_hold #(
    parameter int Width = 8
) (
    input  logic             clk,
    input  logic             valid,
    input  logic             ready,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    localparam int Bits = 256;
    generate
        for (genvar s = 0; s < (Width + Bits - 1) / Bits; s++) begin : g_slice
            localparam int Own = Width - s * Bits < Bits ? Width - s * Bits : Bits;
            weft_hold_slice #(
                .Width(Own)
            ) slice (
                .clk     (clk),
                .valid   (valid),
                .ready   (ready),
                .in_data (in_data[s*Bits+:Own]),
                .out_data(out_data[s*Bits+:Own])
            );
        end
    endgenerate
endmodule
