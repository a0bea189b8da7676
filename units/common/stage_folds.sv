// stage_folds.sv
// Counts the channel folds of a stage's beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `fold` is that of this cycle's beat, `following` that of the beat behind it.

module weft_stage_folds #(
    parameter int Folds = 1
) (
    input  logic                                     clk,
    input  logic                                     rst,
    input  logic                                     in_valid,
    output logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] fold,
    output logic [(Folds > 1 ? $clog2(Folds) : 1)-1:0] following
);
    localparam int Bits = Folds > 1 ? $clog2(Folds) : 1;
    generate
        if (Folds == 1) begin : g_one
            assign fold      = '0;
            assign following = '0;
            logic unused;
            assign unused = &{1'b0, clk, rst, in_valid};
        end else begin : g_count
            always_ff @(posedge clk) begin
                if (rst) begin
                    fold      <= '0;
                    following <= Bits'(1);
                end else if (in_valid) begin
                    fold      <= following;
                    following <= following == Bits'(Folds - 1) ? '0 : following + 1'b1;
                end
            end
        end
    endgenerate
endmodule
