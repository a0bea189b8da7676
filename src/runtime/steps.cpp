// steps.cpp
// Each operation does what the operator of the model does that it stands for, in the same order of operations: the results are equal.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "steps.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace weft::host {

namespace {

double constant(const std::vector<double>& list, std::int64_t index) {
    return list.size() == 1 ? list[0] : list[static_cast<std::size_t>(index)];
}

/// Replaces each element x of run c by f(x, c).
template <class F>
void for_each_element(const Step& step, std::vector<double>& x, F f) {
    double* at = x.data();
    for (std::int64_t outer = 0; outer < step.outer; ++outer)
        for (std::int64_t c = 0; c < step.count; ++c)
            for (std::int64_t inner = 0; inner < step.inner; ++inner, ++at) *at = f(*at, c);
}

/// Calls f with the first of `count` elements, each `inner` apart.
template <class F>
void for_each_run(const Step& step, std::vector<double>& x, F f) {
    for (std::int64_t outer = 0; outer < step.outer; ++outer)
        for (std::int64_t inner = 0; inner < step.inner; ++inner) f(x.data() + outer * step.count * step.inner + inner);
}

void multiply(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return v * constant(s.a, c); });
}
void divide(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return v / constant(s.a, c); });
}
void offset(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return v + constant(s.a, c); });
}
void subtract(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return v - constant(s.a, c); });
}
void subtract_from(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return constant(s.a, c) - v; });
}
void clip(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return std::min(std::max(v, constant(s.a, c)), constant(s.b, c)); });
}
void round_down(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [](double v, std::int64_t) { return std::floor(v); });
}
void round_up(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [](double v, std::int64_t) { return std::ceil(v); });
}

void quantize(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) {
        return quantized(v, constant(s.a, c), constant(s.b, c), constant(s.c, c), constant(s.d, c));
    });
}
void dequantize(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [&](double v, std::int64_t c) { return (v - constant(s.b, c)) * constant(s.a, c) + constant(s.c, c); });
}

/// Of the two equal forms the one whose exponential cannot overflow.
void sigmoid(const Step& s, std::vector<double>& x) {
    for_each_element(s, x, [](double v, std::int64_t) {
        if (v >= 0) return 1 / (1 + std::exp(-v));
        const double e = std::exp(v);
        return e / (1 + e);
    });
}

template <bool logarithm>
void softmax(const Step& s, std::vector<double>& x) {
    for_each_run(s, x, [&](double* run) {
        double largest = run[0];
        for (std::int64_t i = 1; i < s.count; ++i) largest = std::max(largest, run[i * s.inner]);
        double sum = 0;
        for (std::int64_t i = 0; i < s.count; ++i) sum += std::exp(run[i * s.inner] - largest);
        for (std::int64_t i = 0; i < s.count; ++i) {
            const double above = run[i * s.inner] - largest;
            run[i * s.inner] = logarithm ? above - std::log(sum) : std::exp(above) / sum;
        }
    });
}

/// Of equal elements the first, or the last.
template <bool last>
void arg_max(const Step& s, std::vector<double>& x) {
    std::vector<double> places;
    for_each_run(s, x, [&](const double* run) {
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < s.count; ++i) {
            const double element = run[i * s.inner], top = run[best * s.inner];
            if (element > top || (last && element == top)) best = i;
        }
        places.push_back(static_cast<double>(best));
    });
    x = std::move(places);
}

void take(const Step& s, std::vector<double>& x) {
    std::vector<double> y(s.map.size());
    std::transform(s.map.begin(), s.map.end(), y.begin(), [&](std::uint32_t from) { return x[from]; });
    x = std::move(y);
}

struct Operation {
    void (*run)(const Step&, std::vector<double>&);
    std::vector<std::string> constants;
    bool one_of_many = false;
};

const std::map<std::string, Operation>& operations() {
    static const std::map<std::string, Operation> table = {
        {"multiply", {multiply, {"by"}}},
        {"divide", {divide, {"by"}}},
        {"offset", {offset, {"by"}}},
        {"subtract", {subtract, {"by"}}},
        {"subtract_from", {subtract_from, {"what"}}},
        {"clip", {clip, {"low", "high"}}},
        {"round_down", {round_down, {}}},
        {"round_up", {round_up, {}}},
        {"quantize", {quantize, {"scale", "zero_point", "low", "high"}}},
        {"dequantize", {dequantize, {"scale", "zero_point", "offset"}}},
        {"sigmoid", {sigmoid, {}}},
        {"softmax", {softmax<false>, {}}},
        {"log_softmax", {softmax<true>, {}}},
        {"arg_max", {arg_max<false>, {}, true}},
        {"arg_max_last", {arg_max<true>, {}, true}},
        {"take", {take, {}}},
    };
    return table;
}

}  // namespace

const std::vector<std::string>* step_constants(const std::string& op) {
    const auto at = operations().find(op);
    return at == operations().end() ? nullptr : &at->second.constants;
}

bool is_one_of_many(const std::string& op) { return operations().at(op).one_of_many; }

void run_step(const Step& step, std::vector<double>& elements) { operations().at(step.op).run(step, elements); }

}  // namespace weft::host
