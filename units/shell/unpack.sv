// unpack.sv
// Words of memory to beats of a stream.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A frame in memory: Rows x Columns positions of Channels elements, in the order position, channel, without gaps, each in the fewest of 1, 2
// or 4 bytes that hold Bits bits, little-endian. It begins at a word; what is left of its last word is skipped. A beat carries Pixels
// neighbouring columns of Lanes channels, pixel-major; a row's last beat may hold fewer columns, a position's last beat fewer channels:
// what is spare is arbitrary.
//
// Takes a word or gives a beat in every cycle, or both: no bubble between beats, words or frames. in_ready depends on nothing that
// in_valid or out_ready may change in the same cycle; out_valid comes from a register.

module weft_unpack #(
    parameter int WordBits = 512,
    parameter int Bits     = 8,
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
    input  logic [WordBits-1:0]          in_data,
    output logic                         out_valid,
    input  logic                         out_ready,
    output logic [Pixels*Lanes*Bits-1:0] out_data
);
    function automatic int divisor_of(input int a, input int b);
        divisor_of = 1;
        for (int i = 2; i <= a; i++) if (a % i == 0 && b % i == 0) divisor_of = i;
    endfunction

    localparam int Carrier = Bits <= 8 ? 8 : Bits <= 16 ? 16 : 32;
    localparam int PerWord = WordBits / Carrier;
    localparam int Folds = (Channels + Lanes - 1) / Lanes;

    // A group is what lies together in memory and is read together: a beat, or, where several pixels come in several channel folds, all
    // folds of their pixels. Groups repeat with a period: the folds of a position, or the groups of a row.
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

    // Every step but a frame's last moves a multiple of Unit elements, so a run begins at one of Steps places in a word.
    localparam int Unit = divisor_of(PerWord, divisor_of(Period > 1 ? GroupTail : PerWord, Periods > 1 ? RestTail : PerWord));
    localparam int Steps = PerWord / Unit;
    localparam int AtBits = Steps > 1 ? $clog2(Steps) : 1;
    localparam int Digits = ($clog2(Steps) + 1) / 2;
    localparam int SelectBits = Digits > 0 ? 2 * Digits : 1;
    localparam int PartBits = Pieces > 1 ? $clog2(Pieces) : 1;

    logic [PartBits-1:0] part;
    logic                head;
    logic                tail;
    logic                rest;
    logic                last;
    logic [PartBits-1:0] next_part;
    logic                next_tail;
    logic                next_rest;
    logic                issue;
    weft_frame_walk #(
        .Pieces    (Pieces),
        .RestPieces(RestPieces),
        .Period    (Period),
        .Periods   (Periods),
        .PartBits  (PartBits)
    ) walk (
        .clk      (clk),
        .rst      (rst),
        .step     (issue),
        .part     (part),
        .head     (head),
        .tail     (tail),
        .rest     (rest),
        .last     (last),
        .next_part(next_part),
        .next_tail(next_tail),
        .next_rest(next_rest)
    );

    // The run of the next step begins behind unit `at` of the word before the one at the input: behind its last, at the input's beginning.
    logic [AtBits-1:0] at;
    logic [AtBits-1:0] next_at;
    logic              group_needs;
    logic              rest_needs;
    logic              rest_over;
    logic              needs;
    logic              room;
    logic              available;
    weft_frame_place #(
        .PerWord  (PerWord),
        .Unit     (Unit),
        .GroupTail(GroupTail),
        .RestTail (RestTail),
        .Lead     (1)
    ) place (
        .clk          (clk),
        .rst          (rst),
        .step         (issue),
        .tail         (tail),
        .rest         (rest),
        .last         (last),
        .at           (at),
        .next_at      (next_at),
        .group_reaches(group_needs),
        .rest_reaches (rest_needs),
        .rest_over    (rest_over)
    );
    assign needs     = !tail || (rest ? rest_needs : group_needs);
    assign available = room || !head;  // room for a group is taken with its first piece
    assign issue     = available && (!needs || in_valid);
    assign in_ready  = available && needs;

    logic [PerWord*Bits-1:0] word;
    generate
        for (genvar i = 0; i < PerWord; i++) begin : g_strip
            assign word[i*Bits+:Bits] = in_data[i*Carrier+:Bits];
            if (Carrier > Bits) begin : g_spare
                logic unused_ok;
                assign unused_ok = &{1'b0, in_data[i*Carrier+Bits+:Carrier-Bits]};
            end
        end
    endgenerate

    // The word before the one at the input, less its first unit, and that one.
    localparam int WindowBits = (2 * PerWord - Unit) * Bits;
    logic [   WindowBits-1:0] window;
    logic [Widest*Bits-1:0] piece;
    generate
        if (Steps == 1) begin : g_fresh
            assign window = word;
        end else begin : g_window
            localparam int PreviousBits = (PerWord - Unit) * Bits;
            logic [PreviousBits-1:0] previous;
            (* max_fanout = 256 *) logic takes;
            assign takes = in_valid && in_ready;
            always_ff @(posedge clk) if (takes) previous <= word[Unit*Bits+:PreviousBits];
            assign window = {word, previous};
        end
    endgenerate
    weft_select_run #(
        .InBits (WindowBits),
        .OutBits(Widest * Bits),
        .Step   (Unit * Bits),
        .Digits (Digits),
        .Start  (SelectBits'(Steps - 1))
    ) aligner (
        .clk     (clk),
        .rst     (rst),
        .step    (issue),
        .next_at (SelectBits'(next_at)),
        .in_data (window),
        .out_data(piece)
    );

    // Flags of the piece that leaves the aligner; a group of several pieces is put together behind it.
    logic [PartBits-1:0] piece_part;
    logic                piece_tail;
    logic                piece_valid;
    weft_flags #(
        .Width (PartBits + 2),
        .Latency(Digits)
    ) flags (
        .clk      (clk),
        .rst      (rst),
        .in_flags ({part, tail, issue}),
        .out_flags({piece_part, piece_tail, piece_valid})
    );

    logic                  group_valid;
    logic [Group*Bits-1:0] group;
    generate
        if (Pieces == 1) begin : g_whole
            logic unused_ok;
            assign unused_ok   = &{1'b0, piece_part, piece_tail};
            assign group_valid = piece_valid;
            assign group       = piece;
        end else begin : g_pieces
            for (genvar k = 0; k < Pieces; k++) begin : g_part
                localparam int Own = (k < Pieces - 1 ? PerWord : GroupTail) * Bits;
                (* max_fanout = 256 *) logic mine;
                assign mine = piece_valid && piece_part == PartBits'(k);
                always_ff @(posedge clk) if (mine) group[k*PerWord*Bits+:Own] <= piece[Own-1:0];
            end
            always_ff @(posedge clk) begin
                if (rst) group_valid <= 1'b0;
                else group_valid <= piece_valid && piece_tail;
            end
        end
    endgenerate

    logic                  stored_valid;
    logic                  stored_ready;
    logic [Group*Bits-1:0] stored;
    logic                  fifo_ready;
    logic                  unused_ok;
    assign unused_ok = &{1'b0, fifo_ready, at, next_part, next_tail, next_rest, rest_over};
    weft_credit #(
        .Depth (Depth),
        .Amount(1)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (issue && head),
        .leaves   (stored_valid && stored_ready),
        .available(room)
    );
    weft_fifo #(
        .Width(Group * Bits),
        .Depth(Depth)
    ) groups (
        .clk      (clk),
        .rst      (rst),
        .in_valid (group_valid),
        .in_ready (fifo_ready),
        .in_data  (group),
        .out_valid(stored_valid),
        .out_ready(stored_ready),
        .out_data (stored)
    );

    generate
        if (!ByRow) begin : g_beat
            assign out_valid    = stored_valid;
            assign stored_ready = out_ready;
            assign out_data     = stored;
        end else if (Folds == 1) begin : g_pixels
            assign out_valid    = stored_valid;
            assign stored_ready = out_ready;
            for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                for (genvar l = 0; l < Lanes; l++) begin : g_lane
                    if (l < Channels) begin : g_channel
                        assign out_data[(p*Lanes+l)*Bits+:Bits] = stored[(p*Channels+l)*Bits+:Bits];
                    end else begin : g_spare
                        assign out_data[(p*Lanes+l)*Bits+:Bits] = '0;
                    end
                end
            end
        end else begin : g_folds
            // The group leaves fold by fold.
            localparam int BeatBits = Pixels * Lanes * Bits;
            localparam int FoldBits = $clog2(Folds);
            (* max_fanout = 256 *) logic [FoldBits-1:0] fold;
            logic                      last_fold;
            logic                      unused_first;
            logic [Folds*BeatBits-1:0] beats;
            assign out_valid    = stored_valid;
            assign stored_ready = out_ready && last_fold;
            weft_counter #(
                .Count(Folds)
            ) folds (
                .clk  (clk),
                .rst  (rst),
                .step (stored_valid && out_ready),
                .value(fold),
                .first(unused_first),
                .last (last_fold)
            );
            weft_select #(
                .Choices(Folds),
                .Width  (BeatBits)
            ) choice (
                .select (fold),
                .choices(beats),
                .chosen (out_data)
            );
            for (genvar f = 0; f < Folds; f++) begin : g_fold
                for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                    for (genvar l = 0; l < Lanes; l++) begin : g_lane
                        if (f * Lanes + l < Channels) begin : g_channel
                            assign beats[((f*Pixels+p)*Lanes+l)*Bits+:Bits] = stored[(p*Channels+f*Lanes+l)*Bits+:Bits];
                        end else begin : g_spare
                            assign beats[((f*Pixels+p)*Lanes+l)*Bits+:Bits] = '0;
                        end
                    end
                end
            end
        end
    endgenerate
endmodule
