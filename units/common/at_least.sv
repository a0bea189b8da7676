// at_least.sv
// Is a number at least as great as another one? Its carry crosses at most 24 bits.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock; signed numbers if Signed. Segments of 24 bits are compared side by side: at most two LUTs and a carry up to 72 bits.

module weft_at_least #(
    parameter int Width  = 8,
    parameter int Signed = 1
) (
    input  logic [Width-1:0] a,
    input  logic [Width-1:0] b,
    output logic             at_least
);
    localparam int Segment = 24;
    localparam int Segments = (Width + Segment - 1) / Segment;
    // In unsigned order.
    localparam logic [Width-1:0] Flip = Signed != 0 ? Width'(1) << (Width - 1) : '0;
    logic [Width-1:0] left, right;
    assign left  = a ^ Flip;
    assign right = b ^ Flip;
    // Equality has no carry of its own: a tree of LUTs would be deeper.
    logic [Segments-1:0] above, reached;
    generate
        for (genvar s = 0; s < Segments; s++) begin : g_segment
            localparam int Low = s * Segment;
            localparam int Bits = Width - Low < Segment ? Width - Low : Segment;
            assign above[s]   = left[Low+:Bits] > right[Low+:Bits];
            assign reached[s] = left[Low+:Bits] >= right[Low+:Bits];
        end
    endgenerate
    always_comb begin
        at_least = 1'b1;
        for (int j = 0; j < Segments; j++) at_least = above[j] || (reached[j] && at_least);
    end
endmodule
