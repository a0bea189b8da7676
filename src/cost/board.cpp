// board.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "src/base/embedded_file.h"
#include "src/base/files.h"
#include "src/cost/board_reader.h"

namespace weft {

namespace generated {
extern const EmbeddedFile boards[];
extern const int board_count;
}  // namespace generated

namespace {

/// Largest of what a file may state: far above any device, and far below what overflows.
constexpr std::int64_t most_resources = 100'000'000;
constexpr std::int64_t most_bytes = std::int64_t{1} << 48;
constexpr std::int64_t most_banks = 256;
constexpr double most_bandwidth = 1e13;
constexpr std::int64_t page = 4096;

SuperLogicRegion read_slr(BoardReader& reader) {
    SuperLogicRegion slr;
    slr.name = reader.word("name");
    const auto count = [&](const char* key) { return reader.integer(key, 0, most_resources); };
    slr.user = {count("lut"), count("ff"), count("bram36"), count("uram"), count("dsp")};
    return slr;
}

/// One bank, or `banks` of them that lie one behind the other.
std::vector<MemoryBank> read_banks(BoardReader& reader, const std::vector<SuperLogicRegion>& slrs) {
    MemoryBank bank;
    bank.name = reader.word("name");
    bank.bytes = reader.integer("bytes", page, most_bytes);
    bank.base = reader.integer("base", 0, most_bytes);
    bank.bandwidth = reader.real("bandwidth", 1, most_bandwidth);
    bank.latency_ns = reader.real("latency_ns", 0, 1e6);
    bank.slr = reader.word("slr");
    for (const auto& [key, value] : {std::pair{"bytes", bank.bytes}, std::pair{"base", bank.base}})
        if (value % page != 0) reader.wrong(key, fmt::format("{} is no multiple of {}, the page of an allocation", value, page), {});
    std::vector<std::string> names;
    for (const SuperLogicRegion& slr : slrs) names.push_back(slr.name);
    if (!bank.slr.empty() && std::find(names.begin(), names.end(), bank.slr) == names.end())
        reader.wrong("slr", fmt::format("the board has no SLR '{}'", bank.slr), suggest(bank.slr, names));
    if (!reader.has("banks")) return {bank};
    const std::int64_t count = reader.integer("banks", 1, most_banks);
    std::vector<MemoryBank> banks;
    for (std::int64_t i = 0; i < count; ++i) {
        banks.push_back(bank);
        banks.back().name = fmt::format("{}[{}]", bank.name, i);
        banks.back().base += i * bank.bytes;
    }
    return banks;
}

/// What no key alone can be wrong in.
void check_whole(const Board& board, BoardReader& reader) {
    if (!board.family.empty() && (board.family == "xc7") != (board.dsp == dsp48e1))
        reader.wrong("dsp_cell", fmt::format("family {} has no {}", board.family, board.dsp.name),
                     board.family == "xc7" ? "write dsp_cell = \"DSP48E1\"" : "write dsp_cell = \"DSP48E2\", or leave it out");
    for (std::size_t i = 0; i < board.slrs.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (board.slrs[i].name == board.slrs[j].name)
                reader.wrong("slr", fmt::format("two SLRs are called '{}'", board.slrs[i].name), "give each its own name");
    for (std::size_t i = 0; i < board.memory.size(); ++i) {
        const MemoryBank& bank = board.memory[i];
        for (std::size_t j = 0; j < i; ++j) {
            const MemoryBank& other = board.memory[j];
            if (bank.name == other.name)
                reader.wrong("memory", fmt::format("two banks are called '{}'", bank.name), "give each its own name");
            else if (bank.base < other.base + other.bytes && other.base < bank.base + bank.bytes)
                reader.wrong("memory", fmt::format("'{}' and '{}' overlap", other.name, bank.name), "give each a base of its own");
        }
    }
}

}  // namespace

std::string_view to_string(Flow flow) { return flow == Flow::vitis ? "vitis" : "vivado"; }

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

std::vector<const MemoryBank*> Board::banks_of(std::string_view slr) const {
    std::vector<const MemoryBank*> banks;
    for (const MemoryBank& bank : memory)
        if (bank.slr == slr) banks.push_back(&bank);
    return banks;
}

Result<Board> parse_board(std::string_view text, std::string_view path) {
    Diagnostics found;
    WEFT_ASSIGN(const toml::table table, parse_toml(text, path));
    BoardReader reader(table, "", path, found);
    Board board;
    board.text = text;
    board.name = reader.word("name");
    board.title = reader.line("title");
    board.part = reader.word("part");
    board.platform = reader.word("platform");
    board.family = reader.one_of("family", {"xcup", "xc7"});
    board.flow = reader.one_of("flow", {"vitis", "vivado"}) == "vivado" ? Flow::vivado : Flow::vitis;
    if (reader.has("dsp_cell"))
        if (const DspCell* cell = find_dsp_cell(reader.one_of("dsp_cell", {"DSP48E2", "DSP48E1"}))) board.dsp = *cell;
    board.kernel_clock_mhz = reader.real("kernel_clock_mhz", 1, 2000);
    board.memory_bits = static_cast<int>(reader.one_of_integers("memory_bits", {64, 128, 256, 512}));
    board.host_bandwidth = reader.real("host_bandwidth", 1, most_bandwidth);
    board.seen = reader.line("seen");
    for (BoardReader& entry : reader.tables("slr")) {
        board.slrs.push_back(read_slr(entry));
        entry.finish();
    }
    for (BoardReader& entry : reader.tables("memory")) {
        for (MemoryBank& bank : read_banks(entry, board.slrs)) board.memory.push_back(std::move(bank));
        entry.finish();
    }
    reader.finish();
    if (found.empty()) check_whole(board, reader);
    if (!found.empty()) return found;
    return board;
}

const std::vector<Board>& boards() {
    static const std::vector<Board> list = [] {
        std::vector<Board> parsed;
        for (int i = 0; i < generated::board_count; ++i) {
            auto board = parse_board(generated::boards[i].contents, generated::boards[i].path);
            assert(board);
            parsed.push_back(*std::move(board));
        }
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

Result<std::shared_ptr<const Board>> read_board(const std::string& name) {
    if (name.ends_with(".toml")) {
        WEFT_ASSIGN(const std::string text, read_file(name));
        WEFT_ASSIGN(Board board, parse_board(text, name));
        return std::shared_ptr<const Board>(std::make_shared<Board>(std::move(board)));
    }
    WEFT_ASSIGN(const Board* board, find_board(name));
    return std::shared_ptr<const Board>(std::shared_ptr<const Board>(), board);  // owned by the list
}

}  // namespace weft
