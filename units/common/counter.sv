// counter.sv
// Counts 0 .. Count - 1 round and round.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `first` and `last` are registers that tell of value 0 and Count - 1. `step` takes it on by one.

module weft_counter #(
    parameter int Count = 2
) (
    input  logic                                        clk,
    input  logic                                        rst,
    input  logic                                        step,
    output logic [(Count > 1 ? $clog2(Count) : 1)-1:0] value,
    output logic                                        first,
    output logic                                        last
);
    localparam int Bits = Count > 1 ? $clog2(Count) : 1;
    generate
        if (Count == 1) begin : g_one
            assign value = '0;
            assign first = 1'b1;
            assign last  = 1'b1;
            logic unused;
            assign unused = &{1'b0, clk, rst, step};
        end else begin : g_count
            always_ff @(posedge clk) begin
                if (rst) begin
                    value <= '0;
                    first <= 1'b1;
                    last  <= 1'b0;
                end else if (step) begin
                    value <= last ? '0 : value + 1'b1;
                    first <= last;
                    last  <= value == Bits'(Count - 2) && !last;
                end
            end
        end
    endgenerate
endmodule
