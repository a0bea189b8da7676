// matvec_words.sv
// A shallow memory of weft_matvec's weights, read at once.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// No clock. Memory <Name>_weights<Index>.mem, Depth words of Width bits. A module of its own, so that a mapper leaves the address's register
// where it is: moved behind the memory it would be a register a bit, and the address of all memories one net.

module weft_matvec_words #(
    parameter int Width       = 8,
    parameter int Depth       = 2,
    parameter int AddressBits = 1,
    parameter int Index       = 0,
    parameter     Name        = ""
) (
    input  logic [AddressBits-1:0] address,
    output logic [Width-1:0]       data
);
    logic [Width-1:0] memory[0:Depth-1];
    initial if (Name != "") $readmemh($sformatf("%s_weights%0d.mem", Name, Index), memory);
    assign data = memory[address];
endmodule
