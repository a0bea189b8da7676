// fifo_rtl.cpp
// The RTL face of fifo: its module knows nothing but the width and the number of beats.
// SPDX-License-Identifier: Apache-2.0
#include "units/common/control.h"
#include "units/common/cost_terms.h"
#include "units/fifo/fifo_faces.h"

namespace weft {

namespace {

class Timing : public UnitTiming {
public:
    explicit Timing(std::int64_t depth) : fifo_(depth) {}
    bool advance(std::int64_t horizon) override { return fifo_.advance(*inputs[0], *outputs[0], horizon); }
    std::int64_t looks_back() const override { return fifo_.looks_back(); }

private:
    FifoBeats fifo_;
};

class Control : public TimedControl {
public:
    explicit Control(const Unit& unit) : depth_(unit.parameter("Depth")), fifo_(depth_) {}
    bool valid(int) const override { return fifo_.valid(); }
    bool ready(int, const Handshakes&) const override { return fifo_.ready(); }
    void clock(const Handshakes& ports) override { fifo_.clock(ports.reads(0), ports.writes(0)); }
    std::int64_t held(int) const override { return fifo_.count(); }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<Timing>(depth_); }

private:
    std::int64_t depth_;
    FifoControl fifo_;
};

}  // namespace

RtlFace fifo_rtl(const Unit& unit) {
    const Stream& stream = *unit.inputs[0];
    return {.parameters = {{"Width", std::int64_t{stream.beat.elements()} * stream.bits()}}, .memories = {}};
}

CostFeatures fifo_features(const Unit& unit, const RtlFace&) {
    const std::int64_t width = beat_bits(unit, false, 0), depth = unit.parameter("Depth");
    return {{{"unit", 1},
             {"deep", depth > 64},
             {"memory", fifo_luts(width, depth)},
             {"count_bits", clog2(depth + 1)},
             {"address_bits", clog2(depth)},
             {"register", depth == 1 ? width : 0}},
            fifo_bram36(width, depth)};
}

std::unique_ptr<UnitControl> fifo_control(const Unit& unit, std::int64_t) { return std::make_unique<Control>(unit); }

}  // namespace weft
