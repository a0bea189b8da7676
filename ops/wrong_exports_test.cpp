// wrong_exports_test.cpp
// Nodes that are read but cannot be written in newer words, or in standard ones: what a user reads of each.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "src/onnx/export.h"
#include "tests/onnx/wrong_model.h"

namespace weft::test {
namespace {

void expect_not_written(int opset, Build build, const Fault& fault) {
    expect_fault(opset, build, fault, [](const Net& net) -> Result<std::string> {
        WEFT_ASSIGN(const ImportedModel model, net.import());
        return export_to_bytes(model.graph, 13);
    });
}

TEST(WrongExports, SummandAlignedByAnAxis) {
    const auto model = [](Net& n) {
        auto& sum = n.of("Add", {n.x({1, 3, 3}), n.reals("b", {3})});
        Net::attribute(sum, "broadcast", 1);
        Net::attribute(sum, "axis", n.right ? 2 : 1);
    };
    expect_not_written(6, model,
                       {"b", "the operand is aligned by an axis, which operator sets from 7 on cannot say",
                        "convert the model to opset 13 (onnx.version_converter)"});
}

TEST(WrongExports, SoftmaxOverSeveralAxes) {
    const auto model = [](Net& n) { Net::attribute(n.of("Softmax", {n.x({1, 3, 4})}), "axis", n.right ? 2 : 1); };
    expect_not_written(
        11, model,
        {"", "the node runs over several axes at once, which operator sets from 13 on cannot say", "flatten the tensor before this node"});
}

TEST(WrongExports, QuantizerOfQonnx) {
    const auto model = [](Net& n) {
        const std::vector<std::string> inputs{n.x({1, 3}), n.real("s", 0.5F), n.numbers("z", n.right ? P::INT8 : P::FLOAT, {}, {0})};
        if (n.right) {
            n.node("QuantizeLinear", inputs, {"q"}, "quantize");
            n.node("DequantizeLinear", {"q", "s", "z"}, {"y"}, "node");
        } else {
            n.of("Quant", {"x", "s", "z", n.real("bits", 4)}, "qonnx.custom_op.general");
        }
    };
    expect_not_written(13, model, {"", "Quant is no operator of standard ONNX"});
}

}  // namespace
}  // namespace weft::test
