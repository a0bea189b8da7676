// exact_sum.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/exact_sum.h"

#include <algorithm>
#include <limits>

namespace weft {
namespace {

/// The greatest rational of which both are whole multiples.
Rational common_measure(const Rational& a, const Rational& b) {
    mpz_class denominator;
    mpz_lcm(denominator.get_mpz_t(), a.get_den_mpz_t(), b.get_den_mpz_t());
    Rational measure(gcd(a.get_num() * (denominator / a.get_den()), b.get_num() * (denominator / b.get_den())), denominator);
    measure.canonicalize();
    return measure;
}

}  // namespace

Result<ExactSum> plan_exact_sum(std::span<const AccumulatorChannel> channels) {
    const auto too_wide = [](Made made = std::source_location::current()) {
        return Diagnostic{.reason = "its sums cannot be added before they are quantized: as they are they need more than " +
                                    std::to_string(exact_sum_bits) + " bits",
                          .help = "quantize the inputs of the addition",
                          .made = made};
    };
    Rational grid(0);
    for (const AccumulatorChannel& channel : channels) grid = common_measure(common_measure(grid, channel.scale), channel.offset);
    if (sgn(grid) <= 0 || Rational(grid.get_d()) != grid) return too_wide();
    ExactSum result;
    Requantize& stage = result.plan.stage;
    stage.channels = static_cast<int>(channels.size());
    stage.acc_min = stage.out_min = std::numeric_limits<std::int64_t>::max();
    stage.acc_max = stage.out_max = std::numeric_limits<std::int64_t>::min();
    const mpz_class limit = mpz_class(1) << (exact_sum_bits - 1);
    for (const AccumulatorChannel& channel : channels) {
        const Rational multiplier = channel.scale / grid, addend = channel.offset / grid;
        const mpz_class first = multiplier.get_num() * mpz_class(static_cast<long>(channel.min)) + addend.get_num();
        const mpz_class last = multiplier.get_num() * mpz_class(static_cast<long>(channel.max)) + addend.get_num();
        const auto [low, high] = std::minmax({first, last});
        if (low < -limit || high >= limit || abs(multiplier.get_num()) >= limit || abs(addend.get_num()) >= (limit << 8)) return too_wide();
        stage.multiplier.push_back(multiplier.get_num().get_si());
        stage.addend.push_back(addend.get_num().get_si());
        stage.low.push_back(low.get_si());
        stage.high.push_back(high.get_si());
        stage.acc_min = std::min(stage.acc_min, channel.min);
        stage.acc_max = std::max(stage.acc_max, channel.max);
        stage.out_min = std::min(stage.out_min, stage.low.back());
        stage.out_max = std::max(stage.out_max, stage.high.back());
    }
    // One bound for all: a channel does not leave its own.
    stage.low = {stage.out_min};
    stage.high = {stage.out_max};
    const auto all = [](const std::vector<std::int64_t>& values, std::int64_t value) {
        return std::ranges::all_of(values, [&](std::int64_t each) { return each == value; });
    };
    if (all(stage.multiplier, stage.multiplier.front())) stage.multiplier.resize(1);
    if (all(stage.addend, stage.addend.front())) stage.addend.resize(1);
    result.type = {.min = stage.out_min, .max = stage.out_max, .scale = {grid.get_d()}, .zero_point = {0}};
    if (stage.multiplier == std::vector<std::int64_t>{1} && stage.addend == std::vector<std::int64_t>{0}) {
        result.plan.why = "none: the sums leave as they are";
        return result;
    }
    stage.form = RequantizeForm::multiply;
    for (const std::int64_t m : stage.multiplier)
        result.plan.multiplier_bits = std::max(result.plan.multiplier_bits, bits_for(std::min<std::int64_t>(m, -1), m));
    result.plan.why = "multiply: the sums leave as they are, on one grid with their biases";
    return result;
}

}  // namespace weft
