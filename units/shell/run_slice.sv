// run_slice.sv
// Some bits of a choice of four between shifted runs, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is choice `next_digit` of a step before, choice 0 lowest; Start: the choice at first. The hierarchy is kept, so that the copies
// of the digit are not made one again.

(* keep_hierarchy = "yes" *)
module weft_run_slice #(
    parameter int       Width = 8,
    parameter bit [1:0] Start = 2'd0
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               step,
    input  logic [        1:0] next_digit,
    input  logic [4*Width-1:0] choices,
    output logic [  Width-1:0] out_data
);
    logic [1:0] digit;
    always_ff @(posedge clk) begin
        if (rst) digit <= Start;
        else if (step) digit <= next_digit;
        case (digit)
            2'd0: out_data <= choices[0+:Width];
            2'd1: out_data <= choices[Width+:Width];
            2'd2: out_data <= choices[2*Width+:Width];
            default: out_data <= choices[3*Width+:Width];
        endcase
    end
endmodule
