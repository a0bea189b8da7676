// rtl_parts.h
// What of a Design stands in its RTL kernel, for all who count, schedule or write that.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/base/diagnostic.h"
#include "src/design/unit_def.h"

namespace weft {

/// Why the design has no RTL kernel, if so: a unit without an RTL face, or without its control.
Status rtl_takes(const Design& design);

/// Does a FIFO of its own stand on the stream? Not where the producer ends in one, nor where the depth is 0.
bool has_rtl_fifo(const Stream& stream);
/// The same if the depth were this one.
bool has_rtl_fifo(const Stream& stream, std::int64_t depth);

}  // namespace weft
