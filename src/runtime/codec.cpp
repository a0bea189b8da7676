// codec.cpp
// A sample is first made a row of integers, in its own order, by loops that compilers vectorise; then these go to their places. What is
// left out of this: where both orders are the same there is one loop, and where bytes stay bytes there is none.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "steps.h"

namespace weft::host {

namespace {

/// Calls f with a zero of the integer type that an argument's elements have.
template <class F>
void visit_word(const Argument& argument, F&& f) {
    switch (argument.element_bytes) {
        case 1:
            argument.is_signed ? f(std::int8_t{}) : f(std::uint8_t{});
            break;
        case 2:
            argument.is_signed ? f(std::int16_t{}) : f(std::uint16_t{});
            break;
        default:
            argument.is_signed ? f(std::int32_t{}) : f(std::uint32_t{});
            break;
    }
}

// --- places ---

/// A block of rows and columns: element (r, c) of the sample at r * row_step + c, of the frame at r * row_stride + c * column_stride.
struct Block {
    std::int64_t rows, columns, row_step, row_stride, column_stride;
};

/// Rows and columns that are moved at once: both sides of a tile stay in the first-level cache.
constexpr std::int64_t tile_rows = 32, tile_columns = 256;

/// `rows` rows of a sample, interleaved without gaps: with their number known, compilers make shuffles of this.
template <int rows, bool to_frame, class Sample, class Frame>
void interleave(std::int64_t columns, std::int64_t row_step, Sample* sample, Frame* frame) {
    for (std::int64_t c = 0; c < columns; ++c)
        for (int r = 0; r < rows; ++r) {
            if constexpr (to_frame)
                frame[c * rows + r] = sample[r * row_step + c];
            else
                sample[r * row_step + c] = frame[c * rows + r];
        }
}

/// The same where rows are neighbours in a frame that has more of them: through a tile.
template <int rows, bool to_frame, class Sample, class Frame>
void move_rows(const Block& b, Sample* sample, Frame* frame) {
    using Word = std::remove_const_t<Sample>;
    if (b.column_stride == rows) return interleave<rows, to_frame>(b.columns, b.row_step, sample, frame);
    Word tile[tile_columns * rows];
    for (std::int64_t first = 0; first < b.columns; first += tile_columns) {
        const std::int64_t columns = std::min(tile_columns, b.columns - first);
        if constexpr (to_frame) interleave<rows, true>(columns, b.row_step, sample + first, tile);
        for (std::int64_t c = 0; c < columns; ++c) {
            Frame* there = frame + (first + c) * b.column_stride;
            if constexpr (to_frame)
                std::memcpy(there, tile + c * rows, rows * sizeof(Word));
            else
                std::memcpy(tile + c * rows, there, rows * sizeof(Word));
        }
        if constexpr (!to_frame) interleave<rows, false>(columns, b.row_step, sample + first, tile);
    }
}

template <bool to_frame, class Sample, class Frame>
void move_neighbours(Block b, Sample* sample, Frame* frame) {
    const auto next = [&](std::int64_t rows) {
        sample += rows * b.row_step;
        frame += rows;
        b.rows -= rows;
    };
    for (; b.rows >= 16; next(16)) move_rows<16, to_frame>(b, sample, frame);
    for (; b.rows >= 8; next(8)) move_rows<8, to_frame>(b, sample, frame);
    for (; b.rows >= 4; next(4)) move_rows<4, to_frame>(b, sample, frame);
    if (b.rows == 3) move_rows<3, to_frame>(b, sample, frame);
    if (b.rows == 2) move_rows<2, to_frame>(b, sample, frame);
    if (b.rows == 1) move_rows<1, to_frame>(b, sample, frame);
}

template <bool to_frame, class Sample, class Frame>
void move_block(const Block& b, Sample* sample, Frame* frame) {
    if (b.row_stride == 1) return move_neighbours<to_frame>(b, sample, frame);
    for (std::int64_t r0 = 0; r0 < b.rows; r0 += tile_rows)
        for (std::int64_t c0 = 0; c0 < b.columns; c0 += tile_columns) {
            const std::int64_t r1 = std::min(r0 + tile_rows, b.rows), c1 = std::min(c0 + tile_columns, b.columns);
            for (std::int64_t r = r0; r < r1; ++r) {
                Sample* here = sample + r * b.row_step;
                Frame* there = frame + r * b.row_stride;
                for (std::int64_t c = c0; c < c1; ++c) {
                    if constexpr (to_frame)
                        there[c * b.column_stride] = here[c];
                    else
                        here[c] = there[c * b.column_stride];
                }
            }
        }
}

/// Moves all elements of a sample to their places, or back; the side that is read may be constant. The block is made of the innermost axis
/// and of the one whose elements are neighbours in the frame; the other axes are walked one by one.
template <bool to_frame, class Sample, class Frame>
void move_elements(const Layout& layout, Sample* sample, Frame* frame) {
    if (!layout.table.empty()) {
        for (std::size_t i = 0; i < layout.table.size(); ++i) {
            if constexpr (to_frame)
                frame[layout.table[i]] = sample[i];
            else
                sample[i] = frame[layout.table[i]];
        }
        return;
    }
    const std::size_t axes = layout.extents.size(), inner = axes - 1;
    std::size_t rows = inner;
    for (std::size_t axis = 0; axis < inner; ++axis)
        if (layout.strides[axis] == 1 || rows == inner) rows = axis;
    std::vector<std::int64_t> steps(axes, 1), index(axes, 0);
    for (std::size_t axis = inner; axis-- > 0;) steps[axis] = steps[axis + 1] * layout.extents[axis + 1];
    const bool flat = axes == 1;
    const Block block{flat ? 1 : layout.extents[rows], layout.extents[inner], flat ? 0 : steps[rows], flat ? 0 : layout.strides[rows],
                      layout.strides[inner]};
    Sample* here = sample;
    Frame* there = frame + layout.offset;
    for (;;) {
        move_block<to_frame>(block, here, there);
        std::size_t axis = inner;
        for (;;) {
            if (axis-- == 0) return;
            if (axis == rows) continue;
            here += steps[axis];
            there += layout.strides[axis];
            if (++index[axis] < layout.extents[axis]) break;
            here -= steps[axis] * layout.extents[axis];
            there -= layout.strides[axis] * layout.extents[axis];
            index[axis] = 0;
        }
    }
}

// --- numbers ---

bool is_one_scale(const std::vector<Step>& steps, const char* op) {
    return steps.size() == 1 && steps[0].op == op && steps[0].a.size() == 1 && steps[0].b.size() == 1 && steps[0].c.size() == 1 &&
           (steps[0].d.empty() || steps[0].d.size() == 1);
}

template <class From, class Word>
void quantize_row(const From* from, std::size_t count, const Step& step, Word* to) {
    const double scale = step.a[0], zero_point = step.b[0], low = step.c[0], high = step.d[0];
    for (std::size_t i = 0; i < count; ++i)
        to[i] = static_cast<Word>(static_cast<std::int32_t>(quantized(static_cast<double>(from[i]), scale, zero_point, low, high)));
}

template <class Word, class To>
void dequantize_row(const Word* from, std::size_t count, const Step& step, To* to) {
    const double scale = step.a[0], zero_point = step.b[0], offset = step.c[0];
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<To>((static_cast<double>(from[i]) - zero_point) * scale + offset);
}

/// `value` as a To: integers are truncated, and limited to the type's range.
template <class To>
To converted(double value) {
    if constexpr (std::is_same_v<To, bool>) {
        return value != 0;
    } else if constexpr (std::is_integral_v<To>) {
        const double limit = std::ldexp(1.0, std::numeric_limits<To>::digits);
        if (!(value > static_cast<double>(std::numeric_limits<To>::min()))) return std::numeric_limits<To>::min();
        return value >= limit ? std::numeric_limits<To>::max() : static_cast<To>(value);
    } else {
        return static_cast<To>(value);
    }
}

/// The integers of a sample, in its own order. `reals` is memory to work in.
template <class Word, class From>
void to_words(const Port& port, const From* from, std::size_t elements, Word* to, std::vector<double>& reals) {
    if (port.steps.empty() && std::is_integral_v<From>) {
        for (std::size_t i = 0; i < elements; ++i) to[i] = static_cast<Word>(from[i]);
    } else if (is_one_scale(port.steps, "quantize") && sizeof(Word) <= 2) {
        quantize_row(from, elements, port.steps[0], to);
    } else {
        reals.assign(from, from + port.elements());
        for (const Step& step : port.steps) run_step(step, reals);
        std::transform(reals.begin(), reals.end(), to, converted<Word>);
    }
}

template <class Word, class To>
void from_words(const Port& port, const Word* from, std::size_t elements, To* to, std::vector<double>& reals) {
    if (port.steps.empty() && std::is_integral_v<To>) {
        for (std::size_t i = 0; i < elements; ++i) to[i] = static_cast<To>(from[i]);
    } else if (is_one_scale(port.steps, "dequantize") && std::is_floating_point_v<To>) {
        dequantize_row(from, elements, port.steps[0], to);
    } else {
        reals.assign(from, from + elements);
        for (const Step& step : port.steps) run_step(step, reals);
        std::transform(reals.begin(), reals.end(), to, converted<To>);
    }
}

/// Whether a sample's elements are the frame's as they are.
template <class Element, class Word>
constexpr bool same_bytes() {
    return std::is_integral_v<Element> && std::is_integral_v<Word> && sizeof(Element) == sizeof(Word) && !std::is_same_v<Element, bool>;
}

}  // namespace

void pack(const Kernel& kernel, const Port& input, const TensorView& samples, std::size_t first, std::size_t count, std::byte* frames) {
    const Argument& argument = kernel.arguments[input.argument];
    const std::size_t elements = input.layout.elements(), sample_elements = input.elements();
    const bool in_order = input.layout.is_identity();
    std::vector<double> reals;
    visit_type(samples.type, [&](auto e) {
        using Element = decltype(e);
        const auto* sample = static_cast<const Element*>(samples.data) + first * sample_elements;
        visit_word(argument, [&](auto w) {
            using Word = decltype(w);
            std::vector<Word> row(in_order ? 0 : elements);
            for (std::size_t i = 0; i < count; ++i, sample += sample_elements) {
                auto* frame = reinterpret_cast<Word*>(frames + i * argument.frame_bytes);
                if constexpr (same_bytes<Element, Word>()) {
                    if (input.steps.empty()) {
                        if (in_order)
                            std::memcpy(frame, sample, elements * sizeof(Word));
                        else
                            move_elements<true>(input.layout, reinterpret_cast<const Word*>(sample), frame);
                        continue;
                    }
                }
                to_words(input, sample, elements, in_order ? frame : row.data(), reals);
                if (!in_order) move_elements<true>(input.layout, row.data(), frame);
            }
        });
    });
}

void unpack(const Kernel& kernel, const Port& output, const std::byte* frames, std::size_t first, std::size_t count, Tensor& samples) {
    const Argument& argument = kernel.arguments[output.argument];
    const std::size_t elements = output.layout.elements(), sample_elements = output.elements();
    const bool in_order = output.layout.is_identity();
    std::vector<double> reals;
    visit_type(samples.type, [&](auto e) {
        using Element = decltype(e);
        auto* sample = reinterpret_cast<Element*>(samples.data.data()) + first * sample_elements;
        visit_word(argument, [&](auto w) {
            using Word = decltype(w);
            std::vector<Word> row(in_order ? 0 : elements);
            for (std::size_t i = 0; i < count; ++i, sample += sample_elements) {
                const auto* frame = reinterpret_cast<const Word*>(frames + i * argument.frame_bytes);
                if (!in_order) move_elements<false>(output.layout, row.data(), frame);
                from_words(output, in_order ? frame : row.data(), elements, sample, reals);
            }
        });
    });
}

}  // namespace weft::host
