// board.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/board.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cassert>

#include "src/base/embedded_file.h"

namespace weft {

namespace generated {
extern const EmbeddedFile boards[];
extern const int board_count;
}  // namespace generated

namespace {

Board parse_board(const EmbeddedFile& file) {
    const toml::table table = toml::parse(file.contents, file.path);
    const auto text = [](const toml::table& from, std::string_view key) { return from[key].value_or(std::string()); };
    Board board;
    board.name = text(table, "name");
    board.title = text(table, "title");
    board.part = text(table, "part");
    board.platform = text(table, "platform");
    board.family = text(table, "family");
    board.flow = text(table, "flow");
    const DspCell* dsp = find_dsp_cell(table["dsp"].value_or(std::string(dsp48e2.name)));
    assert(dsp != nullptr);
    board.dsp = *dsp;
    board.kernel_clock_mhz = table["kernel_clock_mhz"].value_or(0.0);
    if (const toml::array* slrs = table["slr"].as_array()) {
        for (const toml::node& node : *slrs) {
            const toml::table& entry = *node.as_table();
            SuperLogicRegion slr;
            slr.name = text(entry, "name");
            const auto count = [&](std::string_view key) { return entry[key].value_or(std::int64_t{0}); };
            slr.user = {count("lut"), count("ff"), count("bram36"), count("uram"), count("dsp")};
            if (const toml::array* banks = entry["memory"].as_array()) {
                for (const toml::node& bank : *banks) slr.memory.push_back(bank.value_or(std::string()));
            }
            board.slrs.push_back(std::move(slr));
        }
    }
    assert(!board.name.empty() && !board.slrs.empty() && board.kernel_clock_mhz > 0);
    return board;
}

}  // namespace

Resources Board::total() const {
    Resources sum;
    for (const SuperLogicRegion& slr : slrs) {
        sum.lut += slr.user.lut;
        sum.ff += slr.user.ff;
        sum.bram36 += slr.user.bram36;
        sum.uram += slr.user.uram;
        sum.dsp += slr.user.dsp;
    }
    return sum;
}

const std::vector<Board>& boards() {
    static const std::vector<Board> list = [] {
        std::vector<Board> parsed;
        for (int i = 0; i < generated::board_count; ++i) parsed.push_back(parse_board(generated::boards[i]));
        std::sort(parsed.begin(), parsed.end(), [](const Board& a, const Board& b) { return a.name < b.name; });
        return parsed;
    }();
    return list;
}

Result<const Board*> find_board(std::string_view name) {
    std::vector<std::string> names;
    for (const Board& board : boards()) {
        if (board.name == name) return &board;
        names.push_back(board.name);
    }
    return Diagnostic{Severity::error, "", "", "there is no board '" + std::string(name) + "'", suggest(name, names)};
}

}  // namespace weft
