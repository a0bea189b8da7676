// codes_test.cpp
// Codes on the way through poolings and paddings against the reals that they stand for, on random chains.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/messages.h"

namespace weft {
namespace {

class ChainDrawer {
public:
    explicit ChainDrawer(std::uint64_t seed) : random_(seed) {}

    int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

    static Rational fraction(int numerator, int denominator) {
        Rational result(numerator, denominator);
        result.canonicalize();
        return result;
    }
    /// A rational that often meets rounding ties.
    Rational number(int reach) { return fraction(pick(2 * reach * 4 + 1) - reach * 4, 4); }

    ScalarFunction function() {
        PiecewiseLinear pieces;
        switch (pick(7)) {
            case 0:
                break;
            case 1:
                pieces = {{Rational(0)}, {{Rational(0), Rational(0)}, {Rational(1), Rational(0)}}};
                break;
            case 2:
                pieces = PiecewiseLinear::clamp(number(4), Rational(5));
                break;
            case 3:
                pieces = {{Rational(0)}, {{Rational(1, 8), Rational(0)}, {Rational(1), Rational(0)}}};
                break;
            case 4:
                pieces = {{Rational(0)}, {{Rational(-1, 4), Rational(0)}, {Rational(1), Rational(0)}}};
                break;
            default:
                pieces = PiecewiseLinear::affine(fraction(pick(9) - 4, 2), number(3));
        }
        ScalarFunction result;
        // Without its pieces, a function is known at single points only.
        if (pick(3) > 0) result.pieces = pieces;
        result.exact = [pieces](const Rational& x) -> std::optional<Rational> { return pieces(x); };
        result.real = [pieces](long double x) { return to_long_double(pieces(Rational(static_cast<double>(x)))); };
        result.non_decreasing = pieces.is_non_decreasing();
        result.non_increasing = pieces.is_non_increasing();
        return result;
    }

    std::vector<ChainMove> moves() {
        std::vector<ChainMove> result(static_cast<std::size_t>(1 + pick(4)));
        for (ChainMove& move : result) {
            move.kind = static_cast<ChainMove::Kind>(pick(3));
            move.fill = number(6);
            move.fill_code = pick(21) - 10;
            move.function = function();
        }
        return result;
    }

private:
    std::mt19937_64 random_;
};

/// An element on its way.
struct Element {
    Rational real;
    std::int64_t code;
};

Rational value_of(const ScalarFunction& function, const Rational& x) {
    return function.pieces ? (*function.pieces)(x) : *function.exact(x);
}

std::string describe(std::span<const ChainMove> moves) {
    std::string text;
    for (const ChainMove& move : moves) {
        text += move.kind == ChainMove::Kind::join      ? "join"
                : move.kind == ChainMove::Kind::largest ? "largest"
                                                        : "pad " + move.fill.get_str();
        text += move.function.non_decreasing ? " up" : move.function.non_increasing ? " down" : " both";
        text += move.function.pieces ? ", " : " by points, ";
    }
    return text;
}

TEST(Codes, StandForRealsOnEveryWay) {
    int chains = 0, recoded = 0;
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        SCOPED_TRACE(seed);
        ChainDrawer draw(seed);
        AccumulatorChannel channel;
        channel.min = -draw.pick(60);
        channel.max = channel.min + draw.pick(120);
        channel.scale = ChainDrawer::fraction(1 + draw.pick(8), 8);
        channel.offset = draw.number(3);
        channel.function = draw.function();
        const std::vector<ChainMove> moves = draw.moves();
        const QuantizerRule rule{.scale = ChainDrawer::fraction(1 + draw.pick(4), 2), .zero_point = draw.pick(5) - 2, .min = -8, .max = 7};
        const auto codes = channel_codes(channel, moves, rule);
        ASSERT_TRUE(codes) << test::messages(codes.error());
        ++chains;
        for (std::size_t i = 0; i < moves.size(); ++i) recoded += codes->recodes(i);

        std::vector<Element> elements;
        for (std::int64_t acc = channel.min; acc <= channel.max; ++acc) {
            const auto passed = std::ranges::upper_bound(codes->first.positions, acc) - codes->first.positions.begin();
            elements.push_back({value_of(channel.function, Rational(acc) * channel.scale + channel.offset),
                                codes->first.values[static_cast<std::size_t>(passed)]});
        }
        for (std::size_t i = 0; i < moves.size(); ++i) {
            if (moves[i].kind == ChainMove::Kind::pad) elements.push_back({moves[i].fill, moves[i].fill_code});
            std::vector<Element> moved;
            for (const Element& element : elements) {
                Element result = element;
                // Windows of a few elements drawn from all.
                for (int other = 0; moves[i].kind == ChainMove::Kind::largest && other < draw.pick(4); ++other) {
                    const Element& next = elements[static_cast<std::size_t>(draw.pick(static_cast<int>(elements.size())))];
                    result.real = std::max(result.real, next.real);
                    result.code = std::max(result.code, next.code);
                }
                const auto at = codes->recode[i].find(result.code);
                ASSERT_NE(at, codes->recode[i].end());
                moved.push_back({value_of(moves[i].function, result.real), at->second});
            }
            elements = std::move(moved);
        }
        for (const Element& element : elements) {
            const AccumulatorChannel constant{.offset = element.real, .function = {.pieces = PiecewiseLinear{}}};
            ASSERT_EQ(element.code, evaluate_rule(constant, rule, 0)) << element.real << " of " << describe(moves);
        }
    }
    EXPECT_EQ(chains, 1500);
    EXPECT_GT(recoded, 300);
}

TEST(Codes, QuantizedIntegersServeWhereTheFunctionsRise) {
    AccumulatorChannel channel{.min = -100, .max = 100, .scale = Rational(1, 8), .function = {.pieces = PiecewiseLinear{}}};
    channel.function.non_decreasing = true;
    ChainMove move{.kind = ChainMove::Kind::largest};
    move.function.pieces = PiecewiseLinear::clamp(Rational(0), Rational(6));
    move.function.non_decreasing = true;
    const QuantizerRule rule{.min = -128, .max = 127};
    const auto codes = channel_codes(channel, std::vector{move}, rule);
    ASSERT_TRUE(codes) << test::messages(codes.error());
    EXPECT_FALSE(codes->recodes(0));
    EXPECT_EQ(codes->first.values, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(Codes, RefuseWhatCannotBeOrdered) {
    AccumulatorChannel channel{
        .min = -(1 << 22), .max = 1 << 22, .function = {.pieces = PiecewiseLinear{{Rational(0)}, {{-1, 0}, {1, 0}}}}};
    const std::vector<ChainMove> moves{{.kind = ChainMove::Kind::largest, .function = {.pieces = PiecewiseLinear{}}}};
    const auto codes = channel_codes(channel, moves, {.min = -128, .max = 127});
    ASSERT_FALSE(codes);
    EXPECT_NE(codes.error()[0].reason.find("falls and rises"), std::string::npos);
}

}  // namespace
}  // namespace weft
