// frame_walk.sv
// Counts the steps in which a frame passes between words of memory and beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A frame is Periods periods of Period groups of elements; a group moves in Pieces steps, the last group of a period in RestPieces. `part`
// numbers the steps of a group from 0; `tail`: the step is its group's last; `rest`: the group is its period's last; `first`, `last`: the
// step is the frame's first, last. All describe the next step; `step` takes it.

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
    output logic                tail,
    output logic                rest,
    output logic                first,
    output logic                last
);
    localparam int GroupBits = Period > 2 ? $clog2(Period) : 1;
    localparam int PeriodBits = Periods > 2 ? $clog2(Periods) : 1;

    // The flags of a counter are found one count ahead, so that no comparison stands between registers and whoever reads them.
    logic [GroupBits-1:0]  group;
    logic [PeriodBits-1:0] period;
    logic                  final_period;
    assign tail = rest ? part == PartBits'(RestPieces - 1) : part == PartBits'(Pieces - 1);
    assign last = tail && rest && final_period;

    always_ff @(posedge clk) begin
        if (rst) begin
            part         <= '0;
            group        <= '0;
            period       <= '0;
            rest         <= Period == 1;
            final_period <= Periods == 1;
            first        <= 1'b1;
        end else if (step) begin
            first <= last;
            part  <= tail ? '0 : part + 1'b1;
            if (tail) begin
                group <= rest ? '0 : group + 1'b1;
                rest  <= Period == 1 || (!rest && group == GroupBits'(Period - 2));
            end
            if (tail && rest) begin
                period       <= final_period ? '0 : period + 1'b1;
                final_period <= Periods == 1 || (!final_period && period == PeriodBits'(Periods - 2));
            end
        end
    end
endmodule
