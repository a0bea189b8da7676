// command.h
// What the sub-commands share: options about a model, progress, diagnostics, exit codes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/json_text.h"
#include "src/driver/compile.h"

namespace weft::tool {

enum ExitCode { exit_ok = 0, exit_user = 1, exit_internal = 2, exit_interrupted = 130 };

/// A sub-command that has been added to the program, and what to run if it was chosen.
struct Command {
    CLI::App* app = nullptr;
    std::function<int()> run;
};

Command add_check(CLI::App& app);
Command add_compile(CLI::App& app);
Command add_run(CLI::App& app);
Command add_quantize(CLI::App& app);
Command add_schedule(CLI::App& app);
Command add_synthesize(CLI::App& app);
Command add_package(CLI::App& app);
Command add_list(CLI::App& app);

/// Prints diagnostics to stderr, errors and warnings first as they come; exit_user if any is an error.
int report(const Diagnostics& diagnostics);

/// --shape, --preprocess, --calibrate and (if `bits`) --bits and --calibration-method.
struct ModelFlags {
    std::string model;
    std::vector<std::string> shapes;
    ModelOptions options;
    std::string method = "mse";

    void add(CLI::App& app, bool quantizing);
    /// The options with --shape parsed.
    Result<ModelOptions> parsed() const;
};

/// What `compile` takes beside the model, but for where it writes.
struct CompileFlags {
    ModelFlags model;
    CompileOptions options;
    std::string compute_units = "1";

    void add(CLI::App& app);
    Result<CompileOptions> parsed() const;
};

/// Draws progress on stderr if that is a terminal; erased when done. What is said goes to stderr.
Observer progress_observer(const std::string& dump_after = {});
void clear_progress();

/// An error where an argument is not UTF-8: names go into JSON, models and sources, which have no other texts.
Status check_arguments(int argc, char** argv);

/// For an option whose value is the name of something to write: an empty one is an error.
CLI::Validator named();

/// The command line as the user gave it, without the program's folder.
std::string command_line();
void remember_command_line(int argc, char** argv);

}  // namespace weft::tool
