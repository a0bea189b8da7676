// host_environment.h
// What an unmodified XRT or OpenCL host needs around it to find an emulated card, and what such hosts leave behind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

/// XRT's libraries on this machine.
struct XrtInstallation {
    std::filesystem::path libraries;  ///< The folder that they lie in.
    std::string version;              ///< Of libxrt_hwemu: 2.13.0.
};
/// In $XILINX_XRT/lib, in /opt/xilinx/xrt/lib or where the system keeps libraries. Fails where there is none, or none that hardware
/// emulation has been tested with.
Result<XrtInstallation> find_emulating_xrt();
/// The same in these folders.
Result<XrtInstallation> find_emulating_xrt(const std::vector<std::filesystem::path>& folders);

enum class HostMode {
    pure,  ///< Nothing but XRT's own settings: its driver may sleep 10 s when it loads, and up to 10 s at the end.
    fast,  ///< A preloaded library shortens the driver's sleeps.
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Environment variables for a host of an emulated card, which it finds under the name `card`. What they name is made if it is not there
/// yet, and kept for later hosts. The settings of the user's own xrt.ini (at $XRT_INI_PATH, or in the working folder) go on to hold.
/// `scratch` is a folder in /tmp, where XRT has its sockets, for these and for run folders; its name has 40 characters at most.
Result<Variables> host_environment(HostMode mode, const std::string& card, const std::filesystem::path& scratch);

/// Lines for a shell to `source`.
std::string environment_script(const Variables& variables);

/// The scratch folder that hosts of this user share who were given no other.
std::filesystem::path shared_scratch();
/// Removes what processes that are no more have left there, and scratch folders beside it of such.
void remove_dead_runs(const std::filesystem::path& shared = shared_scratch());

}  // namespace weft
