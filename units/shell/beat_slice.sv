// beat_slice.sv
// Some bits of the beats that a group of weft_unpack leaves in, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is beat 0 of `beats`, lowest, then the next with each cycle of both `valid` and `ready`, round and round. The hierarchy is kept,
// so that the copies of the count are not made one again.

(* keep_hierarchy = "yes" *)
module weft_beat_slice #(
    parameter int Width = 8,
    parameter int Folds = 2
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic                   valid,
    input  logic                   ready,
    input  logic [Folds*Width-1:0] beats,
    output logic [      Width-1:0] out_data
);
    localparam int FoldBits = $clog2(Folds);
    logic [FoldBits-1:0] fold;
    always_ff @(posedge clk) begin
        if (rst) fold <= '0;
        else if (valid && ready) fold <= fold == FoldBits'(Folds - 1) ? '0 : fold + 1'b1;
    end
    weft_select #(
        .Choices(Folds),
        .Width  (Width)
    ) choice (
        .select (fold),
        .choices(beats),
        .chosen (out_data)
    );
endmodule
