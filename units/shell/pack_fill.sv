// pack_fill.sv
// Some bits of the word that weft_pack fills, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The flags are of the next cycle. moves: a run is there, `low` in the word that is being filled, `high` in the one behind it; emits: it
// completes that word; flushes: what is there leaves as a word of its own, before the run. `word` leaves with emits or flushes. A word
// begins as zero. The hierarchy is kept, so that the copies of the flags are not made one again.

(* keep_hierarchy = "yes" *)
module weft_pack_fill #(
    parameter int Width = 8
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             next_moves,
    input  logic             next_emits,
    input  logic             next_flushes,
    input  logic [Width-1:0] low,
    input  logic [Width-1:0] high,
    output logic [Width-1:0] word
);
    logic             loads;
    logic             clears;
    logic             emits;
    logic             flushes;
    logic [Width-1:0] filling;
    assign word = filling | (low & ~{Width{flushes}});
    always_ff @(posedge clk) begin
        loads   <= next_moves;
        emits   <= next_emits;
        flushes <= next_flushes;
        clears  <= rst || (next_flushes && !next_moves);
        if (clears) filling <= '0;
        else if (loads) filling <= emits ? high : low | (filling & ~{Width{flushes}});
    end
endmodule
