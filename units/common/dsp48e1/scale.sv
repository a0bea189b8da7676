// scale.sv
// One DSP48E1 as a multiply-add of a cascade that may shift by 17 bits: P = (Cascade ? carried : C) + A * B + CarryIn.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// CarryIn is 0 or 1, `carried` PCIN (Cascade = 1) or PCIN >>> 17 (2); all signed, p modulo 2^48. This cell has one way into its sum beside
// the product: c counts only where Cascade = 0. A has 25 bits: the upper ones of a repeat its sign. Fully pipelined, free-running:
// a and b of cycle t are in p of cycle t + 3 + Delay (one more register on both where Delay = 1), with c of cycle t + 1 + Delay and pcin of
// t + 2 + Delay. A cell with Delay = 1 thus takes the same a and b as the cell before it in the cascade.

module weft_scale #(
    parameter int Cascade = 0,
    parameter int Delay   = 0,
    parameter int CarryIn = 0
) (
    input  logic               clk,
    input  logic signed [26:0] a,
    input  logic signed [17:0] b,
    input  logic signed [47:0] c,
    input  logic        [47:0] pcin,
    output logic        [47:0] p,
    output logic        [47:0] pcout
);
    localparam int CascadeWhole = 1;
    localparam int CascadeShifted = 2;
`ifndef __ICARUS__
    if (Cascade < 0 || Cascade > CascadeShifted || Delay > 1 || CarryIn > 1) $error("Cascade is 0, 1 or 2, Delay and CarryIn are 0 or 1");
`endif
    logic unused;
    assign unused = &{1'b0, a[26:25]};
`ifdef SYNTHESIS
    localparam logic [2:0] Z = Cascade == CascadeShifted ? 3'b101 : Cascade == CascadeWhole ? 3'b001 : 3'b011;
    DSP48E1 #(
        .USE_DPORT("FALSE"),
        .USE_MULT("MULTIPLY"),
        .USE_SIMD("ONE48"),
        .A_INPUT("DIRECT"),
        .B_INPUT("DIRECT"),
        .AREG(1 + Delay),
        .ACASCREG(1 + Delay),
        .BREG(1 + Delay),
        .BCASCREG(1 + Delay),
        .CREG(1),
        .DREG(0),
        .ADREG(0),
        .MREG(1),
        .PREG(1),
        .OPMODEREG(0),
        .ALUMODEREG(0),
        .INMODEREG(0),
        .CARRYINREG(0),
        .CARRYINSELREG(0)
    ) cell_i (
        .CLK(clk),
        .A({{5{a[24]}}, a[24:0]}),
        .B(b),
        .C(c),
        .D(25'b0),
        .PCIN(pcin),
        .ACIN(30'b0),
        .BCIN(18'b0),
        .CARRYCASCIN(1'b0),
        .MULTSIGNIN(1'b0),
        .CARRYIN(CarryIn != 0),
        .CARRYINSEL(3'b000),
        .OPMODE({Z, 4'b0101}),
        .ALUMODE(4'b0000),
        .INMODE(5'b00000),
        .CEA1(Delay == 1),
        .CEA2(1'b1),
        .CEB1(Delay == 1),
        .CEB2(1'b1),
        .CEC(1'b1),
        .CED(1'b0),
        .CEAD(1'b0),
        .CEM(1'b1),
        .CEP(1'b1),
        .CEALUMODE(1'b0),
        .CECARRYIN(1'b0),
        .CECTRL(1'b0),
        .CEINMODE(1'b0),
        .RSTA(1'b0),
        .RSTB(1'b0),
        .RSTC(1'b0),
        .RSTD(1'b0),
        .RSTM(1'b0),
        .RSTP(1'b0),
        .RSTALLCARRYIN(1'b0),
        .RSTALUMODE(1'b0),
        .RSTCTRL(1'b0),
        .RSTINMODE(1'b0),
        .P(p),
        .PCOUT(pcout)
    );
`else
    logic signed [24:0] a1, a2;
    logic signed [17:0] b1, b2;
    logic signed [47:0] c1;
    logic signed [42:0] m;
    logic signed [47:0] carried;
    assign carried = Cascade == CascadeShifted ? $signed(pcin) >>> 17 : Cascade == CascadeWhole ? $signed(pcin) : c1;
    always_ff @(posedge clk) begin
        a1 <= a[24:0];
        b1 <= b;
        a2 <= Delay == 1 ? a1 : a[24:0];
        b2 <= Delay == 1 ? b1 : b;
        c1 <= c;
        m  <= 43'(a2) * 43'(b2);
        p  <= carried + 48'(m) + 48'(CarryIn);
    end
    assign pcout = p;
`endif
endmodule
