// identifier.h
// Names that C++ and SystemVerilog both accept.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft {

/// `wanted` as an identifier: letters, digits and single underscores, starting with a letter, at most 48 characters (the end is kept: it
/// tells exporters' names apart), no keyword of C, C++, Verilog or SystemVerilog in any case.
std::string to_identifier(std::string_view wanted);

}  // namespace weft
