// rescale_rtl.cpp
// The SystemVerilog face that requantize and table share.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/pipeline_rtl.h"
#include "units/common/rtl_faces.h"

namespace weft {

RtlFace rescale_rtl(const Unit& unit) {
    RtlFace face = pipeline_face(unit);
    face.module = "weft_rescale";
    add_stage(face, unit, unit.outputs[0]->shape.channels, static_cast<int>(unit.parameter("Lanes")),
              static_cast<int>(unit.parameter("Pixels")), unit.inputs[0]->bits() + 1);
    return face;
}

std::unique_ptr<UnitControl> rescale_control(const Unit& unit) { return std::make_unique<PipelineControl>(unit, stage_latency(unit)); }

}  // namespace weft
