// unit_def.h
// The unit contract: everything weft knows of one hardware unit. Defined in units/, listed by the generated registry.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/embedded_file.h"
#include "src/design/cost_features.h"
#include "src/design/design.h"
#include "src/design/rtl_memory.h"
#include "src/design/unit_control.h"

namespace weft {

/// How `src/` asks for plumbing without naming it.
enum class UnitRole { function, fifo, fork, width };

enum class ParameterKind {
    shape,    ///< Follows from the model: sizes, strides, pads.
    numeric,  ///< Follows from the integer types: widths, values.
    folding,  ///< Chosen by the search: changes cost and cycles, never the result.
};

/// A row of a unit's parameter table; spelled the same in C++, HLS and SystemVerilog. All parameters are integers.
struct ParameterDef {
    std::string_view name;
    ParameterKind kind;
    std::int64_t min;
    std::int64_t max;
    std::int64_t fallback;
    std::string_view doc;
};

/// A stream port.
struct PortDef {
    std::string_view name;
    bool output = false;
    /// The beat that the unit reads or writes here, from its parameters and the stream's shape.
    Beat (*beat)(const Unit&) = nullptr;
    bool repeated = false;  ///< Any number of such ports (concat's inputs, fork's outputs).
    /// RTL, of an input: ready comes from a register, so that the producer may be joined to it by wires.
    bool registered_ready = false;
    /// RTL, of an output: behind it stands RtlFace::output, with a FIFO of the stream's depth (Stream::rtl_depth), so that no other does.
    bool buffered = false;
};

/// What a schedule gives of one frame, with neighbours never stalling.
struct Timing {
    std::int64_t cycles = 0;  ///< Initiation interval of a frame.
};

/// Resources. MAC DSPs are counted apart: the default folding bounds them.
struct Cost {
    double mac_dsp = 0;
    double dsp = 0;  ///< All DSPs, MAC DSPs included.
    double lut = 0;  ///< This and the following: the RTL face's, LUT memories and shift registers counted as LUTs.
    double ff = 0;
    double bram36 = 0;
    double uram = 0;
    double requantize_lanes = 0;  ///< Lanes of the requantize stage that multiply, of all pixels of a beat,
    double requantize_dsp = 0;    ///< and their DSPs.

    Cost& operator+=(const Cost& more) {
        mac_dsp += more.mac_dsp;
        dsp += more.dsp;
        lut += more.lut;
        ff += more.ff;
        bram36 += more.bram36;
        uram += more.uram;
        requantize_lanes += more.requantize_lanes;
        requantize_dsp += more.requantize_dsp;
        return *this;
    }
};

/// A constant table of the HLS face: `static const <type> <name>[dims...] = {...}`. Values are already packed words.
struct RomTable {
    std::string name;  ///< Unique within the unit, a C identifier.
    std::string type;  ///< C++ element type, at most 64 bits: "ap_uint<64>", "ap_int<27>".
    std::vector<int> shape;
    std::vector<std::int64_t> values;  ///< Row-major; a 64-bit word's bits as a two's complement number.
    std::vector<std::string> pragmas;  ///< Put into the accessor, for example "ARRAY_PARTITION variable=w dim=2 complete".
};

/// A module behind a unit's buffered port: it tells the unit when there is `room`, is told how many places it `takes`, gets accumulators
/// (`acc_valid`, `acc`), and gives the port's beats.
struct RtlOutput {
    std::string_view name;  ///< Its module is `weft_<name>`, its cost table units/<name>/cost.toml.
    std::vector<std::pair<std::string, std::int64_t>> parameters;
    std::vector<RtlMemory> memories;  ///< As in RtlFace; `Name` is `<unit>_<name>`.
    int takes_bits = 1;
    int acc_bits = 1;            ///< Of a beat.
    CostFeatures features = {};  ///< For its own cost table.
};

/// What an instance of the unit's SystemVerilog module needs besides the table's parameters (all of which it has, in the table's order).
struct RtlFace {
    /// Parameters that follow from the streams and the constants: element bits, sums, and so on.
    std::vector<std::pair<std::string, std::int64_t>> parameters;
    /// Initial contents. The module finds them by its parameter `Name`, the unit's name: `<Name>_<memory>.mem`.
    std::vector<RtlMemory> memories;
    std::optional<RtlOutput> output = {};  ///< Behind the unit's output; of units whose port is `buffered`.
    /// Packed parameters: 32 bits an element, the first one lowest.
    std::vector<std::pair<std::string, std::vector<std::uint32_t>>> vectors = {};
};

/// One choice of folding parameters, as the search sees it.
struct Folding {
    std::vector<std::pair<std::string_view, std::int64_t>> parameters;
    std::int64_t cycles = 0;
    Cost cost;
};

using UnitFunction = std::function<void(std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs)>;

/// A point for conformance runs: a unit with its streams, owned by a Design of its own.
using UnitCase = std::unique_ptr<Design>;

struct UnitDef {
    std::string_view name;
    UnitRole role = UnitRole::function;
    std::string_view summary;
    std::vector<ParameterDef> parameters;
    std::vector<PortDef> ports;
    bool has_requantize = false;
    /// Constraints across parameters, shapes and constants; empty if satisfied, else the reason. May be null.
    std::string (*check)(const Unit&) = nullptr;
    Timing (*schedule)(const Unit&) = nullptr;
    Cost (*cost)(const Unit&) = nullptr;
    /// All foldings worth considering (Pareto-optimal in cycles and MAC DSPs is enough). Null: nothing to choose.
    std::vector<Folding> (*foldings)(const Unit&) = nullptr;
    /// The reference, written to be read: one frame in, one frame out.
    void (*model)(const Unit&, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) = nullptr;
    /// Prepares a fast equal of `model` for many frames; callable from several threads. Null: `model` is used.
    UnitFunction (*fast)(const Unit&) = nullptr;
    /// For each output beat of a frame: how many beats, counted from the frame's first, must have been read at input `port` before it can
    /// be written. Non-decreasing; more than a frame has where the unit reads into the next frame before it ends this one. FIFO depths come
    /// from it, so it must not be less than what the HLS face really reads. Null: output beat n needs input beat n.
    std::vector<std::int64_t> (*reads_for)(const Unit&, int port) = nullptr;
    /// Sets the numeric parameters that follow from folding and constants (chain lengths, packing shift). Called after folding. May be
    /// null.
    void (*derive)(Unit&) = nullptr;
    /// Constant tables of the HLS face. Null: none.
    std::vector<RomTable> (*roms)(const Unit&) = nullptr;
    /// The RTL face, module `weft_<name>` of units/<name>/<name>.sv or a shared one; streams have their beats and depths.
    RtlFace (*rtl)(const Unit&) = nullptr;
    /// What the LUTs and FFs of that face are linear in, without what stands behind its output: units/<name>/cost.toml has a coefficient
    /// for each. Null: nothing is predicted.
    CostFeatures (*features)(const Unit&, const RtlFace&) = nullptr;
    /// The control of that module, just after reset; `depth` is that of the FIFO behind its buffered port, where it has one.
    std::unique_ptr<UnitControl> (*control)(const Unit&, std::int64_t depth) = nullptr;
    /// Points for conformance runs, extremes included. Those that only the RTL face takes come from `rtl_cases`, which may be null.
    std::vector<UnitCase> (*cases)() = nullptr;
    std::vector<UnitCase> (*rtl_cases)() = nullptr;
    /// One more point, drawn from all that the parameters allow, several pixels a beat among it; `check` may still refuse it.
    UnitCase (*random_case)(std::mt19937_64& random) = nullptr;
};

/// The table's row for input (output) `index` of a unit: a repeated port stands for all from its place on. Null if there is none.
const PortDef* find_port(const UnitDef& def, bool output, int index);
/// The beat that `unit` reads at input (writes at output) `index`.
Beat port_beat(const Unit& unit, bool output, int index);

/// The generated list of all units, ordered by name.
std::span<const UnitDef* const> unit_registry();
const UnitDef* find_unit_def(std::string_view name);
const UnitDef& unit_for(UnitRole role);

/// The source files of all units and of units/common, embedded in the program.
std::span<const EmbeddedFile> embedded_unit_files();
/// Those that a kernel is made of whose DSPs are of that kind: a file in a folder of its name stands in the place of the file of the same
/// name beside that folder.
std::vector<EmbeddedFile> unit_files_for(const DspCell& cell);

}  // namespace weft
