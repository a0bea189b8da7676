// axi_check.sv
// Checks the rules of AXI4 at a port: assertions for simulation and proof.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// For an AXI4 master port of full bursts (INCR, all bytes of a word, one ID). Of what the master must keep: valid and what goes with it stay
// until ready, from the first cycle after reset on; no burst crosses 4 KiB or is longer than 256 words; addresses are those of whole words;
// as many words are written a burst as were announced, wlast with the last of each. Of what the memory must keep: the same for its valids,
// no word and no answer that was not asked for, rlast with the last word of each burst. At most Outstanding bursts are out at once.
// Master and Memory (0 or 1) choose whose rules are asserted; in proofs the other's are assumed.

module weft_axi_check #(
    parameter int WordBits    = 512,
    parameter int Outstanding = 8,
    parameter int Master      = 1,
    parameter int Memory      = 1
) (
    input logic                clk,
    input logic                rst,
    input logic                awvalid,
    input logic                awready,
    input logic [63:0]         awaddr,
    input logic [ 7:0]         awlen,
    input logic                wvalid,
    input logic                wready,
    input logic [WordBits-1:0] wdata,
    input logic                wlast,
    input logic                bvalid,
    input logic                bready,
    input logic [ 1:0]         bresp,
    input logic                arvalid,
    input logic                arready,
    input logic [63:0]         araddr,
    input logic [ 7:0]         arlen,
    input logic                rvalid,
    input logic                rready,
    input logic [WordBits-1:0] rdata,
    input logic [ 1:0]         rresp,
    input logic                rlast
);
    localparam int ByteBits = $clog2(WordBits / 8);
    localparam int CountBits = $clog2(Outstanding + 2) + 1;
    localparam int SlotBits = $clog2(Outstanding + 1);

    // The cycle before: what was offered and not taken must still be there.
    logic                    aw_waits;
    logic                    w_waits;
    logic                    b_waits;
    logic                    ar_waits;
    logic                    r_waits;
    logic [71:0]             aw_before;
    logic [WordBits:0]       w_before;
    logic [ 1:0]             b_before;
    logic [71:0]             ar_before;
    logic [WordBits+2:0]     r_before;
    always_ff @(posedge clk) begin
        aw_waits  <= !rst && awvalid && !awready;
        w_waits   <= !rst && wvalid && !wready;
        b_waits   <= !rst && bvalid && !bready;
        ar_waits  <= !rst && arvalid && !arready;
        r_waits   <= !rst && rvalid && !rready;
        aw_before <= {awaddr, awlen};
        w_before  <= {wdata, wlast};
        b_before  <= bresp;
        ar_before <= {araddr, arlen};
        r_before  <= {rdata, rresp, rlast};
    end

    // Bursts announced and not ended, and the words that are due: of reads in a ring of lengths, of writes likewise. Data may run ahead of
    // an address that is offered and not yet taken, so an offered address counts at once.
    logic [8:0]           read_length[0:(1<<SlotBits)-1];
    logic [8:0]           write_length[0:(1<<SlotBits)-1];
    logic [SlotBits-1:0]  read_head;
    logic [SlotBits-1:0]  read_tail;
    logic [SlotBits-1:0]  write_head;
    logic [SlotBits-1:0]  write_tail;
    logic [CountBits-1:0] reads;
    logic [CountBits-1:0] writes;
    logic [CountBits-1:0] unanswered;
    logic [CountBits-1:0] requested;
    logic [8:0]           read_words;
    logic [8:0]           write_words;
    logic                 announces_read;
    logic                 announces_write;
    logic                 takes_read;
    logic                 ends_read;
    logic                 ends_write;
    assign announces_read  = arvalid && !ar_waits;
    assign announces_write = awvalid && !aw_waits;
    assign takes_read      = arvalid && arready;
    assign ends_read       = rvalid && rready && rlast;
    assign ends_write      = wvalid && wready && wlast;
    always_ff @(posedge clk) begin
        if (announces_read) read_length[read_tail] <= 9'(arlen) + 1'b1;
        if (announces_write) write_length[write_tail] <= 9'(awlen) + 1'b1;
        if (rst) begin
            read_head   <= '0;
            read_tail   <= '0;
            write_head  <= '0;
            write_tail  <= '0;
            reads       <= '0;
            requested   <= '0;
            writes      <= '0;
            unanswered  <= '0;
            read_words  <= '0;
            write_words <= '0;
        end else begin
            if (announces_read) read_tail <= read_tail + 1'b1;
            if (announces_write) write_tail <= write_tail + 1'b1;
            if (ends_read) read_head <= read_head + 1'b1;
            if (ends_write) write_head <= write_head + 1'b1;
            reads      <= reads + CountBits'(announces_read) - CountBits'(ends_read);
            requested  <= requested + CountBits'(takes_read) - CountBits'(ends_read);
            writes     <= writes + CountBits'(announces_write) - CountBits'(ends_write);
            unanswered <= unanswered + CountBits'(announces_write) - CountBits'(bvalid && bready);
            if (rvalid && rready) read_words <= rlast ? '0 : read_words + 1'b1;
            if (wvalid && wready) write_words <= wlast ? '0 : write_words + 1'b1;
        end
    end
    // Bursts whose data and address are both through, which an answer may come for.
    logic [CountBits-1:0] complete;
    assign complete = unanswered - writes - CountBits'(aw_waits && writes == '0);

    // Words of a burst lie in one block of 4 KiB.
    logic [12:0] ar_end;
    logic [12:0] aw_end;
    assign ar_end = {1'b0, araddr[11:0]} + 13'((32'(arlen) + 1) << ByteBits);
    assign aw_end = {1'b0, awaddr[11:0]} + 13'((32'(awlen) + 1) << ByteBits);

    logic master_ok;
    logic memory_ok;
    always_comb begin
        master_ok = 1'b1;
        memory_ok = 1'b1;
        if (!rst) begin
            if (aw_waits && (!awvalid || {awaddr, awlen} != aw_before)) master_ok = 1'b0;
            if (w_waits && (!wvalid || {wdata, wlast} != w_before)) master_ok = 1'b0;
            if (ar_waits && (!arvalid || {araddr, arlen} != ar_before)) master_ok = 1'b0;
            if (awvalid && (awaddr[ByteBits-1:0] != '0 || aw_end > 13'd4096)) master_ok = 1'b0;
            if (arvalid && (araddr[ByteBits-1:0] != '0 || ar_end > 13'd4096)) master_ok = 1'b0;
            if (wvalid && (writes == '0 || wlast != (write_words + 1'b1 == write_length[write_head]))) master_ok = 1'b0;
            if (reads > CountBits'(Outstanding) || unanswered > CountBits'(Outstanding)) master_ok = 1'b0;
            if (b_waits && (!bvalid || bresp != b_before)) memory_ok = 1'b0;
            if (r_waits && (!rvalid || {rdata, rresp, rlast} != r_before)) memory_ok = 1'b0;
            if (rvalid && (requested == '0 || rlast != (read_words + 1'b1 == read_length[read_head]))) memory_ok = 1'b0;
            if (bvalid && complete == '0) memory_ok = 1'b0;
        end
    end
    generate
        if (Master != 0) begin : g_master
            always_ff @(posedge clk) assert (master_ok);
        end
        if (Memory != 0) begin : g_memory
            always_ff @(posedge clk) assert (memory_ok);
        end
    endgenerate
`ifdef FORMAL
    generate
        if (Memory == 0) begin : g_assume_memory
            always_comb assume (memory_ok);
        end
        if (Master == 0) begin : g_assume_master
            always_comb assume (master_ok);
        end
    endgenerate
`endif
endmodule
