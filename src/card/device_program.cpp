// device_program.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/card/device_program.h"

#include <fmt/format.h>

#include <map>

#include "src/base/text.h"
#include "src/emit/shell_parts.h"
#include "src/simulate/rtl_kernel_testbench.h"
#include "src/simulate/rtl_testbench.h"

namespace weft {

namespace generated {
extern const EmbeddedFile card_files[];
extern const int card_file_count;
}  // namespace generated

namespace {

/// Members of AxiSignals: the signals of a port that change.
constexpr const char* port_signals[] = {"awvalid", "awready", "wvalid",  "wready", "wlast",  "bvalid", "bready",
                                        "bresp",   "arvalid", "arready", "rvalid", "rready", "rlast",  "rresp",
                                        "awlen",   "arlen",   "awaddr",  "araddr", "wdata",  "rdata",  "wstrb"};

/// One verilated program holds all kernels; each unit has an instance of its own, of which one kernel's clock runs.
constexpr char instance[] = R"(
using Model = V{top};

struct Instance {{
    Instance() : context(std::make_unique<VerilatedContext>()), model(std::make_unique<Model>(context.get())) {{}}
    std::unique_ptr<VerilatedContext> context;
    std::unique_ptr<Model> model;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace;
#endif
}};

/// Instances live as long as the process: verilated models may not be destroyed at its end.
std::deque<Instance>& instances() {{
    static auto& all = *new std::deque<Instance>;
    return all;
}}

void evaluate_with(weft::device::KernelPins& pins, Instance& instance, const std::string& unit) {{
    pins.eval = [&instance] {{ instance.model->eval(); }};
#if VM_TRACE
    if (const char* path = std::getenv("WEFT_CARD_TRACE")) {{
        instance.context->traceEverOn(true);
        instance.trace = std::make_unique<VerilatedFstC>();
        instance.model->trace(instance.trace.get(), 99);
        instance.trace->open((std::string(path) + "/" + unit + ".fst").c_str());
        pins.dump = [&instance](std::uint64_t time) {{ instance.trace->dump(time); }};
    }}
#endif
    (void)unit;
}}

void close_trace(Instance& instance) {{
#if VM_TRACE
    if (instance.trace) instance.trace->close();
#endif
    (void)instance;
}}
)";

void write_kernel(TextWriter& out, const RtlKernel& kernel, std::size_t k) {
    out.open(fmt::format("weft::device::KernelPins kernel_{}(const std::string& unit) {{", k));
    out.line("Instance& instance = instances().emplace_back();");
    out.line("Model& m = *instance.model;");
    out.line("weft::device::KernelPins pins;");
    out.line(fmt::format("pins.clk = &m.k{}_ap_clk;", k));
    out.line(fmt::format("pins.rst_n = &m.k{}_ap_rst_n;", k));
    for (const AxiSignal& signal : axi_control_signals()) {
        const std::string name = lower_case(signal.name);
        if (!name.ends_with("resp")) out.line(fmt::format("pins.control.{} = &m.k{}_s_axi_control_{};", name, k, signal.name));
    }
    out.line(fmt::format("pins.frames_offset = {};", find_register(kernel.registers, images_argument).offset));
    for (const Register& r : kernel.registers)
        if (r.kind == RegisterKind::status) out.line(fmt::format("pins.counters.push_back({{\"{}\", {}, {}}});", r.name, r.offset, r.bits));
    for (std::size_t p = 0; p < kernel.ports.size(); ++p) {
        out.open("{");
        out.line("weft::device::AxiSignals port{};");
        for (const char* name : port_signals) out.line(fmt::format("port.{} = &m.k{}_m_axi_gmem{}_{};", name, k, p, upper_case(name)));
        out.line("pins.ports.push_back(port);");
        out.line(fmt::format("pins.word_bytes.push_back({});", kernel.ports[p].word_bits / 8));
        out.close("}");
    }
    out.line("evaluate_with(pins, instance, unit);");
    out.line("return pins;");
    out.close("}");
}

std::string program_text(std::span<const RtlKernel> kernels) {
    TextWriter out;
    for (const char* header : {"<cstdint>", "<cstdlib>", "<deque>", "<memory>", "<string>"}) out.margin(fmt::format("#include {}", header));
    out.margin(fmt::format("#include \"V{}.h\"", testbench_top));
    out.margin("#if VM_TRACE\n#include \"verilated_fst_c.h\"\n#endif");
    out.margin("#include \"src/card/device/device.h\"");
    out.margin(fmt::format(instance, fmt::arg("top", testbench_top)));
    for (std::size_t k = 0; k < kernels.size(); ++k) write_kernel(out, kernels[k], k);
    out.open("int main(int argc, char** argv) {");
    std::string list;
    for (std::size_t k = 0; k < kernels.size(); ++k) list += fmt::format("{}kernel_{}", k == 0 ? "" : ", ", k);
    out.line(fmt::format("const int code = weft::device::run_device({{{}}}, argc > 1 ? std::atoi(argv[1]) : 0);", list));
    out.line("for (Instance& instance : instances()) close_trace(instance);");
    out.line("std::fflush(nullptr);");
    out.line("_exit(code);");
    out.close("}");
    return std::move(out).take();
}

}  // namespace

std::span<const EmbeddedFile> embedded_card_files() {
    return {generated::card_files, static_cast<std::size_t>(generated::card_file_count)};
}

Result<std::filesystem::path> build_device_program(std::span<const RtlKernel> kernels, const RtlBuildOptions& options,
                                                   const StageProgress& progress) {
    std::map<std::string, std::string> sources = verilated_sources(kernels);
    for (const EmbeddedFile& file : embedded_card_files())
        if (file.path.ends_with(".h")) sources.emplace(file.path, file.contents);
    sources.emplace("testbench.cpp", program_text(kernels));
    return build_verilated(sources, options, progress);
}

}  // namespace weft
