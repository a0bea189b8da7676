// window.cpp
// Cuts a frame into the windows of a convolution or pooling: padding, stride and line buffer in one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "units/common/cases.h"
#include "units/common/model_parts.h"
#include "units/common/random_case.h"
#include "units/window/window_rtl.h"

namespace weft {

namespace {

StreamShape output_shape(const Unit& unit) {
    const auto count = [&](const char* size, const char* before, const char* after, const char* kernel, const char* stride) {
        const std::int64_t span = unit.parameter(size) + unit.parameter(before) + unit.parameter(after) - unit.parameter(kernel);
        return span < 0 ? 0 : static_cast<int>(span / unit.parameter(stride) + 1);
    };
    return {count("Rows", "PadTop", "PadBottom", "KernelH", "StrideH"), count("Columns", "PadLeft", "PadRight", "KernelW", "StrideW"),
            static_cast<int>(unit.parameter("KernelH") * unit.parameter("KernelW")), static_cast<int>(unit.parameter("Channels"))};
}

/// The walk of the delay line, as the HLS face does it: over all pixels without a stop between rows and frames. Padding that alone fills a
/// window is walked over as well; the rest is masked. Distances are in positions of the walk.
struct DelayLine {
    std::int64_t rows, columns, channel_folds, tap_folds, out_rows, out_columns;
    std::int64_t grid_rows, grid_columns, top, left;
    std::int64_t first_gap, column_gap, row_gap, frame_gap, row_pitch;

    explicit DelayLine(const Unit& unit) {
        const StreamShape out = output_shape(unit);
        rows = unit.parameter("Rows");
        columns = unit.parameter("Columns");
        channel_folds = ceil_div(unit.parameter("Channels"), unit.parameter("Lanes"));
        tap_folds = ceil_div(out.taps, unit.parameter("TapsPerBeat"));
        out_rows = out.rows;
        out_columns = out.columns;
        const std::int64_t kernel_h = unit.parameter("KernelH");
        const std::int64_t kernel_w = unit.parameter("KernelW");
        const std::int64_t walked_rows = std::max<std::int64_t>(0, unit.parameter("PadTop") + unit.parameter("PadBottom") - (kernel_h - 1));
        const std::int64_t walked_columns =
            std::max<std::int64_t>(0, unit.parameter("PadLeft") + unit.parameter("PadRight") - (kernel_w - 1));
        top = std::min(unit.parameter("PadTop"), walked_rows);
        left = std::min(unit.parameter("PadLeft"), walked_columns);
        grid_rows = rows + walked_rows;
        grid_columns = columns + walked_columns;
        first_gap = (kernel_h - 1 - (unit.parameter("PadTop") - top)) * grid_columns + kernel_w - 1 - (unit.parameter("PadLeft") - left);
        column_gap = unit.parameter("StrideW");
        row_pitch = unit.parameter("StrideH") * grid_columns;
        row_gap = row_pitch - (out_columns - 1) * column_gap;
        frame_gap = grid_rows * grid_columns - (out_rows - 1) * row_pitch - (out_columns - 1) * column_gap;
    }

    /// Position of the last pixel of a window; beyond the frame where padding puts it there.
    std::int64_t last_pixel(std::int64_t row, std::int64_t column) const { return first_gap + row * row_pitch + column * column_gap; }

    /// Input beats among the first `steps` steps of the walk, a step being one channel fold of one position.
    std::int64_t reads_at(std::int64_t steps) const {
        const std::int64_t position = steps / channel_folds;
        const std::int64_t frame = position / (grid_rows * grid_columns);
        const std::int64_t row = position / grid_columns % grid_rows - top;
        const std::int64_t column = position % grid_columns - left;
        const bool row_inside = row >= 0 && row < rows;
        std::int64_t pixels = frame * rows * columns + std::clamp<std::int64_t>(row, 0, rows) * columns;
        if (row_inside) pixels += std::clamp<std::int64_t>(column, 0, columns);
        const bool inside = row_inside && column >= 0 && column < columns;
        return pixels * channel_folds + (inside ? steps % channel_folds : 0);
    }

    /// Steps of a frame, those included in which a window's further beats leave.
    std::int64_t steps() const {
        return out_rows * out_columns * (channel_folds - 1) * tap_folds + out_rows * (out_columns - 1) * next_window(column_gap) +
               (out_rows - 1) * next_window(row_gap) + next_window(frame_gap);
    }

    /// From a window's last channel fold to the next window, `gap` positions on: whichever takes longer, leaving or arriving.
    std::int64_t next_window(std::int64_t gap) const { return std::max(tap_folds, (gap - 1) * channel_folds + 1); }
};

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    const StreamShape shape = output_shape(unit);
    if (shape.rows < 1 || shape.columns < 1) return "the kernel is larger than the padded input";
    if (std::string reason = expect_shape(*unit.outputs[0], shape, "its output"); !reason.empty()) return reason;
    if (unit.parameter("TapsPerBeat") > shape.taps) return "TapsPerBeat exceeds the kernel";
    if (unit.parameter("Lanes") > shape.channels) return "Lanes exceeds Channels";
    const bool padded = unit.parameter("PadTop") + unit.parameter("PadLeft") + unit.parameter("PadBottom") + unit.parameter("PadRight") > 0;
    const std::int64_t pad = unit.parameter("PadValue");
    const Stream& out = *unit.outputs[0];
    if (out.min > unit.inputs[0]->min || out.max < unit.inputs[0]->max) return "its output's range does not cover its input's";
    if (unit.parameter("Pixels") > 1)
        if (std::string reason = line_obstacle(WindowGeometry(unit)); !reason.empty()) return reason + ", with several pixels a beat";
    if (padded && (pad < out.min || pad > out.max)) return "PadValue is outside its output's range";
    // The HLS face's counters hold a batch of as many steps; only windows of nothing but padding, with a stride over them, take more.
    // It has one pixel a beat.
    Beat in = lanes_beat(unit), out_beat = taps_beat(unit);
    in.pixels = out_beat.pixels = 1;
    if (DelayLine(unit).steps() > 4 * (in.count(unit.inputs[0]->shape) + out_beat.count(shape)))
        return "its padding is too large for its stride";
    return {};
}

/// Windows of neighbouring positions leave together where the stride divides them.
Beat output_beat(const Unit& unit) {
    const auto pixels = static_cast<int>(std::max<std::int64_t>(1, unit.parameter("Pixels") / unit.parameter("StrideW")));
    return {pixels, static_cast<int>(unit.parameter("TapsPerBeat")), static_cast<int>(unit.parameter("Lanes"))};
}

Timing schedule(const Unit& unit) { return {window_interval(unit)}; }

Cost cost(const Unit&) { return {}; }

std::vector<Folding> foldings(const Unit& unit) { return lane_tap_foldings(unit, unit.parameter("KernelH") * unit.parameter("KernelW")); }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    IntTensor& out = outputs[0];
    const std::int64_t kernel_w = unit.parameter("KernelW");
    for (std::int64_t row = 0; row < out.shape.rows; ++row)
        for (std::int64_t column = 0; column < out.shape.columns; ++column)
            for (std::int64_t tap = 0; tap < out.shape.taps; ++tap) {
                const std::int64_t y = row * unit.parameter("StrideH") - unit.parameter("PadTop") + tap / kernel_w;
                const std::int64_t x = column * unit.parameter("StrideW") - unit.parameter("PadLeft") + tap % kernel_w;
                const bool inside = y >= 0 && y < in.shape.rows && x >= 0 && x < in.shape.columns;
                for (std::int64_t channel = 0; channel < out.shape.channels; ++channel)
                    at(out, row, column, tap, channel) =
                        inside ? at(in, y, x, 0, channel) : static_cast<std::int32_t>(unit.parameter("PadValue"));
            }
}

/// A window leaves when the delay line has reached its bottom right pixel, in the padding of the next row or frame where it lies there;
/// while further beats of it leave, the line goes on as far as the next window.
std::vector<std::int64_t> reads_for(const Unit& unit, int) {
    if (unit.parameter("Pixels") > 1) return line_reads(WindowGeometry(unit));
    const DelayLine line(unit);
    const StreamShape out = output_shape(unit);
    std::vector<std::int64_t> reads;
    reads.reserve(static_cast<std::size_t>(taps_beat(unit).count(out)));
    for (std::int64_t row = 0; row < out.rows; ++row)
        for (std::int64_t column = 0; column < out.columns; ++column) {
            const std::int64_t gap = column + 1 < out.columns ? line.column_gap : row + 1 < out.rows ? line.row_gap : line.frame_gap;
            const std::int64_t first = line.last_pixel(row, column) * line.channel_folds;
            for (std::int64_t fold = 0; fold < line.channel_folds; ++fold)
                for (std::int64_t beat = 0; beat < line.tap_folds; ++beat) {
                    const std::int64_t ahead = fold + 1 == line.channel_folds ? std::min(beat, (gap - 1) * line.channel_folds) : 0;
                    reads.push_back(line.reads_at(first + fold + 1 + ahead));
                }
        }
    return reads;
}

UnitFunction fast(const Unit& unit) {
    struct Geometry {
        std::int64_t kernel_h, kernel_w, stride_h, stride_w, top, left;
        std::int32_t pad;
    };
    const Geometry g{unit.parameter("KernelH"),
                     unit.parameter("KernelW"),
                     unit.parameter("StrideH"),
                     unit.parameter("StrideW"),
                     unit.parameter("PadTop"),
                     unit.parameter("PadLeft"),
                     static_cast<std::int32_t>(unit.parameter("PadValue"))};
    return [g](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        const StreamShape in = inputs[0]->shape;
        const StreamShape out = outputs[0].shape;
        const std::int32_t* source = inputs[0]->data.data();
        std::int32_t* target = outputs[0].data.data();
        for (std::int64_t row = 0; row < out.rows; ++row)
            for (std::int64_t column = 0; column < out.columns; ++column) {
                const std::int64_t x = column * g.stride_w - g.left;
                const std::int64_t first = std::clamp<std::int64_t>(-x, 0, g.kernel_w);
                const std::int64_t last = std::clamp<std::int64_t>(in.columns - x, first, g.kernel_w);
                for (std::int64_t k = 0; k < g.kernel_h; ++k, target += g.kernel_w * in.channels) {
                    const std::int64_t y = row * g.stride_h - g.top + k;
                    if (y < 0 || y >= in.rows) {
                        std::fill_n(target, g.kernel_w * in.channels, g.pad);
                        continue;
                    }
                    // The taps of a kernel row are neighbours in the frame: one copy.
                    std::fill_n(target, first * in.channels, g.pad);
                    std::copy_n(source + (y * in.columns + x + first) * in.channels, (last - first) * in.channels,
                                target + first * in.channels);
                    std::fill_n(target + last * in.channels, (g.kernel_w - last) * in.channels, g.pad);
                }
            }
    };
}

struct Geometry {
    int rows, columns, channels, kernel_h, kernel_w, stride_h = 1, stride_w = 1, top = 0, left = 0, bottom = 0, right = 0;
};

UnitCase point(const Geometry& g, std::int64_t min, std::int64_t max, std::int64_t pad, int lanes, int taps_per_beat, int pixels = 1) {
    CaseBuilder build("window");
    Stream* in = build.input({g.rows, g.columns, 1, g.channels}, min, max);
    Stream* out = build.output({(g.rows + g.top + g.bottom - g.kernel_h) / g.stride_h + 1,
                                (g.columns + g.left + g.right - g.kernel_w) / g.stride_w + 1, g.kernel_h * g.kernel_w, g.channels},
                               min, max);
    build.unit(unit_window, {in}, {out},
               {{"Rows", g.rows},
                {"Columns", g.columns},
                {"Channels", g.channels},
                {"KernelH", g.kernel_h},
                {"KernelW", g.kernel_w},
                {"StrideH", g.stride_h},
                {"StrideW", g.stride_w},
                {"PadTop", g.top},
                {"PadLeft", g.left},
                {"PadBottom", g.bottom},
                {"PadRight", g.right},
                {"PadValue", pad},
                {"Pixels", pixels},
                {"Lanes", lanes},
                {"TapsPerBeat", taps_per_beat}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({5, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, -3, 3, 9));
    list.push_back(point({5, 7, 5, 3, 3, 1, 1, 1, 1, 1, 1}, 0, 255, 7, 2, 1));
    list.push_back(point({6, 5, 4, 3, 2, 2, 1, 0, 1, 1, 0}, -8, 7, 0, 3, 6));
    list.push_back(point({7, 8, 2, 2, 2, 2, 2}, 0, 1, 0, 2, 4));
    list.push_back(point({8, 6, 3, 4, 1, 3, 2, 2, 0, 1, 0}, -32768, 32767, 32767, 2, 3));
    list.push_back(point({4, 4, 6, 1, 1, 2, 2}, -128, 127, 0, 4, 1));
    list.push_back(point({3, 5, 1, 3, 5, 1, 1, 2, 4, 2, 4}, -2, 1, 1, 1, 4));
    list.push_back(point({1, 9, 4, 1, 4, 1, 2, 0, 3, 0, 2}, 0, 15, 5, 4, 2));
    list.push_back(point({1, 1, 3, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 9, 2, 3));
    return list;
}

std::vector<UnitCase> rtl_cases() {
    std::vector<UnitCase> list;
    // Delay lines: lag 0 and 1, shallow and block RAM rows, one row, folds.
    list.push_back(point({6, 7, 2, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 0, 2, 9));
    list.push_back(point({6, 5, 5, 5, 5, 1, 1, 2, 2, 2, 2}, 0, 255, 3, 2, 25));
    list.push_back(point({6, 7, 3, 3, 3}, 0, 15, 0, 3, 9));
    list.push_back(point({4, 5, 2, 1, 1}, 0, 15, 0, 2, 1));
    list.push_back(point({3, 5, 2, 1, 1}, 0, 15, 0, 1, 1));
    list.push_back(point({4, 6, 2, 1, 2}, 0, 15, 0, 2, 2));
    list.push_back(point({4, 6, 2, 2, 1, 2, 1}, 0, 15, 0, 2, 2));
    list.push_back(point({5, 1, 1, 3, 1, 1, 1, 1, 0, 1, 0}, -8, 7, -5, 1, 3));
    list.push_back(point({1, 9, 4, 1, 4, 1, 1, 0, 3, 0, 0}, 0, 15, 5, 4, 4));
    list.push_back(point({8, 8, 2, 2, 2, 2, 2}, 0, 255, 0, 2, 4));
    list.push_back(point({7, 9, 3, 3, 3, 2, 2, 0, 0, 1, 1}, -8, 7, 1, 2, 9));
    list.push_back(point({4, 40, 2, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, -4, 1, 9));
    list.push_back(point({3, 300, 1, 3, 2, 1, 1, 1, 1, 1, 0}, -128, 127, -4, 1, 6));
    // Several columns a beat.
    for (const int pixels : {2, 4}) {
        list.push_back(point({6, 8, 2, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 0, 2, 9, pixels));
        list.push_back(point({5, 9, 3, 3, 3, 1, 1, 1, 1, 1, 1}, 0, 255, 5, 2, 9, pixels));
        list.push_back(point({6, 11, 2, 5, 4, 1, 1, 2, 1, 2, 2}, -2, 1, 1, 1, 20, pixels));
        list.push_back(point({6, 7, 3, 3, 3}, 0, 15, 0, 3, 9, pixels));
        list.push_back(point({6, 10, 3, 2, 2, 2, 2}, 0, 15, 0, 2, 4, pixels));
        list.push_back(point({8, 8, 2, 2, 2, 2, 2}, 0, 255, 0, 2, 4, pixels));
        list.push_back(point({7, 14, 2, 3, 3, 2, 2, 1, 1, 1, 1}, 0, 255, 0, 2, 9, pixels));
        list.push_back(point({9, 13, 2, 3, 3, 2, 2, 0, 0, 1, 1}, 0, 255, 9, 1, 9, pixels));
        list.push_back(point({3, 10, 2, 1, 1, 2, 2}, 0, 255, 0, 1, 1, pixels));
        list.push_back(point({1, 1, 3, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 9, 2, 9, pixels));
        list.push_back(point({2, 3, 2, 5, 5, 1, 1, 2, 2, 2, 2}, -128, 127, 0, 2, 25, pixels));
    }
    // So many taps of several windows that a lane is cut into bits.
    list.push_back(point({2, 12, 2, 1, 9, 1, 1, 0, 4, 0, 4}, -128, 127, -5, 1, 9, 4));
    list.push_back(point({3, 11, 1, 2, 9, 1, 1, 1, 4, 0, 4}, 0, 255, 213, 1, 18, 4));
    // Memories: strides, folds of taps and channels, no padding, padding beyond the kernel's reach, block RAM.
    list.push_back(point({49, 10, 1, 10, 4, 2, 2, 4, 1, 5, 1}, -128, 127, -7, 1, 10));
    list.push_back(point({8, 8, 3, 3, 3, 2, 2, 0, 0, 1, 1}, 0, 255, 0, 3, 9));
    list.push_back(point({9, 9, 3, 3, 3, 2, 2, 1, 1, 1, 1}, 0, 255, 0, 2, 9));
    list.push_back(point({8, 8, 3, 3, 3, 2, 2, 0, 0, 1, 1}, 0, 255, 0, 2, 5));
    list.push_back(point({8, 8, 3, 3, 3}, 0, 255, 0, 1, 5));
    list.push_back(point({9, 7, 1, 5, 5}, 0, 255, 0, 1, 1));
    list.push_back(point({8, 7, 2, 5, 5}, 0, 255, 0, 1, 25));
    list.push_back(point({9, 9, 5, 1, 1, 2, 2}, 0, 255, 0, 2, 1));
    list.push_back(point({9, 9, 2, 1, 1, 4, 3}, 0, 255, 0, 2, 1));
    list.push_back(point({9, 9, 2, 3, 3, 4, 4, 2, 2, 0, 0}, 0, 255, 0, 2, 9));
    list.push_back(point({4, 5, 2, 3, 2, 1, 1, 2, 1, 2, 1}, 0, 255, 3, 2, 6));
    list.push_back(point({4, 3, 1, 2, 2, 1, 2, 4, 5, 3, 2}, 0, 255, 3, 1, 2));
    list.push_back(point({2, 3, 2, 5, 5, 1, 1, 2, 2, 2, 2}, -128, 127, 0, 2, 25));
    list.push_back(point({7, 60, 17, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 4, 17, 3));
    list.push_back(point({6, 150, 9, 3, 3, 2, 2, 0, 0, 1, 1}, 0, 255, 4, 5, 9));
    list.push_back(point({5, 60, 40, 2, 3, 1, 1, 1, 1, 0, 1}, -128, 127, 0, 40, 1));
    // So many taps that enables and masks are copied.
    list.push_back(point({2, 6, 9, 5, 5, 1, 1, 2, 2, 2, 2}, 0, 127, 3, 9, 25, 4));
    return list;
}

UnitCase random_case(std::mt19937_64& random) {
    CaseDrawer draw(random);
    Geometry g{
        .rows = draw.size(9), .columns = draw.size(12), .channels = draw.channels(9), .kernel_h = draw.size(5), .kernel_w = draw.size(5)};
    g.stride_h = draw.one_of({1, 1, 1, 2, 2, 3});
    g.stride_w = draw.chance(70) ? g.stride_h : draw.one_of({1, 2, 3, 4});
    // As frameworks pad, none, or anything, kernels that see nothing but padding included.
    const auto kind = draw.pick(0, 3);
    const auto pad = [&](int kernel, bool after) {
        return static_cast<int>(kind == 0   ? 0
                                : kind == 1 ? (kernel - (after ? 0 : 1)) / 2
                                : kind == 2 ? draw.pick(0, kernel - 1)
                                            : draw.pick(0, kernel + 1));
    };
    g.top = pad(g.kernel_h, false);
    g.bottom = pad(g.kernel_h, true);
    g.left = pad(g.kernel_w, false);
    g.right = pad(g.kernel_w, true);
    const auto [min, max] = draw.range();
    const int taps = g.kernel_h * g.kernel_w;
    const int pixels = draw.pixels();
    UnitCase design = point(g, min, max, draw.pick(min, max), draw.part_of(g.channels), pixels > 1 ? taps : draw.part_of(taps), pixels);
    if (draw.chance(20)) {
        // Padding beyond the range of what is padded.
        Stream& out = *design->units.front()->outputs[0];
        out.min -= draw.pick(0, 200);
        out.max += draw.pick(0, 200);
        design->units.front()->set_parameter("PadValue", draw.pick(out.min, out.max));
    }
    return design;
}

}  // namespace

extern const UnitDef unit_window{
    .name = "window",
    .role = UnitRole::function,
    .summary = "the windows of a convolution or pooling, one position after the other, with padding and stride",
    .parameters = {rows_row(),
                   columns_row(),
                   channels_row(),
                   {"KernelH", ParameterKind::shape, 1, 4096, 1, "rows of the kernel"},
                   {"KernelW", ParameterKind::shape, 1, 4096, 1, "columns of the kernel"},
                   {"StrideH", ParameterKind::shape, 1, 4096, 1, "rows from window to window"},
                   {"StrideW", ParameterKind::shape, 1, 4096, 1, "columns from window to window"},
                   {"PadTop", ParameterKind::shape, 0, 4096, 0, "rows of padding above"},
                   {"PadLeft", ParameterKind::shape, 0, 4096, 0, "columns of padding to the left"},
                   {"PadBottom", ParameterKind::shape, 0, 4096, 0, "rows of padding below"},
                   {"PadRight", ParameterKind::shape, 0, 4096, 0, "columns of padding to the right"},
                   {"PadValue", ParameterKind::numeric, -(std::int64_t{1} << 31), (std::int64_t{1} << 31) - 1, 0,
                    "integer that padding feeds"},
                   pixels_row(),
                   lanes_row(),
                   taps_per_beat_row()},
    .ports = {{.name = "in", .beat = lanes_beat}, {.name = "out", .output = true, .beat = output_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .rtl = window_rtl,
    .features = window_features,
    .control = window_control,
    .cases = cases,
    .rtl_cases = rtl_cases,
    .random_case = random_case,
};

}  // namespace weft
