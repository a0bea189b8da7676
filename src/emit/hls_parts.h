// hls_parts.h
// The parts of an HLS project beside the kernel.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/project_file.h"
#include "src/emit/kernel_port.h"
#include "src/emit/text_writer.h"

namespace weft {

/// Name and purpose of a generated file, then the lines of `options.head`.
void write_file_head(TextWriter& out, std::string_view name, std::string_view purpose, const EmitOptions& options,
                     std::string_view comment = "//");

/// Runs the kernel on vectors and compares, under our own C simulation and the vendor's.
std::string testbench_text(const std::string& kernel, const std::vector<KernelPort>& ports, const EmitOptions& options);

/// Images of one call under C/RTL co-simulation, which copies a fixed number of words behind every pointer (`depth`): two, so that the
/// second meets what the first has left behind.
constexpr int cosim_images = 2;

/// Makefile and configuration for v++, and the script for synthesis and co-simulation of the kernel alone.
std::vector<ProjectFile> vitis_files(const std::string& kernel, const std::vector<KernelPort>& ports, const EmitOptions& options);

/// `vitis/<name>`: what the linker is told, how many compute units there are and where they go among it.
ProjectFile link_configuration(const std::string& name, const std::string& kernel, const std::vector<KernelPort>& ports,
                               const EmitOptions& options);

}  // namespace weft
