// constants.h
// The emitted struct of a unit's constants: accessor functions over tables, and the unit's requantize stage.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/design/unit_def.h"
#include "src/emit/text_writer.h"

namespace weft {

/// A static function of the struct: `type name(arguments)`, which looks `index` up in a table or gives `formula`.
/// A table whose values are all equal becomes a constant.
struct TableFunction {
    std::string name;
    std::string type;                    ///< C++ type of an element.
    std::vector<std::string> arguments;  ///< `int fold`
    std::string index;                   ///< `[fold][lane]`
    std::vector<int> shape;
    std::vector<std::int64_t> values;  ///< Row-major.
    std::vector<std::string> pragmas;  ///< About the variable `table`.
    std::string formula;               ///< Instead of a table, if not empty.
};

/// Integers that the function's table needs in the source text.
std::int64_t initialiser_tokens(const TableFunction& function);
void write(TextWriter& out, const TableFunction& function);

/// A requantize stage as the templates of units/common/stage.hpp take it.
struct StageTables {
    std::string type;  ///< `weft::multiply_stage<Tables>`
    std::vector<std::pair<std::string, std::int64_t>> constants;
    std::vector<TableFunction> functions;
};

/// The stage for a stream whose beats carry `lanes` of the channels.
StageTables stage_tables(const Requantize& stage, int channels, int lanes);

/// Integers in all tables of the unit's struct.
std::int64_t initialiser_tokens(const Unit& unit);

/// Does the unit's template take a struct of constants?
bool has_constants(const Unit& unit);

/// `struct <name> {...};`
std::string constants_struct(const Unit& unit, const std::string& name);

/// `ap_uint<8>`: the C++ type of integers in min..max.
std::string integer_type_name(std::int64_t min, std::int64_t max);

}  // namespace weft
