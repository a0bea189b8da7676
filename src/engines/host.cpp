// host.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/engines/host.h"

namespace weft {

Tensor tensor_of(const IntTensor& frame, const TensorBinding& binding, const Value& value) {
    Tensor tensor(value.type, value.shape);
    visit_type(value.type, [&](auto e) {
        const auto elements = tensor.as<decltype(e)>();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::size_t at = binding.map ? static_cast<std::size_t>((*binding.map)[i]) : i;
            elements[i] = static_cast<decltype(e)>(frame.data[at]);
        }
    });
    return tensor;
}

IntTensor frame_of(const Tensor& tensor, const TensorBinding& binding) {
    IntTensor frame(binding.stream->shape);
    visit_type(tensor.type(), [&](auto e) {
        const auto elements = tensor.as<decltype(e)>();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::size_t at = binding.map ? static_cast<std::size_t>((*binding.map)[i]) : i;
            frame.data[at] = static_cast<std::int32_t>(elements[i]);
        }
    });
    return frame;
}

Result<Host> Host::make(const Graph& model, const Design& design) {
    std::vector<const Value*> sent, received;
    const auto find = [&](const TensorBinding& binding) -> Result<const Value*> {
        const Value* value = model.find(binding.tensor);
        if (!value) {
            return Diagnostic{Severity::error, "", binding.tensor, "the model does not hold the tensor that the design names",
                              "compile the model again"};
        }
        return value;
    };
    for (const KernelInput& input : design.inputs) {
        WEFT_ASSIGN(const Value* value, find(input.binding));
        sent.push_back(value);
    }
    for (const KernelOutput& output : design.outputs) {
        WEFT_ASSIGN(const Value* value, find(output.binding));
        received.push_back(value);
    }
    Evaluator prefix(model, DataType::float64, {model.inputs.begin(), model.inputs.end()}, sent);
    Evaluator suffix(model, DataType::float64, received, {model.outputs.begin(), model.outputs.end()});
    if (const Value* missing = suffix.missing()) {
        return Diagnostic{Severity::error, "", missing->name, "the host needs a tensor that the kernel does not give",
                          "compile the model again"};
    }
    return Host(model, design, std::move(prefix), std::move(suffix));
}

Result<std::vector<IntTensor>> Host::prepare(std::span<const Tensor> inputs) const {
    WEFT_ASSIGN(const std::vector<Tensor> sent, prefix_.run(inputs));
    std::vector<IntTensor> frames;
    for (std::size_t i = 0; i < sent.size(); ++i) frames.push_back(frame_of(sent[i], design_.inputs[i].binding));
    return frames;
}

Result<std::vector<Tensor>> Host::finish(std::span<const IntTensor> frames) const {
    std::vector<Tensor> received;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const KernelOutput& output = design_.outputs[i];
        const Value& value = *model_.find(output.binding.tensor);
        if (!is_float(value.type)) {
            received.push_back(tensor_of(frames[i], output.binding, value));
            continue;
        }
        Tensor real(DataType::float64, value.shape);
        const auto elements = real.as<double>();
        const auto channels = static_cast<std::size_t>(output.binding.stream->shape.channels);
        for (std::size_t e = 0; e < elements.size(); ++e) {
            const std::size_t at = output.binding.map ? static_cast<std::size_t>((*output.binding.map)[e]) : e;
            const auto pick = [&](const auto& list) { return list.size() == 1 ? list[0] : list[at % channels]; };
            const auto integer = static_cast<double>(frames[i].data[at] - pick(output.zero_point));
            elements[e] = integer * pick(output.scale) + pick(output.offset);
        }
        received.push_back(std::move(real));
    }
    WEFT_ASSIGN(std::vector<Tensor> outputs, suffix_.run(received));
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = outputs[i].cast(model_.outputs[i]->type);
    return outputs;
}

}  // namespace weft
