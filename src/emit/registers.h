// registers.h
// The registers of a kernel's AXI4-Lite port: one table, from which the RTL, its packaging and the documentation follow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/emit/kernel_port.h"

namespace weft {

enum class RegisterKind {
    protocol,  ///< Start, completion, interrupt: at the same place in every kernel.
    argument,  ///< Of the top function, where Vitis HLS puts it in the kernel that it makes of the same Design.
    status,    ///< weft's own, in the RTL kernel alone.
};

struct Register {
    RegisterKind kind = RegisterKind::protocol;
    std::string name;  ///< Of an argument: as the host knows it.
    std::int64_t offset = 0;
    int bits = 32;  ///< 64: the low word at `offset`, the high one 4 bytes on.
    bool writable = false;
    std::string bundle;  ///< Of a pointer: the memory port that it addresses, `gmem0`.
    std::string doc;
};

/// Ordered by offset.
std::vector<Register> kernel_registers(const std::vector<KernelPort>& ports);
const Register& find_register(const std::vector<Register>& registers, std::string_view name);

constexpr int register_address_bits = 12;
constexpr std::int64_t status_offset = 0x100;
/// The name of the argument that counts images, and the names of the registers that more than the table's reader needs.
constexpr auto images_argument = "n_images";

/// A table in Markdown.
std::string register_table(const std::vector<Register>& registers);

/// Version 1.2.3 as 0x010203; parts beyond the third and what is no number count as 0.
std::uint32_t version_word(std::string_view version);
/// The first 8 bytes of a hash in hexadecimal, the first the most significant; 0 where it is shorter.
std::uint64_t hash_word(std::string_view hexadecimal);

}  // namespace weft
