// cpp_tokens.cpp
// A shallow reading of emitted C++.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/cpp_tokens.h"

#include <algorithm>
#include <cctype>

#include "src/base/text.h"

namespace weft {

namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// One space between words, none around `=`.
std::string normal_pragma(std::string_view text) {
    std::string result;
    for (char c : trimmed(text)) {
        if (std::isspace(static_cast<unsigned char>(c)) != 0) c = ' ';
        if (c == ' ' && (result.empty() || result.back() == ' ' || result.back() == '=')) continue;
        if (c == '=' && !result.empty() && result.back() == ' ') result.pop_back();
        result += c;
    }
    return result;
}

std::string joined(const std::vector<CppToken>& tokens) {
    std::string text;
    for (const CppToken& token : tokens) text += (text.empty() ? "" : " ") + token.text;
    return text;
}

CppParameter parameter(std::vector<CppToken> tokens) {
    CppParameter result;
    // The name is the last word at the outermost level: behind it only array bounds; `(&name)[N]` has it inside.
    std::size_t name = tokens.size();
    int depth = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].is("<") || tokens[i].is("[")) ++depth;
        if (tokens[i].is(">") || tokens[i].is("]")) --depth;
        if (depth == 0 && tokens[i].kind == CppToken::Kind::word) name = i;
        if (tokens[i].is("*")) result.pointer = true;
        if (tokens[i].is("...")) result.pack = true;
    }
    if (name < tokens.size() && (tokens.size() > 1 && name > 0)) {
        result.name = tokens[name].text;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(name));
    }
    std::erase_if(tokens, [](const CppToken& token) { return token.is("const") || token.is("&") || token.is("..."); });
    result.type = joined(tokens);
    return result;
}

}  // namespace

std::vector<CppToken> cpp_tokens(std::string_view text) {
    std::vector<CppToken> tokens;
    int line = 1;
    bool line_start = true;
    std::size_t i = 0;
    const auto count_lines = [&](std::string_view part) {
        for (char c : part) line += c == '\n';
    };
    while (i < text.size()) {
        const char c = text[i];
        if (c == '\n') {
            ++line;
            line_start = true;
            ++i;
            continue;
        }
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            ++i;
            continue;
        }
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("//") || rest.starts_with("/*")) {
            const bool to_line_end = rest[1] == '/';
            const std::size_t close = rest.find(to_line_end ? "\n" : "*/", 2);
            const std::size_t length = close == std::string_view::npos ? rest.size() : to_line_end ? close : close + 2;
            std::string_view comment = rest.substr(2, (close == std::string_view::npos ? rest.size() : close) - 2);
            const std::size_t behind = tokens.size() > 1 && tokens.back().is(",") ? tokens.size() - 2 : tokens.size() - 1;
            if (!tokens.empty() && tokens[behind].line == line) tokens[behind].note = trimmed(comment);
            count_lines(comment);
            i += length;
            continue;
        }
        if (c == '#' && line_start) {
            std::size_t end = i;
            do end = text.find('\n', end + 1);
            while (end != std::string_view::npos && text[end - 1] == '\\');
            const std::string_view directive = rest.substr(0, end == std::string_view::npos ? rest.size() : end - i);
            const std::string words = trimmed(directive.substr(1));
            if (words.starts_with("pragma"))
                tokens.push_back(
                    {.kind = CppToken::Kind::pragma, .text = normal_pragma(std::string_view(words).substr(6)), .note = {}, .line = line});
            count_lines(directive);
            i += directive.size();
            continue;
        }
        line_start = false;
        CppToken token{.kind = CppToken::Kind::mark, .text = {}, .note = {}, .line = line};
        std::size_t length = 1;
        if (c == '"' || c == '\'') {
            token.kind = CppToken::Kind::text;
            while (length < rest.size() && rest[length] != c) length += rest[length] == '\\' ? 2 : 1;
            length = std::min(length + 1, rest.size());
        } else if (is_word_char(c)) {
            const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
            token.kind = number ? CppToken::Kind::number : CppToken::Kind::word;
            while (length < rest.size() && (is_word_char(rest[length]) || (number && rest[length] == '.'))) ++length;
        } else {
            for (std::string_view mark : {"...", "::", "->", "<<=", ">>=", "<=", ">=", "==", "!=", "&&",
                                          "||",  "++", "--", "+=",  "-=",  "*=", "/=", "|=", "&=", "<<"})
                if (rest.starts_with(mark)) {
                    length = mark.size();
                    break;
                }
        }
        token.text = rest.substr(0, length);
        tokens.push_back(std::move(token));
        i += length;
    }
    return tokens;
}

std::size_t behind_bracket(const std::vector<CppToken>& tokens, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < tokens.size(); ++i) {
        if (tokens[i].is("(") || tokens[i].is("{") || tokens[i].is("[")) ++depth;
        if (tokens[i].is(")") || tokens[i].is("}") || tokens[i].is("]")) --depth;
        if (depth == 0) return i + 1;
    }
    return tokens.size();
}

std::vector<std::vector<CppToken>> bracket_parts(const std::vector<CppToken>& tokens, std::size_t open) {
    std::vector<std::vector<CppToken>> parts;
    const std::size_t end = behind_bracket(tokens, open) - 1;
    int angles = 0;
    int depth = 0;
    for (std::size_t i = open + 1; i < end; ++i) {
        const CppToken& token = tokens[i];
        if (token.is("(") || token.is("{") || token.is("[")) ++depth;
        if (token.is(")") || token.is("}") || token.is("]")) --depth;
        // A `<` directly behind a word opens template arguments in what we emit; comparisons stand in brackets or not in lists at all.
        if (token.is("<") && i > 0 && tokens[i - 1].kind == CppToken::Kind::word) ++angles;
        if (token.is(">") && angles > 0) --angles;
        if (parts.empty()) parts.emplace_back();
        if (token.is(",") && angles == 0 && depth == 0) {
            parts.emplace_back();
        } else if (token.kind != CppToken::Kind::pragma) {
            parts.back().push_back(token);
        }
    }
    return parts;
}

std::vector<CppFunction> cpp_functions(const std::vector<CppToken>& tokens) {
    std::vector<CppFunction> functions;
    std::size_t statement = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].is(";") || tokens[i].is("}")) statement = i + 1;
        if (!tokens[i].is("{")) continue;
        // A body follows the closing bracket of a parameter list, `const` aside. The list is the first bracket of the statement.
        std::size_t before = i;
        while (before > statement && tokens[before - 1].is("const")) --before;
        if (before == 0 || !tokens[before - 1].is(")")) {
            // A scope is entered, an initialiser is skipped.
            if (i > 0 && tokens[i - 1].is("=")) i = behind_bracket(tokens, i) - 1;
            statement = i + 1;
            continue;
        }
        std::size_t list = statement;
        while (list < before && !(tokens[list].is("(") && list > statement && tokens[list - 1].kind == CppToken::Kind::word &&
                                  behind_bracket(tokens, list) == before))
            ++list;
        const std::size_t end = behind_bracket(tokens, i);
        if (list < before) {
            CppFunction function;
            function.name = tokens[list - 1].text;
            function.line = tokens[list - 1].line;
            for (std::size_t k = statement; k < list; ++k) function.is_constexpr = function.is_constexpr || tokens[k].is("constexpr");
            for (std::vector<CppToken>& part : bracket_parts(tokens, list)) function.parameters.push_back(parameter(std::move(part)));
            function.body.assign(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                 tokens.begin() + static_cast<std::ptrdiff_t>(end) - 1);
            functions.push_back(std::move(function));
        }
        i = end - 1;
        statement = end;
    }
    return functions;
}

}  // namespace weft
