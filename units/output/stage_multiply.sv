// stage_multiply.sv
// A lane of the requantize stage: result = clamp((acc * multiplier + addend) >> Shift, low, high), exact, a result a cycle.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
//                  3 cycles + one a further DSP          1 if Convergent            1               1 if Bounds
//   acc ---------> DSP cascade: acc * multiplier + addend -> even if halfway -> clamp to type -> clamp to low, high -> result
//
// A DSP multiplies 27 by 18 bits. Wider factors are cut into digits of 17 bits, lowest first, and the products of digits are added column
// by column: the DSPs of a column add up by PCIN, a column starts from the one before, PCIN >>> 17. The low 17 bits of a finished column
// are a digit of the sum. With two digits of the multiplier, {mh, ml}, and the addend's {b1, b0}:
//   p0 = acc * ml + b0;   p1 = acc * mh + b1 + (p0 >>> 17);   sum = {p1, p0[16:0]}
//
//   variant                    | parameters                 | DSPs                  | cycles of the cascade
//   narrow multiplier          | AccUsed <= 27, MulBits <= 18 | 1                   | 3
//   narrow accumulator         | AccUsed <= 18, MulBits <= 27 | 1                   | 3
//   no multiplier              | AccUsed <= 48, MulBits = 1   | 1                   | 3
//   two digits of multiplier   | AccUsed <= 27, MulBits <= 35 | 2                   | 4
//   digits of both             | else                         | AccDigits * MulDigits | 2 + DSPs
//
// acc and multiplier come in cycle t, digit k of the addend in cycle t + 1 + (first DSP of column k), low and high in the cycle before the
// result. AddendFirst = 1: all digits of the addend come at once, in cycle t + 1, and are added in the first cell (those beyond bit 45 behind
// the last one), for DSPs that add either an addend or the cascade. MulBits = 1: the multiplier is 1 for all channels; their one addend has at most 27 bits and comes with the accumulator. AccUsed
// < AccBits: the accumulator's upper bits are only its sign (Saturate = 0), or it is saturated to AccUsed bits first (1), for stages whose
// result is clamped already outside of these. Convergent clears bit 0 of a quotient without remainder. Bounds = 0: low and high are the
// limits of the output's type.

module weft_stage_multiply #(
    parameter int AccBits    = 27,
    parameter int AccUsed    = 27,
    parameter int Saturate   = 0,
    parameter int AccDigits  = 1,
    parameter int MulDigits  = 1,
    parameter int MulBits    = 18,
    parameter int SumBits    = 48,
    parameter int Shift      = 1,
    parameter int Convergent = 0,
    parameter int OutBits    = 8,
    parameter int OutSigned  = 1,
    parameter int Bounds     = 0,
    parameter int AddendFirst = 0
) (
    input  logic                      clk,
    input  logic        [AccBits-1:0] acc,
    input  logic        [MulBits-1:0] multiplier,
    input  logic        [SumBits-1:0] addend,
    input  logic        [OutBits-1:0] low,
    input  logic        [OutBits-1:0] high,
    output logic        [OutBits-1:0] result
);
    localparam int CascadeNone = 0;  // of scale.sv
    localparam int CascadeWhole = 1;
    localparam int CascadeShifted = 2;
    localparam int Digit = 17;
    localparam int Cells = AccDigits * MulDigits;
    localparam int Columns = AccDigits + MulDigits - 1;
    // Which factor goes whole to the 27-bit port.
    localparam bit AccIsWide = AccDigits == 1 && (MulDigits > 1 || AccUsed > 18 || MulBits <= 18);
    localparam int AccRoom = 27 + Digit * (AccDigits - 1);
    localparam int MulRoom = 27 + Digit * (MulDigits - 1);
    // What the first cell's sum has room for beside a product.
    localparam int FirstBits = AddendFirst != 0 && SumBits > 47 ? 46 : SumBits;

    // The accumulator in AccUsed bits, then with sign for all its digits.
    logic [AccUsed-1:0] used;
    generate
        if (AccUsed > AccBits) begin : g_extend
            assign used = {{(AccUsed - AccBits) {acc[AccBits-1]}}, acc};
        end else if (Saturate == 0) begin : g_cut
            assign used = acc[AccUsed-1:0];
            if (AccBits > AccUsed) begin : g_unused
                logic unused;
                assign unused = &{1'b0, acc[AccBits-1:AccUsed]};
            end
        end else begin : g_saturate
            logic sign, fits;
            assign sign = acc[AccBits-1];
            assign fits = (&acc[AccBits-1:AccUsed-1]) || !(|acc[AccBits-1:AccUsed-1]);
            assign used = fits ? acc[AccUsed-1:0] : {sign, {(AccUsed - 1) {!sign}}};
        end
    endgenerate
    logic [AccRoom-1:0] factor;
    logic [MulRoom-1:0] scale;
    generate
        if (AccRoom > AccUsed) begin : g_factor
            assign factor = {{(AccRoom - AccUsed) {used[AccUsed-1]}}, used};
        end else begin : g_factor_same
            assign factor = used[AccRoom-1:0];
        end
        if (MulRoom > MulBits) begin : g_scale
            assign scale = {{(MulRoom - MulBits) {multiplier[MulBits-1]}}, multiplier};
        end else begin : g_scale_same
            assign scale = multiplier[MulRoom-1:0];
        end
    endgenerate

    // The cells: with two digits of multiplier the columns have 1, 2, ..., 2, 1 cells, else one each.
    logic [Cells*48-1:0] p;
    logic [(Cells+1)*48-1:0] cascade;
    assign cascade[47:0] = '0;
    genvar i;
    generate
        for (i = 0; i < Cells; i++) begin : g_cell
            localparam int Column = MulDigits == 1 ? i : (i + 1) / 2;
            localparam int M = MulDigits == 1 ? 0 : i == Cells - 1 ? 1 : i % 2 == 0 && i > 0 ? 1 : 0;
            localparam int A = Column - M;
            localparam bit Starts = MulDigits == 1 || i % 2 == 1 || i == 0;
            localparam int DigitBits = Column == Columns - 1 ? SumBits - Digit * Column : Digit;

            // Digits but the last are not negative.
            logic [26:0] wide, wide_late;
            logic [17:0] narrow, narrow_late;
            if (AccIsWide) begin : g_acc_wide
                assign wide = factor[26:0];
                if (M == MulDigits - 1) begin : g_last
                    assign narrow = scale[M*Digit+:18];
                end else begin : g_digit
                    assign narrow = {1'b0, scale[M*Digit+:Digit]};
                end
            end else begin : g_acc_narrow
                if (M == MulDigits - 1) begin : g_last_scale
                    assign wide = scale[M*Digit+:27];
                end else begin : g_digit_scale
                    assign wide = {10'b0, scale[M*Digit+:Digit]};
                end
                if (A == AccDigits - 1) begin : g_last
                    assign narrow = factor[A*Digit+:18];
                end else begin : g_digit
                    assign narrow = {1'b0, factor[A*Digit+:Digit]};
                end
            end
            if (i < 2) begin : g_now
                assign wide_late   = wide;
                assign narrow_late = narrow;
            end else begin : g_late
                logic [(i-1)*45-1:0] line;
                if (i == 2) begin : g_one
                    always_ff @(posedge clk) line <= {wide, narrow};
                end else begin : g_more
                    always_ff @(posedge clk) line <= {line[(i-2)*45-1:0], wide, narrow};
                end
                assign {wide_late, narrow_late} = line[(i-2)*45+:45];
            end

            logic [47:0] c;
            if (!Starts || (AddendFirst != 0 && i > 0)) begin : g_no_addend
                assign c = '0;
            end else if (FirstBits < SumBits) begin : g_first_addend
                assign c = {2'b0, addend[FirstBits-1:0]};
            end else if (AddendFirst != 0) begin : g_whole_addend
                assign c = {{(48 - SumBits) {addend[SumBits-1]}}, addend};
            end else if (Column < Columns - 1) begin : g_digit_addend
                assign c = {31'b0, addend[Column*Digit+:Digit]};
            end else if (DigitBits < 48) begin : g_last_addend
                assign c = {{(48 - DigitBits) {addend[SumBits-1]}}, addend[SumBits-1-:DigitBits]};
            end else begin : g_full_addend
                assign c = addend[SumBits-1-:48];
            end

            // Without a multiplier the two change places: the accumulator, a cycle later, is what is added.
            logic [26:0] cell_a;
            logic [17:0] cell_b;
            logic [47:0] cell_c;
            if (MulBits == 1) begin : g_added
                localparam int AddBits = SumBits < 27 ? SumBits : 27;
                logic [AccUsed-1:0] late;
                always_ff @(posedge clk) late <= used;
                assign cell_a = {{(28 - AddBits) {addend[AddBits-1]}}, addend[AddBits-2:0]};
                assign cell_b = 18'd1;
                assign cell_c = {{(49 - AccUsed) {late[AccUsed-1]}}, late[AccUsed-2:0]};
                logic unused;
                assign unused = &{1'b0, c, wide_late, narrow_late};
            end else begin : g_multiplied
                assign cell_a = wide_late;
                assign cell_b = narrow_late;
                assign cell_c = c;
            end

            weft_scale #(
                .Cascade(i == 0 ? CascadeNone : Starts ? CascadeShifted : CascadeWhole),
                .Delay  (i == 0 ? 0 : 1)
            ) mac (
                .clk  (clk),
                .a    (cell_a),
                .b    (cell_b),
                .c    (cell_c),
                .pcin (cascade[i*48+:48]),
                .p    (p[i*48+:48]),
                .pcout(cascade[(i+1)*48+:48])
            );
        end
    endgenerate

    // The sum: the last cell's P and, delayed until it is there, the digits of the columns before.
    localparam int TotalBits = 48 + Digit * (Columns - 1);
    logic [TotalBits-1:0] added, total;
    assign added[TotalBits-1-:48] = p[(Cells-1)*48+:48];
    genvar k;
    generate
        for (k = 0; k < Columns - 1; k++) begin : g_column
            localparam int Last = MulDigits == 1 ? k : 2 * k;
            localparam int Wait = Cells - 1 - Last;
            // Ends in a flip-flop: a shift register is slow to leave.
            weft_copy #(
                .Width (Digit),
                .Cycles(Wait)
            ) digit (
                .clk     (clk),
                .in_data (p[Last*48+:Digit]),
                .out_data(added[k*Digit+:Digit])
            );
        end
    endgenerate

    generate
        if (FirstBits < SumBits) begin : g_beyond
            logic [SumBits-FirstBits-1:0] beyond;
            logic [TotalBits-FirstBits-1:0] extended;
            weft_copy #(
                .Width (SumBits - FirstBits),
                .Cycles(Cells + 1)
            ) late (
                .clk     (clk),
                .in_data (addend[SumBits-1:FirstBits]),
                .out_data(beyond)
            );
            assign extended = {{(TotalBits - SumBits) {beyond[SumBits-FirstBits-1]}}, beyond};
            assign total    = {added[TotalBits-1:FirstBits] + extended, added[FirstBits-1:0]};
        end else begin : g_within
            assign total = added;
        end
    endgenerate

    // The quotient, with at least two bits beyond the result's.
    localparam int QuotientBits = SumBits - Shift > OutBits + 2 ? SumBits - Shift : OutBits + 2;
    localparam int Reached = SumBits > Shift ? SumBits - Shift : 1;
    logic [QuotientBits-1:0] quotient, even;
    assign quotient = {{(QuotientBits - Reached) {total[SumBits-1]}}, total[SumBits-1-:Reached]};
    generate
        if (Convergent != 0) begin : g_convergent
            localparam int Fraction = Shift < SumBits ? Shift : SumBits;
            logic whole;
            assign whole = !(|total[Fraction-1:0]);
            always_ff @(posedge clk) even <= {quotient[QuotientBits-1:1], quotient[0] && !whole};
        end else begin : g_floor
            assign even = quotient;
        end
    endgenerate

    // To the output's type, or with bounds to one bit more, which holds both sides of every bound.
    localparam int KeptBits = Bounds != 0 ? OutBits + 1 : OutBits;
    localparam bit KeptSigned = Bounds != 0 || OutSigned != 0;
    localparam int First = KeptSigned ? KeptBits - 1 : KeptBits;
    logic sign, fits;
    logic [KeptBits-1:0] kept;
    assign sign = even[QuotientBits-1];
    assign fits = !(|even[QuotientBits-1:First]) || (KeptSigned && (&even[QuotientBits-1:First]));
    always_ff @(posedge clk)
        kept <= fits ? even[KeptBits-1:0] : KeptSigned ? {sign, {(KeptBits - 1) {!sign}}} : {KeptBits{!sign}};
    generate
        if (Bounds != 0) begin : g_bounds
            logic signed [OutBits:0] least, most;
            logic at_least, at_most;
            assign least = {OutSigned != 0 && low[OutBits-1], low};
            assign most  = {OutSigned != 0 && high[OutBits-1], high};
            assign at_least = $signed(kept) >= least;
            assign at_most  = $signed(kept) <= most;
            always_ff @(posedge clk) result <= !at_least ? low : !at_most ? high : kept[OutBits-1:0];
        end else begin : g_type
            assign result = kept;
            logic unused;
            assign unused = &{1'b0, low, high};
        end
    endgenerate
    logic unused_bits;
    assign unused_bits = &{1'b0, total, cascade[Cells*48+:48], p, addend, factor, scale};
endmodule
