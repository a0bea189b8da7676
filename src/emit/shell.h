// shell.h
// Writes the shells of an RTL kernel: what joins the stream core to a card's memory and registers, or to bare AXI4-Stream ports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/emit/kernel_port.h"

namespace weft {

/// How a port's frames lie in memory (units/common/burst.hpp), as the modules of units/shell/ take it: whole beats where the port is raw.
struct FrameLayout {
    std::int64_t rows = 1;
    std::int64_t columns = 1;
    std::int64_t channels = 1;
    std::int64_t pixels = 1;
    std::int64_t lanes = 1;
    std::int64_t bits = 1;
    bool is_signed = false;
    std::int64_t word_bytes = 64;

    /// Bytes of an element in memory: 1, 2 or 4.
    std::int64_t bytes() const { return bits <= 8 ? 1 : bits <= 16 ? 2 : 4; }
    std::int64_t elements() const { return rows * columns * channels; }
    /// Words of memory that a frame takes, and their bytes.
    std::int64_t words() const { return (elements() * bytes() + word_bytes - 1) / word_bytes; }
    std::int64_t frame_bytes() const { return words() * word_bytes; }
};
FrameLayout frame_layout(const KernelPort& port);

/// Fails where the kernel would have more memory ports than a card connects, or elements wider than memory takes.
Status shell_takes(const Design& design, const EmitOptions& options);

/// The kernel `rtl/<kernel>.v` for cards, the stream shell `rtl/<kernel>_stream.v`, the modules that they need beside the core
/// (`rtl/weft/`), the map of its registers (`rtl/registers.md`), and the scripts that package, synthesise and check them (`vitis/`,
/// `vivado/`). The core is the module `<kernel>_core` of emit_rtl. Fails where `shell_takes` does.
Result<std::vector<ProjectFile>> emit_shell(const Design& design, const EmitOptions& options);

}  // namespace weft
