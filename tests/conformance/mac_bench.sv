// mac_bench.sv
// Checks weft_mac, alone and in a cascade, against what the data sheet says of its mode: (Round or PCIN) + (A + D) * B, four cycles later.
// WIDE: bits of A and D, 27 in the DSP48E2. Operands of any bits above it are given.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module mac_bench;
    localparam int Length = 5;   // of the cascade
    localparam int Lag = 4;      // operands to result
    localparam int Vectors = 4000;
    localparam logic [47:0] Round = 48'd131072;

    logic clk = 1'b0;
    always #5 clk = !clk;

    // Operands of position i stand at bit 27 * i (18 * i).
    logic [27*Length-1:0] a;
    logic [27*Length-1:0] d;
    logic [18*Length-1:0] b;
    wire  [48*(Length+1)-1:0] cascade;
    wire  [48*Length-1:0] p;
    assign cascade[47:0] = 48'd0;

    generate
        for (genvar i = 0; i < Length; i++) begin : g_position
            weft_mac #(
                .First(i == 0 ? 1 : 0),
                .Round(i == 0 ? Round : 48'd0)
            ) mac (
                .clk(clk),
                .a(a[27*i+:27]),
                .d(d[27*i+:27]),
                .b(b[18*i+:18]),
                .pcin(cascade[48*i+:48]),
                .pcout(cascade[48*(i+1)+:48]),
                .p(p[48*i+:48])
            );
        end
    endgenerate
    wire [47:0] alone;
    weft_mac plain (
        .clk(clk),
        .a(a[26:0]),
        .d(d[26:0]),
        .b(b[17:0]),
        .pcin(48'd0),
        .pcout(),
        .p(alone)
    );

    // The product of a position's operands, the pre-adder wrapping at its width.
    function automatic [47:0] product(input [26:0] x, input [26:0] y, input [17:0] z);
        logic signed [`WIDE-1:0] sum;
        logic signed [17:0] factor;
        logic signed [47:0] both;
        sum = x + y;
        factor = z;
        both = sum * factor;
        product = both;
    endfunction

    logic [26:0] lots_a[0:Vectors*Length-1];
    logic [26:0] lots_d[0:Vectors*Length-1];
    logic [17:0] lots_b[0:Vectors*Length-1];
    logic [47:0] sum;
    integer errors = 0;
    integer checks = 0;
    integer seed = 7;
    integer kind;

    function automatic [26:0] wide_extreme(input integer which);
        wide_extreme = which == 0 ? -(27'd1 << (`WIDE - 1)) : which == 1 ? (27'd1 << (`WIDE - 1)) - 27'd1 : which == 2 ? 27'h0 : 27'h7ffffff;
    endfunction
    function automatic [17:0] narrow_extreme(input integer which);
        narrow_extreme = which == 0 ? 18'h20000 : which == 1 ? 18'h1ffff : which == 2 ? 18'h0 : 18'h3ffff;
    endfunction

    initial begin
        for (int v = 0; v < Vectors * Length; v++) begin
            kind = $random(seed);
            lots_a[v] = kind[0] ? $random(seed) : wide_extreme($random(seed) & 3);
            lots_d[v] = kind[1] ? $random(seed) : wide_extreme($random(seed) & 3);
            lots_b[v] = kind[2] ? $random(seed) : narrow_extreme($random(seed) & 3);
        end
        a = '0;
        d = '0;
        b = '0;
        // The vendor's model holds its registers for the first 100 ns.
        repeat (20) @(negedge clk);
        for (int t = 0; t < Vectors; t++) begin
            // Vector v reaches position i in cycle v + i.
            for (int i = 0; i < Length; i++)
                if (t >= i) begin
                    a[27*i+:27] = lots_a[(t-i)*Length+i];
                    d[27*i+:27] = lots_d[(t-i)*Length+i];
                    b[18*i+:18] = lots_b[(t-i)*Length+i];
                end
            @(negedge clk);
            // One edge has passed: results of operands that came Lag - 1 cycles before this one's.
            for (int i = 0; i < Length; i++)
                if (t - (Lag - 1) - i >= 0) begin
                    sum = Round;
                    for (int j = 0; j <= i; j++)
                        sum = sum + product(lots_a[(t-Lag+1-i)*Length+j], lots_d[(t-Lag+1-i)*Length+j], lots_b[(t-Lag+1-i)*Length+j]);
                    checks = checks + 1;
                    if (p[48*i+:48] !== sum) errors = errors + 1;
                end
            if (t >= Lag - 1) begin
                checks = checks + 1;
                if (alone !== product(lots_a[(t-Lag+1)*Length], lots_d[(t-Lag+1)*Length], lots_b[(t-Lag+1)*Length])) errors = errors + 1;
            end
        end
        $display("%0d checks, %0d errors", checks, errors);
        $finish;
    end
endmodule
