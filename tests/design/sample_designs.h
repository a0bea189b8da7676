// sample_designs.h
// Small designs put together by hand, for tests of what happens to a Design after lowering.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "units/common/cases.h"

namespace weft {

/// Builds a design layer by layer; activations are 8 bits.
class DesignBuilder {
public:
    explicit DesignBuilder(std::string name) { design.name = std::move(name); }

    Stream* input(int rows, int columns, int channels) {
        Stream* stream = design.add_stream("image", {rows, columns, 1, channels}, -128, 127);
        design.inputs.push_back({"image", {"image", stream, nullptr}});
        return stream;
    }

    void output(Stream* stream) {
        KernelOutput output;
        output.name = "result" + std::to_string(design.outputs.size());
        output.binding = {output.name, stream, nullptr};
        design.outputs.push_back(output);
    }

    Stream* window(const std::string& node, Stream* in, int kernel, int stride, int pad) {
        const int rows = (in->shape.rows + 2 * pad - kernel) / stride + 1;
        const int columns = (in->shape.columns + 2 * pad - kernel) / stride + 1;
        Stream* out = stream(node + "_taps", {rows, columns, kernel * kernel, in->shape.channels});
        set(design.add_unit(unit_window, node + "_window", {in}, {out}), node,
            {{"Rows", in->shape.rows},
             {"Columns", in->shape.columns},
             {"Channels", in->shape.channels},
             {"KernelH", kernel},
             {"KernelW", kernel},
             {"StrideH", stride},
             {"StrideW", stride},
             {"PadTop", pad},
             {"PadLeft", pad},
             {"PadBottom", pad},
             {"PadRight", pad}});
        return out;
    }

    Stream* convolution(const std::string& node, Stream* in, int outputs, int kernel, int stride, int pad) {
        Stream* taps = kernel == 1 && stride == 1 ? in : window(node, in, kernel, stride, pad);
        const StreamShape s = taps->shape;
        Stream* out = stream(node, {s.rows, s.columns, 1, outputs});
        Unit* unit = design.add_unit(unit_matvec, node + "_matvec", {taps}, {out});
        set(unit, node, {{"Rows", s.rows}, {"Columns", s.columns}, {"Taps", s.taps}, {"Channels", s.channels}, {"Outputs", outputs}});
        weigh(unit, {outputs, s.taps, s.channels}, std::int64_t{s.taps} * s.channels);
        return out;
    }

    Stream* dense(const std::string& node, Stream* in, int outputs) {
        Stream* out = stream(node, {1, 1, 1, outputs});
        Unit* unit = design.add_unit(unit_matvec, node + "_matvec", {in}, {out});
        const auto taps = static_cast<int>(in->shape.positions());
        set(unit, node, {{"Taps", taps}, {"Channels", in->shape.channels}, {"Outputs", outputs}, {"Flatten", 1}});
        weigh(unit, {outputs, taps, in->shape.channels}, in->shape.elements());
        return out;
    }

    Stream* depthwise(const std::string& node, Stream* in, int kernel, int stride, int pad) {
        Stream* taps = window(node, in, kernel, stride, pad);
        const StreamShape s = taps->shape;
        Stream* out = stream(node, {s.rows, s.columns, 1, s.channels});
        Unit* unit = design.add_unit(unit_depthwise, node + "_depthwise", {taps}, {out});
        set(unit, node, {{"Rows", s.rows}, {"Columns", s.columns}, {"Taps", s.taps}, {"Channels", s.channels}});
        weigh(unit, {s.channels, s.taps}, s.taps);
        return out;
    }

    Stream* max_pool(const std::string& node, Stream* in, int kernel, int stride) {
        Stream* taps = window(node, in, kernel, stride, 0);
        const StreamShape s = taps->shape;
        Stream* out = stream(node, {s.rows, s.columns, 1, s.channels});
        set(design.add_unit(unit_pool, node + "_pool", {taps}, {out}), node,
            {{"Rows", s.rows}, {"Columns", s.columns}, {"Taps", s.taps}, {"Channels", s.channels}});
        return out;
    }

    Stream* rescale(const std::string& node, Stream* in) {
        const StreamShape s = in->shape;
        Stream* out = stream(node, s);
        Unit* unit = design.add_unit(unit_requantize, node + "_requantize", {in}, {out});
        set(unit, node, {{"Rows", s.rows}, {"Columns", s.columns}, {"Channels", s.channels}});
        unit->requantize = sample_stage(RequantizeForm::multiply, s.channels, false, in->min, in->max, out->min, out->max);
        return out;
    }

    Stream* global_average(const std::string& node, Stream* in) {
        const StreamShape s = in->shape;
        Stream* out = stream(node, {1, 1, 1, s.channels});
        Unit* unit = design.add_unit(unit_global_pool, node + "_pool", {in}, {out});
        set(unit, node, {{"Rows", s.rows}, {"Columns", s.columns}, {"Channels", s.channels}});
        unit->requantize =
            sample_stage(RequantizeForm::multiply, s.channels, false, s.positions() * in->min, s.positions() * in->max, out->min, out->max);
        return out;
    }

    Stream* add(const std::string& node, Stream* a, Stream* b) {
        const StreamShape s = a->shape;
        Stream* out = stream(node, s);
        Unit* unit = design.add_unit(unit_add, node + "_add", {a, b}, {out});
        set(unit, node, {{"Rows", s.rows}, {"Columns", s.columns}, {"Channels", s.channels}});
        unit->constants["multipliers"] = {{2}, {41, 57}};
        unit->requantize = sample_stage(RequantizeForm::multiply, s.channels, false, 98 * -128, 98 * 127, out->min, out->max);
        return out;
    }

    Stream* concat(const std::string& node, std::vector<Stream*> inputs) {
        StreamShape s = inputs[0]->shape;
        s.channels = 0;
        for (const Stream* in : inputs) s.channels += in->shape.channels;
        Stream* out = stream(node, s);
        set(design.add_unit(unit_concat, node + "_concat", std::move(inputs), {out}), node, {{"Rows", s.rows}, {"Columns", s.columns}});
        return out;
    }

    Design design;

private:
    Stream* stream(const std::string& name, StreamShape shape) { return design.add_stream(name, shape, -128, 127); }

    static void set(Unit* unit, const std::string& node, const std::vector<std::pair<std::string_view, std::int64_t>>& parameters) {
        unit->nodes = {node};
        unit->set_parameters(parameters);
    }

    static void weigh(Unit* unit, std::vector<int> shape, std::int64_t terms) {
        std::int64_t count = 1;
        for (const int extent : shape) count *= extent;
        unit->constants["weights"] = {std::move(shape), sample(count, -127, 127, static_cast<std::uint64_t>(count))};
        unit->def->derive(*unit);
        unit->requantize = sample_stage(RequantizeForm::multiply, unit->outputs[0]->shape.channels, true, -terms * 127 * 128,
                                        terms * 127 * 128, unit->outputs[0]->min, unit->outputs[0]->max);
    }
};

/// The MLPerf Tiny image classifier's layers: three residual blocks of 16, 32 and 64 channels, the latter two with a convolution on the
/// skip.
inline Design resnet8() {
    DesignBuilder build("resnet8");
    Stream* x = build.convolution("stem", build.input(32, 32, 3), 16, 3, 1, 1);
    int channels = 16;
    for (int block = 1; block <= 3; ++block) {
        const std::string name = "block" + std::to_string(block);
        const int stride = block == 1 ? 1 : 2;
        Stream* y = build.convolution(name + "_first", x, channels, 3, stride, 1);
        y = build.convolution(name + "_second", y, channels, 3, 1, 1);
        Stream* skip = block == 1 ? x : build.convolution(name + "_skip", x, channels, 1, stride, 0);
        x = build.add(name + "_sum", y, skip);
        channels *= 2;
    }
    build.output(build.dense("classes", build.global_average("average", x), 10));
    return std::move(build.design);
}

/// The Fashion-MNIST example's layers.
inline Design fashion() {
    DesignBuilder build("fashion");
    Stream* x = build.convolution("conv1", build.input(28, 28, 1), 16, 3, 1, 1);
    x = build.max_pool("pool1", x, 2, 2);
    x = build.convolution("conv2", x, 32, 3, 1, 1);
    x = build.max_pool("pool2", x, 2, 2);
    build.output(build.dense("classes", x, 10));
    return std::move(build.design);
}

/// A small net with nested branches: two residuals inside one another, and a concat of three paths.
inline Design branched() {
    DesignBuilder build("branched");
    Stream* x = build.convolution("stem", build.input(9, 7, 3), 6, 3, 1, 1);
    Stream* inner = build.convolution("a1", x, 6, 3, 1, 1);
    Stream* y = build.add("inner_sum", build.convolution("a2", inner, 6, 3, 1, 1), inner);
    y = build.add("outer_sum", x, build.convolution("a3", y, 6, 5, 1, 2));
    Stream* wide = build.depthwise("d1", y, 3, 1, 1);
    Stream* narrow = build.convolution("n1", y, 5, 1, 1, 0);
    Stream* all = build.concat("all", {wide, y, narrow});
    build.output(all);
    build.output(build.global_average("average", all));
    return std::move(build.design);
}

inline std::vector<Design> sample_designs() {
    std::vector<Design> list;
    list.push_back(resnet8());
    list.push_back(fashion());
    list.push_back(branched());
    return list;
}

}  // namespace weft
