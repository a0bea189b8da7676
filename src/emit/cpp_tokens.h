// cpp_tokens.h
// A shallow reading of emitted C++: tokens, pragmas and function bodies, as far as the checks on our own output need them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct CppToken {
    enum class Kind { word, number, text, mark, pragma };
    Kind kind = Kind::mark;
    std::string text;  ///< Of a pragma: the words after `#pragma`, spaces around `=` removed, one space between words.
    std::string note;  ///< The comment behind the token, or behind the comma that follows it, on the same line.
    int line = 0;

    bool is(std::string_view other) const { return kind != Kind::pragma && kind != Kind::text && text == other; }
};

/// Other preprocessor lines are dropped.
std::vector<CppToken> cpp_tokens(std::string_view text);

struct CppParameter {
    std::string name;
    std::string type;  ///< Tokens joined by one space, without name, `const` and `&`.
    bool pointer = false;
    bool pack = false;
};

struct CppFunction {
    std::string name;
    int line = 0;
    bool is_constexpr = false;
    std::vector<CppParameter> parameters;
    std::vector<CppToken> body;  ///< Between the outer braces.
};

/// The functions that are defined in a file, members of structs included.
std::vector<CppFunction> cpp_functions(const std::vector<CppToken>& tokens);

/// The index behind the bracket that closes the one at `open`; `tokens.size()` if none does.
std::size_t behind_bracket(const std::vector<CppToken>& tokens, std::size_t open);

/// The comma-separated parts between the brackets that begin at `open`; template argument lists hold together.
std::vector<std::vector<CppToken>> bracket_parts(const std::vector<CppToken>& tokens, std::size_t open);

}  // namespace weft
