// board.h
// Boards and cards: what a kernel may use on each, and what feeds it, from the data files in boards/ or a user's own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/dsp.h"

namespace weft {

/// Counts of BRAM are in RAMB36.
struct Resources {
    std::int64_t lut = 0;
    std::int64_t ff = 0;
    std::int64_t bram36 = 0;
    std::int64_t uram = 0;
    std::int64_t dsp = 0;
};

/// One die of the device (or the whole device): the region that is left to kernels.
struct SuperLogicRegion {
    std::string name;
    Resources user;
};

/// What a kernel's memory port may be joined to: a memory of its own, a pseudo channel of one, or a port to the processor's.
struct MemoryBank {
    std::string name;  ///< As the linker knows it: "DDR[0]", "HBM[3]", "HP0".
    std::int64_t bytes = 0;
    std::int64_t base = 0;  ///< Where the emulated card has it; on a real one that is the platform's matter.
    double bandwidth = 0;   ///< Bytes a second, reads and writes together.
    double latency_ns = 0;  ///< From a read's request to its first word.
    std::string slr;        ///< Beside which it lies.
};

/// Who builds the kernel into the device: v++ for a platform, or Vivado in a block design with the processing system.
enum class Flow { vitis, vivado };

struct Board {
    std::string name;
    std::string title;
    std::string part;
    std::string platform;  ///< What the flow knows it by: the platform of v++, or Vivado's board part.
    std::string family;    ///< As Yosys calls it: "xcup" or "xc7".
    Flow flow = Flow::vitis;
    DspCell dsp = dsp48e2;
    double kernel_clock_mhz = 0;  ///< Default of the shell; what a design reaches is only known after routing.
    int memory_bits = 0;          ///< Of each of the kernel's memory ports: 64, 128, 256 or 512.
    double host_bandwidth = 0;    ///< Bytes a second between host and memory, each way: of PCIe, or of the processing system's copies.
    std::string seen;             ///< What has been seen on it.
    std::vector<SuperLogicRegion> slrs;
    std::vector<MemoryBank> memory;
    std::string text;  ///< The file, which a project keeps.

    Resources total() const;
    /// The banks beside an SLR, in the file's order.
    std::vector<const MemoryBank*> banks_of(std::string_view slr) const;
};

std::string_view to_string(Flow flow);

/// Reads a board file's text, docs/boards.md says what stands in it. `path` names the file in messages, of which there is one a key that is
/// missing, unknown, or holds what it cannot.
Result<Board> parse_board(std::string_view text, std::string_view path);

/// All boards that weft has, ordered by name.
const std::vector<Board>& boards();
/// The board of that name; an unknown name lists the nearest.
Result<const Board*> find_board(std::string_view name);
/// The board of that name, or the one that a file describes where the name ends in ".toml".
Result<std::shared_ptr<const Board>> read_board(const std::string& name);

}  // namespace weft
