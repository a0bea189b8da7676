// evaluate_test.cpp
// Graphs of mixed real types: each value is computed in its own, or all of them in double.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/evaluate.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "tests/onnx/model_builder.h"

namespace weft::test {
namespace {

constexpr int channels = 3, rows = 2, columns = 4, elements = channels * rows * columns;

/// A value of the random network beside what it must hold, kept in double: rounded to float32 where it is one and `rounds`.
struct Reference {
    bool is_double = false;
    std::vector<double> real;
};

/// Networks over [1, channels, rows, columns] in which every operator's result is one rounding of exact arithmetic, whatever the order of
/// sums: matrices have one element a row and column. So results must be equal to the last bit.
class MixedNetwork {
public:
    MixedNetwork(unsigned seed, bool rounds) : random_(seed), rounds_(rounds) {
        builder_.input("x", {1, channels, rows, columns}, pick(2) ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT);
        Reference x{builder_.graph().input(0).type().tensor_type().elem_type() == onnx::TensorProto::DOUBLE, {}};
        for (int i = 0; i < elements; ++i) x.real.push_back(held(x.is_double, real()));
        input_ = x.real;
        values_.emplace_back("x", std::move(x));
        const int steps = 4 + pick(12);
        for (int i = 0; i < steps; ++i) add_step();
        // All of them leave, so that a type that is wrong somewhere in between shows.
        for (std::size_t i = 1; i < values_.size(); ++i)
            builder_.output(values_[i].first, {1, channels, rows, columns},
                            values_[i].second.is_double ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT);
    }

    void check() const {
        const auto model = builder_.import({.shapes = {}, .keep_shapes = true});
        ASSERT_TRUE(model) << messages(model);
        ASSERT_EQ(messages(model->warnings), "");
        const Tensor x = Tensor::of<double>({1, channels, rows, columns}, input_);
        const auto found = Evaluator(model->graph, rounds_ ? DataType::float32 : DataType::float64).run(std::span(&x, 1));
        ASSERT_TRUE(found) << messages(found);
        for (std::size_t i = 1; i < values_.size(); ++i) {
            const Tensor& tensor = (*found)[i - 1];
            EXPECT_EQ(tensor.type(), values_[i].second.is_double || !rounds_ ? DataType::float64 : DataType::float32) << values_[i].first;
            EXPECT_EQ(tensor.to_doubles(), values_[i].second.real) << values_[i].first;
        }
    }

    bool mixed() const {
        int doubles = 0;
        for (const auto& [name, value] : values_) doubles += value.is_double;
        return doubles > 0 && doubles < static_cast<int>(values_.size());
    }

private:
    int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
    /// A number that float32 cannot hold.
    double real() { return (static_cast<double>(random_() >> 8) / (1 << 23) - 1) * 3 + 1e-9; }
    double held(bool is_double, double value) const {
        return is_double || !rounds_ ? value : static_cast<double>(static_cast<float>(value));
    }

    std::string constant(bool is_double, const std::vector<std::int64_t>& shape, std::vector<double>& reals) {
        const std::string name = "c" + std::to_string(builder_.graph().initializer_size());
        auto& tensor = builder_.initialiser(name, is_double ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT, shape);
        for (double& element : reals) {
            // A constant of the file is float32 in both precisions.
            if (!is_double) element = static_cast<double>(static_cast<float>(element));
            if (is_double)
                tensor.add_double_data(element);
            else
                tensor.add_float_data(static_cast<float>(element));
        }
        return name;
    }

    onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs, Reference result) {
        const std::string name = "v" + std::to_string(values_.size());
        for (double& element : result.real) element = held(result.is_double, element);
        values_.emplace_back(name, std::move(result));
        return builder_.node(op, inputs, {name});
    }

    /// A matrix with one element a row and column, and which row each column has it in.
    std::vector<double> one_each(int size, std::vector<int>& row_of, std::vector<double>& factor) {
        row_of.resize(static_cast<std::size_t>(size));
        factor.resize(static_cast<std::size_t>(size));
        for (int i = 0; i < size; ++i) row_of[static_cast<std::size_t>(i)] = i;
        std::shuffle(row_of.begin(), row_of.end(), random_);
        std::vector<double> matrix(static_cast<std::size_t>(size * size), 0);
        for (int column = 0; column < size; ++column)
            matrix[static_cast<std::size_t>(row_of[static_cast<std::size_t>(column)] * size + column)] = real();
        return matrix;
    }

    static std::size_t at(int channel, int row, int column) { return static_cast<std::size_t>((channel * rows + row) * columns + column); }

    void add_cast(std::size_t from) {
        static constexpr int types[] = {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE, onnx::TensorProto::FLOAT16,
                                        onnx::TensorProto::BFLOAT16};
        const int type = types[pick(4)];
        Reference result = values_[from].second;
        result.is_double = type == onnx::TensorProto::DOUBLE;
        ModelBuilder::attribute(node("Cast", {values_[from].first}, std::move(result)), "to", type);
    }

    void add_step() {
        const std::size_t from = values_.size() - 1 - static_cast<std::size_t>(pick(std::min(3, static_cast<int>(values_.size()))));
        const std::string name = values_[from].first;
        const Reference x = values_[from].second;
        Reference y{x.is_double, std::vector<double>(static_cast<std::size_t>(elements))};
        std::vector<int> row_of;
        std::vector<double> factor;
        switch (pick(9)) {
            case 0:
            case 1:
                add_cast(from);
                break;
            case 2: {  // a sum with another value, cast to the same type
                const std::size_t other = static_cast<std::size_t>(pick(static_cast<int>(values_.size())));
                Reference cast = values_[other].second;
                cast.is_double = x.is_double;
                ModelBuilder::attribute(node("Cast", {values_[other].first}, cast), "to",
                                        x.is_double ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT);
                cast = values_.back().second;
                for (std::size_t i = 0; i < y.real.size(); ++i) y.real[i] = x.real[i] + cast.real[i];
                node("Add", {name, values_.back().first}, std::move(y));
                break;
            }
            case 3: {
                std::vector<double> factors(static_cast<std::size_t>(columns));
                for (double& element : factors) element = real();
                const std::string weight = constant(x.is_double, {columns}, factors);
                for (std::size_t i = 0; i < y.real.size(); ++i) y.real[i] = x.real[i] * factors[i % columns];
                node("Mul", {name, weight}, std::move(y));
                break;
            }
            case 4: {
                std::vector<double> matrix = one_each(columns, row_of, factor);
                const std::string weight = constant(x.is_double, {columns, columns}, matrix);
                for (int i = 0; i < elements; ++i) {
                    const int source = row_of[static_cast<std::size_t>(i % columns)];
                    y.real[static_cast<std::size_t>(i)] = x.real[static_cast<std::size_t>(i - i % columns + source)] *
                                                          matrix[static_cast<std::size_t>(source * columns + i % columns)];
                }
                node("MatMul", {name, weight}, std::move(y));
                break;
            }
            case 5: {
                std::vector<double> matrix = one_each(channels, row_of, factor);
                // The weight of a convolution counts outputs first.
                std::vector<double> weights(matrix.size());
                for (int o = 0; o < channels; ++o)
                    for (int c = 0; c < channels; ++c)
                        weights[static_cast<std::size_t>(o * channels + c)] = matrix[static_cast<std::size_t>(c * channels + o)];
                const std::string weight = constant(x.is_double, {channels, channels, 1, 1}, weights);
                for (int o = 0; o < channels; ++o)
                    for (int r = 0; r < rows; ++r)
                        for (int c = 0; c < columns; ++c) {
                            const int source = row_of[static_cast<std::size_t>(o)];
                            y.real[at(o, r, c)] = x.real[at(source, r, c)] * weights[static_cast<std::size_t>(o * channels + source)];
                        }
                node("Conv", {name, weight}, std::move(y));
                break;
            }
            case 6: {  // a column in from the left, one out to the right
                std::vector<double> fill{real()};
                const std::string value = constant(x.is_double, {}, fill);
                const std::string pads = "p" + std::to_string(builder_.graph().initializer_size());
                builder_.integers(pads, {0, 0, 0, 1, 0, 0, 0, -1});
                for (int i = 0; i < elements; ++i)
                    y.real[static_cast<std::size_t>(i)] = i % columns == 0 ? fill[0] : x.real[static_cast<std::size_t>(i - 1)];
                node("Pad", {name, pads, value}, std::move(y));
                break;
            }
            case 7: {  // over the integers: numbers of a real type come from ones of none
                Reference integers = x;
                for (double& element : integers.real) element = std::trunc(std::clamp(element, -1e6, 1e6));
                std::vector<double> low{-1e6}, high{1e6};
                const std::string bounds[] = {constant(x.is_double, {}, low), constant(x.is_double, {}, high)};
                Reference clipped = x;
                for (double& element : clipped.real) element = std::clamp(element, -1e6, 1e6);
                node("Clip", {name, bounds[0], bounds[1]}, std::move(clipped));
                const std::string stored = "i" + std::to_string(values_.size());
                ModelBuilder::attribute(builder_.node("Cast", {values_.back().first}, {stored}), "to", onnx::TensorProto::INT32);
                integers.is_double = pick(2) != 0;
                ModelBuilder::attribute(node("Cast", {stored}, integers), "to",
                                        integers.is_double ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT);
                break;
            }
            default: {
                for (std::size_t i = 0; i < y.real.size(); ++i) y.real[i] = std::max(0.0, x.real[i]);
                node("Relu", {name}, std::move(y));
            }
        }
    }

    std::mt19937 random_;
    bool rounds_;
    ModelBuilder builder_;
    std::vector<double> input_;
    std::vector<std::pair<std::string, Reference>> values_;
};

TEST(Evaluate, EachValueIsComputedInItsOwnType) {
    int mixed = 0;
    for (unsigned seed = 0; seed < 300 && !testing::Test::HasFailure(); ++seed) {
        const MixedNetwork network(seed, true);
        network.check();
        mixed += network.mixed();
    }
    EXPECT_GT(mixed, 200);
}

TEST(Evaluate, InDoubleNothingIsRoundedOnTheWay) {
    for (unsigned seed = 0; seed < 300 && !testing::Test::HasFailure(); ++seed) MixedNetwork(seed, false).check();
}

TEST(Evaluate, DenseLayersInDouble) {
    // A product of two float32 numbers that float32 cannot hold, behind a cast: Gemm with its addend, and a constant of a shape.
    ModelBuilder builder;
    builder.input("x", {1, 1});
    ModelBuilder::attribute(builder.node("Cast", {"x"}, {"wide"}), "to", onnx::TensorProto::DOUBLE);
    auto& weight = builder.initialiser("w", onnx::TensorProto::DOUBLE, {1, 1});
    weight.add_double_data(1 + 0x1p-40);
    builder.integers("shape", {1});
    auto& ones = builder.node("ConstantOfShape", {"shape"}, {"c"});
    auto& value = *ones.add_attribute();
    value.set_name("value");
    value.set_type(onnx::AttributeProto::TENSOR);
    value.mutable_t()->set_data_type(onnx::TensorProto::DOUBLE);
    value.mutable_t()->add_dims(1);
    value.mutable_t()->add_double_data(0x1p-30);
    builder.node("Gemm", {"wide", "w", "c"}, {"g"});
    builder.output("g", {1, 1}, onnx::TensorProto::DOUBLE);
    const auto model = builder.import();
    ASSERT_TRUE(model) << messages(model);
    const Tensor x = Tensor::of<float>({1, 1}, {{3.0F}});
    for (const DataType precision : {DataType::float32, DataType::float64}) {
        const auto found = Evaluator(model->graph, precision).run(std::span(&x, 1));
        ASSERT_TRUE(found) << messages(found);
        EXPECT_EQ(found->front().at(0), 3 * (1 + 0x1p-40) + 0x1p-30);
    }
}

TEST(Evaluate, TypesThatDoNotGoTogetherAreRefusedByName) {
    ModelBuilder builder;
    builder.input("x", {1, 2, 3, 3});
    builder.floats("w", {1, 2, 1, 1}, {1, 2});
    builder.initialiser("b", onnx::TensorProto::DOUBLE, {1}).add_double_data(1);
    builder.node("Conv", {"x", "w", "b"}, {"y"}, "conv");
    builder.output("y", {1, 1, 3, 3});
    EXPECT_EQ(messages(builder.import()), "error: node 'conv', tensor 'b': the bias is float64, the input float32\n");
}

using EvaluateDeath = testing::Test;

TEST(EvaluateDeath, ElementsOfAnotherTypeAreNeverRead) {
    const Tensor real(DataType::float64, {2});
    EXPECT_DEATH(static_cast<void>(real.as<float>()), "elements of type float64 read as float32");
}

}  // namespace
}  // namespace weft::test
