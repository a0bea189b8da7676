// card.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "src/base/files.h"
#include "src/base/json_text.h"
#include "src/card/device/card_file.h"
#include "src/card/device_program.h"
#include "src/card/xclbin.h"
#include "src/card/zip.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t first_unit = 0x1800000, between_units = 0x10000;
constexpr std::uint64_t unit_range = std::uint64_t{1} << register_address_bits;

std::uint64_t base_of(std::size_t unit) { return first_unit + unit * between_units; }

/// Starts the device process. XRT's driver would wait for ever for one that has died: then the host is ended too, and told why.
constexpr char simulate_script[] = R"(#!/bin/sh
./device $PPID
status=$?
[ $status -eq 0 ] && exit 0
echo "error: the emulated card has ended (status $status) before its host, which is ended too" >&2
kill -TERM $PPID 2>/dev/null
exit $status
)";

std::string hexadecimal(std::uint64_t value) { return fmt::format("0x{:x}", value); }

/// XML of one kernel and its units, as v++ writes it.
std::string kernel_xml(const Card& card, std::size_t index, const std::vector<std::string>& names) {
    const RtlKernel& kernel = card.kernels[index].kernel;
    std::string text = fmt::format(
        "   <kernel name=\"{}\" language=\"ip_c\" hwControlProtocol=\"ap_ctrl_chain\" workGroupSize=\"1\" interrupt=\"true\">\n",
        kernel.name);
    for (std::size_t p = 0; p < kernel.ports.size(); ++p)
        text += fmt::format("    <port name=\"m_axi_gmem{}\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"{}\"/>\n", p,
                            kernel.ports[p].word_bits);
    text += fmt::format("    <port name=\"s_axi_control\" mode=\"slave\" range=\"{}\" dataWidth=\"32\"/>\n", hexadecimal(unit_range));
    std::size_t id = 0;
    for (const Register& r : kernel.registers) {
        if (r.kind != RegisterKind::argument) continue;
        const bool pointer = !r.bundle.empty();
        const std::string size = hexadecimal(static_cast<std::uint64_t>(r.bits / 8));
        text += fmt::format(
            "    <arg name=\"{}\" addressQualifier=\"{}\" id=\"{}\" port=\"{}\" size=\"{}\" offset=\"{}\" hostOffset=\"0x0\" "
            "hostSize=\"{}\" type=\"{}\"/>\n",
            r.name, pointer ? 1 : 0, id++, pointer ? "m_axi_" + r.bundle : "s_axi_control", size,
            hexadecimal(static_cast<std::uint64_t>(r.offset)), size, pointer ? "void*" : "unsigned int");
    }
    for (std::size_t u = 0; u < card.units.size(); ++u)
        if (card.units[u].kernel == index)
            text += fmt::format("    <instance name=\"{}\"><addrRemap base=\"{}\" range=\"{}\" port=\"s_axi_control\"/></instance>\n",
                                names[u], hexadecimal(base_of(u)), hexadecimal(unit_range));
    return text + "   </kernel>\n";
}

std::string metadata(const Card& card, const std::vector<std::string>& names) {
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"weft\"><platform vendor=\"xilinx\" boardid=\"{0}\" name=\"{0}\">\n"
        " <device name=\"fpga0\" fpgaDevice=\"virtexuplus:{1}\">\n  <core name=\"OCL_REGION_0\" target=\"hw_em\" type=\"clc_region\">\n"
        "   <kernelClocks><clock port=\"KERNEL_CLK\" frequency=\"{2}MHz\"/></kernelClocks>\n",
        card.platform, card.device_part, card.clock_mhz);
    for (std::size_t k = 0; k < card.kernels.size(); ++k) text += kernel_xml(card, k, names);
    return text + "  </core>\n </device>\n</platform></project>\n";
}

std::string card_text(const Card& card, const std::vector<std::string>& names) {
    device::CardFile file;
    file.stall_seed = card.stall_seed;
    file.most_cycles = card.most_cycles;
    for (const CardKernel& kernel : card.kernels) file.patience = std::max(file.patience, static_cast<std::uint64_t>(kernel.patience));
    const double cycles_per_ns = card.clock_mhz / 1000;
    for (const CardBank& bank : card.banks)
        file.banks.push_back({bank.name, bank.base, bank.bytes, bank.bandwidth / (card.clock_mhz * 1e6),
                              static_cast<int>(std::lround(bank.latency_ns * cycles_per_ns))});
    for (std::size_t u = 0; u < card.units.size(); ++u) {
        const std::size_t ports = card.kernels[card.units[u].kernel].kernel.ports.size();
        file.units.push_back({names[u], card.units[u].kernel, base_of(u), unit_range, std::vector<std::size_t>(ports, card.units[u].bank)});
    }
    std::ostringstream out;
    write(file, out);
    return out.str();
}

std::vector<RtlKernel> rtl_kernels(const Card& card) {
    std::vector<RtlKernel> list;
    for (const CardKernel& kernel : card.kernels) list.push_back(kernel.kernel);
    return list;
}

}  // namespace

std::string described(const std::vector<nlohmann::ordered_json>& kernels) {
    return json_text(nlohmann::ordered_json{{"program", "weft"}, {"kernels", kernels}}, -1);
}

std::vector<std::string> unit_names(const Card& card) {
    std::vector<std::string> names;
    std::map<std::size_t, int> count;
    for (const CardUnit& unit : card.units) {
        const std::string& kernel = card.kernels[unit.kernel].kernel.name;
        const std::string usual = fmt::format("{}_{}", kernel, ++count[unit.kernel]);
        const bool fits = kernel.size() + 1 + usual.size() < compute_unit_bytes;
        names.push_back(fits ? usual : fmt::format("cu_{}", names.size() + 1));
    }
    return names;
}

Result<std::string> package_emulation(const Card& card, const StageProgress& progress) {
    for (std::size_t k = 0; k < card.kernels.size(); ++k)
        for (std::size_t before = 0; before < k; ++before)
            if (card.kernels[k].kernel.name == card.kernels[before].kernel.name)
                return Diagnostic{.reason = fmt::format("two projects have kernels of the same name, '{}'", card.kernels[k].kernel.name),
                                  .help = "compile one of them from a model file of another name"};
    for (const CardBank& bank : card.banks)
        if (bank.name.size() >= bank_bytes)
            return Diagnostic{
                .reason = fmt::format("the bank's name '{}' is longer than the {} characters that XRT takes", bank.name, bank_bytes - 1),
                .help = "give it a shorter one in the board's file"};
    const std::vector<std::string> names = unit_names(card);
    WEFT_ASSIGN(const fs::path program, build_device_program(rtl_kernels(card), {.trace = card.trace}, progress));
    if (progress) progress("packaging the emulated card", 0, 1);

    const std::string folder = "behav_waveform/xsim/";
    std::vector<ZipEntry> entries{{folder + "simulate.sh", simulate_script, true}, {folder + "card.txt", card_text(card, names)}};
    WEFT_ASSIGN(std::string device, read_file(program));
    entries.push_back({folder + "device", std::move(device), true});
    for (const CardKernel& kernel : card.kernels)
        for (const ProjectFile& file : kernel.kernel.files)
            if (file.path.ends_with(".mem")) entries.push_back({folder + fs::path(file.path).filename().string(), file.text});
    WEFT_ASSIGN(std::string archive, make_zip(entries));

    std::vector<XclbinBank> banks;
    for (const CardBank& bank : card.banks) banks.push_back({bank.name, bank.base, bank.bytes, bank.name.starts_with("HBM")});
    std::vector<ComputeUnitEntry> units;
    for (std::size_t u = 0; u < card.units.size(); ++u) {
        const RtlKernel& kernel = card.kernels[card.units[u].kernel].kernel;
        ComputeUnitEntry entry{kernel.name, names[u], base_of(u), {}};
        for (std::size_t p = 0; p < kernel.ports.size(); ++p)
            entry.connections.emplace_back(static_cast<int>(p), static_cast<int>(card.units[u].bank));
        units.push_back(std::move(entry));
    }
    std::vector<nlohmann::ordered_json> descriptions;
    for (const CardKernel& kernel : card.kernels) descriptions.push_back(kernel.description);
    return write_xclbin({.platform = card.platform.substr(0, 63),
                         .sections = {{SectionKind::bitstream, "bitstream", std::move(archive)},
                                      {SectionKind::embedded_metadata, "embedded_meta", metadata(card, names)},
                                      {SectionKind::memory_topology, "mem_topology", memory_topology(banks)},
                                      {SectionKind::connectivity, "connectivity", connectivity(units)},
                                      {SectionKind::ip_layout, "ip_layout", ip_layout(units)},
                                      {SectionKind::user_metadata, "weft", described(descriptions)}}});
}

}  // namespace weft
