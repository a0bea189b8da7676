// regroup_steps.sv
// Counts the beats of a group: Steps of Folds beats each.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `advance` ends a beat. All outputs are registers that describe the present beat: its fold, whether that is a step's last one; the step
// modulo Phases, whether it is the group's last one; and a flag of the step, Flag[phase] or in the last step LastFlag.

module weft_regroup_steps #(
    parameter int Steps = 4,
    parameter int Phases = 4,
    parameter int Folds = 1,
    parameter logic [Phases-1:0] Flag = '0,
    parameter logic LastFlag = 1'b0,
    localparam int PhaseBits = Phases > 1 ? $clog2(Phases) : 1,
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1
) (
    input  logic                 clk,
    input  logic                 rst,
    input  logic                 advance,
    (* max_fanout = 256 *) output logic [FoldBits-1:0]  fold,
    output logic                 last_fold,
    (* max_fanout = 256 *) output logic [PhaseBits-1:0] phase,
    (* max_fanout = 256 *) output logic                 last,
    (* max_fanout = 256 *) output logic                 flag
);
    localparam int StepBits = Steps > 1 ? $clog2(Steps) : 1;

    generate
        if (Folds == 1) begin : g_one_fold
            assign fold      = '0;
            assign last_fold = 1'b1;
        end else begin : g_folds
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold      <= '0;
                    last_fold <= 1'b0;
                end else if (advance) begin
                    fold      <= last_fold ? '0 : fold + 1'b1;
                    last_fold <= fold == FoldBits'(Folds - 2);
                end
            end
        end

        if (Steps == 1) begin : g_one_step
            logic unused;
            assign unused = &{1'b0, clk, rst, advance};
            assign phase  = '0;
            assign last   = 1'b1;
            assign flag   = LastFlag;
        end else begin : g_steps
            logic                turn;  // a step ends
            logic [StepBits-1:0] step;
            logic                before_last;
            // The flag of the step that follows on each phase.
            localparam logic [Phases-1:0] FlagAfter = (Flag >> 1) | (Phases'(Flag[0]) << (Phases - 1));
            assign turn        = advance && last_fold;
            assign before_last = step == StepBits'(Steps - 2) && !last;
            always_ff @(posedge clk) begin
                if (rst) begin
                    last <= 1'b0;
                    flag <= Flag[0];
                end else if (turn) begin
                    last <= before_last;
                    flag <= before_last ? LastFlag : last ? Flag[0] : FlagAfter[phase];
                end
            end
            always_ff @(posedge clk) begin
                if (rst || (turn && last)) step <= '0;
                else if (turn) step <= step + 1'b1;
            end
            if (Phases == 1) begin : g_one_phase
                assign phase = '0;
            end else if (Steps == Phases) begin : g_few_steps
                assign phase = step;
            end else begin : g_phases
                always_ff @(posedge clk) begin
                    if (rst || (turn && (last || phase == PhaseBits'(Phases - 1)))) phase <= '0;
                    else if (turn) phase <= phase + 1'b1;
                end
            end
        end
    endgenerate
endmodule
