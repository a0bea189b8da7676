// schedule.cpp
// weft schedule DIR
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "src/base/files.h"
#include "src/schedule/timeline.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    std::string project;
    std::string svg;
    ScheduleOptions options;
    bool json = false;
};

Status run(const Flags& flags) {
    WEFT_ASSIGN(const auto compiled, open_project(flags.project));
    ScheduleOptions options = flags.options;
    options.progress = [observer = progress_observer()](std::int64_t done, std::int64_t total) {
        if (observer.progress) observer.progress("scheduling", done, total);
    };
    WEFT_ASSIGN(const Schedule result, schedule(compiled->design, options));
    const double clock = compiled->options.clock_mhz;
    const std::filesystem::path picture =
        flags.svg.empty() ? std::filesystem::path(flags.project) / "schedule.svg" : std::filesystem::path(flags.svg);
    WEFT_CHECK(write_file(picture, timeline_svg(compiled->design, result, clock)));
    if (flags.json) {
        fmt::print("{}\n", json_text(to_json(compiled->design, result, clock), 2));
    } else {
        fmt::print("{}\ntimeline: {}\n", to_text(compiled->design, result, clock), picture.string());
    }
    return Ok{};
}

}  // namespace

Command add_schedule(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("schedule", "Latency and interval of a compiled project's RTL kernel, to the cycle, and a timeline");
    auto flags = std::make_shared<Flags>();
    sub->add_option("DIR", flags->project, "The directory of a project")->required();
    sub->add_option("--frames", flags->options.frames, "Frames back to back")->capture_default_str()->check(CLI::Range(1, 64));
    sub->add_option("--stalls", flags->options.stall_seed, "Random stalls at the kernel's ports, from a seed")->type_name("SEED");
    sub->add_option("--svg", flags->svg, "Where the timeline goes (default: DIR/schedule.svg)")->check(named())->type_name("FILE.svg");
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft schedule out --frames 4 --svg timeline.svg");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        return status ? exit_ok : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
