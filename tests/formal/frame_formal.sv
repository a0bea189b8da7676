// frame_formal.sv
// Words to beats and back, on words of 32 bits and short frames, 7 bytes in beats of 3 unless parameters say otherwise: what comes out is
// what went in, the spare bytes of a frame zero, whatever waits.
// SPDX-License-Identifier: Apache-2.0
//
// With WEFT_COVER, the cases that must be reachable stand as assertions of the contrary.

module frame_formal #(
    parameter int Columns  = 1,
    parameter int Channels = 7,
    parameter int Pixels   = 1,
    parameter int Lanes    = 3
) (
    input logic        clk,
    input logic        rst,
    input logic        in_valid,
    input logic [31:0] in_data,
    input logic        out_ready,
    input logic        joins,
    input logic        follow
);
    localparam int Words = (Columns * Channels + 3) / 4;
    localparam int Used = Columns * Channels - (Words - 1) * 4;
    localparam int BeatBits = Pixels * Lanes * 8;
    logic                in_ready, beat_valid, beat_ready, out_valid, frame;
    logic [BeatBits-1:0] beat;
    logic [31:0]         out_data;
    logic                pack_ready;
    weft_unpack #(.WordBits(32), .Bits(8), .Columns(Columns), .Channels(Channels), .Pixels(Pixels), .Lanes(Lanes), .Depth(4)) unpack (
        .clk(clk), .rst(rst), .in_valid(in_valid), .in_ready(in_ready), .in_data(in_data),
        .out_valid(beat_valid), .out_ready(beat_ready), .out_data(beat)
    );
    assign beat_ready = pack_ready && joins;
    weft_pack #(.WordBits(32), .Bits(8), .Columns(Columns), .Channels(Channels), .Pixels(Pixels), .Lanes(Lanes), .Depth(4)) pack (
        .clk(clk), .rst(rst), .in_valid(beat_valid && joins), .in_ready(pack_ready), .in_data(beat),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data), .frame(frame)
    );

    logic        started = 1'b0;
    logic [ 4:0] entered, left, place;
    logic        ends, followed;
    logic [31:0] value;
    assign ends = entered % Words == Words - 1;
    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) begin
            entered  <= '0;
            left     <= '0;
            followed <= 1'b0;
        end else begin
            if (in_valid && in_ready) begin
                entered <= entered + 1'b1;
                if (follow && !followed) begin
                    followed <= 1'b1;
                    place    <= entered;
                    value    <= ends && Used < 4 ? in_data & ((32'd1 << (8 * Used)) - 1) : in_data;
                end
            end
            if (out_valid && out_ready) left <= left + 1'b1;
        end
    end
    always @(*) begin
        if (!started) assume (rst);
        if (started && !rst) begin
            assume (entered < 24);
`ifdef WEFT_COVER
            c_two_frames : assert (!(left == 2 * Words && followed && place == Words));
`else
            a_order : assert (!(followed && out_valid && left == place) || out_data == value);
            a_none : assert (!out_valid || left < entered);
`endif
        end
    end
endmodule
