// hls_back_end.cpp
// The back end `hls`: the kernel in C++ for the vendor's compiler.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/back_end.h"
#include "src/emit/hls.h"

namespace weft {

namespace {

Result<Emitted> emit(const EmitSubject& subject) {
    WEFT_ASSIGN(HlsProject project, emit_hls(subject.design, subject.options));
    return Emitted{std::move(project.files),
                   {{"kernel", project.kernel}, {"initialiser_tokens", project.initialiser_tokens}, {"largest_batch", project.max_images}}};
}

}  // namespace

extern const BackEnd back_end_hls{
    .name = "hls",
    .title = "the HLS kernel",
    .kernel = true,
    .takes = hls_takes,
    .emit = emit,
};

}  // namespace weft
