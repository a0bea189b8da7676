// evaluate_run.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/driver/evaluate_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <tuple>

#include "src/base/scratch.h"
#include "src/driver/project_folder.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/engines/sample_warnings.h"
#include "src/engines/xrt_engine.h"

namespace weft {

namespace {

Result<std::unique_ptr<Compiled>> open_model(const RunRequest& request, const Observer& observer) {
    if (std::error_code ignored; is_project(request.model) || std::filesystem::is_directory(request.model, ignored))
        return open_project(request.model);
    auto compiled = std::make_unique<Compiled>();
    static_cast<ModelOptions&>(compiled->options) = request.options;
    WEFT_ASSIGN(compiled->model, read_model(request.model, request.options, observer));
    return compiled;
}

/// The engines of a run.
struct Engines {
    const EngineDef* engine = nullptr;
    const EngineDef* against = nullptr;  ///< Null: no comparison.

    bool any_needs(EngineNeeds needs) const { return engine->needs >= needs || (against && against->needs >= needs); }
    bool any_takes(EngineOption option) const { return engine->takes(option) || (against && against->takes(option)); }
};

Result<Engines> engines_of(const RunRequest& request) {
    Engines engines;
    WEFT_ASSIGN(engines.engine, find_engine(request.engine));
    if (!request.against.empty()) {
        WEFT_ASSIGN(engines.against, find_engine(request.against));
    }
    return engines;
}

/// A Design for a model that was given as a file: lowered where an engine needs it, folded where it is emitted.
Status ensure_design(Compiled& compiled, const RunRequest& request, const Engines& engines, const Observer& observer) {
    const bool wanted = engines.any_needs(EngineNeeds::design) || request.layers;
    if (!wanted || !compiled.design.units.empty()) return Ok{};
    if (!compiled.model.calibrated && !has_quantizers(compiled.model.quantized)) {
        return Diagnostic{Severity::error, "", "", "the engine " + request.engine + " needs integer types and the model is not quantized",
                          "give calibration samples (--calibrate DATA), or run the directory that weft compile wrote"};
    }
    if (engines.any_needs(EngineNeeds::project)) {
        const bool first = engines.engine->needs == EngineNeeds::project;
        return Diagnostic{Severity::error, "", "",
                          fmt::format("the engine {} runs a compiled project", first ? request.engine : request.against),
                          "compile the model first (weft compile MODEL -o DIR) and run DIR"};
    }
    WEFT_ASSIGN(Lowered lowered, lower(compiled.model.quantized, compiled.model.name, observer, compiled.design.dsp()));
    compiled.design = std::move(lowered.design);
    return Ok{};
}

Result<std::unique_ptr<Engine>> make_engine(const EngineDef& def, const Compiled& compiled, const RunRequest& request,
                                            const Observer& observer) {
    const EmitOptions emit = def.needs == EngineNeeds::project ? emit_options(compiled) : EmitOptions{};
    return def.make({compiled.model.source, compiled.model.quantized, compiled.design, emit, compiled.board.get()}, request.engines,
                    observer.progress);
}

/// What is run: engines of a model or of a project; of an xclbin the one that it can be.
struct Subject {
    std::unique_ptr<Compiled> compiled;
    std::unique_ptr<Engine> card;  ///< Of an xclbin.
};

/// An xclbin holds no model: its inputs and outputs stand for one.
Result<Subject> open_xclbin(const RunRequest& request, const Observer& observer) {
    const EngineOptions& options = request.engines;
    if (request.engine != "xrt" && request.engine != RunRequest{}.engine)
        return Diagnostic{.reason = fmt::format("an xclbin is run by the engine xrt, not {}", request.engine),
                          .help = fmt::format("run the project that it was packaged from: weft run DIR --engine {}", request.engine)};
    if (!request.against.empty() || request.layers)
        return Diagnostic{.reason = "an xclbin holds no model to compare with",
                          .help = "run the project that it was packaged from: weft run DIR --engine xrt --against integer"};
    if (options.stall_seed != 0)
        return Diagnostic{.reason = "the stalls of an emulated card are those that it was packaged with",
                          .help = "package it anew: weft package DIR --stalls SEED -o FILE.xclbin"};
    WEFT_ASSIGN(const nlohmann::ordered_json kernel, find_kernel(request.model, request.kernel));
    Subject subject{std::make_unique<Compiled>(), nullptr};
    WEFT_ASSIGN(subject.compiled->model.source, interface_of(kernel));
    WEFT_ASSIGN(const std::filesystem::path program, build_host_program(kernel, observer.progress));
    subject.card = std::make_unique<XrtEngine>(
        request.model, kernel, program, HostRunOptions{.mode = options.pure ? HostMode::pure : HostMode::fast, .trace = options.trace});
    return subject;
}

/// Index of the largest element of each sample.
std::vector<std::int64_t> top1_of(const Tensor& stack, std::int64_t sample_count) {
    std::vector<std::int64_t> best;
    const std::int64_t size = stack.size() / std::max<std::int64_t>(sample_count, 1);
    for (std::int64_t sample = 0; sample < sample_count; ++sample) {
        std::int64_t at = 0;
        for (std::int64_t i = 1; i < size; ++i) {
            if (stack.at(sample * size + i) > stack.at(sample * size + at)) at = i;
        }
        best.push_back(at);
    }
    return best;
}

double share_equal(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b, std::int64_t& counted) {
    std::int64_t equal = 0;
    counted = 0;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        if (b[i] < 0) continue;
        ++counted;
        equal += a[i] == b[i];
    }
    return counted ? static_cast<double>(equal) / static_cast<double>(counted) : 0;
}

Status compare(RunResult& result, const std::vector<NamedTensor>& other) {
    for (std::size_t i = 0; i < result.outputs.size(); ++i) {
        OutputAgreement& output = result.agreements.emplace_back();
        const std::vector<double> a = result.outputs[i].tensor.to_doubles(), b = other[i].tensor.to_doubles();
        for (std::size_t e = 0; e < a.size(); ++e) {
            ++output.elements;
            output.equal += a[e] == b[e];
            output.max_difference = std::max(output.max_difference, std::abs(a[e] - b[e]));
            output.signal += b[e] * b[e];
            output.noise += (a[e] - b[e]) * (a[e] - b[e]);
        }
        result.elements += output.elements;
        result.equal_elements += output.equal;
        result.max_difference = std::max(result.max_difference, output.max_difference);
    }
    if (result.elements == 0)
        return Diagnostic{
            .reason = fmt::format("there is nothing to compare with the engine {}: the outputs have no elements", result.against),
            .help = "leave out --against"};
    result.compared = true;
    return Ok{};
}

Status compare_layers(RunResult& result, const Compiled& compiled, const std::vector<NamedTensor>& inputs, const Observer& observer) {
    const Graph& model = compiled.model.quantized;
    WEFT_ASSIGN(const auto engine, IntegerEngine::make(model, compiled.design));
    RegionOracle oracle(model, compiled.design, &compiled.model.source);
    for (std::int64_t sample = 0; sample < result.sample_count; ++sample) {
        std::vector<Tensor> given;
        for (std::size_t i = 0; i < inputs.size(); ++i) given.push_back(sample_of(inputs[i].tensor, sample, *model.inputs[i]));
        WEFT_ASSIGN(const std::vector<IntTensor> streams, engine->all_streams(given));
        WEFT_ASSIGN(const std::vector<RegionAgreement> agreement, oracle.compare(given, streams));
        oracle.add(agreement);
        if (observer.progress) observer.progress("comparing layers", sample + 1, result.sample_count);
    }
    result.has_layers = true;
    result.layers = oracle.regions();
    return Ok{};
}

/// Options that would silently do nothing.
Status check_options(const RunRequest& request, const Engines& engines) {
    const EngineOptions& options = request.engines;
    for (const auto& [given, option, flag] :
         {std::tuple{options.stall_seed != 0, EngineOption::stalls, "--stalls"},
          std::tuple{!options.trace.empty(), EngineOption::trace, "--trace"}, std::tuple{options.shell, EngineOption::shell, "--shell"},
          std::tuple{options.pure, EngineOption::pure, "--pure"}}) {
        if (!given || engines.any_takes(option)) continue;
        std::vector<std::string_view> takers;
        for (const EngineDef* engine : engine_registry())
            if (engine->takes(option)) takers.push_back(engine->name);
        return Diagnostic{.reason = fmt::format("{} is for the engine {}, and this run has none", flag, fmt::join(takers, " or ")),
                          .help = takers.empty() ? std::string() : fmt::format("add --engine {}", takers.front())};
    }
    for (const EngineDef* engine : {engines.engine, engines.against})
        if (engine && engine->check) WEFT_CHECK(engine->check(options));
    return Ok{};
}

}  // namespace

Result<RunResult> run_model(const RunRequest& request, const Observer& observer) {
    Engines engines;
    Subject subject;
    if (is_xclbin(request.model)) {
        WEFT_ASSIGN(engines.engine, find_engine("xrt"));
        WEFT_CHECK(check_options(request, engines));
        if (observer.said)
            for (const Diagnostic& note : settle_cache(request.model)) observer.said(note);
        WEFT_ASSIGN(subject, open_xclbin(request, observer));
    } else {
        if (!request.kernel.empty())
            return Diagnostic{.reason = "--kernel is for an xclbin, which may hold several", .help = "leave it out"};
        WEFT_ASSIGN(engines, engines_of(request));
        WEFT_CHECK(check_options(request, engines));
        WEFT_ASSIGN(subject.compiled, open_model(request, observer));
        WEFT_CHECK(ensure_design(*subject.compiled, request, engines, observer));
    }
    const std::unique_ptr<Compiled>& compiled = subject.compiled;
    WEFT_ASSIGN(Dataset data, load_dataset(request.inputs));
    std::vector<std::int64_t> labels;
    if (!request.labels.empty()) {
        WEFT_ASSIGN(labels, load_labels(request.labels, data));
    }
    if (request.sample_count > 0 && request.sample_count < data.count) data = head(data, request.sample_count);
    WEFT_ASSIGN(const std::vector<NamedTensor> inputs, bind_inputs(data, compiled->model.source));

    RunResult result;
    result.engine = engines.engine->name;
    result.against = request.against;
    result.sample_count = data.count;
    result.warnings = compiled->model.warnings;
    for (const Diagnostics& more : {data.warnings, warn_of_bytes(data, compiled->model.source)})
        result.warnings.insert(result.warnings.end(), more.begin(), more.end());
    const auto progress_of = [&](const std::string& engine) {
        return [&observer, engine](std::int64_t done, std::int64_t total) {
            if (observer.progress) observer.progress(engine, done, total);
        };
    };
    if (engines.any_needs(EngineNeeds::project) && observer.said)
        for (const Diagnostic& note : settle_cache(request.model)) observer.said(note);
    std::unique_ptr<Engine> engine = std::move(subject.card);
    if (!engine) {
        WEFT_ASSIGN(engine, make_engine(*engines.engine, *compiled, request, observer));
    }
    const auto start = std::chrono::steady_clock::now();
    auto outputs = engine->run(inputs, data.count, progress_of(result.engine));
    if (!outputs) {
        if (const std::vector<NamedTensor> partial = engine->partial(); observer.partial && !partial.empty()) observer.partial(partial);
        return std::move(outputs).error();
    }
    result.outputs = *std::move(outputs);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.measures[result.engine] = engine->measures();

    std::vector<std::int64_t> best = top1_of(result.outputs[0].tensor, data.count);
    std::int64_t counted = 0;
    if (!labels.empty()) {
        const std::span<const std::int64_t> used(labels.data(), std::min(labels.size(), static_cast<std::size_t>(data.count)));
        const Diagnostics odd = warn_of_labels(used, result.outputs[0].tensor.size() / std::max<std::int64_t>(data.count, 1));
        result.warnings.insert(result.warnings.end(), odd.begin(), odd.end());
        result.top1 = share_equal(best, labels, counted);
        result.labelled = counted;
    }
    if (engines.against) {
        WEFT_ASSIGN(const auto other_engine, make_engine(*engines.against, *compiled, request, observer));
        WEFT_ASSIGN(const std::vector<NamedTensor> other, other_engine->run(inputs, data.count, progress_of(request.against)));
        result.measures[request.against] = other_engine->measures();
        WEFT_CHECK(compare(result, other));
        const std::vector<std::int64_t> other_best = top1_of(other[0].tensor, data.count);
        std::int64_t all = 0;
        result.agree_top1 = share_equal(best, other_best, all);
        if (!labels.empty()) result.top1_against = share_equal(other_best, labels, counted);
    }
    if (request.layers) WEFT_CHECK(compare_layers(result, *compiled, inputs, observer));
    return result;
}

double OutputAgreement::sqnr_db() const { return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise); }

namespace {

nlohmann::ordered_json finite_or_null(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

std::string decibels(double value) { return std::isfinite(value) ? fmt::format("{:.1f} dB", value) : std::string("no difference"); }

/// The largest elements of one sample's output, first the largest; empty where the output is no list of classes.
std::vector<std::int64_t> best_classes(const Tensor& output) {
    constexpr std::int64_t shown = 5;
    if (output.size() < 2 || *std::max_element(output.shape().begin(), output.shape().end()) != output.size()) return {};
    std::vector<std::int64_t> order(static_cast<std::size_t>(output.size()));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const auto count = std::min(shown, output.size());
    std::partial_sort(order.begin(), order.begin() + count, order.end(),
                      [&](std::int64_t a, std::int64_t b) { return output.at(a) != output.at(b) ? output.at(a) > output.at(b) : a < b; });
    order.resize(static_cast<std::size_t>(count));
    return order;
}

std::pair<double, double> range_of(const Tensor& output) {
    const std::vector<double> values = output.to_doubles();
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return values.empty() ? std::pair(0.0, 0.0) : std::pair(*low, *high);
}

nlohmann::ordered_json prediction_json(const Tensor& output) {
    const std::vector<std::int64_t> best = best_classes(output);
    if (best.empty() && output.size() == 1) return {{"value", finite_or_null(output.at(0))}};
    if (best.empty()) return {{"min", finite_or_null(range_of(output).first)}, {"max", finite_or_null(range_of(output).second)}};
    nlohmann::ordered_json top = nlohmann::ordered_json::array();
    for (const std::int64_t at : best) top.push_back({{"class", at}, {"value", finite_or_null(output.at(at))}});
    return {{"class", best[0]}, {"value", finite_or_null(output.at(best[0]))}, {"top", top}};
}

std::string prediction_text(const Tensor& output) {
    const std::vector<std::int64_t> best = best_classes(output);
    if (best.empty() && output.size() == 1) return fmt::format("{:g}", output.at(0));
    if (best.empty()) return fmt::format("{} elements from {:g} to {:g}", output.size(), range_of(output).first, range_of(output).second);
    std::string text = fmt::format("class {} ({:g})", best[0], output.at(best[0]));
    for (std::size_t i = 1; i < best.size(); ++i) text += fmt::format("{} {} ({:g})", i == 1 ? ", then" : ",", best[i], output.at(best[i]));
    return text;
}

nlohmann::ordered_json outputs_json(const RunResult& result) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < result.outputs.size(); ++i) {
        nlohmann::ordered_json entry{{"name", result.outputs[i].name}, {"shape", result.outputs[i].tensor.shape()}};
        if (result.compared) {
            const OutputAgreement& agreement = result.agreements[i];
            entry["elements"] = agreement.elements;
            entry["equal_elements"] = agreement.equal;
            entry["max_difference"] = finite_or_null(agreement.max_difference);
            entry["sqnr_db"] = finite_or_null(agreement.sqnr_db());
        }
        if (result.sample_count == 1) entry["prediction"] = prediction_json(result.outputs[i].tensor);
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

nlohmann::ordered_json to_json(const RunResult& result) {
    nlohmann::ordered_json json;
    json["engine"] = result.engine;
    if (result.compared) json["against"] = result.against;
    json["images"] = result.sample_count;
    if (result.compared) {
        json["elements"] = result.elements;
        json["equal_elements"] = result.equal_elements;
        json["max_difference"] = result.max_difference;
    }
    json["outputs"] = outputs_json(result);
    if (result.top1) {
        json["top1"] = *result.top1;
        json["labelled"] = result.labelled;
    }
    if (result.top1_against) json["top1_against"] = *result.top1_against;
    if (result.agree_top1) json["agree_top1"] = *result.agree_top1;
    json["seconds"] = result.seconds;
    for (const auto& [engine, measures] : result.measures) json.update(measures.json);
    if (result.has_layers) {
        json["layers"] = nlohmann::ordered_json::array();
        for (const RegionAgreement& layer : result.layers) {
            nlohmann::ordered_json entry{{"value", layer.tensor},         {"node", layer.node}, {"elements", layer.elements},
                                         {"equal_elements", layer.equal}, {"ties", layer.ties}, {"max_difference", layer.max_difference}};
            const double sqnr = layer.sqnr_db();
            entry["sqnr_db"] = std::isfinite(sqnr) ? nlohmann::ordered_json(sqnr) : nlohmann::ordered_json(nullptr);
            json["layers"].push_back(std::move(entry));
        }
    }
    return json;
}

std::string to_text(const RunResult& result) {
    std::string text = fmt::format("engine {}: {} images in {:.3f} s ({:.0f} images/s)\n", result.engine, result.sample_count,
                                   result.seconds, static_cast<double>(result.sample_count) / std::max(result.seconds, 1e-9));
    const bool several = result.outputs.size() > 1;
    for (const auto& [name, tensor] : result.outputs)
        if (result.sample_count == 1)
            text += fmt::format("{}: {}\n", several ? fmt::format("output '{}'", name) : "prediction", prediction_text(tensor));
    if (result.top1) text += fmt::format("right: {:.2f} % of {} labelled images\n", 100 * *result.top1, result.labelled);
    if (result.compared) {
        text += fmt::format("against {}: {} of {} elements equal, largest difference {:g}{}, same top-1 on {:.2f} %\n", result.against,
                            result.equal_elements, result.elements, result.max_difference,
                            several ? std::string() : ", " + decibels(result.agreements[0].sqnr_db()), 100 * result.agree_top1.value_or(0));
        for (std::size_t i = 0; several && i < result.outputs.size(); ++i) {
            const OutputAgreement& output = result.agreements[i];
            text += fmt::format("  output '{}': {} of {} elements equal, largest difference {:g}, {}\n", result.outputs[i].name,
                                output.equal, output.elements, output.max_difference, decibels(output.sqnr_db()));
        }
        if (result.top1_against) text += fmt::format("right with {}: {:.2f} %\n", result.against, 100 * *result.top1_against);
    }
    for (const auto& [engine, measures] : result.measures) text += measures.text;
    if (result.has_layers && result.layers.empty()) text += "no region to compare\n";
    for (const RegionAgreement& layer : result.layers) {
        const double sqnr = layer.sqnr_db();
        text += fmt::format("  {:<40} {:>10} of {:>10} equal, {} ties{}\n", layer.node.substr(0, 40), layer.equal, layer.elements,
                            layer.ties, std::isfinite(sqnr) ? fmt::format(", {:.1f} dB", sqnr) : std::string());
    }
    return text;
}

}  // namespace weft
