// delay.sv
// A word, some cycles later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_delay #(
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
        end else if (Cycles == 1) begin : g_register
            always_ff @(posedge clk) out_data <= in_data;
        end else begin : g_line
            // Shift registers whose last stage is a flip-flop: a LUT's is slow to leave.
            (* srl_style = "srl_reg" *) logic [Width*Cycles-1:0] line;
            always_ff @(posedge clk) line <= {line[Width*(Cycles-1)-1:0], in_data};
            assign out_data = line[Width*Cycles-1-:Width];
        end
    endgenerate
endmodule
