// matvec_serial.sv
// The results of a neuron fold of weft_matvec leave Lanes of each pixel a beat.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// `coming` is high in the cycle before a fold's sums stand at `sums` (PE of each pixel, pixel-major); they stay for a cycle. The fold has
// ceil(PE / Lanes) beats, or LastBeats if `coming_last`, in consecutive cycles; the next fold's come no sooner than these have left.
// One beat a fold: out is the sums as they stand. More: the first leaves one cycle later.

module weft_matvec_serial #(
    parameter int Pixels    = 1,
    parameter int PE        = 1,
    parameter int Lanes     = 1,
    parameter int Width     = 8,
    parameter int LastBeats = 1
) (
    input  logic                          clk,
    input  logic                          rst,
    input  logic                          coming,
    input  logic                          coming_last,
    input  logic [Pixels*PE*Width-1:0]    sums,
    output logic                          out_valid,
    output logic [Pixels*Lanes*Width-1:0] out_data
);
    localparam int Beats = (PE + Lanes - 1) / Lanes;
    localparam int Bits = Beats > 1 ? $clog2(Beats) : 1;
    generate
        if (Beats == 1) begin : g_wires
            always_ff @(posedge clk) out_valid <= !rst && coming;
            assign out_data = sums;
            logic unused;
            assign unused = coming_last;
        end else begin : g_beats
            // Number of the beat that is chosen in the next cycle. Beat 0 is chosen while the sums stand, and while nothing leaves.
            (* max_fanout = 256 *) logic [Bits-1:0] number;
            (* max_fanout = 256 *) logic            coming_now;
            logic [Bits-1:0] last;
            logic [Bits-1:0] next_last;
            logic            more;       // beats after beat 0 are being chosen
            logic            next_more;
            assign next_last = coming_last ? Bits'(LastBeats - 1) : Bits'(Beats - 1);
            assign next_more = coming_now ? last != '0 : more && number != last;
            always_ff @(posedge clk) begin
                if (rst) begin
                    coming_now <= 1'b0;
                    more       <= 1'b0;
                    out_valid  <= 1'b0;
                end else begin
                    coming_now <= coming;
                    more       <= next_more;
                    out_valid  <= coming_now || more;
                end
                if (coming) last <= next_last;
            end
            always_ff @(posedge clk) begin
                if (rst) number <= '0;
                else number <= next_more ? number + 1'b1 : '0;
            end
            for (genvar p = 0; p < Pixels; p++) begin : g_pixel
                for (genvar l = 0; l < Lanes; l++) begin : g_lane
                    logic [Beats*Width-1:0] words;
                    for (genvar i = 0; i < Beats; i++) begin : g_word
                        if (i == 0) begin : g_first
                            assign words[Width-1:0] = sums[(p*PE+l)*Width+:Width];
                        end else if (i * Lanes + l < PE) begin : g_held
                            logic [Width-1:0] held;
                            always_ff @(posedge clk) if (coming_now) held <= sums[(p*PE+i*Lanes+l)*Width+:Width];
                            assign words[i*Width+:Width] = held;
                        end else begin : g_spare
                            assign words[i*Width+:Width] = '0;
                        end
                    end
                    logic [Width-1:0] chosen;
                    weft_select #(
                        .Choices(Beats),
                        .Width  (Width)
                    ) choose (
                        .select (number),
                        .choices(words),
                        .chosen (chosen)
                    );
                    always_ff @(posedge clk) out_data[(p*Lanes+l)*Width+:Width] <= chosen;
                end
            end
        end
    endgenerate
endmodule
