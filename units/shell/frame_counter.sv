// frame_counter.sv
// Counts 0 .. Count - 1 round and round.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `last` is a register that tells of Count - 1, `next_last` what it is after the next `step`. The value itself stays inside.

module weft_frame_counter #(
    parameter int Count = 2
) (
    input  logic clk,
    input  logic rst,
    input  logic step,
    output logic last,
    output logic next_last
);
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
            localparam int Bits = $clog2(Count);
            logic [Bits-1:0] value;
            logic            near;  // the value is Count - 2
            assign next_last = near;
            always_ff @(posedge clk) begin
                if (rst) begin
                    value <= '0;
                    near  <= 1'b0;
                    last  <= 1'b0;
                end else if (step) begin
                    value <= last ? '0 : value + 1'b1;
                    near  <= value == Bits'(Count - 3);
                    last  <= near;
                end
            end
        end
    endgenerate
endmodule
