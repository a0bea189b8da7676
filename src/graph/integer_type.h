// integer_type.h
// The integer type of a value: which integers it takes and which real numbers they stand for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// real = (integer - zero_point) * scale, integer in {min, min + step, ..., max}.
/// One scale and zero point for the whole tensor, or one per index of `axis`.
struct IntegerType {
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::int64_t step = 1;
    std::vector<double> scale{1.0};           ///< Positive, finite; the file's float value, exactly.
    std::vector<std::int64_t> zero_point{0};  ///< As many as `scale`.
    int axis = -1;                            ///< Index into the tensor's shape; -1 for per-tensor.

    bool is_signed() const { return min < 0; }
    /// Fewest bits of a (two's complement where signed) word that holds min..max; at least 1.
    int bits() const;
    bool operator==(const IntegerType&) const = default;
};

/// `int8 [-128, 127] scale 0.0235 zero -128`.
std::string to_string(const IntegerType& type);

/// Fewest bits of a two's complement word (signed if min < 0) that holds min..max; at least 1.
int bits_for(std::int64_t min, std::int64_t max);

}  // namespace weft
