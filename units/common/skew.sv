// skew.sv
// Makes the skew of weft_split_adder (segment k is k cycles late), or with Undo = 1 aligns such a word to its last bits.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_skew #(
    parameter int Width = 8,
    parameter int Undo  = 0
) (
    input  logic             clk,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    localparam int Segment = 23;
    localparam int Segments = (Width - 2) / Segment + 1;
    generate
        for (genvar k = 0; k < Segments; k++) begin : g_segment
            localparam int Low = k * Segment;
            localparam int Bits = k == Segments - 1 ? Width - Low : Segment;
            weft_delay #(
                .Width (Bits),
                .Cycles(Undo != 0 ? Segments - 1 - k : k)
            ) delay (
                .clk     (clk),
                .in_data (in_data[Low+:Bits]),
                .out_data(out_data[Low+:Bits])
            );
        end
    endgenerate
endmodule
