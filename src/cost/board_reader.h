// board_reader.h
// Reads the keys of a TOML table, and says of each what is wrong with it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

/// Fails with the line where the text is no TOML.
Result<toml::table> parse_toml(std::string_view text, std::string_view path);

/// Each reading function returns the key's value; where there is none that is right, it adds a diagnostic and returns an empty one.
class BoardReader {
public:
    /// `place` stands before its keys in messages: "slr[1]."
    BoardReader(const toml::table& table, std::string place, std::string_view path, Diagnostics& found)
        : table_(table), place_(std::move(place)), path_(path), found_(found) {}

    bool has(std::string_view key) const { return table_.contains(key); }
    /// Text of one line.
    std::string line(std::string_view key);
    /// Text of letters, digits and _ - . : [ ] alone: it stands in Tcl, makefiles and configurations.
    std::string word(std::string_view key);
    std::string one_of(std::string_view key, std::initializer_list<const char*> values);
    std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
    std::int64_t one_of_integers(std::string_view key, std::initializer_list<std::int64_t> values);
    double real(std::string_view key, double least, double most);
    /// The tables `[[key]]`, one at least.
    std::vector<BoardReader> tables(std::string_view key);

    void wrong(std::string_view key, const std::string& why, const std::string& help, Made made = std::source_location::current());
    /// Says which keys nothing has asked for.
    void finish();

private:
    const toml::node* find(std::string_view key, const char* example);

    const toml::table& table_;
    std::string place_;
    std::string_view path_;
    Diagnostics& found_;
    std::vector<std::string> known_;
};

}  // namespace weft
