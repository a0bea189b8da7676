// fifo.sv
// Holds up to Depth beats, first in, first out.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in_ready and out_valid come from registers. Up to 64 beats the memory is read without a clock (registers or LUTRAM) and a beat can leave
// one cycle after it entered; a deeper one is a block RAM with its output register, and a beat can leave after two.
// Sustains a beat a cycle for any Depth >= 2; Depth 1 passes a beat every second cycle. in_ready is high during reset: whoever feeds the
// FIFO holds in_valid low then.
// A wide beat is cut into slices (fifo_slice.sv), all in step, so that no address or enable drives more than about 240 cells of them.

module weft_fifo #(
    parameter int Width = 8,
    parameter int Depth = 2
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
    // An address reads two bits a load in LUTRAM of 32 words, one in LUTRAM of 64; an enable loads a register for each bit of a beat. Whole
    // LUTRAMs, whole block RAMs.
    localparam int Bits = Depth == 1 ? 240 : Depth <= 32 ? 480 : Depth <= 64 ? 240 : 216;
    localparam int Slices = (Width + Bits - 1) / Bits;

    logic [Slices-1:0] slice_ready;
    logic [Slices-1:0] slice_valid;
    logic              unused;
    assign in_ready  = slice_ready[0];
    assign out_valid = slice_valid[0];
    assign unused    = &{1'b0, slice_ready, slice_valid};

    generate
        for (genvar s = 0; s < Slices; s = s + 1) begin : g_slice
            localparam int From = s * Bits;
            localparam int Own = Width - From < Bits ? Width - From : Bits;
            weft_fifo_slice #(
                .Width(Own),
                .Depth(Depth)
            ) slice (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (slice_ready[s]),
                .in_data  (in_data[From+:Own]),
                .out_valid(slice_valid[s]),
                .out_ready(out_ready),
                .out_data (out_data[From+:Own])
            );
        end
    endgenerate
endmodule
