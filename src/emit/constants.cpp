// constants.cpp
// Writes tables of constants as C++ that both a vendor's compiler and a plain one take.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace weft {

namespace {

constexpr std::size_t line_width = 120;

bool all_equal(const std::vector<std::int64_t>& values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

/// Literals are of the narrowest standard type that holds them, so that the table means the same to every compiler.
std::string literal(std::int64_t value, bool is_unsigned) {
    if (is_unsigned && value < 0) return fmt::format("{}ULL", static_cast<std::uint64_t>(value));
    if (value == std::numeric_limits<std::int64_t>::min()) return "(-9223372036854775807LL - 1)";
    if (value > std::numeric_limits<std::int32_t>::max() || value < -std::numeric_limits<std::int32_t>::max())
        return fmt::format("{}{}", value, is_unsigned ? "ULL" : "LL");
    return fmt::format("{}", value);
}

class Initialiser {
public:
    Initialiser(TextWriter& out, const TableFunction& function)
        : out_(out), function_(function), is_unsigned_(function.type.starts_with("ap_uint")) {}

    void write(std::size_t dimension, std::size_t& at, std::string_view end) {
        if (dimension + 1 == function_.shape.size()) {
            row(at, static_cast<std::size_t>(function_.shape[dimension]), end);
            return;
        }
        out_.open("{");
        const int count = function_.shape[dimension];
        for (int i = 0; i < count; ++i) write(dimension + 1, at, i + 1 < count ? "," : "");
        out_.close(fmt::format("}}{}", end));
    }

private:
    void row(std::size_t& at, std::size_t count, std::string_view end) {
        std::string text = "{";
        for (std::size_t i = 0; i < count; ++i, ++at) {
            const std::string next = literal(function_.values[at], is_unsigned_) + (i + 1 < count ? ", " : "");
            if (text.size() + next.size() > line_width) {
                while (text.back() == ' ') text.pop_back();
                out_.line(text);
                text = " ";
            }
            text += next;
        }
        out_.line(fmt::format("{}}}{}", text, end));
    }

    TextWriter& out_;
    const TableFunction& function_;
    bool is_unsigned_;
};

std::string signature(const TableFunction& function, bool named) {
    std::string arguments;
    for (const std::string& argument : function.arguments) {
        if (!arguments.empty()) arguments += ", ";
        const std::size_t space = argument.rfind(' ');
        arguments += named || space == std::string::npos ? argument
                                                         : fmt::format("{} /* {} */", std::string_view(argument).substr(0, space),
                                                                       std::string_view(argument).substr(space + 1));
    }
    return fmt::format("static {} {}({}) {{", function.type, function.name, arguments);
}

TableFunction table_function(const RomTable& rom) {
    TableFunction function{.name = rom.name,
                           .type = rom.type,
                           .arguments = {},
                           .index = {},
                           .shape = rom.shape,
                           .values = rom.values,
                           .pragmas = rom.pragmas,
                           .formula = {}};
    for (std::size_t i = 0; i < rom.shape.size(); ++i) {
        function.arguments.push_back(fmt::format("int i{}", i));
        function.index += fmt::format("[i{}]", i);
    }
    return function;
}

std::vector<TableFunction> rom_functions(const Unit& unit) {
    std::vector<TableFunction> functions;
    if (unit.def->roms != nullptr)
        for (const RomTable& rom : unit.def->roms(unit)) functions.push_back(table_function(rom));
    return functions;
}

/// The unit's stage; one that leaves the sums as they are where it has none.
Requantize stage_of(const Unit& unit) {
    const Stream& output = *unit.outputs.front();
    if (unit.requantize && unit.requantize->form != RequantizeForm::none) return *unit.requantize;
    return {.acc_min = output.min, .acc_max = output.max};
}

StageTables stage_tables_of(const Unit& unit) {
    const Stream& output = *unit.outputs.front();
    return stage_tables(stage_of(unit), output.shape.channels, output.beat.lanes);
}

}  // namespace

std::int64_t initialiser_tokens(const TableFunction& function) {
    return !function.formula.empty() || all_equal(function.values) ? 0 : static_cast<std::int64_t>(function.values.size());
}

void write(TextWriter& out, const TableFunction& function) {
    if (!function.formula.empty()) {
        out.open(signature(function, true));
        out.margin("#pragma HLS INLINE");
        out.line(fmt::format("return {};", function.formula));
    } else if (all_equal(function.values)) {
        out.open(signature(function, false));
        out.margin("#pragma HLS INLINE");
        out.line(fmt::format("return {};", literal(function.values.front(), function.type.starts_with("ap_uint"))));
    } else {
        out.open(signature(function, true));
        out.margin("#pragma HLS INLINE");
        std::string dimensions;
        for (int size : function.shape) dimensions += fmt::format("[{}]", size);
        out.line(fmt::format("static const {} table{} =", function.type, dimensions));
        std::size_t at = 0;
        Initialiser(out, function).write(0, at, ";");
        for (const std::string& pragma : function.pragmas) out.margin("#pragma HLS " + pragma);
        out.line(fmt::format("return table{};", function.index));
    }
    out.close("}");
}

std::string integer_type_name(std::int64_t min, std::int64_t max) {
    return fmt::format("{}<{}>", min < 0 ? "ap_int" : "ap_uint", bits_for(min, max));
}

bool has_constants(const Unit& unit) { return unit.def->has_requantize || unit.def->roms != nullptr; }

std::int64_t initialiser_tokens(const Unit& unit) {
    std::int64_t tokens = 0;
    for (const TableFunction& function : rom_functions(unit)) tokens += initialiser_tokens(function);
    if (unit.def->has_requantize)
        for (const TableFunction& function : stage_tables_of(unit).functions) tokens += initialiser_tokens(function);
    return tokens;
}

std::string constants_struct(const Unit& unit, const std::string& name) {
    TextWriter out;
    out.open(fmt::format("struct {} {{", name));
    for (const TableFunction& function : rom_functions(unit)) write(out, function);
    if (unit.def->has_requantize) {
        const Requantize stage = stage_of(unit);
        out.line(fmt::format("static const int accumulator_bits = {};",
                             bits_for(std::min<std::int64_t>(stage.acc_min, -1), std::max<std::int64_t>(stage.acc_max, 0))));
        const StageTables tables = stage_tables_of(unit);
        if (!tables.constants.empty() || !tables.functions.empty()) {
            out.open("struct Tables {");
            for (const auto& [key, value] : tables.constants) out.line(fmt::format("static const int {} = {};", key, value));
            for (const TableFunction& function : tables.functions) write(out, function);
            out.close("};");
        }
        out.line(fmt::format("typedef {} Stage;", tables.type));
    }
    out.close("};");
    return std::move(out).take();
}

}  // namespace weft
