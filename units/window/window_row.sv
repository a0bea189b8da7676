// window_row.sv
// One kernel row of a window's delay line: the columns held, and the output registers of the row's taps.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `step` takes the columns on by a beat; `loads` (only with step) loads the output: Windows windows x KernelW taps x Lanes lanes. The columns
// that they span are those from the newest backwards; where `row_outside`, or `column_outside` of that column, is high, PadValue is loaded
// instead. in_data: Pixels columns x Lanes.
//
//   beats:      Ahead                    the windows' own              Behind
//     newest |-----|-----| ...  |---- Pixels columns of Windows ----|-----| ... |-----| oldest

module weft_window_row #(
    parameter int Pixels       = 1,
    parameter int Lanes        = 1,
    parameter int ChannelFolds = 1,
    parameter int Windows      = 1,
    parameter int StrideW      = 1,
    parameter int KernelW      = 3,
    parameter int PadLeft      = 1,
    parameter int Ahead        = 1,
    parameter int Behind       = 1,
    parameter int InBits       = 8,
    parameter int InSigned     = 0,
    parameter int OutBits      = 8,
    parameter int PadValue     = 0,
    parameter int Span         = (Windows - 1) * StrideW + KernelW
) (
    input  logic                                     clk,
    input  logic                                     rst,
    input  logic                                     step,
    input  logic                                     loads,
    input  logic                                     row_outside,
    input  logic [                         Span-1:0] column_outside,
    input  logic [          Pixels*Lanes*InBits-1:0] in_data,
    output logic [Windows*KernelW*Lanes*OutBits-1:0] out_data
);
    localparam int BeatBits = Pixels * Lanes * InBits;
    localparam int Held = Ahead + Behind;
    localparam logic [31:0] PadWord = PadValue;

    // Beats of the same channel fold, newest first.
    logic [(Held+1)*BeatBits-1:0] beats;
    assign beats[BeatBits-1:0] = in_data;
    generate
        for (genvar h = 0; h < Held; h++) begin : g_held
            weft_window_delay #(
                .Width(BeatBits),
                .Depth(ChannelFolds)
            ) folds (
                .clk(clk),
                .rst(rst),
                .step(step),
                .in_data(beats[h*BeatBits+:BeatBits]),
                .out_data(beats[(h+1)*BeatBits+:BeatBits])
            );
        end

        for (genvar i = 0; i < Windows; i++) begin : g_window
            for (genvar k = 0; k < KernelW; k++) begin : g_tap
                // The tap's column, counted from PadLeft columns before the first of the windows' own; `Behind` beats keep it positive.
                localparam int Column = i * StrideW + k;
                localparam int FromOldest = Column - PadLeft + Behind * Pixels;
                localparam int Age = Ahead + Behind - FromOldest / Pixels;
                localparam int First = Age * BeatBits + (FromOldest % Pixels) * Lanes * InBits;
                (* max_fanout = 256 *) logic pads;
                assign pads = loads && (row_outside || column_outside[Column]);
                for (genvar l = 0; l < Lanes; l++) begin : g_lane
                    logic [ InBits-1:0] element;
                    logic [OutBits-1:0] wide;
                    logic [OutBits-1:0] tap;
                    assign element = beats[First+l*InBits+:InBits];
                    if (InSigned != 0) begin : g_signed
                        assign wide = OutBits'($signed(element));
                    end else begin : g_unsigned
                        assign wide = OutBits'(element);
                    end
                    always_ff @(posedge clk) begin
                        if (pads) tap <= PadWord[OutBits-1:0];
                        else if (loads) tap <= wide;
                    end
                    assign out_data[((i*KernelW+k)*Lanes+l)*OutBits+:OutBits] = tap;
                end
            end
        end
    endgenerate
    logic unused;
    assign unused = &{1'b0, beats};
endmodule
