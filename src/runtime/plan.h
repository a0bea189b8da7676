// plan.h
// How a program wants its cards used, and what follows for a kernel.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "kernel.h"

namespace weft::host {

struct CardOptions {
    std::vector<std::string> devices = {"0"};  ///< Indices, or addresses on the bus.
    std::string kernel;                        ///< Empty: the only one of the xclbin.
    std::string model_hash;                    ///< SHA-256 of the model that the program is for; empty: any.
    std::size_t compute_units = 0;             ///< The most that are used of each device; 0: all.
    std::size_t batch = 0;                     ///< The most images of a command; 0: chosen by the size of a frame.
    std::size_t in_flight = 2;                 ///< Commands given to a unit at once: one computes while others are moved.
    std::size_t commands_per_unit = 4;         ///< A call is cut so that each unit gets as many.
    std::chrono::milliseconds time_out{0};     ///< Of a command; 0: chosen by the kernel's interval, and generous.
};

/// The kernel of an xclbin that the options ask for. Fails with an Error where there is none.
Kernel find_kernel(const std::string& file, const CardOptions& options);

/// The most images of one command.
std::size_t most_images(const Kernel& kernel, const CardOptions& options);

/// Images of a command when `images` are computed by `units` compute units.
std::size_t command_images(const Kernel& kernel, const CardOptions& options, std::size_t units, std::size_t images);

/// When a command of the most images is given up.
std::chrono::milliseconds time_out_of(const Kernel& kernel, const CardOptions& options);

}  // namespace weft::host
