// stage_folds.sv
// Counts the channel folds of a stage's beats, ahead of them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Slice 0 of `trail` is the fold of the beat that may come in the next cycle, so that a memory read at it has that beat's word in the
// beat's cycle; slice j is slice 0 of j cycles ago: slice 1 is the fold of this cycle's beat. The hierarchy is kept, so that counters that
// stand side by side, each with loads of its own, are not made one again.

(* keep_hierarchy = "yes" *)
module weft_stage_folds #(
    parameter int Folds = 1,
    parameter int Trail = 2
) (
    input  logic                                            clk,
    input  logic                                            rst,
    input  logic                                            in_valid,
    output logic [Trail*(Folds > 1 ? $clog2(Folds) : 1)-1:0] trail
);
    localparam int Bits = Folds > 1 ? $clog2(Folds) : 1;
    generate
        if (Folds == 1) begin : g_one
            assign trail = '0;
            logic unused;
            assign unused = &{1'b0, clk, rst, in_valid};
        end else begin : g_count
            logic [Bits-1:0] fold, following;
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold      <= '0;
                    following <= Bits'(1);
                end else if (in_valid) begin
                    fold      <= following;
                    following <= following == Bits'(Folds - 1) ? '0 : following + 1'b1;
                end
            end
            assign trail[0+:Bits]    = in_valid ? following : fold;
            assign trail[Bits+:Bits] = fold;
            if (Trail > 2) begin : g_late
                logic [(Trail-2)*Bits-1:0] line;
                if (Trail == 3) begin : g_one_late
                    always_ff @(posedge clk) line <= fold;
                end else begin : g_more
                    always_ff @(posedge clk) line <= {line[(Trail-3)*Bits-1:0], fold};
                end
                assign trail[2*Bits+:(Trail-2)*Bits] = line;
            end
        end
    endgenerate
endmodule
