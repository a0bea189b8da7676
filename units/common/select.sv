// select.sv
// Picks one of several words: `chosen` = word `select` of `choices`, word 0 lowest.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock. A tree of multiplexers of four, the lowest bits of `select` first; `select` < Choices. They are modules of their own, a LUT a
// bit each, so that a mapper does not make one wide multiplexer of all, which costs more where the choices are no power of two.

module weft_select #(
    parameter int Choices = 2,
    parameter int Width = 8,
    localparam int SelectBits = Choices > 1 ? $clog2(Choices) : 1
) (
    input  logic [   SelectBits-1:0] select,
    input  logic [Choices*Width-1:0] choices,
    output logic [        Width-1:0] chosen
);
    localparam int Levels = (SelectBits + 1) / 2;
    logic [2*Levels-1:0] address;
    assign address = (2 * Levels)'(select);
    genvar t, i;
    generate
        for (t = 0; t <= Levels; t = t + 1) begin : g_level
            // Words left after 2 t bits of `select`.
            localparam int Words = (Choices + 4 ** t - 1) / 4 ** t;
            logic [Words*Width-1:0] words;
            if (t == 0) begin : g_first
                assign words = choices;
            end else begin : g_chosen
                localparam int Before = (Choices + 4 ** (t - 1) - 1) / 4 ** (t - 1);
                for (i = 0; i < Words; i = i + 1) begin : g_word
                    localparam int Present = Before - 4 * i < 4 ? Before - 4 * i : 4;
                    if (Present == 1) begin : g_one
                        assign words[i*Width+:Width] = g_level[t-1].words[4*i*Width+:Width];
                    end else if (Present == 2) begin : g_two
                        assign words[i*Width+:Width] =
                            address[2*(t-1)] ? g_level[t-1].words[(4*i+1)*Width+:Width] : g_level[t-1].words[4*i*Width+:Width];
                    end else begin : g_more
                        weft_select_four #(
                            .Choices(Present),
                            .Width  (Width)
                        ) four (
                            .select (address[2*(t-1)+:2]),
                            .choices(g_level[t-1].words[4*i*Width+:Present*Width]),
                            .chosen (words[i*Width+:Width])
                        );
                    end
                end
            end
        end
    endgenerate
    assign chosen = g_level[Levels].words;

    logic unused;
    assign unused = &{1'b0, address};
endmodule
