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

namespace weft {

namespace {

constexpr double tie_distance = 1e-9;

/// The quantiser above `integers`, through clips, whose bounds narrow min and max.
const Node* quantiser_of(const Value* integers, std::int64_t& min, std::int64_t& max) {
    for (const Value* at = integers; at && at->producer; at = at->producer->input(0)) {
        const Node* node = at->producer;
        if (node->op->traits.role == OpRole::quantize) return node;
        if (node->op->traits.role != OpRole::clip) return nullptr;
        if (node->has_input(1)) min = std::max(min, node->input(1)->constant->to_integers().at(0));
        if (node->has_input(2)) max = std::min(max, node->input(2)->constant->to_integers().at(0));
    }
    return nullptr;
}

}  // namespace

double RegionAgreement::sqnr_db() const {
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
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
        Check check{point, integers, nullptr, 1, 0, 0, 0, Evaluator(model, DataType::float64, {}, {}), {}, -1};
        visit_type(integers->type, [&](auto e) {
            check.min = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::min());
            check.max = static_cast<std::int64_t>(std::numeric_limits<decltype(e)>::max());
        });
        check.quantise = quantiser_of(integers, check.min, check.max);
        const Value* wanted = integers;
        if (check.quantise) {
            wanted = check.quantise->input(0);
            check.scale = check.quantise->input(1)->constant->at(0);
            if (check.quantise->has_input(2)) check.zero_point = check.quantise->input(2)->constant->to_integers().at(0);
        }
        std::vector<const Value*> given(model.inputs.begin(), model.inputs.end());
        std::set<const Value*> known(given.begin(), given.end());
        for (std::size_t other = 0; other < design.check_points.size(); ++other) {
            const Value* tensor = model.find(design.check_points[other].binding.tensor);
            if (!tensor || tensor == integers || !known.insert(tensor).second) continue;
            given.push_back(tensor);
            check.given.push_back(other);
        }
        check.evaluator = Evaluator(model, DataType::float64, std::move(given), {wanted});
        if (reference && check.quantise) {
            // Where the reference has this quantiser itself, its integers are compared: clamping in a type (a relu) is no noise.
            const Value* value = reference->find(integers->name);
            if (!value) value = reference->find(wanted->name);
            if (value && element_count(value->shape) == element_count(wanted->shape)) {
                check.reference_is_integer = !is_float(value->type);
                check.reference = static_cast<int>(wanted_reference.size());
                wanted_reference.push_back(value);
            }
        }
        regions_.push_back({check_point.node, check_point.binding.tensor});
        checks_.push_back(std::move(check));
    }
    if (!wanted_reference.empty()) {
        reference_ = std::make_unique<Evaluator>(*reference, DataType::float32,
                                                 std::vector<const Value*>(reference->inputs.begin(), reference->inputs.end()),
                                                 std::move(wanted_reference));
    }
}

Status RegionOracle::add(std::span<const Tensor> inputs, std::span<const IntTensor> streams) {
    std::map<const Stream*, const IntTensor*> frames;
    for (std::size_t i = 0; i < design_.streams.size(); ++i) frames[design_.streams[i].get()] = &streams[i];
    std::vector<Tensor> points;
    for (const CheckPoint& point : design_.check_points) {
        const Value* value = model_.find(point.binding.tensor);
        points.push_back(value ? tensor_of(*frames.at(point.binding.stream), point.binding, *value) : Tensor());
    }
    std::vector<Tensor> references;
    if (reference_) {
        WEFT_ASSIGN(references, reference_->run(inputs));
    }
    for (std::size_t c = 0; c < checks_.size(); ++c) {
        const Check& check = checks_[c];
        RegionAgreement& region = regions_[c];
        std::vector<Tensor> given(inputs.begin(), inputs.end());
        for (const std::size_t other : check.given) given.push_back(points[other]);
        WEFT_ASSIGN(const std::vector<Tensor> result, check.evaluator.run(given));
        const std::vector<std::int64_t> contract = points[check.point].to_integers();
        for (std::size_t i = 0; i < contract.size(); ++i) {
            const double exact = result[0].at(static_cast<std::int64_t>(i)) / check.scale;
            std::int64_t expected;
            ++region.elements;
            if (check.quantise) {
                const double clamped = std::clamp(exact, -0x1p40, 0x1p40);
                expected = std::clamp(static_cast<std::int64_t>(std::nearbyint(clamped)) + check.zero_point, check.min, check.max);
            } else {
                expected = static_cast<std::int64_t>(exact);
            }
            if (expected == contract[i]) {
                ++region.equal;
                continue;
            }
            if (check.quantise && std::abs(exact - std::floor(exact) - 0.5) <= tie_distance) {
                ++region.ties;
                continue;
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
    return Ok{};
}

}  // namespace weft
