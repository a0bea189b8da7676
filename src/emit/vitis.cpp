// vitis.cpp
// Makefile, configuration and script of an HLS project: C simulation without vendor tools, kernel and link with v++, co-simulation.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/emit/hls_parts.h"

namespace weft {

namespace {

/// The targets that need v++ and a platform.
void link_rules(TextWriter& out) {
    out.line("$(BUILD)/$(KERNEL).xo: $(HLS)/kernel.cpp $(SOURCES) hls.cfg hls_pre.tcl");
    out.line("\tmkdir -p $(BUILD)");
    out.line(
        "\t$(VPP) -c $(VPP_FLAGS) -k $(KERNEL) --kernel_frequency $(FREQUENCY) --config hls.cfg -I $(HLS) --temp_dir $(BUILD)/compile -o "
        "$@ $<");
    out.line();
    out.line("$(BUILD)/$(KERNEL).link.xclbin: $(BUILD)/$(KERNEL).xo link.cfg");
    out.line(
        "\t$(VPP) -l $(VPP_FLAGS) --kernel_frequency $(FREQUENCY) --config link.cfg --vivado.synth.jobs $(JOBS) --vivado.impl.jobs $(JOBS) "
        "--temp_dir $(BUILD)/link -o $@ $<");
    out.line();
    out.line("$(BUILD)/$(KERNEL).xclbin: $(BUILD)/$(KERNEL).link.xclbin");
    out.line("\t$(VPP) -p $< -t $(TARGET) --platform $(PLATFORM) --package.out_dir $(BUILD)/package -o $@");
    out.line();
}

std::string makefile(const std::string& kernel, const EmitOptions& options) {
    const bool vitis = options.flow == Flow::vitis;
    TextWriter out;
    write_file_head(out, "Makefile", fmt::format("Builds {} for {}.", kernel, options.board.empty() ? "a card" : options.board), options,
                    "#");
    out.line("#   make csim             C simulation with g++: no vendor tool needed");
    out.line("#   make csynth           C synthesis alone; says which loops miss an interval of 1");
    out.line("#   make cosim            C synthesis, then C/RTL co-simulation on ../vectors");
    if (vitis) {
        out.line("#   make xo TARGET=hw     the kernel as a Xilinx object (v++ of Vitis 2022.2 to 2024.2; TARGET is hw or hw_emu)");
        out.line("#   make xclbin           the compute units of link.cfg linked to the platform");
    } else {
        out.line("#   make ip               the kernel as a core for ../vivado/block_design.tcl, in build.hls/solution/impl/ip");
    }
    out.line("# Not verified with vendor tools where docs/status.md does not say so.");
    out.line();
    if (vitis) {
        out.line("TARGET ?= hw_emu");
        out.line(fmt::format("PLATFORM ?= {}", options.platform));
    }
    out.line(fmt::format("FREQUENCY ?= {}", options.clock_mhz));
    out.line(fmt::format("KERNEL := {}", kernel));
    if (vitis) out.line("VPP ?= v++");
    out.line("# From 2024.2 on: HLS_SCRIPT='vitis-run --mode hls --tcl'.");
    out.line("HLS_SCRIPT ?= vitis_hls -f");
    out.line("CXX ?= g++");
    if (vitis) out.line("JOBS ?= 8");
    out.line();
    out.line("HLS := ../hls");
    if (vitis) out.line("BUILD := build.$(TARGET)");
    out.line("SOURCES := $(wildcard $(HLS)/*.hpp $(HLS)/*/*.hpp $(HLS)/*/*/*.hpp)");
    if (vitis) {
        out.line("VPP_FLAGS := -t $(TARGET) --platform $(PLATFORM) --save-temps");
        out.line("ifeq ($(TARGET),hw_emu)");
        out.line("VPP_FLAGS += -g");
        out.line("endif");
    }
    out.line();
    out.line(fmt::format(".PHONY: csim csynth cosim {} clean", vitis ? "xo xclbin" : "ip"));
    if (vitis) {
        out.line("xo: $(BUILD)/$(KERNEL).xo");
        out.line("xclbin: $(BUILD)/$(KERNEL).xclbin");
        out.line();
    }
    out.line("csim: csim/testbench");
    out.line("\tcsim/testbench ../vectors");
    out.line();
    out.line("csim/testbench: $(HLS)/kernel.cpp $(HLS)/testbench.cpp $(SOURCES)");
    out.line("\tmkdir -p csim");
    out.line("\t$(CXX) -std=c++14 -O2 -Wno-unknown-pragmas -I$(HLS)/csim -I$(HLS) $(HLS)/kernel.cpp $(HLS)/testbench.cpp -o $@");
    out.line();
    out.line("csynth:");
    out.line("\tSTEPS=csynth FREQUENCY=$(FREQUENCY) $(HLS_SCRIPT) hls.tcl");
    out.line();
    out.line("cosim:");
    out.line("\tSTEPS='csynth cosim' FREQUENCY=$(FREQUENCY) $(HLS_SCRIPT) hls.tcl");
    out.line();
    if (vitis) {
        link_rules(out);
    } else {
        out.line("ip:");
        out.line("\tSTEPS='csynth ip' FREQUENCY=$(FREQUENCY) $(HLS_SCRIPT) hls.tcl");
        out.line();
    }
    out.line("clean:");
    out.line("\trm -rf csim build.hls build.hw build.hw_emu _x *.log");
    return std::move(out).take();
}

/// The kernel through the HLS tool alone, without a platform.
std::string hls_script(const std::string& kernel, const EmitOptions& options) {
    TextWriter out;
    write_file_head(out, "hls.tcl", "C simulation, C synthesis and C/RTL co-simulation of the kernel, without a platform.", options, "#");
    out.line("#   vitis_hls -f hls.tcl                  (vitis-run --mode hls --tcl hls.tcl from 2024.2 on)");
    out.line("# Environment: STEPS, some of csim, csynth and cosim (the default: csynth cosim); FREQUENCY in MHz. Results: build.hls/.");
    out.line("# Not verified with vendor tools where docs/status.md does not say so.");
    out.line("proc setting {name fallback} {");
    out.line("    return [expr {[info exists ::env($name)] ? $::env($name) : $fallback}]");
    out.line("}");
    out.line("set here [file dirname [file normalize [info script]]]");
    out.line("set hls [file normalize [file join $here .. hls]]");
    out.line("set vectors [file normalize [file join $here .. vectors]]");
    out.line("set flags \"-std=c++14 -I$hls\"");
    out.line();
    out.line("open_project -reset build.hls");
    out.line(fmt::format("set_top {}", kernel));
    out.line("add_files [file join $hls kernel.cpp] -cflags $flags");
    out.line("add_files -tb [file join $hls testbench.cpp] -cflags $flags");
    out.line(fmt::format("open_solution -reset solution -flow_target {}", to_string(options.flow)));
    out.line(fmt::format("set_part {}", options.part.empty() ? "xcu200-fsgd2104-2-e" : options.part));
    out.line(
        fmt::format("create_clock -period [expr {{1000.0 / [setting FREQUENCY {}]}}]", options.clock_mhz > 0 ? options.clock_mhz : 300));
    out.line("source [file join $here hls_pre.tcl]");
    out.line();
    out.line("# The loops whose interval is not 1, by the reports of the functions.");
    out.open("proc check_intervals {reports} {");
    out.line("set loops 0");
    out.line("set slow {}");
    out.open("foreach report $reports {");
    out.line("set file [open $report]");
    out.line("set text [read $file]");
    out.line("close $file");
    out.open("foreach {all interval} [regexp -all -inline {<PipelineII>([^<]*)</PipelineII>} $text] {");
    out.line("incr loops");
    out.line("if {$interval ne \"1\"} { lappend slow \"[file rootname [file tail $report]]: II = $interval\" }");
    out.close("}");
    out.close("}");
    out.line("puts \"$loops pipelined loops, [llength $slow] with an interval other than 1\"");
    out.line("if {$loops == 0} { error \"no report speaks of a pipelined loop\" }");
    out.line("if {$slow ne {}} { error [join $slow \\n] }");
    out.close("}");
    out.line();
    out.open("foreach step [setting STEPS {csynth cosim}] {");
    out.open("switch $step {");
    out.line("csim { csim_design -argv $vectors }");
    out.open("csynth {");
    out.line("csynth_design");
    out.line("check_intervals [glob build.hls/solution/syn/report/*_csynth.xml]");
    out.close("}");
    out.line(fmt::format("cosim {{ cosim_design -argv \"$vectors {}\" }}", cosim_images));
    if (options.flow == Flow::vivado)
        out.line(fmt::format("ip {{ export_design -format ip_catalog -vendor weft -library hls -ipname {} -version 1.0 }}", kernel));
    out.line(fmt::format("default {{ error \"STEPS: csim, csynth{} and cosim, not $step\" }}", options.flow == Flow::vivado ? ", ip" : ""));
    out.close("}");
    out.close("}");
    out.line("exit");
    return std::move(out).take();
}

}  // namespace

ProjectFile link_configuration(const std::string& name, const std::string& kernel, const std::vector<KernelPort>& ports,
                               const EmitOptions& options) {
    TextWriter out;
    const std::size_t count = options.compute_units.size();
    write_file_head(out, name, count == 1 ? "One compute unit." : fmt::format("{} compute units.", count), options, "#");
    out.line("[connectivity]");
    out.line(fmt::format("nk={}:{}", kernel, count));
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [slr, bank] = options.compute_units[i];
        if (!bank.empty())
            for (const KernelPort& port : ports) out.line(fmt::format("sp={}_{}.{}:{}", kernel, i + 1, port.argument, bank));
        if (!slr.empty()) out.line(fmt::format("slr={}_{}:{}", kernel, i + 1, slr));
    }
    return {"vitis/" + name, std::move(out).take()};
}

std::vector<ProjectFile> vitis_files(const std::string& kernel, const std::vector<KernelPort>& ports, const EmitOptions& options) {
    TextWriter pre;
    write_file_head(pre, "hls_pre.tcl", "Makes a violation of the dataflow rules or a misspelt pragma an error.", options, "#");
    pre.line("config_dataflow -strict_mode error");
    pre.line("config_compile -pragma_strict_mode");
    pre.line("config_compile -pipeline_style flp");

    std::vector<ProjectFile> files{{"vitis/Makefile", makefile(kernel, options)},
                                   {"vitis/hls.tcl", hls_script(kernel, options)},
                                   {"vitis/hls_pre.tcl", std::move(pre).take()}};
    if (options.flow == Flow::vivado) return files;
    TextWriter compile;
    write_file_head(compile, "hls.cfg", "Options of v++ -c beside those in the Makefile.", options, "#");
    compile.line("[hls]");
    compile.line("pre_tcl=hls_pre.tcl");
    files.insert(files.begin() + 1, {"vitis/hls.cfg", std::move(compile).take()});
    files.push_back(link_configuration("link.cfg", kernel, ports, options));
    return files;
}

}  // namespace weft
