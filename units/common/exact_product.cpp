// exact_product.cpp
// Exact matrix products of integers in floating point.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/exact_product.h"

#include <cstring>

namespace weft {

template <class Real>
PackedWeights<Real>::PackedWeights(const NarrowIntegers& weights, std::int64_t outputs, std::int64_t depth)
    : depth_(depth),
      panels_((outputs + panel_outputs - 1) / panel_outputs),
      data_(static_cast<std::size_t>(panels_ * depth * panel_outputs)) {
    weights.visit([&](auto values) {
        for (std::int64_t o = 0; o < outputs; ++o)
            for (std::int64_t k = 0; k < depth; ++k)
                data_[static_cast<std::size_t>((o / panel_outputs * depth + k) * panel_outputs + o % panel_outputs)] =
                    static_cast<Real>(values[static_cast<std::size_t>(o * depth + k)]);
    });
}

template class PackedWeights<float>;
template class PackedWeights<double>;

namespace {

// One vector is 64 bytes on every machine; where registers are narrower the compiler splits it.
template <class Real>
struct Vector {
    typedef Real type __attribute__((vector_size(64), aligned(sizeof(Real))));
};

/// `Rows` rows against `Panels` neighbouring panels, all sums in registers.
template <class Real, int Rows, int Panels>
[[gnu::always_inline]] inline void tile(const Real* panel, std::int64_t depth, const Real* input, Real* result,
                                        std::int64_t result_stride) {
    using V = typename Vector<Real>::type;
    constexpr int width = 64 / sizeof(Real);
    V sums[Rows][Panels] = {};
    for (std::int64_t k = 0; k < depth; ++k) {
        V weights[Panels];
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) weights[p] = *reinterpret_cast<const V*>(panel + (p * depth + k) * width);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            const Real x = input[r * depth + k];
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) sums[r][p] += x * weights[p];
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) *reinterpret_cast<V*>(result + r * result_stride + p * width) = sums[r][p];
}

template <class Real, int Rows, int Panels>
[[gnu::always_inline]] inline void column(const PackedWeights<Real>& weights, std::int64_t panel, const Real* inputs, std::int64_t rows,
                                          Real* results) {
    const std::int64_t depth = weights.depth();
    const std::int64_t stride = weights.outputs_with_spare();
    Real* result = results + panel * PackedWeights<Real>::panel_outputs;
    std::int64_t r = 0;
    for (; r + Rows <= rows; r += Rows)
        tile<Real, Rows, Panels>(weights.panel(panel), depth, inputs + r * depth, result + r * stride, stride);
    for (; r < rows; ++r) tile<Real, 1, Panels>(weights.panel(panel), depth, inputs + r * depth, result + r * stride, stride);
}

/// `Rows` x `Panels` sums fit the registers of the target; a single row takes more panels at once, so that additions overlap.
template <class Real, int Rows, int Panels>
[[gnu::always_inline]] inline void product(const PackedWeights<Real>& weights, const Real* inputs, std::int64_t rows, Real* results) {
    std::int64_t panel = 0;
    if (rows == 1)
        for (; panel + 4 <= weights.panels(); panel += 4) column<Real, 1, 4>(weights, panel, inputs, rows, results);
    for (; panel + Panels <= weights.panels(); panel += Panels) column<Real, Rows, Panels>(weights, panel, inputs, rows, results);
    for (; panel < weights.panels(); ++panel) column<Real, Rows, 1>(weights, panel, inputs, rows, results);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512dq,fma"))) void product_512(const PackedWeights<float>& w, const float* x, std::int64_t rows,
                                                                 float* y) {
    product<float, 8, 2>(w, x, rows, y);
}
__attribute__((target("avx512f,avx512dq,fma"))) void product_512(const PackedWeights<double>& w, const double* x, std::int64_t rows,
                                                                 double* y) {
    product<double, 8, 2>(w, x, rows, y);
}
__attribute__((target("avx2,fma"))) void product_256(const PackedWeights<float>& w, const float* x, std::int64_t rows, float* y) {
    product<float, 6, 1>(w, x, rows, y);
}
__attribute__((target("avx2,fma"))) void product_256(const PackedWeights<double>& w, const double* x, std::int64_t rows, double* y) {
    product<double, 6, 1>(w, x, rows, y);
}
#endif

template <class Real>
void dispatch(const PackedWeights<Real>& weights, const Real* inputs, std::int64_t rows, Real* results) {
#if defined(__x86_64__)
    static const bool has_512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
    static const bool has_256 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (has_512) return product_512(weights, inputs, rows, results);
    if (has_256) return product_256(weights, inputs, rows, results);
#endif
    product<Real, 2, 1>(weights, inputs, rows, results);
}

}  // namespace

void multiply(const PackedWeights<float>& weights, const float* inputs, std::int64_t rows, float* results) {
    dispatch(weights, inputs, rows, results);
}
void multiply(const PackedWeights<double>& weights, const double* inputs, std::int64_t rows, double* results) {
    dispatch(weights, inputs, rows, results);
}

}  // namespace weft
