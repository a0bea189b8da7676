// primitives.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/primitives.h"

#include <algorithm>
#include <array>

namespace weft {

namespace {

using Kind = PrimitiveKind;

constexpr Primitive primitives[] = {
    {"LUT1", Kind::lut, 1},
    {"LUT2", Kind::lut, 1},
    {"LUT3", Kind::lut, 1},
    {"LUT4", Kind::lut, 1},
    {"LUT5", Kind::lut, 1},
    {"LUT6", Kind::lut, 1},
    {"INV", Kind::inverter},
    {"MUXF7", Kind::wide_mux},
    {"MUXF8", Kind::wide_mux},
    {"MUXF9", Kind::wide_mux},
    {"CARRY4", Kind::carry, 0, 0, 4},
    {"CARRY8", Kind::carry, 0, 0, 8},
    {"FDRE", Kind::flip_flop},
    {"FDSE", Kind::flip_flop},
    {"FDCE", Kind::flip_flop},
    {"FDPE", Kind::flip_flop},
    {"FDRE_1", Kind::flip_flop},
    {"FDSE_1", Kind::flip_flop},
    {"FDCE_1", Kind::flip_flop},
    {"FDPE_1", Kind::flip_flop},
    {"LDCE", Kind::flip_flop},
    {"LDPE", Kind::flip_flop},
    {"SRL16E", Kind::shift_register, 1},
    {"SRLC16E", Kind::shift_register, 1},
    {"SRLC32E", Kind::shift_register, 1},
    {"RAM32X1S", Kind::lut_ram, 1},
    {"RAM64X1S", Kind::lut_ram, 1},
    {"RAM128X1S", Kind::lut_ram, 2},
    {"RAM256X1S", Kind::lut_ram, 4},
    {"RAM512X1S", Kind::lut_ram, 8},
    {"RAM64X8SW", Kind::lut_ram, 8},
    {"RAM32X16DR8", Kind::lut_ram, 8},
    {"RAM32X1D", Kind::lut_ram, 2},
    {"RAM64X1D", Kind::lut_ram, 2},
    {"RAM128X1D", Kind::lut_ram, 4},
    {"RAM256X1D", Kind::lut_ram, 8},
    {"RAM32M", Kind::lut_ram, 4},
    {"RAM64M", Kind::lut_ram, 4},
    {"RAM32M16", Kind::lut_ram, 8},
    {"RAM64M8", Kind::lut_ram, 8},
    {"RAMB18E1", Kind::block_ram, 0, 1},
    {"RAMB36E1", Kind::block_ram, 0, 2},
    {"RAMB18E2", Kind::block_ram, 0, 1},
    {"RAMB36E2", Kind::block_ram, 0, 2},
    {"URAM288", Kind::ultra_ram},
    {"URAM288_BASE", Kind::ultra_ram},
    {"DSP48E1", Kind::dsp},
    {"DSP48E2", Kind::dsp},
    {"BUFG", Kind::buffer},
    {"BUFGCE", Kind::buffer},
    {"IBUF", Kind::buffer},
    {"OBUF", Kind::buffer},
};

template <std::size_t N>
bool begins_with_any(std::string_view pin, const std::array<std::string_view, N>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return pin.starts_with(prefix); });
}

PinRole block_memory_role(std::string_view pin) {
    constexpr std::array<std::string_view, 10> outputs{"DOUT",      "CASDOUT",   "CAS_OUT", "DBITERR",  "SBITERR",
                                                       "RDADDRECC", "ECCPARITY", "CASOUT",  "RDACCESS", "DO"};
    if (pin.find("CLK") != std::string_view::npos) return PinRole::clock;
    if (begins_with_any(pin, outputs)) return PinRole::output;
    return pin.starts_with("DI") || pin.starts_with("CASDI") ? PinRole::data : PinRole::control;
}

PinRole dsp_role(std::string_view pin) {
    constexpr std::array<std::string_view, 12> outputs{"ACOUT", "BCOUT", "CARRYCASCOUT",   "CARRYOUT",      "MULTSIGNOUT", "OVERFLOW",
                                                       "PCOUT", "P",     "PATTERNBDETECT", "PATTERNDETECT", "UNDERFLOW",   "XOROUT"};
    constexpr std::array<std::string_view, 9> data{"A", "B", "C", "D", "ACIN", "BCIN", "PCIN", "CARRYCASCIN", "MULTSIGNIN"};
    if (pin == "CLK") return PinRole::clock;
    if (std::find(outputs.begin(), outputs.end(), pin) != outputs.end()) return PinRole::output;
    return std::find(data.begin(), data.end(), pin) != data.end() ? PinRole::data : PinRole::control;
}

}  // namespace

const Primitive* find_primitive(std::string_view type) {
    const auto* at = std::find_if(std::begin(primitives), std::end(primitives), [&](const Primitive& p) { return p.type == type; });
    return at == std::end(primitives) ? nullptr : at;
}

PinRole pin_role(PrimitiveKind kind, std::string_view pin) {
    switch (kind) {
        case Kind::lut:
        case Kind::inverter:
        case Kind::buffer:
            return pin == "O" ? PinRole::output : PinRole::logic;
        case Kind::wide_mux:
            return pin == "O" ? PinRole::output : pin == "S" ? PinRole::control : PinRole::data;
        case Kind::carry:
            return pin == "O" || pin == "CO" ? PinRole::output : PinRole::data;
        case Kind::flip_flop:
            return pin == "Q" ? PinRole::output : pin == "C" || pin == "G" ? PinRole::clock : pin == "D" ? PinRole::data : PinRole::control;
        case Kind::shift_register:
            return pin.starts_with("Q") ? PinRole::output : pin == "CLK" ? PinRole::clock : pin == "D" ? PinRole::data : PinRole::control;
        case Kind::lut_ram:
            if (pin == "WCLK") return PinRole::clock;
            if (pin.starts_with("DO") || pin == "DPO" || pin == "SPO" || pin == "O") return PinRole::output;
            return pin == "D" || pin.starts_with("DI") ? PinRole::data : PinRole::control;
        case Kind::block_ram:
        case Kind::ultra_ram:
            return block_memory_role(pin);
        case Kind::dsp:
            return dsp_role(pin);
    }
    return PinRole::logic;
}

ResourceCounts& ResourceCounts::operator+=(const ResourceCounts& other) {
    dsp += other.dsp;
    lut += other.lut;
    ff += other.ff;
    bram18 += other.bram18;
    uram += other.uram;
    carry4 += other.carry4;
    lut_memory += other.lut_memory;
    return *this;
}

ResourceCounts count_resources(const FlatNetlist& netlist, std::vector<std::string>& unknown) {
    ResourceCounts counts;
    for (const FlatNetlist::Cell& cell : netlist.cells) {
        const Primitive* primitive = find_primitive(cell.source->type);
        if (!primitive) {
            if (std::find(unknown.begin(), unknown.end(), cell.source->type) == unknown.end()) unknown.push_back(cell.source->type);
            continue;
        }
        counts.lut += primitive->lut_sites;
        counts.bram18 += primitive->bram18;
        counts.carry4 += primitive->carry_bits / 4;
        counts.ff += primitive->kind == Kind::flip_flop;
        counts.dsp += primitive->kind == Kind::dsp;
        counts.uram += primitive->kind == Kind::ultra_ram;
        if (primitive->kind == Kind::lut_ram || primitive->kind == Kind::shift_register) counts.lut_memory += primitive->lut_sites;
    }
    return counts;
}

}  // namespace weft
