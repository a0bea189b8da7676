// codes.h
// Integers that stand for an accumulator on its way through poolings and paddings to the quantizer behind them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/quantize/staircase.h"

namespace weft {

/// An operator between an accumulator and its quantizer that hands on elements, with the functions behind it.
struct ChainMove {
    enum class Kind {
        join,     ///< Only arranges elements.
        largest,  ///< Hands on the largest of several: what passes it must be in the order of the reals.
        pad,      ///< Adds elements of one real value.
    };
    Kind kind = Kind::join;
    Rational fill{0};            ///< pad: the real value.
    std::int64_t fill_code = 0;  ///< pad: the integer that stands for it, the same in every channel.
    ScalarFunction function;     ///< From what leaves the operator to what enters the next one, or the quantizer.
};

/// What one channel sends along a chain of moves.
struct ChannelCodes {
    Staircase first;  ///< accumulator -> the integer that enters the first move.
    /// Per move: the integers that leave it -> those that enter the next one; behind the last, the quantizer's own.
    std::vector<std::map<std::int64_t, std::int64_t>> recode;

    /// Whether the integers that leave move `index` are others than those that the next one takes.
    bool recodes(std::size_t index) const;
};

/// `channel.function` leads to the first move. The accumulators are cut where the quantized result changes; codes number the cuts, or are
/// the quantized integers themselves (negated, where the functions fall) as far as that keeps the order that each move needs. Exact by
/// construction: behind the last move stands rule(functions(reals moved)). Fails (reason without node) where a largest element is taken of
/// a function that neither rises nor falls throughout and the accumulator has more than 2^21 values, or where the staircase cannot be
/// found.
Result<ChannelCodes> channel_codes(const AccumulatorChannel& channel, std::span<const ChainMove> moves, const QuantizerRule& rule);

/// x -> outer(inner(x))
ScalarFunction compose(const ScalarFunction& outer, const ScalarFunction& inner);

}  // namespace weft
