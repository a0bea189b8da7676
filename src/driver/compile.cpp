// compile.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "src/base/files.h"
#include "src/cost/fit.h"
#include "src/cost/predict.h"
#include "src/design/plumb.h"
#include "src/design/rtl_parts.h"
#include "src/emit/kernel_port.h"
#include "src/emit/shell.h"
#include "src/engines/inputs.h"
#include "src/engines/sample_warnings.h"
#include "src/explore/folding.h"
#include "src/onnx/import.h"
#include "src/passes/preprocess.h"
#include "src/passes/unsupported.h"
#include "src/schedule/schedule.h"

namespace weft {

namespace {

/// What stands in for unknown samples: all integers of a type, [-1, 1] of reals.
std::pair<double, double> input_range(DataType type) {
    return visit_type(type, [](auto e) -> std::pair<double, double> {
        using T = decltype(e);
        if constexpr (std::is_integral_v<T>)
            return {static_cast<double>(std::numeric_limits<T>::min()), static_cast<double>(std::numeric_limits<T>::max())};
        return {-1, 1};
    });
}

/// Where no bound is given: a kernel of a size that links in hours, and that leaves an SLR room for its other DSPs.
double default_mac_dsps(const Board& board) {
    std::int64_t most = 0;
    for (const SuperLogicRegion& slr : board.slrs) most = std::max(most, slr.user.dsp);
    return std::max<double>(1, std::min<double>(900, std::floor(0.8 * static_cast<double>(most))));
}

/// Does the RTL kernel go onto its board? DSPs are counted exactly: what the board cannot have is an error. The rest is a prediction: a
/// warning.
Status place(Compiled& compiled) {
    compiled.predicted = predict_cost(compiled.design);
    Diagnostics found = check_fit(*compiled.predicted, *compiled.board, "the design, as predicted,");
    if (compiled.predicted->dsp > static_cast<double>(compiled.board->total().dsp)) return found;
    compiled.warnings = std::move(found);
    return Ok{};
}

/// Places the compute units that were asked for. Of a kernel without RTL only the DSPs are known.
Status place_copies(Compiled& compiled) {
    const Cost cost = compiled.predicted ? *compiled.predicted : figures(compiled.design).cost;
    const ComputeUnit unit{cost, static_cast<int>(kernel_ports(compiled.design, emit_options(compiled)).size())};
    const int wanted = compiled.options.compute_units;
    const int count = wanted > 0 ? wanted : std::max(1, most_units(unit, *compiled.board));
    WEFT_ASSIGN(compiled.compute_units, place_units(unit, *compiled.board, count));
    return Ok{};
}

/// What the card is expected to take; ports and clock are those of the kernel that is emitted.
Throughput modelled(const Compiled& compiled) {
    FrameTraffic frame;
    frame.interval_cycles = compiled.interval;
    for (const KernelPort& port : kernel_ports(compiled.design, emit_options(compiled))) {
        const FrameLayout layout = frame_layout(port);
        frame.words.push_back(layout.words());
        (port.output ? frame.output_bytes : frame.input_bytes) += layout.frame_bytes();
    }
    return model_throughput(frame, compiled.options.clock_mhz, compiled.compute_units, *compiled.board);
}

/// Decides what the project emits: what is left out is warned of.
Status choose(Compiled& compiled) {
    WEFT_ASSIGN(ChosenBackEnds chosen, choose_back_ends(compiled.design, emit_options(compiled)));
    compiled.back_ends = std::move(chosen.list);
    std::ranges::move(chosen.left_out, std::back_inserter(compiled.warnings));
    for (Diagnostic& diagnostic : compiled.warnings) diagnostic.severity = Severity::warning;
    return Ok{};
}

}  // namespace

Result<Model> read_model(const std::filesystem::path& path, const ModelOptions& options, const Observer& observer) {
    Model model;
    WEFT_ASSIGN(ImportedModel imported, timed(model.seconds, "read", [&] { return import_model(path, {.shapes = options.shapes}); }));
    model.name = path.stem().string();
    model.hash = imported.hash;
    model.warnings = std::move(imported.warnings);
    model.source = std::move(imported.graph);
    if (!options.preprocess.empty()) WEFT_CHECK(prepend_preprocessing(model.source, options.preprocess));
    if (observer.graph) observer.graph("import", model.source, {});
    model.quantized = model.source.clone();
    PassLog expanded;
    WEFT_CHECK(expand(model.quantized, expanded));
    if (observer.graph && !expanded.empty()) observer.graph("expand", model.quantized, expanded);
    if (options.calibration.empty() && options.stand_in) {
        constexpr std::int64_t sample_count = 2;
        QuantizeOptions quick = options.quantize;
        quick.method = CalibrationMethod::min_max;
        quick.stand_in = true;
        std::vector<double> low, high;
        for (const Value* input : model.source.inputs) {
            const auto [least, most] = input_range(input->type);
            low.push_back(least);
            high.push_back(most);
        }
        const std::vector<NamedTensor> samples = random_inputs(model.source, low, high, sample_count, 1);
        WEFT_ASSIGN(model.quantized, quantize(model.quantized, samples, sample_count, quick, {}));
        return model;
    }
    if (options.calibration.empty()) return model;
    WEFT_ASSIGN(model.calibration, load_dataset(options.calibration));
    WEFT_ASSIGN(const std::vector<NamedTensor> samples, bind_inputs(model.calibration, model.source));
    for (const Diagnostics& more :
         {model.calibration.warnings, warn_of_bytes(model.calibration, model.source), warn_of_constant_samples(samples)})
        model.warnings.insert(model.warnings.end(), more.begin(), more.end());
    const auto progress = [&](std::int64_t done, std::int64_t total) {
        if (observer.progress) observer.progress("calibrating", done, total);
    };
    WEFT_ASSIGN(model.quantized, timed(model.seconds, "calibrate", [&] {
                    return quantize(model.quantized, samples, model.calibration.count, options.quantize, progress, &model.warnings);
                }));
    model.calibrated = true;
    if (observer.graph) observer.graph("quantize", model.quantized, {});
    return model;
}

Result<Lowered> lower(const Graph& quantized, const std::string& name, const Observer& observer, const DspCell& cell) {
    Graph graph = quantized.clone();
    PassRunner runner;
    runner.after = [&](std::string_view pass, const Graph& after, const PassLog& log, double) {
        if (observer.graph) observer.graph(pass, after, log);
    };
    WEFT_CHECK(runner.run(graph, typing_passes()));
    Lowered lowered;
    lowered.design.name = name;
    lowered.design.use(cell);
    Lowering lowering(graph, quantized, lowered.design);
    if (Status status = lowering.run(); !status) {
        // The node that is the cause, not the first that suffers from it.
        Diagnostics causes = unsupported_nodes(graph);
        if (!causes.empty()) return causes;
        return std::move(status).error();
    }
    lowered.regions = lowering.records();
    lowered.design.sort();
    WEFT_CHECK(verify(lowered.design, false));
    return lowered;
}

Result<std::unique_ptr<Compiled>> compile(const std::filesystem::path& path, const CompileOptions& options, const Observer& observer) {
    auto compiled = std::make_unique<Compiled>();
    compiled->options = options;
    WEFT_ASSIGN(compiled->board, read_board(options.board));
    if (compiled->options.clock_mhz <= 0) compiled->options.clock_mhz = compiled->board->kernel_clock_mhz;
    if (compiled->options.mac_dsp_limit <= 0) compiled->options.mac_dsp_limit = default_mac_dsps(*compiled->board);
    WEFT_ASSIGN(compiled->model, read_model(path, options, observer));
    compiled->seconds = compiled->model.seconds;
    if (options.calibration.empty() && !options.stand_in && !has_quantizers(compiled->model.quantized)) {
        return Diagnostic{Severity::error, "", "", "the model is not quantized",
                          "give calibration samples: --calibrate DATA (a .npy or .npz file, an IDX file, or a folder of images)"};
    }
    auto lowered = timed(compiled->seconds, "lower",
                         [&] { return lower(compiled->model.quantized, compiled->model.name, observer, compiled->board->dsp); });
    if (!lowered) return std::move(lowered).error();
    compiled->design = std::move(lowered->design);
    compiled->regions = std::move(lowered->regions);
    const auto fold_it = [&]() -> Status {
        WEFT_CHECK(fold(compiled->design, {.mac_dsp_limit = compiled->options.mac_dsp_limit}));
        if (options.folding.empty()) return Ok{};
        WEFT_ASSIGN(const std::string text, read_file(options.folding));
        return apply_folding(compiled->design, text, options.folding.string());
    };
    WEFT_CHECK(timed(compiled->seconds, "fold", fold_it));
    WEFT_CHECK(timed(compiled->seconds, "plumb", [&] { return plumb(compiled->design); }));
    WEFT_CHECK(verify(compiled->design, true));
    compiled->interval = figures(compiled->design).interval;
    if (rtl_takes(compiled->design)) {
        const auto progress = [&](std::int64_t done, std::int64_t total) {
            if (observer.progress) observer.progress("scheduling", done, total);
        };
        WEFT_ASSIGN(const std::int64_t pace,
                    timed(compiled->seconds, "schedule", [&] { return set_rtl_depths(compiled->design, progress); }));
        compiled->interval = std::max(compiled->interval, pace);
        WEFT_CHECK(timed(compiled->seconds, "predict", [&]() -> Status {
            WEFT_CHECK(place(*compiled));
            WEFT_CHECK(place_copies(*compiled));
            return choose(*compiled);
        }));
        if (const std::int64_t slowest = interval_bound(compiled->design); pace > slowest)
            compiled->warnings.push_back(
                {.severity = Severity::warning,
                 .reason =
                     fmt::format("the RTL kernel takes {} cycles a frame, its slowest unit alone {}: a window holds up its reader, or "
                                 "its reader the window",
                                 pace, slowest),
                 .help = "give both one pace in the folding file, or the window one pixel a beat"});
    } else {
        WEFT_CHECK(place_copies(*compiled));
        WEFT_CHECK(choose(*compiled));
    }
    compiled->modelled = modelled(*compiled);
    return compiled;
}

}  // namespace weft
