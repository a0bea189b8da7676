// block_design_back_end.cpp
// The back end `block_design`: Vivado's block design around the kernel on boards that no platform of v++ knows, with the device's
// processing system: its memory through the HP ports, registers through a GP port, the interrupt, the clock.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "src/emit/back_end.h"
#include "src/emit/hls_parts.h"
#include "src/emit/kernel_port.h"

namespace weft {

namespace {

/// What a family's processing system and its ports are called (PG082 and UG585; PG201 and UG1085).
struct ProcessingSystem {
    const char* family;
    const char* core;
    const char* automation;  ///< Of the board's settings, with what stands beside them.
    const char* clock;       ///< Pins: the fabric's clock and reset, the interrupt's input.
    const char* reset;
    const char* interrupt;
    const char* control;  ///< The master for registers, and its clock.
    const char* control_clock;
    const char* memory;  ///< HP port {0}, and its clock.
    const char* memory_clock;
    const char* settings;         ///< Of clock {0} in MHz.
    const char* memory_settings;  ///< Of HP port {0}, port {1} among the GP slaves, of {2} bits.
    int widest;                   ///< Bits of an HP port.
};
constexpr ProcessingSystem systems[] = {
    {"xc7", "processing_system7", "make_external {FIXED_IO, DDR} apply_board_preset 1 Master Disable Slave Disable", "FCLK_CLK0",
     "FCLK_RESET0_N", "IRQ_F2P", "M_AXI_GP0", "M_AXI_GP0_ACLK", "S_AXI_HP{0}", "S_AXI_HP{0}_ACLK",
     "CONFIG.PCW_USE_M_AXI_GP0 1 CONFIG.PCW_USE_FABRIC_INTERRUPT 1 CONFIG.PCW_IRQ_F2P_INTR 1 CONFIG.PCW_EN_CLK0_PORT 1 "
     "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ {0}",
     "CONFIG.PCW_USE_S_AXI_HP{0} 1 CONFIG.PCW_S_AXI_HP{0}_DATA_WIDTH {2}", 64},
    {"xcup", "zynq_ultra_ps_e", "apply_board_preset 1", "pl_clk0", "pl_resetn0", "pl_ps_irq0", "M_AXI_HPM0_FPD", "maxihpm0_fpd_aclk",
     "S_AXI_HP{0}_FPD", "saxihp{0}_fpd_aclk",
     "CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 CONFIG.PSU__USE__IRQ0 1 "
     "CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ {0}",
     "CONFIG.PSU__USE__S_AXI_GP{1} 1 CONFIG.PSU__SAXIGP{1}__DATA_WIDTH {2}", 128},
};
constexpr int first_gp_of_hp = 2;       // HP0 is slave GP2 of the zynq_ultra_ps_e
constexpr std::size_t most_units = 16;  // masters of a SmartConnect, interrupts of the processing system

const ProcessingSystem& system_of(const std::string& family) {
    return *std::find_if(std::begin(systems), std::end(systems) - 1, [&](const auto& s) { return s.family == family; });
}

/// "HP2" -> 2; -1 where the bank is no HP port.
int hp_port(const std::string& bank) {
    return bank.size() == 3 && bank.starts_with("HP") && bank[2] >= '0' && bank[2] <= '3' ? bank[2] - '0' : -1;
}

Status takes(const Design&, const EmitOptions& options) {
    if (options.flow != Flow::vivado) return Diagnostics{};  // a platform has what this is for
    if (options.compute_units.size() > most_units)
        return Diagnostic{
            .reason = fmt::format("a block design joins {} compute units at most, not {}", most_units, options.compute_units.size()),
            .help = "compile for fewer: --compute-units"};
    for (const Placement& unit : options.compute_units)
        if (hp_port(unit.bank) < 0)
            return Diagnostic{.reason = fmt::format("the processing system has ports HP0 to HP3, the board file's bank is '{}'", unit.bank),
                              .help = "name the banks of a board of flow vivado HP0 to HP3"};
    return Ok{};
}

class BlockDesign {
public:
    BlockDesign(const std::string& kernel, std::size_t ports, const EmitOptions& options)
        : kernel_(kernel), options_(options), system_(system_of(options.family)) {
        for (std::size_t u = 0; u < options.compute_units.size(); ++u)
            for (std::size_t p = 0; p < ports; ++p)
                masters_[hp_port(options.compute_units[u].bank)].push_back(fmt::format("{}_{}/m_axi_gmem{}", kernel, u + 1, p));
    }

    std::string text() {
        head();
        project();
        processing_system();
        kernels();
        memory();
        control();
        interrupts();
        implementation();
        return std::move(out_).take();
    }

private:
    void head() {
        write_file_head(
            out_, "block_design.tcl",
            fmt::format("{} with the processing system of {}, as a bitstream and a hardware description.", kernel_, options_.board),
            options_, "#");
        out_.line("#   vivado -mode batch -source block_design.tcl -tclargs IP_FOLDER WORK_FOLDER");
        out_.line("# IP_FOLDER holds the kernel's core: make -f rtl.mk kernel, or make -C ../vitis ip for the HLS kernel.");
        out_.line("# Not verified with vendor tools where docs/status.md does not say so.");
        out_.line("if {[llength $argv] != 2} { error \"usage: block_design.tcl IP_FOLDER WORK_FOLDER\" }");
        out_.line("set ip_dir [file normalize [lindex $argv 0]]");
        out_.line("set work_dir [file normalize [lindex $argv 1]]");
    }

    void project() {
        out_.line();
        out_.line(fmt::format("create_project -force design $work_dir -part {}", options_.part));
        out_.line(fmt::format("set_property board_part {} [current_project]", options_.platform));
        out_.line("set_property ip_repo_paths [list $ip_dir] [current_project]");
        out_.line("update_ip_catalog");
        out_.line("create_bd_design design");
        out_.line("# The newest version that this Vivado has.");
        out_.open("proc add_cell {core name} {");
        out_.line("set definition [lindex [lsort -dictionary [get_ipdefs -all \"*:$core:*\"]] end]");
        out_.line("if {$definition eq {}} { error \"Vivado finds no core $core\" }");
        out_.line("return [create_bd_cell -type ip -vlnv $definition $name]");
        out_.close("}");
        out_.line("proc join_interfaces {from to} { connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to] }");
        out_.line("proc join_pins {from to} { connect_bd_net [get_bd_pins $from] [get_bd_pins $to] }");
    }

    void processing_system() {
        out_.line();
        out_.line(fmt::format("set ps [add_cell {} ps]", system_.core));
        out_.line(fmt::format("apply_bd_automation -rule xilinx.com:bd_rule:{} -config [list {}] $ps", system_.core, system_.automation));
        out_.line(fmt::format("set_property -dict [list {}] $ps", fmt::format(fmt::runtime(system_.settings), options_.clock_mhz)));
        for (const auto& [hp, masters] : masters_)
            out_.line(
                fmt::format("set_property -dict [list {}] $ps", fmt::format(fmt::runtime(system_.memory_settings), hp, hp + first_gp_of_hp,
                                                                            std::min(options_.memory_bits, system_.widest))));
        out_.line("add_cell proc_sys_reset reset");
        out_.line(fmt::format("join_pins ps/{} reset/slowest_sync_clk", system_.clock));
        out_.line(fmt::format("join_pins ps/{} reset/ext_reset_in", system_.reset));
        clock(fmt::format("ps/{}", system_.control_clock));
        for (const auto& [hp, masters] : masters_) clock("ps/" + fmt::format(fmt::runtime(system_.memory_clock), hp));
    }

    void clock(const std::string& pin) { out_.line(fmt::format("join_pins ps/{} {}", system_.clock, pin)); }

    void clock_and_reset(const std::string& cell, const char* clock_pin, const char* reset_pin) {
        clock(cell + "/" + clock_pin);
        out_.line(fmt::format("join_pins reset/peripheral_aresetn {}/{}", cell, reset_pin));
    }

    void kernels() {
        out_.line();
        for (std::size_t u = 1; u <= options_.compute_units.size(); ++u) {
            out_.line(fmt::format("add_cell {0} {0}_{1}", kernel_, u));
            clock_and_reset(fmt::format("{}_{}", kernel_, u), "ap_clk", "ap_rst_n");
        }
    }

    void interconnect(const std::string& name, std::size_t slaves, std::size_t masters) {
        out_.line(fmt::format("add_cell smartconnect {}", name));
        out_.line(fmt::format("set_property -dict [list CONFIG.NUM_SI {} CONFIG.NUM_MI {}] [get_bd_cells {}]", slaves, masters, name));
        clock_and_reset(name, "aclk", "aresetn");
    }

    void memory() {
        for (const auto& [hp, masters] : masters_) {
            out_.line();
            const std::string name = fmt::format("memory_{}", hp);
            interconnect(name, masters.size(), 1);
            for (std::size_t i = 0; i < masters.size(); ++i)
                out_.line(fmt::format("join_interfaces {} {}/S{:02}_AXI", masters[i], name, i));
            out_.line(fmt::format("join_interfaces {}/M00_AXI ps/{}", name, fmt::format(fmt::runtime(system_.memory), hp)));
        }
    }

    void control() {
        out_.line();
        const std::size_t count = options_.compute_units.size();
        interconnect("control", 1, count);
        out_.line(fmt::format("join_interfaces ps/{} control/S00_AXI", system_.control));
        for (std::size_t u = 0; u < count; ++u)
            out_.line(fmt::format("join_interfaces control/M{:02}_AXI {}_{}/s_axi_control", u, kernel_, u + 1));
    }

    void interrupts() {
        out_.line();
        const std::size_t count = options_.compute_units.size();
        out_.line("add_cell xlconcat interrupts");
        out_.line(fmt::format("set_property CONFIG.NUM_PORTS {} [get_bd_cells interrupts]", count));
        for (std::size_t u = 0; u < count; ++u) out_.line(fmt::format("join_pins {}_{}/interrupt interrupts/In{}", kernel_, u + 1, u));
        out_.line(fmt::format("join_pins interrupts/dout ps/{}", system_.interrupt));
    }

    void implementation() {
        out_.line();
        out_.line("assign_bd_address");
        out_.line("validate_bd_design");
        out_.line("save_bd_design");
        out_.line("set wrapper [make_wrapper -files [get_files design.bd] -top]");
        out_.line("add_files -norecurse $wrapper");
        out_.line("set_property top design_wrapper [current_fileset]");
        out_.line("update_compile_order -fileset sources_1");
        out_.line("launch_runs impl_1 -to_step write_bitstream");
        out_.line("wait_on_runs impl_1");
        out_.line(
            "if {[get_property PROGRESS [get_runs impl_1]] ne \"100%\"} { error \"the implementation failed: see $work_dir/design.runs\" "
            "}");
        out_.line(fmt::format("write_hw_platform -fixed -include_bit -force -file [file join $work_dir {}.xsa]", kernel_));
        out_.line("open_run impl_1");
        out_.line("report_timing_summary -file [file join $work_dir timing.rpt]");
        out_.line("report_utilization -hierarchical -file [file join $work_dir utilization.rpt]");
        out_.line("puts [format {worst slack %s ns} [get_property SLACK [get_timing_paths -delay_type max]]]");
    }

    TextWriter out_;
    std::string kernel_;
    const EmitOptions& options_;
    const ProcessingSystem& system_;
    std::map<int, std::vector<std::string>> masters_;  ///< Of each HP port in use.
};

Result<Emitted> emit(const EmitSubject& subject) {
    const std::string kernel = kernel_name(subject.design);
    const std::size_t ports = kernel_ports(subject.design, subject.options).size();
    return Emitted{{{"vivado/block_design.tcl", BlockDesign(kernel, ports, subject.options).text()}}};
}

}  // namespace

extern const BackEnd back_end_block_design{
    .name = "block_design",
    .title = "the block design",
    .takes = takes,
    .emit = emit,
};

}  // namespace weft
