// select.sv
// Picks one of several words: `chosen` = word `select` of `choices`, word 0 lowest.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock. A tree of two-input multiplexers, halved at a power of two; `select` < Choices.

module weft_select #(
    parameter int Choices = 2,
    parameter int Width = 8,
    localparam int SelectBits = Choices > 1 ? $clog2(Choices) : 1
) (
    input  logic [   SelectBits-1:0] select,
    input  logic [Choices*Width-1:0] choices,
    output logic [        Width-1:0] chosen
);
    generate
        if (Choices == 1) begin : g_one
            logic unused;
            assign unused = &{1'b0, select};
            assign chosen = choices;
        end else if (Choices == 2) begin : g_two
            assign chosen = select[0] ? choices[Width+:Width] : choices[0+:Width];
        end else begin : g_tree
            localparam int Low = 2 ** (SelectBits - 1);
            localparam int High = Choices - Low;
            localparam int HighBits = High > 1 ? $clog2(High) : 1;
            logic [Width-1:0] low;
            logic [Width-1:0] high;
            weft_select #(
                .Choices(Low),
                .Width  (Width)
            ) u_low (
                .select (select[SelectBits-2:0]),
                .choices(choices[Low*Width-1:0]),
                .chosen (low)
            );
            weft_select #(
                .Choices(High),
                .Width  (Width)
            ) u_high (
                .select (select[HighBits-1:0]),
                .choices(choices[Choices*Width-1:Low*Width]),
                .chosen (high)
            );
            assign chosen = select[SelectBits-1] ? high : low;
        end
    endgenerate
endmodule
