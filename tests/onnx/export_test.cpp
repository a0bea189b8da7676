// export_test.cpp
// Files that weft writes: what other runtimes ask of them.
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/export.h"

#include <gtest/gtest.h>

#include "src/onnx/versions.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

onnx::ModelProto written(const ModelBuilder& builder) {
    onnx::ModelProto result;
    const auto model = builder.import();
    EXPECT_TRUE(model) << messages(model);
    if (!model) return result;
    const auto bytes = export_to_bytes(model->graph);
    EXPECT_TRUE(bytes) << messages(bytes);
    if (bytes) {
        EXPECT_TRUE(result.ParseFromString(*bytes));
    }
    return result;
}

TEST(Export, SaysNoNewerVersionThanItKnows) {
    ModelBuilder future = dense_model();
    future.model.mutable_opset_import(0)->set_version(99);
    const onnx::ModelProto model = written(future);
    ASSERT_EQ(model.opset_import_size(), 1);
    EXPECT_LE(model.opset_import(0).version(), newest_opset);
    EXPECT_LE(model.ir_version(), newest_ir_version);
}

/// ONNX Runtime has quantizers of set 25, not yet those of 28, which mean the same: the newer set is written only for a node that needs it.
TEST(Export, SaysASetWhoseQuantizersRuntimesHave) {
    ModelBuilder newest = dense_model();
    newest.model.mutable_opset_import(0)->set_version(newest_opset);
    const onnx::ModelProto plain = written(newest);
    ASSERT_EQ(plain.opset_import_size(), 1);
    EXPECT_EQ(plain.opset_import(0).version(), 25);
    EXPECT_EQ(plain.ir_version(), 13);

    for (const char* mode : {"DCR", "CRD"}) {
        ModelBuilder blocks(newest_opset);
        blocks.input("x", {1, 2, 4, 4});
        auto& node = blocks.node("SpaceToDepth", {"x"}, {"y"});
        ModelBuilder::attribute(node, "blocksize", 2);
        auto& attribute = *node.add_attribute();
        attribute.set_name("mode");
        attribute.set_type(onnx::AttributeProto::STRING);
        attribute.set_s(mode);
        blocks.output("y", {1, 8, 2, 2});
        const onnx::ModelProto model = written(blocks);
        ASSERT_EQ(model.opset_import_size(), 1);
        EXPECT_EQ(model.opset_import(0).version(), mode == std::string("CRD") ? newest_opset : 25) << mode;
    }
}

TEST(Export, NamesEachNodeOnce) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.node("Relu", {"x"}, {"a"}, "twin");
    builder.node("Sigmoid", {"a"}, {"b"}, "twin");
    builder.node("Tanh", {"b"}, {"c"}, "a");  // the name that the first one would have got
    builder.node("Relu", {"c"}, {"d"});
    builder.node("Abs", {"d"}, {"y"});
    builder.output("y", {1, 3});
    const onnx::ModelProto model = written(builder);
    std::vector<std::string> names;
    for (const auto& node : model.graph().node()) names.push_back(node.name());
    EXPECT_EQ(names, (std::vector<std::string>{"a_1", "b", "a", "", ""})) << "only names may be equal, not their absence";
}

}  // namespace
}  // namespace weft::test
