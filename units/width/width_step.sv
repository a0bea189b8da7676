// width_step.sv
// Changes the lanes of beats, or their pixels: items of a group, In a beat, leave Out a beat.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Equal pixels: a group is the channels of InPixels positions; an item is as many channels as divide both sides, of all pixels.
// Equal lanes: a group is the columns of a row, each in all channel folds; an item is as many columns as divide both sides.

module weft_width_step #(
    parameter int Columns   = 1,
    parameter int Channels  = 1,
    parameter int InPixels  = 1,
    parameter int InLanes   = 1,
    parameter int OutPixels = 1,
    parameter int OutLanes  = 1,
    parameter int Bits      = 8
) (
    input  logic                               clk,
    input  logic                               rst,
    input  logic                               in_valid,
    output logic                               in_ready,
    input  logic [  InPixels*InLanes*Bits-1:0] in_data,
    output logic                               out_valid,
    input  logic                               out_ready,
    output logic [OutPixels*OutLanes*Bits-1:0] out_data
);
`ifndef __ICARUS__
    if (InPixels != OutPixels && InLanes != OutLanes) $error("a step changes pixels or lanes, not both");
`endif
    function automatic int divisor_of(input int a, input int b);
        divisor_of = 1;
        for (int i = 2; i <= a; i++) if (a % i == 0 && b % i == 0) divisor_of = i;
    endfunction
    localparam bit OfLanes = InPixels == OutPixels;
    localparam int Divisor = OfLanes ? divisor_of(InLanes, OutLanes) : divisor_of(InPixels, OutPixels);
    localparam int In = (OfLanes ? InLanes : InPixels) / Divisor;
    localparam int Out = (OfLanes ? OutLanes : OutPixels) / Divisor;
    // An item comes in as many parts of a beat.
    localparam int Parts = OfLanes ? InPixels : 1;
    localparam int PartBits = Divisor * Bits * (OfLanes ? 1 : InLanes);

    logic [ In*Parts*PartBits-1:0] in_items;
    logic [Out*Parts*PartBits-1:0] out_items;
    generate
        for (genvar p = 0; p < Parts; p++) begin : g_part
            for (genvar i = 0; i < In; i++) begin : g_in
                assign in_items[(i*Parts+p)*PartBits+:PartBits] = in_data[(p*In+i)*PartBits+:PartBits];
            end
            for (genvar i = 0; i < Out; i++) begin : g_out
                assign out_data[(p*Out+i)*PartBits+:PartBits] = out_items[(i*Parts+p)*PartBits+:PartBits];
            end
        end
    endgenerate
    weft_regroup #(
        .Items   (((OfLanes ? Channels : Columns) + Divisor - 1) / Divisor),
        .In      (In),
        .Out     (Out),
        .Folds   (OfLanes ? 1 : (Channels + InLanes - 1) / InLanes),
        .ItemBits(Parts * PartBits)
    ) regroup (
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
