// import_test.cpp
// Structure, operators, attributes and numbers of models: what is taken, what is refused and in which words.
// SPDX-License-Identifier: Apache-2.0
#include "src/onnx/import.h"
#include "src/onnx/export.h"

#include <gtest/gtest.h>

#include <limits>

#include "src/base/sha256.h"
#include "src/graph/op_def.h"
#include "src/onnx/export.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

constexpr const char* damaged = "\n  help: the file is damaged or was written by a faulty tool; export the model again\n";

std::vector<std::string> operators(const Graph& graph) {
    std::vector<std::string> names;
    for (const auto& node : graph.nodes()) names.emplace_back(node->op->name);
    return names;
}

TEST(Import, ReadsASmallModel) {
    const auto model = dense_model().import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
    EXPECT_EQ(model->graph.nodes()[0]->opset, 13);
    EXPECT_EQ(model->hash, sha256(dense_model().bytes()));
    EXPECT_EQ(model->graph.name, "test");
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Gemm"});
    EXPECT_EQ(model->graph.nodes()[0]->attributes.real("alpha"), 1.0) << "defaults are filled in";
    const Status sound = verify(model->graph);
    EXPECT_TRUE(sound) << messages(sound);
}

TEST(Import, TakesInitialisersAmongTheInputs) {
    ModelBuilder builder(8, 3);
    builder.input("x", {1, 3});
    builder.input("w", {3, 2});
    builder.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.node("MatMul", {"x", "w"}, {"y"});
    builder.output("y", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    ASSERT_EQ(model->graph.inputs.size(), 1U);
    EXPECT_TRUE(model->graph.find("w")->is_constant());
}

TEST(Import, TakesValueInfoRepeatedForInputsAndOutputs) {
    ModelBuilder builder = dense_model();
    for (const char* name : {"x", "y", "y"}) ModelBuilder::describe(*builder.graph().add_value_info(), name, {1, name[0] == 'x' ? 3 : 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
}

TEST(Import, WarnsWhereTheFileContradictsItsShapes) {
    ModelBuilder builder = dense_model();
    builder.graph().clear_output();
    builder.output("y", {1, 7}, onnx::TensorProto::DOUBLE);
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(
        messages(model->warnings),
        "warning: tensor 'y': the file declares the element type DOUBLE, but it is float32\n  help: what the file declares is not used\n"
        "warning: tensor 'y': the file declares the shape [1, 7], but it is [1, 2]\n  help: what the file declares is not used\n");
}

TEST(Import, SortsNodes) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.node("Relu", {"a"}, {"y"}, "second");
    builder.node("Relu", {"x"}, {"a"}, "first");
    builder.output("y", {1, 3});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.nodes()[0]->name, "first");
}

TEST(Import, FoldsShapeChains) {
    ModelBuilder builder(11);
    builder.input("x", {"batch", 2, 3});
    builder.node("Shape", {"x"}, {"shape"});
    builder.integers("zero", {0});
    ModelBuilder::attribute(builder.node("Squeeze", {"zero"}, {"index"}), "axes", std::vector<std::int64_t>{0});
    ModelBuilder::attribute(builder.node("Gather", {"shape", "index"}, {"images"}), "axis", 0);
    ModelBuilder::attribute(builder.node("Unsqueeze", {"images"}, {"images_1d"}), "axes", std::vector<std::int64_t>{0});
    builder.integers("rest", {-1});
    ModelBuilder::attribute(builder.node("Concat", {"images_1d", "rest"}, {"target"}), "axis", 0);
    builder.node("Reshape", {"x", "target"}, {"y"});
    builder.output("y", {"batch", 6});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Reshape"});
    EXPECT_EQ(model->graph.outputs[0]->shape, (Shape{1, 6}));
    EXPECT_TRUE(model->graph.batched);
}

TEST(Import, WidensHalfPrecision) {
    ModelBuilder builder;
    builder.input("x", {1, 2}, onnx::TensorProto::FLOAT16);
    auto& weight = builder.initialiser("w", onnx::TensorProto::FLOAT16, {2});
    weight.add_int32_data(0x3c00);
    weight.add_int32_data(0xc000);
    builder.node("Mul", {"x", "w"}, {"a"});
    builder.node("Relu", {"a"}, {"y"});
    builder.output("y", {1, 2}, onnx::TensorProto::FLOAT16);
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
    EXPECT_EQ(model->graph.inputs[0]->type, DataType::float32);
    EXPECT_EQ(model->graph.outputs[0]->type, DataType::float32);
    EXPECT_EQ(model->graph.find("w")->constant->to_doubles(), (std::vector<double>{1, -2}));
}

TEST(Import, DropsWhatNoOutputNeeds) {
    ModelBuilder builder = dense_model();
    builder.node("Relu", {"x"}, {"unused"});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(operators(model->graph), std::vector<std::string>{"Gemm"});
}

TEST(Import, ChecksVersions) {
    ModelBuilder none = dense_model();
    none.model.clear_ir_version();
    EXPECT_EQ(messages(none.import()), "error: the model states no IR version\n  help: export the model again\n");
    ModelBuilder no_opset = dense_model();
    no_opset.model.clear_opset_import();
    EXPECT_EQ(messages(no_opset.import()), "error: the model states no opset\n  help: export the model again\n");
    ModelBuilder wrong = dense_model();
    wrong.model.mutable_opset_import(0)->set_version(-3);
    EXPECT_EQ(messages(wrong.import()), "error: the opset -3 is not a version\n  help: export the model again\n");
    ModelBuilder future = dense_model();
    future.model.mutable_opset_import(0)->set_version(99);
    const auto model = future.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings),
              "warning: the model's opset 99 is newer than 28, the newest one known\n  help: export with opset 28 if results surprise\n");
}

TEST(Import, KnowsTheFileFormatsOfOperatorSets) {
    for (const auto& [opset, ir_version] : {std::pair{18, 8}, {19, 9}, {21, 10}, {23, 11}, {24, 12}, {25, 13}, {27, 13}, {28, 14}}) {
        ModelBuilder builder = dense_model();
        builder.model.mutable_opset_import(0)->set_version(opset);
        const auto model = builder.import();
        ASSERT_TRUE(model) << messages(model);
        EXPECT_TRUE(model->warnings.empty());
        const auto bytes = export_to_bytes(model->graph, opset);
        ASSERT_TRUE(bytes) << messages(bytes);
        onnx::ModelProto written;
        ASSERT_TRUE(written.ParseFromString(*bytes));
        EXPECT_EQ(written.ir_version(), ir_version) << opset;
        EXPECT_EQ(written.opset_import(0).version(), opset);
    }
}

TEST(Import, FoldsARangeThatSaysHowItIsAdded) {
    ModelBuilder builder(27);
    for (const float value : {1.0F, 4.0F, 1.5F}) {
        auto& constant = *builder.graph().add_initializer();
        constant.set_name("c" + std::to_string(builder.graph().initializer_size()));
        constant.set_data_type(onnx::TensorProto::FLOAT);
        constant.add_float_data(value);
    }
    builder.input("x", {1, 2});
    auto& range = builder.node("Range", {"c1", "c2", "c3"}, {"r"});
    auto& stash = *range.add_attribute();
    stash.set_name("stash_type");
    stash.set_type(onnx::AttributeProto::INT);
    stash.set_i(1);
    builder.node("Add", {"x", "r"}, {"y"});
    builder.output("y", {1, 2});
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(model->graph.find("r")->constant->to_doubles(), (std::vector<double>{1.0, 2.5}));
}

TEST(Import, NamesEveryProblemOfAModel) {
    ModelBuilder builder;
    builder.input("x", {1, 3, "height", 8});
    builder.node("Rellu", {"x"}, {"a"}, "act");
    builder.node("Relu", {"a"}, {"b"});
    builder.node("Quux", {"b"}, {"c"}, "same");
    builder.node("Relu", {"c", "x"}, {"d"}, "same");
    auto& leaky = builder.node("LeakyRelu", {"d"}, {"y"}, "leaky");
    ModelBuilder::attribute(leaky, "alpha", 1);
    ModelBuilder::attribute(leaky, "alhpa", 1);
    builder.output("y", {1, 3, 8, 8});
    const std::string text = messages(builder.import());
    EXPECT_EQ(
        text,
        "error: node 'act': the operator Rellu is not supported\n  help: did you mean 'Relu'?\n"
        "error: node 'c': the operator Quux is not supported\n"
        "  help: 'weft list ops' names the supported operators; export the model with these, or leave this part of it to the host\n"
        "error: node 'd': Relu takes at most 1 input, the node has 2" +
            std::string(damaged) +
            "error: node 'leaky': the attribute 'alpha' is not a real number\n  help: export the model again, or correct the attribute\n"
            "error: node 'leaky': LeakyRelu has no attribute 'alhpa'\n  help: did you mean 'alpha'?\n"
            "error: tensor 'x': axis 2 ('height') of the input has no fixed size\n  help: give its shape: --shape x=1,3,<height>,8\n");
}

TEST(Import, RefusesOtherDomains) {
    ModelBuilder builder = dense_model();
    auto& import = *builder.model.add_opset_import();
    import.set_domain("com.example");
    import.set_version(1);
    EXPECT_TRUE(builder.import()) << "a domain that no node uses does no harm";
    builder.graph().mutable_node(0)->set_domain("com.example");
    EXPECT_EQ(messages(builder.import()),
              "error: node 'dense': the operator com.example.Gemm is not supported\n  help: export the model with standard ONNX operators "
              "only\n");
    builder.graph().mutable_node(0)->set_domain("weft");
    builder.graph().mutable_node(0)->set_op_type("linear");
    EXPECT_FALSE(builder.import()) << "a file may not use the canonical operators";
    builder.graph().mutable_node(0)->set_domain("ai.onnx");
    builder.graph().mutable_node(0)->set_op_type("Gemm");
    EXPECT_TRUE(builder.import());
}

TEST(Import, RefusesUnknownOperatorsWithSubGraphs) {
    ModelBuilder builder = dense_model();
    auto& node = *builder.graph().mutable_node(0);
    node.set_op_type("Repeat");
    auto& body = *node.add_attribute();
    body.set_name("body");
    body.set_type(onnx::AttributeProto::GRAPH);
    body.mutable_g()->set_name("inner");
    EXPECT_EQ(messages(builder.import()),
              "error: node 'dense': the operator Repeat runs a sub-graph: control flow is not supported\n"
              "  help: export the model traced for fixed shapes, or simplify it (onnxsim)\n");
}

TEST(Import, RefusesSparseInitialisers) {
    ModelBuilder builder = dense_model();
    builder.graph().clear_initializer();
    builder.graph().add_sparse_initializer()->mutable_values()->set_name("w");
    EXPECT_EQ(messages(builder.import()), "error: tensor 'w': sparse initialisers are not supported\n  help: store the tensor densely\n");
}

TEST(Import, RefusesNamesGivenTwice) {
    ModelBuilder two_outputs = dense_model();
    two_outputs.node("Relu", {"x"}, {"y"}, "relu");
    EXPECT_EQ(messages(two_outputs.import()),
              std::string("error: node 'relu', tensor 'y': the name is given to two values: twice to an output of a node") + damaged);
    ModelBuilder input = dense_model();
    input.node("Relu", {"x"}, {"x"}, "relu");
    EXPECT_EQ(messages(input.import()),
              std::string("error: node 'relu', tensor 'x': the name is given to two values: an input and an output of a node") + damaged);
    ModelBuilder initialisers = dense_model();
    initialisers.floats("w", {1}, {1});
    EXPECT_EQ(messages(initialisers.import()),
              std::string("error: tensor 'w': the name is given to two values: twice to an initialiser") + damaged);
    ModelBuilder inputs = dense_model();
    inputs.input("x", {1, 3});
    EXPECT_EQ(messages(inputs.import()), std::string("error: tensor 'x': the name is given to two values: twice to an input") + damaged);
    ModelBuilder outputs = dense_model();
    outputs.output("y", {1, 2});
    EXPECT_EQ(messages(outputs.import()), std::string("error: tensor 'y': the output is listed twice") + damaged);
}

TEST(Import, RefusesLooseEnds) {
    ModelBuilder input = dense_model();
    input.graph().mutable_node(0)->set_input(0, "nowhere");
    EXPECT_EQ(messages(input.import()),
              std::string("error: node 'dense', tensor 'nowhere': the node reads a value that is nowhere defined") + damaged);
    ModelBuilder output = dense_model();
    output.graph().mutable_output(0)->set_name("nowhere");
    EXPECT_EQ(messages(output.import()), std::string("error: tensor 'nowhere': the output is nowhere defined") + damaged);
    ModelBuilder blank = dense_model();
    blank.graph().mutable_node(0)->set_input(1, "");
    EXPECT_EQ(messages(blank.import()), std::string("error: node 'dense': Gemm needs at least 2 inputs, input 1 is missing") + damaged);
    ModelBuilder none = dense_model();
    none.graph().clear_output();
    EXPECT_EQ(messages(none.import()), std::string("error: the model has no output") + damaged);
}

TEST(Import, RefusesCyclesNamingANodeOnOne) {
    ModelBuilder builder;
    builder.input("x", {1, 3});
    builder.node("Relu", {"b"}, {"y"}, "behind");
    builder.node("Add", {"x", "b"}, {"a"}, "on_cycle_1");
    builder.node("Relu", {"a"}, {"b"}, "on_cycle_2");
    builder.output("y", {1, 3});
    const std::string text = messages(builder.import());
    EXPECT_NE(text.find("error: node 'on_cycle_"), text.npos) << text;
    EXPECT_NE(text.find("the node is part of a cycle\n  help: an ONNX graph has no cycles; export the model again\n"), text.npos) << text;
}

TEST(Import, RefusesWeightsThatAreNoNumbers) {
    const std::string help = "\n  help: the training has diverged or the export failed; train or export the model again\n";
    ModelBuilder builder = dense_model();
    builder.graph().mutable_initializer(0)->set_float_data(4, std::numeric_limits<float>::quiet_NaN());
    EXPECT_EQ(messages(builder.import()), "error: node 'dense', tensor 'w': the constant's element 4 is not a number" + help);
    builder.graph().mutable_initializer(0)->set_float_data(4, -std::numeric_limits<float>::infinity());
    EXPECT_EQ(messages(builder.import()), "error: node 'dense', tensor 'w': the constant's element 4 is infinite" + help);

    ModelBuilder computed = dense_model();
    computed.floats("zero", {1}, {0});
    computed.floats("one", {2}, {1, 1});
    computed.node("Div", {"one", "zero"}, {"offset"}, "divide");
    computed.graph().mutable_node(0)->add_input("offset");
    EXPECT_EQ(messages(computed.import()), "error: node 'dense', tensor 'offset': the constant's element 0 is infinite" + help);

    ModelBuilder limits;
    limits.input("x", {1, 3});
    limits.floats("low", {}, {0});
    limits.floats("high", {}, {std::numeric_limits<float>::infinity()});
    limits.node("Clip", {"x", "low", "high"}, {"y"});
    limits.output("y", {1, 3});
    const auto model = limits.import();
    EXPECT_TRUE(model) << messages(model);
}

TEST(Import, RefusesAbsurdSizes) {
    ModelBuilder input = dense_model();
    input.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(1)->set_dim_value(std::int64_t{1}
                                                                                                                          << 40);
    EXPECT_EQ(messages(input.import()),
              "error: tensor 'x': the input's shape [1, 1099511627776] is absurd\n  help: export the model again\n");
    ModelBuilder product;
    product.input("x", {1, 65536, 1});
    product.input("z", {1, 1, 65536});
    product.node("Mul", {"x", "z"}, {"y"}, "product");
    product.output("y", {1, 65536, 65536});
    const auto model = product.import();
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error()[0].node, "product");
    EXPECT_NE(model.error()[0].reason.find("[1, 65536, 65536]"), std::string::npos) << messages(model);
}

TEST(Import, ReportsWhatAnOperatorRefuses) {
    ModelBuilder builder = dense_model();
    builder.graph().mutable_initializer(0)->set_dims(0, 2);
    builder.graph().mutable_initializer(0)->set_dims(1, 3);
    const auto model = builder.import();
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error()[0].node, "dense");
    EXPECT_FALSE(model.error()[0].reason.empty());
}

}  // namespace
}  // namespace weft::test
