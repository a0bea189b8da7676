// emulation.h
// What tests of the emulated card need of the machine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "src/card/host_environment.h"
#include "src/simulate/rtl_simulation.h"

/// Skips the test, with a message, where a host cannot be compiled for an emulated card and run on it.
#define WEFT_REQUIRE_EMULATION()                                         \
    if (!::weft::has_verilator()) GTEST_SKIP() << "not here: Verilator"; \
    if (!::weft::find_emulating_xrt()) GTEST_SKIP() << "not here: XRT";  \
    if (!std::filesystem::exists("/usr/include/xrt/xrt/xrt_device.h")) GTEST_SKIP() << "not here: the headers of XRT"
