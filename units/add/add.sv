// add.sv
// The scaled sum of two streams, element by element.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Takes a beat of Pixels x Lanes elements from both inputs at once, a beat a cycle: an input is ready while the other one is valid and there
// is `room` (a register) behind the unit; the sum is at acc SumLatency cycles later. Method, Cells, MulBits, Shift and Negate (A, B), digits and product: of add_lane.sv; the multipliers are in
// <Name>_multipliers0.mem, that of input a in the low bits.

module weft_add #(
    // The frame is of no concern here: every beat is treated alike.
    // verilator lint_off UNUSEDPARAM
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Channels          = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int ABits             = 8,
    parameter int ASigned           = 0,
    parameter int BBits             = 8,
    parameter int BSigned           = 0,
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
    input  logic                            room,
    output logic                            takes,
    output logic                            acc_valid,
    output logic [Pixels*Lanes*AccBits-1:0] acc
);
    localparam int Elements = Pixels * Lanes;
    localparam int SumLatency = Method == 0 ? 1 : Method == 1 ? 2 + ScaledA + ScaledB : 4 + AccDigits * MulDigits;

    assign a_ready = room && b_valid;
    assign b_ready = room && a_valid;
    assign takes   = room && a_valid && b_valid;

    logic [2*MulBits-1:0] multipliers;
    weft_rom #(
        .Width (2 * MulBits),
        .Memory(Name != "" ? {Name, "_multipliers"} : "")
    ) multiplier_rom (
        .clk    (clk),
        .address(1'b0),
        .data   (multipliers)
    );

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

endmodule
