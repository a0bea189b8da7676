// kernel_port.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/kernel_port.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/design/identifier.h"

namespace weft {

std::string kernel_name(const Design& design) {
    // A C function of its own: the suffix keeps a model called `random` or `main` apart from the C library.
    const std::string base = to_identifier(design.name.empty() ? "network" : design.name) + "_kernel";
    std::string name = base;
    for (int i = 1; design.find_unit(name) != nullptr; ++i) name = fmt::format("{}_{}", base, i);
    return name;
}

std::vector<KernelPort> kernel_ports(const Design& design, const EmitOptions& options) {
    std::vector<KernelPort> ports;
    const auto add = [&](const std::string& name, const Stream* stream, bool output, std::size_t index, std::size_t count) {
        const std::string base = to_identifier(name);
        std::string unique = base;
        const auto taken = [&] {
            return std::any_of(ports.begin(), ports.end(), [&](const KernelPort& port) { return port.name == unique; });
        };
        for (int i = 1; taken(); ++i) unique = fmt::format("{}_{}", base, i);
        const std::string argument = output ? "gmem_out" : "gmem_in";
        ports.push_back({unique, count == 1 ? argument : fmt::format("{}_{}", argument, index), stream, output,
                         options.raw_ports || stream->shape.taps > 1, options.memory_bits});
    };
    for (std::size_t i = 0; i < design.inputs.size(); ++i)
        add(design.inputs[i].name, design.inputs[i].binding.stream, false, i, design.inputs.size());
    for (std::size_t i = 0; i < design.outputs.size(); ++i)
        add(design.outputs[i].name, design.outputs[i].binding.stream, true, i, design.outputs.size());
    return ports;
}

std::int64_t KernelPort::positions() const { return raw ? stream->beat.count(stream->shape) : stream->shape.positions(); }
std::int64_t KernelPort::channels() const { return raw ? stream->beat.elements() : stream->shape.channels; }
std::int64_t KernelPort::lanes() const { return stream->beat.elements(); }

std::int64_t KernelPort::memory_index(std::int64_t element) const {
    if (!raw) return element;
    const Stream& s = *stream;
    const std::int64_t channel = element % s.shape.channels;
    const std::int64_t tap = element / s.shape.channels % s.shape.taps;
    const std::int64_t position = element / s.shape.channels / s.shape.taps;
    const std::int64_t column = position % s.shape.columns;
    const std::int64_t groups = (s.shape.columns + s.beat.pixels - 1) / s.beat.pixels;
    const std::int64_t folds = (s.shape.channels + s.beat.lanes - 1) / s.beat.lanes;
    const std::int64_t tap_folds = (s.shape.taps + s.beat.taps - 1) / s.beat.taps;
    const std::int64_t group = position / s.shape.columns * groups + column / s.beat.pixels;
    const std::int64_t beat = (group * folds + channel / s.beat.lanes) * tap_folds + tap / s.beat.taps;
    const std::int64_t pixel = column % s.beat.pixels;
    return beat * s.beat.elements() + (pixel * s.beat.taps + tap % s.beat.taps) * s.beat.lanes + channel % s.beat.lanes;
}

}  // namespace weft
