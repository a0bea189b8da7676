// stage_trail.sv
// The channel folds of a stage's beats, before and behind their cycle: addresses of some lanes' constants.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Slice 0 of `trail` is the fold of the beat that may come in the next cycle, so that a memory read at it has that beat's word in the
// beat's cycle; slice j is slice 0 of j cycles ago: slice 1 is the fold of this cycle's beat. `fold` and `following` are of stage_folds.sv,
// of this cycle. The hierarchy is kept, so that trails that stand side by side, each with loads of its own, are not made one again.

(* keep_hierarchy = "yes" *)
module weft_stage_trail #(
    parameter int Bits  = 1,
    parameter int Trail = 2
) (
    input  logic                  clk,
    input  logic                  in_valid,
    input  logic [      Bits-1:0] fold,
    input  logic [      Bits-1:0] following,
    output logic [Trail*Bits-1:0] trail
);
    // Registers of its own, and not `fold`, which every slice would load.
    logic [(Trail-1)*Bits-1:0] line;
    assign trail = {line, in_valid ? following : fold};
    generate
        if (Trail == 2) begin : g_present
            always_ff @(posedge clk) line <= trail[Bits-1:0];
        end else begin : g_late
            always_ff @(posedge clk) line <= {line[(Trail-2)*Bits-1:0], trail[Bits-1:0]};
        end
    endgenerate
endmodule
