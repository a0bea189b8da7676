// fifo.sv
// Holds up to Depth beats, first in, first out.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// in_ready and out_valid come from registers. Up to ShallowDepth beats the memory is read without a clock (registers or LUTRAM) and a beat
// can leave one cycle after it entered; a deeper one is a block RAM with its output register, and a beat can leave after two.
// Sustains a beat a cycle for any Depth >= 2; Depth 1 passes a beat every second cycle. in_ready is high during reset: whoever feeds the
// FIFO holds in_valid low then.

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
`ifndef __ICARUS__
    if (Depth < 1) $error("Depth: a FIFO holds a beat at least");
`endif
    localparam int ShallowDepth = 64;
    localparam int AddressBits = Depth > 1 ? $clog2(Depth) : 1;
    localparam int CountBits = $clog2(Depth + 1) > 1 ? $clog2(Depth + 1) : 2;
    // A memory of a power of two words needs no comparison where its addresses wrap, and up to 512 words it costs no more.
    localparam int Words = Depth <= 512 ? 2 ** AddressBits : Depth;
    localparam bit Wraps = Words != 2 ** AddressBits;

    (* max_fanout = 256 *) logic enters;
    logic leaves;
    logic full;
    assign in_ready = !full;
    assign enters   = in_valid && !full;
    assign leaves   = out_valid && out_ready;

    logic [CountBits-1:0] count;  // beats inside
    always_ff @(posedge clk) begin
        if (rst) begin
            count <= '0;
            full  <= 1'b0;
        end else begin
            if (enters != leaves) count <= count + {{CountBits - 1{leaves}}, 1'b1};  // one up or one down
            full <= !leaves && (full || (in_valid && count == CountBits'(Depth - 1)));
        end
    end

    generate
        if (Depth == 1) begin : g_one
            logic [Width-1:0] beat;
            assign out_valid = full;
            assign out_data  = beat;
            always_ff @(posedge clk) if (enters) beat <= in_data;
        end else begin : g_many
            (* max_fanout = 256 *) logic                   reads;
            (* max_fanout = 256 *) logic [AddressBits-1:0] write_at;
            (* max_fanout = 256 *) logic [AddressBits-1:0] read_at;
            always_ff @(posedge clk) begin
                if (rst) begin
                    write_at <= '0;
                    read_at  <= '0;
                end else begin
                    if (enters) write_at <= Wraps && write_at == AddressBits'(Words - 1) ? '0 : write_at + 1'b1;
                    if (reads) read_at <= Wraps && read_at == AddressBits'(Words - 1) ? '0 : read_at + 1'b1;
                end
            end

            if (Depth <= ShallowDepth) begin : g_shallow
                (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Words-1];
                assign reads    = leaves;
                assign out_data = memory[read_at];
                always_ff @(posedge clk) begin
                    if (enters) memory[write_at] <= in_data;
                    if (rst) out_valid <= 1'b0;
                    else out_valid <= enters || (out_valid && !(out_ready && count == CountBits'(1)));
                end
            end else begin : g_deep
                (* ram_style = "block" *) logic [Width-1:0] memory[0:Words-1];
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
                        out_valid <= stored || (out_valid && !out_ready);
                        // One beat is always on its way to the register; of two, one stays behind unless one leaves.
                        stored <= enters || (count > CountBits'(1) && !(leaves && count == CountBits'(2)));
                    end
                end
            end
        end
    endgenerate
endmodule
