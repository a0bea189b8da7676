// import.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "src/graph/fold_constants.h"
#include "src/graph/op_def.h"
#include "src/onnx/build_graph.h"
#include "src/onnx/choose_branches.h"
#include "src/onnx/input_shapes.h"
#include "src/onnx/model_file.h"
#include "src/onnx/tensor_proto.h"
#include "src/onnx/versions.h"

namespace weft {

namespace {

void append(Diagnostics& to, Diagnostics from) {
    for (Diagnostic& diagnostic : from) to.push_back(std::move(diagnostic));
}

Result<Opsets> check_versions(const onnx::ModelProto& model, Diagnostics& warnings) {
    const auto refuse = [](std::string reason, std::string help, Made made = std::source_location::current()) {
        return Diagnostic{Severity::error, "", "", std::move(reason), std::move(help), made};
    };
    const auto warn = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        warnings.push_back({Severity::warning, "", "", std::move(reason), std::move(help), made});
    };
    if (model.ir_version() < 1) return refuse("the model states no IR version", "export the model again");
    if (model.ir_version() > newest_ir_version) {
        warn(fmt::format("the model's IR version {} is newer than {}, the newest one known", model.ir_version(), newest_ir_version),
             "export for an older ONNX version if results surprise");
    }
    Opsets opsets;
    for (const auto& import : model.opset_import()) {
        const std::string domain = import.domain() == "ai.onnx" ? std::string() : import.domain();
        if (import.version() < 1 || import.version() > 1'000'000) {
            return refuse(fmt::format("the opset {} is not a version", import.version()), "export the model again");
        }
        int& version = opsets[domain];
        version = std::max(version, static_cast<int>(import.version()));
    }
    if (opsets.empty() && model.ir_version() < 3) opsets[""] = 1;
    if (opsets.empty()) return refuse("the model states no opset", "export the model again");
    const auto standard = opsets.find("");
    if (standard != opsets.end() && standard->second > newest_opset) {
        warn(fmt::format("the model's opset {} is newer than {}, the newest one known", standard->second, newest_opset),
             fmt::format("export with opset {} if results surprise", newest_opset));
    }
    return opsets;
}

/// Weights that are no numbers. The limits of a clip may be infinite.
Diagnostics non_finite_constants(const Graph& graph) {
    Diagnostics problems;
    std::set<const Value*> seen;
    for (const auto& node : graph.nodes()) {
        for (std::size_t i = 0; i < node->inputs.size(); ++i) {
            const Value* value = node->inputs[i];
            if (!value || !value->is_constant() || !is_float(value->type)) continue;
            const auto& limits = node->op->traits.limit_inputs;
            if (std::find(limits.begin(), limits.end(), static_cast<int>(i)) != limits.end()) continue;
            if (!seen.insert(value).second) continue;
            std::int64_t first = -1;
            const auto scan = [&](auto elements) {
                const auto at = std::find_if(elements.begin(), elements.end(), [](auto element) { return !std::isfinite(element); });
                if (at != elements.end()) first = at - elements.begin();
            };
            if (value->type == DataType::float32) scan(value->constant->as<float>());
            if (value->type == DataType::float64) scan(value->constant->as<double>());
            if (first < 0) continue;
            problems.push_back({Severity::error, graph.key(node.get()), value->name,
                                fmt::format("the constant's element {} is {}", first,
                                            std::isnan(value->constant->at(first)) ? "not a number" : "infinite"),
                                "the training has diverged or the export failed; train or export the model again"});
        }
    }
    return problems;
}

/// A copy of the untyped graph with these inputs, typed and folded.
struct Attempt {
    Graph graph;
    Diagnostics problems;

    /// Whether every output has `sample_count` as its first extent.
    bool leads_with(std::int64_t sample_count) const {
        return problems.empty() && std::all_of(graph.outputs.begin(), graph.outputs.end(), [&](const Value* value) {
                   return !value->shape.empty() && value->shape[0] == sample_count;
               });
    }
};

Attempt attempt(const BuiltGraph& built, const std::vector<InputShape>& inputs) {
    Attempt result{built.graph.clone(), {}};
    for (const InputShape& input : inputs) {
        Value* value = result.graph.find(input.name);
        value->type = input.type;
        value->shape = input.shape;
    }
    std::set<const Value*> unknown;
    for (const std::string& name : built.unknown) unknown.insert(result.graph.find(name));
    result.problems = infer_types(result.graph, unknown);
    return result;
}

Attempt type_graph(const BuiltGraph& built, const std::vector<InputShape>& inputs, bool keep_shapes) {
    const std::int64_t sample_count = keep_shapes ? 0 : batch_candidate(inputs);
    if (sample_count == 0) return attempt(built, inputs);
    Attempt single = attempt(built, with_batch_of_one(inputs));
    const bool follows = single.leads_with(1);
    if (sample_count > 1) {
        // A sum over the first axis also leaves an extent of 1: so the file's own number must come through as well.
        Attempt whole = attempt(built, inputs);
        if (!follows || (whole.problems.empty() && !whole.leads_with(sample_count))) return whole;
    }
    single.graph.batched = follows;
    return single;
}

/// The values of conditions, as far as the shapes of `inputs` and the file's constants decide them.
Result<std::vector<std::optional<bool>>> solve_conditions(const ModelFile& file, const FlatGraph& flat,
                                                          const std::vector<std::string>& conditions, const std::vector<InputShape>& inputs,
                                                          bool keep_shapes) {
    std::vector<std::optional<bool>> values(conditions.size());
    std::vector<std::string> wanted = conditions;
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    const auto built = build_part(file, flat, wanted);
    if (!built) return values;
    const auto solve = [&](const std::vector<InputShape>& shapes) {
        const Attempt solved = attempt(*built, shapes);
        std::vector<std::optional<bool>> found(conditions.size());
        for (std::size_t i = 0; i < conditions.size(); ++i) {
            const Value* value = solved.graph.find(conditions[i]);
            if (value && value->is_constant() && value->constant->size() == 1) found[i] = value->constant->at(0) != 0;
        }
        return found;
    };
    const std::int64_t sample_count = keep_shapes ? 0 : batch_candidate(inputs);
    values = solve(sample_count == 0 ? inputs : with_batch_of_one(inputs));
    if (sample_count <= 1) return values;
    const auto whole = solve(inputs);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i] || !whole[i] || *values[i] == *whole[i]) continue;
        return Diagnostic{Severity::error, "", conditions[i],
                          fmt::format("a condition of the model is one for {} images and another for one", sample_count),
                          "export the model for a single image (batch size 1)"};
    }
    return values;
}

/// What the file says of a value's type, held against what was inferred.
void compare_declared(const onnx::ValueInfoProto& info, const Graph& graph, bool same_batch, Diagnostics& warnings) {
    const Value* value = graph.find(info.name());
    if (!value || !info.type().has_tensor_type()) return;
    const auto& tensor = info.type().tensor_type();
    const auto warn = [&](std::string reason, Made made = std::source_location::current()) {
        warnings.push_back({Severity::warning, "", value->name, std::move(reason), "what the file declares is not used", made});
    };
    const auto type = data_type_from_onnx(tensor.elem_type());
    if (tensor.elem_type() != 0 && type != value->type && !range_of_4_bits(tensor.elem_type())) {
        warn(
            fmt::format("the file declares the element type {}, but it is {}", onnx_type_name(tensor.elem_type()), to_string(value->type)));
    }
    if (!tensor.has_shape()) return;
    bool agrees = tensor.shape().dim_size() == static_cast<int>(value->shape.size());
    std::string declared;
    for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
        const auto& dim = tensor.shape().dim(axis);
        declared += (axis ? ", " : "") + (dim.dim_value() > 0 ? std::to_string(dim.dim_value()) : "?");
        const bool compared = agrees && dim.dim_value() > 0 && (axis > 0 || same_batch);
        if (compared && dim.dim_value() != value->shape[static_cast<std::size_t>(axis)]) agrees = false;
    }
    if (!agrees) warn(fmt::format("the file declares the shape [{}], but it is {}", declared, to_string(value->shape)));
}

Result<ImportedModel> import_file(ModelFile file, const ImportOptions& options) {
    ImportedModel result;
    WEFT_ASSIGN(const Opsets opsets, check_versions(file.model, result.warnings));
    const onnx::GraphProto& proto = file.model.graph();
    if (proto.node_size() == 0)
        return Diagnostic{Severity::error, "", "", "the model has no node", "there is nothing to compile; export the model again"};

    WEFT_ASSIGN(FlatGraph flat, FlatGraph::make(file.model, opsets));
    auto inputs = input_shapes(proto, options.shapes, !options.keep_shapes);
    const auto solve = [&](const std::vector<std::string>& conditions) -> Result<std::vector<std::optional<bool>>> {
        if (!inputs) return inputs.error();
        return solve_conditions(file, flat, conditions, *inputs, options.keep_shapes);
    };
    WEFT_CHECK(choose_branches(file, flat, solve));
    WEFT_ASSIGN(BuiltGraph built, build_graph(file, flat));
    Diagnostics problems = std::move(built.problems);
    append(problems, non_finite_constants(built.graph));
    if (!inputs) {
        append(problems, std::move(inputs).error());
        return problems;
    }
    Attempt typed = type_graph(built, *inputs, options.keep_shapes);
    append(problems, std::move(typed.problems));
    if (!problems.empty()) return problems;

    result.graph = std::move(typed.graph);
    result.graph.name = proto.name();
    result.graph.remove_dead();
    for (const auto& node : result.graph.nodes()) node->stands_for = result.graph.key(node.get());
    problems = non_finite_constants(result.graph);
    if (!problems.empty()) return problems;
    const bool same_batch = std::equal(inputs->begin(), inputs->end(), result.graph.inputs.begin(), result.graph.inputs.end(),
                                       [](const InputShape& declared, const Value* value) { return declared.shape == value->shape; });
    for (const auto& info : proto.value_info()) compare_declared(info, result.graph, same_batch, result.warnings);
    for (const auto& info : proto.output()) compare_declared(info, result.graph, same_batch, result.warnings);
    result.hash = file.digest.hex();
    return result;
}

}  // namespace

Result<ImportedModel> import_model(const std::filesystem::path& path, const ImportOptions& options) {
    WEFT_ASSIGN(ModelFile file, read_model_file(path));
    return import_file(std::move(file), options);
}

Result<ImportedModel> import_model(std::string bytes, const std::filesystem::path& path, const ImportOptions& options) {
    WEFT_ASSIGN(ModelFile file, parse_model_file(std::move(bytes), path));
    return import_file(std::move(file), options);
}

}  // namespace weft
