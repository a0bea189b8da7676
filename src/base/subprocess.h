// subprocess.h
// Runs a program and collects what it prints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

struct ProcessResult {
    int exit_code = 0;   ///< 128 + signal where a signal ended it.
    std::string output;  ///< Standard output.
    std::string errors;  ///< Standard error.
};

/// Runs `arguments[0]`, found in PATH, without a shell, standard input empty, in a process group of its own and with a folder of its own
/// for temporary files (TMPDIR), which is removed afterwards. `on_line` hears each line of standard output as it comes. Fails only where
/// the program cannot be started.
Result<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_line = {});

}  // namespace weft
