// depthwise_sum.sv
// Adds Count numbers in a tree with a register behind every level, then, with Accumulate, the totals of several beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The total of parts stands clog2(Count) cycles later. Accumulate: it is added to sum at the end of that cycle if adds_next was high in the
// cycle before, to zero if first_next was too. Numbers wrap at Bits bits.

module weft_depthwise_sum #(
    parameter int Count      = 1,
    parameter int Bits       = 20,
    parameter int Accumulate = 0
) (
    input  logic                  clk,
    input  logic                  adds_next,
    input  logic                  first_next,
    input  logic [Count*Bits-1:0] parts,
    output logic [      Bits-1:0] sum
);
    localparam int Levels = $clog2(Count);
    logic [Bits-1:0] total;
    genvar level, i;
    generate
        for (level = 0; level <= Levels; level = level + 1) begin : g_level
            localparam int Parts = (Count + (1 << level) - 1) >> level;
            logic [Parts*Bits-1:0] at;
            if (level == 0) begin : g_leaves
                assign at = parts;
            end else begin : g_adders
                localparam int Below = (Count + (1 << (level - 1)) - 1) >> (level - 1);
                for (i = 0; i < Parts; i = i + 1) begin : g_adder
                    if (2 * i + 1 < Below) begin : g_two
                        always_ff @(posedge clk)
                            at[i*Bits+:Bits] <= g_level[level-1].at[2*i*Bits+:Bits] + g_level[level-1].at[(2*i+1)*Bits+:Bits];
                    end else begin : g_one
                        always_ff @(posedge clk) at[i*Bits+:Bits] <= g_level[level-1].at[2*i*Bits+:Bits];
                    end
                end
            end
        end
        assign total = g_level[Levels].at;

        if (Accumulate != 0) begin : g_accumulate
            logic adds;
            logic first;
            always_ff @(posedge clk) begin
                adds  <= adds_next;
                first <= first_next;
                if (adds) sum <= (first ? '0 : sum) + total;
            end
        end else begin : g_through
            logic unused;
            assign unused = &{1'b0, clk, adds_next, first_next};
            assign sum = total;
        end
    endgenerate
endmodule
