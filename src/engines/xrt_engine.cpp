// xrt_engine.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/xrt_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/card/project_card.h"
#include "src/engines/engine_def.h"
#include "src/engines/inputs.h"
#include "src/graph/evaluate.h"

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

const NamedTensor* find(std::span<const NamedTensor> list, std::string_view name) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const NamedTensor& t) { return t.name == name; });
    return at == list.end() ? nullptr : &*at;
}

/// The unit's figures in a line.
std::string unit_text(const nlohmann::json& unit) {
    std::uint64_t frames = 0;
    for (const auto& job : unit.at("jobs")) frames += job.at("frames").get<std::uint64_t>();
    std::string text = fmt::format("  {}: {} commands, {} frames", unit.at("unit").get<std::string>(), unit.at("jobs").size(), frames);
    const auto& counters = unit.at("counters");
    const auto count = [&](const char* name) { return counters.value(name, std::uint64_t{0}); };
    if (!counters.empty())
        text += fmt::format("; by its own counters {} frames in {} cycles, {} waiting for input, {} held up at the output",
                            count("WEFT_FRAMES"), count("WEFT_CYCLES"), count("WEFT_INPUT_STALLS"), count("WEFT_OUTPUT_STALLS"));
    return text + "\n";
}

EngineMeasures told(const HostRun& run, const Json& kernel) {
    EngineMeasures measures;
    if (!run.report.is_object()) return measures;
    const auto cycles = run.report.at("last_done").get<std::int64_t>() - run.report.at("first_start").get<std::int64_t>();
    const double clock = kernel.value("clock_mhz", 0.0);
    measures.json["cycles"] = cycles;
    measures.json["assumed_clock_mhz"] = clock;
    measures.json["card"] = run.report;
    measures.text = fmt::format("emulated card: {} cycles from the first start to the last done, {:.1f} an image", cycles,
                                static_cast<double>(cycles) / static_cast<double>(std::max<std::int64_t>(run.images, 1)));
    if (clock > 0) measures.text += fmt::format(" ({:.1f} us at assumed {:g} MHz)", static_cast<double>(cycles) / clock, clock);
    measures.text += "\n";
    for (const auto& unit : run.report.at("units")) measures.text += unit_text(unit);
    return measures;
}

/// The engine behind a project: what the host program leaves to its user is evaluated here.
class ProjectEngine : public Engine {
public:
    ProjectEngine(std::unique_ptr<TemporaryFolder> folder, std::unique_ptr<XrtEngine> card, const Graph& model, Json kernel)
        : folder_(std::move(folder)), card_(std::move(card)), model_(model), kernel_(std::move(kernel)) {}

    std::string_view name() const override { return "xrt"; }
    EngineMeasures measures() const override { return card_->measures(); }
    std::vector<NamedTensor> partial() const override {
        const std::vector<NamedTensor> received = card_->partial();
        if (received.empty()) return {};
        auto outputs = reach(output_names(), received, received[0].tensor.shape()[0]);
        return outputs ? *std::move(outputs) : std::vector<NamedTensor>();
    }
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count,
                                         const Progress& progress) override {
        std::vector<std::string> given;
        for (const Json& input : kernel_.at("inputs")) given.push_back(input.at("name"));
        WEFT_ASSIGN(const std::vector<NamedTensor> sent, reach(given, inputs, sample_count));
        WEFT_ASSIGN(const std::vector<NamedTensor> received, card_->run(sent, sample_count, progress));
        return reach(output_names(), received, sample_count);
    }

private:
    std::vector<std::string> output_names() const {
        std::vector<std::string> names;
        for (const Value* output : model_.outputs) names.push_back(output->name);
        return names;
    }
    /// Those of `wanted` that `known` holds, and the others computed from it.
    Result<std::vector<NamedTensor>> reach(const std::vector<std::string>& wanted, std::span<const NamedTensor> known,
                                           std::int64_t sample_count) const {
        std::vector<const Value*> from;
        for (const NamedTensor& tensor : known) from.push_back(model_.find(tensor.name));
        std::vector<NamedTensor> list;
        for (const std::string& name : wanted) {
            if (find(list, name)) continue;
            if (const NamedTensor* there = find(known, name)) {
                list.push_back(*there);
                continue;
            }
            const Value* value = model_.find(name);
            const Evaluator evaluator(model_, DataType::float64, from, {value});
            std::vector<Tensor> samples;
            for (std::int64_t s = 0; s < sample_count; ++s) {
                std::vector<Tensor> of_sample;
                for (std::size_t i = 0; i < known.size(); ++i) of_sample.push_back(sample_of(known[i].tensor, s, *from[i]));
                WEFT_ASSIGN(std::vector<Tensor> result, evaluator.run(of_sample));
                samples.push_back(result[0].cast(value->type));
            }
            list.push_back({name, stack_samples(samples, model_.batched)});
        }
        return list;
    }

    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<XrtEngine> card_;
    const Graph& model_;
    Json kernel_;
};

Result<std::unique_ptr<Engine>> make(const EngineSubject& subject, const EngineOptions& options, const StageProgress& progress) {
    const CardProject project{subject.quantized, subject.design, subject.emit, *subject.board};
    WEFT_ASSIGN(const Card card,
                emulated_card(std::span(&project, 1), {.stall_seed = options.stall_seed, .trace = !options.trace.empty()}));
    WEFT_ASSIGN(const std::string xclbin, package_emulation(card, progress));
    auto folder = std::make_unique<TemporaryFolder>(temporary_path("xrt"));
    const std::filesystem::path path = folder->path() / "card.xclbin";
    WEFT_CHECK(write_file(path, xclbin));
    const Json& kernel = card.kernels.front().description;
    WEFT_ASSIGN(const std::filesystem::path program, build_host_program(kernel, progress));
    auto engine = std::make_unique<XrtEngine>(
        path, kernel, program, HostRunOptions{.mode = options.pure ? HostMode::pure : HostMode::fast, .trace = options.trace});
    return std::unique_ptr<Engine>(std::make_unique<ProjectEngine>(std::move(folder), std::move(engine), subject.quantized, kernel));
}

}  // namespace

Result<Graph> interface_of(const Json& kernel) {
    Graph graph;
    graph.name = kernel.value("model", "");
    graph.batched = true;
    const auto add = [&](const Json& port, std::vector<Value*>& list) -> Status {
        const std::string name = port.at("name");
        if (Value* there = graph.find(name)) {
            if (std::find(list.begin(), list.end(), there) == list.end()) list.push_back(there);
            return Ok{};
        }
        const auto type = find_data_type(port.at("type").get<std::string>());
        if (!type) return Diagnostic{.tensor = name, .reason = "its type is not known", .help = "package the project again"};
        Shape shape{1};
        for (const Json& extent : port.at("shape")) shape.push_back(extent);
        list.push_back(graph.add_value(name, *type, shape));
        return Ok{};
    };
    for (const Json& port : kernel.at("inputs")) WEFT_CHECK(add(port, graph.inputs));
    for (const Json& port : kernel.at("outputs")) WEFT_CHECK(add(port, graph.outputs));
    return graph;
}

Result<std::vector<NamedTensor>> XrtEngine::run(std::span<const NamedTensor> inputs, std::int64_t sample_count, const Progress& progress) {
    if (progress) progress(0, sample_count);
    WEFT_ASSIGN(HostRun run, run_host(program_, kernel_, xclbin_, {inputs.begin(), inputs.end()}, options_));
    measures_ = told(run, kernel_);
    if (!run.failure.empty()) {
        partial_ = std::move(run.outputs);
        return std::move(run.failure);
    }
    if (progress) progress(sample_count, sample_count);
    return std::move(run.outputs);
}

extern const EngineDef engine_xrt{
    .name = "xrt",
    .needs = EngineNeeds::project,
    .options = {EngineOption::stalls, EngineOption::trace, EngineOption::pure},
    .make = make,
};

}  // namespace weft
