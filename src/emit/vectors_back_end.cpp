// vectors_back_end.cpp
// The back end `vectors`: frames at the kernel's ports for a few samples, 32 bits an element, as the HLS testbench reads them.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/back_end.h"
#include "src/emit/kernel_port.h"

namespace weft {

namespace {

Status takes(const Design&, const EmitOptions&) { return Ok{}; }

Result<Emitted> emit(const EmitSubject& subject) {
    const std::vector<KernelPort> ports = kernel_ports(subject.design, subject.options);
    Emitted emitted;
    for (std::size_t p = 0; p < ports.size(); ++p) {
        std::string bytes;
        for (const IntTensor& frame : subject.frames[p])
            bytes.append(reinterpret_cast<const char*>(frame.data.data()), frame.data.size() * sizeof(std::int32_t));
        emitted.files.push_back({"vectors/" + ports[p].name + ".bin", std::move(bytes)});
    }
    return emitted;
}

}  // namespace

extern const BackEnd back_end_vectors{
    .name = "vectors",
    .title = "the vectors of its testbench",
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
