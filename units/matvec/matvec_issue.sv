// matvec_issue.sv
// Decides in which cycles weft_matvec takes a step, and feeds it the beat of that step.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A vector is SynapseFolds beats and takes NeuronFolds x SynapseFolds steps: it is kept and given again for each neuron fold. With one
// neuron fold a beat is a step as it enters. With several, two vectors' room: the next one enters while this one is given, and the first
// neuron fold starts on beats as they come. A neuron fold's last step waits for `room` behind the unit for FoldBeats, and takes the places of
// all that the fold will give: FoldBeats, or LastBeats of the last fold. in_ready comes from registers.
// step_* tell of the step in this cycle, if step_valid; x is its beat, XLatency cycles later.

module weft_matvec_issue #(
    parameter int Width        = 8,
    parameter int SynapseFolds = 1,
    parameter int NeuronFolds  = 1,
    parameter int FoldBeats    = 1,
    parameter int LastBeats    = 1,
    parameter int XLatency     = 1,
    parameter int StepBits     = 1
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                in_valid,
    output logic                in_ready,
    input  logic [Width-1:0]    in_data,
    input  logic                room,
    output logic [$clog2(FoldBeats+1)-1:0] takes,
    output logic                step_valid,
    output logic                step_first,       // of its neuron fold
    output logic                step_last,        // of its neuron fold
    output logic                step_last_neuron, // in the last neuron fold
    output logic [StepBits-1:0] step,
    output logic [Width-1:0]    x
);
    // Places of the step to come. Flags are registers of their own, so that nothing is compared on the way to step_valid.
    logic first_neuron;
    generate
        if (SynapseFolds == 1) begin : g_one_synapse
            assign step_first = 1'b1;
            assign step_last  = 1'b1;
        end else begin : g_synapses
            localparam int Bits = $clog2(SynapseFolds);
            logic [Bits-1:0] synapse;
            always_ff @(posedge clk) begin
                if (rst) begin
                    synapse    <= '0;
                    step_first <= 1'b1;
                    step_last  <= 1'b0;
                end else if (step_valid) begin
                    synapse    <= step_last ? '0 : synapse + 1'b1;
                    step_first <= step_last;
                    step_last  <= synapse == Bits'(SynapseFolds - 2);
                end
            end
        end
        if (NeuronFolds == 1) begin : g_one_neuron
            assign first_neuron     = 1'b1;
            assign step_last_neuron = 1'b1;
        end else begin : g_neurons
            localparam int Bits = $clog2(NeuronFolds);
            logic [Bits-1:0] neuron;
            always_ff @(posedge clk) begin
                if (rst) begin
                    neuron           <= '0;
                    first_neuron     <= 1'b1;
                    step_last_neuron <= 1'b0;
                end else if (step_valid && step_last) begin
                    neuron           <= step_last_neuron ? '0 : neuron + 1'b1;
                    first_neuron     <= step_last_neuron;
                    step_last_neuron <= neuron == Bits'(NeuronFolds - 2);
                end
            end
        end
        if (NeuronFolds * SynapseFolds == 1) begin : g_one_step
            assign step = '0;
        end else begin : g_steps
            always_ff @(posedge clk) begin
                if (rst) step <= '0;
                else if (step_valid) step <= step_last && step_last_neuron ? '0 : step + 1'b1;
            end
        end
    endgenerate

    localparam int TakesBits = $clog2(FoldBeats + 1);
    assign takes = !(step_valid && step_last) ? '0 : step_last_neuron ? TakesBits'(LastBeats) : TakesBits'(FoldBeats);

    generate
        if (NeuronFolds == 1) begin : g_through
            assign in_ready   = !step_last || room;
            assign step_valid = in_valid && in_ready;
            weft_delay #(
                .Width (Width),
                .Cycles(XLatency)
            ) delay (
                .clk     (clk),
                .in_data (in_data),
                .out_data(x)
            );
            logic unused;
            assign unused = &{1'b0, first_neuron, rst};
        end else begin : g_replay
            localparam int Room = 2 * SynapseFolds;
            localparam int AddressBits = $clog2(Room);
            localparam int CountBits = $clog2(Room + 1);
            (* max_fanout = 256 *) logic                   enters;
            (* max_fanout = 256 *) logic [AddressBits-1:0] write_at;
            (* max_fanout = 256 *) logic [AddressBits-1:0] read_at;
            logic                   reads_new;
            logic                   frees;
            logic [AddressBits-1:0] next_write_at;
            logic [AddressBits-1:0] next_read_at;
            logic                   upper;     // the vector being given stands in the upper half
            logic [CountBits-1:0]   held;      // beats that will still be given
            logic [CountBits-1:0]   unread;    // of these, beats not given yet
            logic                   has_room;  // held < Room
            logic                   has_new;   // unread > 0
            assign next_write_at = write_at == AddressBits'(Room - 1) ? '0 : write_at + 1'b1;
            assign next_read_at = !step_last ? read_at + 1'b1 : upper != step_last_neuron ? AddressBits'(SynapseFolds) : '0;
            assign in_ready   = has_room;
            assign enters     = in_valid && has_room;
            assign step_valid = (!first_neuron || has_new) && (!step_last || room);
            assign reads_new  = step_valid && first_neuron;
            assign frees      = step_valid && step_last_neuron;
            always_ff @(posedge clk) begin
                if (rst) begin
                    write_at <= '0;
                    read_at  <= '0;
                    upper    <= 1'b0;
                    held     <= '0;
                    unread   <= '0;
                    has_room <= 1'b0;
                    has_new  <= 1'b0;
                end else begin
                    if (enters) write_at <= next_write_at;
                    if (step_valid) read_at <= next_read_at;
                    if (step_valid && step_last) upper <= upper != step_last_neuron;
                    if (enters != frees) held <= enters ? held + 1'b1 : held - 1'b1;
                    if (enters != reads_new) unread <= enters ? unread + 1'b1 : unread - 1'b1;
                    has_room <= frees || held < CountBits'(Room - 1) || (held == CountBits'(Room - 1) && !enters);
                    has_new  <= enters || unread > CountBits'(1) || (unread == CountBits'(1) && !reads_new);
                end
            end
            logic [Width-1:0] word;
            if (Room <= 64) begin : g_lut
                (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Room-1];
                always_ff @(posedge clk) begin
                    if (enters) memory[write_at] <= in_data;
                    word <= memory[read_at];
                end
            end else begin : g_block
                (* ram_style = "block" *) logic [Width-1:0] memory[0:Room-1];
                always_ff @(posedge clk) begin
                    if (enters) memory[write_at] <= in_data;
                    word <= memory[read_at];
                end
            end
            weft_delay #(
                .Width (Width),
                .Cycles(XLatency - 1)
            ) delay (
                .clk     (clk),
                .in_data (word),
                .out_data(x)
            );
        end
    endgenerate
endmodule
