// copy.sv
// A register in front of many loads: a stage of an enable or address that its drivers share.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is in_data of the cycle before. The hierarchy is kept, so that the register stays where it is: no mapper moves it behind what it
// addresses, or into a shift register with the stages before it. Tools that replicate registers do so above max_fanout loads.

(* keep_hierarchy = "yes" *)
module weft_copy #(
    parameter int Width = 1
) (
    input  logic             clk,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    (* max_fanout = 256 *) logic [Width-1:0] copy;
    assign out_data = copy;
    always_ff @(posedge clk) copy <= in_data;
endmodule
