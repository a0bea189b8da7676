// matvec.sv
// Matrix times vector: convolution behind a window, or a dense layer, and its requantise stage.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A vector is the Taps x Channels elements of a position, or with Flatten of a whole frame, in SynapseFolds beats; Pixels neighbouring
// positions a beat share the weights. Each beat is a step in each of NeuronFolds passes over the vector: PE outputs, TapsPerBeat x Lanes
// products each. A frame takes ceil(Columns / Pixels) x Rows x SynapseFolds x NeuronFolds cycles, without a gap between frames.
// Results leave OutputLanes a beat; lanes beyond Outputs are arbitrary, beats wholly beyond are not sent.
// in_ready comes from registers; out ends in a FIFO of OutputDepth beats (at least those of a neuron fold).
//
// Cycles, 0 being that of a step (matvec_issue.sv):
//   XLatency                              the beat, and its weights, at slot 0 of the cascades (matvec_pair.sv)
//   TreeAt = XLatency + ChainLength + 3 + log2(cascades)     the sums of the beat
//   SumAt = TreeAt + 1 if SynapseFolds > 1                   the sums of the vector, after its last step
//   SumAt + 1 if several beats leave                         the first of them (matvec_serial.sv), before the stage (stage.sv)
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
    parameter int OutBits           = 8,
    parameter int OutputDepth       = 2,
    parameter int ChainBits         = 16,
    parameter int RomDeep           = 0,
    parameter int StageForm         = 0,
    parameter int StageAccBits      = 8,
    parameter int StageSaturate     = 0,
    parameter int StageAccDigits    = 1,
    parameter int StageMulDigits    = 1,
    parameter int StageMulBits      = 8,
    parameter int StageSumBits      = 16,
    parameter int StageShift        = 1,
    parameter int StageOutSigned    = 0,
    parameter int StageBounds       = 0,
    parameter int StageShared       = 1,
    parameter int StageLevels       = 1,
    parameter int StageValuesShared = 1,
    parameter     Name              = ""
) (
    input  logic                                        clk,
    input  logic                                        rst,
    input  logic                                        in_valid,
    output logic                                        in_ready,
    input  logic [Pixels*TapsPerBeat*Lanes*InBits-1:0]  in_data,
    output logic                                        out_valid,
    input  logic                                        out_ready,
    output logic [Pixels*OutputLanes*OutBits-1:0]       out_data
);
    localparam int Simd = TapsPerBeat * Lanes;
    localparam int SynapseFolds = ((Taps + TapsPerBeat - 1) / TapsPerBeat) * ((Channels + Lanes - 1) / Lanes);
    localparam int NeuronFolds = (Outputs + PE - 1) / PE;
    localparam int Steps = SynapseFolds * NeuronFolds;
    localparam int StepBits = Steps > 1 ? $clog2(Steps) : 1;
    localparam int FoldBeats = (PE + OutputLanes - 1) / OutputLanes;
    localparam int LastBeats = (Outputs - (NeuronFolds - 1) * PE + OutputLanes - 1) / OutputLanes;
    localparam int Chains = (Simd + ChainLength - 1) / ChainLength;
    localparam int LastLength = Simd - (Chains - 1) * ChainLength;
    localparam int Depth = $clog2(Chains);

    localparam int XLatency = RomDeep != 0 || (NeuronFolds > 1 && SynapseFolds > 32) ? 2 : 1;
    localparam int TreeAt = XLatency + ChainLength + 3 + Depth;
    localparam int SumAt = TreeAt + (SynapseFolds > 1 ? 1 : 0);

    // Steps.
    logic                          leaves;
    logic                          step_valid;
    logic                          step_first;
    logic                          step_last;
    logic                          step_last_neuron;
    logic [StepBits-1:0]           step;
    logic [Pixels*Simd*InBits-1:0] x;
    assign leaves = out_valid && out_ready;
    weft_matvec_issue #(
        .Width       (Pixels * Simd * InBits),
        .SynapseFolds(SynapseFolds),
        .NeuronFolds (NeuronFolds),
        .FoldBeats   (FoldBeats),
        .LastBeats   (LastBeats),
        .OutputDepth (OutputDepth),
        .XLatency    (XLatency),
        .StepBits    (StepBits)
    ) issue (
        .clk             (clk),
        .rst             (rst),
        .in_valid        (in_valid),
        .in_ready        (in_ready),
        .in_data         (in_data),
        .leaves          (leaves),
        .step_valid      (step_valid),
        .step_first      (step_first),
        .step_last       (step_last),
        .step_last_neuron(step_last_neuron),
        .step            (step),
        .x               (x)
    );

    // What the arrays must know of a step when its sums come.
    logic [SumAt-2:0] valids;  // element k: step_valid k + 1 cycles ago
    always_ff @(posedge clk) begin
        if (rst) valids <= '0;
        else valids <= {valids[SumAt-3:0], step_valid};
    end
    logic first_before;
    logic first_at_tree;
    logic enable_at_tree;
    logic last_at_sum;
    logic last_neuron_at_sum;
    weft_delay #(
        .Cycles(TreeAt - 1)
    ) first_delay (
        .clk     (clk),
        .in_data (step_first),
        .out_data(first_before)
    );
    weft_copy #(
        .Width(2)
    ) tree_copy (
        .clk     (clk),
        .in_data ({valids[TreeAt-2], first_before}),
        .out_data({enable_at_tree, first_at_tree})
    );
    weft_delay #(
        .Width (2),
        .Cycles(SumAt - 1)
    ) last_delay (
        .clk     (clk),
        .in_data ({step_last_neuron, step_last}),
        .out_data({last_neuron_at_sum, last_at_sum})
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
                weft_matvec_rom #(
                    .Width      (PE * Present * WeightBits),
                    .Depth      (Steps),
                    .AddressBits(StepBits),
                    .Deep       (RomDeep),
                    .Slot       (s),
                    .Name       (Name)
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
    logic                                          leaving;
    logic [Pixels*OutputLanes*AccumulatorBits-1:0] leaving_sums;
    weft_matvec_serial #(
        .Pixels   (Pixels),
        .PE       (PE),
        .Lanes    (OutputLanes),
        .Width    (AccumulatorBits),
        .LastBeats(LastBeats)
    ) serial (
        .clk        (clk),
        .rst        (rst),
        .coming     (valids[SumAt-2] && last_at_sum),
        .coming_last(last_neuron_at_sum),
        .sums       (sums),
        .out_valid  (leaving),
        .out_data   (leaving_sums)
    );
    weft_stage_output #(
        .Pixels           (Pixels),
        .Lanes            (OutputLanes),
        .Folds            ((Outputs + OutputLanes - 1) / OutputLanes),
        .AccBits          (AccumulatorBits),
        .OutBits          (OutBits),
        .OutputDepth      (OutputDepth),
        .StageForm        (StageForm),
        .StageAccBits     (StageAccBits),
        .StageSaturate    (StageSaturate),
        .StageAccDigits   (StageAccDigits),
        .StageMulDigits   (StageMulDigits),
        .StageMulBits     (StageMulBits),
        .StageSumBits     (StageSumBits),
        .StageShift       (StageShift),
        .StageOutSigned   (StageOutSigned),
        .StageBounds      (StageBounds),
        .StageShared      (StageShared),
        .StageLevels      (StageLevels),
        .StageValuesShared(StageValuesShared),
        .Name             (Name)
    ) results (
        .clk      (clk),
        .rst      (rst),
        .in_valid (leaving),
        .in_acc   (leaving_sums),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
    logic unused;
    assign unused = &{1'b0, first_at_tree, Rows == 0, Columns == 0, Flatten == 0};
endmodule
