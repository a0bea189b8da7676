// regroup.sv
// Cuts groups of Items items, that enter In a beat, into beats of Out items.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A group begins a new beat on both sides; items beyond a group's last are spare. With Folds > 1 each step of a group is Folds beats, one
// after the other, and items are regrouped with those of the same fold. One register from in to out, in_ready depends on out_ready.
// A group takes no more cycles than the larger of its beats that enter and those that leave.
//
// In <= Out: items that enter at offset `(step * In) mod Out` of a beat join those that wait; what does not fit waits in turn.
// In > Out: a beat that leaves begins at offset `(step * Out) mod In` of the beat that entered last, and may go on in the next one.
// Offsets repeat after Phases steps, so that each is a constant of the phase.

module weft_regroup #(
    parameter int Items = 4,
    parameter int In = 1,
    parameter int Out = 2,
    parameter int Folds = 1,
    parameter int ItemBits = 8
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    in_valid,
    output logic                    in_ready,
    input  logic [ In*ItemBits-1:0] in_data,
    output logic                    out_valid,
    input  logic                    out_ready,
    output logic [Out*ItemBits-1:0] out_data
);
`ifndef __ICARUS__
    if (In < 1 || Out < 1 || Items < 1 || Folds < 1) $error("In, Out, Items and Folds are at least 1");
`endif
    localparam bit Grows = In <= Out;
    localparam int Stride = Grows ? In : Out;
    localparam int Modulus = Grows ? Out : In;
    localparam int Steps = (Items + Stride - 1) / Stride;
    localparam int Phases = Steps < Modulus ? Steps : Modulus;
    localparam int PhaseBits = Phases > 1 ? $clog2(Phases) : 1;
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam int LastOffset = ((Steps - 1) * Stride) % Modulus;
    localparam int LastCount = Items - (Steps - 1) * Stride;
    // The last beat that enters leaves a rest that goes by itself.
    localparam bit Rest = Grows && LastOffset + LastCount > Out;

    // The step's flag: it completes a beat that leaves (In <= Out), it needs a beat that enters (In > Out).
    localparam bit LastFlag = Grows || LastOffset == 0 || LastOffset + LastCount > In;
    function automatic logic [Phases-1:0] flags(input int stride);
        flags = '0;
        for (int k = 0; k < Phases; k = k + 1)
            flags[k] = (k * stride) % Modulus + (Grows ? In : Out) >= (Grows ? Out : In + 1) || (!Grows && (k * stride) % Modulus == 0);
    endfunction
    // Does an item wait while others leave?
    function automatic logic crosses(input int stride);
        crosses = Rest;
        for (int k = 0; k < Phases; k = k + 1) if (k != Steps - 1 && (k * stride) % Modulus + stride > Modulus) crosses = 1'b1;
    endfunction
    // In <= Out: slots of a beat that may wait.
    function automatic int slots_waiting(input int stride);
        slots_waiting = Rest ? LastOffset + LastCount - Out : 0;
        for (int k = 0; k < Phases; k = k + 1) if ((k * stride) % Modulus > slots_waiting) slots_waiting = (k * stride) % Modulus;
    endfunction
    // In <= Out, of a slot: the phases in which it takes an item that enters, and those in which its item waits already.
    function automatic logic [Phases-1:0] hits(input int slot);
        hits = '0;
        for (int k = 0; k < Phases; k = k + 1) hits[k] = (slot + Modulus - (k * Stride) % Modulus) % Modulus < Stride;
    endfunction
    function automatic logic [Phases-1:0] waits(input int slot);
        waits = '0;
        for (int k = 0; k < Phases; k = k + 1) waits[k] = slot < (k * Stride) % Modulus;
    endfunction
    // In > Out, of an item: is it ever sent after its beat was kept, ever straight from the entering beat; and in which phases the latter.
    function automatic logic sent_later(input int item);
        sent_later = 1'b0;
        for (int k = 0; k < Phases; k = k + 1)
            if (item >= (k * Stride) % Modulus && item < (k * Stride) % Modulus + Stride && (k * Stride) % Modulus != 0) sent_later = 1'b1;
    endfunction
    function automatic logic sent_at_once(input int item);
        sent_at_once = item < Stride;
        for (int k = 0; k < Phases; k = k + 1) if (item < (k * Stride) % Modulus + Stride - Modulus) sent_at_once = 1'b1;
    endfunction
    function automatic logic [Phases-1:0] at_once(input int item);
        at_once = '0;
        for (int k = 0; k < Phases; k = k + 1) at_once[k] = (k * Stride) % Modulus == 0 || item < (k * Stride) % Modulus;
    endfunction

    (* max_fanout = 256 *) logic enable;
    (* max_fanout = 256 *) logic advance;
    logic [ FoldBits-1:0] fold;
    logic                 last_fold;
    logic [PhaseBits-1:0] phase;
    logic                 last;
    logic                 flag;
    assign enable = !out_valid || out_ready;
    weft_regroup_steps #(
        .Steps   (Steps),
        .Phases  (Phases),
        .Folds   (Folds),
        .Flag    (flags(Stride)),
        .LastFlag(LastFlag)
    ) u_steps (
        .clk      (clk),
        .rst      (rst),
        .advance  (advance),
        .fold     (fold),
        .last_fold(last_fold),
        .phase    (phase),
        .last     (last),
        .flag     (flag)
    );

    // Not every regrouping needs all of them.
    logic unused_steps;
    assign unused_steps = &{1'b0, fold, last_fold, phase, last};

    genvar s, k;
    generate
        if (Grows) begin : g_grows
            // What enters, moved to its slots.
            logic [Out*ItemBits-1:0] moved;
            if (In == 1) begin : g_single
                assign moved = {Out{in_data}};
            end else begin : g_moves
                logic [Phases*Out*ItemBits-1:0] moves;
                for (k = 0; k < Phases; k = k + 1) begin : g_phase
                    for (s = 0; s < Out; s = s + 1) begin : g_slot
                        assign moves[(k*Out+s)*ItemBits+:ItemBits] =
                            in_data[(((s + Out - (k * In) % Out) % Out) % In)*ItemBits+:ItemBits];
                    end
                end
                weft_select #(
                    .Choices(Phases),
                    .Width  (Out * ItemBits)
                ) u_select (
                    .select (phase),
                    .choices(moves),
                    .chosen (moved)
                );
            end

            assign in_ready = enable;
            assign advance  = enable && in_valid;

            // The rest of a group leaves while the next group's first step enters: that one completes nothing.
            (* max_fanout = 256 *) logic flushes;
            logic [FoldBits-1:0] flush_fold;
            if (Rest) begin : g_rest
                logic flush_ends;
                if (Folds > 1) begin : g_folds
                    logic unused_phase;
                    logic unused_last;
                    logic unused_flag;
                    logic unused;
                    assign unused = &{1'b0, unused_phase, unused_last, unused_flag};
                    weft_regroup_steps #(
                        .Steps   (1),
                        .Phases  (1),
                        .Folds   (Folds),
                        .Flag    (1'b0),
                        .LastFlag(1'b0)
                    ) u_flush (
                        .clk      (clk),
                        .rst      (rst),
                        .advance  (enable && flushes),
                        .fold     (flush_fold),
                        .last_fold(flush_ends),
                        .phase    (unused_phase),
                        .last     (unused_last),
                        .flag     (unused_flag)
                    );
                end else begin : g_one
                    assign flush_fold = '0;
                    assign flush_ends = 1'b1;
                end
                always_ff @(posedge clk) begin
                    if (rst) flushes <= 1'b0;
                    else if (enable) flushes <= (in_valid && last && last_fold) || (flushes && !flush_ends);
                end
            end else begin : g_no_rest
                assign flushes    = 1'b0;
                assign flush_fold = '0;
            end
            logic unused_flush;
            assign unused_flush = &{1'b0, flush_fold};

            always_ff @(posedge clk) begin
                if (rst) out_valid <= 1'b0;
                else if (enable) out_valid <= (in_valid && flag) || flushes;
            end

            if (Folds == 1 && !crosses(In)) begin : g_direct
                // A beat is put together where it leaves.
                for (s = 0; s < Out; s = s + 1) begin : g_slot
                    localparam logic [Phases-1:0] Hits = hits(s) & ~waits(s);
                    (* max_fanout = 256 *) logic loads;
                    assign loads = advance && Hits[phase];
                    always_ff @(posedge clk) if (loads) out_data[s*ItemBits+:ItemBits] <= moved[s*ItemBits+:ItemBits];
                end
            end else begin : g_waiting
                localparam int Waiting = slots_waiting(In);
                for (s = 0; s < Out; s = s + 1) begin : g_slot
                    if (s < Waiting) begin : g_stored
                        localparam logic [Phases-1:0] Hits = hits(s);
                        localparam logic [Phases-1:0] Waits = waits(s);
                        (* max_fanout = 256 *) logic stores;
                        (* max_fanout = 256 *) logic gives;  // what is stored
                        logic [ItemBits-1:0] stored;
                        assign stores = advance && Hits[phase];
                        assign gives  = flushes || Waits[phase];
                        if (Folds == 1) begin : g_register
                            always_ff @(posedge clk) if (stores) stored <= moved[s*ItemBits+:ItemBits];
                        end else begin : g_memory
                            (* ram_style = "distributed" *) logic [ItemBits-1:0] memory[0:2**FoldBits-1];
                            (* max_fanout = 256 *) logic [FoldBits-1:0] read_at;
                            assign read_at = Rest && flushes ? flush_fold : fold;
                            assign stored  = memory[read_at];
                            always_ff @(posedge clk) if (stores) memory[fold] <= moved[s*ItemBits+:ItemBits];
                        end
                        always_ff @(posedge clk) if (enable) out_data[s*ItemBits+:ItemBits] <= gives ? stored : moved[s*ItemBits+:ItemBits];
                    end else begin : g_passing
                        always_ff @(posedge clk)
                            if (enable && flushes) out_data[s*ItemBits+:ItemBits] <= '0;
                            else if (enable) out_data[s*ItemBits+:ItemBits] <= moved[s*ItemBits+:ItemBits];
                    end
                end
            end
        end else begin : g_shrinks
            // The items that a beat may leave with: those kept, or in their place those that enter.
            logic [In*ItemBits-1:0] window;
            assign in_ready = enable && flag;
            assign advance  = enable && (in_valid || !flag);
            (* max_fanout = 256 *) logic keeps;
            assign keeps = advance && flag;
            always_ff @(posedge clk) begin
                if (rst) out_valid <= 1'b0;
                else if (enable) out_valid <= in_valid || !flag;
            end
            for (s = 0; s < In; s = s + 1) begin : g_item
                if (sent_later(s)) begin : g_kept
                    localparam logic [Phases-1:0] AtOnce = at_once(s);
                    logic [ItemBits-1:0] kept;
                    if (Folds == 1) begin : g_register
                        always_ff @(posedge clk) if (keeps) kept <= in_data[s*ItemBits+:ItemBits];
                    end else begin : g_memory
                        (* ram_style = "distributed" *) logic [ItemBits-1:0] memory[0:2**FoldBits-1];
                        assign kept = memory[fold];
                        always_ff @(posedge clk) if (keeps) memory[fold] <= in_data[s*ItemBits+:ItemBits];
                    end
                    if (sent_at_once(s)) begin : g_both
                        (* max_fanout = 256 *) logic passes;
                        assign passes = flag && AtOnce[phase];
                        assign window[s*ItemBits+:ItemBits] = passes ? in_data[s*ItemBits+:ItemBits] : kept;
                    end else begin : g_later
                        assign window[s*ItemBits+:ItemBits] = kept;
                    end
                end else begin : g_passing
                    assign window[s*ItemBits+:ItemBits] = in_data[s*ItemBits+:ItemBits];
                end
            end

            logic [Phases*Out*ItemBits-1:0] moves;
            logic [       Out*ItemBits-1:0] moved;
            for (k = 0; k < Phases; k = k + 1) begin : g_phase
                for (s = 0; s < Out; s = s + 1) begin : g_slot
                    assign moves[(k*Out+s)*ItemBits+:ItemBits] = window[(((k * Out) % In + s) % In)*ItemBits+:ItemBits];
                end
            end
            weft_select #(
                .Choices(Phases),
                .Width  (Out * ItemBits)
            ) u_select (
                .select (phase),
                .choices(moves),
                .chosen (moved)
            );

            // Where a group's last beat goes beyond the last beat that entered, nothing is there to send.
            localparam bit Ragged = !LastFlag && LastOffset + Out > In;
            for (s = 0; s < Out; s = s + 1) begin : g_out
                if (Ragged && s >= LastCount) begin : g_cleared
                    always_ff @(posedge clk)
                        if (enable && last) out_data[s*ItemBits+:ItemBits] <= '0;
                        else if (enable) out_data[s*ItemBits+:ItemBits] <= moved[s*ItemBits+:ItemBits];
                end else begin : g_sent
                    always_ff @(posedge clk) if (enable) out_data[s*ItemBits+:ItemBits] <= moved[s*ItemBits+:ItemBits];
                end
            end
        end
    endgenerate
endmodule
