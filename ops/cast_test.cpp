// cast_test.cpp
// CastLike becomes a Cast once types are known.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "src/onnx/export.h"
#include "tests/onnx/model_builder.h"

namespace weft {
namespace {

using test::ModelBuilder;

/// y = CastLike(x, like) of a computed x, and z = CastLike(2.75, like) of a constant; `like` is an input of the model.
ModelBuilder cast_like(int type) {
    ModelBuilder builder(15);
    builder.input("x", {2});
    builder.input("like", {1, 3}, type);
    auto& constant = *builder.graph().add_initializer();
    constant.set_name("c");
    constant.set_data_type(onnx::TensorProto::FLOAT);
    constant.add_float_data(2.75F);
    builder.node("CastLike", {"x", "like"}, {"y"});
    builder.node("CastLike", {"c", "like"}, {"z"});
    builder.output("y", {2}, type);
    builder.output("z", {}, type);
    return builder;
}

TEST(CastLike, IsACastToTheTypeOfTheSecondInput) {
    for (const auto& [number, type] : {std::pair{onnx::TensorProto::INT32, DataType::int32},
                                       {onnx::TensorProto::UINT8, DataType::uint8},
                                       {onnx::TensorProto::DOUBLE, DataType::float64},
                                       {onnx::TensorProto::FLOAT16, DataType::float32},
                                       {onnx::TensorProto::BOOL, DataType::boolean}}) {
        SCOPED_TRACE(to_string(type));
        const ModelBuilder builder = cast_like(number);
        const auto imported = import_model(builder.model.SerializeAsString(), "model.onnx", {.shapes = {}, .keep_shapes = true});
        ASSERT_TRUE(imported) << test::messages(imported);
        const Graph& graph = imported->graph;
        EXPECT_TRUE(graph.find("z")->is_constant());
        ASSERT_EQ(graph.nodes().size(), 1U);
        EXPECT_EQ(graph.nodes()[0]->op->name, "Cast");
        const Tensor x = Tensor::of<float>({2}, std::vector<float>{3.5F, 0});
        const auto found = Evaluator(graph, DataType::float32).run(std::vector{x, Tensor(type, {1, 3})});
        ASSERT_TRUE(found);
        const bool real = is_float(type), boolean = type == DataType::boolean;
        EXPECT_EQ((*found)[0].type(), type);
        EXPECT_EQ((*found)[0].to_doubles(), (std::vector<double>{real ? 3.5 : boolean ? 1.0 : 3.0, 0.0}));
        EXPECT_EQ((*found)[1].to_doubles(), (std::vector<double>{real ? 2.75 : boolean ? 1.0 : 2.0}));
    }
}

TEST(CastLike, IsWrittenAsACast) {
    const ModelBuilder builder = cast_like(onnx::TensorProto::INT32);
    const auto imported = import_model(builder.model.SerializeAsString(), "model.onnx", {.shapes = {}, .keep_shapes = true});
    ASSERT_TRUE(imported);
    const auto bytes = export_to_bytes(imported->graph);
    ASSERT_TRUE(bytes);
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(*bytes));
    ASSERT_EQ(model.graph().node_size(), 1);
    EXPECT_EQ(model.graph().node(0).op_type(), "Cast");
    EXPECT_EQ(model.graph().node(0).input_size(), 1);
}

TEST(CastLike, NeedsOperatorSet15) {
    ModelBuilder builder = cast_like(onnx::TensorProto::INT32);
    builder.model.mutable_opset_import(0)->set_version(14);
    const auto imported = import_model(builder.model.SerializeAsString(), "model.onnx");
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().front().reason, "CastLike is supported from opset 15 on, the model has opset 14");
}

}  // namespace
}  // namespace weft
