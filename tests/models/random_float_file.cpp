// random_float_file.cpp
// Float networks as people compose them: paddings of their own, inputs read twice, heads in another layout, products with computed addends.
// SPDX-License-Identifier: Apache-2.0
#include "tests/models/random_drawer.h"

namespace weft::test {

namespace {

class FloatDrawer : public RandomDrawer {
public:
    explicit FloatDrawer(std::uint64_t seed) : RandomDrawer(seed, seed % 2 ? 13 : 17) {}

    RandomFile draw() {
        Drawn x = input(3, 5);
        if (pick(5) == 0) return residual(x);
        if (pick(4) == 0) x = normalised_input(x);
        if (pick(4) == 0) x = padded(x);
        x = activated(convolution(x, 3 + pick(5)));
        const int blocks = 1 + pick(3);
        const int impossible = pick(6) == 0 ? pick(blocks) : -1;
        for (int i = 0; i < blocks; ++i) x = i == impossible ? without_hardware(x) : block(x);
        return head(x);
    }

private:
    Drawn normalised_input(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("scaled");
        const std::string centred = fresh("centred");
        add("Sub", {x.name, reals({x.channels, 1, 1}, 0, 0.6)}, centred);
        add(pick(2) ? "Div" : "Mul", {centred, reals({x.channels, 1, 1}, 0.4, 2)}, y.name);
        return y;
    }

    Drawn padded(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("pad");
        const std::vector<std::int64_t> pads{0, 0, pick(3), pick(3), 0, 0, pick(3), pick(3)};
        std::vector<std::string> inputs{x.name, integers(pads)};
        if (pick(2)) inputs.push_back(real(pick(3) ? 0 : uniform(-1, 1)));
        add("Pad", inputs, y.name);
        y.rows += pads[2] + pads[6];
        y.columns += pads[3] + pads[7];
        return y;
    }

    Drawn convolution(const Drawn& x, std::int64_t outputs, bool same = false) {
        const bool depthwise = !same && pick(4) == 0;
        const Window w = same ? same_size() : window(x, 4);
        if (depthwise) outputs = x.channels;
        const std::int64_t inputs = depthwise ? 1 : x.channels;
        const double reach = 2 / std::sqrt(static_cast<double>(inputs * w.rows * w.columns));
        std::vector<std::string> operands{x.name, reals({outputs, inputs, w.rows, w.columns}, -reach, reach)};
        const bool biased = pick(3) > 0;
        if (biased) operands.push_back(reals({outputs}, -0.5, 0.5));
        const Drawn y = behind(x, w, outputs, fresh("conv"));
        auto& node = add("Conv", operands, y.name);
        set_window(node, w, false);
        if (depthwise) set(node, "group", x.channels);
        return biased || pick(2) ? y : batch_normalised(y);
    }

    Drawn batch_normalised(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("bn");
        add("BatchNormalization",
            {x.name, reals({x.channels}, pick(3) ? 0.3 : -1.5, 2), reals({x.channels}, -1, 1), reals({x.channels}, -0.5, 0.5),
             reals({x.channels}, 0.2, 2)},
            y.name);
        return y;
    }

    Drawn activated(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("act");
        static constexpr const char* plain[] = {"Relu", "Relu",        "Relu", "LeakyRelu", "Sigmoid",
                                                "Tanh", "HardSigmoid", "Elu",  "Softplus",  "Softsign"};
        switch (pick(5)) {
            case 0:
                add("PRelu", {x.name, reals({x.channels, 1, 1}, pick(3) ? 0 : -0.4, 0.5)}, y.name);
                return y;
            case 1: {  // x * sigmoid(x)
                const std::string gate = fresh("gate");
                add("Sigmoid", {x.name}, gate);
                add("Mul", {x.name, gate}, y.name);
                return y;
            }
            case 2:
                add("Clip", {x.name, real(0), real(6)}, y.name);
                return y;
            default:
                add(plain[pick(10)], {x.name}, y.name);
                return y;
        }
    }

    Drawn pooled(const Drawn& x) {
        const Window w = window(x, 3);
        const Drawn y = behind(x, w, x.channels, fresh("pool"));
        const bool most = pick(3) > 0;
        auto& node = add(most ? "MaxPool" : "AveragePool", {x.name}, y.name);
        set_window(node, w, true);
        if (!most && pick(2)) set(node, "count_include_pad", std::int64_t{1});
        return y;
    }

    Drawn sum(const Drawn& a, const Drawn& b) {
        Drawn y = a;
        y.name = fresh("sum");
        add(pick(4) ? "Add" : "Sub", {a.name, b.name}, y.name);
        return y;
    }

    Drawn joined(const Drawn& a, const Drawn& b) {
        Drawn y = a;
        y.name = fresh("join");
        y.channels += b.channels;
        set(add("Concat", {a.name, b.name}, y.name), "axis", std::int64_t{1});
        return y;
    }

    Drawn block(const Drawn& x) {
        switch (pick(8)) {
            case 0:
                return activated(convolution(x, 2 + pick(8)));
            case 1:
                return activated(pooled(convolution(x, 2 + pick(6))));
            case 2:
                return pooled(x);
            case 3:
                return activated(sum(convolution(activated(convolution(x, 3, true)), x.channels, true), x));
            case 4:
                return activated(batch_normalised(joined(x, convolution(x, 1 + pick(4), true))));
            case 5:
                return activated(convolution(padded(x), 2 + pick(5)));
            case 6: {  // channels last in between
                Drawn y = x;
                const std::string last = fresh("last"), inside = fresh("inside");
                y.name = fresh("first");
                set(add("Transpose", {x.name}, last), "perm", {0, 2, 3, 1});
                add(pick(2) ? "Relu" : "Tanh", {last}, inside);
                set(add("Transpose", {inside}, y.name), "perm", {0, 3, 1, 2});
                return y;
            }
            default:
                return batch_normalised(activated(convolution(x, 2 + pick(5))));
        }
    }

    /// What is to be refused, by its own name.
    Drawn without_hardware(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("hard");
        switch (pick(6)) {
            case 0:
                set(add("Softmax", {x.name}, y.name), "axis", std::int64_t{1});
                return convolution(y, 3, true);
            case 1: {  // channel shuffle
                const Drawn even = convolution(x, 4, true);
                const std::string apart = fresh("apart"), swapped = fresh("swapped");
                add("Reshape", {even.name, integers({0, 2, 2, even.rows, even.columns})}, apart);
                set(add("Transpose", {apart}, swapped), "perm", {0, 2, 1, 3, 4});
                add("Reshape", {swapped, integers({0, 4, even.rows, even.columns})}, y.name);
                y.channels = 4;
                return convolution(y, 3, true);
            }
            case 2: {
                const Drawn wide = convolution(x, 6, true);
                y.channels = 6;
                auto& node = add("Conv", {wide.name, reals({6, 2, 1, 1}, -1, 1)}, y.name);
                set(node, "group", std::int64_t{3});
                return y;
            }
            case 3: {
                const std::string constant = reals({1, 1, x.rows, x.columns}, -1, 1);
                set(add("Concat", {x.name, constant}, y.name), "axis", std::int64_t{1});
                ++y.channels;
                return convolution(y, 3, true);
            }
            case 4: {
                const Drawn other = activated(convolution(x, x.channels, true));
                add("Mul", {x.name, other.name}, y.name);
                return convolution(y, 3, true);
            }
            default: {
                const Drawn other = convolution(x, x.channels, true);
                add("Max", {x.name, other.name}, y.name);
                return convolution(y, 3, true);
            }
        }
    }

    /// The input read again behind everything: a picture improved, or joined to what was made of it.
    RandomFile residual(const Drawn& given) {
        Drawn x = activated(convolution(given, 3 + pick(4), true));
        for (int more = pick(3); more > 0; --more) x = activated(convolution(x, 2 + pick(4), true));
        const Drawn y = pick(2) ? sum(convolution(x, given.channels, true), given) : convolution(joined(given, x), 3, true);
        return finished("float, the input read twice", y.name, 4, true);
    }

    std::string dense(const std::string& x, std::int64_t inputs, std::int64_t outputs) {
        const double reach = 1 / std::sqrt(static_cast<double>(inputs));
        const std::string y = fresh("dense");
        if (pick(3) == 0) {
            const std::string product = fresh("product");
            add("MatMul", {x, reals({inputs, outputs}, -reach, reach)}, product);
            add("Add", {product, reals({outputs}, -0.5, 0.5)}, y);
            return y;
        }
        const bool transposed = pick(2) == 0;
        auto& node =
            add("Gemm",
                {x, reals(transposed ? Shape{outputs, inputs} : Shape{inputs, outputs}, -reach, reach), reals({outputs}, -0.5, 0.5)}, y);
        set(node, "transB", std::int64_t{transposed});
        return y;
    }

    RandomFile head(const Drawn& x) {
        const int kind = pick(6);
        if (kind == 0) return finished("float, an image at the end", convolution(x, 1 + pick(5)).name, 4, true);
        if (kind == 1) {  // scores of every position, channels last
            const Drawn scores = convolution(x, 2 + pick(4), true);
            const std::string last = fresh("last"), y = fresh("y");
            set(add("Transpose", {scores.name}, last), "perm", {0, 2, 3, 1});
            static constexpr const char* tails[] = {"Softmax", "Sigmoid", "ArgMax", "Mul"};
            const std::string tail = tails[pick(4)];
            auto& node = add(tail, tail == "Mul" ? std::vector{last, real(0.5)} : std::vector{last}, y);
            if (tail == "Softmax" || tail == "ArgMax") set(node, "axis", std::int64_t{-1});
            return finished("float, channels last at the end", y, 4, true,
                            tail == "ArgMax" ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
        }
        std::string flat = fresh("flat");
        std::int64_t features = x.channels;
        if (kind == 2) {
            const std::string mean = fresh("mean");
            add(pick(3) ? "GlobalAveragePool" : "GlobalMaxPool", {x.name}, mean);
            add("Flatten", {mean}, flat);
        } else if (kind == 3) {
            set(add("ReduceMean", {x.name}, flat), "axes", {2, 3});
            set(builder_.graph().mutable_node()->at(builder_.graph().node_size() - 1), "keepdims", std::int64_t{0});
        } else {
            features *= x.rows * x.columns;
            if (pick(2))
                add("Flatten", {x.name}, flat);
            else
                add("Reshape", {x.name, integers({0, -1})}, flat);
        }
        if (pick(3) == 0) {  // a product with an addend of the model's own
            const std::string gate = dense(flat, features, 5), active = fresh("active"), y = fresh("y");
            add("Relu", {gate}, active);
            auto& node = add("Gemm", {flat, reals({features, 5}, -0.3, 0.3), active}, y);
            if (pick(2)) set_real(node, "beta", uniform(0.5, 2));
            if (pick(2)) set_real(node, "alpha", uniform(0.5, 2));
            return finished("float, a computed addend", y, 2, true);
        }
        std::string y = dense(flat, features, 2 + pick(8));
        if (pick(3) == 0) {
            const std::string logits = y;
            y = fresh("y");
            set(add("Softmax", {logits}, y), "axis", std::int64_t{1});
        }
        return finished("float, dense at the end", y, 2, true);
    }
};

}  // namespace

RandomFile random_float_file(std::uint64_t seed) { return FloatDrawer(seed).draw(); }

}  // namespace weft::test
