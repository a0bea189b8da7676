// package_hardware.h
// From a compiled project to the file that XRT loads on a real card: v++ through the project's own scripts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/driver/compile.h"

namespace weft {

enum class KernelLanguage { rtl, hls };

struct HardwareRequest {
    std::filesystem::path project;
    std::filesystem::path output;
    KernelLanguage kernel = KernelLanguage::rtl;
};

/// What the tools say of what they have built; what no report of theirs says is left out.
struct HardwarePackage {
    std::string board, kernel;
    std::optional<double> clock_mhz;       ///< That the kernel's clock is set to: the linker lowers it where timing fails.
    std::optional<double> worst_slack_ns;  ///< Of setup, after routing.
    std::vector<std::pair<std::string, std::string>> utilisation;  ///< Of the kernel with all its compute units: "LUT", "4805 [  0.48%]".
};

/// The commands that build it, as a user types them where weft was started.
std::vector<std::string> hardware_commands(const Compiled& project, const HardwareRequest& request);

/// Runs them. Fails where v++ or xclbinutil is not on PATH, with these commands in the message; where the board is built for by another
/// flow; and where a tool fails, with the end of what it said.
Result<HardwarePackage> package_hardware(const HardwareRequest& request, const Observer& observer = {});

/// The worst slack of setup in a timing summary of Vivado.
std::optional<double> worst_slack(std::string_view timing_summary);
/// The row of `kernel` in the linker's report of what kernels take: column, entry.
std::vector<std::pair<std::string, std::string>> kernel_utilisation(std::string_view report, std::string_view kernel);
/// The kernel clock in what `xclbinutil --info` prints.
std::optional<double> kernel_clock(std::string_view info);

}  // namespace weft
