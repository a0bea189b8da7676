// quantize.cpp
// Observes a float Graph on samples and puts the quantizers in.
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>
#include <set>

#include "src/base/parallel.h"
#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "src/passes/narrow_reals.h"
#include "src/passes/quantization_points.h"
#include "src/quantize/bits.h"
#include "src/quantize/write_quantizer.h"

namespace weft {
namespace {

constexpr int function_input_bits = 10;
/// More samples than this add time and no accuracy; they are taken evenly from all.
constexpr std::int64_t sample_limit = 1024;

// --- observing ---

/// Sample `index` of what is stacked in `inputs`, in the shapes of the graph's inputs.
std::vector<Tensor> sample_of(const Graph& graph, std::span<const NamedTensor> inputs, std::int64_t index) {
    std::vector<Tensor> sample;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
        const Value& value = *graph.inputs[i];
        const Tensor& stacked = inputs[i].tensor;
        const std::size_t bytes = static_cast<std::size_t>(element_count(value.shape)) * size_of(stacked.type());
        Tensor one(stacked.type(), value.shape);
        std::copy_n(stacked.raw() + static_cast<std::size_t>(index) * bytes, bytes, one.raw());
        sample.push_back(stacked.type() == value.type ? std::move(one) : one.cast(value.type));
    }
    return sample;
}

Status check_samples(const Graph& graph, std::span<const NamedTensor> inputs, std::int64_t sample_count) {
    static constexpr auto help = "calibration samples are stacked along the first axis, one array for each input of the model";
    if (sample_count < 1) return Diagnostic{Severity::error, "", "", "there are no calibration samples", help};
    if (inputs.size() != graph.inputs.size()) {
        return Diagnostic{Severity::error, "", "",
                          fmt::format("{} calibration arrays do not go with {} model inputs", inputs.size(), graph.inputs.size()), help};
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Value& value = *graph.inputs[i];
        if (inputs[i].tensor.size() != element_count(value.shape) * sample_count) {
            return Diagnostic{Severity::error, "", value.name,
                              fmt::format("calibration array {} does not hold {} samples of shape {}", to_string(inputs[i].tensor.shape()),
                                          sample_count, to_string(value.shape)),
                              help};
        }
    }
    return Ok{};
}

/// What the points' values take over all samples.
class Calibration {
public:
    Calibration(const Graph& graph, std::span<const NamedTensor> inputs, std::int64_t sample_count,
                std::span<const QuantizationPoint> points, const Progress& progress)
        : graph_(graph), inputs_(inputs), sample_count_(sample_count), points_(points), progress_(progress) {}

    /// One type a point.
    Result<std::vector<IntegerType>> types(const BitsConfig& bits, CalibrationMethod method, bool stand_in);

private:
    Status for_each_sample(const std::function<void(std::size_t point, std::span<const float>)>& observe, std::int64_t done,
                           std::int64_t total);
    int bits_of(const BitsConfig& bits, const QuantizationPoint& point) const {
        return point.function_input ? function_input_bits : bits.activations_of(point.key);
    }

    const Graph& graph_;
    std::span<const NamedTensor> inputs_;
    std::int64_t sample_count_;
    std::span<const QuantizationPoint> points_;
    const Progress& progress_;
};

Status Calibration::for_each_sample(const std::function<void(std::size_t, std::span<const float>)>& observe, std::int64_t already,
                                    std::int64_t total) {
    std::vector<const Value*> given(graph_.inputs.begin(), graph_.inputs.end()), wanted;
    for (const QuantizationPoint& point : points_) wanted.push_back(point.value);
    const Evaluator evaluator(graph_, DataType::float32, given, wanted);
    assert(evaluator.missing() == nullptr);
    const std::int64_t samples = std::min(sample_count_, sample_limit);
    std::mutex mutex;
    Diagnostics problems;
    const bool good = parallel_for(
        samples, 0,
        [&](std::int64_t i) {
            auto values = evaluator.run(sample_of(graph_, inputs_, i * sample_count_ / samples));
            const std::lock_guard lock(mutex);
            if (!values) {
                if (problems.empty()) problems = std::move(values).error();
                return false;
            }
            for (std::size_t point = 0; point < points_.size(); ++point) {
                observe(point, (*values)[point].as<float>());
            }
            return true;
        },
        [&](std::int64_t done) {
            if (progress_) progress_(already + done, total);
        });
    if (!good) return problems;
    return Ok{};
}

Result<std::vector<IntegerType>> Calibration::types(const BitsConfig& bits, CalibrationMethod method, bool stand_in) {
    const std::int64_t samples = std::min(sample_count_, sample_limit);
    const std::int64_t total = samples * (method == CalibrationMethod::mse ? 2 : 1);
    // Kept by class: points of one class get one type.
    std::vector<ObservedRange> ranges(points_.size());
    std::vector<std::size_t> leader(points_.size());
    for (std::size_t i = 0; i < points_.size(); ++i) {
        leader[i] = i;
        for (std::size_t j = 0; j < i; ++j)
            if (points_[j].type_class == points_[i].type_class) {
                leader[i] = leader[j];
                break;
            }
    }
    WEFT_CHECK(for_each_sample([&](std::size_t point, std::span<const float> values) { ranges[leader[point]].observe(values); }, 0, total));
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (ranges[i].finite) continue;
        if (stand_in) {
            ranges[i] = {};
            ranges[i].observe(std::vector<float>{-1, 1});
            continue;
        }
        return Diagnostic{Severity::error, points_[i].key, points_[i].value->name,
                          "the calibration samples give infinities or numbers that are none",
                          "check the model's constants and the preprocessing of the samples"};
    }
    std::vector<Histogram> histograms;
    if (method == CalibrationMethod::mse) {
        for (const ObservedRange& range : ranges) histograms.emplace_back(range);
        WEFT_CHECK(for_each_sample([&](std::size_t point, std::span<const float> values) { histograms[leader[point]].observe(values); },
                                   samples, total));
    }
    // A class is as wide as its narrowest member asks, and holds no more than a linear operand where one member is one.
    std::vector<int> class_bits(points_.size(), 16);
    for (std::size_t i = 0; i < points_.size(); ++i) class_bits[leader[i]] = std::min(class_bits[leader[i]], bits_of(bits, points_[i]));
    std::vector<IntegerType> types(points_.size());
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const std::size_t first = leader[i];
        if (first < i) {
            types[i] = types[first];
            continue;
        }
        const QuantizationPoint& point = points_[i];
        if (point.stored_integers && class_bits[i] >= 8) {
            types[i] = activation_type(static_cast<double>(point.stored_min), static_cast<double>(point.stored_max), 8);
        } else {
            types[i] = activation_type(ranges[i], method == CalibrationMethod::mse ? &histograms[i] : nullptr, class_bits[i], method);
        }
    }
    return types;
}

// --- inserting ---

class Inserter {
public:
    Inserter(Graph& graph, CalibrationMethod method, Diagnostics& warnings)
        : graph_(graph), method_(method), warnings_(warnings), opset_(quantizer_opset(graph)) {}

    void quantize_value(Value* value, const IntegerType& type);
    void quantize_weights_of(const WeightPoint& point, int bits);

private:
    Value* value(std::string_view name, DataType type, const Shape& shape) {
        return graph_.add_value(graph_.unique_name(name), type, shape);
    }
    double scale_of_input(const Node& node) const;
    bool channels_stand_alone(const Value* value) const;

    Graph& graph_;
    CalibrationMethod method_;
    Diagnostics& warnings_;
    int opset_;
    std::map<const Value*, double> scales_;  ///< Of the values that this pass quantized.
};

void Inserter::quantize_value(Value* old, const IntegerType& type) {
    const std::string name = old->name;
    // The quantized value takes over the name and the readers; a model input keeps its name and hands on its readers.
    Value *source = old, *result = old;
    const std::vector<Node*> readers = graph_.readers(old);
    const Node* concerned = old->producer ? old->producer : readers.empty() ? nullptr : readers.front();
    const StandingIn stead(graph_, concerned ? user_name(*concerned) : std::string(), old->user_name());
    if (old->producer) {
        source = value(name + "_real", old->type, old->shape);
        Node* producer = old->producer;
        std::ranges::replace(producer->outputs, old, source);
        source->producer = producer;
    } else {
        result = value(name + "_dequantized", old->type, old->shape);
        const std::vector<Value*> outputs = graph_.outputs;
        graph_.replace_uses(old, result);
        graph_.outputs = outputs;
    }
    write_quantizer(graph_, opset_, name, source, result, type);
    scales_[result] = type.scale[0];
}

/// Scale of what a linear node reads, 0 where it is not one for the whole tensor.
double Inserter::scale_of_input(const Node& node) const {
    const Value* value = moved_from(node.input(0));
    if (const auto at = scales_.find(value); at != scales_.end()) return at->second;
    const Node* producer = value->producer;
    if (!producer || producer->op->traits.role != OpRole::dequantize || !producer->input(1)->is_constant()) return 0;
    const Tensor& scale = *producer->input(1)->constant;
    return scale.size() == 1 ? scale.at(0) : 0;
}

/// Whether the channels of what a linear node gives are scaled one by one before they are quantized together, or leave unquantized: what a
/// small one has lost is then seen, while beside a large one it would not be.
bool Inserter::channels_stand_alone(const Value* value) const {
    if (graph_.is_output(value)) return true;
    return std::ranges::any_of(graph_.readers(value), [&](const Node* reader) {
        if (reader->op->traits.role == OpRole::quantize || reader->op->traits.accumulates) return false;
        const bool scales = reader->op->traits.elementwise && std::ranges::any_of(reader->inputs, [](const Value* input) {
                                return input && input->is_constant() && is_float(input->type) && input->constant->size() > 1;
                            });
        return scales || (reader->output() && channels_stand_alone(reader->output()));
    });
}

void Inserter::quantize_weights_of(const WeightPoint& point, int bits) {
    Node& node = *point.node;
    const LinearTrait& linear = *node.op->traits.linear;
    Value* weight = node.input(static_cast<std::size_t>(linear.weight));
    const int axis = linear.out_axis(node);
    const std::int64_t channels = weight->shape[static_cast<std::size_t>(axis)];

    // A bias goes onto the grid of the products, as 32-bit integers, where it is one number a channel.
    Value* bias = linear.bias >= 0 ? node.input(static_cast<std::size_t>(linear.bias)) : nullptr;
    const double input_scale = scale_of_input(node);
    const auto factors = linear.factors ? linear.factors(node) : std::pair{1.0, 1.0};
    const bool fits = bias && bias->is_constant() && bias->type == DataType::float32 && element_count(bias->shape) == channels &&
                      !bias->shape.empty() && bias->shape.back() == channels && input_scale > 0 && factors == std::pair{1.0, 1.0};
    std::vector<double> least_scale;
    if (fits) {
        for (const float element : bias->constant->as<float>())
            least_scale.push_back(std::fabs(static_cast<double>(element)) / input_scale / (1 << 30));
    }
    const QuantizedWeights quantized = quantize_weights(*weight->constant, axis, bits, method_, least_scale);
    if (quantized.lossy_channels > 0 && channels_stand_alone(node.output())) {
        warnings_.push_back({Severity::warning, point.key, weight->name,
                             fmt::format("the weights of another output channel are so large that {} of {} channels are rounded more "
                                         "coarsely than their own {} bits allow: channel {} loses {:.0f} dB",
                                         quantized.lossy_channels, channels, bits, quantized.worst_channel, quantized.worst_loss_db),
                             "bring the channels of this layer closer together: scale its large weights down and what follows up"});
    }

    const std::string name = weight->name;
    const std::vector<std::int64_t> no_zero_points(static_cast<std::size_t>(channels));
    const StandingIn stead(graph_, user_name(node), weight->user_name());
    Value* real = value(name + "_dequantized", weight->type, weight->shape);
    write_stored(graph_, opset_, name, Tensor::of<std::int8_t>(weight->shape, quantized.values),
                 {quantized.scale.begin(), quantized.scale.end()}, no_zero_points, axis, real);
    node.inputs[static_cast<std::size_t>(linear.weight)] = real;
    if (!fits) return;

    std::vector<double> bias_scale;
    std::vector<std::int32_t> bias_integers;
    const auto elements = bias->constant->as<float>();
    for (std::size_t c = 0; c < quantized.scale.size(); ++c) {
        bias_scale.push_back(static_cast<float>(input_scale * static_cast<double>(quantized.scale[c])));
        bias_integers.push_back(static_cast<std::int32_t>(std::nearbyint(static_cast<double>(elements[c]) / bias_scale[c])));
    }
    const StandingIn bias_stead(graph_, user_name(node), bias->user_name());
    Value* real_bias = value(bias->name + "_dequantized", bias->type, bias->shape);
    write_stored(graph_, opset_, bias->name, Tensor::of<std::int32_t>(bias->shape, bias_integers), bias_scale, no_zero_points,
                 static_cast<int>(bias->shape.size()) - 1, real_bias);
    node.inputs[static_cast<std::size_t>(linear.bias)] = real_bias;
}

/// Every key that bits may be given for, in the graph's order.
std::vector<BitsKey> keys_of(const QuantizationPoints& points) {
    std::vector<BitsKey> keys;
    const auto entry = [&](const std::string& name) -> BitsKey& {
        const auto at = std::ranges::find(keys, name, &BitsKey::name);
        return at == keys.end() ? keys.emplace_back(BitsKey{name, false, false}) : *at;
    };
    // Inputs come first; then nodes with weights in order; values of other nodes are placed where they come up.
    for (const QuantizationPoint& point : points.values)
        if (!point.value->producer) entry(point.key).has_activations = true;
    for (const WeightPoint& point : points.weights) entry(point.key).has_weights = true;
    for (const QuantizationPoint& point : points.values)
        if (!point.function_input) entry(point.key).has_activations = true;
    return keys;
}

}  // namespace

bool has_quantizers(const Graph& graph) {
    return std::ranges::any_of(graph.nodes(), [](const auto& node) {
        const OpRole role = node->op->traits.role;
        return role == OpRole::quantize || role == OpRole::dequantize || role == OpRole::typed;
    });
}

Result<Graph> quantize(const Graph& graph, std::span<const NamedTensor> inputs, std::int64_t sample_count, const QuantizeOptions& options,
                       const Progress& progress, Diagnostics* warnings) {
    WEFT_ASSIGN(const BitsConfig bits, parse_bits(options.bits));
    Graph result = graph.clone();
    WEFT_CHECK(result.sort());
    narrow_reals(result);
    const QuantizationPoints points = find_quantization_points(result);
    if (Diagnostics problems = check_keys(bits, keys_of(points)); !problems.empty()) return problems;
    WEFT_CHECK(check_samples(result, inputs, sample_count));
    WEFT_ASSIGN(const std::vector<IntegerType> types,
                Calibration(result, inputs, sample_count, points.values, progress).types(bits, options.method, options.stand_in));

    Diagnostics found;
    Inserter inserter(result, options.method, found);
    for (std::size_t i = 0; i < points.values.size(); ++i) inserter.quantize_value(points.values[i].value, types[i]);
    for (const WeightPoint& point : points.weights) inserter.quantize_weights_of(point, bits.weights_of(point.key));
    if (warnings) warnings->insert(warnings->end(), found.begin(), found.end());
    WEFT_CHECK(result.sort());
    result.remove_dead();
    return result;
}

Result<std::string> bits_file(const Graph& graph, const QuantizeOptions& options) {
    WEFT_ASSIGN(const BitsConfig bits, parse_bits(options.bits));
    Graph copy = graph.clone();
    WEFT_CHECK(copy.sort());
    const std::vector<BitsKey> keys = keys_of(find_quantization_points(copy));
    if (Diagnostics problems = check_keys(bits, keys); !problems.empty()) return problems;
    return write_bits(bits, keys);
}

}  // namespace weft
