// shell_scripts.cpp
// What the vendor's tools are told: kernel and IP packages, synthesis out of context, constraints, and a Makefile.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/emit/hls_parts.h"
#include "src/emit/shell_parts.h"

namespace weft {

namespace {

constexpr auto not_verified = "# Not verified with vendor tools where docs/status.md does not say so.";

/// Finds the sources beside the script: the tops given, the core, the library, and the memories' contents.
void find_sources(TextWriter& out, const std::string& top, const std::string& kernel) {
    out.line("set here [file dirname [file normalize [info script]]]");
    out.line("set rtl [file normalize [file join $here .. rtl]]");
    out.line(fmt::format("set sources [list {}[file join $rtl {}_core.sv]]", top.empty() ? "" : fmt::format("[file join $rtl {}.v] ", top),
                         kernel));
    out.line("set sources [concat $sources [lsort [glob -nocomplain [file join $rtl weft *.sv]]]]");
    out.line("set memories [lsort [glob -nocomplain [file join $rtl *.mem]]]");
    out.open("foreach file $sources {");
    out.line("if {![file exists $file]} { error \"$file is not there: is this script in its project's folder?\" }");
    out.close("}");
}

/// Memories are found by name in simulation and synthesis: the packager does not see names that come from parameters.
void memory_files(TextWriter& out) {
    out.line(
        "# $readmemh gets its names from parameters, which the packager does not follow: the memories go into the file groups by hand.");
    out.open("foreach memory $memories {");
    out.line("set name [file join src [file tail $memory]]");
    out.line("file mkdir [file join $ip_dir src]");
    out.line("file copy -force $memory [file join $ip_dir $name]");
    out.open("foreach group [ipx::get_file_groups -of_objects $core] {");
    out.line("if {![regexp {synthesis|simulation} [get_property name $group]]} { continue }");
    out.line("if {[llength [ipx::get_files $name -of_objects $group]] > 0} { continue }");
    out.line("set_property type mif [ipx::add_file $name $group]");
    out.close("}");
    out.close("}");
}

void create_project(TextWriter& out, const std::string& top, const std::string& library, const std::string& taxonomy) {
    out.line("create_project -force package $work_dir");
    out.line("add_files -norecurse [concat $sources $memories]");
    out.open("if {[llength $memories] > 0} {");
    out.line("set_property file_type {Memory File} [get_files *.mem]");
    out.close("}");
    out.line(fmt::format("set_property top {} [current_fileset]", top));
    out.line("update_compile_order -fileset sources_1");
    out.line(fmt::format("ipx::package_project -root_dir $ip_dir -vendor weft -library {} -taxonomy {} -import_files -set_current false",
                         library, taxonomy));
    out.line("ipx::unload_core [file join $ip_dir component.xml]");
    out.line("ipx::edit_ip_in_project -upgrade true -name edit_package -directory $ip_dir [file join $ip_dir component.xml]");
    out.line("set core [ipx::current_core]");
    out.line("set_property core_revision 1 $core");
    out.open("foreach parameter [ipx::get_user_parameters] {");
    out.line("ipx::remove_user_parameter [get_property NAME $parameter] $core");
    out.close("}");
}

void finish(TextWriter& out, const std::string& check) {
    out.line("ipx::create_xgui_files $core");
    out.line("ipx::update_checksums $core");
    out.line(fmt::format("ipx::check_integrity {}$core", check));
    out.line("ipx::save_core $core");
    out.line("close_project -delete");
}

std::string package_kernel(const ShellPlan& plan) {
    TextWriter out;
    const bool vitis = plan.options->flow == Flow::vitis;
    const char* target = vitis ? "KERNEL.xo" : "IP_FOLDER";
    write_file_head(out, "package_rtl.tcl",
                    fmt::format("Packages the RTL kernel {} {}.", plan.kernel, vitis ? "for v++" : "as a core for block_design.tcl"),
                    *plan.options, "#");
    out.line(fmt::format("#   vivado -mode batch -source package_rtl.tcl -tclargs {} WORK_FOLDER", target));
    out.line(not_verified);
    out.line(fmt::format("if {{[llength $argv] != 2}} {{ error \"usage: package_rtl.tcl {} WORK_FOLDER\" }}", target));
    out.line("set work_dir [file join [file normalize [lindex $argv 1]] project]");
    if (vitis) {
        out.line("set xo [file normalize [lindex $argv 0]]");
        out.line("set ip_dir [file join [file normalize [lindex $argv 1]] ip]");
    } else {
        out.line("set ip_dir [file normalize [lindex $argv 0]]");
    }
    find_sources(out, plan.kernel, plan.kernel);
    out.line();
    create_project(out, plan.kernel, "RTLKernel", "/KernelIP");
    memory_files(out);
    out.line();
    for (std::size_t i = 0; i < plan.ports.size(); ++i)
        out.line(fmt::format("ipx::associate_bus_interfaces -busif m_axi_gmem{} -clock ap_clk $core", i));
    out.line("ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk $core");
    out.line();
    out.line("set memory_map [ipx::add_memory_map -quiet s_axi_control $core]");
    out.line("set block [ipx::add_address_block -quiet reg0 $memory_map]");
    out.line(fmt::format("set_property range {} $block", 1 << register_address_bits));
    out.open("proc add_register {block name offset bits access doc} {");
    out.line("set register [ipx::add_register $name $block]");
    out.line("set_property address_offset $offset $register");
    out.line("set_property size $bits $register");
    out.line("set_property access $access $register");
    out.line("set_property description $doc $register");
    out.line("return $register");
    out.close("}");
    out.open("proc add_field {register name offset width access} {");
    out.line("set field [ipx::add_field $name $register]");
    out.line("set_property bit_offset $offset $field");
    out.line("set_property bit_width $width $field");
    out.line("set_property access $access $field");
    out.close("}");
    for (const Register& r : plan.registers) {
        // The packager may take every register beyond the protocol for an argument of the kernel.
        if (r.kind == RegisterKind::status) continue;
        out.line(fmt::format("set register [add_register $block {} 0x{:03x} {} {} {{{}}}]", r.name, r.offset, r.bits,
                             r.writable ? "read-write" : "read-only", r.doc));
        if (r.name == "CTRL") {
            for (const auto& [name, offset, width, access] :
                 {std::tuple{"AP_START", 0, 1, "read-write"}, std::tuple{"AP_DONE", 1, 1, "read-only"},
                  std::tuple{"AP_IDLE", 2, 1, "read-only"}, std::tuple{"AP_READY", 3, 1, "read-only"},
                  std::tuple{"AP_CONTINUE", 4, 1, "read-write"}, std::tuple{"RESERVED_1", 5, 2, "read-only"},
                  std::tuple{"AUTO_RESTART", 7, 1, "read-write"}, std::tuple{"RESERVED_2", 8, 24, "read-only"}})
                out.line(fmt::format("add_field $register {} {} {} {}", name, offset, width, access));
        }
        if (!r.bundle.empty()) {
            out.line("set parameter [ipx::add_register_parameter -quiet ASSOCIATED_BUSIF $register]");
            out.line(fmt::format("set_property value m_axi_{} $parameter", r.bundle));
        }
    }
    out.line("set_property slave_memory_map_ref s_axi_control [ipx::get_bus_interfaces -of $core s_axi_control]");
    out.line();
    if (vitis) {
        out.line("set_property sdx_kernel true $core");
        out.line("set_property sdx_kernel_type rtl $core");
    }
    out.line("set_property supported_families {} $core");
    out.line("set_property auto_family_support_level level_2 $core");
    finish(out, vitis ? "-kernel " : "");
    if (!vitis) return std::move(out).take();
    out.line();
    out.line("file delete -force $xo");
    out.line(fmt::format("package_xo -xo_path $xo -kernel_name {} -ip_directory $ip_dir -ctrl_protocol ap_ctrl_chain", plan.kernel));
    return std::move(out).take();
}

std::string package_stream(const ShellPlan& plan) {
    TextWriter out;
    const std::string top = stream_shell_name(plan.kernel);
    write_file_head(out, "package_stream.tcl", fmt::format("Packages {} as an IP-XACT core for Vivado's IP integrator.", top),
                    *plan.options, "#");
    out.line("#   vivado -mode batch -source package_stream.tcl -tclargs IP_FOLDER WORK_FOLDER");
    out.line(not_verified);
    out.line("if {[llength $argv] != 2} { error \"usage: package_stream.tcl IP_FOLDER WORK_FOLDER\" }");
    out.line("set ip_dir [file normalize [lindex $argv 0]]");
    out.line("set work_dir [file normalize [lindex $argv 1]]");
    find_sources(out, top, plan.kernel);
    out.line();
    create_project(out, top, "user", "/UserIP");
    memory_files(out);
    out.line();
    for (const KernelPort& port : plan.ports)
        out.line(fmt::format("ipx::associate_bus_interfaces -busif {}_axis_{} -clock aclk $core", port.output ? "m" : "s", port.name));
    out.line("set_property supported_families {} $core");
    out.line("set_property auto_family_support_level level_2 $core");
    finish(out, "");
    return std::move(out).take();
}

std::string synthesis(const ShellPlan& plan, const std::string& part, const std::vector<std::pair<std::string, double>>& predicted) {
    TextWriter out;
    write_file_head(out, "synth.tcl", "Synthesises, places and routes out of context, and prints what came out beside what weft predicted.",
                    *plan.options, "#");
    out.line("#   vivado -mode batch -source synth.tcl -tclargs ?TOP ?WORK_FOLDER??");
    out.line(fmt::format("# TOP: {}_core (the default), {} or {}. The predictions are of the core.", plan.kernel, plan.kernel,
                         stream_shell_name(plan.kernel)));
    out.line(not_verified);
    out.line(fmt::format("set top {}_core", plan.kernel));
    out.line("set work_dir synth");
    out.line("if {[llength $argv] > 0} { set top [lindex $argv 0] }");
    out.line("if {[llength $argv] > 1} { set work_dir [lindex $argv 1] }");
    out.line(fmt::format("set part {}", part.empty() ? "xcu200-fsgd2104-2-e" : part));
    for (const char* name : {"LUT", "FF", "BRAM36", "DSP"}) {
        std::string value = "-";
        for (const auto& [key, number] : predicted)
            if (key == name) value = fmt::format("{:.10g}", number);
        out.line(fmt::format("set predicted({}) {}", name, value));
    }
    out.line();
    find_sources(out, "", plan.kernel);
    out.line(fmt::format("if {{$top ne \"{}_core\"}} {{ lappend sources [file join $rtl $top.v] }}", plan.kernel));
    out.line("file mkdir $work_dir");
    out.line("cd $work_dir");
    out.line("create_project -in_memory -part $part");
    out.line("read_verilog -sv $sources");
    out.open("foreach memory $memories {");
    out.line("file copy -force $memory .");
    out.line("read_mem $memory");
    out.close("}");
    out.line(fmt::format("read_xdc [file join $here {}.xdc]", plan.kernel));
    out.line("synth_design -top $top -part $part -mode out_of_context");
    out.line("report_utilization -hierarchical -file utilization_synth.rpt");
    out.line("opt_design");
    out.line("place_design");
    out.line("phys_opt_design");
    out.line("route_design");
    out.line("write_checkpoint -force routed.dcp");
    out.line("report_utilization -hierarchical -file utilization.rpt");
    out.line("report_timing_summary -file timing.rpt");
    out.line("report_high_fanout_nets -file fanout.rpt");
    out.line("report_drc -file drc.rpt");
    out.line();
    out.line("# Sites of LUTs, as they were placed: two small ones may share one, and a memory takes several. Block RAMs in RAMB36.");
    out.open("proc count {filter} {");
    out.line("return [llength [get_cells -quiet -hierarchical -filter $filter]]");
    out.close("}");
    out.open("proc lut_sites {} {");
    out.line("set cells [get_cells -quiet -hierarchical -filter {IS_PRIMITIVE && BEL =~ *LUT}]");
    out.line("if {[llength $cells] == 0} { return 0 }");
    out.open("foreach place [get_property LOC $cells] bel [get_property BEL $cells] {");
    out.line("if {[regexp {([A-H])[56]LUT$} $bel -> letter]} { set sites($place.$letter) 1 }");
    out.close("}");
    out.line("return [array size sites]");
    out.close("}");
    out.line("set found(LUT) [lut_sites]");
    out.line("set found(FF) [count {REF_NAME =~ FD*}]");
    out.line("set found(BRAM36) [expr {[count {REF_NAME =~ RAMB36*}] + 0.5 * [count {REF_NAME =~ RAMB18*}]}]");
    out.line("set found(DSP) [count {REF_NAME =~ DSP48*}]");
    out.line("set slack [get_property SLACK [get_timing_paths -delay_type max]]");
    out.line("set period [get_property PERIOD [lindex [get_clocks] 0]]");
    out.line("puts [format {%-8s %10s %10s} {} found predicted]");
    out.line("foreach name {LUT FF BRAM36 DSP} { puts [format {%-8s %10s %10s} $name $found($name) $predicted($name)] }");
    out.line("puts [format {slack %s ns at %s ns: %.1f MHz reached} $slack $period [expr {1000.0 / ($period - $slack)}]]");
    return std::move(out).take();
}

std::string constraints(const ShellPlan& plan) {
    TextWriter out;
    const double period = 1000.0 / (plan.options->clock_mhz > 0 ? plan.options->clock_mhz : 300);
    write_file_head(out, plan.kernel + ".xdc", "The clock, whichever of the tops is synthesised.", *plan.options, "#");
    out.line("# Inputs and outputs of the tops are registers or meet registers within a LUT: out of context no more is said of them.");
    out.line(fmt::format("create_clock -name clk -period {:.3f} [get_ports -quiet {{clk ap_clk aclk}}]", period));
    return std::move(out).take();
}

/// What both flows' makefiles end with.
void common_rules(TextWriter& out, const std::string& folder) {
    out.line("synth:");
    out.line(fmt::format("\t$(VIVADO) -mode batch -nojournal -source {}synth.tcl -tclargs $(KERNEL)_core build.rtl/synth", folder));
    out.line();
    out.line("ip:");
    out.line(
        fmt::format("\t$(VIVADO) -mode batch -nojournal -source {}package_stream.tcl -tclargs build.rtl/ip build.rtl/ip_project", folder));
    out.line();
    out.line("clean:");
    out.line("\trm -rf build.rtl build.rtl.hw build.rtl.hw_emu *.log");
}

/// The makefile of Vivado's flow.
std::string block_design_makefile(const ShellPlan& plan) {
    TextWriter out;
    write_file_head(out, "rtl.mk", fmt::format("Builds the RTL kernel {} as a core, and the block design around it.", plan.kernel),
                    *plan.options, "#");
    out.line("#   make -f rtl.mk kernel          the kernel as an IP-XACT core");
    out.line("#   make -f rtl.mk bitstream       the block design with the processing system, implemented");
    out.line("#   make -f rtl.mk synth           out-of-context synthesis and routing of the core");
    out.line("#   make -f rtl.mk ip              the stream shell as an IP-XACT core");
    out.line(not_verified);
    out.line();
    out.line(fmt::format("KERNEL := {}", plan.kernel));
    out.line("VIVADO ?= vivado");
    out.line();
    out.line("RTL := ../rtl");
    out.line("SOURCES := $(wildcard $(RTL)/*.v $(RTL)/*.sv $(RTL)/weft/*.sv $(RTL)/*.mem)");
    out.line();
    out.line(".PHONY: kernel bitstream synth ip clean");
    out.line("kernel: build.rtl/kernel/component.xml");
    out.line("bitstream: build.rtl/design/$(KERNEL).xsa");
    out.line();
    out.line("build.rtl/kernel/component.xml: package_rtl.tcl $(SOURCES)");
    out.line("\tmkdir -p build.rtl");
    out.line(
        "\t$(VIVADO) -mode batch -nojournal -log build.rtl/package.log -source package_rtl.tcl -tclargs build.rtl/kernel "
        "build.rtl/package");
    out.line();
    out.line("build.rtl/design/$(KERNEL).xsa: build.rtl/kernel/component.xml block_design.tcl");
    out.line(
        "\t$(VIVADO) -mode batch -nojournal -log build.rtl/design.log -source block_design.tcl -tclargs build.rtl/kernel build.rtl/design");
    out.line();
    common_rules(out, "");
    return std::move(out).take();
}

std::string makefile(const ShellPlan& plan) {
    TextWriter out;
    write_file_head(out, "rtl.mk", fmt::format("Builds the RTL kernel {} as a Xilinx object and links it.", plan.kernel), *plan.options,
                    "#");
    out.line("#   make -f rtl.mk xo              the kernel, packaged by Vivado");
    out.line("#   make -f rtl.mk xclbin          the compute units of rtl_link.cfg linked to the platform (TARGET is hw or hw_emu)");
    out.line("#   make -f rtl.mk synth           out-of-context synthesis and routing of the core");
    out.line("#   make -f rtl.mk ip              the stream shell as an IP-XACT core");
    out.line(not_verified);
    out.line();
    out.line("TARGET ?= hw_emu");
    out.line(fmt::format("PLATFORM ?= {}", plan.options->platform));
    out.line(fmt::format("FREQUENCY ?= {}", plan.options->clock_mhz));
    out.line(fmt::format("KERNEL := {}", plan.kernel));
    out.line("VPP ?= v++");
    out.line("VIVADO ?= vivado");
    out.line("JOBS ?= 8");
    out.line();
    out.line("RTL := ../rtl");
    out.line("BUILD := build.rtl.$(TARGET)");
    out.line("SOURCES := $(wildcard $(RTL)/*.v $(RTL)/*.sv $(RTL)/weft/*.sv $(RTL)/*.mem)");
    out.line("VPP_FLAGS := -t $(TARGET) --platform $(PLATFORM) --save-temps");
    out.line("ifeq ($(TARGET),hw_emu)");
    out.line("VPP_FLAGS += -g");
    out.line("endif");
    out.line();
    out.line(".PHONY: xo xclbin synth ip clean");
    out.line("xo: build.rtl/$(KERNEL).xo");
    out.line("xclbin: $(BUILD)/$(KERNEL).xclbin");
    out.line();
    out.line("build.rtl/$(KERNEL).xo: package_rtl.tcl $(SOURCES)");
    out.line("\tmkdir -p build.rtl");
    out.line("\t$(VIVADO) -mode batch -nojournal -log build.rtl/package.log -source package_rtl.tcl -tclargs $@ build.rtl/package");
    out.line();
    out.line("$(BUILD)/$(KERNEL).link.xclbin: build.rtl/$(KERNEL).xo rtl_link.cfg");
    out.line("\tmkdir -p $(BUILD)");
    out.line(
        "\t$(VPP) -l $(VPP_FLAGS) --kernel_frequency $(FREQUENCY) --config rtl_link.cfg --vivado.synth.jobs $(JOBS) --vivado.impl.jobs "
        "$(JOBS) "
        "--temp_dir $(BUILD)/link -o $@ $<");
    out.line();
    out.line("$(BUILD)/$(KERNEL).xclbin: $(BUILD)/$(KERNEL).link.xclbin");
    out.line("\t$(VPP) -p $< -t $(TARGET) --platform $(PLATFORM) --package.out_dir $(BUILD)/package -o $@");
    out.line();
    common_rules(out, "../vivado/");
    return std::move(out).take();
}

}  // namespace

std::vector<ProjectFile> shell_scripts(const ShellPlan& plan, const std::string& part,
                                       const std::vector<std::pair<std::string, double>>& predicted) {
    std::vector<ProjectFile> files{{fmt::format("vivado/{}.xdc", plan.kernel), constraints(plan)},
                                   {"vivado/package_stream.tcl", package_stream(plan)},
                                   {"vivado/synth.tcl", synthesis(plan, part, predicted)}};
    if (plan.options->flow == Flow::vivado) {
        files.push_back({"vivado/package_rtl.tcl", package_kernel(plan)});
        files.push_back({"vivado/rtl.mk", block_design_makefile(plan)});
    } else {
        files.push_back({"vitis/package_rtl.tcl", package_kernel(plan)});
        files.push_back({"vitis/rtl.mk", makefile(plan)});
        files.push_back(link_configuration("rtl_link.cfg", plan.kernel, plan.ports, *plan.options));
    }
    return files;
}

}  // namespace weft
