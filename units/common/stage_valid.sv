// stage_valid.sv
// The valid of a pipeline that never stops.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_valid is in_valid Latency cycles ago; 0 gives a wire.

module weft_stage_valid #(
    parameter int Latency = 1
) (
    input  logic clk,
    input  logic rst,
    input  logic in_valid,
    output logic out_valid
);
    generate
        if (Latency == 0) begin : g_wire
            assign out_valid = in_valid;
            logic unused;
            assign unused = &{1'b0, clk, rst};
        end else begin : g_registers
            logic [Latency-1:0] line;
            assign out_valid = line[Latency-1];
            always_ff @(posedge clk) begin
                if (rst) line <= '0;
                else line <= Latency'({line, in_valid});
            end
        end
    endgenerate
endmodule
