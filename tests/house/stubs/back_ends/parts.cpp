// parts.cpp
// The back end `parts`: a list of a design's units. Designs with several outputs it leaves out.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/design/unit_def.h"
#include "src/emit/back_end.h"

namespace weft {

namespace {

Status takes(const Design& design, const EmitOptions&) {
    if (design.outputs.size() == 1) return Ok{};
    return Diagnostic{.reason = "the kernel has several outputs"};
}

Result<Emitted> emit(const EmitSubject& subject) {
    std::string text;
    for (const auto& unit : subject.design.units) text += fmt::format("{}\n", unit->def->name);
    return Emitted{{{"parts/units.txt", text}}, {{"units", subject.design.units.size()}}};
}

}  // namespace

extern const BackEnd back_end_parts{
    .name = "parts",
    .title = "the list of its parts",
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
