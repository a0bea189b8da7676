// frame_walk.sv
// Counts the steps in which a frame passes between words of memory and beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A frame is Periods periods of Period groups of elements; a group moves in Pieces steps, the last group of a period in RestPieces. `part`
// numbers the steps of a group from 0; `head`, `tail`: the step is its group's first, last; `rest`: the group is its period's last; `last`:
// the step is the frame's last. All describe the next step, from registers; `step` takes it. next_... is what they are behind it: for
// whoever keeps copies.

module weft_frame_walk #(
    parameter int Pieces     = 1,
    parameter int RestPieces = 1,
    parameter int Period     = 1,
    parameter int Periods    = 1,
    parameter int PartBits   = 1
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                step,
    output logic [PartBits-1:0] part,
    output logic                head,
    output logic                tail,
    output logic                rest,
    output logic                last,
    output logic [PartBits-1:0] next_part,
    output logic                next_tail,
    output logic                next_rest
);
    logic steps_group;
    logic steps_period;
    logic final_period;
    logic period_rest;
    logic next_period_rest;
    logic next_final_period;
    assign steps_group  = step && tail;
    assign steps_period = step && tail && rest;
    assign rest         = period_rest;
    assign next_rest    = tail ? next_period_rest : period_rest;
    weft_frame_counter #(
        .Count(Period)
    ) groups (
        .clk      (clk),
        .rst      (rst),
        .step     (steps_group),
        .last     (period_rest),
        .next_last(next_period_rest)
    );
    weft_frame_counter #(
        .Count(Periods)
    ) periods (
        .clk      (clk),
        .rst      (rst),
        .step     (steps_period),
        .last     (final_period),
        .next_last(next_final_period)
    );

    generate
        if (Pieces == 1) begin : g_whole
            assign part      = '0;
            assign head      = 1'b1;
            assign tail      = 1'b1;
            assign next_part = '0;
            assign next_tail = 1'b1;
        end else begin : g_pieces
            logic group_near;  // one step more is the group's last, if it is of Pieces, of RestPieces
            logic rest_near;
            assign next_part  = tail ? '0 : part + 1'b1;
            assign group_near = part == PartBits'(Pieces - 2);
            assign rest_near  = RestPieces > 1 && part == PartBits'(RestPieces - 2);
            assign next_tail  = tail ? next_period_rest && RestPieces == 1 : period_rest ? rest_near : group_near;
            always_ff @(posedge clk) begin
                if (rst) begin
                    part <= '0;
                    head <= 1'b1;
                    tail <= Period == 1 && RestPieces == 1;
                end else if (step) begin
                    part <= next_part;
                    head <= tail;
                    tail <= next_tail;
                end
            end
        end
    endgenerate
    always_ff @(posedge clk) begin
        if (rst) last <= Period == 1 && Periods == 1 && (Pieces == 1 || RestPieces == 1);
        else if (step) last <= next_tail && next_rest && (tail && rest ? next_final_period : final_period);
    end
endmodule
