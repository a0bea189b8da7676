// mac.sv
// One DSP48E1 of a cascade: P = (First ? Round : PCIN) + (a + d) * b.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// Latency: operands that stand at a, d and b in cycle t are in p and pcout in cycle t + 4. pcin is added in the last of these steps, so in a
// cascade each position's operands come one cycle after those of the position before it.
// a + d wraps at 25 bits (whatever the bits above say), the sum at 48. No reset, no enable: whoever uses it knows which cycles count.
// pcin and pcout are the dedicated cascade wires: they join one weft_mac to the next and nothing else. The first of a cascade has pcin = 0.
// Two products share a cell where a = high << L and d = low: with Round = 2^(L - 1) at the first of the cascade, bits 2L-1:L of p are the
// sum of the high products and {~p[L-1], p[L-2:0]} that of the low ones, for as long as each fits L (signed) bits. Of 8-bit factors L is 17,
// or 16 where a high one is -128 beside a negative low one: one product always fits.

module weft_mac #(
    parameter int          First = 1,
    parameter logic [47:0] Round = 48'd0
) (
    input  logic               clk,
    input  logic signed [26:0] a,
    input  logic signed [26:0] d,
    input  logic signed [17:0] b,
    input  logic        [47:0] pcin,
    output logic        [47:0] pcout,
    output logic        [47:0] p
);
    logic unused;
    assign unused = &{1'b0, a[26:25], d[26:25]};
`ifdef SYNTHESIS
    // X and Y: the product. First: Z is C, which holds Round (or nothing); else Z is PCIN.
    localparam logic [6:0] Opmode = First == 0 ? 7'b001_01_01 : Round == 48'd0 ? 7'b000_01_01 : 7'b011_01_01;

    DSP48E1 #(
        .A_INPUT("DIRECT"),
        .B_INPUT("DIRECT"),
        .USE_DPORT("TRUE"),
        .USE_MULT("MULTIPLY"),
        .USE_SIMD("ONE48"),
        .ACASCREG(1),
        .ADREG(1),
        .ALUMODEREG(0),
        .AREG(1),
        .BCASCREG(2),
        .BREG(2),
        .CARRYINREG(0),
        .CARRYINSELREG(0),
        .CREG(1),
        .DREG(1),
        .INMODEREG(0),
        .MREG(1),
        .OPMODEREG(1),
        .PREG(1)
    ) dsp (
        .P(p),
        .PCOUT(pcout),
        .A({{5{a[24]}}, a[24:0]}),
        .ACIN(30'd0),
        .ALUMODE(4'b0000),
        .B(b),
        .BCIN(18'd0),
        .C(Round),
        .CARRYCASCIN(1'b0),
        .CARRYIN(1'b0),
        .CARRYINSEL(3'b000),
        .CEA1(1'b0),
        .CEA2(1'b1),
        .CEAD(1'b1),
        .CEALUMODE(1'b0),
        .CEB1(1'b1),
        .CEB2(1'b1),
        .CEC(1'b1),
        .CECARRYIN(1'b0),
        .CECTRL(1'b1),
        .CED(1'b1),
        .CEINMODE(1'b0),
        .CEM(1'b1),
        .CEP(1'b1),
        .CLK(clk),
        .D(d[24:0]),
        .INMODE(5'b00100),
        .MULTSIGNIN(1'b0),
        .OPMODE(Opmode),
        .PCIN(pcin),
        .RSTA(1'b0),
        .RSTALLCARRYIN(1'b0),
        .RSTALUMODE(1'b0),
        .RSTB(1'b0),
        .RSTC(1'b0),
        .RSTCTRL(1'b0),
        .RSTD(1'b0),
        .RSTINMODE(1'b0),
        .RSTM(1'b0),
        .RSTP(1'b0)
    );
`else
    logic signed [24:0] a_register;
    logic signed [24:0] d_register;
    logic signed [24:0] ad_register;
    logic signed [17:0] b_register;
    logic signed [17:0] b_second;
    logic signed [42:0] m_register;
    logic        [47:0] p_register;
    always_ff @(posedge clk) begin
        a_register  <= a[24:0];
        d_register  <= d[24:0];
        b_register  <= b;
        ad_register <= a_register + d_register;
        b_second    <= b_register;
        m_register  <= ad_register * b_second;
        p_register  <= (First != 0 ? Round : pcin) + {{5{m_register[42]}}, m_register};
    end
    assign p     = p_register;
    assign pcout = p_register;
`endif
endmodule
