// select.sv
// Picks one of several words: `chosen` = word `select` of `choices`, word 0 lowest.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock. A tree of two-input multiplexers, the lowest bit of `select` first; `select` < Choices.

module weft_select #(
    parameter int Choices = 2,
    parameter int Width = 8,
    localparam int SelectBits = Choices > 1 ? $clog2(Choices) : 1
) (
    input  logic [   SelectBits-1:0] select,
    input  logic [Choices*Width-1:0] choices,
    output logic [        Width-1:0] chosen
);
    genvar t, i;
    generate
        for (t = 0; t <= SelectBits; t = t + 1) begin : g_level
            // Words left after t bits of `select`.
            localparam int Words = (Choices + 2 ** t - 1) / 2 ** t;
            logic [Words*Width-1:0] words;
            if (t == 0) begin : g_first
                assign words = choices;
            end else begin : g_halved
                localparam int Before = (Choices + 2 ** (t - 1) - 1) / 2 ** (t - 1);
                for (i = 0; i < Words; i = i + 1) begin : g_word
                    if (2 * i + 1 < Before) begin : g_pair
                        assign words[i*Width+:Width] =
                            select[t-1] ? g_level[t-1].words[(2*i+1)*Width+:Width] : g_level[t-1].words[2*i*Width+:Width];
                    end else begin : g_left
                        assign words[i*Width+:Width] = g_level[t-1].words[2*i*Width+:Width];
                    end
                end
            end
        end
    endgenerate
    assign chosen = g_level[SelectBits].words;

    logic unused;
    assign unused = &{1'b0, select};
endmodule
