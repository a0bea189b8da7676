// output.sv
// What the units that compute end in: the requantize stage in all its forms, the FIFO behind it, and the credits of that FIFO.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
//        room, takes       acc                staged
//   unit <---------> unit --------> stage ----------> FIFO of Depth beats --------> out
//                                (never stops)           |
//                      credits <------- a beat leaves ---'
//
// The stage never stops, so whoever feeds it first takes a credit for each beat that will come, up to Takes at once, and only while `room`
// (a register: at least Takes are left). Beats of accumulators come with acc_valid, as many as credits were taken, any time later; none
// before a reset of several cycles has ended. A beat enters the FIFO stage_latency (units/output/output_rtl.h) cycles after its acc_valid.
// Beats hold Pixels x Lanes accumulators, signed; they are the Folds channel folds of a position in order, position after position. The
// pixels of a beat share constants.
//   Form           | 0 none (wires) | 1 multiply, 2 convergent (stage_multiply.sv)      | 3 thresholds     | 4 table
//   AccUsed        |                | bits of the accumulator that count, for 1 to 4
//   Saturate       |                | 1: saturate to them first (else they are all)     |
//   AccDigits, MulDigits, MulBits, SumBits, Shift, AddendFirst: of stage_multiply.sv
//   OutSigned      |                | the results' type is signed
//   Bounds         |                | 0: clamp to the type; 1: to <Name>_limits0.mem, one pair; 2: a pair a channel
//   Shared         |                | 1: all channels have the same multiplier and addend | thresholds     | table
//   Levels         |                |                                                   | comparisons      | index bits
//   ValuesShared   |                |                                                   | 1: same results; 2: they count up

module weft_output #(
    parameter int Pixels       = 1,
    parameter int Lanes        = 1,
    parameter int Folds        = 1,
    parameter int AccBits      = 9,
    parameter int OutBits      = 8,
    parameter int Depth        = 2,
    parameter int Takes        = 1,
    parameter int Form         = 0,
    parameter int AccUsed      = 9,
    parameter int Saturate     = 0,
    parameter int AccDigits    = 1,
    parameter int MulDigits    = 1,
    parameter int MulBits      = 8,
    parameter int SumBits      = 16,
    parameter int Shift        = 1,
    parameter int OutSigned    = 0,
    parameter int Bounds       = 0,
    parameter int Shared       = 1,
    parameter int Levels       = 1,
    parameter int ValuesShared = 1,
    parameter int AddendFirst  = 0,
    parameter     Name         = ""
) (
    input  logic                            clk,
    input  logic                            rst,
    output logic                            room,
    input  logic [   $clog2(Takes+1)-1:0]   takes,
    input  logic                            acc_valid,
    input  logic [Pixels*Lanes*AccBits-1:0] acc,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    // Values of Form, Bounds and ValuesShared that are asked for by name.
    localparam int FormNone = 0;
    localparam int FormConvergent = 2;
    localparam int FormThresholds = 3;
    localparam int FormTable = 4;
    localparam int BoundsOfType = 0;
    localparam int BoundsOfChannels = 2;
    localparam int ValuesCountUp = 2;
`ifndef __ICARUS__
    if (Form < FormNone || Form > FormTable || Bounds > BoundsOfChannels || ValuesShared > ValuesCountUp)
        $error("Form, Bounds or ValuesShared is not in the table of output.sv");
    if (Takes < 1 || Depth < Takes) $error("Depth: the FIFO never has room for the Takes beats of which credits are taken at once");
`endif

    localparam int Elements = Pixels * Lanes;
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int ConstantFolds = Shared != 0 ? 1 : Folds;
    // Multiply: 17-bit digits of a sum; cycles from the accumulator to the bounds of its result.
    localparam int Columns = AccDigits + MulDigits - 1;
    localparam int Convergent = Form == FormConvergent ? 1 : 0;
    localparam int LimitsAt = 3 + AccDigits * MulDigits + Convergent;
    localparam int LimitsFolds = Bounds == BoundsOfChannels ? Folds : 1;
    // Memories deeper than 64 words, and of values deeper than 256, take a cycle more (rom.sv); the accumulators wait for it.
    localparam int Deep = ConstantFolds > 64 || LimitsFolds > 64 ? 1 : 0;
    localparam int ValueDepth = ValuesShared == ValuesCountUp ? 1 : (ValuesShared != 0 ? 1 : Folds) * (1 << Levels);
    // Thresholds: cycles from the accumulator to how many of them it reaches.
    function automatic int search_cycles(input int levels);
        search_cycles = 2 * levels;
        for (int level = 0; level < levels; level++) if (ConstantFolds * (1 << level) > 64) search_cycles = search_cycles + 1;
    endfunction
    localparam int Latency = Form == FormNone ? 0
                             : Form <= FormConvergent ? Deep + LimitsAt + (Bounds != BoundsOfType ? 1 : 0)
                             : (Form == FormThresholds ? search_cycles(Levels) : 1) + (ValueDepth > 256 ? 1 : 0);
    // Cycles, counted from the one before the accumulator's, in which constants of its fold are still read.
    localparam int Trail = Form == FormNone ? 1
                           : Form <= FormConvergent ? (Bounds == BoundsOfChannels ? LimitsAt : AddendFirst != 0 ? 1 : MulDigits == 1 ? Columns : 2 * Columns - 2) + 1
                           : Form == FormThresholds ? search_cycles(Levels) + 1 : 2;
    genvar i, k;

    logic                        staged_valid;
    logic [Elements*OutBits-1:0] staged;
    logic                        unused_ready;
    weft_credit #(
        .Depth (Depth),
        .Amount(Takes)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (takes),
        .leaves   (out_valid && out_ready),
        .available(room)
    );
    weft_flags #(
        .Latency(Latency)
    ) valid (
        .clk      (clk),
        .rst      (rst),
        .in_flags (acc_valid),
        .out_flags(staged_valid)
    );
    weft_fifo #(
        .Width(Elements * OutBits),
        .Depth(Depth)
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

    // The fold of the beat that comes next: an address in this cycle finds the constants of the next cycle's beat.
    (* max_fanout = 256 *) logic [FoldBits-1:0] coming;
    generate
        if (Folds == 1) begin : g_one_fold
            assign coming = '0;
        end else begin : g_folds
            logic [FoldBits-1:0] fold, following;  // of this cycle's beat, and of the one behind it
            assign coming = acc_valid ? following : fold;
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold      <= '0;
                    following <= FoldBits'(1);
                end else if (acc_valid) begin
                    fold      <= following;
                    following <= following == FoldBits'(Folds - 1) ? '0 : following + 1'b1;
                end
            end
        end
    endgenerate
    // Part 0 of the trail is that fold, part k that of k cycles ago: part 1 is the fold of this cycle's beat.
    logic [Trail*FoldBits-1:0] trail;
    assign trail[FoldBits-1:0] = coming;
    generate
        for (k = 1; k < Trail; k++) begin : g_trail
            weft_copy #(
                .Width(FoldBits)
            ) late (
                .clk     (clk),
                .in_data (trail[(k-1)*FoldBits+:FoldBits]),
                .out_data(trail[k*FoldBits+:FoldBits])
            );
        end
    endgenerate

    generate
        if (Form == FormNone) begin : g_none
            for (i = 0; i < Elements; i++) begin : g_element
                if (OutBits > AccBits) begin : g_extend
                    assign staged[i*OutBits+:OutBits] = {{(OutBits - AccBits) {acc[(i+1)*AccBits-1]}}, acc[i*AccBits+:AccBits]};
                end else begin : g_cut
                    assign staged[i*OutBits+:OutBits] = acc[i*AccBits+:OutBits];
                end
            end
        end else if (Form <= FormConvergent) begin : g_multiply
            localparam int Words = Shared != 0 ? 1 : Lanes;
            localparam int LimitsWords = Bounds == BoundsOfChannels ? Lanes : 1;
            logic [Elements*AccBits-1:0] factors;
            if (Deep != 0) begin : g_wait
                always_ff @(posedge clk) factors <= acc;
            end else begin : g_at_once
                assign factors = acc;
            end

            logic [Words*MulBits-1:0] multipliers;
            logic [Words*SumBits-1:0] addends;
            logic [LimitsWords*2*OutBits-1:0] limits;
            weft_rom #(
                .Width  (Words * MulBits),
                .Depth  (ConstantFolds),
                .Latency(ConstantFolds > 64 ? 2 : 1),
                .Memory (Name != "" ? {Name, "_multiplier"} : "")
            ) multiplier_rom (
                .clk    (clk),
                .address(trail[0+:(ConstantFolds > 1 ? FoldBits : 1)]),
                .data   (multipliers)
            );
            for (k = 0; k < Columns; k++) begin : g_digit
                localparam int FirstCell = AddendFirst != 0 ? 0 : MulDigits == 1 || k == 0 ? k : 2 * k - 1;
                localparam int Bits = k == Columns - 1 ? SumBits - 17 * k : 17;
                logic [Words*Bits-1:0] digits;
                weft_rom #(
                    .Width  (Words * Bits),
                    .Depth  (ConstantFolds),
                    .Latency(ConstantFolds > 64 ? 2 : 1),
                    .Number (k),
                    .Memory (Name != "" ? {Name, "_addend"} : "")
                ) addend_rom (
                    .clk    (clk),
                    .address(trail[(FirstCell+1)*FoldBits+:(ConstantFolds > 1 ? FoldBits : 1)]),
                    .data   (digits)
                );
                for (i = 0; i < Words; i++) begin : g_word
                    assign addends[i*SumBits+17*k+:Bits] = digits[i*Bits+:Bits];
                end
            end
            if (Bounds != BoundsOfType) begin : g_limits
                weft_rom #(
                    .Width  (LimitsWords * 2 * OutBits),
                    .Depth  (LimitsFolds),
                    .Latency(LimitsFolds > 64 ? 2 : 1),
                    .Memory (Name != "" ? {Name, "_limits"} : "")
                ) limits_rom (
                    .clk    (clk),
                    .address(trail[(Trail-1)*FoldBits+:(LimitsFolds > 1 ? FoldBits : 1)]),
                    .data   (limits)
                );
            end else begin : g_no_limits
                assign limits = '0;
            end
            for (i = 0; i < Elements; i++) begin : g_element
                localparam int Word = Shared != 0 ? 0 : i % Lanes;
                localparam int LimitsWord = Bounds == BoundsOfChannels ? i % Lanes : 0;
                weft_stage_multiply #(
                    .AccBits   (AccBits),
                    .AccUsed   (AccUsed),
                    .Saturate  (Saturate),
                    .AccDigits (AccDigits),
                    .MulDigits (MulDigits),
                    .MulBits   (MulBits),
                    .SumBits   (SumBits),
                    .Shift     (Shift),
                    .Convergent(Convergent),
                    .OutBits   (OutBits),
                    .OutSigned (OutSigned),
                    .Bounds    (Bounds),
                    .AddendFirst(AddendFirst)
                ) lane (
                    .clk       (clk),
                    .acc       (factors[i*AccBits+:AccBits]),
                    .multiplier(multipliers[Word*MulBits+:MulBits]),
                    .addend    (addends[Word*SumBits+:SumBits]),
                    .low       (limits[LimitsWord*2*OutBits+:OutBits]),
                    .high      (limits[(LimitsWord*2+1)*OutBits+:OutBits]),
                    .result    (staged[i*OutBits+:OutBits])
                );
            end
        end else if (Form == FormThresholds) begin : g_thresholds
            for (i = 0; i < Elements; i++) begin : g_element
                weft_stage_search #(
                    .AccBits     (AccBits),
                    .AccUsed     (AccUsed),
                    .Levels      (Levels),
                    .Folds       (Folds),
                    .Shared      (Shared),
                    .ValuesShared(ValuesShared),
                    .OutBits     (OutBits),
                    .Lane        (i % Lanes),
                    .Trail       (Trail),
                    .Name        (Name)
                ) lane (
                    .clk   (clk),
                    .acc   (acc[i*AccBits+:AccBits]),
                    .trail (trail),
                    .result(staged[i*OutBits+:OutBits])
                );
            end
        end else begin : g_table
            // The index is the low bits of the accumulator itself: the contents stand rotated.
            localparam int AddressBits = $clog2(ValueDepth);
            for (i = 0; i < Elements; i++) begin : g_element
                logic [AddressBits-1:0] address;
                if (ConstantFolds > 1) begin : g_fold
                    assign address = {trail[FoldBits+:FoldBits], acc[i*AccBits+:Levels]};
                end else begin : g_index
                    assign address = acc[i*AccBits+:Levels];
                end
                weft_rom #(
                    .Width  (OutBits),
                    .Depth  (ValueDepth),
                    .Latency(ValueDepth > 256 ? 2 : 1),
                    .Number (Shared != 0 ? 0 : i % Lanes),
                    .Memory (Name != "" ? {Name, "_value"} : "")
                ) values (
                    .clk    (clk),
                    .address(address),
                    .data   (staged[i*OutBits+:OutBits])
                );
            end
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, unused_ready, acc, trail};
endmodule
