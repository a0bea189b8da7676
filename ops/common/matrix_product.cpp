// matrix_product.cpp
// float: oneDNN. double: a packed, blocked product with a register tile, compiled for three instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/matrix_product.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace weft {

namespace {

constexpr std::int64_t block_rows = 96;
constexpr std::int64_t block_depth = 256;
constexpr std::int64_t block_columns = 1024;

/// Copies `lines` x `depth` elements (line stride, depth stride) into panels of `tile` lines, depth outermost within a panel, missing lines
/// zero.
void pack(const double* from, std::int64_t line_stride, std::int64_t depth_stride, std::int64_t lines, std::int64_t depth, int tile,
          double* to) {
    for (std::int64_t first = 0; first < lines; first += tile) {
        const std::int64_t count = std::min<std::int64_t>(tile, lines - first);
        for (std::int64_t d = 0; d < depth; ++d) {
            const double* source = from + first * line_stride + d * depth_stride;
            for (std::int64_t i = 0; i < count; ++i) to[i] = source[i * line_stride];
            for (std::int64_t i = count; i < tile; ++i) to[i] = 0;
            to += tile;
        }
    }
}

/// c[rows][2 * width] += a panel * b panel, with the whole tile in registers.
template <int width, int rows>
[[gnu::always_inline]] inline void multiply_tile(std::int64_t depth, const double* a, const double* b, double* tile) {
    typedef double Vector __attribute__((vector_size(width * sizeof(double)), aligned(8)));
    Vector sum[rows][2] = {};
    for (std::int64_t d = 0; d < depth; ++d) {
        Vector low, high;
        std::memcpy(&low, b, sizeof low);
        std::memcpy(&high, b + width, sizeof high);
        for (int r = 0; r < rows; ++r) {
            sum[r][0] += low * a[r];
            sum[r][1] += high * a[r];
        }
        a += rows;
        b += 2 * width;
    }
    std::memcpy(tile, sum, sizeof sum);
}

__attribute__((target("avx512f"))) void tile_avx512(std::int64_t depth, const double* a, const double* b, double* tile) {
    multiply_tile<8, 8>(depth, a, b, tile);
}
__attribute__((target("avx2,fma"))) void tile_avx2(std::int64_t depth, const double* a, const double* b, double* tile) {
    multiply_tile<4, 4>(depth, a, b, tile);
}
void tile_baseline(std::int64_t depth, const double* a, const double* b, double* tile) { multiply_tile<2, 4>(depth, a, b, tile); }

struct Kernel {
    int rows;
    int columns;
    void (*multiply)(std::int64_t, const double*, const double*, double*);
};

const Kernel& kernel() {
    static const Kernel chosen = [] {
        if (__builtin_cpu_supports("avx512f")) return Kernel{8, 16, tile_avx512};
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Kernel{4, 8, tile_avx2};
        return Kernel{4, 4, tile_baseline};
    }();
    return chosen;
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> a, MatrixView<float> b, float* c, std::int64_t c_stride) {
    if (m == 0 || n == 0) return;
    static thread_local const bool single = (omp_set_num_threads(1), true);
    (void)single;
    const bool a_transposed = a.column_stride != 1;
    const bool b_transposed = b.column_stride != 1;
    const auto stride = [](const MatrixView<float>& view, bool is_transposed, std::int64_t rows, std::int64_t columns) {
        return std::max(is_transposed ? view.column_stride : view.row_stride, is_transposed ? rows : columns);
    };
    const auto status = dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', m, n, k, 1.0F, a.data, stride(a, a_transposed, m, k),
                                   b.data, stride(b, b_transposed, k, n), 0.0F, c, c_stride);
    if (status == dnnl_success) return;
    for (std::int64_t row = 0; row < m; ++row) {
        for (std::int64_t column = 0; column < n; ++column) {
            float sum = 0;
            for (std::int64_t d = 0; d < k; ++d) {
                sum += a.data[row * a.row_stride + d * a.column_stride] * b.data[d * b.row_stride + column * b.column_stride];
            }
            c[row * c_stride + column] = sum;
        }
    }
}

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<double> a, MatrixView<double> b, double* c, std::int64_t c_stride) {
    const Kernel& tile = kernel();
    thread_local std::vector<double> packed_a, packed_b;
    double result[8 * 16];
    for (std::int64_t row = 0; row < m; ++row) std::fill_n(c + row * c_stride, n, 0.0);
    const auto round_up = [](std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; };
    for (std::int64_t n0 = 0; n0 < n; n0 += block_columns) {
        const std::int64_t columns = std::min(block_columns, n - n0);
        for (std::int64_t k0 = 0; k0 < k; k0 += block_depth) {
            const std::int64_t depth = std::min(block_depth, k - k0);
            packed_b.resize(static_cast<std::size_t>(round_up(columns, tile.columns) * depth));
            pack(b.data + k0 * b.row_stride + n0 * b.column_stride, b.column_stride, b.row_stride, columns, depth, tile.columns,
                 packed_b.data());
            for (std::int64_t m0 = 0; m0 < m; m0 += block_rows) {
                const std::int64_t rows = std::min(block_rows, m - m0);
                packed_a.resize(static_cast<std::size_t>(round_up(rows, tile.rows) * depth));
                pack(a.data + m0 * a.row_stride + k0 * a.column_stride, a.row_stride, a.column_stride, rows, depth, tile.rows,
                     packed_a.data());
                for (std::int64_t j = 0; j < columns; j += tile.columns) {
                    for (std::int64_t i = 0; i < rows; i += tile.rows) {
                        tile.multiply(depth, packed_a.data() + i * depth, packed_b.data() + j * depth, result);
                        const std::int64_t i_end = std::min<std::int64_t>(tile.rows, rows - i);
                        const std::int64_t j_end = std::min<std::int64_t>(tile.columns, columns - j);
                        for (std::int64_t r = 0; r < i_end; ++r) {
                            double* target = c + (m0 + i + r) * c_stride + n0 + j;
                            for (std::int64_t s = 0; s < j_end; ++s) target[s] += result[r * tile.columns + s];
                        }
                    }
                }
            }
        }
    }
}

}  // namespace weft
