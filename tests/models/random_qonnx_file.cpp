// random_qonnx_file.cpp
// Networks of few bits as Brevitas and FINN write them: Quant, IntQuant, BipolarQuant and MultiThreshold in the domains of real files.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "tests/models/random_drawer.h"

namespace weft::test {

namespace {

class QonnxDrawer : public RandomDrawer {
public:
    QonnxDrawer(std::uint64_t seed, bool thresholds) : RandomDrawer(seed, 13), thresholds_(thresholds) {
        static constexpr const char* domains[] = {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas", ""};
        static constexpr int widths[] = {1, 2, 3, 4, 8};
        static constexpr const char* modes[] = {"ROUND", "ROUND", "ROUND", "FLOOR", "CEIL"};
        domain_ = domains[pick(4)];
        if (!domain_.empty() && pick(2)) import_domain(domain_);
        weight_bits_ = widths[pick(5)];
        bits_ = widths[pick(5)];
        mode_ = modes[pick(5)];
        powers_ = pick(2) == 0;
    }

    RandomFile draw() {
        Drawn x = input(3, 5);
        x = quantized(x, 8, 2.0 / 127, true);
        x = convolution(x, 3 + pick(4));
        const int blocks = 1 + pick(3);
        for (int i = 0; i < blocks; ++i) x = block(x);
        return head(x);
    }

private:
    double scale_near(double step) {
        return powers_ ? std::exp2(std::nearbyint(std::log2(step))) : static_cast<float>(step * uniform(0.8, 1.25));
    }

    Drawn quantized(Drawn x, int bits, double step, bool is_signed) {
        Drawn y = x;
        y.name = fresh("q");
        y.step = scale_near(step);
        if (bits == 1 && pick(2)) {
            add("BipolarQuant", {x.name, real(y.step)}, y.name, domain_);
            return y;
        }
        auto& node = add(pick(4) ? "Quant" : "IntQuant", {x.name, real(y.step), real(0), real(bits)}, y.name, domain_);
        set(node, "signed", std::int64_t{is_signed});
        set(node, "narrow", std::int64_t{is_signed && bits > 1 && pick(3) == 0});
        set_text(node, "rounding_mode", mode_);
        return y;
    }

    /// The quantizer behind a layer whose sums reach about `reach`.
    Drawn activated(Drawn x, double reach) {
        if (thresholds_) {
            const int levels = (1 << std::min(bits_, 4)) - 1;
            const bool per_channel = x.rows > 0 && pick(2);
            const std::int64_t rows = per_channel ? x.channels : 1;
            std::vector<float> values;
            for (std::int64_t row = 0; row < rows; ++row) {
                std::vector<float> drawn(static_cast<std::size_t>(levels));
                for (float& value : drawn) value = static_cast<float>(uniform(-reach, reach));
                std::sort(drawn.begin(), drawn.end());
                values.insert(values.end(), drawn.begin(), drawn.end());
            }
            const std::string table = fresh("k");
            builder_.floats(table, {rows, levels}, values);
            Drawn y = x;
            y.name = fresh("t");
            auto& node = add("MultiThreshold", {x.name, table}, y.name, domain_.empty() ? "qonnx.custom_op.general" : domain_);
            const double scale = pick(2) ? 1 : 0.5;
            set_text(node, "out_dtype", "INT8");
            set_text(node, "data_layout", "NCHW");
            set_real(node, "out_scale", scale);
            set_real(node, "out_bias", pick(2) ? 0 : -scale * (1 << (std::min(bits_, 4) - 1)));
            return y;
        }
        const bool positive = bits_ > 1 && pick(3) > 0;
        if (positive) {
            Drawn y = x;
            y.name = fresh("act");
            add("Relu", {x.name}, y.name);
            return quantized(y, bits_, reach / (1 << bits_), false);
        }
        return quantized(x, bits_, 2 * reach / (1 << bits_), true);
    }

    std::string weights(const Shape& shape, std::size_t axis) {
        const double reach = 1.5 / std::sqrt(static_cast<double>(element_count(shape)) / static_cast<double>(shape[axis]));
        const std::string y = fresh("wq"), drawn = reals(shape, -reach, reach);
        if (weight_bits_ == 1) {
            add("BipolarQuant", {drawn, real(scale_near(reach / 2))}, y, domain_);
            return y;
        }
        const double step = reach / (1 << (weight_bits_ - 1));
        std::string scales = real(scale_near(step));
        if (pick(2)) {
            Shape dims(shape.size(), 1);
            dims[axis] = shape[axis];
            scales = fresh("k");
            std::vector<float> values;
            for (std::int64_t i = 0; i < shape[axis]; ++i) values.push_back(static_cast<float>(scale_near(step * uniform(0.7, 1.4))));
            builder_.floats(scales, dims, values);
        }
        auto& node = add("Quant", {drawn, scales, real(0), real(weight_bits_)}, y, domain_);
        set(node, "signed", std::int64_t{1});
        set(node, "narrow", std::int64_t{pick(2)});
        set_text(node, "rounding_mode", "ROUND");
        return y;
    }

    Drawn batch_normalised(const Drawn& x) {
        Drawn y = x;
        y.name = fresh("bn");
        add("BatchNormalization",
            {x.name, reals({x.channels}, pick(3) ? 0.3 : -1.5, 2), reals({x.channels}, -0.5, 0.5), reals({x.channels}, -0.5, 0.5),
             reals({x.channels}, 0.5, 2)},
            y.name);
        return y;
    }

    Drawn sums(const Drawn& x, std::int64_t outputs, bool same) {
        const bool depthwise = !same && pick(5) == 0;
        if (depthwise) outputs = x.channels;
        const Window w = same ? same_size() : window(x, 3);
        std::vector<std::string> inputs{x.name, weights({outputs, depthwise ? 1 : x.channels, w.rows, w.columns}, 0)};
        if (pick(4) == 0) {
            const std::string b = fresh("bq");
            auto& node = add("Quant", {reals({outputs}, -0.5, 0.5), real(std::exp2(-10)), real(0), real(16)}, b, domain_);
            set(node, "signed", std::int64_t{1});
            set(node, "narrow", std::int64_t{0});
            set_text(node, "rounding_mode", "ROUND");
            inputs.push_back(b);
        }
        const Drawn y = behind(x, w, outputs, fresh("conv"));
        auto& node = add("Conv", inputs, y.name);
        set_window(node, w, false);
        if (depthwise) set(node, "group", x.channels);
        return pick(2) ? batch_normalised(y) : y;
    }
    Drawn convolution(const Drawn& x, std::int64_t outputs, bool same = false) { return activated(sums(x, outputs, same), 2); }

    Drawn block(const Drawn& x) {
        switch (pick(6)) {
            case 0:
                return convolution(x, 2 + pick(6));
            case 1: {
                const Window w = window(x, 3);
                const Drawn y = behind(x, w, x.channels, fresh("pool"));
                set_window(add("MaxPool", {x.name}, y.name), w, true);
                return y;
            }
            case 2: {  // the pool before the quantizer
                const Drawn before = sums(x, 3, false);
                const Window w = window(before, 2);
                const Drawn y = behind(before, w, before.channels, fresh("pool"));
                set_window(add("MaxPool", {before.name}, y.name), w, true);
                return activated(y, 2);
            }
            case 3: {
                const Drawn inner = activated(sums(x, x.channels, true), 2);
                Drawn y = x;
                y.name = fresh("sum");
                add("Add", {inner.name, x.name}, y.name);
                return activated(y, 3);
            }
            case 4: {
                const Drawn other = convolution(x, 2, true);
                Drawn y = x;
                y.channels += other.channels;
                y.name = fresh("join");
                set(add("Concat", {x.name, other.name}, y.name), "axis", std::int64_t{1});
                return activated(y, 3);
            }
            default:
                return convolution(x, 2 + pick(4), true);
        }
    }

    RandomFile head(Drawn x) {
        const std::string form = thresholds_ ? "MultiThreshold" : "QONNX Quant";
        if (pick(3) == 0) {
            const Drawn y = pick(2) ? convolution(x, 3) : sums(x, 3, false);
            return finished(form, y.name, 4, false);
        }
        const std::string flat = fresh("flat"), y = fresh("y");
        const std::int64_t features = x.channels * x.rows * x.columns;
        add("Flatten", {x.name}, flat);
        add(pick(2) ? "MatMul" : "Gemm", {flat, weights({features, 4}, 1)}, y);
        return finished(form, y, 2, false);
    }

    bool thresholds_;
    std::string domain_;
    int weight_bits_ = 8, bits_ = 8;
    std::string mode_;
    bool powers_ = false;
};

}  // namespace

RandomFile random_qonnx_file(std::uint64_t seed, bool thresholds) { return QonnxDrawer(seed, thresholds).draw(); }

}  // namespace weft::test
