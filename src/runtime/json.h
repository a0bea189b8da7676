// json.h
// JSON as kernel.json has it, read without a library: a host program builds with nothing but the card's.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::host {

/// A value, read only. Everything that does not fit is an Error that names the key.
class Json {
public:
    static Json parse(std::string_view text);

    const Json* find(std::string_view key) const;  ///< Null where there is none.
    const Json& at(std::string_view key) const;
    const std::string& text(std::string_view key) const;
    double number(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    bool boolean(std::string_view key) const;
    const std::vector<Json>& list(std::string_view key) const;
    std::vector<double> numbers(std::string_view key) const;
    std::vector<std::int64_t> integers(std::string_view key) const;
    bool is_object() const { return std::holds_alternative<Members>(value_); }

private:
    friend class JsonReader;
    using Members = std::vector<std::pair<std::string, Json>>;

    template <class T>
    const T& as(std::string_view key, const char* kind) const;

    std::variant<std::nullptr_t, bool, double, std::string, std::vector<Json>, Members> value_{nullptr};
};

}  // namespace weft::host
