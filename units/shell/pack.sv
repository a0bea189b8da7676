// pack.sv
// Packs the beats of a stream into words of memory, frame by frame.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The layout of a frame is that of weft_unpack: positions one after the other, without gaps, a frame begins at a word. Elements are
// extended by their sign if Signed; the spare bytes of a frame's last word are zero. What a beat holds beyond the frame's columns and
// channels is left out. Words of 4 elements, a frame of 6 elements in beats of 3:
//
//   beats   a b c      d e f      g h i         group: the elements that lie together: a beat, or all channel folds of a beat's pixels
//   words  |a b c d|         |e f . .|  |g h i  run: a group, or what of it fits a word; the pieces of a longer one are runs of their own
//           ^at=0 ^at=3                 ^at=0   at: where in the word that is being filled the next run begins
//
//   in -> beats to groups -> run, zero beyond its end -> place_run: up by `at` -> the word being filled, and the next -> FIFO -> out
//          a cycle              a cycle                   a cycle a digit of `at`
//
// Takes a beat or gives a word in every cycle, or both, also across frames, with two exceptions. A frame's last beat may end one word and
// begin another, which leaves alone in a cycle of its own if the next frame's first beat ends a word at once. And groups of several folds
// that are longer than a word cost a cycle for each word behind the first. in_ready depends on nothing that in_valid or out_ready may
// change in the same cycle, out_valid comes from a register. `frame` is high for a cycle in each frame.

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
    function automatic int divisor_of(input int a, input int b);
        divisor_of = 1;
        for (int i = 2; i <= a; i++) if (a % i == 0 && b % i == 0) divisor_of = i;
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
    localparam int Unit = divisor_of(PerWord, divisor_of(Period > 1 ? GroupTail : PerWord, Periods > 1 ? RestTail : PerWord));
    localparam int Steps = PerWord / Unit;
    localparam int AtBits = Steps > 1 ? $clog2(Steps) : 1;
    // A frame within a word begins its runs no further than it goes.
    localparam bit Short = Rows <= PerWord && Columns <= PerWord && Channels <= PerWord && Rows * Columns * Channels <= PerWord;
    localparam int Places = Short && Rows * Columns * Channels < Steps * Unit ? (Rows * Columns * Channels + Unit - 1) / Unit : Steps;
    localparam int Digits = ($clog2(Places) + 1) / 2;
    // Elements up to which runs are placed, in the word that is being filled and the one behind it.
    localparam int Furthest = (Places - 1) * Unit + Widest;
    localparam int Reach = Short && Rows * Columns * Channels < Furthest ? Rows * Columns * Channels : Furthest;
    localparam int Used = Reach < PerWord ? Reach : PerWord;
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
            // All folds but the last stand in registers that beats pass through.
            localparam int BeatBits = Pixels * Lanes * Bits;
            (* max_fanout = 256 *) logic stores_fold;
            logic                      last_fold;
            logic                      next_last_fold;
            logic                      enters;
            logic                      unused_ok;
            logic [Folds*BeatBits-1:0] beats;
            assign unused_ok   = &{1'b0, beats, next_last_fold};
            assign group_valid = in_valid && last_fold;
            assign in_ready    = !last_fold || group_ready;
            assign enters      = in_valid && in_ready;
            assign stores_fold = in_valid && !last_fold;
            weft_frame_counter #(
                .Count(Folds)
            ) folds (
                .clk      (clk),
                .rst      (rst),
                .step     (enters),
                .last     (last_fold),
                .next_last(next_last_fold)
            );
            logic [(Folds-1)*BeatBits-1:0] kept;
            assign beats = {in_data, kept};
            always_ff @(posedge clk) if (stores_fold) kept <= beats[BeatBits+:(Folds-1)*BeatBits];
            for (genvar f = 0; f < Folds; f++) begin : g_fold
                for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                    for (genvar l = 0; l < Lanes; l++) begin : g_lane
                        if (f * Lanes + l < Channels) begin : g_channel
                            assign group[(p*Channels+f*Lanes+l)*Bits+:Bits] = beats[((f*Pixels+p)*Lanes+l)*Bits+:Bits];
                        end
                    end
                end
            end
        end
    endgenerate

    logic [PartBits-1:0] part;
    logic                head;
    logic                tail;
    logic                rest;
    logic                last;
    logic [PartBits-1:0] next_part;
    logic                next_tail;
    logic                next_rest;
    logic                moves;
    weft_frame_walk #(
        .Pieces    (Pieces),
        .RestPieces(RestPieces),
        .Period    (Period),
        .Periods   (Periods),
        .PartBits  (PartBits)
    ) walk (
        .clk      (clk),
        .rst      (rst),
        .step     (moves),
        .part     (part),
        .head     (head),
        .tail     (tail),
        .rest     (rest),
        .last     (last),
        .next_part(next_part),
        .next_tail(next_tail),
        .next_rest(next_rest)
    );

    // The next run begins `at` units into the word that is being filled. `pending`: the frame before has left the begin of a word there,
    // which leaves beside the next step, or alone where that step completes a word itself or is not there yet.
    logic [AtBits-1:0] at;
    logic [AtBits-1:0] next_at;
    logic              group_fills;
    logic              rest_fills;
    logic              straddles;
    logic              emits;
    logic              pending;
    logic              flushes;
    logic              completes;
    logic              room;
    weft_frame_place #(
        .PerWord  (PerWord),
        .Unit     (Unit),
        .GroupTail(GroupTail),
        .RestTail (RestTail)
    ) place (
        .clk          (clk),
        .rst          (rst),
        .step         (moves),
        .tail         (tail),
        .rest         (rest),
        .last         (last),
        .at           (at),
        .next_at      (next_at),
        .group_reaches(group_fills),
        .rest_reaches (rest_fills),
        .rest_over    (straddles)
    );
    assign emits       = !tail || last || (rest ? rest_fills : group_fills);
    assign moves       = group_valid && room && !(pending && emits);
    assign flushes     = pending && room;
    assign completes   = group_valid && room && !pending && emits;
    assign group_ready = room && tail && !(pending && emits);

    always_ff @(posedge clk) begin
        frame <= moves && last;
        if (rst) pending <= 1'b0;
        else pending <= (pending && !room) || (moves && last && straddles);
    end

    // The run, what is beyond it zero: elements beyond the shorter tail where it is that one, those beyond the longer one at any tail.
    localparam int Shorter = GroupTail < RestTail ? GroupTail : RestTail;
    localparam int Longer = GroupTail < RestTail ? RestTail : GroupTail;
    localparam bit StartsAtTail = Pieces == 1 || (Period == 1 && RestPieces == 1);
    localparam bit StartsShorter = StartsAtTail && (RestTail < GroupTail) == (Period == 1);
    (* max_fanout = 256 *) logic [PartBits-1:0] run_part;
    (* max_fanout = 256 *) logic drops_shorter;
    (* max_fanout = 256 *) logic drops_longer;
    logic [Pieces*Widest*Bits-1:0] parts;
    logic [       Widest*Bits-1:0] chosen;
    logic [       Widest*Bits-1:0] run;
    assign parts = (Pieces * Widest * Bits)'(group);
    weft_select #(
        .Choices(Pieces),
        .Width  (Widest * Bits)
    ) choice (
        .select (run_part),
        .choices(parts),
        .chosen (chosen)
    );
    always_ff @(posedge clk) begin
        if (rst) begin
            run_part      <= '0;
            drops_shorter <= StartsShorter;
            drops_longer  <= StartsAtTail;
        end else if (moves) begin
            run_part      <= next_part;
            drops_shorter <= next_tail && next_rest == (RestTail < GroupTail);
            drops_longer  <= next_tail;
        end
    end
    generate
        for (genvar i = 0; i < Widest; i++) begin : g_run
            logic drops;
            assign drops = i >= Longer ? drops_longer : i >= Shorter && drops_shorter;
            always_ff @(posedge clk) run[i*Bits+:Bits] <= drops ? '0 : chosen[i*Bits+:Bits];
        end
    endgenerate

    // Its place in the word that is being filled and the one behind it.
    logic [       Reach*Bits-1:0] reached;
    logic [2*PerWord*Bits-1:0] placed;
    assign placed = (2 * PerWord * Bits)'(reached);
    weft_place_run #(
        .InBits (Widest * Bits),
        .OutBits(Reach * Bits),
        .Step   (Unit * Bits),
        .Digits (Digits)
    ) aligner (
        .clk     (clk),
        .next_at (SelectBits'(at)),
        .in_data (run),
        .out_data(reached)
    );
    logic placed_moves;
    logic placed_flushes;
    logic placed_emits;
    weft_flags #(
        .Width (3),
        .Latency(Digits)
    ) flags (
        .clk      (clk),
        .rst      (rst),
        .in_flags ({moves, flushes, completes}),
        .out_flags({placed_moves, placed_flushes, placed_emits})
    );

    // The word that is being filled begins as zero; the high half of a run is the beginning of the word behind it. Of what stands at the
    // aligner: a run (fill_moves) that completes the word (fill_emits), or goes behind it, which leaves as it is (fill_flushes).
    logic stores;
    (* max_fanout = 256 *) logic fill_moves;
    (* max_fanout = 256 *) logic fill_emits;
    (* max_fanout = 256 *) logic fill_flushes;
    (* max_fanout = 256 *) logic fill_clears;
    logic [   Used*Bits-1:0] low;
    logic [   Used*Bits-1:0] high;
    logic [   Used*Bits-1:0] filling;
    logic [   Used*Bits-1:0] word;
    logic [PerWord*Bits-1:0] narrow;
    assign low  = placed[Used*Bits-1:0];
    assign high = placed[PerWord*Bits+:Used*Bits];
    assign word = filling | (low & ~{Used * Bits{fill_flushes}});
    always_ff @(posedge clk) begin
        stores       <= !rst && (placed_flushes || placed_emits);
        fill_moves   <= placed_moves;
        fill_emits   <= placed_emits;
        fill_flushes <= placed_flushes;
        fill_clears  <= rst || (placed_flushes && !placed_moves);
        if (fill_clears) filling <= '0;
        else if (fill_moves) filling <= fill_emits ? high : low | (filling & ~{Used * Bits{fill_flushes}});
    end

    logic fifo_ready;
    logic unused_ok;
    assign unused_ok = &{1'b0, fifo_ready, part, head, at, next_at, placed};
    weft_credit #(
        .Depth (Depth),
        .Amount(1)
    ) credit (
        .clk      (clk),
        .rst      (rst),
        .takes    (flushes || completes),
        .leaves   (out_valid && out_ready),
        .available(room)
    );
    weft_fifo #(
        .Width(Used * Bits),
        .Depth(Depth)
    ) words (
        .clk      (clk),
        .rst      (rst),
        .in_valid (stores),
        .in_ready (fifo_ready),
        .in_data  (word),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (narrow[Used*Bits-1:0])
    );
    generate
        if (Used < PerWord) begin : g_unused
            assign narrow[PerWord*Bits-1:Used*Bits] = '0;
        end
        for (genvar i = 0; i < PerWord; i++) begin : g_extend
            if (Signed != 0) begin : g_signed
                assign out_data[i*Carrier+:Carrier] = Carrier'($signed(narrow[i*Bits+:Bits]));
            end else begin : g_unsigned
                assign out_data[i*Carrier+:Carrier] = Carrier'(narrow[i*Bits+:Bits]);
            end
        end
    endgenerate
endmodule
