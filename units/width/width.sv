// width.sv
// Changes the pixels and lanes of a stream's beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Beats {InputPixels, 1, InputLanes} enter, {OutputPixels, 1, OutputLanes} leave; a row begins a new beat, and so does a group of pixels.
// Lanes are changed where a beat has the more pixels, so that there are never more beats between the two steps than outside; a FIFO between
// them holds two steps of a row, because pixels are changed in bursts of all channel folds. One register a step, in_ready depends on
// out_ready. A frame takes no more cycles than the larger of its beats that enter and those that leave.

module weft_width #(
    // verilator lint_off UNUSEDPARAM
    parameter int Rows = 1,
    parameter int Columns = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Channels = 1,
    parameter int InputPixels = 1,
    parameter int InputLanes = 1,
    parameter int OutputPixels = 1,
    parameter int OutputLanes = 1,
    parameter int InBits = 8
) (
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic                                       in_valid,
    output logic                                       in_ready,
    input  logic [  InputPixels*InputLanes*InBits-1:0] in_data,
    output logic                                       out_valid,
    input  logic                                       out_ready,
    output logic [OutputPixels*OutputLanes*InBits-1:0] out_data
);
    // Between the steps a beat has the more pixels, and the lanes of that side.
    localparam bit PixelsFirst = InputPixels < OutputPixels;
    localparam int Pixels = PixelsFirst ? OutputPixels : InputPixels;
    localparam int Lanes = PixelsFirst ? InputLanes : OutputLanes;
    generate
        if (InputPixels == OutputPixels || InputLanes == OutputLanes) begin : g_one_step
            weft_width_step #(
                .Columns  (Columns),
                .Channels (Channels),
                .InPixels (InputPixels),
                .InLanes  (InputLanes),
                .OutPixels(OutputPixels),
                .OutLanes (OutputLanes),
                .Bits     (InBits)
            ) only (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (in_ready),
                .in_data  (in_data),
                .out_valid(out_valid),
                .out_ready(out_ready),
                .out_data (out_data)
            );
        end else begin : g_two_steps
            logic                           early_valid;
            logic                           early_ready;
            logic [Pixels*Lanes*InBits-1:0] early_data;
            logic                           late_valid;
            logic                           late_ready;
            logic [Pixels*Lanes*InBits-1:0] late_data;
            weft_width_step #(
                .Columns  (Columns),
                .Channels (Channels),
                .InPixels (InputPixels),
                .InLanes  (InputLanes),
                .OutPixels(Pixels),
                .OutLanes (Lanes),
                .Bits     (InBits)
            ) first (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (in_ready),
                .in_data  (in_data),
                .out_valid(early_valid),
                .out_ready(early_ready),
                .out_data (early_data)
            );
            weft_fifo #(
                .Width(Pixels * Lanes * InBits),
                .Depth(2 * ((Channels + Lanes - 1) / Lanes) + 2)
            ) between (
                .clk      (clk),
                .rst      (rst),
                .in_valid (early_valid),
                .in_ready (early_ready),
                .in_data  (early_data),
                .out_valid(late_valid),
                .out_ready(late_ready),
                .out_data (late_data)
            );
            weft_width_step #(
                .Columns  (Columns),
                .Channels (Channels),
                .InPixels (Pixels),
                .InLanes  (Lanes),
                .OutPixels(OutputPixels),
                .OutLanes (OutputLanes),
                .Bits     (InBits)
            ) second (
                .clk      (clk),
                .rst      (rst),
                .in_valid (late_valid),
                .in_ready (late_ready),
                .in_data  (late_data),
                .out_valid(out_valid),
                .out_ready(out_ready),
                .out_data (out_data)
            );
        end
    endgenerate
endmodule
