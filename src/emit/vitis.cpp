// vitis.cpp
// Makefile and configuration of an HLS project: C simulation without vendor tools, kernel and link with v++.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/emit/hls_parts.h"

namespace weft {

namespace {

std::string makefile(const std::string& kernel, const EmitOptions& options) {
    TextWriter out;
    write_file_head(out, "Makefile", fmt::format("Builds {} for {}.", kernel, options.board.empty() ? "a card" : options.board), options,
                    "#");
    out.line("#   make csim             C simulation with g++: no vendor tool needed");
    out.line("#   make xo TARGET=hw     the kernel as a Xilinx object (v++ of Vitis 2022.2 to 2024.2; TARGET is hw or hw_emu)");
    out.line("#   make xclbin           one compute unit linked to the platform");
    out.line("# Not verified with vendor tools where docs/status.md does not say so.");
    out.line();
    out.line("TARGET ?= hw_emu");
    out.line(fmt::format("PLATFORM ?= {}", options.platform));
    out.line(fmt::format("FREQUENCY ?= {}", options.clock_mhz));
    out.line(fmt::format("KERNEL := {}", kernel));
    out.line("VPP ?= v++");
    out.line("CXX ?= g++");
    out.line("JOBS ?= 8");
    out.line();
    out.line("HLS := ../hls");
    out.line("BUILD := build.$(TARGET)");
    out.line("SOURCES := $(wildcard $(HLS)/*.hpp $(HLS)/*/*.hpp $(HLS)/*/*/*.hpp)");
    out.line("VPP_FLAGS := -t $(TARGET) --platform $(PLATFORM) --save-temps");
    out.line("ifeq ($(TARGET),hw_emu)");
    out.line("VPP_FLAGS += -g");
    out.line("endif");
    out.line();
    out.line(".PHONY: csim xo xclbin clean");
    out.line("xo: $(BUILD)/$(KERNEL).xo");
    out.line("xclbin: $(BUILD)/$(KERNEL).xclbin");
    out.line();
    out.line("csim: csim/testbench");
    out.line("\tcsim/testbench ../vectors");
    out.line();
    out.line("csim/testbench: $(HLS)/kernel.cpp $(HLS)/testbench.cpp $(SOURCES)");
    out.line("\tmkdir -p csim");
    out.line("\t$(CXX) -std=c++14 -O2 -Wno-unknown-pragmas -I$(HLS)/csim -I$(HLS) $(HLS)/kernel.cpp $(HLS)/testbench.cpp -o $@");
    out.line();
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
    out.line("clean:");
    out.line("\trm -rf csim build.hw build.hw_emu _x *.log");
    return std::move(out).take();
}

}  // namespace

std::vector<ProjectFile> vitis_files(const std::string& kernel, const EmitOptions& options) {
    TextWriter compile;
    write_file_head(compile, "hls.cfg", "Options of v++ -c beside those in the Makefile.", options, "#");
    compile.line("[hls]");
    compile.line("pre_tcl=hls_pre.tcl");

    TextWriter pre;
    write_file_head(pre, "hls_pre.tcl", "Makes a violation of the dataflow rules or a misspelt pragma an error.", options, "#");
    pre.line("config_dataflow -strict_mode error");
    pre.line("config_compile -pragma_strict_mode");
    pre.line("config_compile -pipeline_style flp");

    TextWriter link;
    write_file_head(link, "link.cfg", "One compute unit; add nk, sp and slr lines for more.", options, "#");
    link.line("[connectivity]");
    link.line(fmt::format("nk={}:1", kernel));
    return {{"vitis/Makefile", makefile(kernel, options)},
            {"vitis/hls.cfg", std::move(compile).take()},
            {"vitis/hls_pre.tcl", std::move(pre).take()},
            {"vitis/link.cfg", std::move(link).take()}};
}

}  // namespace weft
