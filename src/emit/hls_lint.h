// hls_lint.h
// Holds an emitted HLS project to the limits of the vendor's compiler that text can show.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/emit/hls.h"

namespace weft {

struct HlsLimits {
    int ap_bits = 1024;                         ///< Widest ap_int or ap_uint.
    std::int64_t unrolled_elements = 1024;      ///< Elements, hence multiplies, that one process unrolls for one output.
    std::int64_t initialiser_tokens = 100'000;  ///< Numbers in initialisers, over the project.
};

/// One line a violation, `file:line: function: what`, ordered by file; empty where the project holds them all. The C simulation's own
/// headers and the testbench are not synthesised and not judged. The rules:
///   - a dataflow region holds declarations of streams, pragmas and process calls only; the arguments are plain names whose types are
///     those of the parameters; every stream has one process that writes it and one that reads it; pointers belong to one process each;
///   - every other loop is unrolled, or is the only pipelined loop of its function, `II=1 style=flp`, an int counter, nothing around it;
///   - a loop that reads or writes memory does nothing else, unconditionally;
///   - an array around a pipelined loop is registers (every dimension partitioned, or reshaped into one word), or a memory of which a
///     DEPENDENCE pragma in the loop says how many iterations lie between a write and a read: the compiler does not find them out;
///   - products that an unrolled loop sums are a chain of DSPs: each factor widened to an operand of the multiplier (for a DSP48E2
///     ap_int<27> or ap_int<18>), and EXPRESSION_BALANCE off in the loop;
///   - every m_axi port has a depth, without which there is no co-simulation;
///   - no static state in functions, nothing that the vendor's compiler does not synthesise, functions, parameters and streams have
///     names that Verilog takes too;
///   - the sizes of HlsLimits.
std::vector<std::string> lint_hls(const HlsProject& project, const HlsLimits& limits = {});

}  // namespace weft
