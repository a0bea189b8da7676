// fifo_formal.sv
// What weft_fifo promises: every beat leaves once and in order, in the cycles that the FIFO's control in C++ says.
// SPDX-License-Identifier: Apache-2.0
//
// One beat, chosen freely, is followed on its way; the data are only moved, so what holds of one bit of one beat holds of all.

module fifo_formal #(
    parameter int Depth = 2,
    parameter int Deep = 0  // the memory is a block RAM
) (
    input logic clk,
    input logic rst,
    input logic in_valid,
    input logic in_data,
    input logic out_ready,
    input logic follow
);
    logic in_ready, out_valid, out_data;
    weft_fifo #(.Width(1), .Depth(Depth)) unit (.*);
    weft_handshake #(.Width(1)) rules (.clk(clk), .rst(rst), .valid(out_valid), .ready(out_ready), .data(out_data));

    logic enters, leaves;
    assign enters = in_valid && in_ready;
    assign leaves = out_valid && out_ready;

    localparam int Bits = $clog2(Depth + 2) + 1;
    logic            started = 1'b0;
    logic [Bits-1:0] held;       // beats inside
    logic [Bits-1:0] ahead;      // beats that leave before the followed one
    logic            followed;   // the followed beat is inside
    logic            value;      // its data
    logic            fetched;    // of a deep one: a beat is in the output register

    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) begin
            held     <= '0;
            followed <= 1'b0;
            fetched  <= 1'b0;
        end else begin
            held <= held + Bits'(enters) - Bits'(leaves);
            fetched <= held > Bits'(fetched) || (fetched && !leaves);
            if (enters && follow && !followed) begin
                followed <= 1'b1;
                value    <= in_data;
                ahead    <= held - Bits'(leaves);
            end else if (followed && leaves) begin
                if (ahead == 0) followed <= 1'b0;
                else ahead <= ahead - 1'b1;
            end
        end
    end

    always @(*) begin
        if (!started) assume (rst);
        if (started && !rst) begin
            assert (in_ready == (held < Bits'(Depth)));
            assert (out_valid == (Deep != 0 ? fetched : held != 0));
            assert (!(followed && leaves && ahead == 0) || out_data == value);
            cover (held == Bits'(Depth) && followed && ahead == Bits'(Depth - 1));
            cover (followed && leaves && ahead == 0);
        end
    end
endmodule
