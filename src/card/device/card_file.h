// card_file.h
// What stands in `card.txt` beside the device process of an emulated card: its banks, its compute units and its limits, a line each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace weft::device {

struct CardFile {
    struct BankLine {
        std::string name;
        std::uint64_t base = 0, bytes = 0;
        double bytes_per_cycle = 0;
        int latency = 0;  ///< Cycles.
    };
    struct UnitLine {
        std::string name;
        std::size_t kernel = 0;  ///< Which of the kernels that the process holds.
        std::uint64_t base = 0;  ///< Of its registers.
        std::uint64_t range = 0;
        std::vector<std::size_t> banks;  ///< Of each memory port.
    };
    std::uint64_t patience = 0;     ///< Cycles in which a unit at work may move nothing.
    std::uint64_t most_cycles = 0;  ///< Of the whole run; 0: as many as it takes.
    std::uint64_t stall_seed = 0;   ///< 0: no stalls beside those of the banks' pace.
    std::vector<BankLine> banks;
    std::vector<UnitLine> units;
};

/// Names hold no blanks.
inline void write(const CardFile& card, std::ostream& out) {
    out << "patience " << card.patience << "\nmost_cycles " << card.most_cycles << "\nstall_seed " << card.stall_seed << "\n";
    for (const auto& b : card.banks)
        out << "bank " << b.name << ' ' << b.base << ' ' << b.bytes << ' ' << b.bytes_per_cycle << ' ' << b.latency << "\n";
    for (const auto& u : card.units) {
        out << "unit " << u.name << ' ' << u.kernel << ' ' << u.base << ' ' << u.range;
        for (const std::size_t bank : u.banks) out << ' ' << bank;
        out << "\n";
    }
}

/// False where a line is none of a card's, or names a bank that is not there.
inline bool read(std::istream& in, CardFile& card) {
    card = {};
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        if (kind == "patience") {
            words >> card.patience;
        } else if (kind == "most_cycles") {
            words >> card.most_cycles;
        } else if (kind == "stall_seed") {
            words >> card.stall_seed;
        } else if (kind == "bank") {
            auto& b = card.banks.emplace_back();
            words >> b.name >> b.base >> b.bytes >> b.bytes_per_cycle >> b.latency;
        } else if (kind == "unit") {
            auto& u = card.units.emplace_back();
            words >> u.name >> u.kernel >> u.base >> u.range;
            if (words.fail()) return false;
            for (std::size_t bank = 0; words >> bank;) {
                if (bank >= card.banks.size()) return false;
                u.banks.push_back(bank);
            }
            continue;
        } else {
            return false;
        }
        if (words.fail()) return false;
    }
    return !card.banks.empty() && !card.units.empty();
}

}  // namespace weft::device
