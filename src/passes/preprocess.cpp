// preprocess.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/passes/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "src/graph/op_def.h"

namespace weft {

namespace {

Diagnostic refuse(std::string reason, Made made = std::source_location::current()) {
    return {Severity::error, "", "", "--preprocess: " + std::move(reason), "the syntax is " + std::string(preprocess_syntax), made};
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(separator, start), text.size());
        parts.emplace_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

/// A number, or a fraction of two.
bool parse_number(const std::string& text, double& value) {
    const std::vector<std::string> parts = split(text, '/');
    double terms[2] = {0, 1};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        char* end = nullptr;
        if (i == 2 || parts[i].empty()) return false;
        terms[i] = std::strtod(parts[i].c_str(), &end);
        if (*end != '\0') return false;
    }
    value = terms[0] / terms[1];
    return std::isfinite(value);
}

struct Spec {
    double scale = 1;
    std::vector<double> mean, deviation;
    bool reverse_channels = false;
    bool channels_last = false;
    DataType type = DataType::uint8;
};

/// `key=value` and what follows it up to the next key: the numbers of a list are separated as the settings are.
struct Setting {
    std::string key;
    std::vector<std::string> values;
};

Result<std::vector<Setting>> settings_of(std::string_view text) {
    std::vector<Setting> settings;
    for (const std::string& part : split(text, ',')) {
        const std::size_t equals = part.find('=');
        if (equals != std::string::npos) {
            const std::string key = part.substr(0, equals);
            for (const Setting& other : settings)
                if (other.key == key) return refuse("'" + key + "' is given twice");
            const std::string value = part.substr(equals + 1);
            const bool list = std::count(value.begin(), value.end(), '/') > 1;  // as earlier versions had it
            settings.push_back({key, list ? split(value, '/') : std::vector{value}});
        } else if (!settings.empty() && (settings.back().key == "mean" || settings.back().key == "std")) {
            settings.back().values.push_back(part);
        } else {
            return refuse("'" + part + "' is not of the form key=value");
        }
    }
    return settings;
}

Result<Spec> parse(std::string_view text) {
    Spec spec;
    WEFT_ASSIGN(const std::vector<Setting> settings, settings_of(text));
    for (const auto& [key, values] : settings) {
        const std::string& value = values.front();
        if (key == "scale") {
            if (!parse_number(value, spec.scale) || spec.scale == 0) return refuse("'" + value + "' is not a scale");
        } else if (key == "mean" || key == "std") {
            for (const std::string& number : values) {
                double parsed = 0;
                if (!parse_number(number, parsed) || (key == "std" && parsed == 0))
                    return refuse("'" + number + "' is no number for " + key);
                (key == "mean" ? spec.mean : spec.deviation).push_back(parsed);
            }
        } else if (key == "order" && (value == "bgr" || value == "rgb")) {
            spec.reverse_channels = value == "bgr";
        } else if (key == "layout" && (value == "hwc" || value == "chw")) {
            spec.channels_last = value == "hwc";
        } else if (key == "type" && (value == "uint8" || value == "int8" || value == "float32")) {
            spec.type = value == "uint8" ? DataType::uint8 : value == "int8" ? DataType::int8 : DataType::float32;
        } else {
            const std::string near = nearest(key, {"scale", "mean", "std", "order", "layout", "type"});
            const bool misspelt = !near.empty() && near != key;
            return refuse("'" + key + "=" + value + "' is not understood" + (misspelt ? "; did you mean '" + near + "'?" : ""));
        }
    }
    return spec;
}

/// Appends nodes, each reading the one before.
class Chain {
public:
    Chain(Graph& graph, Value* start, int opset) : graph_(graph), at_(start), opset_(opset) {}

    void append(OpRole role, std::string_view name, std::vector<Value*> operands, DataType type, Shape shape, Attributes attributes = {}) {
        Value* output = graph_.add_value(graph_.unique_name("preprocess_" + std::string(name)), type, std::move(shape));
        operands.insert(operands.begin(), at_);
        graph_.add_node(op_for(role), output->name, opset_, std::move(operands), {output}, std::move(attributes));
        at_ = output;
    }

    /// Combines with one constant a tensor, or one a channel of `axis`.
    Status append_constant(OpRole role, std::string_view name, const std::vector<double>& values, std::size_t axis) {
        Shape shape;
        if (values.size() > 1) {
            if (axis >= at_->shape.size() || at_->shape[axis] != static_cast<std::int64_t>(values.size())) {
                return refuse(std::to_string(values.size()) + " numbers for " + std::string(name) + " do not fit the input of shape " +
                              to_string(at_->shape));
            }
            shape.assign(at_->shape.size() - axis, 1);
            shape[0] = static_cast<std::int64_t>(values.size());
        }
        const std::vector<float> floats(values.begin(), values.end());
        Value* constant =
            graph_.add_constant(graph_.unique_name("preprocess_" + std::string(name) + "_value"), Tensor::of<float>(shape, floats));
        append(role, name, {constant}, at_->type, at_->shape);
        return Ok{};
    }

    Value* end() const { return at_; }

private:
    Graph& graph_;
    Value* at_;
    int opset_;
};

}  // namespace

Status prepend_preprocessing(Graph& graph, std::string_view text) {
    WEFT_ASSIGN(const Spec spec, parse(text));
    if (graph.inputs.size() != 1) return refuse("the model has " + std::to_string(graph.inputs.size()) + " inputs; only one is supported");
    Value* old = graph.inputs[0];
    if (!is_float(old->type)) return refuse("the model's input '" + old->name + "' is " + std::string(to_string(old->type)) + " already");
    const Shape wanted = old->shape;
    if ((spec.channels_last || spec.reverse_channels) && wanted.size() != 4) {
        return refuse("layout and order need an image input of four axes; '" + old->name + "' has the shape " + to_string(wanted));
    }
    int opset = 13;
    for (const auto& node : graph.nodes()) opset = std::max(node->op->domain.empty() ? node->opset : 0, opset);

    // The old value becomes the chain's end under a new name: readers and names of everything else stay as they are.
    Shape stored = wanted;
    if (spec.channels_last) stored = {wanted[0], wanted[2], wanted[3], wanted[1]};
    const std::string name = old->name;
    graph.rename(old, graph.unique_name(name + "_preprocessed"));
    old->stands_for = name;
    Value* input = graph.add_value(name, spec.type, stored);
    graph.inputs[0] = input;

    Chain chain(graph, input, opset);
    if (spec.type != DataType::float32) {
        Attributes to;
        to.set("to", std::int64_t{1});  // TensorProto.DataType FLOAT
        chain.append(OpRole::cast, "cast", {}, DataType::float32, stored, std::move(to));
    }
    if (spec.channels_last) {
        Attributes perm;
        perm.set("perm", std::vector<std::int64_t>{0, 3, 1, 2});
        chain.append(OpRole::transpose, "layout", {}, DataType::float32, wanted, std::move(perm));
    }
    if (spec.reverse_channels) {
        std::vector<std::int64_t> order;
        for (std::int64_t channel = wanted[1] - 1; channel >= 0; --channel) order.push_back(channel);
        Value* indices = graph.add_constant(graph.unique_name("preprocess_order"), Tensor::of<std::int64_t>({wanted[1]}, order));
        Attributes axis;
        axis.set("axis", std::int64_t{1});
        chain.append(OpRole::gather, "order", {indices}, DataType::float32, wanted, std::move(axis));
    }
    if (spec.scale != 1) WEFT_CHECK(chain.append_constant(OpRole::multiply, "scale", {spec.scale}, 1));
    if (!spec.mean.empty()) {
        std::vector<double> negative;
        for (const double value : spec.mean) negative.push_back(-value);
        WEFT_CHECK(chain.append_constant(OpRole::add, "mean", negative, 1));
    }
    if (!spec.deviation.empty()) WEFT_CHECK(chain.append_constant(OpRole::divide, "std", spec.deviation, 1));
    graph.replace_uses(old, chain.end());
    WEFT_CHECK(graph.sort());
    graph.remove_dead();
    return Ok{};
}

}  // namespace weft
