// device_program.h
// The device process of an emulated card: verilated kernels behind XRT's emulation protocol, as one program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "src/base/diagnostic.h"
#include "src/base/embedded_file.h"
#include "src/base/progress.h"
#include "src/simulate/rtl_kernel.h"

namespace weft {

/// Sources of src/card/device, of what they include, and of src/card/preload.
std::span<const EmbeddedFile> embedded_card_files();

/// Verilates and compiles, or finds the program in the cache. Kernels have different names; a unit of the n-th says n in the card's file
/// (src/card/device/card_file.h). With `options.trace` it writes a waveform of each unit to $WEFT_CARD_TRACE, if that is set.
Result<std::filesystem::path> build_device_program(std::span<const RtlKernel> kernels, const RtlBuildOptions& options,
                                                   const StageProgress& progress = {});

}  // namespace weft
