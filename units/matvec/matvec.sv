// matvec.sv
// Matrix times vector: convolution behind a window, or a dense layer.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A vector is the Taps x Channels elements of a position, or with Flatten of a whole frame, in SynapseFolds beats; Pixels neighbouring
// positions a beat share the weights. Each beat is a step in each of NeuronFolds passes over the vector: PE outputs, TapsPerBeat x Lanes
// products each. A frame takes ceil(Columns / Pixels) x Rows x SynapseFolds x NeuronFolds cycles, without a gap between frames.
// Results leave OutputLanes a beat; lanes beyond Outputs are arbitrary, beats wholly beyond are not sent.
// in_ready comes from registers. A neuron fold takes the places of its beats, FoldBeats or fewer, at its last step, while there is `room` for
// FoldBeats.
//
// Cycles, 0 being that of a step (matvec_issue.sv):
//   XLatency                              the beat, and its weights, at slot 0 of the cascades (matvec_pair.sv)
//   TreeAt = XLatency + ChainLength + 3 + log2(cascades)     the sums of the beat
//   SumAt = TreeAt + 1 if SynapseFolds > 1                   the sums of the vector, after its last step
//   SumAt + 1 if several beats leave                         the first of them (matvec_serial.sv), at acc
// Memories weights<slot>: a word a step; for each of PE outputs, output-major, the weight of the element in that slot of each cascade that has
// one there. Deep ones (RomDeep = 1) are block RAMs.
// ChainBits: bits of any cascade's sum. The low sums of a pair of outputs fit LaneShift bits.

module weft_matvec #(
    parameter int Rows              = 1,
    parameter int Columns           = 1,
    parameter int Taps              = 1,
    parameter int Channels          = 1,
    parameter int Outputs           = 1,
    parameter int Flatten           = 0,
    parameter int WeightBits        = 8,
    parameter int AccumulatorBits   = 16,
    parameter int LaneShift         = 0,
    parameter int ChainLength       = 1,
    parameter int PE                = 1,
    parameter int Pixels            = 1,
    parameter int Lanes             = 1,
    parameter int TapsPerBeat       = 1,
    parameter int OutputLanes       = 1,
    parameter int InBits            = 8,
    parameter int InSigned          = 1,
    parameter int ChainBits         = 16,
    parameter int RomDeep           = 0,
    parameter     Name              = "",
    localparam int FoldBeats        = (PE + OutputLanes - 1) / OutputLanes
) (
    input  logic                                        clk,
    input  logic                                        rst,
    input  logic                                        in_valid,
    output logic                                        in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0]  in_data,
    input  logic                                        room,
    output logic [$clog2(FoldBeats+1)-1:0]              takes,
    output logic                                        acc_valid,
    output logic [Pixels*OutputLanes*AccumulatorBits-1:0] acc
);
`ifndef __ICARUS__
    if (OutputLanes > PE || ChainLength > TapsPerBeat * Lanes || LaneShift > 26)
        $error("OutputLanes, ChainLength, LaneShift: no such array of DSPs");
`endif
    localparam int Simd = TapsPerBeat * Lanes;
    localparam int SynapseFolds = ((Taps + TapsPerBeat - 1) / TapsPerBeat) * ((Channels + Lanes - 1) / Lanes);
    localparam int NeuronFolds = (Outputs + PE - 1) / PE;
    localparam int Steps = SynapseFolds * NeuronFolds;
    localparam int StepBits = Steps > 1 ? $clog2(Steps) : 1;
    localparam int LastBeats = (Outputs - (NeuronFolds - 1) * PE + OutputLanes - 1) / OutputLanes;
    localparam int Chains = (Simd + ChainLength - 1) / ChainLength;
    localparam int LastLength = Simd - (Chains - 1) * ChainLength;
    localparam int Depth = $clog2(Chains);

    localparam int XLatency = RomDeep != 0 || (NeuronFolds > 1 && SynapseFolds > 32) ? 2 : 1;
    localparam int TreeAt = XLatency + ChainLength + 3 + Depth;
    localparam int SumAt = TreeAt + (SynapseFolds > 1 ? 1 : 0);

    // Steps.
    logic                          step_valid;
    logic                          step_first;
    logic                          step_last;
    logic                          step_last_neuron;
    logic [StepBits-1:0]           step;
    logic [Pixels*Simd*InBits-1:0] x;
    weft_matvec_issue #(
        .Width       (Pixels * Simd * InBits),
        .SynapseFolds(SynapseFolds),
        .NeuronFolds (NeuronFolds),
        .FoldBeats   (FoldBeats),
        .LastBeats   (LastBeats),
        .XLatency    (XLatency),
        .StepBits    (StepBits)
    ) issue (
        .clk             (clk),
        .rst             (rst),
        .in_valid        (in_valid),
        .in_ready        (in_ready),
        .in_data         (in_data),
        .room            (room),
        .takes           (takes),
        .step_valid      (step_valid),
        .step_first      (step_first),
        .step_last       (step_last),
        .step_last_neuron(step_last_neuron),
        .step            (step),
        .x               (x)
    );

    // What the arrays must know of a step when its sums come.
    logic first_at_tree;
    logic enable_at_tree;
    logic finishes;  // the sums of a neuron fold stand in the next cycle
    logic finishes_vector;
    generate
        if (SynapseFolds > 1) begin : g_accumulates
            weft_copy #(
                .Width (2),
                .Cycles(TreeAt)
            ) tree_flags (
                .clk     (clk),
                .in_data ({step_valid, step_first}),
                .out_data({enable_at_tree, first_at_tree})
            );
        end else begin : g_at_once
            assign {enable_at_tree, first_at_tree} = 2'b00;
            logic unused;
            assign unused = step_first;
        end
    endgenerate
    weft_flags #(
        .Latency(SumAt - 1)
    ) finish_flags (
        .clk      (clk),
        .rst      (rst),
        .in_flags (step_valid && step_last),
        .out_flags(finishes)
    );
    weft_delay #(
        .Cycles(SumAt - 1)
    ) vector_delay (
        .clk     (clk),
        .in_data (step_last_neuron),
        .out_data(finishes_vector)
    );

    // Weights, output-major. The address of a step goes from slot to slot with its elements.
    logic [PE*Simd*WeightBits-1:0] w;
    generate
        for (genvar s = 0; s < ChainLength; s++) begin : g_slot
            // The last cascade has no elements before this slot.
            localparam int Present = s < ChainLength - LastLength ? Chains - 1 : Chains;
            logic [StepBits-1:0] address_before;
            logic [StepBits-1:0] address;
            if (s == 0) begin : g_head
                assign address_before = step;
            end else begin : g_link
                assign address_before = g_slot[s-1].address;
            end
            weft_copy #(
                .Width(StepBits)
            ) address_copy (
                .clk     (clk),
                .in_data (address_before),
                .out_data(address)
            );
            if (Present > 0) begin : g_weights
                logic [PE*Present*WeightBits-1:0] weights;
                weft_rom #(
                    .Width  (PE * Present * WeightBits),
                    .Depth  (Steps),
                    .Latency(2 * RomDeep),
                    .Number (s),
                    .Memory (Name != "" ? {Name, "_weights"} : "")
                ) rom (
                    .clk    (clk),
                    .address(RomDeep != 0 ? address_before : address),
                    .data   (weights)
                );
                for (genvar m = 0; m < PE; m++) begin : g_output
                    for (genvar c = 0; c < Present; c++) begin : g_chain
                        localparam int Element = c * ChainLength + s - (c == Chains - 1 ? ChainLength - LastLength : 0);
                        assign w[(m*Simd+Element)*WeightBits+:WeightBits] = weights[(m*Present+c)*WeightBits+:WeightBits];
                    end
                end
            end
        end
    endgenerate

    // The arrays. sums: pixel-major, then output.
    logic [Pixels*PE*AccumulatorBits-1:0] sums;
    localparam int Sharing = LaneShift > 0 ? 2 : 1;
    generate
        for (genvar p = 0; p < Pixels; p++) begin : g_pixel
            logic [Simd*InBits-1:0] x_slots;
            for (genvar i = 0; i < Simd; i++) begin : g_element
                weft_delay #(
                    .Width (InBits),
                    .Cycles(i % ChainLength + (i / ChainLength == Chains - 1 ? ChainLength - LastLength : 0))
                ) delay (
                    .clk     (clk),
                    .in_data (x[(p*Simd+i)*InBits+:InBits]),
                    .out_data(x_slots[i*InBits+:InBits])
                );
            end
            for (genvar j = 0; j * Sharing < PE; j++) begin : g_pair
                localparam int First = j * Sharing;
                localparam int Products = PE - First < Sharing ? 1 : Sharing;
                weft_matvec_pair #(
                    .Simd        (Simd),
                    .ChainLength (ChainLength),
                    .InBits      (InBits),
                    .InSigned    (InSigned),
                    .WeightBits  (WeightBits),
                    .LaneShift   (LaneShift),
                    .ChainBits   (ChainBits),
                    .SumBits     (AccumulatorBits),
                    .SynapseFolds(SynapseFolds),
                    .Products    (Products)
                ) pair (
                    .clk   (clk),
                    .first (first_at_tree),
                    .enable(enable_at_tree),
                    .x     (x_slots),
                    .w     (w[First*Simd*WeightBits+:Products*Simd*WeightBits]),
                    .sums  (sums[(p*PE+First)*AccumulatorBits+:Products*AccumulatorBits])
                );
            end
        end
    endgenerate

    // Results.
    weft_matvec_serial #(
        .Pixels   (Pixels),
        .PE       (PE),
        .Lanes    (OutputLanes),
        .Width    (AccumulatorBits),
        .LastBeats(LastBeats)
    ) serial (
        .clk        (clk),
        .rst        (rst),
        .coming     (finishes),
        .coming_last(finishes_vector),
        .sums       (sums),
        .out_valid  (acc_valid),
        .out_data   (acc)
    );
    logic unused;
    assign unused = &{1'b0, first_at_tree, Rows == 0, Columns == 0, Flatten == 0};
endmodule
