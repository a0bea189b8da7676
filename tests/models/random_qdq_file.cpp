// random_qdq_file.cpp
// Quantized networks in ONNX's own words: real operators between QuantizeLinear and DequantizeLinear, or ONNX Runtime's quantized
// operators. SPDX-License-Identifier: Apache-2.0
#include "tests/models/random_drawer.h"

namespace weft::test {

namespace {

using onnx::TensorProto;

/// Each tensor is `integers` on a grid; `name` is its real value, where the form has one.
class QdqDrawer : public RandomDrawer {
public:
    QdqDrawer(std::uint64_t seed, bool quantized_operators)
        : RandomDrawer(seed, 13), q_(quantized_operators), unsigned_(pick(2) == 0), per_channel_(pick(2) == 0) {
        import_domain("com.microsoft");
    }

    RandomFile draw() {
        Drawn x = input(3, 5);
        x.integers = fresh("q");
        set_grid(x, 0.02);
        add("QuantizeLinear", {x.name, x.grid + "_s", x.grid + "_z"}, x.integers);
        if (!q_) dequantize(x);
        x = convolution(x, 3 + pick(4));
        const int blocks = 1 + pick(3);
        for (int i = 0; i < blocks; ++i) x = block(x);
        return head(x);
    }

private:
    int type() const { return unsigned_ ? TensorProto::UINT8 : TensorProto::INT8; }

    void set_grid(Drawn& value, double step) {
        value.grid = fresh("g");
        value.step = static_cast<float>(pick(2) ? step * uniform(0.8, 1.25) : std::exp2(std::nearbyint(std::log2(step))));
        builder_.floats(value.grid + "_s", {}, {static_cast<float>(value.step)});
        const std::int64_t zero = (unsigned_ ? 128 : 0) + (pick(3) ? 0 : pick(41) - 20);
        bytes(value.grid + "_z", type(), {}, zero, zero);
    }
    void dequantize(Drawn& value) {
        value.name = fresh("r");
        add("DequantizeLinear", {value.integers, value.grid + "_s", value.grid + "_z"}, value.name);
    }
    /// `real` on a grid of its own.
    Drawn quantized(Drawn value, const std::string& real, double step) {
        set_grid(value, step);
        value.integers = fresh("q");
        if (!q_ && pick(5) == 0) {  // fewer bits
            const std::string wide = fresh("wide");
            add("QuantizeLinear", {real, value.grid + "_s", value.grid + "_z"}, wide);
            const std::int64_t low = unsigned_ ? 112 : -16, high = unsigned_ ? 143 : 15;
            add("Clip", {wide, bytes(type(), {}, low, low), bytes(type(), {}, high, high)}, value.integers);
        } else {
            add("QuantizeLinear", {real, value.grid + "_s", value.grid + "_z"}, value.integers);
        }
        dequantize(value);
        return value;
    }

    struct Weights {
        std::string integers, scales, zeros, reals;
        std::vector<float> steps;
    };
    Weights weights(const Shape& shape, std::size_t axis, bool by_channel) {
        const double fan_in = static_cast<double>(element_count(shape)) / static_cast<double>(shape[axis]);
        const Shape dims = by_channel ? Shape{shape[axis]} : Shape{};
        Weights w{bytes(TensorProto::INT8, shape, -127, 127), fresh("k"), bytes(TensorProto::INT8, dims, 0, 0), fresh("w"), {}};
        for (std::int64_t i = 0; i < element_count(dims); ++i)
            w.steps.push_back(static_cast<float>(uniform(1, 2) / std::sqrt(fan_in) / 127));
        builder_.floats(w.scales, dims, w.steps);
        if (q_) return w;
        auto& node = add("DequantizeLinear", {w.integers, w.scales, w.zeros}, w.reals);
        if (by_channel) set(node, "axis", static_cast<std::int64_t>(axis));
        return w;
    }
    std::string bias(const Drawn& x, const Weights& w, std::int64_t outputs) {
        std::vector<float> steps;
        for (const float step : w.steps) steps.push_back(static_cast<float>(x.step) * step);
        const std::string stored = bytes(TensorProto::INT32, {outputs}, -2000, 2000);
        if (q_) return stored;
        const std::string scales = fresh("k"), reals = fresh("b");
        builder_.floats(scales, w.steps.size() == 1 ? Shape{} : Shape{outputs}, steps);
        auto& node = add("DequantizeLinear", {stored, scales}, reals);
        if (w.steps.size() > 1) set(node, "axis", std::int64_t{0});
        return reals;
    }

    Drawn convolution(const Drawn& x, std::int64_t outputs, bool same = false) {
        const bool depthwise = !same && pick(4) == 0;
        if (depthwise) outputs = x.channels;
        const Window w = same ? same_size() : window(x, 3);
        const Weights k = weights({outputs, depthwise ? 1 : x.channels, w.rows, w.columns}, 0, per_channel_);
        const std::string b = pick(3) ? bias(x, k, outputs) : "";
        Drawn y = behind(x, w, outputs, fresh("conv"));
        onnx::NodeProto* node = nullptr;
        if (q_) {
            y.integers = y.name;
            set_grid(y, 0.03);
            std::vector<std::string> inputs{x.integers, x.grid + "_s", x.grid + "_z", k.integers,
                                            k.scales,   k.zeros,       y.grid + "_s", y.grid + "_z"};
            if (!b.empty()) inputs.push_back(b);
            node = &add("QLinearConv", inputs, y.integers);
        } else {
            std::vector<std::string> inputs{x.name, k.reals};
            if (!b.empty()) inputs.push_back(b);
            node = &add("Conv", inputs, y.name);
        }
        set_window(*node, w, false);
        if (depthwise) set(*node, "group", x.channels);
        if (q_) return y;
        std::string real = y.name;
        static constexpr const char* functions[] = {"Relu", "Relu", "LeakyRelu", "Sigmoid", "HardSwish"};
        if (const int function = pick(7); function < 4) {
            real = fresh("act");
            add(functions[function], {y.name}, real);
        }
        return quantized(y, real, 0.03);
    }

    Drawn microsoft(const std::string& op, const Drawn& x, Drawn y, double step) {
        y.integers = fresh("y");
        set_grid(y, step);
        add("QLinear" + op, {x.integers, x.grid + "_s", x.grid + "_z", y.grid + "_s", y.grid + "_z"}, y.integers, "com.microsoft");
        return y;
    }
    /// A real function of one tensor, in either form.
    Drawn one(const std::string& op, const Drawn& x, const Drawn& shape, double step) {
        if (q_) return microsoft(op, x, shape, step);
        const std::string real = fresh("one");
        add(op, {x.name}, real);
        return quantized(shape, real, step);
    }

    Drawn sum(const Drawn& a, const Drawn& b) {
        if (!q_) {
            const std::string real = fresh("sum");
            add("Add", {a.name, b.name}, real);
            const std::string active = fresh("act");
            if (pick(2)) {
                add("Relu", {real}, active);
                return quantized(a, active, 0.05);
            }
            return quantized(a, real, 0.05);
        }
        Drawn y = a;
        y.integers = fresh("y");
        set_grid(y, 0.05);
        add("QLinearAdd",
            {a.integers, a.grid + "_s", a.grid + "_z", b.integers, b.grid + "_s", b.grid + "_z", y.grid + "_s", y.grid + "_z"}, y.integers,
            "com.microsoft");
        return y;
    }

    Drawn joined(const Drawn& a, const Drawn& b) {
        Drawn y = a;
        y.channels += b.channels;
        if (q_) {
            y.integers = fresh("y");
            set_grid(y, 0.04);
            auto& node =
                add("QLinearConcat",
                    {y.grid + "_s", y.grid + "_z", a.integers, a.grid + "_s", a.grid + "_z", b.integers, b.grid + "_s", b.grid + "_z"},
                    y.integers, "com.microsoft");
            set(node, "axis", std::int64_t{1});
            return y;
        }
        const std::string real = fresh("join");
        set(add("Concat", {a.name, b.name}, real), "axis", std::int64_t{1});
        return quantized(y, real, 0.04);
    }

    /// On the integers themselves.
    Drawn largest(const Drawn& x) {
        const Window w = window(x, 3);
        Drawn y = behind(x, w, x.channels, "");
        y.integers = fresh("pool");
        set_window(add("MaxPool", {x.integers}, y.integers), w, true);
        if (!q_) dequantize(y);
        return y;
    }

    Drawn average(const Drawn& x) {
        Window w = window(x, 3);
        w.pad = 0;
        Drawn y = behind(x, w, x.channels, "");
        if (q_) {
            y = microsoft("AveragePool", x, y, 0.03);
            set_window(*builder_.graph().mutable_node(builder_.graph().node_size() - 1), w, true);
            return y;
        }
        const std::string real = fresh("mean");
        set_window(add("AveragePool", {x.name}, real), w, true);
        return quantized(y, real, 0.03);
    }

    Drawn padded(const Drawn& x) {
        if (q_) return x;
        Drawn y = x;
        y.integers = fresh("pad");
        const std::int64_t by = 1 + pick(2);
        add("Pad", {x.integers, integers({0, 0, by, 0, 0, 0, 0, by}), x.grid + "_z"}, y.integers);
        y.rows += by;
        y.columns += by;
        dequantize(y);
        return y;
    }

    Drawn block(const Drawn& x) {
        switch (pick(8)) {
            case 0:
                return convolution(x, 2 + pick(6));
            case 1:
                return largest(x);
            case 2:
                return average(x);
            case 3:
                return sum(convolution(convolution(x, 4, true), x.channels, true), x);
            case 4:
                return joined(x, convolution(x, 1 + pick(4), true));
            case 5:
                return one("LeakyRelu", x, x, 0.03);
            case 6:
                return convolution(padded(x), 3);
            default:
                return one("Sigmoid", x, x, 1.0 / 256);
        }
    }

    Drawn flattened(Drawn x) {
        const std::int64_t features = x.channels * std::max<std::int64_t>(1, x.rows) * std::max<std::int64_t>(1, x.columns);
        const std::string flat = fresh("flat");
        add("Flatten", {x.integers}, flat);
        x.integers = flat;
        x.channels = features;
        x.rows = x.columns = 0;
        if (!q_) dequantize(x);
        return x;
    }

    Drawn dense(const Drawn& x, std::int64_t outputs) {
        const bool gemm = pick(2) == 0;
        // QLinearMatMul has no bias, and scales per column only where the standard's axis says so.
        const Weights w = weights({x.channels, outputs}, 1, per_channel_ && !(q_ && !gemm));
        const std::string b = gemm ? bias(x, w, outputs) : "";
        Drawn y = x;
        y.channels = outputs;
        if (!q_) {
            const std::string real = fresh("dense");
            add(gemm ? "Gemm" : "MatMul", gemm ? std::vector{x.name, w.reals, b} : std::vector{x.name, w.reals}, real);
            return quantized(y, real, 0.05);
        }
        y.integers = fresh("y");
        set_grid(y, 0.05);
        std::vector<std::string> inputs{x.integers, x.grid + "_s", x.grid + "_z", w.integers, w.scales, w.zeros};
        if (gemm) inputs.push_back(b);
        inputs.insert(inputs.end(), {y.grid + "_s", y.grid + "_z"});
        add(gemm ? "QGemm" : "QLinearMatMul", inputs, y.integers, gemm ? "com.microsoft" : "");
        return y;
    }

    RandomFile head(Drawn x) {
        const std::string form = q_ ? "QOperator" : "QDQ";
        if (pick(3)) {
            if (pick(2)) {
                Drawn mean = x;
                mean.rows = mean.columns = 1;
                x = one("GlobalAveragePool", x, mean, 0.02);
            }
            x = dense(flattened(x), 2 + pick(6));
        }
        if (!q_ && pick(4) == 0) return finished(form, x.integers, x.rows ? 4 : 2, false, type());
        if (q_) dequantize(x);
        if (x.rows || pick(2)) return finished(form, x.name, x.rows ? 4 : 2, false);
        const std::string y = fresh("y");
        set(add("Softmax", {x.name}, y), "axis", std::int64_t{1});
        return finished(form, y, 2, false);
    }

    bool q_, unsigned_, per_channel_;
};

}  // namespace

RandomFile random_qdq_file(std::uint64_t seed, bool quantized_operators) { return QdqDrawer(seed, quantized_operators).draw(); }

}  // namespace weft::test
