// main.cpp
// What planning takes: compiles a model down to its scheduled design, writes nothing, and prints seconds of each stage and peak memory.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "src/driver/compile.h"
#include "src/explore/folding.h"
#include "src/schedule/schedule.h"

/// `planning MODEL [SAMPLES]`: samples calibrate a float model.
int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        fmt::print(stderr, "usage: planning MODEL [SAMPLES]\n");
        return 1;
    }
    weft::CompileOptions options;
    if (argc > 2) options.calibration = argv[2];
    const auto compiled = weft::compile(argv[1], options);
    if (!compiled) {
        for (const weft::Diagnostic& diagnostic : compiled.error()) fmt::print(stderr, "{}\n", to_string(diagnostic));
        return 1;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const weft::Design& design = (*compiled)->design;
    nlohmann::ordered_json json{
        {"model", (*compiled)->model.name},
        {"interval_cycles", weft::figures(design).interval},
        {"units", design.units.size()},
        {"streams", design.streams.size()},
        {"cpu_seconds", static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) * 1e-6},
        {"peak_mib", usage.ru_maxrss / 1024},
        {"seconds", nlohmann::ordered_json::object()}};
    for (const auto& [stage, seconds] : (*compiled)->seconds) json["seconds"][stage] = seconds;
    fmt::print("{}\n", json.dump());
    return 0;
}
