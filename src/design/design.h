// design.h
// Design: function units joined by streams; the second of weft's two intermediate representations. Unfolded it is the integer contract.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/dsp.h"
#include "src/design/requantize_stage.h"
#include "src/graph/index_map.h"
#include "src/graph/integer_type.h"
#include "src/graph/narrow_integers.h"

namespace weft {

struct UnitDef;
struct Unit;

/// What one frame carries over a stream: rows x columns positions, at each a vector of taps x channels elements (taps = 1 but after a
/// window). Order on the stream: row, column, then as the producer's beats say; in an IntTensor always row, column, tap, channel.
struct StreamShape {
    int rows = 1;
    int columns = 1;
    int taps = 1;
    int channels = 1;

    std::int64_t positions() const { return std::int64_t{rows} * columns; }
    std::int64_t elements() const { return positions() * taps * channels; }
    bool operator==(const StreamShape&) const = default;
};

/// How a frame is cut into beats. A beat carries pixels x taps x lanes elements: `pixels` neighbouring columns, `taps` taps and `lanes`
/// channels, pixel-major, then tap-major, lane-minor. Per position: for each channel fold, for each tap fold, one beat
/// (channel folds outermost). Nothing needs to divide anything: elements beyond the shape are spare and carry arbitrary data.
struct Beat {
    int pixels = 1;
    int taps = 1;
    int lanes = 1;

    int elements() const { return pixels * taps * lanes; }
    /// Beats of one frame of that shape.
    std::int64_t count(const StreamShape& shape) const;
    bool operator==(const Beat&) const = default;
};

/// One frame of integers, row-major over (row, column, tap, channel). The elements of the integer contract.
struct IntTensor {
    StreamShape shape;
    std::vector<std::int32_t> data;

    IntTensor() = default;
    explicit IntTensor(StreamShape s) : shape(s), data(static_cast<std::size_t>(s.elements())) {}
    bool operator==(const IntTensor&) const = default;
};

/// A point-to-point channel (after plumbing; before it, several units may read one stream).
struct Stream {
    std::string name;
    StreamShape shape;
    std::int64_t min = 0;  ///< Range of the integers on it; width and sign of an element follow.
    std::int64_t max = 0;
    Beat beat;                 ///< Set by folding and plumbing.
    int depth = 2;             ///< Beats that the FIFO of the HLS kernel holds; set by `plumb`.
    int rtl_depth = 2;         ///< The same of the RTL kernel; set from its schedule. 0: wires.
    Unit* producer = nullptr;  ///< Null at a kernel input.
    int producer_port = 0;

    int bits() const { return bits_for(min, max); }
    bool is_signed() const { return min < 0; }
};

/// Named integers that a unit needs besides its parameters (weights, tables), row-major.
struct ConstantArray {
    std::vector<int> shape;
    NarrowIntegers data;
};

/// An instance of a unit. Parameters are spelled as in the unit's table.
struct Unit {
    const UnitDef* def = nullptr;
    std::string name;                ///< Unique among the units, a C identifier.
    std::vector<std::string> nodes;  ///< Keys of the ONNX nodes that it computes.
    std::map<std::string, std::int64_t, std::less<>> parameters;
    std::map<std::string, ConstantArray, std::less<>> constants;
    std::optional<Requantize> requantize;  ///< The stage behind the accumulator, in units that have one.
    std::vector<Stream*> inputs;
    std::vector<Stream*> outputs;
    DspCell dsp = dsp48e2;  ///< The design's.

    /// One that the unit's table has: another name is a mistake of ours that ends the program, as it is below.
    std::int64_t parameter(std::string_view key) const;
    void set_parameter(std::string_view key, std::int64_t value);
    void set_parameters(std::span<const std::pair<std::string_view, std::int64_t>> values);
    /// One that some units have: null where this one does not.
    const std::int64_t* find_parameter(std::string_view key) const;
    const ConstantArray& constant(std::string_view key) const;
    const ConstantArray* find_constant(std::string_view key) const;

private:
    [[noreturn]] void has_no(const char* what, std::string_view key) const;
};

/// A tensor of the model at the kernel's edge or inside it, and the stream that carries it.
struct TensorBinding {
    std::string tensor;  ///< Name of the value in out/model.onnx: the quantized integers, or the real value of an accumulator output.
    Stream* stream = nullptr;
    IndexMap map;  ///< From the model's tensor to the stream's elements (flat over row, column, channel).
};

/// A kernel input: what the host makes of the model's input before it sends it.
struct KernelInput {
    std::string name;       ///< Of the model's input.
    TensorBinding binding;  ///< The quantized tensor that the stream carries.
};

/// A kernel output: real = (integer - zero_point) * scale + offset, per channel of the stream (or one for all).
struct KernelOutput {
    std::string name;       ///< Of the model's output that depends on it.
    TensorBinding binding;  ///< The model's tensor that the host's suffix starts from.
    std::vector<double> scale{1.0};
    std::vector<double> offset{0.0};
    std::vector<std::int64_t> zero_point{0};
    bool quantized = true;  ///< False: an exact accumulator.
};

/// A value of the model whose integers a stream carries, for the per-region oracle; in order of computation.
struct CheckPoint {
    std::string node;  ///< Key of the region's accumulating node, for messages.
    TensorBinding binding;
};

class Design {
public:
    Design() = default;
    Design(Design&&) = default;
    Design& operator=(Design&&) = default;
    Design(const Design&) = delete;

    std::string name;
    std::vector<KernelInput> inputs;
    std::vector<KernelOutput> outputs;
    std::vector<CheckPoint> check_points;

    /// Units in topological order.
    std::vector<std::unique_ptr<Unit>> units;
    std::deque<std::unique_ptr<Stream>> streams;

    const DspCell& dsp() const { return dsp_; }
    /// Before the units are folded: how they pack products, and what they cost, follows from it.
    void use(const DspCell& cell);

    Stream* add_stream(std::string_view wanted_name, StreamShape shape, std::int64_t min, std::int64_t max);
    /// Parameters at their defaults; the name becomes unique and an identifier.
    Unit* add_unit(const UnitDef& def, std::string_view wanted_name, std::vector<Stream*> inputs, std::vector<Stream*> outputs);
    /// Units that read `stream`, with the port at which they do, in order.
    std::vector<std::pair<Unit*, int>> readers(const Stream* stream) const;
    Stream* find_stream(std::string_view name) const;
    Unit* find_unit(std::string_view name) const;
    /// Topological order, stable.
    void sort();

private:
    DspCell dsp_ = dsp48e2;
};

/// Streams have the producers and readers that their units say, parameters are within their tables, ranges and shapes agree,
/// and (after plumbing) every stream has one reader and both ends agree on its beat.
Status verify(const Design& design, bool plumbed);

}  // namespace weft
