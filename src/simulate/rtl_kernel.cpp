// rtl_kernel.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/simulate/rtl_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/base/subprocess.h"
#include "src/simulate/rtl_kernel_testbench.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

/// Byte of an element (flat over row, column, tap, channel) in its frame.
std::int64_t byte_of(const KernelPort& port, std::int64_t element) { return port.memory_index(element) * frame_layout(port).bytes(); }

}  // namespace

std::string to_memory(const KernelPort& port, std::span<const IntTensor> frames, std::uint64_t spare_seed) {
    const FrameLayout layout = frame_layout(port);
    const auto frame_bytes = static_cast<std::size_t>(layout.frame_bytes());
    std::string bytes(frames.size() * frame_bytes, '\0');
    std::mt19937_64 random(spare_seed);
    if (spare_seed != 0)
        for (char& byte : bytes) byte = static_cast<char>(random());
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::size_t e = 0; e < frames[f].data.size(); ++e) {
            const auto value = static_cast<std::uint32_t>(frames[f].data[e]);
            const std::size_t at = f * frame_bytes + static_cast<std::size_t>(byte_of(port, static_cast<std::int64_t>(e)));
            for (std::int64_t b = 0; b < layout.bytes(); ++b) bytes[at + static_cast<std::size_t>(b)] = static_cast<char>(value >> (8 * b));
        }
    return bytes;
}

std::vector<IntTensor> from_memory(const KernelPort& port, std::string_view bytes) {
    const FrameLayout layout = frame_layout(port);
    const auto frame_bytes = static_cast<std::size_t>(layout.frame_bytes());
    std::vector<IntTensor> frames(bytes.size() / frame_bytes, IntTensor(port.stream->shape));
    const auto width = static_cast<int>(layout.bytes() * 8);
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::size_t e = 0; e < frames[f].data.size(); ++e) {
            const std::size_t at = f * frame_bytes + static_cast<std::size_t>(byte_of(port, static_cast<std::int64_t>(e)));
            std::uint32_t raw = 0;
            for (std::int64_t b = 0; b < layout.bytes(); ++b)
                raw |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(b)])) << (8 * b);
            const std::uint32_t sign = layout.is_signed && width < 32 ? std::uint32_t{1} << (width - 1) : 0;
            frames[f].data[e] = static_cast<std::int32_t>((raw ^ sign) - sign);
        }
    return frames;
}

Result<RtlKernel> make_rtl_kernel(const Design& design, const EmitOptions& options) {
    RtlKernel kernel;
    kernel.name = kernel_name(design);
    kernel.ports = kernel_ports(design, options);
    WEFT_ASSIGN(kernel.files, emit_shell(design, options));
    kernel.registers = kernel_registers(kernel.ports);
    WEFT_ASSIGN(RtlProject core, emit_rtl(design, options));
    for (ProjectFile& file : core.files) {
        const bool there = std::any_of(kernel.files.begin(), kernel.files.end(), [&](const ProjectFile& f) { return f.path == file.path; });
        if (!there) kernel.files.push_back(std::move(file));
    }
    return kernel;
}

std::map<std::string, std::string> verilated_sources(std::span<const RtlKernel> kernels) {
    std::map<std::string, std::string> sources;
    for (const RtlKernel& kernel : kernels)
        for (const ProjectFile& file : kernel.files)
            if (file.path.starts_with("rtl/weft/") || file.path == fmt::format("rtl/{}.v", kernel.name) ||
                file.path == fmt::format("rtl/{}_core.sv", kernel.name))
                sources.emplace(file.path, file.text);
    sources.emplace("testbench_top.sv", kernel_testbench_module(kernels));
    return sources;
}

Result<RtlKernelSimulation> RtlKernelSimulation::build(std::span<const RtlKernel> kernels, const RtlBuildOptions& options,
                                                       const StageProgress& progress) {
    std::map<std::string, std::string> sources = verilated_sources(kernels);
    sources.emplace("testbench.cpp", kernel_testbench_program(kernels));
    RtlKernelSimulation simulation;
    WEFT_ASSIGN(simulation.program_, build_verilated(sources, options, progress));
    simulation.kernels_.assign(kernels.begin(), kernels.end());
    return simulation;
}

Result<RtlKernelRun> RtlKernelSimulation::run(std::size_t index, std::span<const std::vector<IntTensor>> frames,
                                              const RtlKernelRunOptions& options) const {
    const RtlKernel& kernel = kernels_[index];
    const TemporaryFolder work(temporary_path("rtl-kernel"));
    std::size_t input = 0;
    for (const KernelPort& port : kernel.ports) {
        if (port.output) continue;
        std::vector<IntTensor> of_port;
        for (const auto& frame : frames) of_port.push_back(frame[input]);
        WEFT_CHECK(write_file(work.path() / (port.name + ".memory"), to_memory(port, of_port, 1)));
        ++input;
    }
    for (const ProjectFile& file : kernel.files)
        if (file.path.ends_with(".mem")) WEFT_CHECK(write_file(work.path() / fs::path(file.path).filename(), file.text));
    std::vector<std::string> command{"env", "--chdir=" + work.path().string(), program_.string(), std::to_string(index),
                                     work.path().string()};
    const std::vector<std::int64_t> batches =
        options.batches.empty() ? std::vector<std::int64_t>{static_cast<std::int64_t>(frames.size())} : options.batches;
    for (const std::int64_t batch : batches) command.push_back(fmt::format("batch={}", batch));
    for (const auto& [name, value] :
         {std::pair{"latency", std::int64_t{options.latency}}, std::pair{"seed", static_cast<std::int64_t>(options.stall_seed)},
          std::pair{"overlap", std::int64_t{options.overlap}}, std::pair{"interrupts", std::int64_t{options.interrupts}},
          std::pair{"first_word", options.first_word}, std::pair{"reset_at", options.reset_at},
          std::pair{"failing_read", options.failing_read}, std::pair{"failing_write", options.failing_write},
          std::pair{"patience", options.patience}})
        command.push_back(fmt::format("{}={}", name, value));
    WEFT_ASSIGN(const ProcessResult result, run_process(command));
    if (result.exit_code != 0)
        return Diagnostic{.reason = result.exit_code == 3 ? "the simulation of the RTL kernel stopped before its last call was done"
                                                          : fmt::format("the simulation of the RTL kernel failed ({})", result.exit_code),
                          .help = (result.output + result.errors).substr(0, 4000)};
    RtlKernelRun run;
    std::istringstream lines(result.output);
    std::map<std::int64_t, std::uint64_t> values;
    for (std::string word; lines >> word;) {
        if (word == "call") {
            RtlKernelRun::Call call;
            lines >> call.frame_count >> call.start >> call.done;
            run.calls.push_back(call);
        } else if (word == "register") {
            std::int64_t offset = 0;
            std::uint64_t value = 0;
            lines >> offset >> value;
            values[offset] = value;
        } else if (word == "seconds") {
            lines >> run.seconds;
        }
    }
    for (const Register& r : kernel.registers)
        if (r.kind != RegisterKind::protocol) run.registers[r.name] = values[r.offset] | (r.bits == 64 ? values[r.offset + 4] << 32 : 0);

    std::int64_t written = 0;
    for (const std::int64_t batch : batches) written += std::max<std::int64_t>(batch, 0);
    run.outputs.resize(static_cast<std::size_t>(written));
    run.spare_bytes_zero = true;
    for (const KernelPort& port : kernel.ports) {
        if (!port.output) continue;
        WEFT_ASSIGN(const std::string bytes, read_file(work.path() / (port.name + ".result")));
        const std::vector<IntTensor> frames = from_memory(port, bytes);
        // What no element lies in is zero, and what is there is the sign-extended element: the same bytes come of packing again.
        const bool same = port.raw || to_memory(port, frames, 0) == bytes;
        run.spare_bytes_zero = run.spare_bytes_zero && same;
        for (std::size_t i = 0; i < run.outputs.size(); ++i) run.outputs[i].push_back(frames[i]);
    }
    return run;
}

}  // namespace weft
