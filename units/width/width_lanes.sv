// width_lanes.sv
// Changes the lanes of beats of Pixels pixels: the channels of a group of pixels, In a beat, leave Out a beat.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// An item of the regrouping is as many channels as divide both lanes, of all pixels.

module weft_width_lanes #(
    parameter int Channels = 1,
    parameter int Pixels = 1,
    parameter int In = 1,
    parameter int Out = 1,
    parameter int Bits = 8
) (
    input  logic                       clk,
    input  logic                       rst,
    input  logic                       in_valid,
    output logic                       in_ready,
    input  logic [ Pixels*In*Bits-1:0] in_data,
    output logic                       out_valid,
    input  logic                       out_ready,
    output logic [Pixels*Out*Bits-1:0] out_data
);
    function automatic int divisor_of(input int a, input int b);
        divisor_of = 1;
        for (int i = 2; i <= a; i = i + 1) if (a % i == 0 && b % i == 0) divisor_of = i;
    endfunction
    localparam int Divisor = divisor_of(In, Out);
    localparam int Part = Divisor * Bits;

    logic [ Pixels*In*Bits-1:0] in_items;
    logic [Pixels*Out*Bits-1:0] out_items;
    genvar p, i;
    generate
        for (p = 0; p < Pixels; p = p + 1) begin : g_pixel
            for (i = 0; i < In / Divisor; i = i + 1) begin : g_in
                assign in_items[(i*Pixels+p)*Part+:Part] = in_data[(p*(In/Divisor)+i)*Part+:Part];
            end
            for (i = 0; i < Out / Divisor; i = i + 1) begin : g_out
                assign out_data[(p*(Out/Divisor)+i)*Part+:Part] = out_items[(i*Pixels+p)*Part+:Part];
            end
        end
    endgenerate
    weft_regroup #(
        .Items   ((Channels + Divisor - 1) / Divisor),
        .In      (In / Divisor),
        .Out     (Out / Divisor),
        .Folds   (1),
        .ItemBits(Pixels * Part)
    ) u_regroup (
        .clk      (clk),
        .rst      (rst),
        .in_valid (in_valid),
        .in_ready (in_ready),
        .in_data  (in_items),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_data (out_items)
    );
endmodule
