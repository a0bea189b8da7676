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

    // Idle; the words are counted by doubling, a bit of `frames` a cycle; the next burst is measured; it is offered.
    localparam logic [1:0] Idle = 2'd0;
    localparam logic [1:0] Count = 2'd1;
    localparam logic [1:0] Measure = 2'd2;
    localparam logic [1:0] Offer = 2'd3;
    logic [1:0]             state;
    logic [31:0]            frames;
    logic [31:0]            frame_words;
    logic [31:0]            words;
    logic [AddressBits-1:0] address;

    // Words up to the next multiple of MaxBurst, and whether they are all that is left.
    logic [BurstBits:0] room;
    logic               ends;
    assign room = (BurstBits + 1)'(MaxBurst) - {1'b0, address[BurstBits-1:0]};
    assign ends = words <= 32'(room);

    logic [BurstBits:0] length;
    logic               unused_ok;
    assign unused_ok     = &{1'b0, job_address[ByteBits-1:0]};
    assign job_ready     = state == Idle;
    assign burst         = state == Offer;
    assign burst_address = {address, {ByteBits{1'b0}}};
    assign burst_length  = 8'(length - 1'b1);

    always_ff @(posedge clk) begin
        empty <= 1'b0;
        case (state)
            Idle: begin
                address     <= job_address[63:ByteBits];
                frames      <= job_frames[31] ? '0 : job_frames;
                frame_words <= 32'(FrameWords);
                words       <= '0;
                if (job_valid) state <= Count;
            end
            Count: begin
                if (frames[0]) words <= words + frame_words;
                frame_words <= frame_words << 1;
                frames      <= frames >> 1;
                if (frames[31:1] == '0) begin
                    empty <= !frames[0] && words == '0;
                    state <= !frames[0] && words == '0 ? Idle : Measure;
                end
            end
            Measure: begin
                length     <= ends ? (BurstBits + 1)'(words) : room;
                burst_last <= ends;
                state      <= Offer;
            end
            default: begin
                if (burst_taken) begin
                    address <= address + AddressBits'(length);
                    words   <= words - 32'(length);
                    state   <= burst_last ? Idle : Measure;
                end
            end
        endcase
        if (rst) begin
            state <= Idle;
            empty <= 1'b0;
        end
    end
endmodule
