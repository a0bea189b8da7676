// depthwise_weights.sv
// The weights of all lanes: for each place in a chain a memory of its own, read one cycle later than the place before.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Weights of place i for the step that stood at step_next in cycle t stand in cycle t + 1 + Latency + i, where Latency is 0 for a single
// step (constants), 1 for memories in LUTs, 2 for block RAMs. Places and the order of a lane's weights are those of
// weft_depthwise_lane; lanes follow one another.
// Memory <Name>_weights<place>.mem: a word a step; field (lane * chains + chain) * Multiplier + filter.

module weft_depthwise_weights #(
    parameter int Lanes       = 1,
    parameter int Multiplier  = 1,
    parameter int WeightBits  = 8,
    parameter int ChainLength = 1,
    parameter int TapsPerBeat = 1,
    parameter int Steps       = 1,
    parameter int StepBits    = 1,
    parameter int Latency     = 0,
    parameter     Name        = ""
) (
    input  logic                                               clk,
    input  logic [                               StepBits-1:0] step_next,
    output logic [Lanes*Multiplier*TapsPerBeat*WeightBits-1:0] weights
);
    localparam int Chains = (TapsPerBeat + ChainLength - 1) / ChainLength;
    localparam int LastLength = TapsPerBeat - (Chains - 1) * ChainLength;
    localparam int Width = Lanes * Chains * Multiplier * WeightBits;

    (* max_fanout = 256 *) logic [ChainLength*StepBits-1:0] step;
    genvar place, lane, tap, filter;
    generate
        if (Latency != 0) begin : g_steps
            always_ff @(posedge clk) step <= (ChainLength * StepBits)'({step, step_next});
        end else begin : g_one_step
            logic unused;
            assign step   = '0;
            assign unused = &{1'b0, step_next, step};
        end
        for (place = 0; place < ChainLength; place = place + 1) begin : g_place
            logic [Width-1:0] word;
            logic unused_fields;  // of a last chain that has no such place
            assign unused_fields = &{1'b0, word};
            weft_rom #(
                .Width  (Width),
                .Depth  (Steps),
                .Latency(Latency),
                .Number (place),
                .Memory (Name != "" ? {Name, "_weights"} : "")
            ) rom (
                .clk    (clk),
                .address(step[place*StepBits+:StepBits]),
                .data   (word)
            );
        end
        for (lane = 0; lane < Lanes; lane = lane + 1) begin : g_lane
            for (tap = 0; tap < TapsPerBeat; tap = tap + 1) begin : g_tap
                localparam int Chain = tap / ChainLength;
                localparam int Place = tap % ChainLength + (Chain == Chains - 1 ? ChainLength - LastLength : 0);
                for (filter = 0; filter < Multiplier; filter = filter + 1) begin : g_filter
                    assign weights[((lane*Multiplier+filter)*TapsPerBeat+tap)*WeightBits+:WeightBits] =
                        g_place[Place].word[((lane*Chains+Chain)*Multiplier+filter)*WeightBits+:WeightBits];
                end
            end
        end
    endgenerate
endmodule
