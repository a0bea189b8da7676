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
    weft_fifo #(.Width(8), .Depth(3)) fifo_image (
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
    weft_window #(
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
    weft_matvec #(
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
        .OutBits(8),
        .OutputDepth(25),
        .ChainBits(18),
        .RomOutputs(4),
        .RomChains(1),
        .RomDeep(0),
        .StageForm(1),
        .StageAccBits(20),
        .StageSaturate(0),
        .StageAccDigits(1),
        .StageMulDigits(2),
        .StageMulBits(24),
        .StageSumBits(42),
        .StageShift(33),
        .StageOutSigned(1),
        .StageBounds(2),
        .StageShared(0),
        .StageLevels(1),
        .StageValuesShared(1),
        .Name("conv_matvec")
    ) u_conv_matvec (
        .clk(clk),
        .rst(rst),
        .in_valid(s_conv_taps_valid),
        .in_ready(s_conv_taps_ready),
        .in_data(s_conv_taps_data),
        .out_valid(s_conv_valid),
        .out_ready(s_conv_ready),
        .out_data(s_conv_data)
    );

    // pool
    weft_window #(
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
    weft_pool #(
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
        .OutBits(8),
        .OutputDepth(2),
        .SumBits(8),
        .FactorBits(0),
        .FactorAccDigits(1),
        .FactorMulDigits(1),
        .ProductBits(8),
        .RowClassBits(1),
        .ColumnClassBits(1),
        .StageForm(0),
        .StageAccBits(8),
        .StageSaturate(0),
        .StageAccDigits(1),
        .StageMulDigits(1),
        .StageMulBits(1),
        .StageSumBits(1),
        .StageShift(1),
        .StageOutSigned(1),
        .StageBounds(0),
        .StageShared(1),
        .StageLevels(1),
        .StageValuesShared(1)
    ) u_pool_pool (
        .clk(clk),
        .rst(rst),
        .in_valid(s_pool_taps_valid),
        .in_ready(s_pool_taps_ready),
        .in_data(s_pool_taps_data),
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
    weft_handshake #(.Width(8)) check_q_image (.clk(clk), .rst(rst), .valid(q_image_valid), .ready(q_image_ready), .data(q_image_data));
    weft_handshake #(.Width(8)) check_s_image (.clk(clk), .rst(rst), .valid(s_image_valid), .ready(s_image_ready), .data(s_image_data));
    weft_handshake #(.Width(72)) check_s_conv_taps (.clk(clk), .rst(rst), .valid(s_conv_taps_valid), .ready(s_conv_taps_ready), .data(s_conv_taps_data));
    weft_handshake #(.Width(16)) check_s_conv (.clk(clk), .rst(rst), .valid(s_conv_valid), .ready(s_conv_ready), .data(s_conv_data));
    weft_handshake #(.Width(16)) check_s_pool_taps (.clk(clk), .rst(rst), .valid(s_pool_taps_valid), .ready(s_pool_taps_ready), .data(s_pool_taps_data));
    weft_handshake #(.Width(16)) check_s_pool (.clk(clk), .rst(rst), .valid(s_pool_valid), .ready(s_pool_ready), .data(s_pool_data));
`endif

endmodule
