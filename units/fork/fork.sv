// fork.sv
// Copies a stream to several readers.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A beat is held until each output has passed it on, each in its own cycle; the last to do so lets the next beat in. in_ready depends on
// out_ready. Sustains a beat a cycle.

module weft_fork #(
    // The frame is of no concern here: every beat is treated alike.
    // verilator lint_off UNUSEDPARAM
    parameter int Rows = 1,
    parameter int Columns = 1,
    parameter int Taps = 1,
    parameter int Channels = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels = 1,
    parameter int Lanes = 1,
    parameter int TapsPerBeat = 1,
    parameter int InBits = 8,
    parameter int Outputs = 2,
    localparam int Width = Pixels * TapsPerBeat * Lanes * InBits
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     in_valid,
    output logic                     in_ready,
    input  logic [        Width-1:0] in_data,
    output logic [      Outputs-1:0] out_valid,
    input  logic [      Outputs-1:0] out_ready,
    output logic [Outputs*Width-1:0] out_data
);
    (* max_fanout = 256 *) logic advances;
    logic [Width-1:0] beat;
    assign advances = &(~out_valid | out_ready);
    assign in_ready = advances;
    assign out_data = {Outputs{beat}};
    always_ff @(posedge clk) begin
        if (advances) beat <= in_data;
        if (rst) out_valid <= '0;
        else if (advances) out_valid <= {Outputs{in_valid}};
        else out_valid <= out_valid & ~out_ready;
    end
endmodule
