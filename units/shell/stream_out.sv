// stream_out.sv
// An AXI4-Stream output: elements in whole bytes, TLAST on a frame's last beat.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// A transfer is a beat of Elements elements of Bits bits, each extended to Carrier bits, by its sign if Signed. A frame has Beats beats.

module weft_stream_out #(
    parameter int Elements = 1,
    parameter int Bits     = 8,
    parameter int Carrier  = 8,
    parameter int Signed   = 0,
    parameter int Beats    = 1
) (
    input  logic                        clk,
    input  logic                        rst,
    input  logic                        in_valid,
    output logic                        in_ready,
    input  logic [   Elements*Bits-1:0] in_data,
    output logic                        tvalid,
    input  logic                        tready,
    output logic [Elements*Carrier-1:0] tdata,
    output logic                        tlast
);
    localparam int CountBits = Beats > 2 ? $clog2(Beats) : 1;
    logic [CountBits-1:0] beat;
    assign tvalid   = in_valid;
    assign in_ready = tready;
    always_ff @(posedge clk) begin
        if (rst) begin
            beat  <= '0;
            tlast <= Beats == 1;
        end else if (tvalid && tready) begin
            beat  <= tlast ? '0 : beat + 1'b1;
            tlast <= Beats == 1 || (!tlast && beat == CountBits'(Beats - 2));
        end
    end
    generate
        for (genvar i = 0; i < Elements; i++) begin : g_element
            if (Signed != 0) begin : g_signed
                assign tdata[i*Carrier+:Carrier] = Carrier'($signed(in_data[i*Bits+:Bits]));
            end else begin : g_unsigned
                assign tdata[i*Carrier+:Carrier] = Carrier'(in_data[i*Bits+:Bits]);
            end
        end
    endgenerate
endmodule
