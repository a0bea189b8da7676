// split_adder.sv
// A registered sum, or accumulation, whose carry crosses at most 24 bits a cycle.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Words wider than 24 bits are skewed in segments of 23 bits, and the carry out of them, but for the last one of 2 to 24 bits: segment k is k
// cycles late, at the inputs and at the output (weft_skew makes and undoes it; the last one is (Width - 2) / 23 cycles late). One cycle from
// operands to sum, mod 2^Width.
// Accumulate = 0: sum = a + b, or a - b with Subtract = 1. Else, where enable, sum = (first ? Start : sum) + a; first and enable come with
// segment 0 of a. Accumulate > 1: that many are added up from one first to the next, and only then the sum is right.

module weft_split_adder #(
    parameter int               Width      = 8,
    parameter int               Accumulate = 0,
    parameter int               Subtract   = 0,
    parameter logic [Width-1:0] Start      = '0
) (
    input  logic             clk,
    input  logic             first,
    input  logic             enable,
    input  logic [Width-1:0] a,
    input  logic [Width-1:0] b,
    output logic [Width-1:0] sum
);
    localparam int Segment = 23;
    localparam int Segments = (Width - 2) / Segment + 1;
    localparam bit Counted = Accumulate > 1 && Segments == 1;
    localparam logic [Width-1:0] CountedStart = Start - Width'(Accumulate);
    // Carry into segment k, first and enable in its time.
    logic [Segments-1:0] carries_out;
    logic [Segments:0]   carries;
    logic [Segments:0]   firsts;
    logic [Segments:0]   enables;
    logic [Segments-1:0] carries_later;
    logic [Segments-1:0] firsts_later;
    logic [Segments-1:0] enables_later;
    always_ff @(posedge clk) begin
        carries_later <= carries_out;
        firsts_later  <= firsts[Segments-1:0];
        enables_later <= enables[Segments-1:0];
    end
    assign carries = {carries_later, Subtract != 0};
    assign firsts  = {firsts_later, first};
    assign enables = {enables_later, enable};
    generate
        for (genvar k = 0; k < Segments; k++) begin : g_segment
            localparam int Low = k * Segment;
            localparam int Bits = k == Segments - 1 ? Width - Low : Segment;
            logic [Bits-1:0] other;
            logic [Bits-1:0] next;
            logic [Bits-1:0] part;
            assign sum[Low+:Bits] = part;
            if (Counted) begin : g_counted
                // Subtracts the complement, which adds one too much: Start makes up for it. Unlike a sum's, a difference's operands are not
                // exchanged by a mapper, which would cost a LUT a bit where the one that is chosen feeds the carry chain.
                assign other          = firsts[k] ? ~CountedStart : ~part;
                assign next           = a - other;
                assign carries_out[k] = 1'b0;
                always_ff @(posedge clk) if (enables[k]) part <= next;
            end else begin : g_carried
                assign {carries_out[k], next} = {1'b0, other} + {1'b0, a[Low+:Bits]} + (Bits + 1)'(carries[k]);
                if (Accumulate != 0) begin : g_accumulate
                    assign other = firsts[k] ? Start[Low+:Bits] : part;
                    always_ff @(posedge clk) if (enables[k]) part <= next;
                end else begin : g_add
                    assign other = Subtract != 0 ? ~b[Low+:Bits] : b[Low+:Bits];
                    always_ff @(posedge clk) part <= next;
                end
            end
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, carries, firsts, enables, b};
endmodule
