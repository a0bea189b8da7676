// window.sv
// The windows of a convolution or pooling, one position after the other, with padding and stride.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in: beats of Pixels neighbouring columns x Lanes channels, channel folds innermost. out: beats of W windows x TapsPerBeat taps x Lanes
// channels, W = Pixels / StrideW where that is more than one, taps kernel-row-major; a window's channel folds follow each other, and within
// each its tap folds. Taps in the padding are PadValue; spare elements are arbitrary. out comes from registers; in_ready may follow
// out_ready in the same cycle.
//
// Form 0 (TapsPerBeat = all taps): a delay line (window_line.sv). Form 1 (Pixels = 1): a memory of BufferWords beats, a power of two, that is
// read at any place (window_buffer.sv).

module weft_window #(
    parameter int Rows        = 4,
    parameter int Columns     = 4,
    parameter int Channels    = 1,
    parameter int KernelH     = 3,
    parameter int KernelW     = 3,
    parameter int StrideH     = 1,
    parameter int StrideW     = 1,
    parameter int PadTop      = 1,
    parameter int PadLeft     = 1,
    parameter int PadBottom   = 1,
    parameter int PadRight    = 1,
    parameter int PadValue    = 0,
    parameter int Pixels      = 1,
    parameter int Lanes       = 1,
    parameter int TapsPerBeat = 9,
    parameter int InBits      = 8,
    parameter int InSigned    = 0,
    parameter int OutBits     = 8,
    parameter int Form        = 0,
    parameter int BufferWords = 16,
    parameter int Windows     = Pixels > StrideW ? Pixels / StrideW : 1
) (
    input  logic                                         clk,
    input  logic                                         rst,
    input  logic                                         in_valid,
    output logic                                         in_ready,
    input  logic [             Pixels*Lanes*InBits-1:0]  in_data,
    output logic                                         out_valid,
    input  logic                                         out_ready,
    output logic [Windows*TapsPerBeat*Lanes*OutBits-1:0] out_data
);
    localparam int ChannelFolds = (Channels + Lanes - 1) / Lanes;
    localparam int OutRows      = (Rows + PadTop + PadBottom - KernelH) / StrideH + 1;
    localparam int OutColumns   = (Columns + PadLeft + PadRight - KernelW) / StrideW + 1;

    localparam int FormLine = 0;
    localparam int FormBuffer = 1;
`ifndef __ICARUS__
    if ((Form != FormLine || TapsPerBeat != KernelH * KernelW) && (Form != FormBuffer || Pixels != 1))
        $error("Form 0 gives all taps in a beat, Form 1 takes one pixel a beat");
`endif
    generate
        if (Form == FormLine) begin : g_line
            weft_window_line #(
                .Rows(Rows),
                .Columns(Columns),
                .ChannelFolds(ChannelFolds),
                .OutRows(OutRows),
                .OutColumns(OutColumns),
                .KernelH(KernelH),
                .KernelW(KernelW),
                .StrideH(StrideH),
                .StrideW(StrideW),
                .PadTop(PadTop),
                .PadLeft(PadLeft),
                .PadValue(PadValue),
                .Pixels(Pixels),
                .Windows(Windows),
                .Lanes(Lanes),
                .InBits(InBits),
                .InSigned(InSigned),
                .OutBits(OutBits)
            ) line (
                .clk(clk),
                .rst(rst),
                .in_valid(in_valid),
                .in_ready(in_ready),
                .in_data(in_data),
                .out_valid(out_valid),
                .out_ready(out_ready),
                .out_data(out_data)
            );
        end else begin : g_buffer
            weft_window_buffer #(
                .Rows(Rows),
                .Columns(Columns),
                .ChannelFolds(ChannelFolds),
                .OutRows(OutRows),
                .OutColumns(OutColumns),
                .KernelH(KernelH),
                .KernelW(KernelW),
                .StrideH(StrideH),
                .StrideW(StrideW),
                .PadTop(PadTop),
                .PadLeft(PadLeft),
                .PadValue(PadValue),
                .Lanes(Lanes),
                .TapsPerBeat(TapsPerBeat),
                .InBits(InBits),
                .InSigned(InSigned),
                .OutBits(OutBits),
                .Words(BufferWords)
            ) buffer (
                .clk(clk),
                .rst(rst),
                .in_valid(in_valid),
                .in_ready(in_ready),
                .in_data(in_data),
                .out_valid(out_valid),
                .out_ready(out_ready),
                .out_data(out_data)
            );
        end
    endgenerate
endmodule
