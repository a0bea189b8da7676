// copy.sv
// A register in front of many loads, behind a delay: a stage of an enable or address that its drivers share.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is in_data of Cycles cycles ago; 0 gives wires. The hierarchy is kept, so that the last register stays what it is: no mapper moves
// it behind what it addresses, or into a shift register with the stages before it. Tools that replicate registers do so above max_fanout
// loads.

(* keep_hierarchy = "yes" *)
module weft_copy #(
    parameter int Width  = 1,
    parameter int Cycles = 1
) (
    input  logic             clk,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    generate
        if (Cycles == 0) begin : g_wires
            assign out_data = in_data;
            logic unused;
            assign unused = clk;
        end else begin : g_register
            logic [Width-1:0] early;
            (* max_fanout = 256 *) logic [Width-1:0] copy;
            weft_delay #(
                .Width (Width),
                .Cycles(Cycles - 1)
            ) delay (
                .clk     (clk),
                .in_data (in_data),
                .out_data(early)
            );
            assign out_data = copy;
            always_ff @(posedge clk) copy <= early;
        end
    endgenerate
endmodule
