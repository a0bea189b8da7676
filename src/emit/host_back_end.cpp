// host_back_end.cpp
// The back end `host`: the programs that feed the kernel on a card, and what they are told of it.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/rtl_parts.h"
#include "src/emit/back_end.h"
#include "src/emit/hls.h"
#include "src/emit/host_programs.h"
#include "src/emit/kernel_json.h"
#include "src/emit/shell.h"

namespace weft {

namespace {

/// Of a kernel without memory ports the back ends of kernels say why.
Status takes(const Design& design, const EmitOptions& options) {
    if (!shell_takes(design, options) || (!rtl_takes(design) && !hls_takes(design, options))) return Diagnostics{};
    return Ok{};
}

Result<Emitted> emit(const EmitSubject& subject) {
    Emitted emitted{host_programs(subject)};
    emitted.files.push_back({"host/kernel.json", kernel_json(subject)});
    return emitted;
}

}  // namespace

extern const BackEnd back_end_host{
    .name = "host",
    .title = "the host programs",
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
