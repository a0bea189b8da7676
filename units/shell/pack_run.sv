// pack_run.sv
// Some bits of the run that a step of weft_pack moves, with a control of their own.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// They are those of part next_part of a step before, part 0 lowest, or zero if next_drops said so; StartDrops: at first. The hierarchy is
// kept, so that the copies of the control are not made one again.

(* keep_hierarchy = "yes" *)
module weft_pack_run #(
    parameter int Width      = 8,
    parameter int Pieces     = 1,
    parameter int PartBits   = 1,
    parameter bit StartDrops = 1'b0
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    step,
    input  logic [    PartBits-1:0] next_part,
    input  logic                    next_drops,
    input  logic [Pieces*Width-1:0] choices,
    output logic [       Width-1:0] run
);
    logic             drops;
    logic [Width-1:0] piece;
    generate
        if (Pieces == 1) begin : g_whole
            logic unused_ok;
            assign unused_ok = &{1'b0, next_part};
            assign piece     = choices;
        end else begin : g_pieces
            logic [PartBits-1:0] part;
            always_ff @(posedge clk) begin
                if (rst) part <= '0;
                else if (step) part <= next_part;
            end
            weft_select #(
                .Choices(Pieces),
                .Width  (Width)
            ) choice (
                .select (part),
                .choices(choices),
                .chosen (piece)
            );
        end
    endgenerate
    always_ff @(posedge clk) begin
        if (rst) drops <= StartDrops;
        else if (step) drops <= next_drops;
        if (drops) run <= '0;
        else run <= piece;
    end
endmodule
