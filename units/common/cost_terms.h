// cost_terms.h
// What the cost features of units are made of: bits of counters and beats, memories in LUTs and in block RAM, contents of ROMs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "src/design/dsp.h"
#include "src/design/unit_def.h"

namespace weft {

/// Bits that tell `count` things apart: 0 for one.
constexpr std::int64_t clog2(std::int64_t count) {
    return count <= 1 ? 0 : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(count - 1)));
}
/// The least power of two that is not below `count`: the words of a memory that holds so many.
constexpr std::int64_t words_for(std::int64_t count) { return std::int64_t{1} << clog2(count); }

/// Bits of a beat at an input or output of the unit.
std::int64_t beat_bits(const Unit& unit, bool output, int port);

/// LUTs of a memory with a write and a read port, of that many bits and words, in LUTs.
double lut_memory(double width, std::int64_t depth);
/// RAMB36 of such a memory in block RAM; halves are RAMB18.
double block_memory(double width, std::int64_t depth);

/// Of the FIFO behind a unit or between two (units/fifo/fifo.sv): its memory.
double fifo_luts(std::int64_t width, std::int64_t depth);
double fifo_bram36(std::int64_t width, std::int64_t depth);

/// The tree of units/common/reduce.sv over the terms of a beat, of which `present` count in the last one.
struct ReduceTerms {
    std::int64_t added_bits = 0;     ///< Of adders,
    std::int64_t compared_bits = 0;  ///< of steps of a maximum,
    std::int64_t masked_bits = 0;    ///< of terms that are left out where they are not present,
    std::int64_t register_bits = 0;  ///< of nodes, and of terms that wait for a level or two,
    std::int64_t shifted_bits = 0;   ///< of terms that wait longer: in shift registers.

    ReduceTerms(std::int64_t terms, std::int64_t present, std::int64_t in_bits, std::int64_t out_bits, bool maximum);
};

/// Registers of weft_stage_multiply (units/output/stage_multiply.sv) beside its DSPs: digits of the sum that wait for the last, and factors
/// that wait for their DSP.
constexpr std::int64_t digit_registers(const ProductDigits& digits) { return dsp_digit_bits * (digits.dsp() - 1); }
constexpr std::int64_t factor_registers(const ProductDigits& digits, const DspCell& cell) {
    return std::int64_t{cell.wide_bits + cell.narrow_bits} * std::max(0, (digits.dsp() - 2) * (digits.dsp() - 1) / 2);
}

/// What the contents of ROMs that are alike tell, all of them together.
struct RomContents {
    std::int64_t count = 0;
    std::int64_t depth = 0;    ///< Words of the deepest.
    std::int64_t width = 0;    ///< Bits of a word, added up.
    std::int64_t columns = 0;  ///< Of these, bits that change from word to word, equal ones of a memory counted once.
    double bram36 = 0;         ///< For the bits that change, if they are in block RAM.
};
RomContents rom_contents(std::span<const RtlMemory> memories);

}  // namespace weft
