// main.cpp
// The program: a table of sub-commands.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <exception>

#include "src/base/interrupt.h"
#include "tools/weft/command.h"

int main(int argc, char** argv) {
    using namespace weft::tool;
    weft::end_on_interruption(exit_interrupted, clear_progress);
    if (const weft::Status readable = check_arguments(argc, argv); !readable) return report(readable.error());
    remember_command_line(argc, argv);
    CLI::App app("weft: ONNX in, FPGA kernel out");
    app.set_version_flag("--version", "weft " WEFT_VERSION);
    app.require_subcommand(1);
    app.footer("Example: weft compile model.onnx --board alveo-u200 --calibrate images.npy -o out");
    constexpr Command (*table[])(CLI::App&) = {add_check,    add_compile,    add_run,     add_quantize,
                                               add_schedule, add_synthesize, add_package, add_list};
    int code = exit_ok;
    for (const auto& add : table) {
        const Command command = add(app);
        command.app->callback([run = command.run, &code] { code = run(); });
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_ok : exit_user;
    } catch (const std::exception& error) {
        clear_progress();
        fmt::print(stderr, "internal error: {}\n  help: this is a defect of weft; report it with the model and the command\n",
                   error.what());
        return exit_internal;
    }
    return code;
}
