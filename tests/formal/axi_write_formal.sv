// axi_write_formal.sv
// What weft_axi_write promises, on words of 16 bits and bursts of 4: the words of a job lie one after the other from its address on, in the
// order in which they came, the rules of AXI4 are kept (weft_axi_check), and a job ends after its last answer.
// SPDX-License-Identifier: Apache-2.0
//
// With WEFT_COVER, the cases that must be reachable stand as assertions of the contrary.

module axi_write_formal (
    input logic        clk,
    input logic        rst,
    input logic        job_valid,
    input logic [12:0] job_place,
    input logic [ 2:0] job_count,
    input logic        takes,
    input logic        in_valid,
    input logic [ 1:0] in_bits,
    input logic        awready,
    input logic        wready,
    input logic        bvalid,
    input logic [ 1:0] bresp,
    input logic        follow
);
    localparam int FrameWords = 3;
    // A few addresses and counts, negative ones too: the solver's numbers stay small.
    logic [63:0] job_address;
    logic [31:0] job_frames;
    assign job_address = {51'h5_0000_8000, job_place};
    assign job_frames  = {{29{job_count[2]}}, job_count};
    logic [15:0] in_data;
    assign in_data = {14'd0, in_bits};
    logic        job_ready, done_valid, done_taken, in_ready, awvalid, wvalid, wlast, bready, error;
    logic [63:0] awaddr;
    logic [ 7:0] awlen;
    logic [15:0] wdata;
    assign done_taken = done_valid && takes;
    weft_axi_write #(.WordBits(16), .FrameWords(FrameWords), .MaxBurst(4), .Outstanding(2), .Depth(8)) unit (.*);

    weft_axi_check #(.WordBits(16), .Outstanding(2), .Master(1), .Memory(0)) check (
        .arvalid(1'b0), .arready(1'b0), .araddr(64'd0), .arlen(8'd0), .rvalid(1'b0), .rready(1'b0), .rdata(16'd0), .rresp(2'd0),
        .rlast(1'b0), .*
    );

    // The first job, and what has been done of it; one word of it is followed.
    logic        started = 1'b0;
    logic        has_job;
    logic [63:0] base;
    logic [ 4:0] words;
    logic [ 4:0] announced;
    logic [ 4:0] offered;
    logic [ 4:0] entered;
    logic [ 4:0] left;
    logic [ 4:0] answers;
    logic [ 4:0] bursts;
    logic        followed;
    logic [ 4:0] place;
    logic [15:0] value;
    logic [ 3:0] dones;
    logic        aw_waits;
    always_ff @(posedge clk) begin
        started  <= 1'b1;
        aw_waits <= !rst && awvalid && !awready;
        if (rst) begin
            has_job   <= 1'b0;
            announced <= '0;
            offered   <= '0;
            entered   <= '0;
            left      <= '0;
            answers   <= '0;
            bursts    <= '0;
            followed  <= 1'b0;
            dones     <= '0;
        end else begin
            if (job_valid && job_ready && !has_job) begin
                has_job <= 1'b1;
                base    <= {job_address[63:1], 1'b0};
                words   <= job_count[2] ? 5'd0 : {2'd0, job_count} + {1'b0, job_count, 1'b0};
            end
            if (awvalid && awready) announced <= announced + 5'(awlen) + 1'b1;
            if (awvalid && !aw_waits) offered <= offered + 5'(awlen) + 1'b1;
            if (awvalid && !aw_waits && offered < words) bursts <= bursts + 1'b1;
            if (in_valid && in_ready) begin
                entered <= entered + 1'b1;
                if (follow && !followed) begin
                    followed <= 1'b1;
                    place    <= entered;
                    value    <= in_data;
                end
            end
            if (wvalid && wready) left <= left + 1'b1;
            if (bvalid && bready) answers <= answers + 1'b1;
            if (done_taken) dones <= dones + 1;
        end
    end

    always @(*) begin
        if (!started) assume (rst);
        assume (entered < 24);
        if (rst) assume (!job_valid && !in_valid && !bvalid);
        if (started && !rst) begin
            // Of the first job alone, while it is the only one.
`ifdef WEFT_COVER
            c_two_bursts : assert (!(done_valid && dones == 0 && words == 6 && bursts == 2 && answers == 2));
            c_empty : assert (!(done_valid && words == 0));
            c_two_jobs : assert (!(done_valid && dones == 1 && words == 3));
`else
            if (has_job && awvalid && announced < words) begin
                a_address : assert (awaddr == base + 64'(announced) * 2);
                a_length : assert (announced + 5'(awlen) + 1'b1 <= words);
            end
            a_order : assert (!(followed && wvalid && left == place) || wdata == value);
            a_done : assert (!(done_valid && dones == 0) || (has_job && left >= words));
            a_answered : assert (!(done_valid && dones == 0 && words != 0) || (offered >= words && answers >= bursts));
`endif
        end
    end
endmodule
