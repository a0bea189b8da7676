// rom.sv
// Constants: a word for each address.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The word for the address of cycle t is at `data` in cycle t + Latency: 0 or 1 in LUTs, 2 in a block RAM with its output register. One word
// is a constant, whatever the Latency. Contents: the file <Memory><Number>.mem; none where Memory is empty.

module weft_rom #(
    parameter int Width   = 8,
    parameter int Depth   = 1,
    parameter int Latency = 1,
    parameter int Number  = 0,
    parameter     Memory  = ""
) (
    input  logic                                       clk,
    input  logic [(Depth > 1 ? $clog2(Depth) : 1)-1:0] address,
    output logic [Width-1:0]                           data
);
`ifndef __ICARUS__
    if (Latency < 0 || Latency > 2) $error("Latency is 0, 1 or 2");
`endif
    generate
        if (Depth == 1) begin : g_constant
            logic [Width-1:0] words[0:0];
            initial if (Memory != "") $readmemh($sformatf("%s%0d.mem", Memory, Number), words);
            // A register of a constant, which costs nothing: simulators read the contents only after time 0.
            always_ff @(posedge clk) data <= words[0];
            logic unused;
            assign unused = &{1'b0, address};
        end else if (Latency == 2) begin : g_block
            (* rom_style = "block" *) logic [Width-1:0] words[0:Depth-1];
            logic [Width-1:0] read;
            initial if (Memory != "") $readmemh($sformatf("%s%0d.mem", Memory, Number), words);
            always_ff @(posedge clk) begin
                read <= words[address];
                data <= read;
            end
        end else begin : g_luts
`ifndef YOSYS
            // Yosys has no mapping for a ROM that is called distributed.
            (* rom_style = "distributed" *)
`endif
            logic [Width-1:0] words[0:Depth-1];
            initial if (Memory != "") $readmemh($sformatf("%s%0d.mem", Memory, Number), words);
            if (Latency == 1) begin : g_register
                always_ff @(posedge clk) data <= words[address];
            end else begin : g_wires
                assign data = words[address];
                logic unused;
                assign unused = clk;
            end
        end
    endgenerate
endmodule
