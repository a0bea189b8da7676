// synthesize.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/synthesize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "src/base/parallel.h"

namespace weft {

namespace {

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }
bool has_extension(const ProjectFile& file, std::string_view extension) { return file.path.ends_with(extension); }

using SourceFiles = std::map<std::string, const ProjectFile*, std::less<>>;  // by the module that they define

/// The words of a source text, comments left out.
template <class Visit>
void each_word(std::string_view text, const Visit& visit) {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at, 2) == "//") {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && is_word(text[end])) ++end;
        if (end > at) visit(text.substr(at, end - at));
        at = std::max(end, at + 1);
    }
}

/// The module that a source text defines; empty if it defines none.
std::string module_of(std::string_view text) {
    std::string name;
    bool next = false;
    each_word(text, [&](std::string_view word) {
        if (next && name.empty()) name = word;
        next = word == "module";
    });
    return name;
}

/// The module's file and those of all modules that it names, directly or not.
std::vector<ProjectFile> sources_of(const std::string& module, const SourceFiles& files) {
    std::set<std::string> named{module};
    std::vector<std::string> open{module};
    while (!open.empty()) {
        const auto at = files.find(open.back());
        open.pop_back();
        if (at == files.end()) continue;
        each_word(at->second->text, [&](std::string_view word) {
            if (files.contains(word) && named.emplace(word).second) open.emplace_back(word);
        });
    }
    std::vector<ProjectFile> sources;
    for (const std::string& name : named)
        if (const auto at = files.find(name); at != files.end()) sources.push_back({name + ".sv", at->second->text});
    return sources;
}

bool starts_memory(const std::string& stem, const std::string& name) {
    return stem.starts_with(name) && stem.substr(name.size()).starts_with("_");
}

/// Follows paths over the streams between instances: from registers over port to port into registers.
class Borders {
public:
    Borders(const NetlistModule& core, const std::vector<SynthesizedInstance>& instances) : instances_(instances) {
        std::map<std::string_view, const NetlistCell*> cells;
        for (const NetlistCell& cell : core.cells) cells.emplace(cell.name, &cell);
        for (std::size_t i = 0; i < instances.size(); ++i) {
            const NetlistCell& cell = *cells.at(instances[i].name);
            std::set<std::string_view> written;
            for (const PortDepth& arc : instances[i].counts.depth.ports)
                if (!arc.to.empty()) written.insert(arc.to);
            for (const auto& [port, bits] : cell.pins) {
                const bool output = written.contains(port);
                for (const NetBit bit : bits) {
                    if (bit == constant_bit) continue;
                    (output ? drivers_ : readers_)[bit].insert({i, port});
                }
            }
        }
    }

    BorderPath run() {
        BorderPath worst;
        std::set<std::pair<Port, Port>> joins;
        for (const auto& [bit, readers] : readers_) {
            const auto at = drivers_.find(bit);
            if (at == drivers_.end()) continue;
            for (const Port& driver : at->second)
                for (const Port& reader : readers) joins.emplace(driver, reader);
        }
        for (const auto& [driver, reader] : joins) feeds_[reader].push_back(driver);
        for (const auto& [driver, reader] : joins) {
            const std::optional<LogicDepth> at = arrival(driver);
            if (!at) continue;
            for (const PortDepth& arc : instances_[reader.first].counts.depth.ports) {
                if (arc.from != reader.second || !arc.to.empty()) continue;
                const LogicDepth depth = *at + arc.depth;
                if (worst.from.empty() || depth.lut_levels > worst.depth.lut_levels) {
                    worst.from = instances_[driver.first].name + "." + std::string(driver.second);
                    worst.to = instances_[reader.first].name + "." + std::string(reader.second);
                }
                worst.depth.join(depth);
            }
        }
        return worst;
    }

private:
    using Port = std::pair<std::size_t, std::string_view>;  // instance, port

    /// What lies between registers and an output port.
    std::optional<LogicDepth> arrival(const Port& output) {
        const auto [known, fresh] = arrivals_.try_emplace(output);
        if (!fresh) return known->second;  // on a loop: what is known so far
        std::optional<LogicDepth> result;
        const auto add = [&](const LogicDepth& depth) {
            if (!result) result.emplace();
            result->join(depth);
        };
        for (const PortDepth& arc : instances_[output.first].counts.depth.ports) {
            if (arc.to != output.second) continue;
            if (arc.from.empty()) {
                add(arc.depth);
                continue;
            }
            for (const Port& driver : feeds_[{output.first, arc.from}])
                if (const auto before = arrival(driver)) add(*before + arc.depth);
        }
        arrivals_[output] = result;
        return result;
    }

    const std::vector<SynthesizedInstance>& instances_;
    std::map<NetBit, std::set<Port>> drivers_, readers_;
    std::map<Port, std::vector<Port>> feeds_;
    std::map<Port, std::optional<LogicDepth>> arrivals_;
};

}  // namespace

Result<std::vector<std::pair<std::string, SynthesisJob>>> synthesis_jobs(const Netlist& netlist, std::span<const ProjectFile> files,
                                                                         std::string_view inner) {
    SourceFiles sources;
    for (const ProjectFile& file : files)
        if (has_extension(file, ".sv")) sources.emplace(module_of(file.text), &file);
    const NetlistModule* core = netlist.top();
    std::vector<std::pair<std::string, SynthesisJob>> jobs;
    std::vector<std::pair<std::string, std::size_t>> named;  // the parameter Name, which job
    for (const NetlistCell& cell : core->cells) {
        if (!inner.empty() && (cell.type == inner || cell.type.starts_with("$"))) continue;
        if (cell.type.starts_with("$"))
            return Diagnostic{.reason = fmt::format("the core '{}' holds logic of its own: '{}'", core->name, cell.name),
                              .help = "a core only joins modules; compile the project again"};
        if (!sources.contains(cell.type))
            return Diagnostic{.reason = fmt::format("the module '{}' of '{}' is in no file of the project", cell.type, cell.name),
                              .help = "compile the project again"};
        SynthesisJob job{cell.type, cell.parameters, sources_of(cell.type, sources), {}};
        if (const auto name = cell.parameters.find("Name"); name != cell.parameters.end()) named.emplace_back(name->second, jobs.size());
        jobs.emplace_back(cell.name, std::move(job));
    }
    // The longest name that fits owns a file: "a_2_w.mem" is of "a_2" if there is one.
    std::stable_sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (const ProjectFile& file : files) {
        if (!has_extension(file, ".mem")) continue;
        const std::string stem = stem_of(file.path);
        const auto owner = std::ranges::find_if(named, [&](const auto& entry) { return starts_memory(stem, entry.first); });
        for (auto at = owner; at != named.end() && at->first == owner->first; ++at)
            jobs[at->second].second.memories.push_back({stem.substr(at->first.size()) + ".mem", file.text});
    }
    return jobs;
}

Result<Synthesis> synthesize(std::string_view core, std::span<const ProjectFile> files, std::string_view family,
                             const SynthesisProgress& progress, std::string_view inner) {
    WEFT_ASSIGN(const Yosys yosys, Yosys::find());
    const std::string file_name = fmt::format("{}.{}", core, inner.empty() ? "sv" : "v");
    const auto source = std::find_if(files.begin(), files.end(), [&](const ProjectFile& file) { return file.path.ends_with(file_name); });
    if (source == files.end())
        return Diagnostic{.reason = fmt::format("the project has no file of the module '{}'", core), .help = "compile the project again"};
    WEFT_ASSIGN(const Netlist netlist, yosys.instances(*source, core));
    if (!netlist.top()) return Diagnostic{.reason = fmt::format("{} does not hold the module '{}'", source->path, core)};
    WEFT_ASSIGN(const auto jobs, synthesis_jobs(netlist, files, inner));

    // Instances that are the same but for their name share a job.
    std::vector<std::size_t> leader(jobs.size());
    std::vector<std::size_t> leaders;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto same = [&](std::size_t other) {
            const SynthesisJob &a = jobs[i].second, &b = jobs[other].second;
            const auto parameters = [](const SynthesisJob& job) {
                auto list = job.parameters;
                list.erase("Name");
                return list;
            };
            return a.module == b.module && parameters(a) == parameters(b) &&
                   std::equal(a.memories.begin(), a.memories.end(), b.memories.begin(), b.memories.end(),
                              [](const ProjectFile& x, const ProjectFile& y) { return x.path == y.path && x.text == y.text; });
        };
        const auto at = std::find_if(leaders.begin(), leaders.end(), same);
        leader[i] = at == leaders.end() ? leaders.size() : static_cast<std::size_t>(at - leaders.begin());
        if (at == leaders.end()) leaders.push_back(i);
    }
    std::vector<ModuleCounts> results(leaders.size());
    std::optional<Diagnostics> failed;
    std::mutex failing;
    const auto total = static_cast<std::int64_t>(leaders.size());
    if (progress) progress(0, total);
    const auto map = [&](std::int64_t index) {
        const auto& [name, job] = jobs[leaders[static_cast<std::size_t>(index)]];
        auto counts = yosys.map(job, family);
        if (counts) {
            results[static_cast<std::size_t>(index)] = std::move(*counts);
            return true;
        }
        const std::lock_guard lock(failing);
        failed = counts.error();
        for (Diagnostic& diagnostic : *failed) diagnostic.reason += fmt::format(" (instance '{}')", name);
        return false;
    };
    parallel_for(total, 0, map, [&](std::int64_t done) {
        if (progress) progress(done, total);
    });
    if (failed) return *failed;

    Synthesis synthesis{yosys.version(), std::string(family), {}, {}, {}, {}};
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        synthesis.instances.push_back({jobs[i].first, jobs[i].second.module, results[leader[i]]});
        synthesis.totals += results[leader[i]].resources;
        synthesis.worst.join(results[leader[i]].depth.worst);
    }
    synthesis.border = Borders(*netlist.top(), synthesis.instances).run();
    synthesis.worst.join(synthesis.border.depth);
    return synthesis;
}

Result<ModuleCounts> synthesize_flat(std::string_view core, std::span<const ProjectFile> files, std::string_view family) {
    WEFT_ASSIGN(const Yosys yosys, Yosys::find());
    SynthesisJob job{.module = std::string(core), .flat = true};
    for (const ProjectFile& file : files) {
        if (has_extension(file, ".sv")) job.sources.push_back(file);
        if (has_extension(file, ".mem")) job.memories.push_back({stem_of(file.path) + ".mem", file.text});
    }
    return yosys.map(job, family);
}

}  // namespace weft
