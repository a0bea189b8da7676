// board_reader.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/board_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace weft {

Result<toml::table> parse_toml(std::string_view text, std::string_view path) {
    try {
        return toml::parse(text, path);
    } catch (const toml::parse_error& error) {
        return Diagnostic{.reason = fmt::format("'{}', line {}: {}", path, error.source().begin.line, error.description()),
                          .help = "a board file is TOML: docs/boards.md"};
    }
}

void BoardReader::wrong(std::string_view key, const std::string& why, const std::string& help, Made made) {
    found_.push_back({.reason = fmt::format("'{}', key '{}{}': {}", path_, place_, key, why), .help = help, .made = made});
}

const toml::node* BoardReader::find(std::string_view key, const char* example) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) wrong(key, "is missing", fmt::format("write {} = {}", key, example));
    return node;
}

std::string BoardReader::line(std::string_view key) {
    const toml::node* node = find(key, "\"...\"");
    if (node == nullptr) return {};
    const std::string value = node->value<std::string>().value_or("");
    const bool plain = std::none_of(value.begin(), value.end(), [](unsigned char c) { return std::iscntrl(c); });
    if (!value.empty() && plain) return value;
    wrong(key, "is no text of one line", fmt::format("write {} = \"...\"", key));
    return {};
}

std::string BoardReader::word(std::string_view key) {
    std::string value = line(key);
    const auto is_known = [](unsigned char c) {
        return std::isalnum(c) || std::string_view("_-.:[]").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (std::all_of(value.begin(), value.end(), is_known)) return value;
    wrong(key, fmt::format("'{}' goes into scripts of other tools, which take letters, digits and _ - . : [ ] alone", value),
          "leave out the other characters");
    return {};
}

std::string BoardReader::one_of(std::string_view key, std::initializer_list<const char*> values) {
    std::string value = line(key);
    if (value.empty() || std::find(values.begin(), values.end(), value) != values.end()) return value;
    wrong(key, fmt::format("'{}' is none of {}", value, fmt::join(values, ", ")), suggest(value, {values.begin(), values.end()}));
    return {};
}

std::int64_t BoardReader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const toml::node* node = find(key, std::to_string(least).c_str());
    if (node == nullptr) return least;
    if (!node->is_integer()) {
        wrong(key, "is no integer", "write digits alone, or 0x and hexadecimal ones");
        return least;
    }
    const std::int64_t value = node->value_or(std::int64_t{0});
    if (value >= least && value <= most) return value;
    wrong(key, fmt::format("{} is outside {}..{}", value, least, most), {});
    return least;
}

std::int64_t BoardReader::one_of_integers(std::string_view key, std::initializer_list<std::int64_t> values) {
    const std::int64_t value = integer(key, *values.begin(), *(values.end() - 1));
    if (std::find(values.begin(), values.end(), value) == values.end())
        wrong(key, fmt::format("{} is none of {}", value, fmt::join(values, ", ")), {});
    return value;
}

double BoardReader::real(std::string_view key, double least, double most) {
    const toml::node* node = find(key, fmt::format("{:g}", least).c_str());
    if (node == nullptr) return least;
    if (!node->is_number()) {
        wrong(key, "is no number", "write it with digits, a point and an exponent: 1.2e9");
        return least;
    }
    const double value = node->value_or(0.0);
    if (value >= least && value <= most) return value;
    wrong(key, fmt::format("{:g} is outside {:g}..{:g}", value, least, most), {});
    return least;
}

std::vector<BoardReader> BoardReader::tables(std::string_view key) {
    known_.emplace_back(key);
    const toml::array* list = table_[key].as_array();
    if (list == nullptr || list->empty() || !list->is_homogeneous<toml::table>()) {
        wrong(key, list == nullptr && !has(key) ? "is missing" : "is no list of tables",
              fmt::format("write [[{}]] and its keys below", key));
        return {};
    }
    std::vector<BoardReader> readers;
    for (std::size_t i = 0; i < list->size(); ++i)
        readers.emplace_back(*list->get(i)->as_table(), fmt::format("{}{}[{}].", place_, key, i), path_, found_);
    return readers;
}

void BoardReader::finish() {
    for (const auto& [key, node] : table_) {
        const std::string name(key.str());
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) wrong(name, "is not known here", suggest(name, known_));
    }
}

}  // namespace weft
