// primitives.h
// The primitive cells of the UltraScale and 7 series libraries (UG974, UG953) as far as counting and logic depth need them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "src/synthesize/netlist.h"

namespace weft {

enum class PrimitiveKind { lut, inverter, wide_mux, carry, flip_flop, shift_register, lut_ram, block_ram, ultra_ram, dsp, buffer };

struct Primitive {
    std::string_view type;
    PrimitiveKind kind;
    int lut_sites = 0;  ///< LUTs that it takes up as logic, shift register or memory; an inverter takes none.
    int bram18 = 0;
    int carry_bits = 0;
};

/// Null where the type is not in the libraries.
const Primitive* find_primitive(std::string_view type);

/// What a pin of a primitive is to the cell.
enum class PinRole {
    clock,
    data,     ///< Input whose value is stored or calculated with.
    control,  ///< Input that enables, resets, selects or addresses.
    logic,    ///< Input of a LUT: either.
    output,
};
PinRole pin_role(PrimitiveKind kind, std::string_view pin);

struct ResourceCounts {
    std::int64_t dsp = 0;
    std::int64_t lut = 0;  ///< LUT1 to LUT6 and the sites of LUT memories and shift registers; no inverters.
    std::int64_t ff = 0;
    std::int64_t bram18 = 0;  ///< Halves of a RAMB36.
    std::int64_t uram = 0;
    std::int64_t carry4 = 0;      ///< Groups of four carry bits.
    std::int64_t lut_memory = 0;  ///< The part of `lut` that is memory or shift register.

    double bram36() const { return static_cast<double>(bram18) / 2; }
    ResourceCounts& operator+=(const ResourceCounts& other);
    bool operator==(const ResourceCounts&) const = default;
};

/// Counts the primitives; types that are in no library are added to `unknown`.
ResourceCounts count_resources(const FlatNetlist& netlist, std::vector<std::string>& unknown);

}  // namespace weft
