// rescale.sv
// A requantise stage by itself, on the integers of a stream: the module of the units requantize and table.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes and gives beats of Pixels x Lanes elements of Channels channels, a beat a cycle. in_ready is a register: there is a credit for a beat
// in the output FIFO of OutputDepth beats. A beat enters that FIFO stage_latency cycles after it is taken.

module weft_rescale #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Channels          = 1,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int InBits            = 8,
    parameter int InSigned          = 0,
    parameter int OutBits           = 8,
    parameter int OutputDepth       = 2,
    parameter int StageForm         = 0,
    parameter int StageAccBits      = 9,
    parameter int StageSaturate     = 0,
    parameter int StageAccDigits    = 1,
    parameter int StageMulDigits    = 1,
    parameter int StageMulBits      = 8,
    parameter int StageSumBits      = 16,
    parameter int StageShift        = 1,
    parameter int StageOutSigned    = 0,
    parameter int StageBounds       = 0,
    parameter int StageShared       = 1,
    parameter int StageLevels       = 1,
    parameter int StageValuesShared = 1,
    parameter     Name              = ""
) (
    input  logic                            clk,
    input  logic                            rst,
    input  logic                            in_valid,
    output logic                            in_ready,
    input  logic [ Pixels*Lanes*InBits-1:0] in_data,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    // The frame's size does not matter: beats of a position follow each other, and so do positions.
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int Elements = Pixels * Lanes;
    localparam int AccBits = InBits + 1;

    logic takes;
    assign takes = in_valid && in_ready;
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (takes),
        .leaves   (out_valid && out_ready),
        .available(in_ready)
    );

    logic [Elements*AccBits-1:0] acc;
    genvar i;
    generate
        for (i = 0; i < Elements; i++) begin : g_element
            assign acc[i*AccBits+:AccBits] = {InSigned != 0 && in_data[(i+1)*InBits-1], in_data[i*InBits+:InBits]};
        end
    endgenerate

    weft_stage_output #(
        .Pixels           (Pixels),
        .Lanes            (Lanes),
        .Folds            (Folds),
        .AccBits          (AccBits),
        .OutBits          (OutBits),
        .OutputDepth      (OutputDepth),
        .StageForm        (StageForm),
        .StageAccBits     (StageAccBits),
        .StageSaturate    (StageSaturate),
        .StageAccDigits   (StageAccDigits),
        .StageMulDigits   (StageMulDigits),
        .StageMulBits     (StageMulBits),
        .StageSumBits     (StageSumBits),
        .StageShift       (StageShift),
        .StageOutSigned   (StageOutSigned),
        .StageBounds      (StageBounds),
        .StageShared      (StageShared),
        .StageLevels      (StageLevels),
        .StageValuesShared(StageValuesShared),
        .Name             (Name)
    ) results (
        .clk      (clk),
        .rst      (rst),
        .in_valid (takes),
        .in_acc   (acc),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
    logic unused;
    assign unused = &{1'b0, Rows != 0, Columns != 0};
endmodule
