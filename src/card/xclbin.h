// xclbin.h
// Files that XRT loads a card from: sections behind a table. Layout: AXLF of XRT's xclbin.h (version 2).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

/// Kinds of sections that weft writes or reads.
enum class SectionKind : std::uint32_t {
    bitstream = 0,
    embedded_metadata = 2,
    memory_topology = 6,
    connectivity = 7,
    ip_layout = 8,
    user_metadata = 16,
};

struct Section {
    SectionKind kind = SectionKind::bitstream;
    std::string name;  ///< 15 characters at most.
    std::string body;
};

/// A memory bank as the host sees it.
struct XclbinBank {
    std::string name;
    std::uint64_t base = 0;
    std::uint64_t bytes = 0;
    bool hbm = false;
};
/// A compute unit: its registers, and the bank (by index) of each of its pointer arguments.
struct ComputeUnitEntry {
    std::string kernel;
    std::string name;
    std::uint64_t base = 0;
    std::vector<std::pair<int, int>> connections;  ///< Argument index, bank index.
};

/// Room for a bank's name, and for `kernel:unit`, each with a NUL behind.
constexpr std::size_t bank_bytes = 16, compute_unit_bytes = 64;

std::string memory_topology(const std::vector<XclbinBank>& banks);
/// Units in the order of their bases; all are of protocol ap_ctrl_chain.
std::string ip_layout(const std::vector<ComputeUnitEntry>& units);
/// `units` as ip_layout has them.
std::string connectivity(const std::vector<ComputeUnitEntry>& units);

struct Xclbin {
    std::string platform;  ///< 63 characters at most.
    std::vector<Section> sections;
};
/// For hardware emulation. Its UUID is made of the contents.
std::string write_xclbin(const Xclbin& xclbin);

/// The sections of a file in their order. Fails where it is none, or is cut off.
Result<std::vector<Section>> read_xclbin(std::string_view bytes);
/// Of a whole xclbin: the platform that it is for, and whether that is emulated.
std::string xclbin_platform(std::string_view bytes);
bool xclbin_is_emulated(std::string_view bytes);
/// Empty where there is no such section.
std::string_view find_section(const std::vector<Section>& sections, SectionKind kind);

}  // namespace weft
