// broadcast.h
// Walks several dense tensors as if each had the shape to which they broadcast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ops/common/shapes.h"
#include "src/graph/tensor.h"

namespace weft {

/// N operands read as one `result` shape: axes aligned at the end, an operand's extent of 1 repeated. The shapes must fit.
template <std::size_t N>
class Broadcast {
public:
    Broadcast(const Shape& result, const std::array<Shape, N>& operands) {
        std::array<Shape, N> own;
        for (std::size_t k = 0; k < N; ++k) own[k] = strides_of(operands[k]);
        for (std::size_t i = 0; i < result.size(); ++i) {
            if (result[i] == 1) continue;
            std::array<std::int64_t, N> step{};
            for (std::size_t k = 0; k < N; ++k) {
                const std::size_t missing = result.size() - operands[k].size();
                if (i >= missing && operands[k][i - missing] != 1) step[k] = own[k][i - missing];
            }
            append(result[i], step);
        }
        if (extents_.empty()) append(1, {});
    }

    /// Calls row(first, offsets, steps, count) for runs of `count` neighbouring result elements from `first`: operand k's element for the
    /// j-th of them is at offsets[k] + j * steps[k], steps[k] being 0 or 1.
    template <class F>
    void for_each_row(F&& row) const {
        if (std::find(extents_.begin(), extents_.end(), 0) != extents_.end()) return;
        const std::size_t inner = extents_.size() - 1;
        Shape index(inner, 0);
        std::array<std::int64_t, N> offsets{};
        for (std::int64_t first = 0;; first += extents_[inner]) {
            row(first, offsets, steps_[inner], extents_[inner]);
            std::size_t axis = inner;
            while (axis > 0) {
                --axis;
                for (std::size_t k = 0; k < N; ++k) offsets[k] += steps_[axis][k];
                if (++index[axis] < extents_[axis]) break;
                for (std::size_t k = 0; k < N; ++k) offsets[k] -= steps_[axis][k] * extents_[axis];
                index[axis] = 0;
                if (axis == 0) return;
            }
            if (inner == 0) return;
        }
    }

private:
    /// Adds an inner axis, merged with the one outside it where every operand runs through both in one stride.
    void append(std::int64_t extent, const std::array<std::int64_t, N>& step) {
        const auto continues = [&] {
            for (std::size_t k = 0; k < N; ++k) {
                if (steps_.back()[k] != step[k] * extent) return false;
            }
            return true;
        };
        if (!extents_.empty() && continues()) {
            extents_.back() *= extent;
            steps_.back() = step;
            return;
        }
        extents_.push_back(extent);
        steps_.push_back(step);
    }

    Shape extents_;
    std::vector<std::array<std::int64_t, N>> steps_;
};

/// result[i] = f(a[i], b[i]) over the broadcast of a and b. TA, TB and TR are the element types.
template <class TA, class TB, class TR, class F>
void broadcast_map(const Tensor& a, const Tensor& b, Tensor& result, F f) {
    const TA* first = a.as<TA>().data();
    const TB* second = b.as<TB>().data();
    TR* target = result.as<TR>().data();
    Broadcast<2>(result.shape(), {a.shape(), b.shape()})
        .for_each_row([&](std::int64_t at, const auto& offsets, const auto& steps, std::int64_t n) {
            const TA* x = first + offsets[0];
            const TB* y = second + offsets[1];
            TR* z = target + at;
            if (steps[0] == 1 && steps[1] == 1) {
                for (std::int64_t i = 0; i < n; ++i) z[i] = f(x[i], y[i]);
            } else if (steps[0] == 1) {
                for (std::int64_t i = 0; i < n; ++i) z[i] = f(x[i], *y);
            } else if (steps[1] == 1) {
                for (std::int64_t i = 0; i < n; ++i) z[i] = f(*x, y[i]);
            } else {
                std::fill_n(z, n, f(*x, *y));
            }
        });
}

}  // namespace weft
