// page.cpp
// SPDX-License-Identifier: Apache-2.0
#include "tools/operator_page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "src/graph/op_places.h"
#include "src/onnx/versions.h"
#include "tests/node/standard_tests.h"

namespace weft {

namespace {

constexpr std::string_view head = R"(# ONNX operators

Written by `build/operator_page tests/node > docs/onnx.md` from the operators' own tables ([adding an operator](operators.md)); a test fails when it is out of date.

*Sets*: the operator sets whose words weft knows; a newer one is tried with a warning. Numbers are float32, float64, float16 or bfloat16 (both computed as float32), and integers
of 8 to 64 bits; integers of 4 bits between quantizers. Every shape is fixed but for the number of images.

*Where*: in **hardware**, as a unit of the kernel, in the function behind one, or as the order of its elements; on the **host**, behind the kernel's last layer; **folded**
when the model is read, where all inputs are constant. In front of the first layer the host also computes functions and operators that only move elements. What is said "in hardware" holds for these nodes of a
kernel; `weft run --engine float` takes others too. Constants of functions in hardware are one number for the tensor or for each channel, and the function must be
finite on all that it can be given.
)";

constexpr std::string_view counts_note = R"(
*Tests*: of onnx's own tests of single nodes, and of the operator's body in other operators, how many pass, evaluated in the types that they state and in double. Each of the others
stands with its reason in `refused.txt` of)";

struct Collection {
    std::string name;
    test::TestCounts counts;
};

std::vector<Collection> collections_in(const std::filesystem::path& tables) {
    std::vector<Collection> collections;
    for (const auto& entry : std::filesystem::directory_iterator(tables)) {
        if (entry.is_directory()) collections.push_back({entry.path().filename().string(), test::read_counts(entry.path() / "passed.txt")});
    }
    std::ranges::sort(collections, {}, &Collection::name);
    return collections;
}

/// Text in a cell of a table.
std::string cell(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '<') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string where(const OpDef& op) {
    const OpPlaces places = places_of(op);
    std::string text;
    for (const auto& [holds, name] : {std::pair{places.hardware, "hardware"}, {places.host, "host"}, {places.folded, "folded"}}) {
        if (holds) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
    }
    return text.empty() ? "-" : text;
}

std::string count_of(const Collection& collection, const OpDef& op) {
    const auto at = collection.counts.find(std::string(op.name));
    if (!op.domain.empty() || at == collection.counts.end()) return "-";
    return fmt::format("{} of {}", at->second.passed, at->second.all);
}

void add_table(std::string& page, const std::vector<const OpDef*>& ops, const std::vector<Collection>& collections) {
    const bool standard = ops.front()->domain.empty();
    std::string names = "| operator |", rule = "|---|";
    const auto column = [&](std::string_view name) {
        names += fmt::format(" {} |", name);
        rule += "---|";
    };
    if (standard) column("sets");
    column("where");
    column("what weft takes");
    for (const Collection& collection : collections) column("tests of " + collection.name);
    page += fmt::format("\n{}\n{}\n", names, rule);
    for (const OpDef* op : ops) {
        page += fmt::format("| {} |", op->name);
        if (standard) page += fmt::format(" {} to {} |", op->since, newest_opset);
        page += fmt::format(" {} | {} |", where(*op), cell(op->summary));
        for (const Collection& collection : collections) page += fmt::format(" {} |", count_of(collection, *op));
        page += '\n';
    }
}

std::string also_in(const OpDef& op) {
    std::string text;
    for (const std::string_view domain : op.other_domains)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", domain.empty() ? "no domain" : domain);
    return text;
}

void add_domain(std::string& page, const std::vector<const OpDef*>& ops, const std::vector<Collection>& collections) {
    const std::string_view domain = ops.front()->domain;
    page += domain.empty() ? "\n## Standard operators\n" : fmt::format("\n## Operators of {}\n", domain);
    std::map<std::string, int> elsewhere;
    for (const OpDef* op : ops) ++elsewhere[also_in(*op)];
    for (const auto& [domains, count] : elsewhere)
        if (!domains.empty())
            page += fmt::format("\n{} found in files as well: {}.\n", count > 1 ? "Other domains in which these are" : "Also", domains);
    add_table(page, ops, collections);
}

void add_refused(std::string& page) {
    page += "\n## Refused by name\n\n| operator | why | what helps |\n|---|---|---|\n";
    for (const OpDef* op : op_registry())
        if (op->refusal) page += fmt::format("| {} | {} | {} |\n", op->name, cell(op->refusal->reason), cell(op->refusal->help));
}

}  // namespace

std::string operator_page(const std::filesystem::path& tables) {
    const std::vector<Collection> collections = collections_in(tables);
    std::string page(head);
    page += counts_note;
    for (std::size_t i = 0; i < collections.size(); ++i) page += fmt::format("{} `tests/node/{}`", i == 0 ? "" : ",", collections[i].name);
    page += " (the newest are run by `bench/node_tests.py`).\n";
    std::map<std::string_view, std::vector<const OpDef*>> by_domain;
    for (const OpDef* op : op_registry()) {
        // Canonical operators are weft's own: no file has them.
        if (!op->refusal && op->domain != op_for(OpRole::linear).domain) by_domain[op->domain].push_back(op);
    }
    for (const auto& [domain, ops] : by_domain) add_domain(page, ops, collections);
    add_refused(page);
    return page;
}

}  // namespace weft
