// field_words.h
// Packs small signed integers into the words of a table of the HLS face, which units/common/dot.hpp takes apart again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// `rows` rows of `fields` fields of `bits` bits; floor(64 / bits) fields a word, the first in the lowest bits. A row starts a new word.
class FieldWords {
public:
    FieldWords(std::int64_t rows, std::int64_t fields, int bits)
        : rows_(rows),
          bits_(bits),
          per_word_(64 / bits),
          words_((fields + per_word_ - 1) / per_word_),
          values_(static_cast<std::size_t>(rows * words_)) {}

    void set(std::int64_t row, std::int64_t field, std::int64_t value) {
        const std::uint64_t mask = bits_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits_) - 1;
        std::uint64_t& word = values_[static_cast<std::size_t>(row * words_ + field / per_word_)];
        word |= (static_cast<std::uint64_t>(value) & mask) << (field % per_word_ * bits_);
    }

    /// The table [rows][words], every word of a row readable in the same cycle.
    RomTable table(std::string name) && {
        RomTable rom{.name = std::move(name),
                     .type = "ap_uint<" + std::to_string(bits_ * per_word_) + ">",
                     .shape = {static_cast<int>(rows_), static_cast<int>(words_)},
                     .values = {values_.begin(), values_.end()},
                     .pragmas = {"ARRAY_PARTITION variable=table dim=2 complete"}};
        return rom;
    }

private:
    std::int64_t rows_;
    int bits_;
    int per_word_;
    std::int64_t words_;
    std::vector<std::uint64_t> values_;
};

}  // namespace weft
