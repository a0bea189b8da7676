// matvec_rom.sv
// The weights of one slot of weft_matvec's cascades.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Memory <Name>_weights<Slot>.mem, Depth words of Width bits. Shallow (Deep = 0): data is the word at the address, at once. Deep: a block RAM
// with its output register, data is the word at the address of two cycles before.

module weft_matvec_rom #(
    parameter int Width       = 8,
    parameter int Depth       = 1,
    parameter int AddressBits = 1,
    parameter int Deep        = 0,
    parameter int Slot        = 0,
    parameter     Name        = ""
) (
    input  logic                   clk,
    input  logic [AddressBits-1:0] address,
    output logic [Width-1:0]       data
);
    generate
        if (Depth == 1) begin : g_constant
            logic [Width-1:0] memory[0:0];
            initial if (Name != "") $readmemh($sformatf("%s_weights%0d.mem", Name, Slot), memory);
            // A register of a constant, which costs nothing: simulators read the contents only after time 0.
            always_ff @(posedge clk) data <= memory[0];
            logic unused;
            assign unused = &{1'b0, address};
        end else if (Deep == 0) begin : g_shallow
            logic [Width-1:0] memory[0:Depth-1];
            initial if (Name != "") $readmemh($sformatf("%s_weights%0d.mem", Name, Slot), memory);
            assign data = memory[address];
            logic unused;
            assign unused = clk;
        end else begin : g_deep
            (* rom_style = "block", ram_style = "block" *) logic [Width-1:0] memory[0:Depth-1];
            initial if (Name != "") $readmemh($sformatf("%s_weights%0d.mem", Name, Slot), memory);
            logic [Width-1:0] word;
            always_ff @(posedge clk) begin
                word <= memory[address];
                data <= word;
            end
        end
    endgenerate
endmodule
