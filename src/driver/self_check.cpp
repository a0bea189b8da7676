// self_check.cpp
// The check that every compile ends with: contract against oracle and against float, on a few samples.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "src/base/parallel.h"
#include "src/driver/compile.h"
#include "src/engines/host.h"
#include "src/engines/inputs.h"
#include "src/engines/kernel_engine.h"
#include "src/engines/oracle.h"
#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "src/quantize/stated_quantizer.h"

namespace weft {

namespace {

constexpr std::int64_t check_sample_count = 8;
constexpr std::uint64_t seed = 1;

/// A region that keeps less than this many dB for each bit of its result loses more than rounding explains: rounding alone leaves about 6.
constexpr double least_db_per_bit = 2.5;

/// Uniform samples over what the kernel's input can hold.
Result<std::vector<NamedTensor>> random_samples(const Compiled& compiled) {
    const Graph& graph = compiled.model.quantized;
    std::vector<double> low, high;
    for (const Value* input : graph.inputs) {
        low.push_back(-1);
        high.push_back(1);
        if (!is_float(input->type)) {
            visit_type(input->type, [&](auto e) {
                low.back() = static_cast<double>(std::numeric_limits<decltype(e)>::min());
                high.back() = static_cast<double>(std::numeric_limits<decltype(e)>::max());
            });
            continue;
        }
        for (const KernelInput& kernel_input : compiled.design.inputs) {
            const Value* integers = graph.find(kernel_input.binding.tensor);
            const Node* dequantize = integers ? dequantizer_of(graph, integers) : nullptr;
            if (kernel_input.name != input->name || !dequantize || !dequantize->input(1)->is_constant()) continue;
            const double scale = dequantize->input(1)->constant->at(0);
            const double zero = dequantize->has_input(2) ? dequantize->input(2)->constant->at(0) : 0;
            low.back() = (static_cast<double>(kernel_input.binding.stream->min) - zero) * scale;
            high.back() = (static_cast<double>(kernel_input.binding.stream->max) - zero) * scale;
        }
    }
    return random_inputs(graph, low, high, check_sample_count, seed);
}

/// The bits that the values between the layers have, the most where they differ; at most 8: more is asked for by tables only.
int activation_bits(const Design& design) {
    int bits = 1;
    for (const CheckPoint& point : design.check_points) bits = std::max(bits, point.binding.stream->bits());
    return std::min(bits, 8);
}

/// The float model's value for what a kernel output carries: of the same name, or of the name that its integers dequantize to. Null if it
/// has none.
const Value* float_value(const Model& model, const std::string& tensor) {
    const auto real = [&](const std::string& name) {
        const Value* value = model.source.find(name);
        return value && is_float(value->type) && !value->is_constant() ? value : nullptr;
    };
    const Value* carried = model.quantized.find(tensor);
    if (const Value* value = real(tensor)) return value;
    if (!carried) return nullptr;
    for (const Node* reader : model.quantized.readers(carried)) {
        if (reader->op->traits.role != OpRole::dequantize) continue;
        const Value* value = real(reader->output()->name);
        if (value && value->shape == carried->shape) return value;
    }
    return nullptr;
}

struct Power {
    double signal = 0, noise = 0;
    void add(double reference, double value) {
        signal += reference * reference;
        noise += (value - reference) * (value - reference);
    }
    void add(const Power& other) {
        signal += other.signal;
        noise += other.noise;
    }
    double db() const { return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise); }
};

/// Of an output's reals as `frame` carries them, beside those of the float model.
Power power_of(const Tensor& floats, const KernelOutput& output, const IntTensor& frame) {
    Power power;
    const auto channels = static_cast<std::size_t>(frame.shape.channels);
    for (std::int64_t e = 0; e < floats.size(); ++e) {
        const auto at = static_cast<std::size_t>(output.binding.map ? (*output.binding.map)[static_cast<std::size_t>(e)] : e);
        const auto pick = [&](const auto& list) { return list.size() == 1 ? list[0] : list[at % channels]; };
        power.add(floats.at(e), static_cast<double>(frame.data[at] - pick(output.zero_point)) * pick(output.scale) + pick(output.offset));
    }
    return power;
}

nlohmann::ordered_json db_json(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(std::round(value * 100) / 100) : nlohmann::ordered_json(nullptr);
}

/// The outputs of the kernel that the float model has a value for, by their places in the Design, and these values.
struct Compared {
    std::vector<std::size_t> outputs;
    std::vector<const Value*> values;

    explicit Compared(const Compiled& compiled) {
        for (std::size_t i = 0; i < compiled.design.outputs.size(); ++i) {
            const Value* value = float_value(compiled.model, compiled.design.outputs[i].binding.tensor);
            if (!value) continue;
            outputs.push_back(i);
            values.push_back(value);
        }
    }
};

/// Calibration samples where there are some.
Result<std::vector<NamedTensor>> samples_of(const Compiled& compiled, SelfCheck& check) {
    const Dataset& calibration = compiled.model.calibration;
    check.random = calibration.count == 0;
    check.sample_count = check.random ? check_sample_count : std::min(check_sample_count, calibration.count);
    return check.random ? random_samples(compiled) : bind_inputs(head(calibration, check_sample_count), compiled.model.quantized);
}

/// Of one sample: how the regions agree, and the power of each compared output.
struct SampleCheck {
    std::vector<RegionAgreement> regions;
    std::vector<Power> powers;
};

void add_outputs(const Compiled& compiled, const Compared& compared, const std::vector<Power>& powers, SelfCheck& check) {
    const int bits = activation_bits(compiled.design);
    for (std::size_t k = 0; k < powers.size(); ++k) {
        const KernelOutput& output = compiled.design.outputs[compared.outputs[k]];
        const double db = powers[k].db();
        check.outputs.emplace_back(output.name, db);
        if (!compiled.model.calibrated || powers[k].signal == 0 || db >= least_db_per_bit * bits) continue;
        check.warnings.push_back(
            {Severity::warning, "", output.binding.tensor,
             fmt::format("the model's output '{}' keeps only {:.1f} dB against the float model: more is lost than "
                         "activations of {} bits explain",
                         output.name, db, bits),
             "give calibration samples like the data of use, more bits (--bits), or train with the kernel's arithmetic"});
    }
}

void add_region(const Compiled& compiled, const RegionAgreement& region, SelfCheck& check) {
    check.elements += region.elements;
    check.equal += region.equal;
    check.ties += region.ties;
    const double sqnr = region.sqnr_db();
    const bool judged = compiled.model.calibrated && region.signal > 0;
    check.regions.push_back({{"node", region.node},
                             {"value", region.tensor},
                             {"elements", region.elements},
                             {"equal_elements", region.equal},
                             {"ties", region.ties},
                             {"max_difference", region.max_difference},
                             {"sqnr_db", db_json(sqnr)}});
    if (judged && sqnr < check.worst_sqnr_db) {
        check.worst_sqnr_db = sqnr;
        check.worst_node = region.node;
    }
    if (!region.exact()) {
        check.warnings.push_back({Severity::error, region.node, region.tensor,
                                  fmt::format("the integer contract differs from the region recomputed in double on {} of {} elements",
                                              region.elements - region.equal - region.ties, region.elements),
                                  "this is a defect of weft: report it with the model"});
    }
    const Stream* stream = nullptr;
    for (const CheckPoint& point : compiled.design.check_points) {
        if (point.binding.tensor == region.tensor) stream = point.binding.stream;
    }
    if (judged && stream && sqnr < least_db_per_bit * stream->bits()) {
        check.warnings.push_back(
            {Severity::warning, region.node, region.tensor,
             fmt::format("quantization leaves only {:.1f} dB at {} bits against the float model", sqnr, stream->bits()),
             "give more calibration samples, more bits to this node (--bits FILE.json), or train with the kernel's arithmetic"});
    }
}

}  // namespace

Result<SelfCheck> self_check(const Compiled& compiled, const Observer& observer) {
    SelfCheck check;
    const Graph &model = compiled.model.quantized, &source = compiled.model.source;
    WEFT_ASSIGN(const std::vector<NamedTensor> samples, samples_of(compiled, check));
    WEFT_ASSIGN(const auto engine, IntegerEngine::make(model, compiled.design));
    RegionOracle oracle(model, compiled.design, &source);
    const Compared compared(compiled);
    const Evaluator reference(source, DataType::float32, {source.inputs.begin(), source.inputs.end()}, compared.values);

    const auto check_sample = [&](std::int64_t sample) -> Result<SampleCheck> {
        std::vector<Tensor> inputs;
        for (std::size_t i = 0; i < samples.size(); ++i) inputs.push_back(sample_of(samples[i].tensor, sample, *model.inputs[i]));
        WEFT_ASSIGN(const std::vector<IntTensor> streams, engine->all_streams(inputs));
        SampleCheck result;
        WEFT_ASSIGN(result.regions, oracle.compare(inputs, streams));
        WEFT_ASSIGN(const std::vector<Tensor> floats, reference.run(inputs));
        for (std::size_t k = 0; k < floats.size(); ++k) {
            const KernelOutput& output = compiled.design.outputs[compared.outputs[k]];
            std::size_t stream = 0;
            while (compiled.design.streams[stream].get() != output.binding.stream) ++stream;
            result.powers.push_back(power_of(floats[k], output, streams[stream]));
        }
        return result;
    };
    std::vector<std::optional<Result<SampleCheck>>> checks(static_cast<std::size_t>(check.sample_count));
    const auto body = [&](std::int64_t sample) {
        auto& result = checks[static_cast<std::size_t>(sample)];
        result = check_sample(sample);
        return static_cast<bool>(*result);
    };
    parallel_for(check.sample_count, 0, body, [&](std::int64_t done) {
        if (observer.progress) observer.progress("checking", done, check.sample_count);
    });
    Power all_outputs;
    std::vector<Power> powers(compared.outputs.size());
    for (auto& one : checks) {
        if (!one) continue;  // behind one that failed
        WEFT_ASSIGN(const SampleCheck result, *std::move(one));
        oracle.add(result.regions);
        for (std::size_t k = 0; k < powers.size(); ++k) {
            powers[k].add(result.powers[k]);
            all_outputs.add(result.powers[k]);
        }
    }

    check.output_sqnr_db = all_outputs.db();
    add_outputs(compiled, compared, powers, check);
    check.worst_sqnr_db = std::numeric_limits<double>::infinity();
    check.regions = nlohmann::ordered_json::array();
    for (const RegionAgreement& region : oracle.regions()) add_region(compiled, region, check);
    return check;
}

}  // namespace weft
