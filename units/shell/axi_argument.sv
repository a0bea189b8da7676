// axi_argument.sv
// An argument of a job: a register of 32 bits, written by bytes.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A cycle of `write` takes the bytes of write_data that write_strobe names. It is cleared a cycle after `rst`, by a copy of its own, so that
// any number of arguments adds one load each to the reset; the hierarchy is kept, so that the copies stay.

(* keep_hierarchy = "yes" *)
module weft_axi_argument (
    input  logic        clk,
    input  logic        rst,
    input  logic        write,
    input  logic [31:0] write_data,
    input  logic [ 3:0] write_strobe,
    output logic [31:0] value
);
    logic clears;
    always_ff @(posedge clk) begin
        clears <= rst;
        for (int i = 0; i < 4; i++) begin
            if (clears) value[i*8+:8] <= '0;
            else if (write && write_strobe[i]) value[i*8+:8] <= write_data[i*8+:8];
        end
    end
endmodule
