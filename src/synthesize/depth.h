// depth.h
// Logic depth between registers and the fan-out of control nets, from a mapped netlist. Counts of levels, never times.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/synthesize/netlist.h"

namespace weft {

/// The most LUTs, carry bits and separate carry chains on any path of a set; each may come from a different path.
/// A LUT memory's or shift register's read counts as a LUT, so does the select of a wide multiplexer that fabric drives; consecutive carry
/// cells are one chain. A multiplier without registers counts as `unregistered_dsp_levels` LUTs.
struct LogicDepth {
    int lut_levels = 0;
    int carry_bits = 0;
    int carry_chains = 0;

    void join(const LogicDepth& other);
    LogicDepth operator+(const LogicDepth& other) const;
    bool operator==(const LogicDepth&) const = default;
};
inline constexpr int unregistered_dsp_levels = 4;

/// Paths between two ends: a port's name, or empty for the registers inside.
struct PortDepth {
    std::string from;
    std::string to;
    LogicDepth depth;
};

struct DepthReport {
    LogicDepth worst;               ///< Of all paths, those that begin or end at a port included.
    std::vector<PortDepth> ports;   ///< Of paths with a port at one end at least.
    LogicDepth longest;             ///< Of the path that ranks worst as a whole.
    int rank = 0;                   ///< Its rank: 80 a LUT level, 30 for entering a carry, 1 a carry bit, 60 out of a block memory.
    std::vector<std::string> path;  ///< That path: readable names of nets and types of cells, in turn.
    /// Most sink pins of a net that enables, resets, selects or addresses something; no clock, not the reset at port `rst`, and no net
    /// marked with max_fanout.
    int fanout = 0;
    std::string fanout_net;
    std::string fanout_sinks;  ///< "300 CE, 12 LUT"
    /// Registers and LUTs that are copied so that no marked net drives more than its max_fanout.
    int copied_ffs = 0, copied_luts = 0;
    int unregistered_dsps = 0;
    std::string loop;  ///< A net on a combinational loop; empty if there is none.
};

/// `merge_luts`: of the rank and its path, LUTs in a row that fit one LUT of `most_lut_inputs` count as one. Yosys shares logic wherever
/// that does not lengthen the deepest path of the whole netlist, and so leaves two LUTs in a row on shorter ones that tools with a notion
/// of time make one; in a large netlist these are many.
DepthReport analyse_depth(const FlatNetlist& netlist, bool merge_luts = false);
inline constexpr std::size_t most_lut_inputs = 6;

/// A net's readable name.
std::string net_name(const FlatNetlist& netlist, NetBit net);

}  // namespace weft
