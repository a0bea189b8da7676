// add.sv
// The scaled sum of two streams, element by element, then the requantise stage.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes a beat of Pixels x Lanes elements from both inputs at once, a beat a cycle: an input is ready while the other one is valid and there
// is a credit (a register) for a beat in the output FIFO of OutputDepth beats, which the result enters SumLatency (add_lane.sv) +
// stage_latency cycles later. Method, Cells, MulBits, Shift and Negate (A, B), digits and product: of add_lane.sv; the multipliers are in
// <Name>_multipliers.mem, that of input a in the low bits.

module weft_add #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Channels          = 1,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int ABits             = 8,
    parameter int ASigned           = 0,
    parameter int BBits             = 8,
    parameter int BSigned           = 0,
    parameter int OutBits           = 8,
    parameter int OutputDepth       = 2,
    parameter int AccBits           = 10,
    parameter int Method            = 0,
    parameter int ScaledA           = 0,
    parameter int ScaledB           = 0,
    parameter int MulBits           = 2,
    parameter int ShiftA            = 0,
    parameter int ShiftB            = 0,
    parameter int NegateA           = 0,
    parameter int NegateB           = 0,
    parameter int AccDigits         = 1,
    parameter int MulDigits         = 1,
    parameter int ProductBits       = 10,
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
    input  logic                            a_valid,
    output logic                            a_ready,
    input  logic [  Pixels*Lanes*ABits-1:0] a_data,
    input  logic                            b_valid,
    output logic                            b_ready,
    input  logic [  Pixels*Lanes*BBits-1:0] b_data,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    // The frame's size does not matter: beats of a position follow each other, and so do positions.
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam int Elements = Pixels * Lanes;
    localparam int SumLatency = Method == 0 ? 1 : Method == 1 ? 2 + ScaledA + ScaledB : 4 + AccDigits * MulDigits;

    logic available, takes;
    assign a_ready = available && b_valid;
    assign b_ready = available && a_valid;
    assign takes   = available && a_valid && b_valid;
    weft_credit #(
        .Depth(OutputDepth)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (takes),
        .leaves   (out_valid && out_ready),
        .available(available)
    );

    logic [2*MulBits-1:0] multipliers;
    weft_stage_rom #(
        .Width (2 * MulBits),
        .Memory(Name != "" ? {Name, "_multipliers"} : "")
    ) multiplier_rom (
        .clk    (clk),
        .address(1'b0),
        .data   (multipliers)
    );

    logic acc_valid;
    logic [Elements*AccBits-1:0] acc;
    weft_flags #(
        .Latency(SumLatency)
    ) acc_line (
        .clk      (clk),
        .rst      (rst),
        .in_flags (takes),
        .out_flags(acc_valid)
    );
    localparam int AWidth = ABits + (ASigned != 0 ? 0 : 1);
    localparam int BWidth = BBits + (BSigned != 0 ? 0 : 1);
    genvar i;
    generate
        for (i = 0; i < Elements; i++) begin : g_element
            weft_add_lane #(
                .AWidth     (AWidth),
                .BWidth     (BWidth),
                .AccBits    (AccBits),
                .Method     (Method),
                .ScaledA    (ScaledA),
                .ScaledB    (ScaledB),
                .MulBits    (MulBits),
                .ShiftA     (ShiftA),
                .ShiftB     (ShiftB),
                .NegateA    (NegateA),
                .NegateB    (NegateB),
                .AccDigits  (AccDigits),
                .MulDigits  (MulDigits),
                .ProductBits(ProductBits)
            ) lane (
                .clk         (clk),
                .a           (AWidth'({ASigned != 0 && a_data[(i+1)*ABits-1], a_data[i*ABits+:ABits]})),
                .b           (BWidth'({BSigned != 0 && b_data[(i+1)*BBits-1], b_data[i*BBits+:BBits]})),
                .multiplier_a(multipliers[0+:MulBits]),
                .multiplier_b(multipliers[MulBits+:MulBits]),
                .acc         (acc[i*AccBits+:AccBits])
            );
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
        .in_valid (acc_valid),
        .in_acc   (acc),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
    logic unused;
    assign unused = &{1'b0, Rows != 0, Columns != 0};
endmodule
