// concat.sv
// Joins the channels of several streams, position by position, packed without gaps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Ports describes the Inputs, 32 bits each, the first one lowest: channels * 128 + bits an element * 2 + whether they are signed. Beats are
// {Pixels, 1, Lanes} everywhere; in_data holds a beat of every input, the first one lowest, InWidth bits in all; out_data has elements of
// OutBits bits. For each group of pixels the inputs' beats are read one a cycle, input after input; the beats that leave are never more,
// and none costs a cycle of its own. One register from in to out, in_ready depends on out_ready.

module weft_concat #(
    // verilator lint_off UNUSEDPARAM
    parameter int Rows = 1,
    parameter int Columns = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels = 1,
    parameter int Lanes = 1,
    parameter int Inputs = 2,
    parameter int InWidth = 16,
    parameter int OutBits = 8,
    parameter logic [Inputs*32-1:0] Ports = {32'd144, 32'd144}
) (
    input  logic                            clk,
    input  logic                            rst,
    input  logic [              Inputs-1:0] in_valid,
    output logic [              Inputs-1:0] in_ready,
    input  logic [             InWidth-1:0] in_data,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    // The first bit of an input's beat in in_data.
    function automatic int first_bit(input int port);
        first_bit = 0;
        for (int i = 0; i < port; i = i + 1) first_bit = first_bit + Pixels * Lanes * 32'(Ports[i*32+1+:6]);
    endfunction
`ifndef __ICARUS__
    if (first_bit(Inputs) != InWidth) $error("InWidth is not what Ports says");
`endif
    // Channels that move together: what divides the lanes and the channels of all inputs but the last.
    function automatic int common_divisor(input int lanes);
        int divides;
        common_divisor = 1;
        for (int d = 2; d <= lanes; d = d + 1) begin
            divides = lanes % d == 0 ? 1 : 0;
            for (int i = 0; i < Inputs - 1; i = i + 1) if (32'(Ports[i*32+7+:25]) % d != 0) divides = 0;
            if (divides != 0) common_divisor = d;
        end
    endfunction
    localparam int Part = common_divisor(Lanes);
    localparam int Slots = Lanes / Part;
    localparam int ItemBits = Pixels * Part * OutBits;

    localparam int PortBits = Inputs > 1 ? $clog2(Inputs) : 1;
    // Of each input: the slot where its beats begin, the slots that its last beat fills, its beats for a group of pixels.
    function automatic logic [Inputs*32-1:0] all_offsets(input int inputs);
        int channel;
        channel = 0;
        all_offsets = '0;
        for (int i = 0; i < inputs; i = i + 1) begin
            all_offsets[i*32+:32] = (channel % Lanes) / Part;
            channel = channel + 32'(Ports[i*32+7+:25]);
        end
    endfunction
    function automatic logic [Inputs*32-1:0] all_last_counts(input int inputs);
        all_last_counts = '0;
        for (int i = 0; i < inputs; i = i + 1) all_last_counts[i*32+:32] = ((32'(Ports[i*32+7+:25]) - 1) % Lanes + Part) / Part;
    endfunction
    function automatic logic [Inputs*32-1:0] all_beats(input int inputs);
        all_beats = '0;
        for (int i = 0; i < inputs; i = i + 1) all_beats[i*32+:32] = (32'(Ports[i*32+7+:25]) + Lanes - 1) / Lanes;
    endfunction
    localparam logic [Inputs*32-1:0] Offsets = all_offsets(Inputs);
    localparam logic [Inputs*32-1:0] LastCounts = all_last_counts(Inputs);
    localparam logic [Inputs*32-1:0] Beats = all_beats(Inputs);
    localparam int RestSlots = Offsets[(Inputs-1)*32+:32] + LastCounts[(Inputs-1)*32+:32] - Slots;
    // A group's last beat leaves a rest, that goes while the next group begins. Where that one begins with whole beats, they go one by one
    // as late as the rest, until a beat that completes nothing makes up for it.
    localparam bit Rest = RestSlots > 0;
    function automatic int slots_waiting(input int inputs);
        slots_waiting = 0;
        for (int i = 0; i < inputs; i = i + 1) if (Offsets[i*32+:32] > slots_waiting) slots_waiting = Offsets[i*32+:32];
        if (Rest) begin
            if (32'(Ports[31:7]) >= Lanes) slots_waiting = Slots;
            else if (RestSlots > slots_waiting) slots_waiting = RestSlots;
        end
    endfunction
    localparam int Waiting = slots_waiting(Inputs);
    // Of each input: does its last beat complete a beat that leaves, and is its only one; do items of the slot wait at its beats?
    function automatic logic [Inputs-1:0] completing(input int inputs);
        completing = '0;
        for (int i = 0; i < inputs; i = i + 1) completing[i] = i == inputs - 1 || Offsets[i*32+:32] + LastCounts[i*32+:32] >= Slots;
    endfunction
    function automatic logic [Inputs-1:0] single(input int inputs);
        single = '0;
        for (int i = 0; i < inputs; i = i + 1) single[i] = Beats[i*32+:32] == 1;
    endfunction
    function automatic logic [Inputs-1:0] waits(input int slot);
        waits = '0;
        for (int i = 0; i < Inputs; i = i + 1) waits[i] = slot < Offsets[i*32+:32];
    endfunction
    function automatic int most_beats(input int inputs);
        most_beats = 1;
        for (int i = 0; i < inputs; i = i + 1) if (Beats[i*32+:32] > most_beats) most_beats = Beats[i*32+:32];
    endfunction
    localparam logic [Inputs-1:0] Completing = completing(Inputs);
    localparam logic [Inputs-1:0] Single = single(Inputs);
    localparam int BeatBits = most_beats(Inputs) > 1 ? $clog2(most_beats(Inputs)) : 1;
    // Of the input after each: its beats but the first one.
    function automatic logic [Inputs*BeatBits-1:0] more_beats(input int inputs);
        more_beats = '0;
        for (int i = 0; i < inputs; i = i + 1) more_beats[i*BeatBits+:BeatBits] = BeatBits'(Beats[((i+1)%inputs)*32+:32] - 1);
    endfunction

    // Of each input its items: Part channels of a group of pixels; a beat has Slots of them.
    logic [Inputs*Slots*ItemBits-1:0] in_items;
    logic [       Slots*ItemBits-1:0] out_items;
    genvar i, p, s;
    generate
        for (i = 0; i < Inputs; i = i + 1) begin : g_input
            localparam int ElementBits = 32'(Ports[i*32+1+:6]);
            localparam int First = first_bit(i);
            for (p = 0; p < Pixels; p = p + 1) begin : g_pixel
                for (s = 0; s < Lanes; s = s + 1) begin : g_lane
                    localparam int At = (i * Slots + s / Part) * ItemBits + (p * Part + s % Part) * OutBits;
                    if (Ports[i*32]) begin : g_signed
                        assign in_items[At+:OutBits] = OutBits'($signed(in_data[First+(p*Lanes+s)*ElementBits+:ElementBits]));
                    end else begin : g_unsigned
                        assign in_items[At+:OutBits] = OutBits'(in_data[First+(p*Lanes+s)*ElementBits+:ElementBits]);
                    end
                end
            end
        end
        for (p = 0; p < Pixels; p = p + 1) begin : g_out_pixel
            for (s = 0; s < Lanes; s = s + 1) begin : g_out_lane
                assign out_data[(p*Lanes+s)*OutBits+:OutBits] = out_items[(s/Part)*ItemBits+(p*Part+s%Part)*OutBits+:OutBits];
            end
        end
    endgenerate

    (* max_fanout = 256 *) logic enable;
    logic takes;
    (* max_fanout = 256 *) logic [Inputs-1:0]   chosen;  // the input whose turn it is
    (* max_fanout = 256 *) logic [PortBits-1:0] port;    // the same as a number
    logic                last_beat;  // of this input
    logic                completes;
    assign enable   = !out_valid || out_ready;
    assign in_ready = chosen & {Inputs{enable}};
    assign takes    = enable && |(in_valid & chosen);

    // The next input.
    logic [  Inputs-1:0] next_chosen;
    logic [PortBits-1:0] next_port;
    logic                ends;
    assign ends        = port == PortBits'(Inputs - 1);
    assign next_port   = ends ? '0 : port + 1'b1;
    assign next_chosen = (chosen << 1) | Inputs'(ends);
    always_ff @(posedge clk) begin
        if (rst) begin
            port   <= '0;
            chosen <= Inputs'(1);
        end else if (takes && last_beat) begin
            port   <= next_port;
            chosen <= next_chosen;
        end
    end
    generate
        if (most_beats(Inputs) == 1) begin : g_one_beat
            assign last_beat = 1'b1;
            assign completes = |(chosen & Completing);
        end else begin : g_beats
            logic [BeatBits-1:0] left;  // beats of this input after this one
            logic [BeatBits-1:0] next_left;
            weft_select #(
                .Choices(Inputs),
                .Width  (BeatBits)
            ) u_left (
                .select (port),
                .choices(more_beats(Inputs)),
                .chosen (next_left)
            );
            always_ff @(posedge clk) begin
                if (rst) begin
                    left      <= BeatBits'(Beats[0+:32] - 1);
                    last_beat <= Single[0];
                    completes <= !Single[0] || Completing[0];
                end else if (takes) begin
                    left      <= last_beat ? next_left : left - 1'b1;
                    last_beat <= last_beat ? |(next_chosen & Single) : left == BeatBits'(1);
                    completes <= last_beat ? |(next_chosen & (~Single | Completing)) : left != BeatBits'(1) || |(chosen & Completing);
                end
            end
        end
    endgenerate

    // What enters, moved to its slots: up by the offset and around.
    logic [       Slots*ItemBits-1:0] moved;
    logic [Inputs*Slots*ItemBits-1:0] moves;
    generate
        for (i = 0; i < Inputs; i = i + 1) begin : g_moved
            for (s = 0; s < Slots; s = s + 1) begin : g_item
                localparam int To = (s + Offsets[i*32+:32]) % Slots;
                assign moves[(i*Slots+To)*ItemBits+:ItemBits] = in_items[(i*Slots+s)*ItemBits+:ItemBits];
            end
        end
    endgenerate
    weft_select #(
        .Choices(Inputs),
        .Width  (Slots * ItemBits)
    ) u_select (
        .select (port),
        .choices(moves),
        .chosen (moved)
    );

    (* max_fanout = 256 *) logic flushes;  // what waits leaves whole
    generate
        if (Rest) begin : g_rest
            always_ff @(posedge clk) begin
                if (rst) flushes <= 1'b0;
                else if (enable) flushes <= takes && ((chosen[Inputs-1] && last_beat) || (flushes && completes));
            end
        end else begin : g_no_rest
            assign flushes = 1'b0;
        end
        for (s = 0; s < Slots; s = s + 1) begin : g_slot
            localparam logic [Inputs-1:0] Waits = waits(s);
            if (s < Waiting) begin : g_stored
                logic [ItemBits-1:0] stored;
                logic waits_here;
                (* max_fanout = 256 *) logic stores;
                (* max_fanout = 256 *) logic gives;  // what is stored
                assign waits_here = |(chosen & Waits);
                assign stores     = takes && (completes || !waits_here);
                assign gives      = flushes || waits_here;
                always_ff @(posedge clk) begin
                    if (stores) stored <= moved[s*ItemBits+:ItemBits];
                    if (enable) out_items[s*ItemBits+:ItemBits] <= gives ? stored : moved[s*ItemBits+:ItemBits];
                end
            end else begin : g_passing
                always_ff @(posedge clk)
                    if (enable && flushes) out_items[s*ItemBits+:ItemBits] <= '0;
                    else if (enable) out_items[s*ItemBits+:ItemBits] <= moved[s*ItemBits+:ItemBits];
            end
        end
    endgenerate
    always_ff @(posedge clk) begin
        if (rst) out_valid <= 1'b0;
        else if (enable) out_valid <= flushes || (takes && completes);
    end
endmodule
