// input_shapes.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/input_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "src/onnx/tensor_proto.h"

namespace weft {

namespace {

std::string help_to_give(const std::string& name, const std::string& example) {
    return fmt::format("give its shape: --shape {}={}", name, example);
}

/// The file's shape as a user would write it, with a word for every open extent.
std::string example_of(const onnx::TensorShapeProto& shape) {
    std::string text;
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
        const auto& dim = shape.dim(axis);
        if (axis > 0) text += ",";
        if (dim.dim_value() > 0) {
            text += std::to_string(dim.dim_value());
        } else if (axis == 0) {
            text += "1";
        } else {
            text += dim.dim_param().empty() ? fmt::format("<axis {}>", axis) : fmt::format("<{}>", dim.dim_param());
        }
    }
    return text;
}

Status check_given(const std::string& name, const Shape& given, const onnx::TypeProto::Tensor& declared) {
    const auto refuse = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, "", name, std::move(reason), std::move(help), made};
    };
    if (std::any_of(given.begin(), given.end(), [](std::int64_t extent) { return extent < 1; }) || !checked_element_count(given)) {
        return refuse(fmt::format("the shape {} that is given for the input is not usable", to_string(given)),
                      "every extent must be 1 or more");
    }
    if (!declared.has_shape()) return Ok{};
    const int rank = declared.shape().dim_size();
    if (rank != static_cast<int>(given.size())) {
        return refuse(
            fmt::format("the shape {} that is given for the input has {} axes, the model has {}", to_string(given), given.size(), rank),
            help_to_give(name, example_of(declared.shape())));
    }
    for (int axis = 1; axis < rank; ++axis) {
        const std::int64_t fixed = declared.shape().dim(axis).dim_value();
        if (fixed <= 0 || fixed == given[static_cast<std::size_t>(axis)]) continue;
        return refuse(fmt::format("axis {} of the input is {} in the model and cannot be given as {}", axis, fixed,
                                  given[static_cast<std::size_t>(axis)]),
                      help_to_give(name, example_of(declared.shape())));
    }
    return Ok{};
}

Result<InputShape> declared_shape(const onnx::ValueInfoProto& info, const Shape* given, bool open_leading) {
    const auto refuse = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, "", info.name(), std::move(reason), std::move(help), made};
    };
    if (!info.type().has_tensor_type()) return refuse("the input is no tensor", "only tensors are supported as inputs");
    const auto& tensor = info.type().tensor_type();
    const auto type = data_type_from_onnx(tensor.elem_type());
    if (!type) {
        return refuse(fmt::format("the input's element type {} is not supported", onnx_type_name(tensor.elem_type())),
                      "use float, float16 or integers of 8 to 64 bits");
    }
    InputShape result{info.name(), *type, {}};
    if (given) {
        WEFT_CHECK(check_given(info.name(), *given, tensor));
        result.shape = *given;
        return result;
    }
    if (!tensor.has_shape()) return refuse("the input has no shape", help_to_give(info.name(), "1,<channels>,<height>,<width>"));
    Diagnostics open;
    for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
        const auto& dim = tensor.shape().dim(axis);
        if (dim.dim_value() > 0) {
            result.shape.push_back(dim.dim_value());
        } else if (axis == 0 && open_leading) {
            result.shape.push_back(1);
        } else {
            const std::string symbol = dim.dim_param().empty() ? std::string() : fmt::format(" ('{}')", dim.dim_param());
            open.push_back(refuse(fmt::format("axis {}{} of the input has no fixed size", axis, symbol),
                                  help_to_give(info.name(), example_of(tensor.shape()))));
        }
    }
    if (!open.empty()) return open;
    if (!checked_element_count(result.shape))
        return refuse(fmt::format("the input's shape {} is absurd", to_string(result.shape)), "export the model again");
    return result;
}

}  // namespace

Result<std::vector<InputShape>> input_shapes(const onnx::GraphProto& graph, const std::map<std::string, Shape>& given, bool open_leading) {
    std::set<std::string> constants;
    for (const auto& initialiser : graph.initializer()) constants.insert(initialiser.name());
    for (const auto& initialiser : graph.sparse_initializer()) constants.insert(initialiser.values().name());
    std::vector<InputShape> result;
    std::vector<std::string> names;
    Diagnostics problems;
    for (const auto& info : graph.input()) {
        if (constants.count(info.name())) continue;
        names.push_back(info.name());
        const auto at = given.find(info.name());
        auto shape = declared_shape(info, at == given.end() ? nullptr : &at->second, open_leading);
        if (shape) {
            result.push_back(*std::move(shape));
            continue;
        }
        for (Diagnostic& problem : std::move(shape).error()) problems.push_back(std::move(problem));
    }
    for (const auto& [name, shape] : given) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        problems.push_back({Severity::error, "", name, "a shape is given for an input that the model does not have", suggest(name, names)});
    }
    if (!problems.empty()) return problems;
    return result;
}

std::int64_t batch_candidate(const std::vector<InputShape>& inputs) {
    std::int64_t sample_count = 1;
    for (const InputShape& input : inputs) {
        if (input.shape.empty()) return 0;
        const std::int64_t extent = input.shape[0];
        if (extent == 1) continue;
        if (input.shape.size() < 2 || (sample_count != 1 && sample_count != extent)) return 0;
        sample_count = extent;
    }
    return inputs.empty() ? 0 : sample_count;
}

std::vector<InputShape> with_batch_of_one(std::vector<InputShape> shapes) {
    for (InputShape& input : shapes) input.shape[0] = 1;
    return shapes;
}

}  // namespace weft
