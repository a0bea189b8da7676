// unit_control.h
// The control of a unit, stepped a clock cycle at a time: what its RTL does with valid and ready, without the data.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace weft {

/// Valid and ready of every port of a unit in one clock cycle.
struct Handshakes {
    std::vector<char> in_valid, in_ready;
    std::vector<char> out_valid, out_ready;

    Handshakes(std::size_t inputs, std::size_t outputs) : in_valid(inputs), in_ready(inputs), out_valid(outputs), out_ready(outputs) {}
    bool reads(std::size_t input) const { return in_valid[input] && in_ready[input]; }
    bool writes(std::size_t output) const { return out_valid[output] && out_ready[output]; }
};

/// The control state of one unit, equal to its RTL's in every cycle after reset. Control never depends on data. The valid of an output is
/// a function of the state alone (a register); the ready of an input is a function of the state and, in units that say so
/// (PortDef::registered_ready is false), of the readies of the outputs.
class UnitControl {
public:
    virtual ~UnitControl() = default;
    virtual bool valid(int output) const = 0;
    /// Ready of input `input`; `ports.out_ready` and `ports.in_valid` are those of this cycle.
    virtual bool ready(int input, const Handshakes& ports) const = 0;
    /// The clock edge: the next state, from this cycle's handshakes.
    virtual void clock(const Handshakes& ports) = 0;
    /// Beats that the FIFO in front of output `output` holds or has promised room to, and the room asked for beyond: what its depth must
    /// not be less than.
    /// Of units whose port is `buffered`; 0 otherwise.
    virtual std::int64_t held(int /*output*/) const { return 0; }
};

}  // namespace weft
