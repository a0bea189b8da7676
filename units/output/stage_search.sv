// stage_search.sv
// An element of the requantize stage: a value chosen by how many thresholds the accumulator has reached, found by binary search.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running; a result a cycle, 2 * Levels cycles after its accumulator, and one more for each memory deeper than 64 words (of thresholds)
// or 256 (of values). Level l compares with one of 2^l thresholds: word fold * 2^l + prefix of <Name>_threshold<Lane * Levels + l>.mem,
// where prefix are the outcomes so far; thresholds are offset by 2^(AccUsed - 1). The value is word fold * 2^Levels + count of
// <Name>_value<Lane>.mem. Shared thresholds (values) have no fold and are those of lane 0; ValuesShared = 2: the value is
// count + the only word. `trail` is that of output.sv.

module weft_stage_search #(
    parameter int AccBits      = 24,
    parameter int AccUsed      = 24,
    parameter int Levels       = 2,
    parameter int Folds        = 1,
    parameter int Shared       = 1,
    parameter int ValuesShared = 1,
    parameter int OutBits      = 2,
    parameter int Lane         = 0,
    parameter int Trail        = 5,
    parameter     Name         = ""
) (
    input  logic                                             clk,
    input  logic [AccBits-1:0]                               acc,
    input  logic [Trail*(Folds > 1 ? $clog2(Folds) : 1)-1:0] trail,
    output logic [OutBits-1:0]                               result
);
    localparam int FoldBits = Folds > 1 ? $clog2(Folds) : 1;
    localparam bit HasFold = Shared == 0 && Folds > 1;
    localparam bit ValueHasFold = ValuesShared == 0 && Folds > 1;

    // Cycles from the accumulator to the threshold that level `level` compares it with.
    function automatic int compares_at(input int level);
        int cycles;
        cycles = 2 * level;
        for (int i = 0; i <= level; i++) if ((HasFold ? Folds : 1) * (1 << i) > 64) cycles = cycles + 1;
        compares_at = cycles;
    endfunction
    localparam int Waits = compares_at(Levels - 1);

    // In unsigned order: offset by 2^(AccUsed - 1), as the thresholds are.
    logic [AccUsed-1:0] used;
    generate
        if (AccUsed > AccBits) begin : g_extend
            logic [AccUsed-1:0] extended;
            assign extended = {{(AccUsed - AccBits) {acc[AccBits-1]}}, acc};
            assign used = {!extended[AccUsed-1], extended[AccUsed-2:0]};
        end else begin : g_cut
            assign used = {!acc[AccUsed-1], acc[AccUsed-2:0]};
            logic unused;
            assign unused = &{1'b0, acc};
        end
    endgenerate
    logic [(Waits+1)*AccUsed-1:0] line;
    assign line[AccUsed-1:0] = used;
    genvar l;
    generate
        for (l = 1; l <= Waits; l++) begin : g_wait
            logic [AccUsed-1:0] late;
            always_ff @(posedge clk) late <= line[(l-1)*AccUsed+:AccUsed];
            assign line[l*AccUsed+:AccUsed] = late;
        end
    endgenerate

    // Outcomes before each level: l bits before level l.
    logic [Levels*(Levels+1)/2:0] prefixes;
    assign prefixes[0] = 1'b0;
    generate
        for (l = 0; l < Levels; l++) begin : g_level
            localparam int At = 1 + l * (l - 1) / 2;
            localparam int Depth = (HasFold ? Folds : 1) * (1 << l);
            localparam int Deep = Depth > 64 ? 1 : 0;
            localparam int Compares = compares_at(l);
            localparam int AddressBits = Depth > 1 ? $clog2(Depth) : 1;
            logic [AddressBits-1:0] address;
            if (HasFold && l > 0) begin : g_fold_prefix
                assign address = {trail[(Compares-Deep)*FoldBits+:FoldBits], prefixes[At+:l]};
            end else if (HasFold) begin : g_fold
                assign address = trail[(Compares-Deep)*FoldBits+:FoldBits];
            end else if (l > 0) begin : g_prefix
                assign address = prefixes[At+:l];
            end else begin : g_first
                assign address = 1'b0;
            end
            logic [AccUsed-1:0] threshold, reached;
            weft_rom #(
                .Width  (AccUsed),
                .Depth  (Depth),
                .Latency(1 + Deep),
                .Number ((Shared != 0 ? 0 : Lane) * Levels + l),
                .Memory (Name != "" ? {Name, "_threshold"} : "")
            ) thresholds (
                .clk    (clk),
                .address(address),
                .data   (threshold)
            );
            assign reached = line[Compares*AccUsed+:AccUsed];

            logic outcome;
            always_ff @(posedge clk) outcome <= reached >= threshold;

            localparam int Next = 1 + (l + 1) * l / 2;
            assign prefixes[Next] = outcome;
            if (l > 0) begin : g_before
                logic [(2+Deep)*l-1:0] earlier;
                always_ff @(posedge clk) earlier <= {earlier[(1+Deep)*l-1:0], prefixes[At+:l]};
                assign prefixes[Next+1+:l] = earlier[(1+Deep)*l+:l];
            end
        end
    endgenerate

    logic [Levels-1:0] count;
    assign count = prefixes[1+Levels*(Levels-1)/2+:Levels];
    localparam int ValueDepth = ValuesShared == 2 ? 1 : (ValueHasFold ? Folds : 1) * (1 << Levels);
    localparam int ValueBits = ValueDepth > 1 ? $clog2(ValueDepth) : 1;
    logic [ValueBits-1:0] address;
    logic [OutBits-1:0] value;
    weft_rom #(
        .Width  (OutBits),
        .Depth  (ValueDepth),
        .Latency(ValueDepth > 256 ? 2 : 1),
        .Number (ValuesShared != 0 ? 0 : Lane),
        .Memory (Name != "" ? {Name, "_value"} : "")
    ) values (
        .clk    (clk),
        .address(address),
        .data   (value)
    );
    generate
        if (ValuesShared == 2) begin : g_sum
            assign address = 1'b0;
            always_ff @(posedge clk) result <= value + OutBits'(count);
        end else begin : g_value
            if (ValueHasFold) begin : g_fold
                assign address = {trail[(Waits+2)*FoldBits+:FoldBits], count};
            end else begin : g_count
                assign address = count;
            end
            assign result = value;
        end
    endgenerate
    logic unused_bits;
    assign unused_bits = &{1'b0, trail, prefixes};
endmodule
