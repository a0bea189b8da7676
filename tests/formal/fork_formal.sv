// fork_formal.sv
// What weft_fork promises: every output passes every beat on once and in order, and the next one enters when all have.
// SPDX-License-Identifier: Apache-2.0

module fork_formal (
    input logic       clk,
    input logic       rst,
    input logic       in_valid,
    input logic       in_data,
    input logic [2:0] out_ready
);
    logic       in_ready;
    logic [2:0] out_valid;
    logic [2:0] out_data;
    weft_fork #(.InBits(1), .Outputs(3)) unit (.*);
    weft_handshake #(.Width(1)) rules (.clk(clk), .rst(rst), .valid(out_valid[1]), .ready(out_ready[1]), .data(out_data[1]));

    // The one beat inside, and who has it still to come.
    logic       started = 1'b0;
    logic       beat;
    logic [2:0] waits;
    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) waits <= 3'b000;
        else if (in_valid && in_ready) begin
            waits <= 3'b111;
            beat  <= in_data;
        end else waits <= waits & ~out_ready;
    end
    always @(*) begin
        if (!started) assume (rst);
        if (started && !rst) begin
            assert (in_ready == ((waits & ~out_ready) == 3'b000));
            assert (out_valid == waits);
            assert (((out_data ^ {3{beat}}) & waits) == 3'b000);
            cover (waits == 3'b010 && in_valid && in_ready);
        end
    end
endmodule
