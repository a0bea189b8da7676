// host_run.h
// The generated host program of a kernel on an emulated card, in a process of its own: XRT's driver never runs inside weft.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/card/host_environment.h"
#include "src/graph/named_tensor.h"

namespace weft {

/// Does the file begin as an xclbin does?
bool is_xclbin(const std::filesystem::path& path);

/// kernel.json of each of weft's kernels in an xclbin. Fails where the file is cut off, or was not packaged by weft.
Result<std::vector<nlohmann::ordered_json>> kernels_of(const std::filesystem::path& xclbin);
/// That of the kernel `name`; an empty name stands for the only one.
Result<nlohmann::ordered_json> find_kernel(const std::filesystem::path& xclbin, const std::string& name);

/// The name that XRT shows of the card that an xclbin is for: its platform.
Result<std::string> platform_of(const std::filesystem::path& xclbin);

/// Compiles the host program of a kernel against XRT, or finds it in the cache.
Result<std::filesystem::path> build_host_program(const nlohmann::ordered_json& kernel, const StageProgress& progress = {});

struct HostRunOptions {
    HostMode mode = HostMode::fast;
    std::filesystem::path trace;         ///< Folder for waveforms, of a card that was packaged to write them; empty: none.
    std::vector<std::string> arguments;  ///< More of the host program's own.
};

struct HostRun {
    std::vector<NamedTensor> outputs;  ///< Of the kernel's outputs in kernel.json, images stacked along axis 0.
    std::int64_t images = 0;           ///< That the outputs are of: fewer than were asked for after a failure.
    std::string printed;
    nlohmann::json report;  ///< The card's figures (src/card/device/device.h); null where it left none.
    Diagnostics failure;    ///< Why not all images are there.
};

/// Runs it on the samples of the kernel's inputs, by name. Nothing of the run stays: no process, no socket, no folder. What dead hosts of
/// this user have left is removed first. Fails where the host cannot be started at all.
Result<HostRun> run_host(const std::filesystem::path& program, const nlohmann::ordered_json& kernel, const std::filesystem::path& xclbin,
                         const std::vector<NamedTensor>& inputs, const HostRunOptions& options);

}  // namespace weft
