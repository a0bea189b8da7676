// dsp48.sv
// The DSP48E2 and DSP48E1 primitives by their data sheets (UG579, UG479), as far as weft instantiates them, so that the instances are checked
// without the vendor's library: registers and their enables, the pre-adder, the multiplexers of the adder, the cascade with its shift by 17.
// Whatever else a parameter or a port may ask for ends the simulation.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

// What both have: of the DSP48E1 OPMODE[8:7] is 0, for it has no multiplexer W.
module dsp48_datapath #(
    parameter int          Wide      = 27,  // bits of A to the multiplier, and of D
    parameter logic        PreAdder  = 0,   // the multiplier takes A + D
    parameter logic [47:0] RND       = 48'd0,
    parameter int          ACASCREG  = 1,
    parameter int          ADREG     = 1,
    parameter int          AREG      = 1,
    parameter int          BCASCREG  = 1,
    parameter int          BREG      = 1,
    parameter int          CREG      = 1,
    parameter int          DREG      = 1,
    parameter int          MREG      = 1,
    parameter int          OPMODEREG = 1,
    parameter int          PREG      = 1
) (
    output logic        [47:0]     P,
    input  logic        [29:0]     A,
    input  logic        [17:0]     B,
    input  logic        [47:0]     C,
    input  logic                   CARRYIN,
    input  logic        [9:0]      enables,  // CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CECTRL, CED, CEM, CEP
    input  logic                   CLK,
    input  logic        [Wide-1:0] D,
    input  logic        [4:0]      INMODE,
    input  logic        [8:0]      OPMODE,
    input  logic        [47:0]     PCIN,
    input  logic        [9:0]      resets,
    input  logic        [6:0]      modes     // ALUMODE, CARRYINSEL
);
    wire CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CECTRL, CED, CEM, CEP;
    assign {CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CECTRL, CED, CEM, CEP} = enables;
    // Registers. Depth 1 is the second one, enabled by CEA2 (CEB2); depth 2 has both.
    logic signed [Wide-1:0] a1 = 0, a2 = 0, d1 = 0, ad1 = 0;
    logic signed [17:0] b1 = 0, b2 = 0;
    logic signed [47:0] c1 = 0;
    logic signed [Wide+17:0] m1 = 0;
    logic        [8:0]  opmode1 = 0;
    logic        [47:0] p1 = 0;

    wire signed [Wide-1:0] a_used = AREG == 0 ? A[Wide-1:0] : a2;
    wire signed [17:0] b_used = BREG == 0 ? B : b2;
    wire signed [Wide-1:0] d_used = DREG == 0 ? D : d1;
    // INMODE[1] takes A away, [2] lets D in, [3] subtracts.
    wire signed [Wide-1:0] a_gated = INMODE[1] ? '0 : a_used;
    wire signed [Wide-1:0] d_gated = INMODE[2] ? d_used : '0;
    wire signed [Wide-1:0] ad = INMODE[3] ? d_gated - a_gated : d_gated + a_gated;
    wire signed [Wide-1:0] ad_used = ADREG == 0 ? ad : ad1;
    wire signed [Wide-1:0] multiplicand = PreAdder ? ad_used : a_gated;
    wire signed [Wide+17:0] product = multiplicand * b_used;
    wire signed [Wide+17:0] m_used = MREG == 0 ? product : m1;
    wire signed [47:0] m_extended = m_used;
    wire        [47:0] c_used = CREG == 0 ? C : c1;
    wire        [8:0]  mode = OPMODEREG == 0 ? OPMODE : opmode1;

    // X and Y together are the product where both are 01; the adder sums W, X, Y, Z and the carry in.
    logic [47:0] w, xy, z;
    always @* begin
        case (mode[8:7])
            2'b00: w = 48'd0;
            2'b01: w = p1;
            2'b10: w = RND;
            2'b11: w = c_used;
        endcase
        case (mode[3:0])
            4'b0000: xy = 48'd0;
            4'b0101: xy = m_extended;
            default: xy = 48'bx;
        endcase
        case (mode[6:4])
            3'b000:  z = 48'd0;
            3'b001:  z = PCIN;
            3'b010:  z = p1;
            3'b011:  z = c_used;
            3'b101:  z = {{17{PCIN[47]}}, PCIN[47:17]};
            3'b110:  z = {{17{p1[47]}}, p1[47:17]};
            default: z = 48'bx;
        endcase
    end
    // CARRYINSEL is 0.
    wire [47:0] sum = w + xy + z + {47'd0, CARRYIN};

    always @(posedge CLK) begin
        if (CEA1) a1 <= A[Wide-1:0];
        if (CEA2) a2 <= AREG == 2 ? a1 : A[Wide-1:0];
        if (CEB1) b1 <= B;
        if (CEB2) b2 <= BREG == 2 ? b1 : B;
        if (CED) d1 <= D;
        if (CEAD) ad1 <= ad;
        if (CEC) c1 <= C;
        if (CEM) m1 <= product;
        if (CECTRL) opmode1 <= OPMODE;
        if (CEP) p1 <= sum;
    end
    assign P = PREG == 0 ? sum : p1;

    initial begin
        // The rules of the data sheets for what the cascades of A and B are taken from.
        if (AREG == 2 ? ACASCREG == 0 : ACASCREG != AREG) $fatal(1, "ACASCREG does not fit AREG");
        if (BREG == 2 ? BCASCREG == 0 : BCASCREG != BREG) $fatal(1, "BCASCREG does not fit BREG");
    end
    always @(posedge CLK) begin
        if (modes != 7'd0 || INMODE[0] || INMODE[4]) $fatal(1, "a mode that this model has not");
        if (resets != 10'd0) $fatal(1, "a reset that is not tied");
        if (A[29:Wide] != {(30 - Wide) {A[Wide-1]}}) $fatal(1, "A is not extended by its sign");
    end
endmodule

module DSP48E2 #(
    parameter              AMULTSEL                   = "A",
    parameter              A_INPUT                    = "DIRECT",
    parameter              BMULTSEL                   = "B",
    parameter              B_INPUT                    = "DIRECT",
    parameter              PREADDINSEL                = "A",
    parameter logic [47:0] RND                        = 48'd0,
    parameter              USE_MULT                   = "MULTIPLY",
    parameter              USE_SIMD                   = "ONE48",
    parameter              USE_WIDEXOR                = "FALSE",
    parameter              XORSIMD                    = "XOR24_48_96",
    parameter              AUTORESET_PATDET           = "NO_RESET",
    parameter              AUTORESET_PRIORITY         = "RESET",
    parameter logic [47:0] MASK                       = 48'h3fffffffffff,
    parameter logic [47:0] PATTERN                    = 48'd0,
    parameter              SEL_MASK                   = "MASK",
    parameter              SEL_PATTERN                = "PATTERN",
    parameter              USE_PATTERN_DETECT         = "NO_PATDET",
    parameter logic [3:0]  IS_ALUMODE_INVERTED        = 4'd0,
    parameter logic        IS_CARRYIN_INVERTED        = 1'b0,
    parameter logic        IS_CLK_INVERTED            = 1'b0,
    parameter logic [4:0]  IS_INMODE_INVERTED         = 5'd0,
    parameter logic [8:0]  IS_OPMODE_INVERTED         = 9'd0,
    parameter logic        IS_RSTALLCARRYIN_INVERTED  = 1'b0,
    parameter logic        IS_RSTALUMODE_INVERTED     = 1'b0,
    parameter logic        IS_RSTA_INVERTED           = 1'b0,
    parameter logic        IS_RSTB_INVERTED           = 1'b0,
    parameter logic        IS_RSTCTRL_INVERTED        = 1'b0,
    parameter logic        IS_RSTC_INVERTED           = 1'b0,
    parameter logic        IS_RSTD_INVERTED           = 1'b0,
    parameter logic        IS_RSTINMODE_INVERTED      = 1'b0,
    parameter logic        IS_RSTM_INVERTED           = 1'b0,
    parameter logic        IS_RSTP_INVERTED           = 1'b0,
    parameter int          ACASCREG                   = 1,
    parameter int          ADREG                      = 1,
    parameter int          ALUMODEREG                 = 1,
    parameter int          AREG                       = 1,
    parameter int          BCASCREG                   = 1,
    parameter int          BREG                       = 1,
    parameter int          CARRYINREG                 = 1,
    parameter int          CARRYINSELREG              = 1,
    parameter int          CREG                       = 1,
    parameter int          DREG                       = 1,
    parameter int          INMODEREG                  = 1,
    parameter int          MREG                       = 1,
    parameter int          OPMODEREG                  = 1,
    parameter int          PREG                       = 1
) (
    output logic [29:0] ACOUT,
    output logic [17:0] BCOUT,
    output logic        CARRYCASCOUT,
    output logic [3:0]  CARRYOUT,
    output logic        MULTSIGNOUT,
    output logic        OVERFLOW,
    output logic [47:0] P,
    output logic        PATTERNBDETECT,
    output logic        PATTERNDETECT,
    output logic [47:0] PCOUT,
    output logic        UNDERFLOW,
    output logic [7:0]  XOROUT,
    input  logic [29:0] A,
    input  logic [29:0] ACIN,
    input  logic [3:0]  ALUMODE,
    input  logic [17:0] B,
    input  logic [17:0] BCIN,
    input  logic [47:0] C,
    input  logic        CARRYCASCIN,
    input  logic        CARRYIN,
    input  logic [2:0]  CARRYINSEL,
    input  logic        CEA1,
    input  logic        CEA2,
    input  logic        CEAD,
    input  logic        CEALUMODE,
    input  logic        CEB1,
    input  logic        CEB2,
    input  logic        CEC,
    input  logic        CECARRYIN,
    input  logic        CECTRL,
    input  logic        CED,
    input  logic        CEINMODE,
    input  logic        CEM,
    input  logic        CEP,
    input  logic        CLK,
    input  logic [26:0] D,
    input  logic [4:0]  INMODE,
    input  logic        MULTSIGNIN,
    input  logic [8:0]  OPMODE,
    input  logic [47:0] PCIN,
    input  logic        RSTA,
    input  logic        RSTALLCARRYIN,
    input  logic        RSTALUMODE,
    input  logic        RSTB,
    input  logic        RSTC,
    input  logic        RSTCTRL,
    input  logic        RSTD,
    input  logic        RSTINMODE,
    input  logic        RSTM,
    input  logic        RSTP
);
    dsp48_datapath #(
        .Wide(27),
        .PreAdder(AMULTSEL == "AD"),
        .RND(RND),
        .ACASCREG(ACASCREG),
        .ADREG(ADREG),
        .AREG(AREG),
        .BCASCREG(BCASCREG),
        .BREG(BREG),
        .CREG(CREG),
        .DREG(DREG),
        .MREG(MREG),
        .OPMODEREG(OPMODEREG),
        .PREG(PREG)
    ) datapath (
        .P(P),
        .A(A),
        .B(B),
        .C(C),
        .CARRYIN(CARRYIN),
        .enables({CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CECTRL, CED, CEM, CEP}),
        .CLK(CLK),
        .D(D),
        .INMODE(INMODE),
        .OPMODE(OPMODE),
        .PCIN(PCIN),
        .resets({RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP}),
        .modes({ALUMODE, CARRYINSEL})
    );
    assign PCOUT = P;
    initial begin
        if (A_INPUT != "DIRECT" || B_INPUT != "DIRECT" || BMULTSEL != "B" || PREADDINSEL != "A" || USE_MULT != "MULTIPLY"
            || USE_SIMD != "ONE48" || USE_PATTERN_DETECT != "NO_PATDET" || AUTORESET_PATDET != "NO_RESET")
            $fatal(1, "a mode that this model has not");
        if (INMODEREG != 0 || ALUMODEREG != 0 || CARRYINREG != 0 || CARRYINSELREG != 0) $fatal(1, "a register that this model has not");
        if (IS_ALUMODE_INVERTED != 0 || IS_CARRYIN_INVERTED != 0 || IS_CLK_INVERTED != 0 || IS_INMODE_INVERTED != 0
            || IS_OPMODE_INVERTED != 0)
            $fatal(1, "an inverted input");
    end
endmodule

module DSP48E1 #(
    parameter              A_INPUT                    = "DIRECT",
    parameter              B_INPUT                    = "DIRECT",
    parameter              USE_DPORT                  = "FALSE",
    parameter              USE_MULT                   = "MULTIPLY",
    parameter              USE_SIMD                   = "ONE48",
    parameter              AUTORESET_PATDET           = "NO_RESET",
    parameter logic [47:0] MASK                       = 48'h3fffffffffff,
    parameter logic [47:0] PATTERN                    = 48'd0,
    parameter              SEL_MASK                   = "MASK",
    parameter              SEL_PATTERN                = "PATTERN",
    parameter              USE_PATTERN_DETECT         = "NO_PATDET",
    parameter logic [3:0]  IS_ALUMODE_INVERTED        = 4'd0,
    parameter logic        IS_CARRYIN_INVERTED        = 1'b0,
    parameter logic        IS_CLK_INVERTED            = 1'b0,
    parameter logic [4:0]  IS_INMODE_INVERTED         = 5'd0,
    parameter logic [6:0]  IS_OPMODE_INVERTED         = 7'd0,
    parameter int          ACASCREG                   = 1,
    parameter int          ADREG                      = 1,
    parameter int          ALUMODEREG                 = 1,
    parameter int          AREG                       = 1,
    parameter int          BCASCREG                   = 1,
    parameter int          BREG                       = 1,
    parameter int          CARRYINREG                 = 1,
    parameter int          CARRYINSELREG              = 1,
    parameter int          CREG                       = 1,
    parameter int          DREG                       = 1,
    parameter int          INMODEREG                  = 1,
    parameter int          MREG                       = 1,
    parameter int          OPMODEREG                  = 1,
    parameter int          PREG                       = 1
) (
    output logic [29:0] ACOUT,
    output logic [17:0] BCOUT,
    output logic        CARRYCASCOUT,
    output logic [3:0]  CARRYOUT,
    output logic        MULTSIGNOUT,
    output logic        OVERFLOW,
    output logic [47:0] P,
    output logic        PATTERNBDETECT,
    output logic        PATTERNDETECT,
    output logic [47:0] PCOUT,
    output logic        UNDERFLOW,
    input  logic [29:0] A,
    input  logic [29:0] ACIN,
    input  logic [3:0]  ALUMODE,
    input  logic [17:0] B,
    input  logic [17:0] BCIN,
    input  logic [47:0] C,
    input  logic        CARRYCASCIN,
    input  logic        CARRYIN,
    input  logic [2:0]  CARRYINSEL,
    input  logic        CEA1,
    input  logic        CEA2,
    input  logic        CEAD,
    input  logic        CEALUMODE,
    input  logic        CEB1,
    input  logic        CEB2,
    input  logic        CEC,
    input  logic        CECARRYIN,
    input  logic        CECTRL,
    input  logic        CED,
    input  logic        CEINMODE,
    input  logic        CEM,
    input  logic        CEP,
    input  logic        CLK,
    input  logic [24:0] D,
    input  logic [4:0]  INMODE,
    input  logic        MULTSIGNIN,
    input  logic [6:0]  OPMODE,
    input  logic [47:0] PCIN,
    input  logic        RSTA,
    input  logic        RSTALLCARRYIN,
    input  logic        RSTALUMODE,
    input  logic        RSTB,
    input  logic        RSTC,
    input  logic        RSTCTRL,
    input  logic        RSTD,
    input  logic        RSTINMODE,
    input  logic        RSTM,
    input  logic        RSTP
);
    dsp48_datapath #(
        .Wide(25),
        .PreAdder(USE_DPORT == "TRUE"),
        .ACASCREG(ACASCREG),
        .ADREG(ADREG),
        .AREG(AREG),
        .BCASCREG(BCASCREG),
        .BREG(BREG),
        .CREG(CREG),
        .DREG(DREG),
        .MREG(MREG),
        .OPMODEREG(OPMODEREG),
        .PREG(PREG)
    ) datapath (
        .P(P),
        .A(A),
        .B(B),
        .C(C),
        .CARRYIN(CARRYIN),
        .enables({CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CECTRL, CED, CEM, CEP}),
        .CLK(CLK),
        .D(D),
        .INMODE(INMODE),
        .OPMODE({2'b00, OPMODE}),
        .PCIN(PCIN),
        .resets({RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP}),
        .modes({ALUMODE, CARRYINSEL})
    );
    assign PCOUT = P;
    initial begin
        if (A_INPUT != "DIRECT" || B_INPUT != "DIRECT" || USE_MULT != "MULTIPLY"
            || USE_SIMD != "ONE48" || USE_PATTERN_DETECT != "NO_PATDET" || AUTORESET_PATDET != "NO_RESET")
            $fatal(1, "a mode that this model has not");
        if (INMODEREG != 0 || ALUMODEREG != 0 || CARRYINREG != 0 || CARRYINSELREG != 0) $fatal(1, "a register that this model has not");
        if (IS_ALUMODE_INVERTED != 0 || IS_CARRYIN_INVERTED != 0 || IS_CLK_INVERTED != 0 || IS_INMODE_INVERTED != 0
            || IS_OPMODE_INVERTED != 0)
            $fatal(1, "an inverted input");
    end
endmodule
