// window_tap.sv
// One tap of a beat in a window's buffer: its copy of the memory, its address and its output register.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The tap is tap Slot + TapFolds' number * TapsPerBeat of the window. Where `advances`, the beat that `base` and `tap_fold` tell of becomes
// the present one; where `issues`, the present one is read. Its word, or PadValue where the tap is outside the frame, is in out_data a cycle
// later, and with InLuts = 0 after a further cycle with `fills`. Where `enters`, in_data is stored at write_at.

module weft_window_tap #(
    parameter int Words        = 16,
    parameter int InLuts       = 1,
    parameter int Columns      = 4,
    parameter int ChannelFolds = 1,
    parameter int KernelH      = 3,
    parameter int KernelW      = 3,
    parameter int TapsPerBeat  = 1,
    parameter int Slot         = 0,
    parameter int Lanes        = 1,
    parameter int InBits       = 8,
    parameter int InSigned     = 0,
    parameter int OutBits      = 8,
    parameter int PadValue     = 0,
    parameter int AddressBits  = $clog2(Words),
    parameter int TapFoldBits  = 4
) (
    input  logic                     clk,
    input  logic                     enters,
    input  logic [  AddressBits-1:0] write_at,
    input  logic [ Lanes*InBits-1:0] in_data,
    input  logic                     advances,
    input  logic                     issues,
    input  logic                     fills,
    input  logic [  AddressBits-1:0] base,
    input  logic [  TapFoldBits-1:0] tap_fold,
    input  logic [      KernelH-1:0] row_outside,
    input  logic [      KernelW-1:0] column_outside,
    output logic [Lanes*OutBits-1:0] out_data
);
    localparam int SlotFolds = (KernelH * KernelW - Slot + TapsPerBeat - 1) / TapsPerBeat;  // that have a tap for it
    localparam int Width = Lanes * InBits;
    localparam logic [31:0] PadWord = PadValue;

    // From the window's first tap to this one. A fold beyond the last tap is arbitrary.
    logic [AddressBits-1:0] offset;
    logic                   outside_next;
    always_comb begin
        offset       = '0;
        outside_next = 1'b0;
        for (int j = 0; j < SlotFolds; j++) begin
            if (tap_fold == TapFoldBits'(j)) begin
                offset = AddressBits'((((j * TapsPerBeat + Slot) / KernelW) * Columns + (j * TapsPerBeat + Slot) % KernelW) * ChannelFolds);
                outside_next =
                    row_outside[(j * TapsPerBeat + Slot) / KernelW] || column_outside[(j * TapsPerBeat + Slot) % KernelW];
            end
        end
    end

    (* max_fanout = 256 *) logic [AddressBits-1:0] read_at;
    logic                   outside;
    always_ff @(posedge clk) begin
        if (advances) begin
            read_at <= base + offset;
            outside <= outside_next;
        end
    end

    logic [Width-1:0] read_word;
    (* max_fanout = 256 *) logic masked;
    generate
        if (InLuts != 0) begin : g_luts
            (* ram_style = "distributed" *) logic [Width-1:0] memory[0:Words-1];
            always_ff @(posedge clk) if (enters) memory[write_at] <= in_data;
            assign read_word = memory[read_at];
            assign masked    = fills && outside;
            logic unused;
            assign unused = issues;
        end else begin : g_block
            (* ram_style = "block", no_rw_check *) logic [Width-1:0] memory[0:Words-1];
            logic [Width-1:0] word;
            logic             word_outside;
            always_ff @(posedge clk) begin
                if (enters) memory[write_at] <= in_data;
                if (issues) word <= memory[read_at];
                if (issues) word_outside <= outside;
            end
            assign read_word = word;
            assign masked    = fills && word_outside;
        end

        for (genvar l = 0; l < Lanes; l++) begin : g_lane
            logic [ InBits-1:0] element;
            logic [OutBits-1:0] wide;
            logic [OutBits-1:0] taken;
            assign element = read_word[l*InBits+:InBits];
            if (InSigned != 0) begin : g_signed
                assign wide = OutBits'($signed(element));
            end else begin : g_unsigned
                assign wide = OutBits'(element);
            end
            always_ff @(posedge clk) begin
                if (masked) taken <= PadWord[OutBits-1:0];
                else if (fills) taken <= wide;
            end
            assign out_data[l*OutBits+:OutBits] = taken;
        end
    endgenerate
endmodule
