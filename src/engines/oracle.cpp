// oracle.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/oracle.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "src/engines/host.h"
#include "src/graph/op_def.h"
#include "src/quantize/constant.h"
#include "src/quantize/stated_quantizer.h"

namespace weft {

namespace {

constexpr double tie_distance = 1e-9;

/// The value that the first function with jumps on the way to `wanted` reads; null where none has any. On the way lie no sums of reals and
/// none of the values that are given.
const Value* before_jumps(const Value* wanted, const std::set<const Value*>& given) {
    const Value* found = nullptr;
    for (const Value* at = wanted; at->producer && !given.count(at);) {
        const Node& node = *at->producer;
        const Value* varying = nullptr;
        for (const Value* input : node.inputs) {
            if (!input || is_exact_constant(input)) continue;
            if (varying) return found;
            varying = input;
        }
        const Traits& traits = node.op->traits;
        if (!varying || traits.linear || (traits.accumulates && !traits.elementwise && is_float(varying->type))) return found;
        if (traits.jumps || (traits.elementwise && traits.elementwise->jumps)) found = varying;
        at = varying;
    }
    return found;
}

/// `tensor` with every element moved by `by`.
Tensor moved(const Tensor& tensor, double by) {
    Tensor result = tensor.cast(DataType::float64);
    for (double& element : result.as<double>()) element += by;
    return result;
}

}  // namespace

double RegionAgreement::sqnr_db() const {
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
}

std::pair<std::vector<const Value*>, std::vector<std::size_t>> RegionOracle::given_for(const Value* wanted) const {
    std::map<const Value*, std::size_t> places;
    for (const Value* input : model_.inputs) places.emplace(input, places.size());
    for (std::size_t point = 0; point < design_.check_points.size(); ++point)
        if (const Value* tensor = model_.find(design_.check_points[point].binding.tensor))
            places.emplace(tensor, model_.inputs.size() + point);
    std::map<std::size_t, const Value*> given;
    std::set<const Value*> seen{wanted};
    std::vector<const Value*> open{wanted};
    while (!open.empty()) {
        const Node* node = open.back()->producer;
        open.pop_back();
        if (!node) continue;
        for (const Value* input : node->inputs) {
            if (!input || !seen.insert(input).second) continue;
            const auto place = places.find(input);
            if (place == places.end())
                open.push_back(input);
            else
                given.emplace(place->second, input);
        }
    }
    std::pair<std::vector<const Value*>, std::vector<std::size_t>> result;
    for (const auto& [place, value] : given) {
        result.first.push_back(value);
        result.second.push_back(place);
    }
    return result;
}

RegionOracle::RegionOracle(const Graph& model, const Design& design, const Graph* reference) : model_(model), design_(design) {
    std::set<std::string> kernel_inputs;
    for (const KernelInput& input : design.inputs) kernel_inputs.insert(input.binding.tensor);
    std::vector<const Value*> wanted_reference;
    std::set<std::string> seen;
    for (std::size_t point = 0; point < design.check_points.size(); ++point) {
        const CheckPoint& check_point = design.check_points[point];
        const Value* integers = model.find(check_point.binding.tensor);
        if (!integers || kernel_inputs.count(check_point.binding.tensor) || !seen.insert(check_point.binding.tensor).second) continue;
        Check check{.point = point, .integers = integers, .evaluator = Evaluator(model, DataType::float64, {}, {})};
        visit_type(integers->type, [&](auto e) {
            check.min = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::min());
            check.max = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::max());
        });
        check.quantize = quantizer_of(integers, check.min, check.max);
        const Value* wanted = integers;
        if (check.quantize) {
            wanted = check.quantize->input(0);
            check.scale = check.quantize->input(1)->constant->at(0);
            if (check.quantize->has_input(2)) check.zero_point = check.quantize->input(2)->constant->to_integers().at(0);
        }
        auto [given, places] = given_for(integers);
        check.given = std::move(places);
        const std::set<const Value*> known(given.begin(), given.end());
        if (const Value* before = check.quantize ? before_jumps(wanted, known) : nullptr) {
            std::vector<const Value*> beside = given;
            beside.push_back(before);
            check.to_jumps = std::make_unique<Evaluator>(model, DataType::float64, given, std::vector{before});
            check.from_jumps = std::make_unique<Evaluator>(model, DataType::float64, std::move(beside), std::vector{wanted});
        }
        check.evaluator = Evaluator(model, DataType::float64, std::move(given), {wanted});
        if (reference && check.quantize) {
            // Where the reference has this quantizer itself, its integers are compared: clamping in a type (a relu) is no noise.
            const Value* value = reference->find(integers->name);
            if (!value) value = reference->find(wanted->name);
            if (const Node* reader = value ? nullptr : dequantizer_of(model, integers)) value = reference->find(reader->output()->name);
            if (value && element_count(value->shape) == element_count(wanted->shape)) {
                check.reference_is_integer = !is_float(value->type);
                check.reference = static_cast<int>(wanted_reference.size());
                wanted_reference.push_back(value);
            }
        }
        regions_.push_back({check_point.node, check_point.binding.tensor});
        checks_.push_back(std::move(check));
    }
    for (const KernelOutput& output : design.outputs) {
        const Value* real = output.quantized ? nullptr : model.find(output.binding.tensor);
        if (!real || !real->producer) continue;
        auto [given, places] = given_for(real);
        output_checks_.push_back(
            {&output, Evaluator(model, DataType::float64, std::move(given), {real}), std::move(places), regions_.size()});
        regions_.push_back({model.key(real->producer), real->name});
    }
    if (!wanted_reference.empty()) {
        reference_ = std::make_unique<Evaluator>(*reference, DataType::float32,
                                                 std::vector<const Value*>(reference->inputs.begin(), reference->inputs.end()),
                                                 std::move(wanted_reference));
    }
}

std::int64_t RegionOracle::Check::integer_of(double quotient) const {
    if (!quantize) return static_cast<std::int64_t>(quotient);
    const double clamped = std::clamp(quotient, -0x1p40, 0x1p40);
    return std::clamp(static_cast<std::int64_t>(std::nearbyint(clamped)) + zero_point, min, max);
}

Result<RegionOracle::Bracket> RegionOracle::Check::bracket(std::vector<Tensor> given) const {
    WEFT_ASSIGN(const std::vector<Tensor> before, to_jumps->run(given));
    double largest = 0;
    for (const double element : before[0].to_doubles()) largest = std::max(largest, std::abs(element));
    Bracket result;
    for (const double side : {-1.0, 1.0}) {
        given.push_back(moved(before[0], side * tie_distance * std::max(largest, 1e-30)));
        WEFT_ASSIGN(const std::vector<Tensor> beside, from_jumps->run(given));
        given.pop_back();
        (side < 0 ? result.below : result.above) = beside[0].to_doubles();
    }
    return result;
}

Status RegionOracle::compare_output(const OutputCheck& check, std::span<const Tensor> known, const IntTensor& frame,
                                    RegionAgreement& region) {
    std::vector<Tensor> given;
    for (const std::size_t place : check.given) given.push_back(known[place]);
    WEFT_ASSIGN(const std::vector<Tensor> result, check.evaluator.run(given));
    const KernelOutput& output = *check.output;
    const auto channels = static_cast<std::size_t>(frame.shape.channels);
    for (std::int64_t i = 0; i < result[0].size(); ++i) {
        const auto at = static_cast<std::size_t>(output.binding.map ? (*output.binding.map)[static_cast<std::size_t>(i)] : i);
        const auto of_channel = [&](const auto& list) { return list.size() == 1 ? list[0] : list[at % channels]; };
        const double exact = (result[0].at(i) - of_channel(output.offset)) / of_channel(output.scale);
        const std::int64_t expected =
            static_cast<std::int64_t>(std::nearbyint(std::clamp(exact, -0x1p60, 0x1p60))) + of_channel(output.zero_point);
        ++region.elements;
        region.equal += expected == frame.data[at];
        region.max_difference = std::max(region.max_difference, std::abs(expected - frame.data[at]));
    }
    return Ok{};
}

void RegionOracle::add(std::span<const RegionAgreement> sample) {
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        regions_[i].elements += sample[i].elements;
        regions_[i].equal += sample[i].equal;
        regions_[i].ties += sample[i].ties;
        regions_[i].max_difference = std::max(regions_[i].max_difference, sample[i].max_difference);
        regions_[i].signal += sample[i].signal;
        regions_[i].noise += sample[i].noise;
    }
}

Result<std::vector<RegionAgreement>> RegionOracle::compare(std::span<const Tensor> inputs, std::span<const IntTensor> streams) const {
    std::vector<RegionAgreement> found(regions_.size());
    std::map<const Stream*, const IntTensor*> frames;
    for (std::size_t i = 0; i < design_.streams.size(); ++i) frames[design_.streams[i].get()] = &streams[i];
    std::vector<Tensor> known(inputs.begin(), inputs.end());
    for (const CheckPoint& point : design_.check_points) {
        const Value* value = model_.find(point.binding.tensor);
        known.push_back(value ? tensor_of(*frames.at(point.binding.stream), point.binding, *value) : Tensor());
    }
    std::vector<Tensor> references;
    if (reference_) {
        WEFT_ASSIGN(references, reference_->run(inputs));
    }
    for (const OutputCheck& check : output_checks_)
        WEFT_CHECK(compare_output(check, known, *frames.at(check.output->binding.stream), found[check.region]));
    for (std::size_t c = 0; c < checks_.size(); ++c) {
        const Check& check = checks_[c];
        RegionAgreement& region = found[c];
        std::vector<Tensor> given;
        for (const std::size_t place : check.given) given.push_back(known[place]);
        WEFT_ASSIGN(const std::vector<Tensor> result, check.evaluator.run(given));
        const std::vector<std::int64_t> contract = known[inputs.size() + check.point].to_integers();
        std::optional<Bracket> bracket;
        for (std::size_t i = 0; i < contract.size(); ++i) {
            const double exact = result[0].at(static_cast<std::int64_t>(i)) / check.scale;
            const std::int64_t expected = check.integer_of(exact);
            ++region.elements;
            if (expected == contract[i]) {
                ++region.equal;
                continue;
            }
            if (check.quantize && distance_to_step(exact, Rounding::half_even) <= tie_distance) {
                ++region.ties;
                continue;
            }
            if (check.to_jumps) {
                if (!bracket) {
                    WEFT_ASSIGN(bracket, check.bracket(given));
                }
                const auto [low, high] =
                    std::minmax({check.integer_of(bracket->below[i] / check.scale), check.integer_of(bracket->above[i] / check.scale)});
                if (low < high && low <= contract[i] && contract[i] <= high) {
                    ++region.ties;
                    continue;
                }
            }
            region.max_difference = std::max(region.max_difference, std::abs(expected - contract[i]));
        }
        if (check.reference < 0) continue;
        const Tensor& reference = references[static_cast<std::size_t>(check.reference)];
        for (std::size_t i = 0; i < contract.size(); ++i) {
            double real = reference.at(static_cast<std::int64_t>(i));
            if (check.reference_is_integer) real = (real - static_cast<double>(check.zero_point)) * check.scale;
            const double error = static_cast<double>(contract[i] - check.zero_point) * check.scale - real;
            region.signal += real * real;
            region.noise += error * error;
        }
    }
    return found;
}

}  // namespace weft
