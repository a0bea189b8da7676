// reduce.sv
// The sum or the maximum of the terms of a beat, and of beats.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Free-running. A tree of two-operand steps, a register each: the reduction of the first `terms` of cycle t is in `tree` of cycle
// t + ceil(log2(Terms)). Terms from Present on are left out where `partial` is high. Elements are InBits wide, signed if InSigned; the
// result is signed, right mod 2^OutBits.

module weft_reduce #(
    parameter int Terms    = 4,
    parameter int Present  = 4,
    parameter int Maximum  = 1,
    parameter int InBits   = 8,
    parameter int InSigned = 0,
    parameter int OutBits  = 9
) (
    input  logic                    clk,
    input  logic                    partial,
    input  logic [Terms*InBits-1:0] terms,
    output logic [     OutBits-1:0] tree
);
    localparam int Levels = $clog2(Terms);
    localparam int Base = InBits + (InSigned != 0 ? 0 : 1);
    localparam int Grown = Base + (Maximum != 0 ? 0 : Levels);
    localparam int Width = Maximum != 0 || Grown < OutBits ? Grown : OutBits;

    // Nodes of level k: ceil(Terms / 2^k), after those of the levels before.
    function automatic int offset(input int level);
        int sum;
        sum = 0;
        for (int i = 0; i < level; i++) sum = sum + (Terms + (1 << i) - 1) / (1 << i);
        offset = sum;
    endfunction
    logic [(offset(Levels)+1)*Width-1:0] nodes;
    genvar k, n;
    generate
        for (n = 0; n < Terms; n++) begin : g_term
            logic signed [Base-1:0] term;
            assign term = n >= Present && partial ? (Maximum != 0 ? {1'b1, {(Base - 1) {1'b0}}} : {Base{1'b0}})
                : Base'({InSigned != 0 && terms[(n+1)*InBits-1], terms[n*InBits+:InBits]});
            assign nodes[n*Width+:Width] = Width'(term);
        end
        for (k = 1; k <= Levels; k++) begin : g_level
            localparam int Before = (Terms + (1 << (k - 1)) - 1) / (1 << (k - 1));
            localparam int Grows = Base + (Maximum != 0 ? 0 : k);
            localparam int Bits = Grows < Width ? Grows : Width;
            for (n = 0; n < (Before + 1) / 2; n++) begin : g_node
                logic signed [Bits-1:0] left, node;
                assign left = nodes[(offset(k-1)+2*n)*Width+:Bits];
                if (2 * n + 1 < Before) begin : g_two
                    logic signed [Bits-1:0] right;
                    assign right = nodes[(offset(k-1)+2*n+1)*Width+:Bits];
                    if (Maximum != 0) begin : g_maximum
                        always_ff @(posedge clk) node <= right > left ? right : left;
                    end else begin : g_sum
                        always_ff @(posedge clk) node <= left + right;
                    end
                end else begin : g_one
                    always_ff @(posedge clk) node <= left;
                end
                assign nodes[(offset(k)+n)*Width+:Width] = Width'(node);
            end
        end

        logic signed [Width-1:0] root;
        assign root = nodes[offset(Levels)*Width+:Width];
        assign tree = OutBits'(root);
    endgenerate
    logic unused;
    assign unused = &{1'b0, nodes, clk, partial};
endmodule
