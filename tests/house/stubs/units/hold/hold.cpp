// hold.cpp
// Hands on its beats, a register later.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/design/unit_timing.h"
#include "units/common/cases.h"
#include "units/common/model_parts.h"

namespace weft {

namespace {

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    return expect_shape(*unit.outputs[0], shape_of(unit), "its output");
}

Timing schedule(const Unit& unit) { return {beats_of(unit)}; }

Cost cost(const Unit&) { return {}; }

void model(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) { outputs[0].data = inputs[0]->data; }

RtlFace rtl(const Unit& unit) { return {.parameters = {{"InBits", unit.inputs[0]->bits()}}}; }

class Register : public UnitTiming {
public:
    bool advance(std::int64_t horizon) override {
        Passage &in = *inputs[0], &out = *outputs[0];
        while (in.waits()) {
            const std::int64_t free = out.leaves(out.given() - 1);
            if (free == never) return true;
            const std::int64_t cycle = std::max(in.offered(), free);
            if (cycle >= horizon) break;
            in.take(cycle);
            out.give(cycle + 1);
        }
        return false;
    }
};

class Control : public TimedControl {
public:
    bool valid(int) const override { return valid_; }
    bool ready(int, const Handshakes& ports) const override { return !valid_ || ports.out_ready[0]; }
    void clock(const Handshakes& ports) override {
        if (!valid_ || ports.out_ready[0]) valid_ = ports.in_valid[0];
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<Register>(); }

private:
    bool valid_ = false;
};

std::unique_ptr<UnitControl> control(const Unit&, std::int64_t) { return std::make_unique<Control>(); }

std::vector<UnitCase> cases() {
    CaseBuilder build("hold");
    Stream* in = build.input({2, 3, 1, 5}, -128, 127);
    Stream* out = build.output({2, 3, 1, 5}, -128, 127);
    build.unit(unit_hold, {in}, {out}, {{"Rows", 2}, {"Columns", 3}, {"Channels", 5}, {"Lanes", 2}});
    std::vector<UnitCase> list;
    list.push_back(build.finish());
    return list;
}

}  // namespace

extern const UnitDef unit_hold{
    .name = "hold",
    .summary = "a stream, a register later",
    .parameters = {rows_row(), columns_row(), channels_row(), pixels_row(), lanes_row()},
    .ports = {{.name = "in", .beat = lanes_beat}, {.name = "out", .output = true, .beat = lanes_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = lane_foldings,
    .model = model,
    .rtl = rtl,
    .control = control,
    .cases = cases,
};

}  // namespace weft
