// diagnostic.cpp
// Text of diagnostics and suggestions for misspelt names.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/diagnostic.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace weft {

namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Letters put in, left out, exchanged for others, or swapped with their neighbour, whatever their case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
    }
    return last[b.size()];
}

/// A slip every eight letters: more makes another word of it.
std::size_t slips_in(std::string_view name) { return 1 + name.size() / 8; }

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
    static constexpr std::string_view names[] = {"note", "warning", "error"};
    std::string text(names[static_cast<int>(diagnostic.severity)]);
    text += ": ";
    if (!diagnostic.node.empty()) text += "node '" + diagnostic.node + "'";
    if (!diagnostic.tensor.empty()) text += (diagnostic.node.empty() ? "tensor '" : ", tensor '") + diagnostic.tensor + "'";
    if (!diagnostic.node.empty() || !diagnostic.tensor.empty()) text += ": ";
    text += diagnostic.reason;
    if (!diagnostic.help.empty()) text += "\n  help: " + diagnostic.help;
    return text;
}

std::vector<std::string> to_strings(const Diagnostics& diagnostics) {
    constexpr std::size_t named = 3;
    std::vector<std::string> texts;
    std::vector<bool> told(diagnostics.size(), false);
    for (std::size_t i = 0; i < diagnostics.size(); ++i) {
        if (told[i]) continue;
        const Diagnostic& first = diagnostics[i];
        std::vector<std::string> nodes{first.node};
        for (std::size_t j = i + 1; j < diagnostics.size(); ++j) {
            const Diagnostic& other = diagnostics[j];
            if (first.node.empty() || other.node.empty() || other.severity != first.severity || other.reason != first.reason ||
                other.help != first.help)
                continue;
            told[j] = true;
            if (std::find(nodes.begin(), nodes.end(), other.node) == nodes.end()) nodes.push_back(other.node);
        }
        if (nodes.size() == 1) {
            texts.push_back(to_string(first));
            continue;
        }
        Diagnostic all = first;
        all.node.clear();
        all.tensor.clear();
        std::string names;
        for (std::size_t n = 0; n < std::min(nodes.size(), named); ++n) names += (n ? ", '" : "'") + nodes[n] + "'";
        if (nodes.size() > named) names += ", ...";
        all.reason = std::to_string(nodes.size()) + " nodes (" + names + "): " + first.reason;
        texts.push_back(to_string(all));
    }
    return texts;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = slips_in(name) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    return best ? *best : std::string();
}

std::string suggest(std::string_view name, const std::vector<std::string>& candidates) {
    if (const std::string near = nearest(name, candidates); !near.empty()) return "did you mean '" + near + "'?";
    std::string text = "known: ";
    for (std::size_t i = 0; i < candidates.size() && i < 10; ++i) text += (i ? ", " : "") + candidates[i];
    if (candidates.size() > 10) text += ", ...";
    return candidates.empty() ? std::string() : text;
}

}  // namespace weft
