// hold.sv
// Hands on its beats, a register later.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.

module weft_hold #(
    // The frame is of no concern here: every beat is treated alike.
    // verilator lint_off UNUSEDPARAM
    parameter int Rows = 1,
    parameter int Columns = 1,
    parameter int Channels = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels = 1,
    parameter int Lanes = 1,
    parameter int InBits = 8,
    localparam int Width = Pixels * Lanes * InBits
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [Width-1:0] in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [Width-1:0] out_data
);
    logic advances;
    assign advances = !out_valid || out_ready;
    assign in_ready = advances;
    always_ff @(posedge clk) begin
        if (advances) out_data <= in_data;
        if (rst) out_valid <= '0;
        else if (advances) out_valid <= in_valid;
    end
endmodule
