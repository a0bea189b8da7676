// fork_rtl.cpp
// The RTL face of fork: one register, and for each output whether it has still to pass the beat on.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "src/design/unit_timing.h"
#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/fork/fork_faces.h"

namespace weft {

namespace {

class Timing : public UnitTiming {
public:
    bool advance(std::int64_t horizon) override {
        Passage& in = *inputs[0];
        while (in.waits()) {
            std::int64_t cycle = in.offered(), passed = 0;
            for (const Passage* out : outputs) passed = std::max(passed, out->leaves(out->given() - 1));
            if (passed == never) return true;
            cycle = std::max(cycle, passed);
            if (cycle >= horizon) break;
            in.take(cycle);
            for (Passage* out : outputs) out->give(cycle + 1);
        }
        return false;
    }
};

class Control : public TimedControl {
public:
    explicit Control(const Unit& unit) : pending_(unit.outputs.size()) {}
    bool valid(int output) const override { return pending_[static_cast<std::size_t>(output)]; }
    bool ready(int, const Handshakes& ports) const override { return all_passed(ports); }
    void clock(const Handshakes& ports) override {
        const bool next = all_passed(ports);
        for (std::size_t i = 0; i < pending_.size(); ++i) pending_[i] = next ? ports.in_valid[0] : pending_[i] && !ports.out_ready[i];
    }
    std::unique_ptr<UnitTiming> timing() const override { return std::make_unique<Timing>(); }

private:
    bool all_passed(const Handshakes& ports) const {
        for (std::size_t i = 0; i < pending_.size(); ++i)
            if (pending_[i] && !ports.out_ready[i]) return false;
        return true;
    }

    std::vector<char> pending_;
};

}  // namespace

RtlFace fork_rtl(const Unit& unit) {
    return {.parameters = {{"InBits", unit.inputs[0]->bits()}, {"Outputs", static_cast<std::int64_t>(unit.outputs.size())}},
            .memories = {}};
}

CostFeatures fork_features(const Unit& unit, const RtlFace&) {
    const auto outputs = std::ssize(unit.outputs);
    const std::int64_t word = beat_bits(unit, false, 0);
    return {
        {{"unit", 1},
         {"outputs", outputs},
         // With more outputs no LUT holds all of them and the beat that enters; of four, ABC writes each valid bit as a function of all.
         {"many", outputs > 2 ? outputs : 0},
         {"four", outputs == 4},
         {"word", word},
         {"copies", ceil_div(word, 256) - 1}}};
}

std::unique_ptr<UnitControl> fork_control(const Unit& unit, std::int64_t) { return std::make_unique<Control>(unit); }

}  // namespace weft
