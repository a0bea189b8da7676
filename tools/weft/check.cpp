// check.cpp
// weft check MODEL
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "src/driver/check_model.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    CompileFlags compile;
    bool json = false;
};

}  // namespace

Command add_check(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("check", "Say what becomes of every node, and what is refused and why");
    auto flags = std::make_shared<Flags>();
    flags->compile.add(*sub);
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft check model.onnx");
    const auto command = [flags]() -> int {
        const auto options = flags->compile.parsed();
        if (!options) return report(options.error());
        const auto checked = check_model(flags->compile.model.model, *options, progress_observer());
        clear_progress();
        if (!checked) return report(checked.error());
        if (flags->json) {
            fmt::print("{}\n", json_text(to_json(*checked), 2));
        } else {
            fmt::print("{}", to_text(*checked));
        }
        return checked->supported ? exit_ok : exit_user;
    };
    return {sub, command};
}

}  // namespace weft::tool
