// stage_output.sv
// What units with a requantise stage end in: the stage, and the FIFO behind it.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes a beat of accumulators in any cycle with in_valid and cannot stop: whoever feeds it holds a credit (weft_credit) for every beat that
// may come, of the OutputDepth beats that the FIFO holds. Parameters and memories of the stage: stage.sv. A beat enters the FIFO after the
// stage's latency.

module weft_stage_output #(
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int Folds             = 1,
    parameter int AccBits           = 9,
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
    input  logic [Pixels*Lanes*AccBits-1:0] in_acc,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    logic                            staged_valid;
    logic [Pixels*Lanes*OutBits-1:0] staged;
    weft_stage #(
        .Pixels           (Pixels),
        .Lanes            (Lanes),
        .Folds            (Folds),
        .AccBits          (AccBits),
        .OutBits          (OutBits),
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
    ) stage (
        .clk      (clk),
        .rst      (rst),
        .in_valid (in_valid),
        .in_acc   (in_acc),
        .out_valid(staged_valid),
        .out_data (staged)
    );

    // The credits keep room.
    logic unused_ready;
    weft_fifo #(
        .Width(Pixels * Lanes * OutBits),
        .Depth(OutputDepth)
    ) fifo (
        .clk      (clk),
        .rst      (rst),
        .in_valid (staged_valid),
        .in_ready (unused_ready),
        .in_data  (staged),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
    logic unused;
    assign unused = &{1'b0, unused_ready};
endmodule
