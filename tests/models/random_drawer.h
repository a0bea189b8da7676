// random_drawer.h
// What drawers of random model files share: random numbers, constants with fresh names, and images of known shape.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/models/random_file.h"
#include "tests/onnx/model_builder.h"

namespace weft::test {

/// A tensor of a drawn network: an image of one sample, or a vector (rows and columns 0).
struct Drawn {
    std::string name;
    std::int64_t channels = 0, rows = 0, columns = 0;
    /// Of quantized networks: name of scale and zero point (with _s and _z behind), the step, and the integers themselves.
    std::string grid;
    double step = 0;
    std::string integers;
};

class RandomDrawer {
public:
    using Shape = std::vector<std::int64_t>;

    RandomDrawer(std::uint64_t seed, int opset) : random_(seed), builder_(opset) {}

protected:
    int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
    double uniform(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53; }
    std::string fresh(const std::string& stem) { return stem + std::to_string(++names_); }

    std::string reals(const Shape& shape, double low, double high) {
        const std::string name = fresh("k");
        std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
        for (float& value : values) value = static_cast<float>(uniform(low, high));
        builder_.floats(name, shape, values);
        return name;
    }
    std::string real(double value) { return reals({}, value, value); }
    std::string bytes(int type, const Shape& shape, std::int64_t low, std::int64_t high) {
        const std::string name = fresh("k");
        bytes(name, type, shape, low, high);
        return name;
    }
    void bytes(const std::string& name, int type, const Shape& shape, std::int64_t low, std::int64_t high) {
        auto& tensor = builder_.initialiser(name, type, shape);
        for (std::int64_t i = 0; i < element_count(shape); ++i)
            tensor.add_int32_data(
                static_cast<std::int32_t>(low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1))));
    }
    std::string integers(const std::vector<std::int64_t>& values) {
        const std::string name = fresh("k");
        builder_.integers(name, values);
        return name;
    }
    onnx::NodeProto& add(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                         const std::string& domain = "") {
        auto& made = builder_.node(op, inputs, {output}, output + "_node");
        made.set_domain(domain);
        return made;
    }
    static void set(onnx::NodeProto& node, const std::string& name, std::int64_t value) { ModelBuilder::attribute(node, name, value); }
    static void set(onnx::NodeProto& node, const std::string& name, const std::vector<std::int64_t>& values) {
        ModelBuilder::attribute(node, name, values);
    }
    static void set_real(onnx::NodeProto& node, const std::string& name, double value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(static_cast<float>(value));
    }
    static void set_text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
        auto& attribute = *node.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::STRING);
        attribute.set_s(value);
    }
    void import_domain(const std::string& domain) {
        auto& import = *builder_.model.add_opset_import();
        import.set_domain(domain);
        import.set_version(1);
    }

    Drawn input(int most_channels, int extent) {
        input_ = {"x", 1 + pick(most_channels), extent + pick(5), extent + pick(5)};
        builder_.input("x", {"N", static_cast<int>(input_.channels), static_cast<int>(input_.rows), static_cast<int>(input_.columns)});
        return input_;
    }
    /// The file, with a graph output of that name; its shape is left open.
    RandomFile finished(const std::string& form, const std::string& output, std::size_t rank, bool needs_samples,
                        int type = onnx::TensorProto::FLOAT) {
        builder_.output(output, std::vector<Extent>(rank, Extent("")), type);
        return {form, builder_.bytes(), {1, input_.channels, input_.rows, input_.columns}, needs_samples};
    }

    /// A window over an image that fits it, and the shape of what it gives.
    struct Window {
        std::int64_t rows, columns, pad, stride;
    };
    Window window(const Drawn& x, int most) {
        const auto extent = static_cast<int>(std::min({x.rows, x.columns, static_cast<std::int64_t>(most)}));
        const std::int64_t kernel = 1 + pick(extent);
        return {kernel, kernel, kernel > 1 ? pick(static_cast<int>(kernel)) : 0, 1 + (pick(3) == 0)};
    }
    static void set_window(onnx::NodeProto& node, const Window& w, bool kernel) {
        if (kernel) set(node, "kernel_shape", {w.rows, w.columns});
        set(node, "pads", {w.pad, w.pad, w.pad, w.pad});
        set(node, "strides", {w.stride, w.stride});
    }
    static Drawn behind(const Drawn& x, const Window& w, std::int64_t channels, const std::string& name) {
        Drawn y = x;
        y.name = name;
        y.channels = channels;
        y.rows = (x.rows + 2 * w.pad - w.rows) / w.stride + 1;
        y.columns = (x.columns + 2 * w.pad - w.columns) / w.stride + 1;
        return y;
    }
    static Window same_size() { return {3, 3, 1, 1}; }

    std::mt19937_64 random_;
    ModelBuilder builder_;
    Drawn input_;

private:
    int names_ = 0;
};

RandomFile random_float_file(std::uint64_t seed);
/// Real operators between quantizers, or quantized operators.
RandomFile random_qdq_file(std::uint64_t seed, bool quantized_operators);
/// QONNX's quantizers, or FINN's thresholds for activations.
RandomFile random_qonnx_file(std::uint64_t seed, bool thresholds);

}  // namespace weft::test
