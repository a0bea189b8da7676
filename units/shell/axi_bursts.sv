// axi_bursts.sv
// Cuts a job, so many words from an address on, into bursts of an AXI4 master.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A job is `job_frames` frames (a signed number; none if not positive) of FrameWords words of WordBits bits, one after the other from
// `job_address` on, whose bits below a word are ignored; together fewer than 2^32 words. Each burst is of at most MaxBurst words, a power
// of two of at most 256 words and 4 KiB, and crosses no multiple of its size, hence none of 4 KiB. `burst` offers one: burst_length words
// less one at burst_address; `burst_last` is the job's last; it is taken with burst_taken. A job of no words is told by `empty` for a cycle.

module weft_axi_bursts #(
    parameter int WordBits   = 512,
    parameter int FrameWords = 1,
    parameter int MaxBurst   = 64
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        job_valid,
    output logic        job_ready,
    input  logic [63:0] job_address,
    input  logic [31:0] job_frames,
    output logic        burst,
    output logic [63:0] burst_address,
    output logic [ 7:0] burst_length,
    output logic        burst_last,
    input  logic        burst_taken,
    output logic        empty
);
    localparam int ByteBits = $clog2(WordBits / 8);
    localparam int AddressBits = 64 - ByteBits;
    localparam int BurstBits = $clog2(MaxBurst);

    // Idle; the words are counted by doubling, a bit of `frames` a cycle; the count settles; the next burst is measured; it is offered.
    localparam logic [2:0] Idle = 3'd0;
    localparam logic [2:0] Count = 3'd1;
    localparam logic [2:0] Settle = 3'd2;
    localparam logic [2:0] Measure = 3'd3;
    localparam logic [2:0] Offer = 3'd4;
    logic [ 2:0] state;
    logic [31:0] frames;
    logic [31:0] frame_words;

    // Words left: the upper half is a cycle behind, what it will gain or lose stands in registers.
    logic [15:0] words_low;
    logic [15:0] words_high;
    logic [15:0] high_gain;
    logic        carry;
    logic        borrow;

    // The next burst's first word: its place among MaxBurst, and which MaxBurst, counted in segments without a long carry. Every burst but
    // the last ends with them.
    localparam int BlockBits = AddressBits - BurstBits;
    localparam int Segment = 24;
    localparam int Segments = (BlockBits + Segment - 1) / Segment;
    logic [BurstBits-1:0] place;
    logic [BlockBits-1:0] block;
    logic [ Segments-1:0] ones;  // a segment of `block` is all ones
    logic [  BurstBits:0] room;  // words up to the next multiple of MaxBurst
    logic                 ends;  // they are all that is left
    logic                 none;
    assign ends = words_high == '0 && words_low <= 16'(room);
    assign none = words_high == '0 && words_low == '0;

    logic [BurstBits-1:0] less;  // words of the burst, less one
    logic                 unused_ok;
    assign unused_ok     = &{1'b0, job_address[ByteBits-1:0], ones};
    assign job_ready     = state == Idle;
    assign burst         = state == Offer;
    assign burst_address = {block, place, {ByteBits{1'b0}}};
    assign burst_length  = 8'(less);

    logic [15:0] adds;
    logic [16:0] added;
    assign adds  = state == Offer ? ~(16'(less)) : frames[0] ? frame_words[15:0] : '0;
    assign added = {1'b0, words_low} + {1'b0, adds};
    always_ff @(posedge clk) begin
        empty      <= 1'b0;
        room       <= (BurstBits + 1)'(MaxBurst) - {1'b0, place};
        high_gain  <= '0;
        carry      <= 1'b0;
        borrow     <= 1'b0;
        words_high <= words_high + (borrow ? '1 : high_gain) + 16'(carry);
        case (state)
            Idle: begin
                place       <= job_address[ByteBits+:BurstBits];
                frames      <= job_frames[31] ? '0 : job_frames;
                frame_words <= 32'(FrameWords);
                words_low   <= '0;
                words_high  <= '0;
                if (job_valid) state <= Count;
            end
            Count: begin
                words_low   <= added[15:0];
                carry       <= added[16];
                high_gain   <= frames[0] ? frame_words[31:16] : '0;
                frame_words <= frame_words << 1;
                frames      <= frames >> 1;
                if (frames[31:1] == '0) state <= Settle;
            end
            Settle: state <= Measure;
            Measure: begin
                less       <= ends ? BurstBits'(words_low - 1'b1) : ~place;
                burst_last <= ends;
                empty      <= none;
                state      <= none ? Idle : Offer;
            end
            default: begin
                if (burst_taken) begin
                    place     <= '0;
                    words_low <= added[15:0];
                    borrow    <= !added[16];
                    state     <= burst_last ? Idle : Settle;
                end
            end
        endcase
        if (rst) begin
            state <= Idle;
            empty <= 1'b0;
        end
    end
    generate
        for (genvar s = 0; s < Segments; s++) begin : g_segment
            localparam int Own = BlockBits - s * Segment < Segment ? BlockBits - s * Segment : Segment;
            logic           turns;
            logic [Own-1:0] digits;
            assign block[s*Segment+:Own] = digits;
            if (s == 0) begin : g_lowest
                assign turns = 1'b1;
            end else begin : g_higher
                assign turns = &ones[s-1:0];
            end
            always_ff @(posedge clk) begin
                ones[s] <= &digits;
                if (state == Idle) digits <= job_address[ByteBits+BurstBits+s*Segment+:Own];
                else if (burst_taken && turns) digits <= digits + 1'b1;
            end
        end
    endgenerate
endmodule
