// fifo.sv
// Holds up to Depth beats, first in, first out.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in_ready and out_valid come from registers. Up to ShallowDepth beats the memory is read without a clock (registers or LUTRAM) and a beat
// can leave one cycle after it entered; a deeper one is a block RAM with its output register, and a beat can leave after two.
// Sustains a beat a cycle for any Depth >= 2.

module weft_fifo #(
    parameter int Width = 8,
    parameter int Depth = 2
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [Width-1:0] in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [Width-1:0] out_data
);
    localparam int ShallowDepth = 64;
    localparam int AddressBits = Depth > 1 ? $clog2(Depth) : 1;
    localparam int CountBits = $clog2(Depth + 1);

    // Beats inside, and the two flags that the count implies.
    logic [CountBits-1:0] count;
    logic                 full_n;
    logic                 enters;
    logic                 leaves;
    assign enters   = in_valid && full_n;
    assign leaves   = out_valid && out_ready;
    assign in_ready = full_n;

    always_ff @(posedge clk) begin
        if (rst) begin
            count  <= '0;
            full_n <= 1'b0;
        end else begin
            if (enters && !leaves) count <= count + 1'b1;
            else if (!enters && leaves) count <= count - 1'b1;
            full_n <= count < CountBits'(Depth - 1) || (count == CountBits'(Depth - 1) && (!enters || leaves))
                || (count == CountBits'(Depth) && leaves);
        end
    end

    logic [AddressBits-1:0] write_at;
    logic [AddressBits-1:0] read_at;
    logic                   reads;
    always_ff @(posedge clk) begin
        if (rst) begin
            write_at <= '0;
            read_at  <= '0;
        end else begin
            if (enters) write_at <= write_at == AddressBits'(Depth - 1) ? '0 : write_at + 1'b1;
            if (reads) read_at <= read_at == AddressBits'(Depth - 1) ? '0 : read_at + 1'b1;
        end
    end

    generate
        if (Depth <= ShallowDepth) begin : g_shallow
            (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Depth-1];
            always_ff @(posedge clk) begin
                if (enters) memory[write_at] <= in_data;
                if (rst) out_valid <= 1'b0;
                else out_valid <= enters || count > CountBits'(1) || (count == CountBits'(1) && !leaves);
            end
            assign reads    = leaves;
            assign out_data = memory[read_at];
        end else begin : g_deep
            (* ram_style = "block" *) logic [Width-1:0] memory[0:Depth-1];
            logic [Width-1:0] out_register;
            logic             stored;  // the memory holds a beat that is not in the output register
            assign reads    = stored && (!out_valid || out_ready);
            assign out_data = out_register;
            always_ff @(posedge clk) begin
                if (enters) memory[write_at] <= in_data;
                if (reads) out_register <= memory[read_at];
                if (rst) begin
                    out_valid <= 1'b0;
                    stored    <= 1'b0;
                end else begin
                    out_valid <= reads || (out_valid && !out_ready);
                    // Beats in the memory after this edge: count - out_valid now, + enters - reads.
                    stored <= enters || count > CountBits'(2) || (count == CountBits'(2) && !(out_valid && reads))
                        || (count == CountBits'(1) && !out_valid && !reads);
                end
            end
        end
    endgenerate
endmodule
