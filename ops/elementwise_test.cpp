// elementwise_test.cpp
// The faces of every elementwise operator against each other: evaluation in float and double, long double, exact, straight pieces.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::SingleNode;
using test::with;

struct Case {
    std::string name;
    Attributes attributes = {};
    std::vector<Tensor> others = {};  ///< The inputs besides the varying one, of one element each; an empty tensor is left out.
    std::size_t varying = 0;
    DataType type = DataType::float64;
    std::string domain = "";
    int opset = 21;
};

Tensor number(double value) { return Tensor::of<double>({1}, {{value}}); }
template <class T>
Tensor integer(T value) {
    return Tensor::of<T>({1}, {{value}});
}
Tensor left_out() { return Tensor(DataType::float64, {0}); }

std::vector<Case> cases() {
    std::vector<Case> list;
    for (const char* name : {"Relu",        "LeakyRelu", "ThresholdedRelu",
                             "HardSigmoid", "HardSwish", "Softsign",
                             "Abs",         "Neg",       "Reciprocal",
                             "Sign",        "Floor",     "Ceil",
                             "Round",       "Sigmoid",   "Tanh",
                             "Exp",         "Log",       "Sqrt",
                             "Erf",         "Softplus",  "Elu",
                             "Celu",        "Selu",      "Gelu",
                             "Mish"}) {
        list.push_back({name});
    }
    list.push_back({"LeakyRelu", with({{"alpha", -0.5}})});
    list.push_back({"LeakyRelu", with({{"alpha", 1.0}})});
    list.push_back({"HardSigmoid", with({{"alpha", -0.25}, {"beta", 0.75}})});
    list.push_back({"HardSigmoid", with({{"alpha", 0.0}, {"beta", 0.25}})});
    list.push_back({"Celu", with({{"alpha", 2.0}})});
    list.push_back({"Gelu", with({{"approximate", std::string("tanh")}})});
    list.push_back({"Cast", with({{"to", std::int64_t{1}}})});
    list.push_back({"CastLike", {}, {number(1)}});

    list.push_back({"Clip"});
    list.push_back({"Clip", {}, {number(-1.5), number(2.25)}});
    list.push_back({"Clip", {}, {left_out(), number(0.1)}});
    list.push_back({"Clip", {}, {number(0.5)}});
    list.push_back({"Clip", {}, {number(2), number(1)}});
    list.push_back({"Clip", with({{"min", 0.0}, {"max", 6.0}}), {}, 0, DataType::float64, "", 6});
    list.push_back({"Clip", {}, {integer<std::int8_t>(-7), integer<std::int8_t>(7)}, 0, DataType::int8});

    for (const char* name : {"Add", "Sub", "Mul", "Div", "Min", "Max", "PRelu"}) {
        for (const double constant : {0.3, -1.25}) {
            list.push_back({name, {}, {number(constant)}});
            list.push_back({name, {}, {number(constant)}, 1});
        }
    }
    list.push_back({"Mul", {}, {number(0)}});
    list.push_back({"PRelu", {}, {number(1)}});
    for (const double exponent : {0.0, 1.0, 2.0, 3.0, -1.0, 0.5}) list.push_back({"Pow", {}, {number(exponent)}});
    list.push_back({"Pow", {}, {number(2)}, 1});
    for (const char* name : {"Sum", "Mean", "Min", "Max"}) {
        list.push_back({name});
        list.push_back({name, {}, {number(0.7), number(-0.4)}, 1});
    }
    list.push_back({"BatchNormalization", {}, {number(1.5), number(-0.2), number(0.3), number(2.0)}});

    list.push_back({"QuantizeLinear", {}, {number(0.25f), integer<std::int8_t>(3)}});
    list.push_back({"QuantizeLinear", {}, {number(0.1f), integer<std::uint8_t>(128)}});
    list.push_back({"QuantizeLinear", {}, {number(0.5f)}});
    list.push_back({"QuantizeLinear", {}, {number(1.0f / 3), integer<std::int16_t>(-5)}});
    list.push_back({"DequantizeLinear", {}, {number(0.1f), integer<std::int8_t>(-4)}, 0, DataType::int8});
    list.push_back({"DequantizeLinear", {}, {number(0.1f)}, 0, DataType::uint8});
    const auto quantizer = [](double scale, std::int64_t zero, std::int64_t min, std::int64_t max) {
        return with({{"scale", std::vector<double>{scale}}, {"zero_point", std::vector<std::int64_t>{zero}}, {"min", min}, {"max", max}});
    };
    list.push_back({"typed", quantizer(0.25, 3, 0, 15), {}, 0, DataType::float64, "weft", 1});
    list.push_back({"typed", quantizer(0.1f, 0, -7, 7), {}, 0, DataType::float64, "weft", 1});
    list.push_back({"count", {}, {number(-0.5), number(0.25), number(0.25)}, 0, DataType::float64, "weft", 1});
    return list;
}

/// Grid points where functions bend and quantizers tie, and others; ascending.
std::vector<double> points(DataType type) {
    std::vector<double> list;
    if (!is_float(type)) {
        const int low = type == DataType::uint8 ? 0 : -128;
        for (int i = 0; i < 256; ++i) list.push_back(low + i);
        return list;
    }
    for (int i = -64; i <= 64; ++i) list.push_back(i / 8.0);
    std::mt19937 generator(7);
    std::normal_distribution<double> normal(0, 3);
    for (int i = 0; i < 200; ++i) list.push_back(static_cast<float>(normal(generator)));
    std::sort(list.begin(), list.end());
    return list;
}

/// A node of the case, its inputs in order, ready to be asked.
struct Setting {
    std::vector<double> x;
    SingleNode single;
    const ElementwiseTrait& trait;
    std::vector<std::size_t> positions;  ///< Of the other inputs.

    Setting(const Case& c, DataType type)
        : x(points(c.type)), single(c.domain, c.name, c.opset, c.attributes, inputs(c, type)), trait(*single.node->op->traits.elementwise) {
        for (std::size_t i = 0; i < c.others.size() + 1; ++i) {
            if (i == c.varying) continue;
            const Tensor& other = c.others[i < c.varying ? i : i - 1];
            if (other.size() == 0) single.node->inputs[i] = nullptr;
        }
    }

    static std::vector<Tensor> inputs(const Case& c, DataType type) {
        const std::vector<double> x = points(c.type);
        std::vector<Tensor> tensors;
        for (const Tensor& other : c.others) tensors.push_back(is_float(other.type()) ? other.cast(type) : other);
        Tensor varying = Tensor::of<double>({static_cast<std::int64_t>(x.size()), 1}, x);
        tensors.insert(tensors.begin() + static_cast<std::ptrdiff_t>(c.varying), varying.cast(is_float(c.type) ? type : c.type));
        return tensors;
    }

    Tensor evaluate() {
        EXPECT_EQ(single.infer(), "");
        std::vector<const Tensor*> given;
        for (std::size_t i = 0; i < single.tensors.size(); ++i) given.push_back(single.node->has_input(i) ? &single.tensors[i] : nullptr);
        auto outputs = single.node->op->evaluate(*single.node, given);
        EXPECT_TRUE(outputs);
        return outputs ? std::move((*outputs)[0]) : Tensor();
    }

    template <class T>
    std::vector<T> at(std::size_t varying, double value) const {
        std::vector<T> reals;
        for (std::size_t i = 0; i < single.tensors.size(); ++i) {
            const bool there = single.node->has_input(i);
            if constexpr (std::is_same_v<T, Rational>) {
                reals.emplace_back(!there ? 0.0 : i == varying ? value : single.tensors[i].at(0));
            } else {
                reals.push_back(!there ? std::numeric_limits<T>::quiet_NaN() : i == varying ? value : single.tensors[i].at(0));
            }
        }
        return reals;
    }
};

std::string describe(const Case& c, std::size_t index) { return c.name + ", case " + std::to_string(index); }

TEST(Elementwise, EveryOperatorIsHere) {
    std::set<std::string> tested;
    for (const Case& c : cases()) tested.insert(c.domain + "." + c.name);
    for (const OpDef* op : op_registry()) {
        if (!op->traits.elementwise) continue;
        EXPECT_TRUE(tested.count(std::string(op->domain) + "." + std::string(op->name))) << op->name << " has no case";
    }
}

TEST(Elementwise, RealIsWhatDoubleEvaluates) {
    const auto list = cases();
    for (std::size_t k = 0; k < list.size(); ++k) {
        SCOPED_TRACE(describe(list[k], k));
        Setting setting(list[k], DataType::float64);
        const Tensor y = setting.evaluate();
        for (std::size_t i = 0; i < setting.x.size(); ++i) {
            const auto inputs = setting.at<long double>(list[k].varying, setting.x[i]);
            const long double real = setting.trait.real(*setting.single.node, inputs);
            const double found = y.at(static_cast<std::int64_t>(i));
            if (std::isnan(real) && std::isnan(found)) continue;
            if (real == found) continue;
            EXPECT_NEAR(found, static_cast<double>(real), 4e-15 * std::max(1.0L, std::abs(real))) << "at " << setting.x[i];
        }
    }
}

TEST(Elementwise, FloatIsNearDouble) {
    const auto list = cases();
    for (std::size_t k = 0; k < list.size(); ++k) {
        SCOPED_TRACE(describe(list[k], k));
        const Tensor exact = Setting(list[k], DataType::float64).evaluate();
        const Tensor found = Setting(list[k], DataType::float32).evaluate();
        // Where the division in float falls on a tie that the one in double misses, a quantizer may step to the neighbour.
        const bool steps = list[k].name == "QuantizeLinear" || list[k].name == "typed";
        int neighbours = 0;
        for (std::int64_t i = 0; i < exact.size(); ++i) {
            if (std::isnan(exact.at(i)) && std::isnan(found.at(i))) continue;
            if (exact.at(i) == found.at(i)) continue;
            const double difference = std::abs(exact.at(i) - found.at(i));
            const bool near = difference <= 2e-6 * std::max(1.0, std::abs(exact.at(i)));
            if (!near && steps && difference <= 1)
                ++neighbours;
            else
                EXPECT_TRUE(near) << found.at(i) << " instead of " << exact.at(i);
        }
        EXPECT_LE(neighbours, 20);
    }
}

TEST(Elementwise, ExactIsWhatDoubleEvaluates) {
    const auto list = cases();
    for (std::size_t k = 0; k < list.size(); ++k) {
        SCOPED_TRACE(describe(list[k], k));
        Setting setting(list[k], DataType::float64);
        if (!setting.trait.exact) continue;
        const Tensor y = setting.evaluate();
        for (std::size_t i = 0; i < setting.x.size(); ++i) {
            const auto exact = setting.trait.exact(*setting.single.node, setting.at<Rational>(list[k].varying, setting.x[i]));
            const double found = y.at(static_cast<std::int64_t>(i));
            if (!exact) continue;
            ASSERT_TRUE(std::isfinite(found)) << "at " << setting.x[i];
            const Rational difference = abs(Rational(found) - *exact);
            EXPECT_LE(difference, Rational(1e-15) * (1 + abs(*exact))) << "at " << setting.x[i];
        }
    }
}

TEST(Elementwise, PiecesAreExact) {
    const auto list = cases();
    int with_pieces = 0;
    for (std::size_t k = 0; k < list.size(); ++k) {
        SCOPED_TRACE(describe(list[k], k));
        Setting setting(list[k], DataType::float64);
        EXPECT_EQ(setting.single.infer(), "");
        if (!setting.trait.pieces) continue;
        ASSERT_TRUE(setting.trait.exact);
        const Node& node = *setting.single.node;
        const int varying = static_cast<int>(list[k].varying);
        const auto pieces = setting.trait.pieces(node, varying, setting.at<Rational>(list[k].varying, 0));
        if (!pieces) continue;
        ++with_pieces;
        ASSERT_EQ(pieces->lines.size(), pieces->breaks.size() + 1);
        std::vector<Rational> at(setting.x.begin(), setting.x.end());
        for (const Rational& bend : pieces->breaks) {
            at.insert(at.end(), {bend, bend - Rational(1, 1000000), bend + Rational(1, 1000000)});
        }
        for (const Rational& x : at) {
            auto inputs = setting.at<Rational>(list[k].varying, 0);
            inputs[list[k].varying] = x;
            EXPECT_EQ((*pieces)(x), *setting.trait.exact(node, inputs)) << "at " << x.get_d();
        }
    }
    EXPECT_GE(with_pieces, 30);
}

TEST(Elementwise, NonDecreasingOnesAre) {
    const auto list = cases();
    for (std::size_t k = 0; k < list.size(); ++k) {
        SCOPED_TRACE(describe(list[k], k));
        Setting setting(list[k], DataType::float64);
        if (!setting.trait.non_decreasing) continue;
        const Tensor y = setting.evaluate();
        for (std::int64_t i = 1; i < y.size(); ++i) EXPECT_FALSE(y.at(i) < y.at(i - 1)) << "at " << setting.x[static_cast<std::size_t>(i)];
    }
}

TEST(Elementwise, SaysWhereThereIsNoValue) {
    const auto exact = [](const std::string& name, std::vector<Tensor> tensors, std::vector<Rational> inputs) {
        const SingleNode single("", name, 21, {}, std::move(tensors));
        return single.node->op->traits.elementwise->exact(*single.node, inputs);
    };
    const Tensor x = number(1);
    EXPECT_FALSE(exact("Reciprocal", {x}, {0}));
    EXPECT_FALSE(exact("Div", {x, x}, {1, 0}));
    EXPECT_FALSE(exact("Pow", {x, x}, {2, Rational(1, 2)}));
    EXPECT_FALSE(exact("Pow", {x, x}, {0, -1}));
    EXPECT_FALSE(exact("Pow", {x, x}, {2, 1000000}));
    const SingleNode quotient("", "Div", 21, {}, {x, x});
    const auto pieces = quotient.node->op->traits.elementwise->pieces;
    EXPECT_FALSE(pieces(*quotient.node, 1, std::vector<Rational>{1, 0}));
    EXPECT_FALSE(pieces(*quotient.node, 0, std::vector<Rational>{0, 0}));
}

}  // namespace
}  // namespace weft
