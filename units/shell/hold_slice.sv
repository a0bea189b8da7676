// hold_slice.sv
// Holds some bits of a word, with an enable of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes in_data in a cycle of both `valid` and `ready`. The hierarchy is kept, so that the copies of the enable are not made one again.

(* keep_hierarchy = "yes" *)
module weft_hold_slice #(
    parameter int Width = 8
) (
    input  logic             clk,
    input  logic             valid,
    input  logic             ready,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    always_ff @(posedge clk) if (valid && ready) out_data <= in_data;
endmodule
