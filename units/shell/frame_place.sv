// frame_place.sv
// Tells where the runs of a frame lie in words of memory.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A word is PerWord elements. A step moves a run of PerWord elements, a group's last (`tail`) GroupTail, the last of a period's last group
// (`rest`) RestTail; a frame's last step is `last`, the next frame begins a word. `at` is the place in its word, in units of Unit elements,
// at which the next run begins, with Lead the one before, modulo a word. group_reaches, rest_reaches: a run of GroupTail, RestTail elements
// from there fills its word, with Lead: needs the word behind that of `at`; rest_over: one of RestTail goes beyond its word. All come from
// registers and describe the next step, which `step` takes; next_at is `at` behind it.

module weft_frame_place #(
    parameter int PerWord   = 64,
    parameter int Unit      = 1,
    parameter int GroupTail = 1,
    parameter int RestTail  = 1,
    parameter int Lead      = 0,
    localparam int Steps    = PerWord / Unit,
    localparam int AtBits   = Steps > 1 ? $clog2(Steps) : 1
) (
    input  logic              clk,
    input  logic              rst,
    input  logic              step,
    input  logic              tail,
    input  logic              rest,
    input  logic              last,
    output logic [AtBits-1:0] at,
    output logic [AtBits-1:0] next_at,
    output logic              group_reaches,
    output logic              rest_reaches,
    output logic              rest_over
);
    // Of each place: whether a run of so many elements, `moved` units behind it, reaches so far.
    function automatic logic [Steps-1:0] reached(input int moved, input int elements, input int least);
        logic [Steps-1:0] places;
        for (int p = 0; p < Steps; p++) places[p] = ((p + moved) % Steps + Lead) * Unit + elements >= least;
        reached = places;
    endfunction

    localparam int Start = Lead != 0 ? Steps - 1 : 0;
    localparam int Fills = PerWord + Lead;
    localparam int Beyond = PerWord + 1;
    localparam int GroupMoves = GroupTail / Unit;
    localparam int RestMoves = RestTail / Unit;
    generate
        if (Steps == 1) begin : g_one
            assign at            = '0;
            assign next_at       = '0;
            assign group_reaches = 1'b1;
            assign rest_reaches  = 1'b1;
            assign rest_over     = 1'b0;
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, rst, step, tail, rest, last};
        end else begin : g_many
            localparam logic [Steps-1:0] GroupAfterGroup = reached(GroupMoves, GroupTail, Fills);
            localparam logic [Steps-1:0] GroupAfterRest = reached(RestMoves, GroupTail, Fills);
            localparam logic [Steps-1:0] RestAfterGroup = reached(GroupMoves, RestTail, Fills);
            localparam logic [Steps-1:0] RestAfterRest = reached(RestMoves, RestTail, Fills);
            localparam logic [Steps-1:0] OverAfterGroup = reached(GroupMoves, RestTail, Beyond);
            localparam logic [Steps-1:0] OverAfterRest = reached(RestMoves, RestTail, Beyond);
            localparam logic [Steps-1:0] GroupAtAll = reached(0, GroupTail, Fills);
            localparam logic [Steps-1:0] RestAtAll = reached(0, RestTail, Fills);
            localparam logic [Steps-1:0] OverAtAll = reached(0, RestTail, Beyond);
            assign next_at = last ? AtBits'(Start) : at + (!tail ? '0 : rest ? AtBits'(RestMoves) : AtBits'(GroupMoves));
            always_ff @(posedge clk) begin
                if (rst || (step && last)) begin
                    at            <= AtBits'(Start);
                    group_reaches <= GroupAtAll[Start];
                    rest_reaches  <= RestAtAll[Start];
                    rest_over     <= OverAtAll[Start];
                end else if (step && tail) begin
                    at            <= next_at;
                    group_reaches <= rest ? GroupAfterRest[at] : GroupAfterGroup[at];
                    rest_reaches  <= rest ? RestAfterRest[at] : RestAfterGroup[at];
                    rest_over     <= rest ? OverAfterRest[at] : OverAfterGroup[at];
                end
            end
        end
    endgenerate
endmodule
