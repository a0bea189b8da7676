// fork.sv
// Copies a stream to several readers.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A beat is held until each output has passed it on, each in its own cycle; the last to do so lets the next beat in. in_ready depends on
// out_ready. Sustains a beat a cycle. A wide beat is cut into slices (fork_slice.sv), all in step, so that the enable of none drives more.

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
    localparam int Bits = 192;
    localparam int Slices = (Width + Bits - 1) / Bits;

    logic [Slices-1:0] slice_ready;
    logic              unused;
    assign in_ready = slice_ready[0];
    assign unused   = &{1'b0, slice_ready};

    generate
        for (genvar s = 0; s < Slices; s = s + 1) begin : g_slice
            localparam int From = s * Bits;
            localparam int Own = Width - From < Bits ? Width - From : Bits;
            logic [    Own-1:0] beat;
            logic [Outputs-1:0] valid;
            weft_fork_slice #(
                .Width  (Own),
                .Outputs(Outputs)
            ) slice (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (slice_ready[s]),
                .in_data  (in_data[From+:Own]),
                .out_valid(valid),
                .out_ready(out_ready),
                .out_data (beat)
            );
            for (genvar o = 0; o < Outputs; o = o + 1) begin : g_output
                assign out_data[o*Width+From+:Own] = beat;
            end
            if (s == 0) begin : g_first
                assign out_valid = valid;
            end else begin : g_others
                logic unused_valid;
                assign unused_valid = &{1'b0, valid};
            end
        end
    endgenerate
endmodule
