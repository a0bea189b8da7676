// width_pixels.sv
// Changes the pixels of beats: the columns of a row, In a beat of Folds channel folds each, leave Out a beat.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// An item of the regrouping is as many pixels as divide both sides.

module weft_width_pixels #(
    parameter int Columns = 1,
    parameter int In = 1,
    parameter int Out = 1,
    parameter int Folds = 1,
    parameter int Bits = 8
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                in_valid,
    output logic                in_ready,
    input  logic [ In*Bits-1:0] in_data,
    output logic                out_valid,
    input  logic                out_ready,
    output logic [Out*Bits-1:0] out_data
);
    function automatic int divisor_of(input int a, input int b);
        divisor_of = 1;
        for (int i = 2; i <= a; i = i + 1) if (a % i == 0 && b % i == 0) divisor_of = i;
    endfunction
    localparam int Divisor = divisor_of(In, Out);
    weft_regroup #(
        .Items   ((Columns + Divisor - 1) / Divisor),
        .In      (In / Divisor),
        .Out     (Out / Divisor),
        .Folds   (Folds),
        .ItemBits(Divisor * Bits)
    ) u_regroup (
        .clk      (clk),
        .rst      (rst),
        .in_valid (in_valid),
        .in_ready (in_ready),
        .in_data  (in_data),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_data)
    );
endmodule
