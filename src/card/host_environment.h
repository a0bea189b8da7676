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

enum class HostMode {
    pure,  ///< Nothing but XRT's own settings: loading takes 10 s, which its emulation driver sleeps.
    fast,  ///< A preloaded library shortens the driver's sleeps.
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Environment variables for a host of the emulated card. What they name is made if it is not there yet, and kept for later hosts. The
/// settings of the user's own xrt.ini (at $XRT_INI_PATH, or in the working folder) go on to hold.
/// `scratch` is a folder in the system's temporary folder, 40 characters at most, for sockets and run folders of such hosts.
Result<Variables> host_environment(HostMode mode, const std::filesystem::path& scratch);

/// Lines for a shell to `source`.
std::string environment_script(const Variables& variables);

/// The scratch folder that hosts of this user share who were given no other.
std::filesystem::path shared_scratch();
/// Removes what hosts that are no more have left in the shared folder, and the folder where nothing is left.
void remove_dead_runs();

}  // namespace weft
