// back_end.h
// The back-end contract: everything weft knows of one part of a project that is emitted. Defined in src/emit/, listed by the generated
// registry.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/project_file.h"
#include "src/design/design.h"
#include "src/design/host_program.h"
#include "src/emit/emit_options.h"

namespace weft {

/// What is emitted: a design that is folded and plumbed, and frames at every port of its kernel for a few samples, in the order of
/// `kernel_ports`; and what the program that feeds the kernel does around it.
struct EmitSubject {
    const Design& design;
    const EmitOptions& options;
    const std::vector<std::vector<IntTensor>>& frames;
    const HostProgram& host;
};

struct Emitted {
    std::vector<ProjectFile> files;
    nlohmann::ordered_json report = {};  ///< Stands in report.json under the back end's name; null: nothing does.
};

struct BackEnd {
    std::string_view name;
    std::string_view title;  ///< What it emits, in messages: `the RTL kernel`.
    /// Emits a kernel: a design that no such back end takes is refused. The others emit what stands around kernels.
    bool kernel = false;
    /// Why it cannot emit the design, if so; without a reason where another back end gives it.
    Status (*takes)(const Design& design, const EmitOptions& options) = nullptr;
    /// Of a design that it takes. The same subject gives the same bytes; files that two back ends write are equal.
    Result<Emitted> (*emit)(const EmitSubject& subject) = nullptr;
};

/// All back ends, ordered by name.
std::span<const BackEnd* const> back_end_registry();

/// The back ends that take a design, and what the others say: warnings of a compile.
struct ChosenBackEnds {
    std::vector<const BackEnd*> list;
    Diagnostics left_out;
};
/// Fails with all reasons where none that emits a kernel takes it.
Result<ChosenBackEnds> choose_back_ends(const Design& design, const EmitOptions& options);

}  // namespace weft
