// long_counter.sv
// Counts the cycles in which `step` is high, modulo 2^Bits.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// In segments of 24 bits: of each a register tells whether it is all ones, so that no carry runs through more than one of them. It is cleared
// a cycle after `rst`, by a copy of its own; the hierarchy is kept, so that the copies stay.

(* keep_hierarchy = "yes" *)
module weft_long_counter #(
    parameter int Bits = 64
) (
    input  logic            clk,
    input  logic            rst,
    input  logic            step,
    output logic [Bits-1:0] value
);
    localparam int Segment = 24;
    localparam int Segments = (Bits + Segment - 1) / Segment;

    logic                clears;
    logic [Segments-1:0] ones;
    logic                unused;
    assign unused = &{1'b0, ones};
    always_ff @(posedge clk) clears <= rst;
    generate
        for (genvar s = 0; s < Segments; s++) begin : g_segment
            localparam int Own = Bits - s * Segment < Segment ? Bits - s * Segment : Segment;
            logic           turns;  // all segments below are all ones
            logic [Own-1:0] digits;
            assign value[s*Segment+:Own] = digits;
            if (s == 0) begin : g_lowest
                assign turns = step;
            end else begin : g_higher
                assign turns = step && (&ones[s-1:0]);
            end
            always_ff @(posedge clk) begin
                if (clears) begin
                    digits  <= '0;
                    ones[s] <= 1'b0;
                end else if (turns) begin
                    digits  <= digits + 1'b1;
                    ones[s] <= digits == {{Own - 1{1'b1}}, 1'b0};
                end
            end
        end
    endgenerate
endmodule
