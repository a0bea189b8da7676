// cost_terms.cpp
// SPDX-License-Identifier: Apache-2.0
#include "units/common/cost_terms.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

namespace weft {

namespace {

constexpr std::int64_t deepest_lut_fifo = 64;

struct Columns {
    std::int64_t varied = 0;    ///< That are not constant,
    std::int64_t distinct = 0;  ///< equal ones once: by a digest of their bits.
};

Columns columns_of(const RtlMemory& memory) {
    const auto width = static_cast<std::size_t>(memory.width());
    const auto limbs = static_cast<std::size_t>(memory.word_limbs());
    std::vector<std::uint64_t> digests(64 * limbs), varies(limbs);
    for (std::int64_t word = 0; word < memory.depth(); ++word) {
        // A random odd factor a word; a column's digest is the sum over its ones.
        std::uint64_t factor = static_cast<std::uint64_t>(word + 1) * 0x9e3779b97f4a7c15U;
        factor = (factor ^ factor >> 30) * 0xbf58476d1ce4e5b9U;
        factor = (factor ^ factor >> 27) * 0x94d049bb133111ebU | 1;
        for (std::size_t place = 0; place < limbs; ++place) {
            const std::uint64_t limb = memory.limb(word, static_cast<std::int64_t>(place));
            varies[place] |= limb ^ memory.limb(0, static_cast<std::int64_t>(place));
            for (std::uint64_t ones = limb; ones != 0; ones &= ones - 1)
                digests[64 * place + static_cast<std::size_t>(std::countr_zero(ones))] += factor;
        }
    }
    std::set<std::uint64_t> distinct;
    Columns columns;
    for (std::size_t bit = 0; bit < width; ++bit) {
        if ((varies[bit / 64] >> bit % 64 & 1) == 0) continue;
        ++columns.varied;
        distinct.insert(digests[bit]);
    }
    columns.distinct = std::ssize(distinct);
    return columns;
}

double ceil_ratio(double a, double b) { return std::ceil(a / b); }

}  // namespace

std::int64_t beat_bits(const Unit& unit, bool output, int port) {
    const Stream& stream = *(output ? unit.outputs : unit.inputs)[static_cast<std::size_t>(port)];
    return std::int64_t{stream.bits()} * port_beat(unit, output, port).elements();
}

double lut_memory(double width, std::int64_t depth) {
    const auto words = static_cast<double>(depth);
    return depth <= 32 ? 8 * ceil_ratio(width, 14) : 8 * ceil_ratio(width, 7) * ceil_ratio(words, 64);
}

double block_memory(double width, std::int64_t depth) {
    constexpr double half[][2] = {{36, 512}, {18, 1024}, {9, 2048}, {4, 4096}, {2, 8192}, {1, 16384}};
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [bits, words] : half) {
        const double columns = ceil_ratio(width, bits), rows = ceil_ratio(static_cast<double>(depth), words);
        // A whole RAMB36 is twice as wide or twice as deep.
        least = std::min({least, columns * rows, 2 * std::ceil(columns / 2) * rows});
    }
    return least / 2;
}

double fifo_luts(std::int64_t width, std::int64_t depth) {
    return depth < 2 || depth > deepest_lut_fifo ? 0 : lut_memory(static_cast<double>(width), words_for(depth));
}

double fifo_bram36(std::int64_t width, std::int64_t depth) {
    if (depth <= deepest_lut_fifo) return 0;
    return block_memory(static_cast<double>(width), depth <= 512 ? words_for(depth) : depth);
}

ReduceTerms::ReduceTerms(std::int64_t terms, std::int64_t present, std::int64_t in_bits, std::int64_t out_bits, bool maximum)
    : masked_bits((terms - present) * in_bits) {
    std::int64_t passes = 0, passing_bits = 0;
    for (std::int64_t nodes = terms, level = 1; nodes > 1; ++level) {
        const std::int64_t bits = maximum ? in_bits : std::min(out_bits, in_bits + level);
        (maximum ? compared_bits : added_bits) += nodes / 2 * bits;
        register_bits += nodes / 2 * bits;
        // The last node of an odd number passes.
        if (nodes % 2 != 0 && passes++ == 0) passing_bits = maximum || level == 1 ? in_bits : std::min(out_bits, in_bits + level - 1);
        nodes = (nodes + 1) / 2;
        if (nodes % 2 != 0) continue;
        (passes < 3 ? register_bits : shifted_bits) += passing_bits * (passes < 3 ? passes : 1);
        passes = 0;
    }
}

RomContents rom_contents(std::span<const RtlMemory> memories) {
    RomContents all;
    for (const RtlMemory& memory : memories) {
        const Columns columns = columns_of(memory);
        ++all.count;
        all.depth = std::max(all.depth, memory.depth());
        all.width += memory.width();
        all.columns += columns.distinct;
        all.bram36 += block_memory(static_cast<double>(columns.varied), memory.depth());
    }
    return all;
}

}  // namespace weft
