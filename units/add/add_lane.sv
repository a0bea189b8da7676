// add_lane.sv
// One element of add: acc = multiplier_a * a + multiplier_b * b, exact.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running; all signed. The multipliers are constants.
//   Method | when                                                    | DSPs                      | cycles
//   0      | both are powers of two (ShiftA, ShiftB, one negated)    | 0                         | 1
//   1      | the Scaled ones fit a cell with their operands (18 and  | ScaledA + ScaledB         | 2 + DSPs
//          | 27 bits), the other is a power of two; acc 48 bits      |                           |
//   2      | else: digits as in stage_multiply.sv                    | 2 * AccDigits * MulDigits | 4 + DSPs / 2

module weft_add_lane #(
    parameter int AWidth      = 9,
    parameter int BWidth      = 9,
    parameter int AccBits     = 10,
    parameter int Method      = 0,
    parameter int ScaledA     = 0,
    parameter int ScaledB     = 0,
    parameter int MulBits     = 2,
    parameter int ShiftA      = 0,
    parameter int ShiftB      = 0,
    parameter int NegateA     = 0,
    parameter int NegateB     = 0,
    parameter int AccDigits   = 1,
    parameter int MulDigits   = 1,
    parameter int ProductBits = 10
) (
    input  logic                      clk,
    input  logic signed [AWidth-1:0]  a,
    input  logic signed [BWidth-1:0]  b,
    input  logic signed [MulBits-1:0] multiplier_a,
    input  logic signed [MulBits-1:0] multiplier_b,
    output logic        [AccBits-1:0] acc
);
    localparam int MethodShift = 0;
    localparam int MethodCell = 1;
    localparam int MethodDigits = 2;
    localparam int CascadeNone = 0;  // of scale.sv
    localparam int CascadeWhole = 1;
`ifndef __ICARUS__
    if (Method < MethodShift || Method > MethodDigits) $error("Method is not in the table of add_lane.sv");
`endif
    genvar i;
    generate
        if (Method == MethodShift) begin : g_shift
            // Without the zeros that both have at the end.
            localparam int Zeros = ShiftA < ShiftB ? ShiftA : ShiftB;
            localparam int Bits = AccBits - Zeros;
            logic signed [Bits-1:0] left, right;
            logic [Bits-1:0] sum;
            assign left  = Bits'(a) <<< (ShiftA - Zeros);
            assign right = Bits'(b) <<< (ShiftB - Zeros);
            if (NegateA != 0) begin : g_b_minus_a
                always_ff @(posedge clk) sum <= right - left;
            end else if (NegateB != 0) begin : g_a_minus_b
                always_ff @(posedge clk) sum <= left - right;
            end else begin : g_sum
                always_ff @(posedge clk) sum <= left + right;
            end
            if (Zeros > 0) begin : g_zeros
                assign acc = {sum, {Zeros{1'b0}}};
            end else begin : g_no_zeros
                assign acc = sum;
            end
            logic unused;
            assign unused = &{1'b0, multiplier_a, multiplier_b};
        end else if (Method == MethodCell) begin : g_cells
            localparam int Cells = ScaledA + ScaledB;
            // The operand of a power of two enters by the first cell's C port, a cycle later; negated it is inverted, and the cell adds 1.
            localparam int Negated = Cells == 1 && (ScaledA != 0 ? NegateB != 0 : NegateA != 0) ? 1 : 0;
            logic signed [47:0] shifted, plain;
            assign shifted = ScaledA != 0 ? 48'(b) <<< ShiftB : 48'(a) <<< ShiftA;
            if (Cells == 2) begin : g_none
                assign plain = '0;
                logic unused;
                assign unused = &{1'b0, shifted};
            end else begin : g_plain
                always_ff @(posedge clk) plain <= Negated != 0 ? ~shifted : shifted;
            end
            logic [47:0] first_p, first_cascade;
            logic signed [26:0] wide_a, wide_b;
            logic signed [17:0] narrow_a, narrow_b;
            if (MulBits > 18) begin : g_wide_multiplier
                assign wide_a   = 27'(multiplier_a);
                assign wide_b   = 27'(multiplier_b);
                assign narrow_a = 18'(a);
                assign narrow_b = 18'(b);
            end else begin : g_wide_operand
                assign wide_a   = 27'(a);
                assign wide_b   = 27'(b);
                assign narrow_a = 18'(multiplier_a);
                assign narrow_b = 18'(multiplier_b);
            end
            weft_scale #(
                .Cascade(CascadeNone),
                .Delay  (0),
                .CarryIn(Negated)
            ) first (
                .clk  (clk),
                .a    (ScaledA != 0 ? wide_a : wide_b),
                .b    (ScaledA != 0 ? narrow_a : narrow_b),
                .c    (plain),
                .pcin (48'b0),
                .p    (first_p),
                .pcout(first_cascade)
            );
            if (Cells == 2) begin : g_second
                logic [47:0] second_p, unused_cascade;
                weft_scale #(
                    .Cascade(CascadeWhole),
                    .Delay  (1)
                ) second (
                    .clk  (clk),
                    .a    (wide_b),
                    .b    (narrow_b),
                    .c    (48'sd0),
                    .pcin (first_cascade),
                    .p    (second_p),
                    .pcout(unused_cascade)
                );
                assign acc = second_p[AccBits-1:0];
                logic unused;
                assign unused = &{1'b0, second_p, unused_cascade, first_p};
            end else begin : g_only
                assign acc = first_p[AccBits-1:0];
                logic unused;
                assign unused = &{1'b0, first_p, first_cascade, wide_a, wide_b, narrow_a, narrow_b};
            end
        end else begin : g_digits
            localparam int Width = AWidth > BWidth ? AWidth : BWidth;
            logic [2*ProductBits-1:0] products;
            for (i = 0; i < 2; i++) begin : g_product
                weft_stage_multiply #(
                    .AccBits  (Width),
                    .AccUsed  (Width),
                    .AccDigits(AccDigits),
                    .MulDigits(MulDigits),
                    .MulBits  (MulBits),
                    .SumBits  (ProductBits),
                    .Shift    (0),
                    .OutBits  (ProductBits),
                    .OutSigned(1)
                ) product (
                    .clk       (clk),
                    .acc       (i == 0 ? Width'(a) : Width'(b)),
                    .multiplier(i == 0 ? multiplier_a : multiplier_b),
                    .addend    (ProductBits'(0)),
                    .low       (ProductBits'(0)),
                    .high      (ProductBits'(0)),
                    .result    (products[i*ProductBits+:ProductBits])
                );
            end
            always_ff @(posedge clk) acc <= products[0+:AccBits] + products[ProductBits+:AccBits];
            logic unused;
            assign unused = &{1'b0, products};
        end
    endgenerate
endmodule
