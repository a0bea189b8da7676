// stage_trail.sv
// The channel folds of a stage's beats, before and behind their cycle: addresses of constants.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Part 0 of `trail` is `coming`, the fold of the beat that may come in the next cycle, so that a memory read at it has that beat's word in
// the beat's cycle; part j is part 0 of j cycles ago: part 1 is the fold of this cycle's beat.

module weft_stage_trail #(
    parameter int Bits  = 1,
    parameter int Trail = 2
) (
    input  logic                  clk,
    input  logic [      Bits-1:0] coming,
    output logic [Trail*Bits-1:0] trail
);
    assign trail[Bits-1:0] = coming;
    generate
        for (genvar j = 1; j < Trail; j++) begin : g_late
            weft_copy #(
                .Width(Bits)
            ) late (
                .clk     (clk),
                .in_data (trail[(j-1)*Bits+:Bits]),
                .out_data(trail[j*Bits+:Bits])
            );
        end
    endgenerate
endmodule
