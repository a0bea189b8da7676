// yosys.cpp
// One run of Yosys a module, in a folder of its own.
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/yosys.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/base/sha256.h"
#include "src/base/subprocess.h"

namespace weft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int result_format = 3;  // of what the cache holds; a change makes old entries unused
constexpr std::string_view name_parameter = "Name";
constexpr std::string_view top = "mapped_unit";

// Without -flatten: what stands in a unit many times is mapped once.
constexpr std::string_view map_script =
    "read_verilog -sv -defer {sources}\n"
    "hierarchy -top {module} {parameters}\n"
    "rename -top {top}\n"
    "synth_xilinx -family {family} -noiopad -noclkbuf -top {top}\n"
    "json -o {folder}/netlist.json\n";

constexpr std::string_view flat_script =
    "read_verilog -sv -defer {sources}\n"
    "hierarchy -top {module}\n"
    "rename -top {top}\n"
    "synth_xilinx -flatten -family {family} -noiopad -noclkbuf -top {top}\n"
    "json -o {folder}/netlist.json\n";

// Yosys 0.23 fails an assertion of its own on some modules (weft_unpack) whose parameters are set that way: there they become defaults.
constexpr std::string_view map_script_of_defaults =
    "read_verilog -sv {sources}\n"
    "chparam {parameters} {module}\n"
    "hierarchy -top {module}\n"
    "rename -top {top}\n"
    "synth_xilinx -family {family} -noiopad -noclkbuf -top {top}\n"
    "json -o {folder}/netlist.json\n";

/// Yosys writes a text of nothing but 0, 1, x and z with a space behind it, to tell it from bits.
bool is_bits(std::string_view value) { return !value.empty() && value.find_first_not_of("01xz") == std::string_view::npos; }

std::string text_of(std::string_view value) {
    if (value.ends_with(' ') && value.find_first_not_of("01xz ") == std::string_view::npos) value.remove_suffix(1);
    return std::string(value);
}

/// A constant that `hierarchy -chparam` takes: it knows bits, no texts.
std::string parameter_constant(std::string_view value) {
    if (is_bits(value)) return fmt::format("{}'b{}", value.size(), value);
    const std::string text = text_of(value);
    if (text.empty()) return "8'h00";
    std::string digits;
    for (const char c : text) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return fmt::format("{}'h{}", text.size() * 8, digits);
}

Diagnostic failure(std::string_view what, const ProcessResult& result) {
    // Yosys says "ERROR: ..." last.
    std::string_view said = result.errors;
    if (const std::size_t at = said.rfind("ERROR: "); at != std::string_view::npos) said.remove_prefix(at + 7);
    while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
    if (said.empty()) said = result.exit_code > 128 ? "it was ended by a signal, perhaps for want of memory" : "it does not say why";
    return {.reason = fmt::format("Yosys failed on {}", what), .help = std::string(said.substr(0, 1000))};
}

Status run_script(const fs::path& folder, const std::string& script, std::string_view what) {
    const fs::path path = folder / "script.ys";
    WEFT_CHECK(write_file(path, script));
    // From there, because a flattened design names its memories without their folder.
    WEFT_ASSIGN(const ProcessResult result, run_process({"env", "-C", folder.string(), "yosys", "-q", "-s", path.string()}));
    if (result.exit_code != 0) return failure(what, result);
    return Ok{};
}

Json to_json(const LogicDepth& depth) { return {depth.lut_levels, depth.carry_bits, depth.carry_chains}; }
LogicDepth depth_from(const Json& json) { return {json.at(0), json.at(1), json.at(2)}; }

Json to_json(const ModuleCounts& counts) {
    const ResourceCounts& r = counts.resources;
    const DepthReport& d = counts.depth;
    Json ports = Json::array();
    for (const PortDepth& port : d.ports) ports.push_back({port.from, port.to, to_json(port.depth)});
    return {{"resources", {r.dsp, r.lut, r.ff, r.bram18, r.uram, r.carry4, r.lut_memory}},
            {"worst", to_json(d.worst)},
            {"longest", to_json(d.longest)},
            {"rank", d.rank},
            {"path", d.path},
            {"ports", ports},
            {"fanout", {d.fanout, d.fanout_net, d.fanout_sinks}},
            {"copies", {d.copied_ffs, d.copied_luts}},
            {"unregistered_dsps", d.unregistered_dsps},
            {"loop", d.loop},
            {"unknown", counts.unknown_cells}};
}

std::optional<ModuleCounts> counts_from(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    ModuleCounts counts;
    try {
        const Json& r = json.at("resources");
        counts.resources = {r.at(0), r.at(1), r.at(2), r.at(3), r.at(4), r.at(5), r.at(6)};
        DepthReport& d = counts.depth;
        d.worst = depth_from(json.at("worst"));
        d.longest = depth_from(json.at("longest"));
        d.rank = json.at("rank");
        json.at("path").get_to(d.path);
        for (const Json& port : json.at("ports")) d.ports.push_back({port.at(0), port.at(1), depth_from(port.at(2))});
        d.fanout = json.at("fanout").at(0);
        d.fanout_net = json.at("fanout").at(1);
        d.fanout_sinks = json.at("fanout").at(2);
        d.copied_ffs = json.at("copies").at(0);
        d.copied_luts = json.at("copies").at(1);
        d.unregistered_dsps = json.at("unregistered_dsps");
        d.loop = json.at("loop");
        json.at("unknown").get_to(counts.unknown_cells);
    } catch (const Json::exception&) {
        return std::nullopt;  // a damaged entry is made again
    }
    return counts;
}

std::string key_of(const SynthesisJob& job, std::string_view family, std::string_view version) {
    Sha256 digest;
    const auto add = [&](std::string_view part) { digest.update(fmt::format("{}:{}", part.size(), part)); };
    for (const std::string_view part : {version, map_script, family, std::string_view(job.module)}) add(part);
    add(fmt::format("{}", result_format));
    if (job.flat) add(flat_script), add("LUTs in a row are one where they fit");
    for (const auto& [name, value] : job.parameters) {
        add(name);
        if (name != name_parameter) add(value);
    }
    for (const auto* files : {&job.sources, &job.memories})
        for (const ProjectFile& file : *files) {
            add(file.path);
            add(file.text);
        }
    return digest.hex().substr(0, 32);
}

}  // namespace

Result<Yosys> Yosys::find() {
    const auto answer = run_process({"yosys", "-V"});
    if (!answer || answer->exit_code != 0)
        return Diagnostic{.reason = "Yosys is missing: it maps the RTL and counts its cells",
                          .help = "install it (Debian and Ubuntu: apt-get install yosys), and see that `yosys` is in PATH"};
    std::string version = answer->output;
    while (!version.empty() && version.back() == '\n') version.pop_back();
    return Yosys(std::move(version));
}

Result<Netlist> Yosys::instances(const ProjectFile& source, std::string_view name) const {
    const TemporaryFolder folder(temporary_path("yosys"));
    const std::string file = (folder.path() / "core.sv").string();
    const std::string netlist = (folder.path() / "core.json").string();
    WEFT_CHECK(write_file(file, source.text));
    WEFT_CHECK(run_script(folder.path(), fmt::format("read_verilog -sv {}\nproc\njson -o {} {}\n", file, netlist, name), source.path));
    WEFT_ASSIGN(const std::string text, read_file(netlist));
    return Netlist::parse(text);
}

Result<ModuleCounts> Yosys::map(const SynthesisJob& job, std::string_view family) const {
    const fs::path kept = cache_folder() / "synthesis" / (key_of(job, family, version_) + ".json");
    std::error_code ignored;
    if (fs::exists(kept, ignored)) {
        const auto text = read_file(kept);
        if (text) {
            if (auto counts = counts_from(*text)) return std::move(*counts);
        }
    }
    const TemporaryFolder folder(temporary_path("yosys"));
    std::string sources, parameters, defaults;
    for (const ProjectFile& file : job.sources) {
        const fs::path path = folder.path() / fs::path(file.path).filename();
        WEFT_CHECK(write_file(path, file.text));
        sources += " " + path.string();
    }
    const std::string name = (folder.path() / "memory").string();
    for (const ProjectFile& file : job.memories)
        WEFT_CHECK(write_file(job.flat ? folder.path() / file.path : fs::path(name + file.path), file.text));
    for (const auto& [parameter, value] : job.parameters) {
        const std::string constant = parameter_constant(parameter == name_parameter && !text_of(value).empty() ? name : value);
        parameters += fmt::format(" -chparam {} {}", parameter, constant);
        defaults += fmt::format(" -set {} {}", parameter, constant);
    }

    const std::string what = fmt::format("the module {}", job.module);
    const auto script = [&](std::string_view text, const std::string& settings) {
        return fmt::format(fmt::runtime(text), fmt::arg("sources", sources), fmt::arg("module", job.module),
                           fmt::arg("parameters", settings), fmt::arg("top", top), fmt::arg("folder", folder.path().string()),
                           fmt::arg("family", family));
    };
    Status mapped = run_script(folder.path(), script(job.flat ? flat_script : map_script, parameters), what);
    if (!mapped && mapped.error()[0].help.find("modules_.count(module->name) == 0") != std::string::npos)
        mapped = run_script(folder.path(), script(map_script_of_defaults, defaults), what);
    WEFT_CHECK(mapped);

    ModuleCounts counts;
    {
        WEFT_ASSIGN(const std::string text, read_file(folder.path() / "netlist.json"));
        WEFT_ASSIGN(const Netlist netlist, Netlist::parse(text));
        const NetlistModule* module = netlist.find(top);
        if (!module) return Diagnostic{.reason = fmt::format("Yosys has left nothing of the module {}", job.module)};
        const FlatNetlist flat = flatten(netlist, *module);
        counts.resources = count_resources(flat, counts.unknown_cells);
        counts.depth = analyse_depth(flat, job.flat);
        counts.resources.ff += counts.depth.copied_ffs;
        counts.resources.lut += counts.depth.copied_luts;
    }
    // Whoever renames first has made the same result; a cache that cannot be written is no reason to fail.
    static_cast<void>(write_file(kept, to_json(counts).dump() + "\n"));
    return counts;
}

}  // namespace weft
