// window_buffer.sv
// Windows in beats of TapsPerBeat taps, read from a memory of the last rows at any place.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Beats enter one after the other, over rows and frames, as long as there is room; the address of a beat is its number modulo Words. A
// window's channel fold is read when its last beat inside the frame has entered, a beat of TapsPerBeat taps a cycle, from as many copies of
// the memory. With a row of windows the rows above the next ones' are given back. No position is passed over: with Words from
// window_rtl.cpp, the interval of a frame is that of the beats that enter or that leave, whichever are more.
// First window: two cycles after the last beat that it needs entered, three where the memory is a block RAM.

module weft_window_buffer #(
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
    parameter int Lanes        = 1,
    parameter int TapsPerBeat  = 1,
    parameter int InBits       = 8,
    parameter int InSigned     = 0,
    parameter int OutBits      = 8,
    parameter int Words        = 16
) (
    input  logic                                 clk,
    input  logic                                 rst,
    input  logic                                 in_valid,
    output logic                                 in_ready,
    input  logic [             Lanes*InBits-1:0] in_data,
    output logic                                 out_valid,
    input  logic                                 out_ready,
    output logic [TapsPerBeat*Lanes*OutBits-1:0] out_data
);
    localparam int TapFolds = (KernelH * KernelW + TapsPerBeat - 1) / TapsPerBeat;
    // LUTRAM up to 64 words, and where a block RAM would hold little.
    localparam int InLuts = Words <= 64 || (Words <= 256 && Words * Lanes * InBits <= 4096) ? 1 : 0;

    localparam int AddressBits = $clog2(Words);
    localparam int TapFoldBits = TapFolds > 1 ? $clog2(TapFolds) : 1;
    localparam int FoldBits    = ChannelFolds > 1 ? $clog2(ChannelFolds) : 1;
    localparam int ColumnBits  = OutColumns > 1 ? $clog2(OutColumns) : 1;
    localparam int RowBits     = OutRows > 1 ? $clog2(OutRows) : 1;

    // Steps of the first tap's address, from beat to beat.
    localparam int RowWords    = Columns * ChannelFolds;
    localparam int FrameWords  = Rows * RowWords;
    localparam int ColumnStep  = StrideW * ChannelFolds;
    localparam int RowStep     = StrideH * RowWords;
    // Most beats from what has entered to what is awaited, or to the first that will be read; counts of beats are modulo 2 ** CountBits.
    localparam int MostAhead   = (RowStep > FrameWords - (OutRows - 1) * RowStep ? RowStep : FrameWords - (OutRows - 1) * RowStep)
        + (KernelH + PadTop) * RowWords;
    localparam int CountBits   = $clog2(Words + MostAhead) + 2;
    localparam int ToNextWindow = ColumnStep - (ChannelFolds - 1);
    localparam int ToNextRow   = RowStep - (OutColumns - 1) * ColumnStep - (ChannelFolds - 1);
    localparam int ToNextFrame = FrameWords - (OutRows - 1) * RowStep - (OutColumns - 1) * ColumnStep - (ChannelFolds - 1);
    localparam int FirstBase   = -(PadTop * Columns + PadLeft) * ChannelFolds;

    // Of window row and column: the last row and column inside the frame that it needs, and the rows that are given back after the row.
    function automatic int clamped(int value, int most);
        clamped = value < 0 ? 0 : value > most ? most : value;
    endfunction
    function automatic int freed_rows(int r);
        freed_rows = (r == OutRows - 1 ? Rows : clamped((r + 1) * StrideH - PadTop, Rows)) - clamped(r * StrideH - PadTop, Rows);
    endfunction
    // Window columns and rows below ...Low need no more than the frame's first, from ...High on its last.
    localparam int LowColumn  = PadLeft < KernelW ? 0 : (PadLeft - KernelW + StrideW) / StrideW;
    localparam int HighColumn = Columns + PadLeft < KernelW ? 0 : (Columns + PadLeft - KernelW + StrideW - 1) / StrideW;
    localparam int LowRow     = PadTop < KernelH ? 0 : (PadTop - KernelH + StrideH) / StrideH;
    localparam int HighRow    = Rows + PadTop < KernelH ? 0 : (Rows + PadTop - KernelH + StrideH - 1) / StrideH;

    // Windows that begin above or left of the frame; the window row from which on not all of StrideH rows are given back.
    localparam int TopRows     = (PadTop + StrideH - 1) / StrideH < OutRows ? (PadTop + StrideH - 1) / StrideH : OutRows;
    localparam int LeftColumns = (PadLeft + StrideW - 1) / StrideW < OutColumns ? (PadLeft + StrideW - 1) / StrideW : OutColumns;
    localparam int LastFull    = (Rows + PadTop) / StrideH < OutRows ? clamped((Rows + PadTop) / StrideH - 1, OutRows - 1) : OutRows - 1;

    // The next beat: what will be read after the present one.
    logic [ TapFoldBits-1:0] tap_fold;
    logic [    FoldBits-1:0] fold;
    logic [AddressBits-1:0]  base;
    logic [     KernelH-1:0] row_outside;
    logic [     KernelW-1:0] column_outside;
    logic [   CountBits-1:0] needs_row;     // beats that must have entered, up to the window's last row
    logic [   CountBits-1:0] needs_column;  // and within that
    logic [   CountBits-1:0] frees;         // beats that are given back after the row of windows
    // The window column after its own, the window row after its own, and what they need.
    logic [  ColumnBits-1:0] column_next;
    logic [     RowBits-1:0] row_next;
    logic [   CountBits-1:0] column_needs;  // not clamped
    logic [   CountBits-1:0] row_needs;     // not clamped
    logic [   CountBits-1:0] low_needs;     // the first row of row_next's frame
    logic [   CountBits-1:0] high_needs;    // the last
    // The present beat.
    logic                    held;
    logic [   CountBits-1:0] needs;
    logic                    row_ends;
    logic [   CountBits-1:0] frees_now;

    logic [CountBits-1:0] entered;
    logic [CountBits-1:0] used;  // words in use; negative where the next to be read is still to come
    logic                 whole;  // the present beat's words have entered
    logic                 takes;  // there is room for it behind the memory
    (* max_fanout = 256 *) logic enters;
    (* max_fanout = 256 *) logic issues;
    (* max_fanout = 256 *) logic advances;
    logic [CountBits-1:0] missing;
    assign in_ready = !used[AddressBits] || used[CountBits-1];
    assign enters   = in_valid && in_ready;
    assign missing  = entered - needs;
    assign whole    = !missing[CountBits-1];
    assign issues   = held && whole && takes;
    assign advances = !held || (whole && takes);

    logic [CountBits-1:0] given;  // beats that the window row's last read gives back, a cycle later
    always_ff @(posedge clk) begin
        if (rst || !(issues && row_ends)) given <= '0;
        else given <= frees_now;
        if (rst) begin
            entered <= '0;
            used    <= '0;
        end else begin
            if (enters) entered <= entered + 1'b1;
            used <= used + {{CountBits - 1{1'b0}}, enters} - given;
        end
    end

    logic tap_fold_ends;
    logic fold_ends;
    logic column_ends;
    logic row_is_last;
    logic window_ends;
    assign tap_fold_ends = tap_fold == TapFoldBits'(TapFolds - 1);
    assign fold_ends     = tap_fold_ends && fold == FoldBits'(ChannelFolds - 1);
    assign column_ends   = column_next == '0;
    assign row_is_last   = row_next == '0;
    assign window_ends   = fold_ends && column_ends;

    // Masks and rows given back, of column_next and row_next.
    logic [  KernelH-1:0] row_outside_next;
    logic [  KernelW-1:0] column_outside_next;
    logic [CountBits-1:0] frees_next;
    logic [  KernelH-1:0] row_outside_first;
    logic [  KernelW-1:0] column_outside_first;
    always_comb begin
        row_outside_next    = '0;
        column_outside_next = '0;
        frees_next          = CountBits'(RowStep);
        for (int k = 0; k < KernelH; k++) begin
            row_outside_first[k] = k < PadTop || k >= Rows + PadTop;
            // The windows whose kernel row k lies above the frame, and those where it lies below.
            for (int r = 0; r < TopRows; r++)
                if (r * StrideH + k < PadTop && row_next == RowBits'(r)) row_outside_next[k] = 1'b1;
            for (int r = HighRow; r < OutRows; r++)
                if (r * StrideH + k >= Rows + PadTop && row_next == RowBits'(r)) row_outside_next[k] = 1'b1;
        end
        for (int k = 0; k < KernelW; k++) begin
            column_outside_first[k] = k < PadLeft || k >= Columns + PadLeft;
            for (int c = 0; c < LeftColumns; c++)
                if (c * StrideW + k < PadLeft && column_next == ColumnBits'(c)) column_outside_next[k] = 1'b1;
            for (int c = HighColumn; c < OutColumns; c++)
                if (c * StrideW + k >= Columns + PadLeft && column_next == ColumnBits'(c)) column_outside_next[k] = 1'b1;
        end
        for (int r = 0; r < TopRows; r++) if (row_next == RowBits'(r)) frees_next = CountBits'(freed_rows(r) * RowWords);
        for (int r = LastFull; r < OutRows; r++) if (row_next == RowBits'(r)) frees_next = CountBits'(freed_rows(r) * RowWords);
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            held           <= 1'b0;
            tap_fold       <= '0;
            fold           <= '0;
            base           <= AddressBits'(FirstBase);
            row_outside    <= row_outside_first;
            column_outside <= column_outside_first;
            needs_row      <= CountBits'(clamped(KernelH - 1 - PadTop, Rows - 1) * RowWords + 1);
            needs_column   <= CountBits'(clamped(KernelW - 1 - PadLeft, Columns - 1) * ChannelFolds);
            frees          <= CountBits'(freed_rows(0) * RowWords);
            column_next    <= ColumnBits'(OutColumns > 1 ? 1 : 0);
            row_next       <= RowBits'(OutRows > 1 ? 1 : 0);
            column_needs   <= CountBits'((KernelW - 1 - PadLeft) * ChannelFolds + (OutColumns > 1 ? ColumnStep : 0));
            row_needs      <= CountBits'((KernelH - 1 - PadTop) * RowWords + 1 + (OutRows > 1 ? RowStep : FrameWords));
            low_needs      <= CountBits'(1 + (OutRows > 1 ? 0 : FrameWords));
            high_needs     <= CountBits'((Rows - 1) * RowWords + 1 + (OutRows > 1 ? 0 : FrameWords));
        end else if (advances) begin
            held     <= 1'b1;
            tap_fold <= tap_fold_ends ? '0 : tap_fold + 1'b1;
            if (tap_fold_ends) begin
                fold <= fold == FoldBits'(ChannelFolds - 1) ? '0 : fold + 1'b1;
                base <= base + (!fold_ends ? AddressBits'(1) : !column_ends ? AddressBits'(ToNextWindow)
                                                                            : !row_is_last ? AddressBits'(ToNextRow) : AddressBits'(ToNextFrame));
                needs_column <= !fold_ends ? needs_column + 1'b1
                                : LowColumn > 0 && 32'(column_next) < LowColumn ? '0
                                : 32'(column_next) >= HighColumn ? CountBits'((Columns - 1) * ChannelFolds)
                                : column_needs;
            end
            if (fold_ends) begin
                column_outside <= column_outside_next;
                column_next    <= column_next == ColumnBits'(OutColumns - 1) ? '0 : column_next + 1'b1;
                column_needs   <= column_next == ColumnBits'(OutColumns - 1) ? CountBits'((KernelW - 1 - PadLeft) * ChannelFolds)
                                                                             : column_needs + CountBits'(ColumnStep);
            end
            if (window_ends) begin
                row_outside <= row_outside_next;
                frees       <= frees_next;
                needs_row   <= LowRow > 0 && 32'(row_next) < LowRow ? low_needs
                               : 32'(row_next) >= HighRow ? high_needs : row_needs;
                row_next    <= row_next == RowBits'(OutRows - 1) ? '0 : row_next + 1'b1;
                row_needs   <= row_needs + (row_next == RowBits'(OutRows - 1) ? CountBits'(FrameWords - (OutRows - 1) * RowStep)
                                                                              : CountBits'(RowStep));
                if (row_next == RowBits'(OutRows - 1)) begin
                    low_needs  <= low_needs + CountBits'(FrameWords);
                    high_needs <= high_needs + CountBits'(FrameWords);
                end
            end
        end
    end
    always_ff @(posedge clk) begin
        if (advances) begin
            needs     <= needs_row + needs_column;
            row_ends  <= window_ends;
            frees_now <= frees;
        end
    end

    (* max_fanout = 256 *) logic [AddressBits-1:0] write_at;
    always_ff @(posedge clk) begin
        if (rst) write_at <= '0;
        else if (enters) write_at <= write_at + 1'b1;
    end

    logic takes_out;
    (* max_fanout = 256 *) logic fills;  // the output registers
    assign takes_out = !out_valid || out_ready;
    generate
        if (InLuts != 0) begin : g_luts
            assign fills = issues;
            assign takes = takes_out;
        end else begin : g_block
            logic read;  // a beat is in the memory's output register
            assign fills = read && takes_out;
            assign takes = !read || takes_out;
            always_ff @(posedge clk) begin
                if (rst) read <= 1'b0;
                else read <= issues || (read && !takes_out);
            end
        end
    endgenerate
    always_ff @(posedge clk) begin
        if (rst) out_valid <= 1'b0;
        else out_valid <= fills || (out_valid && !out_ready);
    end

    generate
        for (genvar t = 0; t < TapsPerBeat; t++) begin : g_slot
            weft_window_tap #(
                .Words(Words),
                .InLuts(InLuts),
                .Columns(Columns),
                .ChannelFolds(ChannelFolds),
                .KernelH(KernelH),
                .KernelW(KernelW),
                .TapsPerBeat(TapsPerBeat),
                .Slot(t),
                .Lanes(Lanes),
                .InBits(InBits),
                .InSigned(InSigned),
                .OutBits(OutBits),
                .PadValue(PadValue),
                .AddressBits(AddressBits),
                .TapFoldBits(TapFoldBits)
            ) slot (
                .clk(clk),
                .enters(enters),
                .write_at(write_at),
                .in_data(in_data),
                .advances(advances),
                .issues(issues),
                .fills(fills),
                .base(base),
                .tap_fold(tap_fold),
                .row_outside(row_outside),
                .column_outside(column_outside),
                .out_data(out_data[t*Lanes*OutBits+:Lanes*OutBits])
            );
        end
    endgenerate
endmodule
