// stage_rom.sv
// Constants of a stage: a word for each address.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// The word for the address of cycle t is there in cycle t + 1, or t + 2 where Depth > MostShallow (a block RAM with its output register).
// One word is a constant. Contents: the file <Memory>.mem, or <Memory><Number>.mem where Number is not negative; none where Memory is
// empty.

module weft_stage_rom #(
    parameter int Width       = 8,
    parameter int Depth       = 1,
    parameter int MostShallow = 64,
    parameter int Number      = -1,
    parameter     Memory      = ""
) (
    input  logic                                        clk,
    input  logic [(Depth > 1 ? $clog2(Depth) : 1)-1:0] address,
    output logic [Width-1:0]                            data
);
    // The attribute belongs to the declaration, so that a deep memory is one of its own.
    generate
        if (Depth <= MostShallow || Depth == 1) begin : g_shallow
            logic [Width-1:0] words[0:Depth-1];
            if (Memory != "") begin : g_contents
                if (Number < 0) begin : g_only
                    initial $readmemh({Memory, ".mem"}, words);
                end else begin : g_numbered
                    initial $readmemh($sformatf("%s%0d.mem", Memory, Number), words);
                end
            end
            if (Depth == 1) begin : g_word
                // A register of a constant, which costs nothing: simulators read the contents only after time 0.
                always_ff @(posedge clk) data <= words[0];
                logic unused;
                assign unused = &{1'b0, address};
            end else begin : g_words
                always_ff @(posedge clk) data <= words[address];
            end
        end else begin : g_deep
            (* rom_style = "block" *) logic [Width-1:0] words[0:Depth-1];
            logic [Width-1:0] read;
            if (Memory != "") begin : g_contents
                if (Number < 0) begin : g_only
                    initial $readmemh({Memory, ".mem"}, words);
                end else begin : g_numbered
                    initial $readmemh($sformatf("%s%0d.mem", Memory, Number), words);
                end
            end
            always_ff @(posedge clk) begin
                read <= words[address];
                data <= read;
            end
        end
    endgenerate
endmodule
