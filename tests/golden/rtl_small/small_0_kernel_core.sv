// small_0_kernel_core.sv
// The stream core: a module instance a unit, joined by valid/ready streams.
// weft, for a test

module small_0_kernel_core (
    input  logic clk,
    input  logic rst,
    input  logic image_valid,
    output logic image_ready,
    input  logic [7:0] image_data,
    output logic result0_valid,
    input  logic result0_ready,
    output logic [15:0] result0_data
);

    // image: 6 x 5 positions of 2 channels, -128..127; beats of 1 x 1 x 1, 60 a frame
    logic s_image_valid;
    logic s_image_ready;
    logic [7:0] s_image_data;
    logic q_image_valid;
    logic q_image_ready;
    logic [7:0] q_image_data;
    small_0_kernel_weft_fifo #(.Width(8), .Depth(3)) fifo_image (
        .clk(clk), .rst(rst),
        .in_valid(s_image_valid), .in_ready(s_image_ready), .in_data(s_image_data),
        .out_valid(q_image_valid), .out_ready(q_image_ready), .out_data(q_image_data));

    // conv_taps: 6 x 5 positions of 9 taps x 2 channels, -128..127; beats of 1 x 9 x 1, 60 a frame
    logic s_conv_taps_valid;
    logic s_conv_taps_ready;
    logic [71:0] s_conv_taps_data;

    // conv: 6 x 5 positions of 3 channels, -128..127; beats of 1 x 1 x 2, 60 a frame
    logic s_conv_valid;
    logic s_conv_ready;
    logic [15:0] s_conv_data;

    // pool_taps: 3 x 2 positions of 4 taps x 3 channels, -128..127; beats of 1 x 1 x 2, 48 a frame
    logic s_pool_taps_valid;
    logic s_pool_taps_ready;
    logic [15:0] s_pool_taps_data;

    // pool: 3 x 2 positions of 3 channels, -128..127; beats of 1 x 1 x 2, 12 a frame
    logic s_pool_valid;
    logic s_pool_ready;
    logic [15:0] s_pool_data;

    // conv
    small_0_kernel_weft_window #(
        .Rows(6),
        .Columns(5),
        .Channels(2),
        .KernelH(3),
        .KernelW(3),
        .StrideH(1),
        .StrideW(1),
        .PadTop(1),
        .PadLeft(1),
        .PadBottom(1),
        .PadRight(1),
        .PadValue(0),
        .Pixels(1),
        .Lanes(1),
        .TapsPerBeat(9),
        .InBits(8),
        .InSigned(1),
        .OutBits(8),
        .Form(0),
        .BufferWords(1)
    ) u_conv_window (
        .clk(clk),
        .rst(rst),
        .in_valid(q_image_valid),
        .in_ready(q_image_ready),
        .in_data(q_image_data),
        .out_valid(s_conv_taps_valid),
        .out_ready(s_conv_taps_ready),
        .out_data(s_conv_taps_data)
    );

    // conv
    logic o_conv_matvec_room;
    logic [1:0] o_conv_matvec_takes;
    logic o_conv_matvec_acc_valid;
    logic [37:0] o_conv_matvec_acc;
    small_0_kernel_weft_matvec #(
        .Rows(6),
        .Columns(5),
        .Taps(9),
        .Channels(2),
        .Outputs(3),
        .Flatten(0),
        .WeightBits(8),
        .AccumulatorBits(19),
        .LaneShift(19),
        .ChainLength(9),
        .PE(3),
        .Pixels(1),
        .Lanes(1),
        .TapsPerBeat(9),
        .OutputLanes(2),
        .InBits(8),
        .InSigned(1),
        .ChainBits(18),
        .RomDeep(0),
        .Name("small_0_kernel_conv_matvec")
    ) u_conv_matvec (
        .clk(clk),
        .rst(rst),
        .in_valid(s_conv_taps_valid),
        .in_ready(s_conv_taps_ready),
        .in_data(s_conv_taps_data),
        .room(o_conv_matvec_room),
        .takes(o_conv_matvec_takes),
        .acc_valid(o_conv_matvec_acc_valid),
        .acc(o_conv_matvec_acc)
    );
    small_0_kernel_weft_output #(
        .Pixels(1),
        .Lanes(2),
        .Folds(2),
        .AccBits(19),
        .OutBits(8),
        .Depth(25),
        .Takes(2),
        .Form(1),
        .AccUsed(20),
        .Saturate(0),
        .AccDigits(1),
        .MulDigits(2),
        .MulBits(24),
        .SumBits(42),
        .Shift(33),
        .OutSigned(1),
        .Bounds(2),
        .Shared(0),
        .Levels(1),
        .ValuesShared(1),
        .Name("small_0_kernel_conv_matvec_output")
    ) output_conv_matvec (
        .clk(clk),
        .rst(rst),
        .room(o_conv_matvec_room),
        .takes(o_conv_matvec_takes),
        .acc_valid(o_conv_matvec_acc_valid),
        .acc(o_conv_matvec_acc),
        .out_valid(s_conv_valid),
        .out_ready(s_conv_ready),
        .out_data(s_conv_data)
    );

    // pool
    small_0_kernel_weft_window #(
        .Rows(6),
        .Columns(5),
        .Channels(3),
        .KernelH(2),
        .KernelW(2),
        .StrideH(2),
        .StrideW(2),
        .PadTop(0),
        .PadLeft(0),
        .PadBottom(0),
        .PadRight(0),
        .PadValue(0),
        .Pixels(1),
        .Lanes(2),
        .TapsPerBeat(1),
        .InBits(8),
        .InSigned(1),
        .OutBits(8),
        .Form(1),
        .BufferWords(64)
    ) u_pool_window (
        .clk(clk),
        .rst(rst),
        .in_valid(s_conv_valid),
        .in_ready(s_conv_ready),
        .in_data(s_conv_data),
        .out_valid(s_pool_taps_valid),
        .out_ready(s_pool_taps_ready),
        .out_data(s_pool_taps_data)
    );

    // pool
    logic o_pool_pool_room;
    logic [0:0] o_pool_pool_takes;
    logic o_pool_pool_acc_valid;
    logic [15:0] o_pool_pool_acc;
    small_0_kernel_weft_pool #(
        .Rows(3),
        .Columns(2),
        .Taps(4),
        .Channels(3),
        .Maximum(1),
        .Zero(0),
        .Pixels(1),
        .Lanes(2),
        .TapsPerBeat(1),
        .InBits(8),
        .InSigned(1),
        .SumBits(8),
        .FactorBits(0),
        .FactorAccDigits(1),
        .FactorMulDigits(1),
        .ProductBits(8),
        .RowClassBits(1),
        .ColumnClassBits(1)
    ) u_pool_pool (
        .clk(clk),
        .rst(rst),
        .in_valid(s_pool_taps_valid),
        .in_ready(s_pool_taps_ready),
        .in_data(s_pool_taps_data),
        .room(o_pool_pool_room),
        .takes(o_pool_pool_takes),
        .acc_valid(o_pool_pool_acc_valid),
        .acc(o_pool_pool_acc)
    );
    small_0_kernel_weft_output #(
        .Pixels(1),
        .Lanes(2),
        .Folds(2),
        .AccBits(8),
        .OutBits(8),
        .Depth(2),
        .Takes(1),
        .Form(0),
        .AccUsed(8),
        .Saturate(0),
        .AccDigits(1),
        .MulDigits(1),
        .MulBits(1),
        .SumBits(1),
        .Shift(1),
        .OutSigned(1),
        .Bounds(0),
        .Shared(1),
        .Levels(1),
        .ValuesShared(1)
    ) output_pool_pool (
        .clk(clk),
        .rst(rst),
        .room(o_pool_pool_room),
        .takes(o_pool_pool_takes),
        .acc_valid(o_pool_pool_acc_valid),
        .acc(o_pool_pool_acc),
        .out_valid(s_pool_valid),
        .out_ready(s_pool_ready),
        .out_data(s_pool_data)
    );

    assign s_image_valid = image_valid;
    assign image_ready = s_image_ready;
    assign s_image_data = image_data;
    assign result0_valid = s_pool_valid;
    assign s_pool_ready = result0_ready;
    assign result0_data = s_pool_data;

`ifdef WEFT_CHECK
    small_0_kernel_weft_handshake #(.Width(8)) check_q_image (.clk(clk), .rst(rst), .valid(q_image_valid), .ready(q_image_ready), .data(q_image_data));
    small_0_kernel_weft_handshake #(.Width(8)) check_s_image (.clk(clk), .rst(rst), .valid(s_image_valid), .ready(s_image_ready), .data(s_image_data));
    small_0_kernel_weft_handshake #(.Width(72)) check_s_conv_taps (.clk(clk), .rst(rst), .valid(s_conv_taps_valid), .ready(s_conv_taps_ready), .data(s_conv_taps_data));
    small_0_kernel_weft_handshake #(.Width(16)) check_s_conv (.clk(clk), .rst(rst), .valid(s_conv_valid), .ready(s_conv_ready), .data(s_conv_data));
    small_0_kernel_weft_handshake #(.Width(16)) check_s_pool_taps (.clk(clk), .rst(rst), .valid(s_pool_taps_valid), .ready(s_pool_taps_ready), .data(s_pool_taps_data));
    small_0_kernel_weft_handshake #(.Width(16)) check_s_pool (.clk(clk), .rst(rst), .valid(s_pool_valid), .ready(s_pool_ready), .data(s_pool_data));
`endif

endmodule
