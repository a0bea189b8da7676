// requantize_rtl.cpp
// The SystemVerilog face of requantize: the requantize stage is all that it is.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/cost_terms.h"
#include "units/common/pipeline_rtl.h"
#include "units/requantize/requantize_faces.h"

namespace weft {

RtlFace requantize_rtl(const Unit& unit) { return pipeline_face(unit, unit.inputs[0]->bits() + 1); }

CostFeatures requantize_features(const Unit&, const RtlFace&) { return {{{"unit", 1}}}; }

std::unique_ptr<UnitControl> requantize_control(const Unit& unit, std::int64_t depth) {
    return std::make_unique<PipelineControl>(unit, depth, stage_latency(unit));
}

}  // namespace weft
