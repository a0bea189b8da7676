// requantize.sv
// The requantize stage as a unit of its own: a stream's elements are the accumulators of the stage behind it.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes beats of Pixels x Lanes elements of Channels channels, a beat a cycle, while there is room for one behind it; in_ready is `room`.

module weft_requantize #(
    // The frame is of no concern here: every beat is treated alike.
    // verilator lint_off UNUSEDPARAM
    parameter int Rows     = 1,
    parameter int Columns  = 1,
    parameter int Channels = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels   = 1,
    parameter int Lanes    = 1,
    parameter int InBits   = 8,
    parameter int InSigned = 0
) (
    input  logic                               clk,
    input  logic                               rst,
    input  logic                               in_valid,
    output logic                               in_ready,
    input  logic [    Pixels*Lanes*InBits-1:0] in_data,
    input  logic                               room,
    output logic                               takes,
    output logic                               acc_valid,
    output logic [Pixels*Lanes*(InBits+1)-1:0] acc
);
`ifndef __ICARUS__
    if (Lanes > Channels) $error("Lanes: a beat has no more channels than a position");
`endif
    assign in_ready  = room;
    assign takes     = in_valid && room;
    assign acc_valid = takes;
    generate
        for (genvar i = 0; i < Pixels * Lanes; i++) begin : g_element
            assign acc[i*(InBits+1)+:InBits+1] = {InSigned != 0 && in_data[(i+1)*InBits-1], in_data[i*InBits+:InBits]};
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, clk, rst};
endmodule
