// scale_bench.sv
// Checks weft_scale against what the data sheet says of its modes: C + A * B, + PCIN, + PCIN >>> 17, + 1, each with one and two registers on
// A and B; then the product of a wide number by two digits of 17 bits, as weft_stage_multiply has it.
// WIDE: bits of A, 27 in the DSP48E2. ADDS: 1 where C is added to the cascade, 0 where either counts.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module scale_bench;
    localparam int Vectors = 4000;

    logic clk = 1'b0;
    always #5 clk = !clk;

    logic signed [26:0] a;
    logic signed [17:0] b;
    logic signed [47:0] c;
    logic [47:0] pcin;
    // Every mode: number 2 * Cascade + Delay, then those without cascade and with the carry in.
    localparam int Modes = 8;
    wire [48*Modes-1:0] p;
    wire [48*Modes-1:0] pcout;
    generate
        for (genvar i = 0; i < Modes; i++) begin : g_mode
            weft_scale #(
                .Cascade(i < 6 ? i / 2 : 0),
                .Delay  (i % 2),
                .CarryIn(i < 6 ? 0 : 1)
            ) scale (
                .clk  (clk),
                .a    (a),
                .b    (b),
                .c    (c),
                .pcin (pcin),
                .p    (p[48*i+:48]),
                .pcout(pcout[48*i+:48])
            );
        end
    endgenerate

    // a * {high, low} with the digits apart: the low cell's result moves down by 17 bits into the high cell's.
    logic signed [17:0] high;
    logic        [16:0] low;
    wire  [47:0] low_sum, high_sum, cascade;
    weft_scale #(
        .Cascade(0),
        .Delay  (0)
    ) first (
        .clk  (clk),
        .a    (a),
        .b    ({1'b0, low}),
        .c    (48'sd0),
        .pcin (48'd0),
        .p    (low_sum),
        .pcout(cascade)
    );
    weft_scale #(
        .Cascade(2),
        .Delay  (1)
    ) second (
        .clk  (clk),
        .a    (a),
        .b    (high),
        .c    (48'sd0),
        .pcin (cascade),
        .p    (high_sum),
        .pcout()
    );

    logic signed [26:0] lots_a[0:Vectors-1];
    logic signed [17:0] lots_b[0:Vectors-1];
    logic signed [47:0] lots_c[0:Vectors-1];
    logic signed [47:0] lots_pcin[0:Vectors-1];
    logic [16:0] lots_low[0:Vectors-1];
    logic signed [44:0] product;
    logic signed [47:0] carried, sum;
    logic signed [63:0] whole;
    integer errors = 0;
    integer checks = 0;
    integer seed = 11;
    integer kind;

    // The least, the greatest, -1, and one with nothing below bit 17.
    function automatic [47:0] extreme(input integer which, input integer bits);
        case (which)
            0: extreme = -(48'd1 << (bits - 1));
            1: extreme = (48'd1 << (bits - 1)) - 48'd1;
            2: extreme = ~48'd0;
            default: extreme = 48'd1 << (bits > 18 ? 17 : 4);
        endcase
    endfunction

    initial begin
        for (int v = 0; v < Vectors; v++) begin
            kind = $random(seed);
            lots_a[v] = kind[0] ? $random(seed) : extreme($random(seed) & 3, `WIDE);
            lots_a[v] = lots_a[v] << (27 - `WIDE) >>> (27 - `WIDE);
            lots_b[v] = kind[1] ? $random(seed) : extreme($random(seed) & 3, 18);
            lots_c[v] = kind[2] ? {$random(seed), $random(seed)} : extreme($random(seed) & 3, 48);
            lots_pcin[v] = kind[3] ? {$random(seed), $random(seed)} : extreme($random(seed) & 3, 48);
            lots_low[v] = kind[4] ? $random(seed) : kind[5] ? 17'h1ffff : 17'd0;
        end
        a = '0;
        b = '0;
        c = '0;
        pcin = '0;
        high = '0;
        low = '0;
        // The vendor's model holds its registers for the first 100 ns.
        repeat (20) @(negedge clk);
        for (int t = 1; t <= Vectors; t++) begin
            a = lots_a[t-1];
            b = lots_b[t-1];
            c = lots_c[t-1];
            pcin = lots_pcin[t-1];
            low = lots_low[t-1];
            high = t >= 2 ? lots_b[t-1] : '0;
            @(negedge clk);
            // Cycle t: operands of cycle t - 3 - Delay, C of t - 2, PCIN of t - 1. Vector v stood in cycle v.
            if (t >= 6) begin
                for (int i = 0; i < Modes; i++) begin
                    product = lots_a[t-3-i%2] * lots_b[t-3-i%2];
                    carried = i / 2 == 0 ? 48'sd0 : i / 2 == 3 ? 48'sd1 : i / 2 == 1 ? lots_pcin[t-1] : lots_pcin[t-1] >>> 17;
                    sum = carried + (`ADDS != 0 || i < 2 || i >= 6 ? lots_c[t-2] : 48'sd0) + product;
                    checks = checks + 2;
                    if (p[48*i+:48] !== sum) errors = errors + 1;
                    if (pcout[48*i+:48] !== sum) errors = errors + 1;
                end
                // The high digit's cell has the operands of the low one's, a cycle later: bits 16:0 of the whole came a cycle before.
                whole = 64'(lots_a[t-4]) * (64'(lots_b[t-4]) * 64'sd131072 + $signed({47'd0, lots_low[t-4]}));
                checks = checks + 1;
                if (high_sum !== 48'(whole >>> 17)) errors = errors + 1;
            end
        end
        $display("%0d checks, %0d errors", checks, errors);
        $finish;
    end
endmodule
