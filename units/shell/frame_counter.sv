// frame_counter.sv
// Counts 0 .. Count - 1 round and round, however far.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `last` is a register that tells of Count - 1, `next_last` what it is after the next `step`. The value itself stays inside, in segments of
// 24 bits: of each a register tells whether it is all ones, so that no carry runs through more than one of them.

module weft_frame_counter #(
    parameter int Count = 2
) (
    input  logic clk,
    input  logic rst,
    input  logic step,
    output logic last,
    output logic next_last
);
    localparam int Bits = Count > 2 ? $clog2(Count) : 1;
    localparam int Segment = 24;
    localparam int Segments = (Bits + Segment - 1) / Segment;
    generate
        if (Count == 1) begin : g_one
            assign last      = 1'b1;
            assign next_last = 1'b1;
            logic unused_ok;
            assign unused_ok = &{1'b0, clk, rst, step};
        end else if (Count == 2) begin : g_two
            assign next_last = !last;
            always_ff @(posedge clk) begin
                if (rst) last <= 1'b0;
                else if (step) last <= next_last;
            end
        end else begin : g_count
            logic [    Bits-1:0] value;
            logic [Segments-1:0] ones;
            logic                near;  // the value is Count - 2
            logic                unused_ok;
            assign unused_ok = &{1'b0, ones};
            assign next_last = near;
            always_ff @(posedge clk) begin
                if (rst) begin
                    near <= 1'b0;
                    last <= 1'b0;
                end else if (step) begin
                    near <= value == Bits'(Count - 3);
                    last <= near;
                end
            end
            for (genvar s = 0; s < Segments; s++) begin : g_segment
                localparam int Own = Bits - s * Segment < Segment ? Bits - s * Segment : Segment;
                logic           turns;  // all segments below are all ones
                logic [Own-1:0] digits;
                assign value[s*Segment+:Own] = digits;
                if (s == 0) begin : g_lowest
                    assign turns = 1'b1;
                end else begin : g_higher
                    assign turns = &ones[s-1:0];
                end
                always_ff @(posedge clk) begin
                    if (rst || (step && last)) begin
                        digits  <= '0;
                        ones[s] <= 1'b0;
                    end else if (step && turns) begin
                        digits  <= digits + 1'b1;
                        ones[s] <= digits == Own'((1 << Own) - 2);
                    end
                end
            end
        end
    endgenerate
endmodule
