// matrix_product.h
// Dense matrix products of row-major matrices, in float and in double.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weft {

/// One factor of a product: element (row, column) is at data[row * row_stride + column * column_stride]. One of the strides is 1.
template <class T>
struct MatrixView {
    const T* data = nullptr;
    std::int64_t row_stride = 0;
    std::int64_t column_stride = 1;
};

template <class T>
MatrixView<T> row_major(const T* data, std::int64_t columns) {
    return {data, columns, 1};
}
/// The transpose of the row-major matrix at `data` that has `columns` columns.
template <class T>
MatrixView<T> transposed(const T* data, std::int64_t columns) {
    return {data, 1, columns};
}

/// c[m][n] = sum over k of a[m][k] * b[k][n]; c is row-major with `c_stride` elements a row and is overwritten.
/// Runs on the calling thread; double sums are sums of doubles.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<float> a, MatrixView<float> b, float* c, std::int64_t c_stride);
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<double> a, MatrixView<double> b, double* c, std::int64_t c_stride);

}  // namespace weft
