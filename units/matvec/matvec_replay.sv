// matvec_replay.sv
// Room for vectors that weft_matvec gives more than once.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Two addresses, both 0 after reset: where enters, in_data is stored at the one, which becomes next_write_at; where reads, the other becomes
// next_read_at. out_data is what stands at the read address, Latency (1 or 2) cycles later. Up to 64 words are LUTs; more, a block RAM with
// its output register (Latency 2).

module weft_matvec_replay #(
    parameter int Width       = 8,
    parameter int Room        = 2,
    parameter int AddressBits = 1,
    parameter int Latency     = 1
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic                   enters,
    input  logic [AddressBits-1:0] next_write_at,
    input  logic [Width-1:0]       in_data,
    input  logic                   reads,
    input  logic [AddressBits-1:0] next_read_at,
    output logic [Width-1:0]       out_data
);
    logic [AddressBits-1:0] write_at;
    logic [AddressBits-1:0] read_at;
    logic [Width-1:0]       word;
    always_ff @(posedge clk) begin
        if (rst) begin
            write_at <= '0;
            read_at  <= '0;
        end else begin
            if (enters) write_at <= next_write_at;
            if (reads) read_at <= next_read_at;
        end
    end
    generate
        if (Room <= 64) begin : g_lut
            (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Room-1];
            always_ff @(posedge clk) begin
                if (enters) memory[write_at] <= in_data;
                word <= memory[read_at];
            end
        end else begin : g_block
            (* ram_style = "block" *) logic [Width-1:0] memory[0:Room-1];
            always_ff @(posedge clk) begin
                if (enters) memory[write_at] <= in_data;
                word <= memory[read_at];
            end
        end
        weft_delay #(
            .Width (Width),
            .Cycles(Latency - 1)
        ) delay (
            .clk     (clk),
            .in_data (word),
            .out_data(out_data)
        );
    endgenerate
endmodule
