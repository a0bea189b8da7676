// pool_factor.sv
// Scales the sums of pool by the factor of their position.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running. `finishes` counts the beats (channel folds within positions, Pixels positions of a row at once); the sums of the beat are
// there SumAt cycles later, its products max(SumAt, 2) + 3 + FactorAccDigits * FactorMulDigits cycles later. A factor is looked up in two
// steps: the classes of the row and of each column (<Name>_row_class0.mem, <Name>_column_class0.mem: rows and columns with equal factors), then
// word {row class, column class} of <Name>_factor0.mem.

module weft_pool_factor #(
    parameter int Rows            = 1,
    parameter int Columns         = 1,
    parameter int Folds           = 1,
    parameter int Pixels          = 1,
    parameter int Lanes           = 1,
    parameter int SumBits         = 9,
    parameter int SumAt           = 1,
    parameter int FactorBits      = 2,
    parameter int FactorAccDigits = 1,
    parameter int FactorMulDigits = 1,
    parameter int ProductBits     = 11,
    parameter int RowClassBits    = 1,
    parameter int ColumnClassBits = 1,
    parameter     Name            = ""
) (
    input  logic                                clk,
    input  logic                                rst,
    input  logic                                finishes,
    input  logic [    Pixels*Lanes*SumBits-1:0] sums,
    output logic [Pixels*Lanes*ProductBits-1:0] products
);
    localparam int Groups = (Columns + Pixels - 1) / Pixels;
    localparam int RowBits = Rows > 1 ? $clog2(Rows) : 1;
    localparam int GroupBits = Groups > 1 ? $clog2(Groups) : 1;
    // Classes are few bits: memories without output register.

    logic unused_first_fold, last_fold, unused_first_group, last_group, unused_first_row, unused_last_row;
    logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] unused_fold;
    logic [GroupBits-1:0] group;
    logic [RowBits-1:0] row;
    weft_counter #(
        .Count(Folds)
    ) fold_counter (
        .clk  (clk),
        .rst  (rst),
        .step (finishes),
        .value(unused_fold),
        .first(unused_first_fold),
        .last (last_fold)
    );
    weft_counter #(
        .Count(Groups)
    ) group_counter (
        .clk  (clk),
        .rst  (rst),
        .step (finishes && last_fold),
        .value(group),
        .first(unused_first_group),
        .last (last_group)
    );
    weft_counter #(
        .Count(Rows)
    ) row_counter (
        .clk  (clk),
        .rst  (rst),
        .step (finishes && last_fold && last_group),
        .value(row),
        .first(unused_first_row),
        .last (unused_last_row)
    );

    logic [RowClassBits-1:0] row_class;
    logic [Pixels*ColumnClassBits-1:0] column_classes;
    weft_rom #(
        .Width (RowClassBits),
        .Depth (Rows),
        .Memory(Name != "" ? {Name, "_row_class"} : "")
    ) row_rom (
        .clk    (clk),
        .address(row),
        .data   (row_class)
    );
    weft_rom #(
        .Width (Pixels * ColumnClassBits),
        .Depth (Groups),
        .Memory(Name != "" ? {Name, "_column_class"} : "")
    ) column_rom (
        .clk    (clk),
        .address(group),
        .data   (column_classes)
    );

    logic [Pixels*Lanes*SumBits-1:0] late_sums;
    localparam int Wait = SumAt < 2 ? 2 - SumAt : 0;
    localparam int FactorWait = SumAt > 2 ? SumAt - 2 : 0;
    weft_delay #(
        .Width (Pixels * Lanes * SumBits),
        .Cycles(Wait)
    ) sums_line (
        .clk(clk),
        .in_data (sums),
        .out_data(late_sums)
    );
    genvar p, l;
    generate
        for (p = 0; p < Pixels; p++) begin : g_pixel
            logic [FactorBits-1:0] factor, late_factor;
            weft_rom #(
                .Width (FactorBits),
                .Depth (1 << (RowClassBits + ColumnClassBits)),
                .Memory(Name != "" ? {Name, "_factor"} : "")
            ) factor_rom (
                .clk    (clk),
                .address({row_class, column_classes[p*ColumnClassBits+:ColumnClassBits]}),
                .data   (factor)
            );
            weft_delay #(
                .Width (FactorBits),
                .Cycles(FactorWait)
            ) factor_line (
                .clk(clk),
                .in_data (factor),
                .out_data(late_factor)
            );
            for (l = 0; l < Lanes; l++) begin : g_lane
                weft_stage_multiply #(
                    .AccBits  (SumBits),
                    .AccUsed  (SumBits),
                    .AccDigits(FactorAccDigits),
                    .MulDigits(FactorMulDigits),
                    .MulBits  (FactorBits),
                    .SumBits  (ProductBits),
                    .Shift    (0),
                    .OutBits  (ProductBits),
                    .OutSigned(1)
                ) product (
                    .clk       (clk),
                    .acc       (late_sums[(p*Lanes+l)*SumBits+:SumBits]),
                    .multiplier(late_factor),
                    .addend    (ProductBits'(0)),
                    .low       (ProductBits'(0)),
                    .high      (ProductBits'(0)),
                    .result    (products[(p*Lanes+l)*ProductBits+:ProductBits])
                );
            end
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, unused_fold, unused_first_fold, unused_first_group, unused_first_row, unused_last_row};
endmodule
