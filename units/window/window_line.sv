// window_line.sv
// Windows with all taps in a beat, from a delay line that frames run through without a gap.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
//   - - - - - -     A kernel of 3 x 3, padded by one, a pixel a beat: n is the beat that enters now, C the centre, which entered Lag steps
//   - w w w - -     ago (a row and a beat). With this step the window around C is whole and is loaded into the output register; taps
//   - w C w - -     outside the frame are masked. In general the centre is the beat that holds the window's own columns, the window's
//   - w w n         first tap being PadTop rows and PadLeft columns before; several pixels a beat give Windows windows at once.
//
// The line takes a step with every beat that enters. Centres that no window has (strides) are passed over, also while the output waits.
// After a frame's last beat the line steps on by itself until the frame's last window has left, unless the next frame's beats push it.
// First window: Lag + 1 cycles after the frame's first beat. A frame takes Rows * ceil(Columns / Pixels) * ChannelFolds cycles; one of
// fewer than Lag beats delays the next.
// Needs PadTop < KernelH, PadLeft < KernelW, StrideW a divisor of Pixels or Pixels = 1, and a centre in the frame for each window.

module weft_window_line #(
    parameter int Rows         = 4,
    parameter int Columns      = 4,
    parameter int ChannelFolds = 1,
    parameter int OutRows      = 4,
    parameter int OutColumns   = 4,
    parameter int KernelH      = 3,
    parameter int KernelW      = 3,
    parameter int StrideH      = 1,
    parameter int StrideW      = 1,
    parameter int PadTop       = 1,
    parameter int PadLeft      = 1,
    parameter int PadValue     = 0,
    parameter int Pixels       = 1,
    parameter int Windows      = 1,
    parameter int Lanes        = 1,
    parameter int InBits       = 8,
    parameter int InSigned     = 0,
    parameter int OutBits      = 8
) (
    input  logic                                             clk,
    input  logic                                             rst,
    input  logic                                             in_valid,
    output logic                                             in_ready,
    input  logic [                  Pixels*Lanes*InBits-1:0] in_data,
    output logic                                             out_valid,
    input  logic                                             out_ready,
    output logic [Windows*KernelH*KernelW*Lanes*OutBits-1:0] out_data
);
    // Beats across a frame's row, of windows across a row; steps between them.
    localparam int Groups     = (Columns + Pixels - 1) / Pixels;
    localparam int OutGroups  = (OutColumns + Windows - 1) / Windows;
    localparam int GroupPitch = Pixels > StrideW ? 1 : (StrideW + Pixels - 1) / Pixels;
    localparam int RowSteps   = Groups * ChannelFolds;
    localparam int FrameSteps = Rows * RowSteps;
    localparam int Span       = (Windows - 1) * StrideW + KernelW;
    localparam int Ahead      = (Span - 1 - PadLeft) / Pixels;
    localparam int Behind     = (PadLeft + Pixels - 1) / Pixels;
    localparam int Lag        = (KernelH - 1 - PadTop) * RowSteps + Ahead * ChannelFolds;
    localparam int LastRow    = (OutRows - 1) * StrideH;
    localparam int LastGroup  = (OutGroups - 1) * GroupPitch;
    // The second centre of a frame; of one window only, the first again.
    localparam bit Single      = LastRow == 0 && LastGroup == 0 && ChannelFolds == 1;
    localparam int SecondFold  = ChannelFolds > 1 ? 1 : 0;
    localparam int SecondGroup = ChannelFolds == 1 && Groups > 1 && !Single ? 1 : 0;
    localparam int SecondRow   = ChannelFolds == 1 && Groups == 1 && !Single ? 1 : 0;

    localparam int StepBits  = FrameSteps > 1 ? $clog2(FrameSteps) : 1;
    localparam int LagBits   = Lag > 1 ? $clog2(Lag) : 1;
    localparam int FoldBits  = ChannelFolds > 1 ? $clog2(ChannelFolds) : 1;
    localparam int GroupBits = Groups > 1 ? $clog2(Groups) : 1;
    localparam int RowBits   = Rows > 1 ? $clog2(Rows) : 1;

    logic free;      // the output register takes what this step emits
    logic drains;    // the line may step by itself
    logic moves;     // a beat enters, or the line steps by itself, as soon as it is free
    logic enters;
    logic starts;    // the beat that enters is a frame's first
    logic at_start;  // the next beat is a frame's first
    logic waiting;   // a frame has started and its first beat is not the centre yet
    logic arrives;   // with the next step the waiting frame's first beat becomes the centre
    logic active;    // the centre is a beat of a frame
    logic emits;     // and has a window
    logic blocked;
    (* max_fanout = 256 *) logic step;
    (* max_fanout = 256 *) logic loads;  // the output
    assign free     = !emits || !out_valid || out_ready;
    assign blocked  = at_start && waiting && !arrives;
    assign drains   = Lag != 0 && at_start && (active || waiting);
    assign moves    = (in_valid && !blocked) || drains;
    assign step     = free && moves;
    assign loads    = step && emits;
    assign in_ready = free && !blocked;
    assign enters   = in_valid && in_ready;
    assign starts   = enters && at_start;

    // Where the next beat is in its frame: `ends`, at its last beat.
    logic ends;
    logic [StepBits-1:0] entered;
    assign ends = entered == StepBits'(FrameSteps - 1);
    always_ff @(posedge clk) begin
        if (rst) entered <= '0;
        else if (enters) entered <= ends ? '0 : entered + 1'b1;
    end
    always_ff @(posedge clk) begin
        if (rst) at_start <= 1'b1;
        else if (enters) at_start <= ends;
    end

    // A frame's first beat becomes the centre Lag steps after it entered.
    logic activates;
    generate
        if (Lag == 0) begin : g_no_lag
            assign waiting   = 1'b0;
            assign arrives   = 1'b0;
            assign activates = enters && ends;
        end else if (Lag == 1) begin : g_lag_one
            assign waiting   = 1'b0;
            assign arrives   = 1'b0;
            assign activates = starts;
        end else begin : g_lag
            logic [LagBits-1:0] left;  // steps until then
            logic               waits;
            logic               one_left;
            assign waiting   = waits;
            assign arrives   = one_left;
            assign activates = step && waits && one_left;
            always_ff @(posedge clk) begin
                if (starts) left <= LagBits'(Lag - 1);
                else if (step) left <= left - 1'b1;
                if (starts) one_left <= Lag == 2;
                else if (step) one_left <= left == LagBits'(2);
                if (rst) waits <= 1'b0;
                else if (starts) waits <= 1'b1;
                else if (activates) waits <= 1'b0;
            end
        end
    endgenerate

    // The centre after the present one; the present one's flags and masks are registers.
    logic [ FoldBits-1:0] fold;
    logic [GroupBits-1:0] group;
    logic [  RowBits-1:0] row;
    logic fold_ends;
    logic group_ends;
    logic row_is_last;
    logic next_is_last;
    assign fold_ends    = fold == FoldBits'(ChannelFolds - 1);
    assign group_ends   = group == GroupBits'(Groups - 1);
    assign row_is_last  = row == RowBits'(LastRow);
    assign next_is_last = fold_ends && row_is_last && group == GroupBits'(LastGroup);

    // Rows and groups of windows: every StrideH-th, every GroupPitch-th.
    logic row_hits;
    logic group_hits;
    logic passes;  // the centre moves on within a frame, or from its last window to the next frame's first beat
    assign passes = step && active;
    generate
        if (StrideH == 1) begin : g_row_all
            assign row_hits = 1'b1;
        end else begin : g_row_some
            localparam int PhaseBits = $clog2(StrideH);
            logic [PhaseBits-1:0] phase;
            assign row_hits = phase == '0;
            always_ff @(posedge clk) begin
                if (rst) phase <= PhaseBits'(SecondRow);
                else if (passes && next_is_last) phase <= '0;
                else if (passes && fold_ends && group_ends) phase <= phase == PhaseBits'(StrideH - 1) ? '0 : phase + 1'b1;
            end
        end
        if (GroupPitch == 1) begin : g_group_all
            if (LastGroup == Groups - 1) begin : g_whole
                assign group_hits = 1'b1;
            end else begin : g_part
                assign group_hits = group <= GroupBits'(LastGroup);
            end
        end else begin : g_group_some
            localparam int PhaseBits = $clog2(GroupPitch);
            logic [PhaseBits-1:0] phase;
            assign group_hits = phase == '0 && group <= GroupBits'(LastGroup);
            always_ff @(posedge clk) begin
                if (rst) phase <= PhaseBits'(SecondGroup);
                else if (passes && fold_ends && (next_is_last || group_ends)) phase <= '0;
                else if (passes && fold_ends) phase <= phase == PhaseBits'(GroupPitch - 1) ? '0 : phase + 1'b1;
            end
        end
    endgenerate

    // Rows and groups, from the first and from the last, whose windows may reach beyond the frame.
    localparam int EdgeRows   = KernelH < Rows ? KernelH : Rows;
    localparam int EdgeGroups = Span < Groups ? Span : Groups;
    logic [KernelH-1:0] first_row_outside;
    logic [KernelH-1:0] row_outside_next;
    logic [   Span-1:0] column_outside_next;
    always_comb begin
        for (int k = 0; k < KernelH; k++) first_row_outside[k] = k < PadTop || k >= Rows + PadTop;
        row_outside_next = '0;
        for (int k = 0; k < KernelH; k++) begin
            for (int v = 0; v < EdgeRows; v++) begin
                if (v + k < PadTop && row == RowBits'(v)) row_outside_next[k] = 1'b1;
                if (Rows - 1 - v + k >= Rows + PadTop && row == RowBits'(Rows - 1 - v)) row_outside_next[k] = 1'b1;
            end
        end
        column_outside_next = '0;
        for (int k = 0; k < Span; k++) begin
            for (int v = 0; v < EdgeGroups; v++) begin
                if (v * Pixels + k < PadLeft && group == GroupBits'(v)) column_outside_next[k] = 1'b1;
                if ((Groups - 1 - v) * Pixels + k >= Columns + PadLeft && group == GroupBits'(Groups - 1 - v)) column_outside_next[k] = 1'b1;
            end
        end
    end

    logic               hits;     // the centre, once active, has a window
    logic               is_last;  // and it is the frame's last
    logic [KernelH-1:0] row_outside;
    logic               active_next;
    logic               hits_next;
    assign active_next = activates || (active && !(step && is_last));
    assign hits_next   = passes ? row_hits && group_hits : hits;

    always_ff @(posedge clk) begin
        if (rst) begin
            fold  <= FoldBits'(SecondFold);
            group <= GroupBits'(SecondGroup);
            row   <= RowBits'(SecondRow);
        end else if (passes) begin
            fold <= fold_ends ? '0 : fold + 1'b1;
            if (fold_ends) group <= next_is_last || group_ends ? '0 : group + 1'b1;
            if (next_is_last) row <= '0;
            else if (fold_ends && group_ends) row <= row + 1'b1;
        end
    end
    always_ff @(posedge clk) begin
        if (rst) begin
            is_last     <= SecondFold == 0 && LastRow == 0 && LastGroup == 0;
            row_outside <= first_row_outside;
        end else if (passes) begin
            is_last     <= next_is_last;
            row_outside <= row_outside_next;
        end
    end
    always_ff @(posedge clk) begin
        if (rst) begin
            active    <= Lag == 0;
            hits      <= 1'b1;
            emits     <= Lag == 0;
            out_valid <= 1'b0;
        end else begin
            active    <= active_next;
            hits      <= hits_next;
            emits     <= active_next && hits_next;
            out_valid <= loads || (out_valid && !out_ready);
        end
    end

    // The newest beat of each kernel row: the lowest row's enters, each other is that below it a row ago.
    localparam int BeatBits = Pixels * Lanes * InBits;
    logic [KernelH*BeatBits-1:0] newest;
    assign newest[(KernelH-1)*BeatBits+:BeatBits] = in_data;
    generate
        if (KernelH > 1) begin : g_rows_above
            weft_window_delay #(
                .Width((KernelH - 1) * BeatBits),
                .Depth(RowSteps)
            ) rows_above (
                .clk(clk),
                .rst(rst),
                .step(step),
                .in_data(newest[BeatBits+:(KernelH-1)*BeatBits]),
                .out_data(newest[0+:(KernelH-1)*BeatBits])
            );
        end
    endgenerate

    function automatic logic [Span-1:0] first_columns_outside(input int left);
        for (int k = 0; k < Span; k++) first_columns_outside[k] = k < left || k >= Columns + left;
    endfunction
    (* max_fanout = 256 *) logic [Span-1:0] column_outside;
    always_ff @(posedge clk) begin
        if (rst) column_outside <= first_columns_outside(PadLeft);
        else if (passes) column_outside <= column_outside_next;
    end
    generate
        for (genvar k = 0; k < KernelH; k++) begin : g_row
            logic [Windows*KernelW*Lanes*OutBits-1:0] taps;
            weft_window_row #(
                .Pixels(Pixels),
                .Lanes(Lanes),
                .ChannelFolds(ChannelFolds),
                .Windows(Windows),
                .StrideW(StrideW),
                .KernelW(KernelW),
                .PadLeft(PadLeft),
                .Ahead(Ahead),
                .Behind(Behind),
                .InBits(InBits),
                .InSigned(InSigned),
                .OutBits(OutBits),
                .PadValue(PadValue)
            ) columns (
                .clk(clk),
                .rst(rst),
                .step(step),
                .loads(loads),
                .row_outside(row_outside[k]),
                .column_outside(column_outside),
                .in_data(newest[k*BeatBits+:BeatBits]),
                .out_data(taps)
            );
            for (genvar i = 0; i < Windows; i++) begin : g_window
                assign out_data[(i*KernelH+k)*KernelW*Lanes*OutBits+:KernelW*Lanes*OutBits] =
                    taps[i*KernelW*Lanes*OutBits+:KernelW*Lanes*OutBits];
            end
        end
    endgenerate
endmodule
