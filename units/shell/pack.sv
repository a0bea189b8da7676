// pack.sv
// Beats of a stream to words of memory.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The layout of a frame is that of weft_unpack; elements are extended by their sign if Signed, and the spare bytes of a frame's last word are
// zero. What a beat holds beyond the frame's columns and channels is left out. `frame` is high for a cycle in each frame.
//
// Takes a beat or gives a word in every cycle, or both, also across frames: only where the last beat of one frame completes one word and
// begins another, and the first beat of the next frame completes a word at once, is a cycle lost. in_ready depends on nothing that in_valid
// or out_ready may change in the same cycle, out_valid comes from a register.

module weft_pack #(
    parameter int WordBits = 512,
    parameter int Bits     = 8,
    parameter int Signed   = 0,
    parameter int Rows     = 1,
    parameter int Columns  = 1,
    parameter int Channels = 1,
    parameter int Pixels   = 1,
    parameter int Lanes    = 1,
    parameter int Depth    = 16
) (
    input  logic                         clk,
    input  logic                         rst,
    input  logic                         in_valid,
    output logic                         in_ready,
    input  logic [Pixels*Lanes*Bits-1:0] in_data,
    output logic                         out_valid,
    input  logic                         out_ready,
    output logic [WordBits-1:0]          out_data,
    output logic                         frame
);
    function automatic int gcd(input int a, input int b);
        int x;
        int y;
        int t;
        x = a;
        y = b;
        for (int i = 0; i < 64; i++) begin
            if (y != 0) begin
                t = x % y;
                x = y;
                y = t;
            end
        end
        gcd = x;
    endfunction

    // As in weft_unpack.
    localparam int Carrier = Bits <= 8 ? 8 : Bits <= 16 ? 16 : 32;
    localparam int PerWord = WordBits / Carrier;
    localparam int Folds = (Channels + Lanes - 1) / Lanes;
    localparam bit ByRow = Pixels > 1 || Folds == 1;
    localparam int Group = ByRow ? Pixels * Channels : Lanes;
    localparam int Period = ByRow ? (Columns + Pixels - 1) / Pixels : Folds;
    localparam int Rest = ByRow ? (Columns - (Period - 1) * Pixels) * Channels : Channels - (Folds - 1) * Lanes;
    localparam int Periods = ByRow ? Rows : Rows * Columns;
    localparam int Pieces = (Group + PerWord - 1) / PerWord;
    localparam int RestPieces = (Rest + PerWord - 1) / PerWord;
    localparam int GroupTail = Group - (Pieces - 1) * PerWord;
    localparam int RestTail = Rest - (RestPieces - 1) * PerWord;
    localparam int Widest = Pieces > 1 ? PerWord : Group;
    localparam int Unit = gcd(PerWord, gcd(Period > 1 ? GroupTail : PerWord, Periods > 1 ? RestTail : PerWord));
    localparam int Steps = PerWord / Unit;
    localparam int AtBits = $clog2(Steps + 1);
    localparam int Digits = ($clog2(Steps) + 1) / 2;
    localparam int SelectBits = Digits > 0 ? 2 * Digits : 1;
    localparam int PartBits = Pieces > 1 ? $clog2(Pieces) : 1;

    // Beats to groups.
    logic                  group_valid;
    logic                  group_ready;
    logic [Group*Bits-1:0] group;
    generate
        if (!ByRow) begin : g_beat
            assign group_valid = in_valid;
            assign in_ready    = group_ready;
            assign group       = in_data;
        end else if (Folds == 1) begin : g_pixels
            logic unused_ok;
            assign unused_ok   = &{1'b0, in_data};
            assign group_valid = in_valid;
            assign in_ready    = group_ready;
            for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                for (genvar c = 0; c < Channels; c++) begin : g_channel
                    assign group[(p*Channels+c)*Bits+:Bits] = in_data[(p*Lanes+c)*Bits+:Bits];
                end
            end
        end else begin : g_folds
            localparam int FoldBits = $clog2(Folds);
            logic [FoldBits-1:0] fold;
            logic                last_fold;
            logic                unused_ok;
            assign unused_ok   = &{1'b0, in_data};
            assign last_fold   = fold == FoldBits'(Folds - 1);
            assign group_valid = in_valid && last_fold;
            assign in_ready    = !last_fold || group_ready;
            always_ff @(posedge clk) begin
                if (rst) fold <= '0;
                else if (in_valid && in_ready) fold <= last_fold ? '0 : fold + 1'b1;
            end
            for (genvar f = 0; f < Folds; f++) begin : g_fold
                logic [Pixels*Lanes*Bits-1:0] beat;
                logic                         unused_beat;
                assign unused_beat = &{1'b0, beat};
                if (f == Folds - 1) begin : g_passing
                    assign beat = in_data;
                end else begin : g_held
                    always_ff @(posedge clk) if (in_valid && fold == FoldBits'(f)) beat <= in_data;
                end
                for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                    for (genvar l = 0; l < Lanes; l++) begin : g_lane
                        if (f * Lanes + l < Channels) begin : g_channel
                            assign group[(p*Channels+f*Lanes+l)*Bits+:Bits] = beat[(p*Lanes+l)*Bits+:Bits];
                        end
                    end
                end
            end
        end
    endgenerate

    logic [PartBits-1:0] part;
    logic                tail;
    logic                rest;
    logic                first;
    logic                last;
    logic                moves;
    weft_frame_walk #(
        .Pieces    (Pieces),
        .RestPieces(RestPieces),
        .Period    (Period),
        .Periods   (Periods),
        .PartBits  (PartBits)
    ) walk (
        .clk  (clk),
        .rst  (rst),
        .step (moves),
        .part (part),
        .tail (tail),
        .rest (rest),
        .first(first),
        .last (last)
    );

    // The next run begins `at` units into the word that is being filled. `pending`: the frame before has left the begin of a word there,
    // which leaves beside the next step, or alone where that step completes a word itself or is not there yet.
    logic [AtBits-1:0] at;
    logic [AtBits-1:0] enough;
    logic [AtBits-1:0] most;
    logic [AtBits-1:0] moved;
    logic              fills;
    logic              emits;
    logic              straddles;
    logic              pending;
    logic              flushes;
    logic              room;
    assign moved       = !tail ? AtBits'(Steps) : rest ? AtBits'(RestTail / Unit) : AtBits'(GroupTail / Unit);
    assign enough      = !tail ? '0 : rest ? AtBits'((PerWord - RestTail + Unit - 1) / Unit) : AtBits'((PerWord - GroupTail) / Unit);
    assign most        = !tail ? '0 : rest ? AtBits'((PerWord - RestTail) / Unit) : AtBits'((PerWord - GroupTail) / Unit);
    assign fills       = Steps == 1 || at + 1'b1 > enough;
    assign straddles   = at > most;
    assign emits       = fills || last;
    assign moves       = group_valid && room && !(pending && emits);
    assign flushes     = pending && room && (!group_valid || emits);
    assign group_ready = room && tail && !(pending && emits);

    always_ff @(posedge clk) begin
        frame <= moves && last;
        if (rst) begin
            at      <= '0;
            pending <= 1'b0;
        end else if (moves) begin
            at      <= last ? '0 : fills ? at + moved - AtBits'(Steps) : at + moved;
            pending <= last && straddles;
        end else if (flushes) begin
            pending <= 1'b0;
        end
    end

    // The run, what is beyond it zero, and its place in the word and the one after.
    logic [Widest*Bits-1:0] piece;
    logic [Widest*Bits-1:0] run;
    logic [SelectBits-1:0]  run_at;
    generate
        if (Pieces == 1) begin : g_whole
            logic unused_part;
            assign unused_part = &{1'b0, part};
            assign piece       = group;
        end else begin : g_pieces
            logic [Pieces*PerWord*Bits-1:0] parts;
            assign parts = (Pieces * PerWord * Bits)'(group);
            assign piece = parts[part*(PerWord*Bits)+:PerWord*Bits];
        end
        for (genvar i = 0; i < Widest; i++) begin : g_mask
            logic kept;
            assign kept = (Pieces > 1 && !tail) || (rest ? i < RestTail : i < GroupTail);
            always_ff @(posedge clk) begin
                if (!kept) run[i*Bits+:Bits] <= '0;
                else run[i*Bits+:Bits] <= piece[i*Bits+:Bits];
            end
        end
    endgenerate
    always_ff @(posedge clk) run_at <= SelectBits'(at);

    localparam int PlacedBits = 2 * PerWord * Bits;
    logic [PlacedBits-1:0] placed;
    weft_place_run #(
        .InBits (Widest * Bits),
        .OutBits(PlacedBits),
        .Step   (Unit * Bits),
        .Digits (Digits)
    ) aligner (
        .clk     (clk),
        .in_data (run),
        .at      (run_at),
        .out_data(placed)
    );
    logic placed_moves;
    logic placed_flushes;
    logic placed_emits;
    logic placed_first;
    weft_shell_delay #(
        .Width (4),
        .Length(Digits + 1)
    ) flags (
        .clk      (clk),
        .rst      (rst),
        .in_flags ({moves, flushes || (moves && pending), moves && emits, first}),
        .out_flags({placed_moves, placed_flushes, placed_emits, placed_first})
    );

    // The word that is being filled. A frame's first run begins it anew.
    logic [PerWord*Bits-1:0] filling;
    logic [PerWord*Bits-1:0] filled;
    logic [PerWord*Bits-1:0] narrow;
    assign filled = (placed_first ? '0 : filling) | placed[PerWord*Bits-1:0];
    always_ff @(posedge clk) if (placed_moves) filling <= placed_emits ? placed[PerWord*Bits+:PerWord*Bits] : filled;

    logic fifo_ready;
    logic unused_ok;
    assign unused_ok = fifo_ready;
    weft_credit #(
        .Depth (Depth),
        .Amount(1)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (flushes || (moves && (pending || emits))),
        .leaves   (out_valid && out_ready),
        .available(room)
    );
    weft_fifo #(
        .Width(PerWord * Bits),
        .Depth(Depth)
    ) words (
        .clk      (clk),
        .rst      (rst),
        .in_valid (placed_flushes || placed_emits),
        .in_ready (fifo_ready),
        .in_data  (placed_flushes ? filling : filled),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (narrow)
    );
    generate
        for (genvar i = 0; i < PerWord; i++) begin : g_extend
            if (Signed != 0) begin : g_signed
                assign out_data[i*Carrier+:Carrier] = Carrier'($signed(narrow[i*Bits+:Bits]));
            end else begin : g_unsigned
                assign out_data[i*Carrier+:Carrier] = Carrier'(narrow[i*Bits+:Bits]);
            end
        end
    endgenerate
endmodule
