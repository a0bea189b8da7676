// flags.sv
// Flags beside a pipeline that never stops.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_flags is in_flags of Latency cycles ago, zero after reset; 0 gives wires.

module weft_flags #(
    parameter int Width   = 1,
    parameter int Latency = 1
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [Width-1:0] in_flags,
    output logic [Width-1:0] out_flags
);
    generate
        if (Latency == 0) begin : g_wires
            assign out_flags = in_flags;
            logic unused;
            assign unused = &{1'b0, clk, rst};
        end else begin : g_registers
            logic [Latency*Width-1:0] line;
            assign out_flags = line[(Latency-1)*Width+:Width];
            always_ff @(posedge clk) begin
                if (rst) line <= '0;
                else line <= (Latency * Width)'({line, in_flags});
            end
        end
    endgenerate
endmodule
