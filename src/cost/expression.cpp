// expression.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

namespace weft {

namespace {

double ceil_ratio(double a, double b) { return std::ceil(a / b); }

double lutram(double width, double depth) {
    return depth <= 32 ? 8 * ceil_ratio(width, 14) : 8 * ceil_ratio(width, 7) * ceil_ratio(depth, 64);
}

double bram18(double width, double depth) {
    constexpr double half[][2] = {{36, 512}, {18, 1024}, {9, 2048}, {4, 4096}, {2, 8192}, {1, 16384}};
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [bits, words] : half) {
        const double columns = ceil_ratio(width, bits), rows = ceil_ratio(depth, words);
        least = std::min(least, columns * rows);
        // A whole RAMB36 is twice as wide or twice as deep.
        least = std::min(least, 2 * std::ceil(columns / 2) * rows);
    }
    return least;
}

class Parser {
public:
    Parser(std::string_view text, const Variables& variables) : text_(text), variables_(variables) {}

    Result<double> run() {
        const double value = comparison();
        skip();
        if (problem_.empty() && at_ < text_.size()) problem_ = fmt::format("unexpected '{}'", text_.substr(at_));
        if (!problem_.empty()) return Diagnostic{.reason = fmt::format("'{}': {}", text_, problem_)};
        return value;
    }

private:
    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }
    bool take(std::string_view token) {
        skip();
        if (text_.substr(at_, token.size()) != token) return false;
        at_ += token.size();
        return true;
    }

    double comparison() {
        const double left = sum();
        if (take("<=")) return left <= sum();
        if (take(">=")) return left >= sum();
        if (take("==")) return left == sum();
        if (take("!=")) return left != sum();
        if (take("<")) return left < sum();
        if (take(">")) return left > sum();
        return left;
    }
    double sum() {
        double value = product();
        while (problem_.empty()) {
            if (take("+"))
                value += product();
            else if (take("-"))
                value -= product();
            else
                break;
        }
        return value;
    }
    double product() {
        double value = factor();
        while (problem_.empty()) {
            if (take("*"))
                value *= factor();
            else if (take("/"))
                value /= factor();
            else
                break;
        }
        return value;
    }
    double factor() {
        if (take("-")) return -factor();
        if (take("(")) {
            const double value = comparison();
            if (!take(")")) problem_ = "')' is missing";
            return value;
        }
        skip();
        if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {  // from_chars alone would take "inf"
            double number = 0;
            at_ = static_cast<std::size_t>(std::from_chars(text_.data() + at_, text_.data() + text_.size(), number).ptr - text_.data());
            return number;
        }
        std::size_t end = at_;
        while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_')) ++end;
        const std::string_view name = text_.substr(at_, end - at_);
        at_ = end;
        if (name.empty()) {
            problem_ = at_ < text_.size() ? fmt::format("unexpected '{}'", text_.substr(at_)) : std::string("it ends too early");
            return 0;
        }
        if (take("(")) return call(name);
        if (const auto known = variables_.find(name); known != variables_.end()) return known->second;
        if (!std::islower(static_cast<unsigned char>(name[0]))) problem_ = fmt::format("there is no '{}'", name);
        return 0;
    }
    double call(std::string_view name) {
        std::vector<double> a{comparison()};
        while (take(",")) a.push_back(comparison());
        if (!take(")")) problem_ = "')' is missing";
        const auto is = [&](std::string_view function, std::size_t count) { return name == function && a.size() == count; };
        if (is("min", 2)) return std::min(a[0], a[1]);
        if (is("max", 2)) return std::max(a[0], a[1]);
        if (is("ceildiv", 2)) return ceil_ratio(a[0], a[1]);
        if (is("pow2", 1)) return std::exp2(a[0]);
        if (is("gcd", 2)) return static_cast<double>(std::gcd(std::llround(a[0]), std::llround(a[1])));
        if (is("clog2", 1)) return a[0] <= 1 ? 0 : std::ceil(std::log2(a[0]));
        if (is("where", 3)) return a[0] != 0 ? a[1] : a[2];
        if (is("lutram", 2)) return lutram(a[0], a[1]);
        if (is("bram18", 2)) return bram18(a[0], a[1]);
        problem_ = fmt::format("there is no function '{}' of {} arguments", name, a.size());
        return 0;
    }

    std::string_view text_;
    const Variables& variables_;
    std::size_t at_ = 0;
    std::string problem_;
};

}  // namespace

Result<double> evaluate_expression(std::string_view text, const Variables& variables) { return Parser(text, variables).run(); }

}  // namespace weft
