// synthesize.cpp
// weft synthesize DIR
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "src/base/scratch.h"
#include "src/cost/fit.h"
#include "src/synthesize/report.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    std::string project;
    std::string board;
    bool json = false;
    bool shell = false;
    bool flat = false;
};

Status run(const Flags& flags) {
    WEFT_ASSIGN(const auto compiled, open_project(flags.project));
    std::shared_ptr<const Board> board = compiled->board;
    if (!flags.board.empty()) {
        WEFT_ASSIGN(board, read_board(flags.board));
    }
    const Observer observer = progress_observer();
    report(settle_cache(flags.project));
    const auto progress = [&](std::int64_t done, std::int64_t total) {
        if (observer.progress) observer.progress("mapping with Yosys", done, total);
    };
    WEFT_ASSIGN(SynthesisReport result, count_design(compiled->design, *board, progress));
    if (flags.shell) WEFT_CHECK(count_shells(compiled->design, emit_options(*compiled), result, progress));
    if (flags.flat) {
        if (observer.progress) observer.progress("mapping the core as one netlist", 0, 1);
        WEFT_CHECK(count_flat(compiled->design, result));
    }
    clear_progress();
    report(result.warnings);
    if (flags.json) {
        fmt::print("{}\n", json_text(to_json(result), 2));
    } else {
        fmt::print("{}", to_text(result));
    }
    if (Diagnostics short_of = check_fit(counted_cost(result), *board, "the design"); !short_of.empty()) return short_of;
    return Ok{};
}

}  // namespace

Command add_synthesize(CLI::App& app) {
    CLI::App* sub =
        app.add_subcommand("synthesize", "What a compiled project's RTL kernel takes on its board, counted by Yosys unit by unit");
    auto flags = std::make_shared<Flags>();
    sub->add_option("DIR", flags->project, "The directory of a project")->required();
    sub->add_option("--board", flags->board, "Another board than the project's (weft list boards), or FILE.toml")->type_name("BOARD");
    sub->add_flag("--shell", flags->shell, "Count the shells around the core too, part by part: that for cards and the bare streams");
    sub->add_flag("--flat", flags->flat, "Count the core as one netlist too, as tools see it that flatten (minutes)");
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft synthesize out --shell --json");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        return status ? exit_ok : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
