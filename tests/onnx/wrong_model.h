// wrong_model.h
// Models with one fault each, and what a user reads of it: node, tensor, reason and help, all in full.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/onnx/model_builder.h"

namespace weft::test {

using P = onnx::TensorProto;
using Integers = std::vector<std::int64_t>;

/// A model around one node, "node", which gives the output "y". With `right` the fault is left out.
class Net : public ModelBuilder {
public:
    Net(int opset, bool is_right) : ModelBuilder(opset), right(is_right) {}

    const bool right;

    onnx::NodeProto& of(const std::string& op, const std::vector<std::string>& inputs, const std::string& domain = "") {
        auto& made = node(op, inputs, {output_}, "node");
        if (domain.empty()) return made;
        made.set_domain(domain);
        auto& import = *model.add_opset_import();
        import.set_domain(domain);
        import.set_version(1);
        return made;
    }
    /// The node gives the shape [3, 2], or a part of it, to which the input is reshaped.
    onnx::NodeProto& reshaped_by(const std::string& op, const std::vector<std::string>& inputs) {
        node("Reshape", {x({1, 6}), "shape_of_y"}, {"y"}, "reshape");
        output_ = "shape_of_y";
        return of(op, inputs);
    }
    onnx::NodeProto& normalise(const std::vector<Extent>& shape, std::int64_t channels, int type = P::FLOAT) {
        return of("BatchNormalization", {x(shape, type), numbers("scale", type, {channels}), numbers("bias", type, {channels}),
                                         numbers("mean", type, {channels}), numbers("variance", type, {channels})});
    }
    onnx::NodeProto& pool(const std::string& op, const std::vector<Extent>& shape, int type = P::FLOAT) {
        auto& made = of(op, {x(shape, type)});
        attribute(made, "kernel_shape", Integers(shape.size() - 2, 2));
        return made;
    }
    /// Into two, along axis 1.
    void split(const std::vector<Extent>& shape, const Integers& parts) {
        auto& made = of("Split", {x(shape)});
        made.add_output("rest");
        graph().add_output()->set_name("rest");
        attribute(made, "axis", 1);
        if (!parts.empty()) made.add_input(integers_of("parts", parts));
    }
    /// The output is cast to a real number.
    void real_output() {
        graph().mutable_node(graph().node_size() - 1)->set_output(0, "sums");
        attribute(node("Cast", {"sums"}, {"y"}, "cast"), "to", P::FLOAT);
    }

    /// These return the name of what they add.
    std::string x(const std::vector<Extent>& shape, int type = P::FLOAT) {
        input("x", shape, type);
        return "x";
    }
    std::string numbers(const std::string& name, int type, const Shape& shape, const Integers& values = {}) {
        auto& tensor = initialiser(name, type, shape);
        for (std::int64_t i = 0; i < element_count(shape); ++i) {
            const std::int64_t value = values.empty() ? 1 : values[static_cast<std::size_t>(i)];
            if (type == P::FLOAT) {
                tensor.add_float_data(static_cast<float>(value));
            } else if (type == P::DOUBLE) {
                tensor.add_double_data(static_cast<double>(value));
            } else if (type == P::INT64) {
                tensor.add_int64_data(value);
            } else {
                tensor.add_int32_data(static_cast<std::int32_t>(value));
            }
        }
        return name;
    }
    std::string reals(const std::string& name, const Shape& shape) { return numbers(name, P::FLOAT, shape); }
    std::string real(const std::string& name, float value) {
        floats(name, {}, {value});
        return name;
    }
    std::string integer(const std::string& name, std::int64_t value) { return numbers(name, P::INT64, {}, {value}); }
    std::string integers_of(const std::string& name, const Integers& values) {
        integers(name, values);
        return name;
    }

    static void text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::STRING);
        attribute.set_s(value);
    }
    static void real_attribute(onnx::NodeProto& node, const std::string& name, float value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(value);
    }
    static onnx::TensorProto& tensor(onnx::NodeProto& node, const std::string& name) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::TENSOR);
        return *attribute.mutable_t();
    }

private:
    std::string output_ = "y";
};

using Build = void (*)(Net&);

/// What a user reads of a fault.
struct Fault {
    const char* tensor;
    const char* reason;
    const char* help = "";
    const char* node = "node";
};

/// `take` gives a Result for a net: it refuses the one with the fault, as `fault` says first, and takes the one without.
template <class Take>
void expect_fault(int opset, Build build, const Fault& fault, Take take) {
    const auto taken = [&](bool right) {
        Net net(opset, right);
        build(net);
        net.graph().add_output()->set_name("y");
        return take(net);
    };
    const auto wrong = taken(false);
    ASSERT_FALSE(wrong);
    const Diagnostic& found = wrong.error().front();
    EXPECT_EQ(found.node, fault.node) << messages(wrong);
    EXPECT_EQ(found.tensor, fault.tensor) << messages(wrong);
    EXPECT_EQ(found.reason, fault.reason);
    EXPECT_EQ(found.help, fault.help);
    const auto right = taken(true);
    EXPECT_TRUE(right) << messages(right);
}

/// Refused when it is imported.
inline void expect_refused(int opset, Build build, const Fault& fault) {
    expect_fault(opset, build, fault, [](const Net& net) { return net.import(); });
}

}  // namespace weft::test
