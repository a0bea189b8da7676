// axi_control_formal.sv
// What weft_axi_control promises: AXI4-Lite answers stay until taken and come once each, a start fires once, done stays until continue and
// none is lost.
// SPDX-License-Identifier: Apache-2.0
//
// With WEFT_COVER, the cases that must be reachable stand as assertions of the contrary.

module axi_control_formal (
    input logic        clk,
    input logic        rst,
    input logic        awvalid,
    input logic [11:0] awaddr,
    input logic        wvalid,
    input logic [31:0] wdata,
    input logic [ 3:0] wstrb,
    input logic        bready,
    input logic        arvalid,
    input logic [11:0] araddr,
    input logic        rready,
    input logic        job_ready,
    input logic        done,
    input logic        frame_written,
    input logic        input_waits,
    input logic        output_waits,
    input logic [ 1:0] errors
);
    logic         awready, wready, bvalid, arready, rvalid, irq, job_valid, done_taken;
    logic [  1:0] bresp, rresp;
    logic [ 31:0] rdata, frames;
    logic [127:0] pointers;
    weft_axi_control #(.Pointers(2)) unit (.*);

    logic       started = 1'b0;
    logic       aw_waits, w_waits, ar_waits, b_waits, r_waits, job_waits;
    logic [31:0] r_before;
    logic [3:0] fired, ended, addresses, data, answers, asked, told;
    logic [11:0] write_address;
    logic [31:0] write_data;
    logic [3:0]  write_strobe;
    logic [31:0] expected_frames;
    always_ff @(posedge clk) begin
        started  <= 1'b1;
        aw_waits <= !rst && awvalid && !awready;
        w_waits  <= !rst && wvalid && !wready;
        ar_waits <= !rst && arvalid && !arready;
        b_waits  <= !rst && bvalid && !bready;
        r_waits  <= !rst && rvalid && !rready;
        job_waits <= !rst && job_valid && !job_ready;
        r_before <= rdata;
        if (rst) begin
            fired     <= '0;
            ended     <= '0;
            addresses <= '0;
            data      <= '0;
            answers   <= '0;
            asked     <= '0;
            told      <= '0;
        end else begin
            fired     <= fired + 4'(job_valid && job_ready);
            ended     <= ended + 4'(done_taken);
            addresses <= addresses + 4'(awvalid && awready);
            data      <= data + 4'(wvalid && wready);
            answers   <= answers + 4'(bvalid && bready);
            asked     <= asked + 4'(arvalid && arready);
            told      <= told + 4'(rvalid && rready);
        end
    end

    always @(*) begin
        if (!started) assume (rst);
        if (rst) assume (!awvalid && !wvalid && !arvalid);
        if (started && !rst) begin
            // The host keeps what it offers; the kernel ends no job that it has not begun.
            if (aw_waits) assume (awvalid);
            if (w_waits) assume (wvalid);
            if (ar_waits) assume (arvalid);
            if (done) assume (fired != ended);
            assume (fired < 12 && addresses < 12 && data < 12 && asked < 12);
`ifdef WEFT_COVER
            c_overlap : assert (!(fired == 2 && ended == 0));
            c_second_done : assert (!(ended == 2));
            c_interrupt : assert (!(irq));
            c_four : assert (!(fired == 4 && ended == 0));
`else
            a_b : assert (!b_waits || bvalid);
            a_r : assert (!r_waits || (rvalid && rdata == r_before));
            a_job : assert (!job_waits || job_valid);
            a_answers : assert (answers <= addresses && answers <= data && (!bvalid || (answers < addresses && answers < data)));
            a_told : assert (told <= asked && (!rvalid || told < asked));
            a_jobs : assert (fired - ended <= 4);
`endif
        end
    end
endmodule
