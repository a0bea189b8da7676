// model_builder.h
// Small ONNX models for the tests, built with protobuf's classes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "src/onnx/import.h"
#include "tests/messages.h"
#include "tests/paths.h"

namespace weft::test {

/// An extent: a number, or a symbol, or open ("").
struct Extent {
    std::int64_t value = 0;
    std::string symbol;
    Extent(int number) : value(number) {}
    Extent(const char* name) : symbol(name) {}
};

/// Adds to a model, each function returning what it added.
class ModelBuilder {
public:
    explicit ModelBuilder(int opset = 13, int ir_version = 8) {
        model.set_ir_version(ir_version);
        auto& import = *model.add_opset_import();
        import.set_version(opset);
        graph().set_name("test");
    }

    onnx::GraphProto& graph() { return *model.mutable_graph(); }

    static void describe(onnx::ValueInfoProto& info, const std::string& name, const std::vector<Extent>& shape,
                         int type = onnx::TensorProto::FLOAT) {
        info.set_name(name);
        auto& tensor = *info.mutable_type()->mutable_tensor_type();
        tensor.set_elem_type(type);
        tensor.mutable_shape();
        for (const Extent& extent : shape) {
            auto& dim = *tensor.mutable_shape()->add_dim();
            if (extent.value != 0) dim.set_dim_value(extent.value);
            if (!extent.symbol.empty()) dim.set_dim_param(extent.symbol);
        }
    }
    void input(const std::string& name, const std::vector<Extent>& shape, int type = onnx::TensorProto::FLOAT) {
        describe(*graph().add_input(), name, shape, type);
    }
    void output(const std::string& name, const std::vector<Extent>& shape, int type = onnx::TensorProto::FLOAT) {
        describe(*graph().add_output(), name, shape, type);
    }
    onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                          const std::string& name = "") {
        auto& node = *graph().add_node();
        node.set_op_type(op);
        node.set_name(name);
        for (const std::string& input : inputs) node.add_input(input);
        for (const std::string& output : outputs) node.add_output(output);
        return node;
    }
    static void attribute(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::INT);
        attribute.set_i(value);
    }
    static void attribute(onnx::NodeProto& node, const std::string& name, const std::vector<std::int64_t>& values) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::INTS);
        for (const std::int64_t value : values) attribute.add_ints(value);
    }
    onnx::TensorProto& initialiser(const std::string& name, int type, const std::vector<std::int64_t>& shape) {
        auto& tensor = *graph().add_initializer();
        tensor.set_name(name);
        tensor.set_data_type(type);
        for (const std::int64_t extent : shape) tensor.add_dims(extent);
        return tensor;
    }
    onnx::TensorProto& floats(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
        auto& tensor = initialiser(name, onnx::TensorProto::FLOAT, shape);
        for (const float value : values) tensor.add_float_data(value);
        return tensor;
    }
    onnx::TensorProto& integers(const std::string& name, const std::vector<std::int64_t>& values) {
        auto& tensor = initialiser(name, onnx::TensorProto::INT64, {static_cast<std::int64_t>(values.size())});
        for (const std::int64_t value : values) tensor.add_int64_data(value);
        return tensor;
    }

    std::string bytes() const { return model.SerializeAsString(); }
    void write(const std::filesystem::path& path) const { std::ofstream(path, std::ios::binary) << bytes(); }
    /// The model through a file of its own.
    Result<ImportedModel> import(const ImportOptions& options = {}) const {
        const TemporaryFolder folder;
        write(folder / "model.onnx");
        return import_model(folder / "model.onnx", options);
    }

    onnx::ModelProto model;
};

/// x [1, 3] -> Gemm with w [3, 2] -> y [1, 2]: the least that has a weight.
inline ModelBuilder dense_model() {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.node("Gemm", {"x", "w"}, {"y"}, "dense");
    builder.output("y", {1, 2});
    return builder;
}

}  // namespace weft::test
