// attribute_proto.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/attribute_proto.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "src/onnx/tensor_proto.h"

namespace weft {

namespace {

using onnx::AttributeProto;

/// Written by tools for people, without any meaning: operator sets before 6 listed the inputs that may be overwritten.
constexpr std::string_view harmless[] = {"doc_string", "consumed_inputs"};

std::string_view kind_name(AttributeKind kind) {
    static constexpr std::string_view names[] = {"an integer",         "a real number",          "a text",
                                                 "a list of integers", "a list of real numbers", "a tensor"};
    return names[static_cast<int>(kind)];
}

/// The type, which files before IR version 2 do not state.
AttributeProto::AttributeType type_of(const AttributeProto& proto) {
    if (proto.has_type() && proto.type() != AttributeProto::UNDEFINED) return proto.type();
    if (proto.has_i()) return AttributeProto::INT;
    if (proto.has_f()) return AttributeProto::FLOAT;
    if (proto.has_s()) return AttributeProto::STRING;
    if (proto.has_t()) return AttributeProto::TENSOR;
    if (proto.has_g()) return AttributeProto::GRAPH;
    if (proto.floats_size() > 0) return AttributeProto::FLOATS;
    return AttributeProto::INTS;
}

Result<std::optional<Attribute>> convert(const AttributeProto& proto, AttributeKind kind, const ExternalData& external) {
    using Converted = std::optional<Attribute>;
    switch (type_of(proto)) {
        case AttributeProto::INT:
            if (kind == AttributeKind::integer) return Converted(std::int64_t{proto.i()});
            break;
        case AttributeProto::FLOAT:
            if (kind == AttributeKind::real) return Converted(double{proto.f()});
            break;
        case AttributeProto::STRING:
            if (kind == AttributeKind::text) return Converted(proto.s());
            break;
        case AttributeProto::INTS:
            if (kind == AttributeKind::integers) return Converted(std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end()));
            break;
        case AttributeProto::FLOATS:
            if (kind == AttributeKind::reals) return Converted(std::vector<double>(proto.floats().begin(), proto.floats().end()));
            break;
        case AttributeProto::TENSOR:
            if (kind == AttributeKind::tensor) {
                WEFT_ASSIGN(Tensor tensor, tensor_from_proto(proto.t(), external));
                return Converted(std::move(tensor));
            }
            break;
        default:
            break;
    }
    return Converted();
}

}  // namespace

std::optional<Attribute> default_of(const AttributeDef& def) {
    if (const auto* integer = std::get_if<std::int64_t>(&def.fallback)) return *integer;
    // A file could only state a default as a float.
    if (const auto* real = std::get_if<double>(&def.fallback)) return double{static_cast<float>(*real)};
    if (const auto* text = std::get_if<std::string_view>(&def.fallback)) return std::string(*text);
    return std::nullopt;
}

Result<Attributes> attributes_from_proto(const onnx::NodeProto& node, const OpDef& op, const std::string& key,
                                         const ExternalData& external) {
    Attributes attributes;
    Diagnostics problems;
    const auto refuse = [&](std::string reason, std::string help, Made made = std::source_location::current()) {
        problems.push_back({Severity::error, key, "", std::move(reason), std::move(help), made});
    };
    const std::string again = "export the model again, or correct the attribute";
    for (const AttributeProto& proto : node.attribute()) {
        const auto def =
            std::find_if(op.attributes.begin(), op.attributes.end(), [&](const AttributeDef& d) { return d.name == proto.name(); });
        if (def == op.attributes.end()) {
            if (std::find(std::begin(harmless), std::end(harmless), proto.name()) != std::end(harmless)) continue;
            std::vector<std::string> known;
            for (const AttributeDef& d : op.attributes) known.emplace_back(d.name);
            refuse(fmt::format("{} has no attribute '{}'", op.name, proto.name()), suggest(proto.name(), known));
            continue;
        }
        if (attributes.has(proto.name())) {
            refuse(fmt::format("the attribute '{}' is given twice", proto.name()), again);
            continue;
        }
        if (!proto.ref_attr_name().empty()) {
            refuse(fmt::format("the attribute '{}' refers to an attribute of a function", proto.name()), again);
            continue;
        }
        auto value = convert(proto, def->kind, external);
        if (!value) {
            for (Diagnostic& problem : std::move(value).error()) {
                refuse(fmt::format("the attribute '{}': {}", proto.name(), problem.reason), problem.help);
            }
            continue;
        }
        if (!*value) {
            refuse(fmt::format("the attribute '{}' is not {}", proto.name(), kind_name(def->kind)), again);
            continue;
        }
        // Half precision becomes float32 wherever it occurs, so also where a node asks for it.
        if (auto* type = std::get_if<std::int64_t>(&**value); type && op.traits.role == OpRole::cast && def->name == "to") {
            if (*type == onnx::TensorProto::FLOAT16 || *type == onnx::TensorProto::BFLOAT16) *type = onnx::TensorProto::FLOAT;
        }
        if (const std::string reason = def->refuse ? def->refuse(**value) : std::string(); !reason.empty()) {
            refuse(fmt::format("the attribute '{}': {}", proto.name(), reason), again);
            continue;
        }
        attributes.set(proto.name(), **std::move(value));
    }
    for (const AttributeDef& def : op.attributes) {
        if (attributes.has(def.name)) continue;
        if (auto fallback = default_of(def)) {
            attributes.set(std::string(def.name), *std::move(fallback));
        } else if (def.required && problems.empty()) {
            refuse(fmt::format("{} needs the attribute '{}'", op.name, def.name), again);
        }
    }
    if (!problems.empty()) return problems;
    return attributes;
}

onnx::AttributeProto attribute_to_proto(const std::string& name, const Attribute& value) {
    AttributeProto proto;
    proto.set_name(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        proto.set_type(AttributeProto::INT);
        proto.set_i(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
        proto.set_type(AttributeProto::FLOAT);
        proto.set_f(static_cast<float>(*real));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        proto.set_type(AttributeProto::STRING);
        proto.set_s(*text);
    } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
        proto.set_type(AttributeProto::INTS);
        for (const std::int64_t element : *integers) proto.add_ints(element);
    } else if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
        proto.set_type(AttributeProto::FLOATS);
        for (const double element : *reals) proto.add_floats(static_cast<float>(element));
    } else {
        proto.set_type(AttributeProto::TENSOR);
        *proto.mutable_t() = tensor_to_proto(std::get<Tensor>(value), "");
    }
    return proto;
}

}  // namespace weft
