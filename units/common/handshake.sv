// handshake.sv
// Checks the rules of a stream: what is offered stays, unchanged, until it is taken.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// One instance a stream. Empty unless WEFT_CHECK is defined; the assertions are immediate ones, taken by simulators and formal tools alike.

module weft_handshake #(
    parameter int Width = 8
) (
    input logic             clk,
    input logic             rst,
    input logic             valid,
    input logic             ready,
    input logic [Width-1:0] data
);
`ifdef WEFT_CHECK
    logic             waiting = 1'b0;  // a beat was offered and not taken
    logic [Width-1:0] offered;
    always @(posedge clk) begin
        waiting <= !rst && valid && !ready;
        offered <= data;
        if (!rst) begin
            assert (!waiting || valid);
            assert (!waiting || data === offered);
`ifndef FORMAL
            assert ((^{valid, ready}) !== 1'bx);
`endif
        end
    end
`else
    logic unused;
    assign unused = &{1'b0, clk, rst, valid, ready, data};
`endif
endmodule
