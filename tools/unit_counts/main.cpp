// main.cpp
// What single units take, for fitting their cost tables: a line of JSON a unit, with what its features are written in and Yosys' counts.
// SPDX-License-Identifier: Apache-2.0
//
// unit_counts [--unit NAME]... [--cases] [PROJECT]...
// With --cases each unit's conformance points; of projects, all units and FIFOs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "src/base/parallel.h"
#include "src/cost/variables.h"
#include "src/driver/compile.h"
#include "src/emit/rtl.h"
#include "src/synthesize/synthesize.h"

namespace {

using namespace weft;

/// An instance in an emitted core and the unit behind it.
struct Point {
    std::string source;
    std::string unit;
    Variables variables;
    SynthesisJob job;
};

int fail(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) fmt::print(stderr, "{}\n", to_string(diagnostic));
    return 1;
}

Status add_points(const Design& design, const std::string& source, const std::set<std::string>& wanted, const Yosys& yosys,
                  std::vector<Point>& points) {
    WEFT_ASSIGN(const RtlProject project, emit_rtl(design, {}));
    const std::string file = "rtl/" + project.core + ".sv";
    const auto core = std::find_if(project.files.begin(), project.files.end(), [&](const ProjectFile& f) { return f.path == file; });
    WEFT_ASSIGN(const Netlist netlist, yosys.instances(*core, project.core));
    WEFT_ASSIGN(auto jobs, synthesis_jobs(netlist, project.files));
    const auto add = [&](const Unit& unit, const std::string& instance) {
        const std::string name(unit.def->name);
        if (!wanted.empty() && !wanted.contains(name)) return;
        for (auto& [job_name, job] : jobs)
            if (job_name == instance) points.push_back({source, name, cost_variables(unit), job});
    };
    for (const auto& unit : design.units) add(*unit, rtl_instance(*unit));
    for (const auto& stream : design.streams) {
        if (!has_rtl_fifo(*stream)) continue;
        Unit fifo;
        fifo.def = &unit_for(UnitRole::fifo);
        fifo.parameters["Depth"] = std::max(1, stream->rtl_depth);
        fifo.inputs = {stream.get()};
        fifo.outputs = {stream.get()};
        add(fifo, rtl_fifo_instance(*stream));
    }
    return Ok{};
}

void print(const Point& point, const ModuleCounts& counts) {
    nlohmann::ordered_json variables = nlohmann::ordered_json::object();
    for (const auto& [name, value] : point.variables) variables[name] = value;
    const ResourceCounts& r = counts.resources;
    const DepthReport& d = counts.depth;
    const nlohmann::ordered_json line{{"source", point.source},
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
                                      {"variables", variables}};
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    std::set<std::string> wanted;
    std::vector<std::string> projects;
    bool cases = false;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--cases")
            cases = true;
        else if (argument == "--unit" && i + 1 < argc)
            wanted.insert(argv[++i]);
        else
            projects.push_back(argument);
    }
    const auto yosys = Yosys::find();
    if (!yosys) return fail(yosys.error());
    std::vector<Point> points;
    for (const UnitDef* def : unit_registry()) {
        if (!cases || !def->rtl || !def->cases) continue;
        std::vector<UnitCase> list = def->cases();
        if (def->rtl_cases)
            for (UnitCase& more : def->rtl_cases()) list.push_back(std::move(more));
        for (UnitCase& point : list) {
            point->name = "point";
            const auto done = add_points(*point, "cases", wanted, *yosys, points);
            if (!done) fail(done.error());
        }
    }
    for (const std::string& project : projects) {
        const auto compiled = load_project(project);
        if (!compiled) return fail(compiled.error());
        const auto done = add_points((*compiled)->design, project, wanted, *yosys, points);
        if (!done) return fail(done.error());
    }
    std::mutex printing;
    parallel_for(static_cast<std::int64_t>(points.size()), 0, [&](std::int64_t index) {
        const Point& point = points[static_cast<std::size_t>(index)];
        const auto counts = yosys->map(point.job, "xcup");
        const std::lock_guard lock(printing);
        if (counts)
            print(point, *counts);
        else
            fail(counts.error());
        return true;
    });
    return 0;
}
