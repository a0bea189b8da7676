// convolution_float.cpp
// SPDX-License-Identifier: Apache-2.0
#include "ops/common/convolution_float.h"

#include <omp.h>

#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace weft {

namespace {

using Key = std::vector<std::int64_t>;

Key key_of(const ConvolutionShape& s, bool has_bias) {
    const Window& w = s.window;
    return {s.layout == Layout::channels_last,
            has_bias,
            s.batch,
            s.channels,
            s.height,
            s.width,
            s.outputs,
            s.groups,
            w.kernel[0],
            w.kernel[1],
            w.strides[0],
            w.strides[1],
            w.dilations[0],
            w.dilations[1],
            w.pads[0],
            w.pads[1],
            w.pads[2],
            w.pads[3],
            s.out_height(),
            s.out_width()};
}

/// Room for one operand of any primitive in the layout that the primitive wants: shared, so that it stays in the cache.
class Scratch {
public:
    float* hold(std::size_t bytes) {
        if (bytes > room_.bytes()) room_ = Tensor(DataType::uint8, {static_cast<std::int64_t>(bytes)});
        return reinterpret_cast<float*>(room_.raw());
    }

private:
    Tensor room_{DataType::uint8, {0}};
};

/// Operands that are only read: the library takes all of them alike.
float* writable(const float* data) { return const_cast<float*>(data); }

/// A tensor as the caller holds it and as the primitive wants it, with the conversion between the two where they differ.
struct Operand {
    dnnl::memory plain;
    dnnl::memory wanted;
    dnnl::reorder conversion;
    bool converts = false;

    Operand() = default;
    Operand(const dnnl::memory::desc& plain_layout, const dnnl::memory::desc& wanted_layout, const dnnl::engine& engine, bool to_plain) {
        plain = dnnl::memory(plain_layout, engine, nullptr);
        converts = plain_layout != wanted_layout;
        wanted = converts ? dnnl::memory(wanted_layout, engine, nullptr) : plain;
        if (converts) conversion = to_plain ? dnnl::reorder(wanted, plain) : dnnl::reorder(plain, wanted);
    }
    void point_to(const float* data, Scratch& scratch) {
        plain.set_data_handle(writable(data));
        if (converts) wanted.set_data_handle(scratch.hold(wanted.get_desc().get_size()));
    }
    void convert(dnnl::stream& stream, bool to_plain) {
        if (!converts) return;
        if (to_plain) {
            conversion.execute(stream, wanted, plain);
        } else {
            conversion.execute(stream, plain, wanted);
        }
    }
};

/// A primitive with its buffers, for one shape.
struct Prepared {
    dnnl::convolution_forward primitive;
    Operand source, weight, bias, destination;
};

struct Library {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    std::map<Key, std::unique_ptr<Prepared>> prepared;
    Scratch source, weight, destination;

    Prepared& prepare(const ConvolutionShape& s, bool has_bias);
};

Prepared& Library::prepare(const ConvolutionShape& s, bool has_bias) {
    constexpr std::size_t most_prepared = 512;
    if (prepared.size() > most_prepared) prepared.clear();
    auto& entry = prepared[key_of(s, has_bias)];
    if (entry) return *entry;

    using tag = dnnl::memory::format_tag;
    constexpr auto f32 = dnnl::memory::data_type::f32;
    const Window& w = s.window;
    const bool channels_last = s.layout == Layout::channels_last;
    const dnnl::memory::dims source_dims{s.batch, s.channels, s.height, s.width};
    const dnnl::memory::dims destination_dims{s.batch, s.outputs, s.out_height(), s.out_width()};
    const dnnl::memory::dims weight_dims =
        s.groups == 1 ? dnnl::memory::dims{s.outputs, s.channels, w.kernel[0], w.kernel[1]}
                      : dnnl::memory::dims{s.groups, s.outputs / s.groups, s.channels / s.groups, w.kernel[0], w.kernel[1]};
    const tag image_tag = channels_last ? tag::nhwc : tag::nchw;
    const tag weight_tag = s.groups == 1 ? (channels_last ? tag::ohwi : tag::oihw) : (channels_last ? tag::gohwi : tag::goihw);
    const dnnl::memory::desc source_plain(source_dims, f32, image_tag), destination_plain(destination_dims, f32, image_tag);
    const dnnl::memory::desc weight_plain(weight_dims, f32, weight_tag), bias_plain({s.outputs}, f32, tag::x);
    const auto image_desc = [&](const dnnl::memory::dims& dims) {
        return dnnl::memory::desc(dims, f32, channels_last ? image_tag : tag::any);
    };
    const dnnl::memory::dims strides{w.strides[0], w.strides[1]}, dilations{w.dilations[0] - 1, w.dilations[1] - 1};
    const dnnl::memory::dims before{w.pads[0], w.pads[1]}, after{w.pads[2], w.pads[3]};
    const dnnl::memory::desc weight_any(weight_dims, f32, tag::any);
    constexpr auto forward = dnnl::prop_kind::forward_inference;
    constexpr auto direct = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::desc description =
        has_bias ? dnnl::convolution_forward::desc(forward, direct, image_desc(source_dims), weight_any, bias_plain,
                                                   image_desc(destination_dims), strides, dilations, before, after)
                 : dnnl::convolution_forward::desc(forward, direct, image_desc(source_dims), weight_any, image_desc(destination_dims),
                                                   strides, dilations, before, after);
    const dnnl::convolution_forward::primitive_desc chosen(description, engine);
    auto made = std::make_unique<Prepared>();
    made->primitive = dnnl::convolution_forward(chosen);
    made->source = Operand(source_plain, chosen.src_desc(), engine, false);
    made->weight = Operand(weight_plain, chosen.weights_desc(), engine, false);
    if (has_bias) made->bias = Operand(bias_plain, bias_plain, engine, false);
    made->destination = Operand(destination_plain, chosen.dst_desc(), engine, true);
    entry = std::move(made);
    return *entry;
}

}  // namespace

bool convolve_by_primitive(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias, float* output) {
    try {
        static thread_local const std::unique_ptr<Library> library = [] {
            // Threads belong to the engines, which give each one images of its own.
            omp_set_num_threads(1);
            return std::make_unique<Library>();
        }();
        Prepared& prepared = library->prepare(shape, bias != nullptr);
        prepared.source.point_to(input, library->source);
        prepared.weight.point_to(weight, library->weight);
        prepared.destination.point_to(output, library->destination);
        prepared.source.convert(library->stream, false);
        prepared.weight.convert(library->stream, false);
        std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, prepared.source.wanted},
                                                        {DNNL_ARG_WEIGHTS, prepared.weight.wanted},
                                                        {DNNL_ARG_DST, prepared.destination.wanted}};
        if (bias) {
            prepared.bias.plain.set_data_handle(writable(bias));
            arguments.emplace(DNNL_ARG_BIAS, prepared.bias.plain);
        }
        prepared.primitive.execute(library->stream, arguments);
        prepared.destination.convert(library->stream, true);
        library->stream.wait();
        return true;
    } catch (const dnnl::error&) {
        return false;
    }
}

}  // namespace weft
