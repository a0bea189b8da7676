// rtl_back_end.cpp
// The back end `rtl`: the stream core in SystemVerilog, and a testbench that knows the cycles.
// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "src/design/rtl_parts.h"
#include "src/emit/back_end.h"
#include "src/emit/kernel_names.h"
#include "src/emit/kernel_port.h"
#include "src/emit/plain_testbench.h"
#include "src/emit/rtl.h"
#include "src/schedule/schedule.h"

namespace weft {

namespace {

Status takes(const Design& design, const EmitOptions&) { return rtl_takes(design); }

Result<Emitted> emit(const EmitSubject& subject) {
    const auto& [design, options, frames, host] = subject;
    WEFT_ASSIGN(RtlProject core, emit_rtl(design, options));
    Emitted emitted{named_after_kernel(std::move(core.files), kernel_name(design))};
    WEFT_ASSIGN(const Schedule cycles, schedule(design, {.frames = static_cast<int>(frames[0].size())}));
    std::vector<PortVectors> vectors;
    for (std::size_t p = 0; p < frames.size(); ++p)
        vectors.push_back({frames[p], cycles.ports[p].cycles.front(), cycles.ports[p].cycles.back()});
    std::ranges::move(plain_testbench(design, options, vectors), std::back_inserter(emitted.files));
    return emitted;
}

}  // namespace

extern const BackEnd back_end_rtl{
    .name = "rtl",
    .title = "the RTL kernel",
    .kernel = true,
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
