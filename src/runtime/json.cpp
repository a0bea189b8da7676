// json.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "json.h"

#include <charconv>
#include <cmath>

#include "error.h"

namespace weft::host {

/// Recursive descent over RFC 8259; nesting is limited, so that no text exhausts the stack.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    Json document() {
        Json value = read(0);
        if (skip() != text_.size()) fail("text follows the end");
        return value;
    }

private:
    static constexpr int max_depth = 32;

    [[noreturn]] void fail(const char* what) const {
        throw input_error("the kernel's description is not JSON: at byte " + std::to_string(at_) + " " + what);
    }
    std::size_t skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
        return at_;
    }
    char peek() { return skip() < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    bool take_word(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    Json read(int depth) {
        if (depth > max_depth) fail("it is nested too deeply");
        Json json;
        const char c = peek();
        if (c == '{') {
            json.value_ = members(depth);
        } else if (c == '[') {
            json.value_ = elements(depth);
        } else if (c == '"') {
            json.value_ = string();
        } else if (take_word("true")) {
            json.value_ = true;
        } else if (take_word("false")) {
            json.value_ = false;
        } else if (!take_word("null")) {
            json.value_ = number();
        }
        return json;
    }
    Json::Members members(int depth) {
        Json::Members list;
        take('{');
        if (take('}')) return list;
        do {
            if (peek() != '"') fail("a name is missing");
            std::string name = string();
            if (!take(':')) fail("':' is missing");
            list.emplace_back(std::move(name), read(depth + 1));
        } while (take(','));
        if (!take('}')) fail("'}' is missing");
        return list;
    }
    std::vector<Json> elements(int depth) {
        std::vector<Json> list;
        take('[');
        if (take(']')) return list;
        do list.push_back(read(depth + 1));
        while (take(','));
        if (!take(']')) fail("']' is missing");
        return list;
    }
    double number() {
        double value = 0;
        const char* first = text_.data() + at_;
        const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
        if (error != std::errc() || !std::isfinite(value)) fail("no value is there");
        at_ += static_cast<std::size_t>(end - first);
        return value;
    }
    std::string string() {
        std::string value;
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') {
                escaped(value);
            } else {
                value += text_[at_];
            }
        }
        if (at_ == text_.size()) fail("a text does not end");
        ++at_;
        return value;
    }
    /// The character behind the backslash at `at_`; those beyond the basic plane come as two halves, which no description has.
    void escaped(std::string& value) {
        constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        if (++at_ == text_.size()) fail("a text does not end");
        if (const std::size_t known = letters.find(text_[at_]); known != std::string_view::npos) {
            value += meanings[known];
            return;
        }
        unsigned code = 0;
        const char* first = text_.data() + at_ + 1;
        if (text_[at_] != 'u' || text_.size() - at_ < 5 || std::from_chars(first, first + 4, code, 16).ptr != first + 4)
            fail("an escape is not known");
        at_ += 4;
        if (code < 0x80) {
            value += static_cast<char>(code);
        } else if (code < 0x800) {
            value += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
        } else {
            value += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
                      static_cast<char>(0x80 | (code & 0x3f))};
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Json Json::parse(std::string_view text) { return JsonReader(text).document(); }

const Json* Json::find(std::string_view key) const {
    const auto* members = std::get_if<Members>(&value_);
    if (!members) return nullptr;
    for (const auto& [name, value] : *members)
        if (name == key) return &value;
    return nullptr;
}

const Json& Json::at(std::string_view key) const {
    const Json* found = find(key);
    if (!found)
        throw input_error("the kernel's description has no '" + std::string(key) + "'",
                          "package the kernel again with the weft that wrote this program");
    return *found;
}

template <class T>
const T& Json::as(std::string_view key, const char* kind) const {
    const T* value = std::get_if<T>(&value_);
    if (!value) throw input_error("'" + std::string(key) + "' of the kernel's description is not " + kind);
    return *value;
}

const std::string& Json::text(std::string_view key) const { return at(key).as<std::string>(key, "a text"); }
double Json::number(std::string_view key) const { return at(key).as<double>(key, "a number"); }
bool Json::boolean(std::string_view key) const { return at(key).as<bool>(key, "true or false"); }
const std::vector<Json>& Json::list(std::string_view key) const { return at(key).as<std::vector<Json>>(key, "a list"); }

namespace {

std::int64_t whole(double value, std::string_view key) {
    constexpr double limit = 9007199254740992.0;  // 2^53
    if (value != std::floor(value) || std::abs(value) > limit)
        throw input_error("'" + std::string(key) + "' of the kernel's description is not an integer");
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::int64_t Json::integer(std::string_view key) const { return whole(number(key), key); }

std::vector<double> Json::numbers(std::string_view key) const {
    std::vector<double> values;
    for (const Json& element : list(key)) values.push_back(element.as<double>(key, "a list of numbers"));
    return values;
}

std::vector<std::int64_t> Json::integers(std::string_view key) const {
    std::vector<std::int64_t> values;
    for (const double number : numbers(key)) values.push_back(whole(number, key));
    return values;
}

}  // namespace weft::host
