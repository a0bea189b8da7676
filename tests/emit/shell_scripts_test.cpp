// shell_scripts_test.cpp
// What stands around an RTL kernel: its packaging as the vendor's tools are told of it, its Makefile, its plain testbench, its stream
// shell. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/base/subprocess.h"
#include "src/emit/back_end.h"
#include "src/emit/kernel_names.h"
#include "src/emit/plain_testbench.h"
#include "src/emit/registers.h"
#include "src/emit/rtl.h"
#include "src/emit/shell.h"
#include "src/schedule/schedule.h"
#include "units/common/cases.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const EmitOptions options{.platform = "xilinx_u200_gen3x16_xdma_2_202110_1", .part = "xcu200-fsgd2104-2-e", .predicted = {.lut = 12.4}};

/// One input of 2 x 3 positions of 3 channels that leaves as it came, two columns a beat: 4 beats a frame, elements of 5 bits.
Design passing() {
    Design design;
    design.name = "pass";
    Stream* in = design.add_stream("in", {2, 3, 1, 3}, -16, 15);
    Stream* out = design.add_stream("out", {2, 3, 1, 3}, -16, 15);
    in->beat = out->beat = {2, 1, 3};
    Unit* unit = design.add_unit(unit_for(UnitRole::fifo), "pass", {in}, {out});
    unit->set_parameter("Depth", 4);
    design.inputs.push_back({"image", {"in", in, nullptr}});
    KernelOutput output;
    output.name = "result";
    output.binding = {"out", out, nullptr};
    design.outputs.push_back(output);
    return design;
}

/// The whole project's RTL side, in a folder of its own.
class ShellScripts : public ::testing::Test {
protected:
    ShellScripts() : work_(fs::temp_directory_path() / ("weft-shell-" + unique_suffix())), design_(passing()) {
        kernel_ = kernel_name(design_);
        auto shell = emit_shell(design_, options);
        auto core = emit_rtl(design_, options);
        EXPECT_TRUE(shell && core);
        for (const auto& files : {core->files, *shell})
            for (const ProjectFile& file : named_after_kernel(files, kernel_)) EXPECT_TRUE(write_file(work_.path() / file.path, file.text));
        EXPECT_TRUE(write_file(work_.path() / "rtl/unit_weights.mem", "00\n"));
    }
    fs::path path(const std::string& name) const { return work_.path() / name; }

    /// Runs a script with a stand-in for every command of the vendor's, which writes down how it was called.
    std::string tcl(const std::string& script, const std::vector<std::string>& arguments) {
        const std::string stub = R"(
set log [open [lindex $argv 0] w]
set script [lindex $argv 1]
set argv [lrange $argv 2 end]
set handles 0
rename unknown original_unknown
proc unknown {name args} {
    global log handles
    puts $log [concat [list $name] $args]
    if {$name eq "get_property"} {
        if {[lindex $args 0] eq "SLACK"} { return 0.25 }
        if {[lindex $args 0] eq "PERIOD"} { return 3.333 }
        if {[lindex $args 0] eq "LOC"} { return {SLICE_X0Y0 SLICE_X0Y0 SLICE_X0Y0 SLICE_X1Y0 RAMB36_X0Y0} }
        if {[lindex $args 0] eq "BEL"} { return {SLICEL.A6LUT SLICEL.A5LUT SLICEL.B6LUT SLICEM.A5LUT RAMB36E2.RAMB36E2} }
        return xilinx_anylanguagesynthesis
    }
    if {$name eq "get_cells"} { return {a b c} }
    if {$name eq "ipx::get_files" || $name eq "ipx::get_user_parameters"} { return {} }
    incr handles
    return [list $name [lindex $args 0]]
}
source $script
close $log
)";
        EXPECT_TRUE(write_file(path("stub.tcl"), stub));
        std::vector<std::string> command{
            "env", "--chdir=" + path("vivado").string(), "tclsh", path("stub.tcl").string(), path("log").string(), path(script).string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const auto result = run_process(command);
        EXPECT_TRUE(result);
        if (!result) return "";
        EXPECT_EQ(result->exit_code, 0) << result->errors;
        printed_ = result->output;
        const auto log = read_file(path("log"));
        EXPECT_TRUE(log);
        return log ? *log : std::string();
    }

    TemporaryFolder work_;
    Design design_;
    std::string kernel_;
    std::string printed_;
};

bool has(const std::string& tool, const std::string& question) { return static_cast<bool>(run_process({tool, question})); }

TEST_F(ShellScripts, PackageTheKernelWithItsRegistersAndMemories) {
    if (!has("tclsh", "/dev/null")) GTEST_SKIP() << "tclsh is not installed";
    const std::string log = tcl("vitis/package_rtl.tcl", {path("out.xo").string(), path("package").string()});
    for (const Register& r : kernel_registers(kernel_ports(design_, options))) {
        if (r.kind == RegisterKind::status) {
            EXPECT_THAT(log, Not(HasSubstr(r.name)));
            continue;
        }
        EXPECT_THAT(log, HasSubstr(fmt::format("ipx::add_register {} ", r.name)));
        EXPECT_THAT(log, HasSubstr(fmt::format("set_property address_offset 0x{:03x} {{ipx::add_register {}}}", r.offset, r.name)));
        EXPECT_THAT(log, HasSubstr(fmt::format("set_property size {} {{ipx::add_register {}}}", r.bits, r.name)));
    }
    for (const char* bundle : {"m_axi_gmem0", "m_axi_gmem1"}) {
        EXPECT_THAT(log, HasSubstr(fmt::format("ipx::associate_bus_interfaces -busif {} -clock ap_clk", bundle)));
        EXPECT_THAT(log, HasSubstr(fmt::format("set_property value {} ", bundle)));
    }
    EXPECT_THAT(log, HasSubstr("ipx::add_field AP_CONTINUE"));
    EXPECT_THAT(log, HasSubstr("set_property sdx_kernel_type rtl"));
    EXPECT_THAT(log, HasSubstr("ipx::add_file src/unit_weights.mem"));
    EXPECT_TRUE(fs::exists(path("package/ip/src/unit_weights.mem")));
    EXPECT_THAT(log, HasSubstr(fmt::format("package_xo -xo_path {} -kernel_name {} -ip_directory {} -ctrl_protocol ap_ctrl_chain",
                                           path("out.xo").string(), kernel_, path("package/ip").string())));
    EXPECT_LT(log.find("ipx::save_core"), log.find("package_xo"));
    EXPECT_THAT(log, HasSubstr(path(fmt::format("rtl/weft/{}_weft_axi_write.sv", kernel_)).string()));
}

TEST_F(ShellScripts, PackageTheStreamShell) {
    if (!has("tclsh", "/dev/null")) GTEST_SKIP() << "tclsh is not installed";
    const std::string log = tcl("vivado/package_stream.tcl", {path("ip").string(), path("project").string()});
    EXPECT_THAT(log, HasSubstr("ipx::associate_bus_interfaces -busif s_axis_image -clock aclk"));
    EXPECT_THAT(log, HasSubstr("ipx::associate_bus_interfaces -busif m_axis_result -clock aclk"));
    EXPECT_THAT(log, HasSubstr(fmt::format("set_property top {}_stream", kernel_)));
    EXPECT_THAT(log, Not(HasSubstr("package_xo")));
}

TEST_F(ShellScripts, SynthesiseAndCompareWithThePrediction) {
    if (!has("tclsh", "/dev/null")) GTEST_SKIP() << "tclsh is not installed";
    const std::string log = tcl("vivado/synth.tcl", {});
    EXPECT_THAT(log, HasSubstr(fmt::format("synth_design -top {}_core -part xcu200-fsgd2104-2-e -mode out_of_context", kernel_)));
    EXPECT_LT(log.find("synth_design"), log.find("route_design"));
    EXPECT_THAT(log, HasSubstr("read_mem "));
    EXPECT_THAT(printed_, HasSubstr("predicted"));
    EXPECT_THAT(printed_, ::testing::ContainsRegex("DSP +3 +0"));
    // Of four LUTs two share a site.
    EXPECT_THAT(printed_, ::testing::ContainsRegex("LUT +3 +12"));
    EXPECT_THAT(printed_, HasSubstr("slack 0.25 ns at 3.333 ns: 324.4 MHz"));
}

TEST_F(ShellScripts, TheLinkerIsToldWhereTheKernelGoes) {
    const auto link = [&](const std::vector<Placement>& units) {
        EmitOptions placed = options;
        placed.compute_units = units;
        const auto files = emit_shell(design_, placed);
        EXPECT_TRUE(files);
        for (const ProjectFile& file : *files)
            if (file.path == "vitis/rtl_link.cfg") return file.text.substr(file.text.find("[connectivity]"));
        return std::string();
    };
    const auto ports = [&](int unit, const std::string& bank) {
        return fmt::format("sp={0}_{1}.gmem_in:{2}\nsp={0}_{1}.gmem_out:{2}\n", kernel_, unit, bank);
    };
    const std::string one = fmt::format("[connectivity]\nnk={}:1\n", kernel_);
    EXPECT_EQ(link({{}}), one);
    EXPECT_EQ(link({{.bank = "DDR[3]"}}), one + ports(1, "DDR[3]"));
    EXPECT_EQ(link({{.slr = "SLR2", .bank = "DDR[3]"}}), one + ports(1, "DDR[3]") + fmt::format("slr={}_1:SLR2\n", kernel_));
    EXPECT_EQ(link({{.slr = "SLR2", .bank = "DDR[3]"}, {.slr = "SLR0", .bank = "DDR[0]"}}),
              fmt::format("[connectivity]\nnk={}:2\n", kernel_) + ports(1, "DDR[3]") + fmt::format("slr={}_1:SLR2\n", kernel_) +
                  ports(2, "DDR[0]") + fmt::format("slr={}_2:SLR0\n", kernel_));
}

TEST_F(ShellScripts, TheMakefileCallsVivadoThenTheLinker) {
    if (!has("make", "--version")) GTEST_SKIP() << "make is not installed";
    // Stand-ins that write down their arguments and make the files that they are asked for.
    const std::string tool =
        "#!/bin/sh\necho \"$(basename \"$0\") $*\" >> \"$WEFT_LOG\"\nfor a in \"$@\"; do case \"$a\" in *.xo|*.xclbin) "
        "[ -e \"$a\" ] || touch \"$a\";; esac; done\n";
    for (const char* name : {"vivado", "v++"}) {
        ASSERT_TRUE(write_file(path(std::string("bin/") + name), tool));
        fs::permissions(path(std::string("bin/") + name), fs::perms::owner_all);
    }
    const auto make = [&](const std::string& target) {
        const auto result =
            run_process({"env", "PATH=" + path("bin").string() + ":" + std::getenv("PATH"), "WEFT_LOG=" + path("calls").string(), "make",
                         "-C", path("vitis").string(), "-f", "rtl.mk", target});
        ASSERT_TRUE(result);
        ASSERT_EQ(result->exit_code, 0) << result->output << result->errors;
    };
    make("xclbin");
    std::string calls = *read_file(path("calls"));
    EXPECT_THAT(calls, ::testing::StartsWith("vivado -mode batch"));
    EXPECT_THAT(calls, HasSubstr(fmt::format("-source package_rtl.tcl -tclargs build.rtl/{}.xo build.rtl/package", kernel_)));
    EXPECT_THAT(calls, HasSubstr("v++ -l -t hw_emu --platform xilinx_u200_gen3x16_xdma_2_202110_1 --save-temps -g --kernel_frequency 300"));
    EXPECT_THAT(calls, HasSubstr(fmt::format("v++ -p build.rtl.hw_emu/{}.link.xclbin -t hw_emu", kernel_)));
    // Nothing has changed: nothing is made anew.
    fs::remove(path("calls"));
    make("xclbin");
    EXPECT_FALSE(fs::exists(path("calls")));
    make("synth");
    EXPECT_THAT(*read_file(path("calls")), HasSubstr(fmt::format("-source ../vivado/synth.tcl -tclargs {}_core", kernel_)));
}

std::vector<IntTensor> random_frames(const Stream& stream, int count) {
    std::mt19937_64 random(7);
    std::vector<IntTensor> frames(static_cast<std::size_t>(count), IntTensor(stream.shape));
    for (IntTensor& frame : frames)
        for (std::int32_t& e : frame.data) e = static_cast<std::int32_t>(static_cast<std::int64_t>(random() % 32) - 16);
    return frames;
}

/// Compiles everything in rtl/ with Icarus and runs it there.
Result<ProcessResult> icarus(const fs::path& rtl, const std::string& top, const std::vector<std::string>& sources) {
    std::vector<std::string> command{"env", "--chdir=" + rtl.string(), "iverilog", "-g2012", "-s", top, "-o", "run"};
    for (const fs::directory_entry& entry : fs::directory_iterator(rtl / "weft")) command.push_back(entry.path().string());
    command.insert(command.end(), sources.begin(), sources.end());
    auto compiled = run_process(command);
    if (!compiled || compiled->exit_code != 0) return compiled;
    return run_process({"env", "--chdir=" + rtl.string(), "vvp", "run"});
}

TEST_F(ShellScripts, ThePlainTestbenchPassesAndSeesWhatIsWrong) {
    if (!has("iverilog", "-V")) GTEST_SKIP() << "Icarus Verilog is not installed";
    const auto frames = random_frames(*design_.streams[0], 3);
    const auto cycles = schedule(design_, {.frames = 3});
    ASSERT_TRUE(cycles) << to_string(cycles.error()[0]);
    std::vector<PortVectors> vectors;
    for (const PortActivity& port : cycles->ports) vectors.push_back({frames, port.cycles.front(), port.cycles.back()});
    const auto run = [&](const std::vector<PortVectors>& given) {
        for (const ProjectFile& file : plain_testbench(design_, options, given)) EXPECT_TRUE(write_file(path(file.path), file.text));
        const auto result = icarus(path("rtl"), kernel_ + "_tb", {kernel_ + "_core.sv", "tb/" + kernel_ + "_tb.sv"});
        EXPECT_TRUE(result);
        return result ? *result : ProcessResult{};
    };
    const ProcessResult good = run(vectors);
    EXPECT_EQ(good.exit_code, 0) << good.output << good.errors;
    EXPECT_THAT(good.output, HasSubstr("PASS"));
    auto wrong_value = vectors;
    wrong_value[1].frames[2].data[11] ^= 1;
    EXPECT_THAT(run(wrong_value).output, HasSubstr("FAIL: 1 differences"));
    auto wrong_cycle = vectors;
    ++wrong_cycle[1].last_cycle;
    const ProcessResult late = run(wrong_cycle);
    EXPECT_THAT(late.output, HasSubstr("not in the scheduled one"));
    EXPECT_NE(late.exit_code, 0);
}

TEST_F(ShellScripts, TheStreamShellFindsItsWayBackAfterAWrongTlast) {
    if (!has("iverilog", "-V")) GTEST_SKIP() << "Icarus Verilog is not installed";
    // Frames of 4 beats; TLAST comes right, a beat early, right, two beats late, right. A beat carries its number in its first element.
    std::string bench = R"(
`timescale 1ns / 1ps
module bench;
    reg clk = 0;
    always #2 clk = !clk;
    reg rst_n = 0;
    integer edges = 0, at = 0, out_at = 0, errors = 0, seed = 1;
    reg stall_in = 0, stall_out = 0;
    reg [5:0] beats [0:20];    // {tlast, number}
    reg [5:0] expected [0:19];
    integer i;
    initial begin
        for (i = 0; i < 21; i = i + 1) beats[i] = i;
        beats[3][5] = 1;       // 0..3
        beats[6][5] = 1;       // 4..6: early
        beats[10][5] = 1;      // 7..10
        beats[16][5] = 1;      // 11..16: late, 15 and 16 are dropped
        beats[20][5] = 1;      // 17..20
    end
    wire tready, m_tvalid, m_tlast;
    wire [47:0] m_tdata;
    wire [1:0] flags;
    wire [4:0] number = beats[at][4:0];
    wire tvalid = rst_n && edges > 20 && at < 21 && !stall_in;
    wire m_tready = edges > 20 && !stall_out;
    KERNEL_stream unit (
        .aclk(clk), .aresetn(rst_n), .s_axis_image_tvalid(tvalid), .s_axis_image_tready(tready),
        .s_axis_image_tdata({40'd0, 3'd0, number}), .s_axis_image_tlast(beats[at][5]),
        .m_axis_result_tvalid(m_tvalid), .m_axis_result_tready(m_tready), .m_axis_result_tdata(m_tdata), .m_axis_result_tlast(m_tlast),
        .errors(flags)
    );
    reg held = 0;
    always @(posedge clk) begin
        edges <= edges + 1;
        rst_n <= edges > 10;
        stall_out <= $random(seed);
        // A transfer that is offered stays.
        if (!tvalid || tready) stall_in <= $random(seed);
        if (tvalid && tready) at <= at + 1;
        if (m_tvalid && m_tready) begin
            if (m_tlast !== (out_at % 4 == 3)) errors = errors + 1;
            // Frame 0: 0..3, 1: 4 5 6 and anything, 2: 7..10, 3: 11..14, 4: 17..20.
            i = out_at < 8 ? out_at : out_at < 16 ? out_at - 1 : out_at + 1;
            if (out_at != 7 && m_tdata[4:0] !== i[4:0]) errors = errors + 1;
            if (out_at != 7 && m_tdata[7:0] !== {{3{m_tdata[4]}}, m_tdata[4:0]}) errors = errors + 1;
            out_at <= out_at + 1;
        end
        if (edges == 400) begin
            if (errors == 0 && out_at == 20 && flags == 2'b11) $display("PASS");
            else $display("FAIL: %0d errors, %0d beats, flags %b", errors, out_at, flags);
            $finish;
        end
    end
endmodule
)";
    bench.replace(bench.find("KERNEL"), 6, kernel_);
    ASSERT_TRUE(write_file(path("rtl/bench.sv"), bench));
    const auto result = icarus(path("rtl"), "bench", {kernel_ + "_core.sv", kernel_ + "_stream.v", "bench.sv"});
    ASSERT_TRUE(result);
    EXPECT_THAT(result->output, HasSubstr("PASS")) << result->errors;
}

TEST_F(ShellScripts, BothTopsAreTakenByVerilatorAndYosys) {
    for (const std::string& top : {kernel_, kernel_ + "_stream"}) {
        if (has("verilator", "--version")) {
            std::vector<std::string> command{"verilator",        "--lint-only",  "-Wall", "-Wno-DECLFILENAME",
                                             "-Wno-SYMRSVDWORD", "--top-module", top};
            for (const fs::directory_entry& entry : fs::directory_iterator(path("rtl/weft"))) command.push_back(entry.path().string());
            command.push_back(path("rtl/" + kernel_ + "_core.sv").string());
            command.push_back(path("rtl/" + top + ".v").string());
            const auto lint = run_process(command);
            ASSERT_TRUE(lint);
            EXPECT_EQ(lint->exit_code, 0) << lint->errors;
        }
        if (has("yosys", "-h")) {
            const auto read = run_process(
                {"yosys", "-q", "-p",
                 fmt::format(
                     "read_verilog -sv -defer {0}/weft/*.sv {0}/{1}_core.sv; read_verilog -defer {0}/{2}.v; hierarchy -check -top {2}; "
                     "proc; check -assert",
                     path("rtl").string(), kernel_, top)});
            ASSERT_TRUE(read);
            EXPECT_EQ(read->exit_code, 0) << read->errors << read->output;
        }
    }
}

TEST(ShellErrors, RefusesMorePortsThanACardConnects) {
    Design design;
    design.name = "many";
    for (int i = 0; i < 8; ++i) {
        Stream* in = design.add_stream(fmt::format("in{}", i), {1, 1, 1, 1}, 0, 1);
        Stream* out = design.add_stream(fmt::format("out{}", i), {1, 1, 1, 1}, 0, 1);
        design.add_unit(unit_for(UnitRole::fifo), fmt::format("pass{}", i), {in}, {out});
        design.inputs.push_back({in->name, {in->name, in, nullptr}});
        KernelOutput output;
        output.name = out->name;
        output.binding = {out->name, out, nullptr};
        design.outputs.push_back(output);
    }
    const auto shell = emit_shell(design, options);
    ASSERT_FALSE(shell);
    EXPECT_THAT(shell.error()[0].reason, HasSubstr("16 memory ports"));
}

TEST(ShellErrors, RefusesElementsThatMemoryDoesNotTake) {
    Design design = passing();
    design.outputs[0].binding.stream->max = std::int64_t{1} << 40;
    const auto shell = emit_shell(design, options);
    ASSERT_FALSE(shell);
    EXPECT_THAT(shell.error()[0].reason, HasSubstr(fmt::format("its elements have {} bits, more than the 32 that memory takes",
                                                               design.outputs[0].binding.stream->bits())));
    EXPECT_EQ(shell.error()[0].help, "quantize the value");
    EXPECT_TRUE(emit_shell(passing(), options));

    // A compile goes on without it, and says so.
    const auto chosen = choose_back_ends(design, options);
    ASSERT_TRUE(chosen) << to_string(chosen.error()[0]);
    const auto& left_out = chosen->left_out;
    EXPECT_TRUE(
        std::ranges::any_of(left_out, [](const auto& d) { return d.reason.ends_with("memory takes: the kernel's shell is left out"); }));
}

TEST(Registers, LieWhereVitisHlsPutsThem) {
    const Design design = passing();
    const auto registers = kernel_registers(kernel_ports(design, options));
    EXPECT_EQ(find_register(registers, "gmem_in").offset, 0x10);
    EXPECT_EQ(find_register(registers, "gmem_out").offset, 0x1c);
    EXPECT_EQ(find_register(registers, "n_images").offset, 0x28);
    EXPECT_EQ(version_word("1.2.3"), 0x010203U);
    EXPECT_EQ(version_word("0.1"), 0x000100U);
    EXPECT_EQ(hash_word("0123456789abcdef99"), 0x0123456789abcdefU);
}

}  // namespace
}  // namespace weft
