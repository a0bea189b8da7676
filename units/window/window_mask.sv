// window_mask.sv
// A copy of a window's column mask: which columns are outside the frame.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// First after reset, then `next` of each `passes`. The hierarchy is kept, so that copies are not made one again.

(* keep_hierarchy = "yes" *)
module weft_window_mask #(
    parameter int              Span  = 3,
    parameter logic [Span-1:0] First = '0
) (
    input  logic            clk,
    input  logic            rst,
    input  logic            passes,
    input  logic [Span-1:0] next,
    output logic [Span-1:0] outside
);
    always_ff @(posedge clk) begin
        if (rst) outside <= First;
        else if (passes) outside <= next;
    end
endmodule
