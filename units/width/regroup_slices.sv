// regroup_slices.sv
// A regrouping (weft_regroup) of wide items, cut into slices of their bits.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Each slice has a control of its own, all in step, so that no register of the control drives more than about 256 bits. The hierarchy is
// kept, so that the copies of the control are not made one again.

module weft_regroup_slices #(
    parameter int Items = 4,
    parameter int In = 1,
    parameter int Out = 2,
    parameter int Folds = 1,
    parameter int ItemBits = 8
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    in_valid,
    output logic                    in_ready,
    input  logic [ In*ItemBits-1:0] in_data,
    output logic                    out_valid,
    input  logic                    out_ready,
    output logic [Out*ItemBits-1:0] out_data
);
    // For each bit of an item an enable drives this many.
    localparam int Loads = In < Out ? Out : In;
    localparam int Most = Loads < 240 ? 240 / Loads : 1;
    localparam int Wanted = (ItemBits + Most - 1) / Most;
    localparam int Bits = (ItemBits + Wanted - 1) / Wanted;
    localparam int Slices = (ItemBits + Bits - 1) / Bits;

    logic [Slices-1:0] slice_ready;
    logic [Slices-1:0] slice_valid;
    logic              unused;
    assign in_ready  = slice_ready[0];
    assign out_valid = slice_valid[0];
    assign unused    = &{1'b0, slice_ready, slice_valid};

    genvar s, i;
    generate
        for (s = 0; s < Slices; s = s + 1) begin : g_slice
            localparam int From = s * Bits;
            localparam int Own = ItemBits - From < Bits ? ItemBits - From : Bits;
            logic [ In*Own-1:0] own_in;
            logic [Out*Own-1:0] own_out;
            for (i = 0; i < In; i = i + 1) begin : g_in
                assign own_in[i*Own+:Own] = in_data[i*ItemBits+From+:Own];
            end
            for (i = 0; i < Out; i = i + 1) begin : g_out
                assign out_data[i*ItemBits+From+:Own] = own_out[i*Own+:Own];
            end
            (* keep_hierarchy = "yes" *)
            weft_regroup #(
                .Items   (Items),
                .In      (In),
                .Out     (Out),
                .Folds   (Folds),
                .ItemBits(Own)
            ) u_regroup (
                .clk      (clk),
                .rst      (rst),
                .in_valid (in_valid),
                .in_ready (slice_ready[s]),
                .in_data  (own_in),
                .out_valid(slice_valid[s]),
                .out_ready(out_ready),
                .out_data (own_out)
            );
        end
    endgenerate
endmodule
