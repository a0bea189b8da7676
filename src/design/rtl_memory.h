// rtl_memory.h
// A memory's initial contents, for $readmemh.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// `depth` words of `width` bits, zero at first. Its name ends in a number, by which weft_rom finds
/// it: its file is `<unit name>_<name>.mem`, a line a word.
class RtlMemory {
public:
    RtlMemory(std::string name, int width, std::int64_t depth);

    /// The low `bits` (at most 64) bits of `value` into bits offset .. offset + bits - 1 of a word.
    void set(std::int64_t word, int offset, int bits, std::int64_t value);

    /// Bits 64 * place and following of a word, as many as there are.
    std::uint64_t limb(std::int64_t word, std::int64_t place) const { return limbs_[static_cast<std::size_t>(word * word_limbs_ + place)]; }
    std::int64_t word_limbs() const { return word_limbs_; }

    const std::string& name() const { return name_; }
    int width() const { return width_; }
    std::int64_t depth() const { return depth_; }
    /// Hexadecimal, as $readmemh takes it.
    std::string text() const;

private:
    std::string name_;
    int width_;
    std::int64_t depth_;
    std::int64_t word_limbs_;
    std::vector<std::uint64_t> limbs_;
};

}  // namespace weft
