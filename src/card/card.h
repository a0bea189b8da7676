// card.h
// An emulated card as a whole: kernels in compute units on memory banks, packaged as an xclbin that XRT loads for hardware emulation.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/simulate/rtl_kernel.h"

namespace weft {

struct CardBank {
    std::string name;        ///< As XRT shows it: `DDR[0]`.
    std::uint64_t base = 0;  ///< Of its addresses on the emulated card.
    std::uint64_t bytes = 0;
    double bandwidth = 0;   ///< Bytes a second.
    double latency_ns = 0;  ///< From a read's request to its first word.
};

struct CardKernel {
    RtlKernel kernel;
    nlohmann::ordered_json description;  ///< kernel.json of its host folder.
    std::int64_t patience = 0;           ///< Cycles after which a call that moves nothing is called stuck.
};

struct CardUnit {
    std::size_t kernel = 0;
    std::size_t bank = 0;  ///< Of all of its memory ports.
};

struct Card {
    std::string platform;
    std::string device_part;
    double clock_mhz = 0;  ///< Of all units.
    std::vector<CardBank> banks;
    std::vector<CardKernel> kernels;
    std::vector<CardUnit> units;    ///< Numbered by kernel: `<kernel>_1`, ...
    std::uint64_t stall_seed = 0;   ///< Random stalls of every memory channel; 0: none beside those of the banks' pace.
    std::uint64_t most_cycles = 0;  ///< Ends the run; 0: never.
    bool trace = false;             ///< Waveforms can be written.
};

/// The section of an xclbin that says how its kernels are fed: what stands in kernel.json, of each.
std::string described(const std::vector<nlohmann::ordered_json>& kernels);

/// The names of the units, in their order: `<kernel>_1`, or, where XRT has no room for that, `cu_1`.
std::vector<std::string> unit_names(const Card& card);

/// The xclbin. Fails where two kernels have one name, or the simulation cannot be built.
Result<std::string> package_emulation(const Card& card, const StageProgress& progress = {});

}  // namespace weft
