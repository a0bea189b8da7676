// run_digit.sv
// Shifts a run of bits by a digit of its place.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is in_data >> digit*Stride, a cycle later; `digit` is next_digit of the step before, Start at first. Bits beyond in_data read as
// zero.

module weft_run_digit #(
    parameter int       InBits  = 16,
    parameter int       OutBits = 8,
    parameter int       Stride  = 8,
    parameter bit [1:0] Start   = 2'd0
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               step,
    input  logic [        1:0] next_digit,
    input  logic [ InBits-1:0] in_data,
    output logic [OutBits-1:0] out_data
);
    localparam int PaddedBits = InBits > OutBits + 3 * Stride ? InBits : OutBits + 3 * Stride;
    (* max_fanout = 256 *) logic [1:0] digit;
    logic [PaddedBits-1:0] padded;
    logic                  unused_ok;
    assign padded    = PaddedBits'(in_data);
    assign unused_ok = &{1'b0, padded};
    always_ff @(posedge clk) begin
        if (rst) digit <= Start;
        else if (step) digit <= next_digit;
        case (digit)
            2'd0: out_data <= padded[0+:OutBits];
            2'd1: out_data <= padded[Stride+:OutBits];
            2'd2: out_data <= padded[2*Stride+:OutBits];
            default: out_data <= padded[3*Stride+:OutBits];
        endcase
    end
endmodule
