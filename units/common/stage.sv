// stage.sv
// The requantise stage behind an accumulator, in all its forms: from exact sums to the integers of the next value.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running: the beat of in_valid leaves a fixed number of cycles later, which stage_latency (units/common/stage_rtl.h) tells; none
// may be given before a reset of several cycles has ended. Beats hold Pixels x Lanes accumulators, signed. The stage counts them: they are
// the Folds channel folds of a position in order, position after position; the pixels of a beat share constants.
// The `Stage...` parameters come from add_stage, which also gives the memories:
//   StageForm     | 0 none (wires) | 1 multiply, 2 convergent (stage_multiply.sv)      | 3 thresholds     | 4 table
//   StageAccBits  |                | bits of the accumulator that count, for 1 to 4
//   StageSaturate |                | 1: saturate to them first (else they are all)     |
//   StageAccDigits, StageMulDigits, StageMulBits, StageSumBits, StageShift: of stage_multiply.sv
//   StageOutSigned|                | the results' type is signed
//   StageBounds   |                | 0: clamp to the type; 1: to <Name>_stage_limits.mem, one pair; 2: a pair a channel
//   StageShared   |                | 1: all channels have the same multiplier and addend | thresholds      | table
//   StageLevels   |                |                                                   | comparisons      | index bits
//   StageValuesShared |            |                                                   | 1: same results  |

module weft_stage #(
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int Folds             = 1,
    parameter int AccBits           = 8,
    parameter int OutBits           = 8,
    parameter int StageForm         = 0,
    parameter int StageAccBits      = 8,
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
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    localparam int Elements = Pixels * Lanes;
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    genvar i, k;

    // The fold of the beat that comes next: an address in this cycle finds the constants of the next cycle's beat.
    (* max_fanout = 256 *) logic [FoldBits-1:0] coming;
    generate
        if (Folds == 1) begin : g_one_fold
            assign coming = '0;
        end else begin : g_folds
            logic [FoldBits-1:0] fold, following;  // of this cycle's beat, and of the one behind it
            assign coming = in_valid ? following : fold;
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold      <= '0;
                    following <= FoldBits'(1);
                end else if (in_valid) begin
                    fold      <= following;
                    following <= following == FoldBits'(Folds - 1) ? '0 : following + 1'b1;
                end
            end
        end
    endgenerate

    logic unused_fold;
    assign unused_fold = &{1'b0, coming};

    // Levels of a search whose memories, `compared` << level words, have an output register.
    function automatic int deep_levels(input int compared);
        int count;
        count = 0;
        for (int level = 0; level < StageLevels; level++) if (compared * (1 << level) > 64) count = count + 1;
        deep_levels = count;
    endfunction

    generate
        if (StageForm == 0) begin : g_none
            assign out_valid = in_valid;
            for (i = 0; i < Elements; i++) begin : g_element
                if (OutBits > AccBits) begin : g_extend
                    assign out_data[i*OutBits+:OutBits] = {{(OutBits - AccBits) {in_acc[(i+1)*AccBits-1]}}, in_acc[i*AccBits+:AccBits]};
                end else begin : g_cut
                    assign out_data[i*OutBits+:OutBits] = in_acc[i*AccBits+:OutBits];
                end
            end
            logic unused;
            assign unused = &{1'b0, clk, rst, in_acc};
        end else if (StageForm <= 2) begin : g_multiply
            localparam int Columns = StageAccDigits + StageMulDigits - 1;
            localparam int Cells = StageAccDigits * StageMulDigits;
            localparam int Convergent = StageForm == 2 ? 1 : 0;
            localparam int Depth = StageShared != 0 ? 1 : Folds;
            localparam int LimitsDepth = StageBounds == 2 ? Folds : 1;
            // Memories deeper than MostShallow of stage_rom.sv take a cycle more, in which the accumulators wait.
            localparam int Deep = Depth > 64 || LimitsDepth > 64 ? 1 : 0;
            localparam int LimitsAt = 3 + Cells - 1 + Convergent + 1;
            localparam int Latency = Deep + LimitsAt + (StageBounds != 0 ? 1 : 0);

            weft_flags #(.Latency(Latency)) valid (
                .clk(clk),
                .rst(rst),
                .in_flags (in_valid),
                .out_flags(out_valid)
            );
            logic [Elements*AccBits-1:0] acc;
            if (Deep != 0) begin : g_wait
                always_ff @(posedge clk) acc <= in_acc;
            end else begin : g_at_once
                assign acc = in_acc;
            end

            localparam int LastBits = StageSumBits - 17 * (Columns - 1);
            localparam int LastDigitAt = StageMulDigits == 1 ? Columns : 2 * Columns - 2;
            localparam int Trail = (StageBounds == 2 ? LimitsAt : Columns == 1 ? 1 : LastDigitAt) + 1;
            localparam int Words = StageShared != 0 ? 1 : Lanes;
            localparam int LimitsWords = StageBounds == 2 ? Lanes : 1;
            logic [Trail*FoldBits-1:0] trail;
            weft_stage_trail #(
                .Bits (FoldBits),
                .Trail(Trail)
            ) folds_line (
                .clk   (clk),
                .coming(coming),
                .trail (trail)
            );
            logic [Words*StageMulBits-1:0] multipliers;
            logic [Words*StageSumBits-1:0] addends;
            logic [LimitsWords*2*OutBits-1:0] limits;
            weft_stage_rom #(
                .Width (Words * StageMulBits),
                .Depth (Depth),
                .Memory(Name != "" ? {Name, "_stage_multiplier"} : "")
            ) multiplier_rom (
                .clk    (clk),
                .address(trail[0+:(Depth > 1 ? FoldBits : 1)]),
                .data   (multipliers)
            );
            for (k = 0; k < Columns; k++) begin : g_digit
                localparam int First = StageMulDigits == 1 || k == 0 ? k : 2 * k - 1;
                localparam int Bits = k == Columns - 1 ? LastBits : 17;
                logic [Words*Bits-1:0] digits;
                weft_stage_rom #(
                    .Width (Words * Bits),
                    .Depth (Depth),
                    .Number(k),
                    .Memory(Name != "" ? {Name, "_stage_addend"} : "")
                ) addend_rom (
                    .clk    (clk),
                    .address(trail[(First+1)*FoldBits+:(Depth > 1 ? FoldBits : 1)]),
                    .data   (digits)
                );
                for (i = 0; i < Words; i++) begin : g_word
                    assign addends[i*StageSumBits+17*k+:Bits] = digits[i*Bits+:Bits];
                end
            end
            if (StageBounds != 0) begin : g_limits
                weft_stage_rom #(
                    .Width (LimitsWords * 2 * OutBits),
                    .Depth (LimitsDepth),
                    .Memory(Name != "" ? {Name, "_stage_limits"} : "")
                ) limits_rom (
                    .clk    (clk),
                    .address(trail[(Trail-1)*FoldBits+:(LimitsDepth > 1 ? FoldBits : 1)]),
                    .data   (limits)
                );
            end else begin : g_no_limits
                assign limits = '0;
            end
            for (i = 0; i < Elements; i++) begin : g_element
                localparam int Word = StageShared != 0 ? 0 : i % Lanes;
                localparam int LimitsWord = StageBounds == 2 ? i % Lanes : 0;
                weft_stage_multiply #(
                    .AccBits   (AccBits),
                    .AccUsed   (StageAccBits),
                    .Saturate  (StageSaturate),
                    .AccDigits (StageAccDigits),
                    .MulDigits (StageMulDigits),
                    .MulBits   (StageMulBits),
                    .SumBits   (StageSumBits),
                    .Shift     (StageShift),
                    .Convergent(Convergent),
                    .OutBits   (OutBits),
                    .OutSigned (StageOutSigned),
                    .Bounds    (StageBounds)
                ) lane (
                    .clk       (clk),
                    .acc       (acc[i*AccBits+:AccBits]),
                    .multiplier(multipliers[Word*StageMulBits+:StageMulBits]),
                    .addend    (addends[Word*StageSumBits+:StageSumBits]),
                    .low       (limits[LimitsWord*2*OutBits+:OutBits]),
                    .high      (limits[(LimitsWord*2+1)*OutBits+:OutBits]),
                    .result    (out_data[i*OutBits+:OutBits])
                );
            end
            logic unused;
            assign unused = &{1'b0, trail};
        end else if (StageForm == 3) begin : g_thresholds
            localparam int Compared = StageShared != 0 ? 1 : Folds;
            localparam int ValueDepth = StageValuesShared == 2 ? 1 : (StageValuesShared != 0 ? 1 : Folds) * (1 << StageLevels);
            localparam int Searches = 2 * StageLevels + deep_levels(Compared);
            localparam int Latency = Searches + (ValueDepth > 256 ? 1 : 0);
            localparam int Trail = Searches + 1;

            weft_flags #(.Latency(Latency)) valid (
                .clk(clk),
                .rst(rst),
                .in_flags (in_valid),
                .out_flags(out_valid)
            );
            logic [Trail*FoldBits-1:0] trail;
            weft_stage_trail #(
                .Bits (FoldBits),
                .Trail(Trail)
            ) folds_line (
                .clk   (clk),
                .coming(coming),
                .trail (trail)
            );
            for (i = 0; i < Elements; i++) begin : g_element
                weft_stage_search #(
                    .AccBits     (AccBits),
                    .AccUsed     (StageAccBits),
                    .Levels      (StageLevels),
                    .Folds       (Folds),
                    .Shared      (StageShared),
                    .ValuesShared(StageValuesShared),
                    .OutBits     (OutBits),
                    .Lane        (i % Lanes),
                    .Trail       (Trail),
                    .Name        (Name)
                ) lane (
                    .clk   (clk),
                    .acc   (in_acc[i*AccBits+:AccBits]),
                    .trail (trail),
                    .result(out_data[i*OutBits+:OutBits])
                );
            end
        end else begin : g_table
            // The index are the low bits of the accumulator itself: the contents stand rotated.
            localparam int Depth = (StageShared != 0 ? 1 : Folds) * (1 << StageLevels);
            localparam int AddressBits = $clog2(Depth);

            weft_flags #(.Latency(Depth > 256 ? 2 : 1)) valid (
                .clk(clk),
                .rst(rst),
                .in_flags (in_valid),
                .out_flags(out_valid)
            );
            logic [2*FoldBits-1:0] trail;
            weft_stage_trail #(
                .Bits (FoldBits),
                .Trail(2)
            ) folds_line (
                .clk   (clk),
                .coming(coming),
                .trail (trail)
            );
            for (i = 0; i < Elements; i++) begin : g_element
                logic [AddressBits-1:0] address;
                if (StageShared == 0 && Folds > 1) begin : g_fold
                    assign address = {trail[FoldBits+:FoldBits], in_acc[i*AccBits+:StageLevels]};
                end else begin : g_index
                    assign address = in_acc[i*AccBits+:StageLevels];
                end
                weft_stage_rom #(
                    .Width      (OutBits),
                    .Depth      (Depth),
                    .MostShallow(256),
                    .Number     (StageShared != 0 ? 0 : i % Lanes),
                    .Memory     (Name != "" ? {Name, "_stage_value"} : "")
                ) values (
                    .clk    (clk),
                    .address(address),
                    .data   (out_data[i*OutBits+:OutBits])
                );
            end
            logic unused;
            assign unused = &{1'b0, clk, rst, in_acc, trail};
        end
    endgenerate
endmodule
