// fork_slice.sv
// Some bits of a fork's beats, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A beat is held until each output has passed it on; the last to do so lets the next beat in. out_data is the beat for all of them. The
// hierarchy is kept, so that the copies of the control are not made one again.

(* keep_hierarchy = "yes" *)
module weft_fork_slice #(
    parameter int Width = 8,
    parameter int Outputs = 2
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               in_valid,
    output logic               in_ready,
    input  logic [  Width-1:0] in_data,
    output logic [Outputs-1:0] out_valid,
    input  logic [Outputs-1:0] out_ready,
    output logic [  Width-1:0] out_data
);
    assign in_ready = &(~out_valid | out_ready);
    always_ff @(posedge clk) begin
        if (in_ready) out_data <= in_data;
        if (rst) out_valid <= '0;
        else if (in_ready) out_valid <= {Outputs{in_valid}};
        else out_valid <= out_valid & ~out_ready;
    end
endmodule
