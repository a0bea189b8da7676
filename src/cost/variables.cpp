// variables.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <set>
#include <span>

namespace weft {

namespace {

struct Columns {
    double varied = 0;    ///< Columns of a memory that are not constant,
    double distinct = 0;  ///< equal ones once: by a digest of their bits.
};

Columns columns_of(const RtlMemory& memory) {
    const auto width = static_cast<std::size_t>(memory.width());
    const auto limbs = static_cast<std::size_t>(memory.word_limbs());
    std::vector<std::uint64_t> digests(64 * limbs), varies(limbs);
    for (std::int64_t word = 0; word < memory.depth(); ++word) {
        // A random odd factor a word; a column's digest is the sum over its ones.
        std::uint64_t factor = static_cast<std::uint64_t>(word + 1) * 0x9e3779b97f4a7c15U;
        factor = (factor ^ factor >> 30) * 0xbf58476d1ce4e5b9U;
        factor = (factor ^ factor >> 27) * 0x94d049bb133111ebU | 1;
        for (std::size_t place = 0; place < limbs; ++place) {
            const std::uint64_t limb = memory.limb(word, static_cast<std::int64_t>(place));
            varies[place] |= limb ^ memory.limb(0, static_cast<std::int64_t>(place));
            for (std::uint64_t ones = limb; ones != 0; ones &= ones - 1)
                digests[64 * place + static_cast<std::size_t>(std::countr_zero(ones))] += factor;
        }
    }
    std::set<std::uint64_t> distinct;
    double varied = 0;
    for (std::size_t bit = 0; bit < width; ++bit) {
        if ((varies[bit / 64] >> bit % 64 & 1) == 0) continue;
        ++varied;
        distinct.insert(digests[bit]);
    }
    return {varied, static_cast<double>(distinct.size())};
}

void add_face(Variables& variables, std::span<const std::pair<std::string, std::int64_t>> parameters, std::span<const RtlMemory> memories) {
    for (const auto& [name, value] : parameters) variables[name] = static_cast<double>(value);
    for (const RtlMemory& memory : memories) {
        std::string name = memory.name();
        while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back()))) name.pop_back();
        const auto depth = static_cast<double>(memory.depth());
        variables[name + "_count"] += 1;
        variables[name + "_width"] += memory.width();
        const Columns columns = columns_of(memory);
        variables[name + "_columns"] += columns.distinct;
        double& deepest = variables[name + "_depth"];
        deepest = std::max(deepest, depth);
        const Variables size{{"Width", columns.varied}, {"Depth", depth}};
        variables[name + "_bram18"] += *evaluate_expression("bram18(Width, Depth)", size);
    }
}

}  // namespace

Variables cost_variables(const Unit& unit, const RtlFace& face) {
    Variables variables;
    const auto width = [](const Stream& stream, const Beat& beat) { return static_cast<double>(stream.bits()) * beat.elements(); };
    variables["Inputs"] = static_cast<double>(unit.inputs.size());
    variables["Outputs"] = static_cast<double>(unit.outputs.size());
    variables["InWidth"] = width(*unit.inputs[0], port_beat(unit, false, 0));
    variables["OutWidth"] = width(*unit.outputs[0], port_beat(unit, true, 0));
    for (std::size_t i = 0; i < unit.inputs.size(); ++i)
        variables[fmt::format("input{}_channels", i)] = static_cast<double>(unit.inputs[i]->shape.channels);
    variables["Dsp"] = unit.def->cost ? unit.def->cost(unit).dsp : 0;
    for (const auto& [name, value] : unit.parameters) variables[name] = static_cast<double>(value);
    add_face(variables, face.parameters, face.memories);
    return variables;
}

Variables cost_variables(const RtlOutput& output) {
    Variables variables;
    add_face(variables, output.parameters, output.memories);
    return variables;
}

}  // namespace weft
