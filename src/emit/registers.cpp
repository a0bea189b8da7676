// registers.cpp
// The register map of Vitis HLS for ap_ctrl_chain kernels, then counters and flags.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>

namespace weft {

namespace {

struct StatusRow {
    const char* name;
    int bits;
    bool writable;
    const char* doc;
};

// In the order of their words from `status_offset` on; units/shell/axi_control.sv answers them.
constexpr StatusRow status_rows[] = {
    {"WEFT_VERSION", 32, false, "version of weft, a byte a part: 0x010203 is 1.2.3"},
    {"WEFT_MODEL_HASH", 64, false, "first 8 bytes of the model's SHA-256, the first the most significant"},
    {"WEFT_FRAMES", 32, false, "frames written since reset"},
    {"WEFT_CYCLES", 64, false, "cycles since reset in which a call was under way; read the low word first"},
    {"WEFT_INPUT_STALLS", 64, false, "those in which an input of the network waited for memory; read the low word first"},
    {"WEFT_OUTPUT_STALLS", 64, false, "those in which memory held up an output of the network; read the low word first"},
    {"WEFT_ERRORS", 32, true, "bit 0: a read was answered with an error, bit 1: a write was; a written 1 clears"},
};

}  // namespace

std::vector<Register> kernel_registers(const std::vector<KernelPort>& ports) {
    std::vector<Register> list = {
        {RegisterKind::protocol, "CTRL", 0x0, 32, true, "",
         "bit 0 ap_start, 1 ap_done, 2 ap_idle, 3 ap_ready (cleared by reading), 4 ap_continue, 7 auto_restart"},
        {RegisterKind::protocol, "GIER", 0x4, 32, true, "", "bit 0: interrupts are enabled"},
        {RegisterKind::protocol, "IP_IER", 0x8, 32, true, "", "interrupt on: bit 0 ap_done, bit 1 ap_ready"},
        {RegisterKind::protocol, "IP_ISR", 0xc, 32, true, "",
         "what has interrupted, the same bits; a written 1 toggles, bit 0 only after ap_continue"},
    };
    std::int64_t offset = 0x10;
    int bundle = 0;
    for (const KernelPort& port : ports) {
        list.push_back({RegisterKind::argument, port.argument, offset, 64, true, fmt::format("gmem{}", bundle++),
                        fmt::format("address of the frames of {} {}", port.output ? "output" : "input", port.name)});
        offset += 12;
    }
    list.push_back({RegisterKind::argument, images_argument, offset, 32, true, "", "images of the call"});
    assert(offset + 8 <= status_offset);
    offset = status_offset;
    for (const StatusRow& row : status_rows) {
        list.push_back({RegisterKind::status, row.name, offset, row.bits, row.writable, "", row.doc});
        offset += row.bits / 8;
    }
    return list;
}

const Register& find_register(const std::vector<Register>& registers, std::string_view name) {
    const auto at = std::find_if(registers.begin(), registers.end(), [&](const Register& r) { return r.name == name; });
    assert(at != registers.end());
    return *at;
}

std::string register_table(const std::vector<Register>& registers) {
    std::string text = "| offset | register | bits | access | meaning |\n|---|---|---|---|---|\n";
    for (const Register& r : registers)
        text += fmt::format("| 0x{:03x} | {} | {} | {} | {} |\n", r.offset, r.name, r.bits, r.writable ? "read, write" : "read", r.doc);
    return text;
}

std::uint32_t version_word(std::string_view version) {
    std::uint32_t word = 0;
    for (int part = 0; part < 3; ++part) {
        const std::string_view text = version.substr(0, version.find('.'));
        unsigned value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        word = word << 8 | (value & 0xff);
        version.remove_prefix(std::min(version.size(), text.size() + 1));
    }
    return word;
}

std::uint64_t hash_word(std::string_view hexadecimal) {
    std::uint64_t word = 0;
    if (hexadecimal.size() < 16) return 0;
    std::from_chars(hexadecimal.data(), hexadecimal.data() + 16, word, 16);
    return word;
}

}  // namespace weft
