// select_four.sv
// Picks one of three or four words: `chosen` = word `select` of `choices`, word 0 lowest.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock. `select` < Choices.

module weft_select_four #(
    parameter int Choices = 4,
    parameter int Width   = 8
) (
    input  logic [              1:0] select,
    input  logic [Choices*Width-1:0] choices,
    output logic [        Width-1:0] chosen
);
    logic [Width-1:0] low;
    assign low = select[0] ? choices[Width+:Width] : choices[0+:Width];
    generate
        if (Choices == 3) begin : g_three
            assign chosen = select[1] ? choices[2*Width+:Width] : low;
        end else begin : g_four
            logic [Width-1:0] high;
            assign high   = select[0] ? choices[3*Width+:Width] : choices[2*Width+:Width];
            assign chosen = select[1] ? high : low;
        end
    endgenerate
endmodule
