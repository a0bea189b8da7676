// real_models_test.cpp
// Import, export and text of the models that users bring.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/onnx/export.h"
#include "src/onnx/import.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

struct RealModel {
    const char* path;
    Shape input;
    Shape output;
};

void PrintTo(const RealModel& model, std::ostream* stream) { *stream << model.path; }

class RealModels : public testing::TestWithParam<RealModel> {};

TEST_P(RealModels, ImportsWithItsShapes) {
    const auto path = models_folder() / GetParam().path;
    WEFT_REQUIRE_PATH(path);
    const auto model = import_model(path);
    ASSERT_TRUE(model) << messages(model);
    EXPECT_EQ(messages(model->warnings), "");
    ASSERT_EQ(model->graph.inputs.size(), 1U);
    ASSERT_EQ(model->graph.outputs.size(), 1U);
    EXPECT_EQ(model->graph.inputs[0]->shape, GetParam().input);
    EXPECT_EQ(model->graph.outputs[0]->shape, GetParam().output);
    EXPECT_TRUE(model->graph.batched);
    const Status sound = verify(model->graph);
    EXPECT_TRUE(sound) << messages(sound);
}

TEST_P(RealModels, ComesBackFromItsText) {
    const auto path = models_folder() / GetParam().path;
    WEFT_REQUIRE_PATH(path);
    const auto model = import_model(path);
    ASSERT_TRUE(model) << messages(model);
    const std::string text = print(model->graph);
    const auto again = parse(text, constants_of(model->graph));
    ASSERT_TRUE(again) << messages(again);
    EXPECT_EQ(print(*again), text);
}

TEST_P(RealModels, ComesBackFromItsExport) {
    const auto path = models_folder() / GetParam().path;
    WEFT_REQUIRE_PATH(path);
    const auto model = import_model(path);
    ASSERT_TRUE(model) << messages(model);
    const TemporaryFolder folder;
    const Status written = export_model(model->graph, folder / "export.onnx");
    ASSERT_TRUE(written) << messages(written);
    const auto again = import_model(folder / "export.onnx");
    ASSERT_TRUE(again) << messages(again);
    EXPECT_EQ(messages(again->warnings), "");
    if (model->graph.nodes()[0]->opset >= 7) {
        EXPECT_EQ(print(again->graph), print(model->graph));
    }
    const auto first = export_to_bytes(model->graph), second = export_to_bytes(again->graph);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(*first == *second) << "the export of the re-imported graph differs";
}

INSTANTIATE_TEST_SUITE_P(All, RealModels,
                         testing::Values(RealModel{"mlperf-tiny/resnet8_int8_qdq.onnx", {1, 32, 32, 3}, {1, 10}},
                                         RealModel{"mlperf-tiny/mobilenetv1_vww_int8_qdq.onnx", {1, 3, 96, 96}, {1, 2}},
                                         RealModel{"mlperf-tiny/dscnn_kws_int8_qdq.onnx", {1, 490}, {1, 12}},
                                         RealModel{"mlperf-tiny/autoencoder_int8_qdq.onnx", {1, 640}, {1, 640}},
                                         RealModel{"mlperf-tiny/resnet8_float.onnx", {1, 3, 32, 32}, {1, 10}},
                                         RealModel{"mlperf-tiny/mobilenetv1_vww_float.onnx", {1, 3, 96, 96}, {1, 2}},
                                         RealModel{"float/mnist-8.onnx", {1, 1, 28, 28}, {1, 10}},
                                         RealModel{"float/conv2d_small_keras.onnx", {1, 8, 8, 1}, {1, 10}},
                                         RealModel{"float/three_layer_bn_pytorch.onnx", {1, 16}, {1, 5}},
                                         RealModel{"imagenet-graphs/light_squeezenet.onnx", {1, 3, 224, 224}, {1, 1000, 1, 1}},
                                         RealModel{"imagenet-graphs/light_resnet50.onnx", {1, 3, 224, 224}, {1, 1000}}),
                         [](const auto& info) {
                             std::string name = std::filesystem::path(info.param.path).stem().string();
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace weft::test
