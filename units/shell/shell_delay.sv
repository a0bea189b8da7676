// shell_delay.sv
// Delays flags beside a pipeline that never stops.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_flags is in_flags of Length cycles ago, zero at first. Length 0: wires.

module weft_shell_delay #(
    parameter int Width  = 1,
    parameter int Length = 1
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [Width-1:0] in_flags,
    output logic [Width-1:0] out_flags
);
    generate
        if (Length == 0) begin : g_wires
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, rst};
            assign out_flags = in_flags;
        end else begin : g_registers
            logic [Length*Width-1:0] held;
            always_ff @(posedge clk) begin
                if (rst) held <= '0;
                else held <= (Length * Width)'({held, in_flags});
            end
            assign out_flags = held[(Length-1)*Width+:Width];
        end
    endgenerate
endmodule
