// matvec_hold.sv
// Keeps a result of weft_matvec until it has left. Taken in the cycle after `takes`.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_matvec_hold #(
    parameter int Width = 8
) (
    input  logic             clk,
    input  logic             takes,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    // A copy for each result: this net would reach all of them.
    logic takes_here;
    always_ff @(posedge clk) begin
        takes_here <= takes;
        if (takes_here) out_data <= in_data;
    end
endmodule
