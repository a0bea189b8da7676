// stream_in.sv
// An AXI4-Stream input: elements out of whole bytes, frames kept apart by TLAST.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A transfer is a beat of Elements elements, each in the low Bits bits of Carrier bits. A frame has Beats beats, tlast on its last. Where
// tlast comes early, `early` is high for a cycle and the frame is filled up with arbitrary beats; where it is missing on the last beat,
// `late` is high for a cycle and what follows is dropped up to the next tlast. In both cases the next frame is right again. tready and
// out_valid come from registers and the state.

module weft_stream_in #(
    parameter int Elements = 1,
    parameter int Bits     = 8,
    parameter int Carrier  = 8,
    parameter int Beats    = 1
) (
    input  logic                        clk,
    input  logic                        rst,
    input  logic                        tvalid,
    output logic                        tready,
    input  logic [Elements*Carrier-1:0] tdata,
    input  logic                        tlast,
    output logic                        out_valid,
    input  logic                        out_ready,
    output logic [   Elements*Bits-1:0] out_data,
    output logic                        early,
    output logic                        late
);
    localparam int CountBits = Beats > 2 ? $clog2(Beats) : 1;

    logic [Elements*Bits-1:0] packed_data;
    generate
        for (genvar i = 0; i < Elements; i++) begin : g_element
            assign packed_data[i*Bits+:Bits] = tdata[i*Carrier+:Bits];
            if (Carrier > Bits) begin : g_spare
                logic unused_ok;
                assign unused_ok = &{1'b0, tdata[i*Carrier+Bits+:Carrier-Bits]};
            end
        end
    endgenerate

    logic held_valid;
    logic held_ready;
    logic held_last;
    weft_fifo #(
        .Width(Elements * Bits + 1),
        .Depth(2)
    ) held (
        .clk      (clk),
        .rst      (rst),
        .in_valid (tvalid),
        .in_ready (tready),
        .in_data  ({tlast, packed_data}),
        .out_valid(held_valid),
        .out_ready(held_ready),
        .out_data ({held_last, out_data})
    );

    logic [CountBits-1:0] beat;
    logic                 last;
    logic                 fills;
    logic                 drops;
    logic                 passes;
    assign out_valid  = fills || (held_valid && !drops);
    assign held_ready = drops || (out_ready && !fills);
    assign passes     = out_valid && out_ready;
    always_ff @(posedge clk) begin
        if (rst) begin
            beat  <= '0;
            last  <= Beats == 1;
            fills <= 1'b0;
            drops <= 1'b0;
            early <= 1'b0;
            late  <= 1'b0;
        end else begin
            if (passes) begin
                beat <= last ? '0 : beat + 1'b1;
                last <= Beats == 1 || (!last && beat == CountBits'(Beats - 2));
            end
            fills <= passes ? !last && (fills || held_last) : fills;
            drops <= drops ? !(held_valid && held_last) : passes && !fills && last && !held_last;
            early <= passes && !fills && !last && held_last;
            late  <= passes && !fills && last && !held_last;
        end
    end
endmodule
