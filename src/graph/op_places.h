// op_places.h
// Where the nodes of an operator may run, read from what its table says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "src/graph/op_def.h"

namespace weft {

struct OpPlaces {
    bool hardware = false;  ///< In the kernel: as a unit, in the function behind one, or as the order of its elements.
    bool host = false;      ///< Behind the kernel's last layer.
    bool folded = false;    ///< When the model is read, where all inputs are constant.
};

OpPlaces places_of(const OpDef& op);

/// The refusal of a node that no hardware computes: why, as its table says, or that its operator or this form of it has none.
Diagnostic no_hardware(const Node& node, Made made = std::source_location::current());

/// Name of an expansion that only refuses: the operator is evaluated, but no kernel has it.
inline constexpr std::string_view refusing_step = "refuse";

}  // namespace weft
