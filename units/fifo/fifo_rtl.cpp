// fifo_rtl.cpp
// The RTL face of fifo: its module knows nothing but the width and the number of beats.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/control.h"
#include "units/common/unit_faces.h"

namespace weft {

namespace {

class Control : public UnitControl {
public:
    explicit Control(const Unit& unit) : fifo_(unit.parameter("Depth")) {}
    bool valid(int) const override { return fifo_.valid(); }
    bool ready(int, const Handshakes&) const override { return fifo_.ready(); }
    void clock(const Handshakes& ports) override { fifo_.clock(ports.reads(0), ports.writes(0)); }
    std::int64_t held(int) const override { return fifo_.count(); }

private:
    FifoControl fifo_;
};

}  // namespace

RtlFace fifo_rtl(const Unit& unit) {
    const Stream& stream = *unit.inputs[0];
    return {.parameters = {{"Width", std::int64_t{stream.beat.elements()} * stream.bits()}}, .memories = {}};
}

std::unique_ptr<UnitControl> fifo_control(const Unit& unit) { return std::make_unique<Control>(unit); }

}  // namespace weft
