// concat.sv
// Joins the channels of several streams, position by position, packed without gaps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Input<i> describes the i-th of the Inputs: its channels * 128 + its bits an element * 2 + whether they are signed. Beats are
// {Pixels, 1, Lanes} everywhere; in_data holds a beat of every input, the first one lowest, InWidth bits in all; out_data has elements of
// OutBits bits. For each group of pixels the inputs' beats are read one a cycle, input after input; the beats that leave are never more,
// and none costs a cycle of its own. One register from in to out, in_ready depends on out_ready.
// A wide item is cut into slices of its bits (concat_slice.sv), all in step, so that no register of the control drives more than about 200
// of them.

module weft_concat #(
    // verilator lint_off UNUSEDPARAM
    parameter int Rows = 1,
    parameter int Columns = 1,
    // verilator lint_on UNUSEDPARAM
    parameter int Pixels = 1,
    parameter int Lanes = 1,
    parameter int Inputs = 2,
    parameter int InWidth = 16,
    parameter int OutBits = 8,
    parameter logic [31:0] Input0 = 32'd144, Input1 = 32'd144, Input2 = 32'd0, Input3 = 32'd0, Input4 = 32'd0, Input5 = 32'd0,
    parameter logic [31:0] Input6 = 32'd0, Input7 = 32'd0, Input8 = 32'd0, Input9 = 32'd0, Input10 = 32'd0, Input11 = 32'd0,
    parameter logic [31:0] Input12 = 32'd0, Input13 = 32'd0, Input14 = 32'd0, Input15 = 32'd0, Input16 = 32'd0, Input17 = 32'd0,
    parameter logic [31:0] Input18 = 32'd0, Input19 = 32'd0, Input20 = 32'd0, Input21 = 32'd0, Input22 = 32'd0, Input23 = 32'd0,
    parameter logic [31:0] Input24 = 32'd0, Input25 = 32'd0, Input26 = 32'd0, Input27 = 32'd0, Input28 = 32'd0, Input29 = 32'd0,
    parameter logic [31:0] Input30 = 32'd0, Input31 = 32'd0, Input32 = 32'd0, Input33 = 32'd0, Input34 = 32'd0, Input35 = 32'd0,
    parameter logic [31:0] Input36 = 32'd0, Input37 = 32'd0, Input38 = 32'd0, Input39 = 32'd0, Input40 = 32'd0, Input41 = 32'd0,
    parameter logic [31:0] Input42 = 32'd0, Input43 = 32'd0, Input44 = 32'd0, Input45 = 32'd0, Input46 = 32'd0, Input47 = 32'd0,
    parameter logic [31:0] Input48 = 32'd0, Input49 = 32'd0, Input50 = 32'd0, Input51 = 32'd0, Input52 = 32'd0, Input53 = 32'd0,
    parameter logic [31:0] Input54 = 32'd0, Input55 = 32'd0, Input56 = 32'd0, Input57 = 32'd0, Input58 = 32'd0, Input59 = 32'd0,
    parameter logic [31:0] Input60 = 32'd0, Input61 = 32'd0, Input62 = 32'd0, Input63 = 32'd0
) (
    input  logic                            clk,
    input  logic                            rst,
    input  logic [              Inputs-1:0] in_valid,
    output logic [              Inputs-1:0] in_ready,
    input  logic [             InWidth-1:0] in_data,
    output logic                            out_valid,
    input  logic                            out_ready,
    output logic [Pixels*Lanes*OutBits-1:0] out_data
);
    // A parameter counts as unsized in Verilator where an instance gives it an unsized number.
    // verilator lint_off WIDTHCONCAT
    localparam logic [64*32-1:0] Ports = {
        32'(Input63), 32'(Input62), 32'(Input61), 32'(Input60), 32'(Input59), 32'(Input58), 32'(Input57), 32'(Input56),
        32'(Input55), 32'(Input54), 32'(Input53), 32'(Input52), 32'(Input51), 32'(Input50), 32'(Input49), 32'(Input48),
        32'(Input47), 32'(Input46), 32'(Input45), 32'(Input44), 32'(Input43), 32'(Input42), 32'(Input41), 32'(Input40),
        32'(Input39), 32'(Input38), 32'(Input37), 32'(Input36), 32'(Input35), 32'(Input34), 32'(Input33), 32'(Input32),
        32'(Input31), 32'(Input30), 32'(Input29), 32'(Input28), 32'(Input27), 32'(Input26), 32'(Input25), 32'(Input24),
        32'(Input23), 32'(Input22), 32'(Input21), 32'(Input20), 32'(Input19), 32'(Input18), 32'(Input17), 32'(Input16),
        32'(Input15), 32'(Input14), 32'(Input13), 32'(Input12), 32'(Input11), 32'(Input10), 32'(Input9), 32'(Input8),
        32'(Input7), 32'(Input6), 32'(Input5), 32'(Input4), 32'(Input3), 32'(Input2), 32'(Input1), 32'(Input0)
    };
    // verilator lint_on WIDTHCONCAT
    // The first bit of an input's beat in in_data.
    function automatic int first_bit(input int port);
        first_bit = 0;
        for (int i = 0; i < port; i = i + 1) first_bit = first_bit + Pixels * Lanes * 32'(Ports[i*32+1+:6]);
    endfunction
    // Channels that move together: what divides the lanes and the channels of all inputs but the last.
    function automatic int common_divisor(input int lanes);
        int divides;
        common_divisor = 1;
        for (int d = 2; d <= lanes; d = d + 1) begin
            divides = lanes % d == 0 ? 1 : 0;
            for (int i = 0; i < Inputs - 1; i = i + 1) if (32'(Ports[i*32+7+:25]) % d != 0) divides = 0;
            if (divides != 0) common_divisor = d;
        end
    endfunction
    localparam int Part = common_divisor(Lanes);
    localparam int Slots = Lanes / Part;
    localparam int ItemBits = Pixels * Part * OutBits;
    // A bit of the input's number picks one of four words in a LUT.
    localparam int BitLoads = Slots * ((Inputs + 3) / 4);
    localparam int Bits = BitLoads < 192 ? 192 / BitLoads : 1;
    localparam int Slices = (ItemBits + Bits - 1) / Bits;

    // Of each input its items, then their bits.
    logic [Inputs*Slots*ItemBits-1:0] in_items;
    logic [       Slots*ItemBits-1:0] out_items;
    logic [       Slices*Inputs-1:0]  slice_ready;
    logic [              Slices-1:0]  slice_valid;
    logic                             unused;
    assign in_ready  = slice_ready[Inputs-1:0];
    assign out_valid = slice_valid[0];
    assign unused    = &{1'b0, slice_ready, slice_valid};

    genvar i, p, s;
    generate
        for (i = 0; i < Inputs; i = i + 1) begin : g_input
            localparam int PortBits = 32'(Ports[i*32+1+:6]);
            localparam int First = first_bit(i);
            for (p = 0; p < Pixels; p = p + 1) begin : g_pixel
                for (s = 0; s < Lanes; s = s + 1) begin : g_lane
                    localparam int At = (i * Slots + s / Part) * ItemBits + (p * Part + s % Part) * OutBits;
                    if (Ports[i*32]) begin : g_signed
                        assign in_items[At+:OutBits] = OutBits'($signed(in_data[First+(p*Lanes+s)*PortBits+:PortBits]));
                    end else begin : g_unsigned
                        assign in_items[At+:OutBits] = OutBits'(in_data[First+(p*Lanes+s)*PortBits+:PortBits]);
                    end
                end
            end
        end
        for (p = 0; p < Pixels; p = p + 1) begin : g_out_pixel
            for (s = 0; s < Lanes; s = s + 1) begin : g_out_lane
                assign out_data[(p*Lanes+s)*OutBits+:OutBits] = out_items[(s/Part)*ItemBits+(p*Part+s%Part)*OutBits+:OutBits];
            end
        end

        for (s = 0; s < Slices; s = s + 1) begin : g_slice
            localparam int From = s * Bits;
            localparam int Own = ItemBits - From < Bits ? ItemBits - From : Bits;
            logic [Inputs*Slots*Own-1:0] own_in;
            logic [       Slots*Own-1:0] own_out;
            for (i = 0; i < Inputs * Slots; i = i + 1) begin : g_in
                assign own_in[i*Own+:Own] = in_items[i*ItemBits+From+:Own];
            end
            for (i = 0; i < Slots; i = i + 1) begin : g_out
                assign out_items[i*ItemBits+From+:Own] = own_out[i*Own+:Own];
            end
            weft_concat_slice #(
                .Lanes   (Lanes),
                .Part    (Part),
                .Inputs  (Inputs),
                .ItemBits(Own),
                .Ports   (Ports)
            ) slice (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (slice_ready[s*Inputs+:Inputs]),
                .in_items (own_in),
                .out_valid(slice_valid[s]),
                .out_ready(out_ready),
                .out_items(own_out)
            );
        end
    endgenerate
endmodule
