// codec_test.cpp
// Packing and unpacking against the plainest loops, over random layouts and types; the steps against their formulas.
// SPDX-License-Identifier: Apache-2.0
#include "src/runtime/codec.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "src/runtime/steps.h"

namespace weft::host {
namespace {

using testing::ElementsAre;

/// A frame larger than the tensor, in some order of its axes.
struct Case {
    Kernel kernel;
    Port port;
    std::vector<std::size_t> places;  ///< Of each element.
};

Case random_case(std::mt19937& random, bool as_table) {
    const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    Case c;
    const int axes = draw(1, 4);
    const int long_axis = draw(0, axes);
    for (int axis = 0; axis < axes; ++axis) c.port.shape.push_back(axis == long_axis ? draw(30, 600) : draw(1, axes > 2 ? 5 : 40));
    std::vector<std::size_t> order(c.port.shape.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::int64_t> strides(order.size());
    std::int64_t stride = draw(0, 3) == 0 ? 2 : 1;
    for (const std::size_t axis : order) {
        strides[axis] = stride;
        stride *= c.port.shape[axis] + (draw(0, 3) == 0 ? 1 : 0);
    }
    const int offset = draw(0, 1) * draw(0, 5);
    for (std::size_t i = 0; i < c.port.elements(); ++i) {
        std::int64_t rest = static_cast<std::int64_t>(i), place = offset;
        for (std::size_t axis = order.size(); axis-- > 0;) {
            place += rest % c.port.shape[axis] * strides[axis];
            rest /= c.port.shape[axis];
        }
        c.places.push_back(static_cast<std::size_t>(place));
    }
    if (as_table) {
        c.port.layout.table.assign(c.places.begin(), c.places.end());
    } else {
        c.port.layout = {offset, c.port.shape, strides, {}};
    }
    Argument argument;
    argument.pointer = true;
    argument.element_bytes = std::size_t{1} << draw(0, 2);
    argument.is_signed = draw(0, 1) == 1;
    argument.frame_bytes =
        (*std::max_element(c.places.begin(), c.places.end()) + 1) * argument.element_bytes + static_cast<std::size_t>(draw(0, 1)) * 64;
    c.kernel.arguments = {argument};
    return c;
}

std::int64_t word_at(const std::byte* bytes, const Argument& argument) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, argument.element_bytes);
    const std::uint64_t sign = argument.is_signed ? std::uint64_t{1} << (8 * argument.element_bytes - 1) : 0;
    return static_cast<std::int64_t>((word ^ sign) - sign);
}

std::pair<double, double> range_of(const Argument& argument) {
    const int bits = static_cast<int>(8 * argument.element_bytes);
    return argument.is_signed ? std::pair(-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1)
                              : std::pair(0.0, std::ldexp(1.0, bits) - 1);
}

/// Packs three samples of a random float tensor and of a tensor of integers, and unpacks them again.
void check_case(Case c, std::mt19937& random) {
    const Argument& argument = c.kernel.arguments[0];
    const auto [low, high] = range_of(argument);
    constexpr std::size_t samples = 3;
    const std::size_t elements = c.port.elements();
    Shape stacked{samples};
    stacked.insert(stacked.end(), c.port.shape.begin(), c.port.shape.end());

    c.port.type = Type::float32;
    Step quantize{"quantize", 1, 1, static_cast<std::int64_t>(elements), {0.25}, {low + 3}, {low}, {high}, {}};
    c.port.steps = {quantize};
    Tensor reals(Type::float32, stacked);
    std::normal_distribution<float> normal(0, 40);
    for (std::size_t i = 0; i < samples * elements; ++i)
        reals.as<float>()[i] = i % 11 == 0 ? static_cast<float>(i % 7) / 8 : normal(random);
    std::vector<std::byte> frames(samples * argument.frame_bytes, std::byte{0x55});
    pack(c.kernel, c.port, reals.view(0, samples), 0, samples, frames.data());
    std::vector<bool> written(frames.size(), false);
    for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t e = 0; e < elements; ++e) {
            const std::size_t at = s * argument.frame_bytes + c.places[e] * argument.element_bytes;
            const double x = reals.as<float>()[s * elements + e];
            const double wanted = std::clamp(std::nearbyint(x / 0.25) + (low + 3), low, high);
            ASSERT_EQ(static_cast<double>(word_at(frames.data() + at, argument)), wanted)
                << "sample " << s << ", element " << e << " of " << to_string(c.port.shape);
            for (std::size_t b = 0; b < argument.element_bytes; ++b) written[at + b] = true;
        }
    for (std::size_t i = 0; i < frames.size(); ++i)
        if (!written[i]) {
            ASSERT_EQ(frames[i], std::byte{0x55}) << "a spare byte";
        }

    // Back, by the second sample on.
    Step dequantize{"dequantize", 1, 1, static_cast<std::int64_t>(elements), {0.5}, {-2}, {0.125}, {}, {}};
    c.port.steps = {dequantize};
    Tensor back(Type::float32, stacked);
    unpack(c.kernel, c.port, frames.data() + argument.frame_bytes, 1, samples - 1, back);
    for (std::size_t i = 0; i < samples * elements; ++i) {
        const std::size_t at = i / elements * argument.frame_bytes + c.places[i % elements] * argument.element_bytes;
        const double word = static_cast<double>(word_at(frames.data() + at, argument));
        ASSERT_EQ(back.as<float>()[i], i < elements ? 0.0F : static_cast<float>((word + 2) * 0.5 + 0.125));
    }

    c.port.steps = {};
    c.port.type = Type::int64;
    Tensor integers(Type::int64, stacked), again(Type::int64, stacked);
    for (std::size_t i = 0; i < samples * elements; ++i)
        integers.as<std::int64_t>()[i] =
            static_cast<std::int64_t>(low) + static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(high - low) + 1));
    pack(c.kernel, c.port, integers.view(0, samples), 0, samples, frames.data());
    unpack(c.kernel, c.port, frames.data(), 0, samples, again);
    ASSERT_EQ(integers.data, again.data);
}

TEST(Codec, PutsElementsWhereTheLayoutSays) {
    std::mt19937 random(5);
    for (int i = 0; i < 200; ++i) check_case(random_case(random, i % 4 == 3), random);
}

TEST(Codec, CopiesBytes) {
    // Channels last from channels first, bytes to bytes: 2, 3, 4 and 37 channels.
    for (const int channels : {1, 2, 3, 4, 37}) {
        Kernel kernel;
        Argument argument;
        argument.pointer = true;
        argument.element_bytes = 1;
        argument.frame_bytes = static_cast<std::size_t>(channels * 300);
        kernel.arguments = {argument};
        Port port;
        port.type = Type::int8;
        port.shape = {channels, 300};
        port.layout = {0, {channels, 300}, {1, channels}, {}};
        Tensor x(Type::int8, {1, channels, 300}), y(Type::int8, {1, channels, 300});
        for (std::size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<std::byte>(i * 31);
        std::vector<std::byte> frame(argument.frame_bytes);
        pack(kernel, port, x.view(0, 1), 0, 1, frame.data());
        for (int c = 0; c < channels; ++c)
            for (int p = 0; p < 300; ++p)
                ASSERT_EQ(frame[static_cast<std::size_t>(p * channels + c)], x.data[static_cast<std::size_t>(c * 300 + p)]);
        unpack(kernel, port, frame.data(), 0, 1, y);
        EXPECT_EQ(x.data, y.data);
    }
}

std::vector<double> after(const Step& step, std::vector<double> elements) {
    run_step(step, elements);
    return elements;
}

TEST(Steps, DoWhatTheirNamesSay) {
    EXPECT_THAT(after({"multiply", 1, 2, 2, {2, 3}, {}, {}, {}, {}}, {1, 2, 3, 4}), ElementsAre(2, 4, 9, 12));
    EXPECT_THAT(after({"divide", 1, 1, 2, {4}, {}, {}, {}, {}}, {1, 2}), ElementsAre(0.25, 0.5));
    EXPECT_THAT(after({"offset", 2, 2, 1, {10, 20}, {}, {}, {}, {}}, {1, 2, 3, 4}), ElementsAre(11, 22, 13, 24));
    EXPECT_THAT(after({"subtract", 1, 1, 2, {1}, {}, {}, {}, {}}, {1, 5}), ElementsAre(0, 4));
    EXPECT_THAT(after({"subtract_from", 1, 1, 2, {1}, {}, {}, {}, {}}, {1, 5}), ElementsAre(0, -4));
    EXPECT_THAT(after({"clip", 1, 1, 3, {-1}, {2}, {}, {}, {}}, {-5, 1, 5}), ElementsAre(-1, 1, 2));
    EXPECT_THAT(after({"round_down", 1, 1, 2, {}, {}, {}, {}, {}}, {1.5, -1.5}), ElementsAre(1, -2));
    EXPECT_THAT(after({"round_up", 1, 1, 2, {}, {}, {}, {}, {}}, {1.5, -1.5}), ElementsAre(2, -1));
    EXPECT_THAT(after({"quantize", 1, 1, 5, {2}, {1}, {-4}, {4}, {}}, {1, 3, 5, 100, -100}), ElementsAre(1, 3, 3, 4, -4));
    EXPECT_THAT(after({"dequantize", 1, 1, 2, {2}, {1}, {0.5}, {}, {}}, {1, 3}), ElementsAre(0.5, 4.5));
    EXPECT_THAT(after({"sigmoid", 1, 1, 2, {}, {}, {}, {}, {}}, {0, -1000}), ElementsAre(0.5, 0));
    EXPECT_THAT(after({"arg_max", 1, 3, 2, {}, {}, {}, {}, {}}, {1, 9, 5, 9, 5, 2}), ElementsAre(1, 0));
    EXPECT_THAT(after({"arg_max_last", 1, 3, 2, {}, {}, {}, {}, {}}, {1, 9, 5, 9, 5, 2}), ElementsAre(2, 1));
    EXPECT_THAT(after({"take", 1, 1, 1, {}, {}, {}, {}, {2, 0, 0}}, {7, 8, 9}), ElementsAre(9, 7, 7));
    const std::vector<double> soft = after({"softmax", 1, 2, 1, {}, {}, {}, {}, {}}, {1000, 1000 + std::log(3.0)});
    EXPECT_NEAR(soft[0], 0.25, 1e-12);
    EXPECT_NEAR(soft[1], 0.75, 1e-12);
    EXPECT_NEAR(after({"log_softmax", 1, 2, 1, {}, {}, {}, {}, {}}, {1000, 1000 + std::log(3.0)})[0], std::log(0.25), 1e-12);
}

TEST(Steps, LimitWhatIsNoNumber) {
    EXPECT_THAT(after({"quantize", 1, 1, 3, {2}, {1}, {-4}, {4}, {}}, {NAN, INFINITY, -INFINITY}), ElementsAre(-4, 4, -4));
}

}  // namespace
}  // namespace weft::host
