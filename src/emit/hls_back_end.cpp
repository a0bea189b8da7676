// hls_back_end.cpp
// The back end `hls`: the kernel in C++ for the vendor's compiler.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/back_end.h"
#include "src/emit/hls.h"

namespace weft {

namespace {

Status takes(const Design& design, const EmitOptions& options) {
    const Status taken = hls_takes(design, options);
    if (taken) return Ok{};
    Diagnostics left_out = taken.error();
    for (Diagnostic& diagnostic : left_out) diagnostic.reason += ": the HLS kernel is left out";
    return left_out;
}

Result<Emitted> emit(const EmitSubject& subject) {
    WEFT_ASSIGN(HlsProject project, emit_hls(subject.design, subject.options));
    return Emitted{std::move(project.files),
                   {{"kernel", project.kernel}, {"initialiser_tokens", project.initialiser_tokens}, {"largest_batch", project.max_images}}};
}

}  // namespace

extern const BackEnd back_end_hls{
    .name = "hls",
    .kernel = true,
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
