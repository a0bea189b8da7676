// plan.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "plan.h"

#include <algorithm>
#include <cstdlib>

#include "error.h"
#include "xclbin.h"

namespace weft::host {

namespace {

/// Of a command's frames at its largest port: enough for long transfers, little enough for any card.
constexpr std::size_t chosen_command_bytes = std::size_t{4} << 20;
constexpr std::size_t most_chosen_images = 1024;
constexpr std::size_t images_limit = std::size_t{1} << 20;

}  // namespace

Kernel find_kernel(const std::string& file, const CardOptions& options) {
    Kernel kernel = read_kernel(Xclbin(file).description(options.kernel));
    if (!options.model_hash.empty() && options.model_hash != kernel.model_hash)
        throw input_error("'" + file + "' holds the kernel of another model: SHA-256 " + kernel.model_hash + ", not " + options.model_hash,
                          "package this project again, or use the program of the project that the xclbin is made from");
    return kernel;
}

std::size_t most_images(const Kernel& kernel, const CardOptions& options) {
    if (options.batch != 0) return std::min(options.batch, images_limit);
    std::size_t largest = 1;
    for (const Argument& argument : kernel.arguments) largest = std::max(largest, argument.frame_bytes);
    return std::clamp<std::size_t>(chosen_command_bytes / largest, 1, most_chosen_images);
}

std::size_t command_images(const Kernel& kernel, const CardOptions& options, std::size_t units, std::size_t images) {
    const std::size_t commands = units * std::max<std::size_t>(options.commands_per_unit, 1);
    return std::clamp<std::size_t>((images + commands - 1) / commands, 1, most_images(kernel, options));
}

std::chrono::milliseconds time_out_of(const Kernel& kernel, const CardOptions& options) {
    if (options.time_out.count() > 0) return options.time_out;
    // An emulated kernel is slower by orders of magnitude.
    if (std::getenv("XCL_EMULATION_MODE") != nullptr) return std::chrono::hours(1);
    // A hundred times what the kernel's interval says, and a minute for what else a computer does.
    const double images = static_cast<double>(most_images(kernel, options));
    const double seconds = kernel.clock_mhz > 0 ? kernel.interval_cycles * images / (kernel.clock_mhz * 1e6) : 0;
    return std::chrono::milliseconds(static_cast<std::int64_t>(60'000 + 100'000 * std::min(seconds, 1e4)));
}

}  // namespace weft::host
