// window_delay.sv
// Delays words by Depth steps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// out_data is the in_data of Depth steps ago, from registers (or a block RAM's). Of the first Depth steps after reset it is arbitrary.

module weft_window_delay #(
    parameter int Width = 8,
    parameter int Depth = 4
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             step,
    input  logic [Width-1:0] in_data,
    output logic [Width-1:0] out_data
);
    // LUTRAM up to 64 words, and where a block RAM would hold little.
    localparam bit InLuts = Depth <= 64 || (Depth <= 256 && Depth * Width <= 4096);
    localparam int AddressBits = Depth > 1 ? $clog2(Depth) : 1;
    localparam int Words = 2 ** AddressBits;

    generate
        if (Depth == 1) begin : g_one
            logic [Width-1:0] word;
            assign out_data = word;
            always_ff @(posedge clk) if (step) word <= in_data;
            logic unused;
            assign unused = rst;
        end else begin : g_many
            (* max_fanout = 256 *) logic [AddressBits-1:0] write_at;
            (* max_fanout = 256 *) logic [AddressBits-1:0] read_at;
            always_ff @(posedge clk) begin
                if (rst) begin
                    write_at <= '0;
                    read_at  <= AddressBits'(Words - Depth + 1);
                end else if (step) begin
                    write_at <= write_at + 1'b1;
                    read_at  <= read_at + 1'b1;
                end
            end
            logic [Width-1:0] word;
            assign out_data = word;
            if (InLuts) begin : g_luts
                (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Words-1];
                always_ff @(posedge clk) begin
                    if (step) memory[write_at] <= in_data;
                    if (step) word <= memory[read_at];
                end
            end else begin : g_block
                (* ram_style = "block" *) logic [Width-1:0] memory[0:Words-1];
                always_ff @(posedge clk) begin
                    if (step) memory[write_at] <= in_data;
                    if (step) word <= memory[read_at];
                end
            end
        end
    endgenerate
endmodule
