// run.cpp
// weft run MODEL|DIR|FILE.xclbin --inputs DATA
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <memory>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/card/host_run.h"
#include "src/driver/evaluate_run.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    ModelFlags model;
    RunRequest request;
    std::string outputs;
    bool json = false;
    bool environment = false;
};

/// "float, float64, integer, hls or rtl"
std::string engine_names() {
    std::vector<std::string_view> names;
    for (const EngineDef* engine : engine_registry()) names.push_back(engine->name);
    const std::string_view last = names.back();
    names.pop_back();
    return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

/// The only array as .npy, several as .npz.
Status write_outputs(const std::string& path, const std::vector<NamedTensor>& outputs) {
    if (outputs.size() == 1 && std::filesystem::path(path).extension() != ".npz") return save_npy(path, outputs[0].tensor);
    return save_npz(path, outputs);
}

/// Lines for a shell, in which any host of the card runs then.
Status print_environment(const Flags& flags) {
    report(settle_cache(flags.model.model));
    WEFT_CHECK(kernels_of(flags.model.model));
    WEFT_ASSIGN(const std::string platform, platform_of(flags.model.model));
    remove_dead_runs();
    const HostMode mode = flags.request.engines.pure ? HostMode::pure : HostMode::fast;
    WEFT_ASSIGN(const Variables variables, host_environment(mode, platform, shared_scratch()));
    fmt::print("{}", environment_script(variables));
    return Ok{};
}

Status run(Flags& flags) {
    if (flags.environment) return print_environment(flags);
    if (flags.request.inputs.empty()) return Diagnostic{.reason = "--inputs is missing", .help = "give the samples: --inputs DATA"};
    WEFT_ASSIGN(flags.request.options, flags.model.parsed());
    flags.request.model = flags.model.model;
    for (const std::filesystem::path& written : {std::filesystem::path(flags.outputs), flags.request.engines.trace})
        WEFT_CHECK(
            keeps_inputs(written, {flags.request.model, flags.request.inputs, flags.request.labels, flags.request.options.calibration}));
    Observer observer = progress_observer();
    observer.partial = [&](const std::vector<NamedTensor>& partial) {
        if (flags.outputs.empty()) return;
        if (const Status written = write_outputs(flags.outputs, partial); !written) return (void)report(written.error());
        report({{Severity::note,
                 "",
                 "",
                 fmt::format("'{}' holds the outputs of the first {} images", flags.outputs, partial[0].tensor.shape()[0]),
                 {}}});
    };
    WEFT_ASSIGN(const RunResult result, run_model(flags.request, observer));
    clear_progress();
    report(result.warnings);
    if (!flags.outputs.empty()) WEFT_CHECK(write_outputs(flags.outputs, result.outputs));
    if (flags.json) {
        fmt::print("{}\n", json_text(to_json(result), 2));
    } else {
        fmt::print("{}", to_text(result));
    }
    for (const auto& [engine, measures] : result.measures)
        if (!measures.as_predicted) return Diagnostics{};
    return Ok{};
}

}  // namespace

Command add_run(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("run", "Run a model or a compiled project on samples");
    auto flags = std::make_shared<Flags>();
    sub->add_option("MODEL", flags->model.model, "An ONNX file, the directory of a project, or the xclbin of an emulated card")->required();
    sub->add_option("--inputs", flags->request.inputs, "Samples: .npy, .npz, IDX or a folder of images")->type_name("DATA");
    sub->add_option("--engine", flags->request.engine, engine_names())->capture_default_str();
    sub->add_option("--against", flags->request.against, "Compare with another engine")->check(named());
    sub->add_flag("--layers", flags->request.layers, "Compare region by region: the integer contract with float64");
    sub->add_option("--labels", flags->request.labels, "Labels, for the share of right answers: IDX, .npy or CSV")->type_name("FILE");
    sub->add_option("--images", flags->request.sample_count, "Use only the first N samples")->type_name("N")->check(CLI::PositiveNumber);
    sub->add_option("--outputs", flags->outputs, "Write the outputs: .npy, or .npz where there are several")
        ->check(named())
        ->type_name("FILE");
    sub->add_option("--threads", flags->request.engines.threads, "Threads (default: all)")->type_name("N")->check(CLI::PositiveNumber);
    sub->add_option("--stalls", flags->request.engines.stall_seed,
                    "Engines rtl and xrt: random stalls at the kernel's ports or memory, from a seed")
        ->type_name("SEED")
        ->check(CLI::PositiveNumber);
    sub->add_option("--trace", flags->request.engines.trace, "Engine rtl: write a waveform; engine xrt: one a compute unit, into a folder")
        ->check(named())
        ->type_name("FILE.fst");
    sub->add_option("--kernel", flags->request.kernel, "Of an xclbin with several kernels: the one to run")->type_name("NAME");
    sub->add_flag("--pure", flags->request.engines.pure, "Engine xrt: nothing but XRT's own settings, whose driver sleeps for seconds");
    sub->add_flag("--environment", flags->environment,
                  "Of an xclbin: print what a shell sources to run any XRT or OpenCL host on the emulated card");
    sub->add_flag("--shell", flags->request.engines.shell, "Engine rtl: the whole card kernel, with registers and a modelled memory");
    flags->model.add(*sub, true);
    sub->add_flag("--json", flags->json, "Print JSON");
    sub->footer("Example: weft run out --inputs images.npy --labels labels.csv --engine hls --against integer --images 4");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        if (status) return exit_ok;
        return status.error().empty() ? exit_internal : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
