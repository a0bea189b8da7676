// package.h
// From compiled projects to the file that XRT loads: an emulated card.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "src/card/project_card.h"
#include "src/driver/compile.h"

namespace weft {

struct PackageRequest {
    std::vector<std::filesystem::path> projects;
    std::filesystem::path output;
    EmulationOptions emulation;
};

/// What has been packaged.
struct Package {
    std::string board;
    double clock_mhz = 0;
    struct Unit {
        std::string name, kernel, bank;
    };
    std::vector<Unit> units;
    std::uintmax_t bytes = 0;
};

/// Loads the projects, builds the card and writes the xclbin; one that was there is replaced when the new one is complete.
Result<Package> package_emulated(const PackageRequest& request, const Observer& observer = {});

CardProject card_project(const Compiled& compiled);

}  // namespace weft
