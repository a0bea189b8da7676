// rtl_memory.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/design/rtl_memory.h"

#include <cassert>
#include <utility>

namespace weft {

RtlMemory::RtlMemory(std::string name, int width, std::int64_t depth)
    : name_(std::move(name)),
      width_(width),
      depth_(depth),
      word_limbs_((width + 63) / 64),
      limbs_(static_cast<std::size_t>(word_limbs_ * depth)) {
    assert(width > 0 && depth > 0);
}

void RtlMemory::set(std::int64_t word, int offset, int bits, std::int64_t value) {
    assert(word >= 0 && word < depth_ && offset >= 0 && bits > 0 && bits <= 64 && offset + bits <= width_);
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    const std::uint64_t field = static_cast<std::uint64_t>(value) & mask;
    std::uint64_t* limb = &limbs_[static_cast<std::size_t>(word * word_limbs_ + offset / 64)];
    const int shift = offset % 64;
    limb[0] = (limb[0] & ~(mask << shift)) | field << shift;
    if (shift + bits > 64) limb[1] = (limb[1] & ~(mask >> (64 - shift))) | field >> (64 - shift);
}

std::string RtlMemory::text() const {
    constexpr char digits[] = "0123456789abcdef";
    const int nibbles = (width_ + 3) / 4;
    std::string out;
    out.reserve(static_cast<std::size_t>(depth_ * (nibbles + 1)));
    for (std::int64_t word = 0; word < depth_; ++word) {
        for (int nibble = nibbles - 1; nibble >= 0; --nibble) {
            const std::uint64_t limb = limbs_[static_cast<std::size_t>(word * word_limbs_ + nibble / 16)];
            out += digits[limb >> (nibble % 16 * 4) & 15];
        }
        out += '\n';
    }
    return out;
}

}  // namespace weft
