// axi_control.sv
// The registers of a kernel: AXI4-Lite slave, start and completion of jobs (ap_ctrl_chain), interrupt, counters.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Registers, 32 bits each at byte offsets: 0x0 control (bit 0 ap_start, 1 ap_done, 2 ap_idle, 3 ap_ready, cleared by reading, 4 ap_continue,
// 7 auto_restart), 0x4 global interrupt enable, 0x8 interrupt enable (bit 0 ap_done, 1 ap_ready), 0xc interrupt status (the same bits, a
// written 1 toggles, but bit 0 stays set as long as a job is done and not continued); Pointers 64-bit arguments at PointerOffsets (12 bits
// each, the first lowest) and a 32-bit one, the number of frames, at FramesOffset; from StatusOffset on, read only: version, the model's
// hash (2 words), frames written, cycles that were not idle (2), cycles in which an input of the core waited for memory (2), in which
// memory held up an output (2), error flags. Of a counter of two words the low one is first; reading it keeps the high one for the next
// read. An error flag stays until a 1 is written to its bit.
//
// A job starts when ap_start is set and all that take part are ready (job_valid and job_ready in one cycle); this clears ap_start, unless
// auto_restart is set, and sets ap_ready: the next may be given while the first runs. `done` offers a job's completion, taken with
// done_taken; it sets ap_done until ap_continue is written, and the next is not taken before. At most four jobs are under way.

module weft_axi_control #(
    parameter int                 AddressBits    = 12,
    parameter int                 Pointers       = 2,
    parameter [Pointers*12-1:0]   PointerOffsets = {12'h01c, 12'h010},
    parameter [11:0]              FramesOffset   = 12'h028,
    parameter [11:0]              StatusOffset   = 12'h100,
    parameter [31:0]              Version        = 32'd0,
    parameter [63:0]              ModelHash      = 64'd0,
    parameter int                 Errors         = 2
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic                   awvalid,
    output logic                   awready,
    input  logic [AddressBits-1:0] awaddr,
    input  logic                   wvalid,
    output logic                   wready,
    input  logic [31:0]            wdata,
    input  logic [ 3:0]            wstrb,
    output logic                   bvalid,
    input  logic                   bready,
    output logic [ 1:0]            bresp,
    input  logic                   arvalid,
    output logic                   arready,
    input  logic [AddressBits-1:0] araddr,
    output logic                   rvalid,
    input  logic                   rready,
    output logic [31:0]            rdata,
    output logic [ 1:0]            rresp,
    output logic                   irq,
    output logic                   job_valid,
    input  logic                   job_ready,
    output logic [Pointers*64-1:0] pointers,
    output logic [31:0]            frames,
    input  logic                   done,
    output logic                   done_taken,
    input  logic                   frame_written,
    input  logic                   input_waits,
    input  logic                   output_waits,
    input  logic [Errors-1:0]      errors
);
    localparam logic [9:0] StatusWord = StatusOffset[11:2];

    // A write takes place when both its address and its data are there and the answer to the one before is taken.
    logic                   address_held;
    logic                   data_held;
    logic [AddressBits-1:0] write_address;
    logic [31:0]            write_data;
    logic [ 3:0]            write_strobe;
    logic                   writes;
    logic [ 9:0]            write_word;
    assign awready    = !address_held;
    assign wready     = !data_held;
    assign bresp      = 2'b00;
    assign writes     = address_held && data_held && !bvalid;
    assign write_word = 10'(write_address >> 2);
    always_ff @(posedge clk) begin
        if (awvalid && awready) write_address <= awaddr;
        if (wvalid && wready) begin
            write_data   <= wdata;
            write_strobe <= wstrb;
        end
        if (rst) begin
            address_held <= 1'b0;
            data_held    <= 1'b0;
            bvalid       <= 1'b0;
        end else begin
            address_held <= (awvalid && awready) || (address_held && !writes);
            data_held    <= (wvalid && wready) || (data_held && !writes);
            bvalid       <= writes || (bvalid && !bready);
        end
    end

    logic writes_control;
    assign writes_control = writes && write_word == 10'd0 && write_strobe[0];

    // Jobs.
    logic       start;
    logic       auto_restart;
    logic       ready_flag;
    logic       done_flag;
    logic [2:0] jobs;
    logic       idle;
    logic       fires;
    logic       reads_control;
    assign job_valid  = start && !jobs[2];
    assign fires      = job_valid && job_ready;
    assign done_taken = done && (!done_flag || auto_restart);
    assign idle       = jobs == '0 && !start;
    always_ff @(posedge clk) begin
        if (rst) begin
            start        <= 1'b0;
            auto_restart <= 1'b0;
            ready_flag   <= 1'b0;
            done_flag    <= 1'b0;
            jobs         <= '0;
        end else begin
            if (writes_control && write_data[0]) start <= 1'b1;
            else if (fires) start <= auto_restart;
            if (writes_control) auto_restart <= write_data[7];
            ready_flag <= fires || (ready_flag && !reads_control);
            done_flag  <= done_taken || (done_flag && !(writes_control && write_data[4]));
            jobs       <= jobs + 3'(fires) - 3'(done_taken);
        end
    end

    // Interrupt. Its status follows the level of done: a host first writes ap_continue and then toggles, and the job taken in between stays.
    logic       global_enable;
    logic [1:0] enable;
    logic [1:0] status;
    logic [1:0] toggled;
    assign toggled = writes && write_word == 10'd3 && write_strobe[0] ? write_data[1:0] : 2'b00;
    always_ff @(posedge clk) begin
        if (rst) begin
            global_enable <= 1'b0;
            enable        <= 2'b00;
            status        <= 2'b00;
            irq           <= 1'b0;
        end else begin
            if (writes && write_word == 10'd1 && write_strobe[0]) global_enable <= write_data[0];
            if (writes && write_word == 10'd2 && write_strobe[0]) enable <= write_data[1:0];
            status    <= (status ^ toggled) | (enable & {fires, done || done_flag});
            irq       <= global_enable && status != 2'b00;
        end
    end

    // Arguments, written by bytes: the number of frames, then the halves of the pointers.
    logic [2*Pointers:0] writes_argument;
    logic [(2*Pointers+1)*32-1:0] arguments;
    assign pointers = arguments[32+:64*Pointers];
    assign frames   = arguments[31:0];
    always_comb begin
        writes_argument[0] = writes && write_word == FramesOffset[11:2];
        for (int i = 0; i < 2 * Pointers; i++)
            writes_argument[1+i] = writes && write_word == PointerOffsets[(i/2)*12+2+:10] + 10'(i % 2);
    end
    always_ff @(posedge clk)
        for (int i = 0; i <= 2 * Pointers; i++)
            for (int b = 0; b < 4; b++)
                if (rst) arguments[i*32+b*8+:8] <= '0;
                else if (writes_argument[i] && write_strobe[b]) arguments[i*32+b*8+:8] <= write_data[b*8+:8];

    // Counters and flags.
    logic [31:0]       frames_written;
    logic [63:0]       cycles;
    logic [63:0]       input_stalls;
    logic [63:0]       output_stalls;
    logic [Errors-1:0] error_flags;
    logic [Errors-1:0] cleared;
    logic              counts;
    logic              input_stalls_now;
    logic              output_stalls_now;
    always_comb begin
        for (int i = 0; i < Errors; i++)
            cleared[i] = writes && write_word == StatusWord + 10'd10 && write_strobe[i/8] && write_data[i];
    end
    always_ff @(posedge clk) begin
        if (rst) begin
            error_flags       <= '0;
            counts            <= 1'b0;
            input_stalls_now  <= 1'b0;
            output_stalls_now <= 1'b0;
        end else begin
            counts            <= !idle;
            input_stalls_now  <= !idle && input_waits;
            output_stalls_now <= !idle && output_waits;
            error_flags <= (error_flags & ~cleared) | errors;
        end
    end
    always_ff @(posedge clk) begin
        if (rst) begin
            frames_written <= '0;
            cycles         <= '0;
            input_stalls   <= '0;
            output_stalls  <= '0;
        end else begin
            frames_written <= frames_written + 32'(frame_written);
            cycles         <= cycles + 64'(counts);
            input_stalls   <= input_stalls + 64'(input_stalls_now);
            output_stalls  <= output_stalls + 64'(output_stalls_now);
        end
    end

    // A read: which register it is, is found as the address is taken; in the next cycle its value is taken.
    localparam int Fixed = 15;
    localparam int Readable = Fixed + 2 * Pointers;
    logic                   asked;
    logic [            9:0] read_word;
    logic [   Readable-1:0] hits;
    logic [   Readable-1:0] held_hits;
    logic [Readable*32-1:0] values;
    logic [           31:0] chosen;
    logic [           31:0] kept_high;
    logic [           31:0] counter_high;
    logic                   reads_counter;
    logic                   unused_ok;
    assign unused_ok     = &{1'b0, araddr[1:0], write_address[1:0], PointerOffsets, FramesOffset[1:0], StatusOffset[1:0]};
    assign arready       = !asked && !rvalid;
    assign rresp         = 2'b00;
    assign reads_control = asked && held_hits[0];
    assign read_word     = 10'(araddr >> 2);
    always_comb begin
        hits = '0;
        for (int i = 0; i < 2 * Pointers; i++) hits[Fixed+i] = read_word == PointerOffsets[(i/2)*12+2+:10] + 10'(i % 2);
        for (int i = 0; i < 4; i++) hits[i] = read_word == 10'(i);
        hits[4] = read_word == FramesOffset[11:2];
        for (int i = 0; i < 5; i++) hits[5+i] = read_word == StatusWord + 10'(i);
        hits[10] = read_word == StatusWord + 10'd6;
        hits[11] = read_word == StatusWord + 10'd8;
        hits[12] = read_word == StatusWord + 10'd10;
        hits[13] = read_word == StatusWord + 10'd5 || read_word == StatusWord + 10'd7;
        hits[14] = read_word == StatusWord + 10'd9;
    end
    assign values = {
        pointers,
        kept_high,
        kept_high,
        32'(error_flags),
        output_stalls[31:0],
        input_stalls[31:0],
        cycles[31:0],
        frames_written,
        ModelHash[63:32],
        ModelHash[31:0],
        Version,
        frames,
        {30'd0, status},
        {30'd0, enable},
        {31'd0, global_enable},
        {24'd0, auto_restart, 3'd0, ready_flag, idle, done_flag, start}
    };
    always_comb begin
        chosen = '0;
        for (int i = 0; i < Readable; i++) chosen = chosen | (values[i*32+:32] & {32{held_hits[i]}});
    end
    assign reads_counter = held_hits[9] || held_hits[10] || held_hits[11];
    assign counter_high  = held_hits[9] ? cycles[63:32] : held_hits[10] ? input_stalls[63:32] : output_stalls[63:32];
    always_ff @(posedge clk) begin
        if (arvalid && arready) held_hits <= hits;
        if (asked) rdata <= chosen;
        if (asked && reads_counter) kept_high <= counter_high;
        if (rst) begin
            asked  <= 1'b0;
            rvalid <= 1'b0;
        end else begin
            asked  <= arvalid && arready;
            rvalid <= asked || (rvalid && !rready);
        end
    end
endmodule
