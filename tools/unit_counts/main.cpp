// main.cpp
// What single units take, for fitting their cost tables: a line of JSON a unit, with its features and Yosys' counts.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "src/base/parallel.h"
#include "src/design/rtl_parts.h"
#include "src/driver/compile.h"
#include "src/emit/rtl.h"
#include "src/synthesize/synthesize.h"
#include "units/common/random_case.h"

namespace {

using namespace weft;

struct Flags {
    std::vector<std::string> projects;
    std::set<std::string> units;  ///< Names; empty: all.
    bool cases = false;
    std::uint64_t random = 0;
};

/// An instance in an emitted core and the unit behind it.
struct Point {
    std::string source;
    std::uint64_t number = 0;  ///< Which of the source's: of cases the position, of random points the seed.
    std::string unit;
    CostFeatures features;
    SynthesisJob job;
};

int fail(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) fmt::print(stderr, "{}\n", to_string(diagnostic));
    return 1;
}

/// Is anything of the design asked for?
bool wants(const Flags& flags, const Design& design) {
    const auto named = [&](std::string_view name) { return flags.units.empty() || flags.units.contains(std::string(name)); };
    return named(unit_for(UnitRole::fifo).name) || std::ranges::any_of(design.units, [&](const auto& unit) {
               if (named(unit->def->name)) return true;
               const RtlFace face = unit->def->rtl(*unit);
               return face.output && named(face.output->name);
           });
}

/// `number` is what the points of the design have in common.
Status add_points(const Design& design, const std::string& source, std::uint64_t number, const Flags& flags, const Yosys& yosys,
                  std::vector<Point>& points) {
    if (!wants(flags, design)) return Ok{};
    WEFT_ASSIGN(const RtlProject project, emit_rtl(design, {}));
    const std::string file = "rtl/" + project.core + ".sv";
    const auto core = std::find_if(project.files.begin(), project.files.end(), [&](const ProjectFile& f) { return f.path == file; });
    WEFT_ASSIGN(const Netlist netlist, yosys.instances(*core, project.core));
    WEFT_ASSIGN(auto jobs, synthesis_jobs(netlist, project.files));
    const auto add = [&](std::string_view name, const std::string& instance, const CostFeatures& features) {
        if (!flags.units.empty() && !flags.units.contains(std::string(name))) return;
        for (auto& [job_name, job] : jobs)
            if (job_name == instance) points.push_back({source, number, std::string(name), features, job});
    };
    for (const auto& unit : design.units) {
        const RtlFace face = unit->def->rtl(*unit);
        if (unit->def->features) add(unit->def->name, rtl_instance(*unit), unit->def->features(*unit, face));
        if (face.output) add(face.output->name, rtl_output_instance(*unit, face.output->name), face.output->features);
    }
    for (const auto& stream : design.streams) {
        if (!has_rtl_fifo(*stream)) continue;
        Unit fifo;
        fifo.def = &unit_for(UnitRole::fifo);
        fifo.parameters["Depth"] = std::max(1, stream->rtl_depth);
        fifo.inputs = {stream.get()};
        fifo.outputs = {stream.get()};
        add(fifo.def->name, rtl_fifo_instance(*stream), fifo.def->features(fifo, fifo.def->rtl(fifo)));
    }
    return Ok{};
}

void print(const Point& point, const ModuleCounts& counts) {
    nlohmann::ordered_json features = nlohmann::ordered_json::object();
    for (const CostFeature& feature : point.features.values) features[std::string(feature.name)] = feature.value;
    const ResourceCounts& r = counts.resources;
    const DepthReport& d = counts.depth;
    const nlohmann::ordered_json line{{"source", point.source},
                                      {"number", point.number},
                                      {"unit", point.unit},
                                      {"dsp", r.dsp},
                                      {"lut", r.lut},
                                      {"ff", r.ff},
                                      {"bram36", r.bram36()},
                                      {"uram", r.uram},
                                      {"lut_levels", d.worst.lut_levels},
                                      {"carry_bits", d.worst.carry_bits},
                                      {"carry_chains", d.worst.carry_chains},
                                      {"fanout", d.fanout},
                                      {"fanout_net", d.fanout_net},
                                      {"path", d.path},
                                      {"predicted_bram36", point.features.bram36},
                                      {"features", features}};
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
}

Result<std::vector<Point>> points_of(const Flags& flags, const Yosys& yosys) {
    std::vector<Point> points;
    for (const UnitDef* def : unit_registry()) {
        if (!def->rtl) continue;
        const auto add = [&](const UnitCase& point, const std::string& source, std::uint64_t number) {
            point->name = "point";
            return add_points(*point, source, number, flags, yosys, points);
        };
        if (flags.cases && def->cases) {
            std::vector<UnitCase> list = def->cases();
            if (def->rtl_cases)
                for (UnitCase& more : def->rtl_cases()) list.push_back(std::move(more));
            for (std::size_t i = 0; i < list.size(); ++i) WEFT_CHECK(add(list[i], "cases", i));
        }
        if (!def->random_case) continue;
        for (std::uint64_t seed = 1; seed <= flags.random; ++seed) WEFT_CHECK(add(random_case(*def, seed), "random", seed));
    }
    for (const std::string& project : flags.projects) {
        WEFT_ASSIGN(const auto compiled, load_project(project));
        WEFT_CHECK(add_points(compiled->design, project, 0, flags, yosys, points));
    }
    return points;
}

int run(const Flags& flags) {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_unit_files())
        if (file.path.ends_with("/cost.toml")) names.emplace_back(file.path.substr(0, file.path.find('/')));
    for (const std::string& unit : flags.units)
        if (std::ranges::find(names, unit) == names.end())
            return fail({Diagnostic{.reason = fmt::format("there is no unit '{}'", unit), .help = suggest(unit, names)}});
    if (!flags.cases && flags.random == 0 && flags.projects.empty())
        return fail({Diagnostic{.reason = "there is nothing to count", .help = "give --cases, --random N, or projects of weft compile"}});
    const auto yosys = Yosys::find();
    if (!yosys) return fail(yosys.error());
    const auto points = points_of(flags, *yosys);
    if (!points) return fail(points.error());
    std::mutex printing;
    int code = 0;
    parallel_for(static_cast<std::int64_t>(points->size()), 0, [&](std::int64_t index) {
        const Point& point = (*points)[static_cast<std::size_t>(index)];
        const auto counts = yosys->map(point.job, "xcup");
        const std::lock_guard lock(printing);
        if (counts)
            print(point, *counts);
        else
            code = fail(counts.error());
        return true;
    });
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    Flags flags;
    CLI::App app("unit_counts: what single units take by Yosys' count, a line of JSON each");
    app.add_option("PROJECT", flags.projects, "Directories of compiled projects: all their units and FIFOs");
    app.add_option("--unit", flags.units, "Only units of that name; may come several times")->type_name("NAME")->allow_extra_args(false);
    app.add_flag("--cases", flags.cases, "Each unit's conformance points");
    app.add_option("--random", flags.random, "N random points of each unit, from seeds 1 to N")
        ->type_name("N")
        ->check(CLI::Range(1, 100000));
    app.footer("Example: unit_counts --unit fork --unit width --random 20 > outside.jsonl");
    CLI11_PARSE(app, argc, argv);
    return run(flags);
}
