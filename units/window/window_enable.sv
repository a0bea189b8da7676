// window_enable.sv
// The enables of a window's slice, found once for all of its taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The hierarchy is kept, so that no tap reads what many slices share.

(* keep_hierarchy = "yes" *)
module weft_window_enable (
    input  logic free,
    input  logic moves,
    input  logic emits,
    output logic step,
    output logic loads
);
    assign step  = free && moves;
    assign loads = free && moves && emits;
endmodule
