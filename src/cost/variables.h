// variables.h
// The numbers of a unit that its resources depend on: what the features of its cost table are written in.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "src/cost/expression.h"
#include "src/design/unit_def.h"

namespace weft {

/// Parameters of the unit's table and of its RTL face by their names; InWidth, OutWidth: bits of a beat at its first input and output;
/// Inputs, Outputs: how many, where no parameter has that name; Dsp: as its formula says; input0_channels, input1_channels and so on, of
/// each stream that enters. And of its memories (numbers behind names left
/// out, all of a name together), of `weights` for example:
///   weights_count, weights_depth   how many, words of the deepest
///   weights_width                  bits of a word, added up
///   weights_columns                of these, bits that change from word to word, equal ones of a memory counted once
///   weights_bram18                 half block RAMs for the bits that change, if they are in block RAM
/// `face`: the unit's. What stands behind its output is not among them.
Variables cost_variables(const Unit& unit, const RtlFace& face);
/// Parameters and memories of what stands behind a unit's output, named in the same way.
Variables cost_variables(const RtlOutput& output);

}  // namespace weft
