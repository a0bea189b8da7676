// shell_back_end.cpp
// The back end `shell`: what stands around the stream core on cards and on other boards. A kernel that no shell takes still has its core.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/rtl_parts.h"
#include "src/emit/back_end.h"
#include "src/emit/kernel_names.h"
#include "src/emit/shell.h"

namespace weft {

namespace {

Status takes(const Design& design, const EmitOptions& options) {
    if (!rtl_takes(design)) return Diagnostics{};  // the back end of the core says why
    return shell_takes(design, options);
}

Result<Emitted> emit(const EmitSubject& subject) {
    WEFT_ASSIGN(std::vector<ProjectFile> files, emit_shell(subject.design, subject.options));
    return Emitted{named_after_kernel(std::move(files), kernel_name(subject.design))};
}

}  // namespace

extern const BackEnd back_end_shell{
    .name = "shell",
    .title = "the kernel's shell",
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
