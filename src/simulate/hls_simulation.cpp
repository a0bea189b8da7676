// hls_simulation.cpp
// Compiles the emitted project once, and runs its testbench on slices of the samples side by side.
// SPDX-License-Identifier: Apache-2.0
#include "src/simulate/hls_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "src/base/files.h"
#include "src/base/scratch.h"
#include "src/base/sha256.h"
#include "src/base/subprocess.h"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr int samples_per_call = 64;  // one call of the kernel; between calls progress is told

/// The compiler as words of a command, and what it says of itself.
struct Compiler {
    std::vector<std::string> command;
    std::string version;
};

std::optional<Compiler> find_compiler() {
    std::vector<std::string> candidates{"g++", "clang++"};
    if (const char* chosen = std::getenv("CXX"); chosen && *chosen) candidates.insert(candidates.begin(), chosen);
    for (const std::string& candidate : candidates) {
        std::vector<std::string> command;
        for (std::size_t at = 0; at < candidate.size();) {
            const std::size_t end = std::min(candidate.find(' ', at), candidate.size());
            if (end > at) command.push_back(candidate.substr(at, end - at));
            at = end + 1;
        }
        if (command.empty()) continue;
        std::vector<std::string> ask = command;
        ask.push_back("--version");
        const auto answer = run_process(ask);
        if (answer && answer->exit_code == 0) return Compiler{command, answer->output};
    }
    return std::nullopt;
}

Result<ProcessResult> compile(std::vector<std::string> command) {
    WEFT_ASSIGN(ProcessResult result, run_process(command));
    if (result.exit_code == 0) return result;
    return Diagnostic{.reason = fmt::format("{} failed on the emitted C++", command[0]), .help = result.errors.substr(0, 4000)};
}

}  // namespace

bool has_compiler() { return find_compiler().has_value(); }

Result<fs::path> build_program(const std::vector<ProjectFile>& files, const std::vector<std::string>& sources,
                               const std::vector<std::string>& includes, const std::vector<std::string>& flags) {
    const std::optional<Compiler> compiler = find_compiler();
    if (!compiler)
        return Diagnostic{.reason = "no C++ compiler for the C simulation",
                          .help = "install g++, or name a compiler in the environment variable CXX"};

    Sha256 digest;
    const auto add = [&](std::string_view part) { digest.update(fmt::format("{}:{}", part.size(), part)); };
    add(compiler->version);
    for (const auto* list : {&compiler->command, &flags, &includes, &sources})
        for (const std::string& part : *list) add(part);
    for (const ProjectFile& file : files) {
        add(file.path);
        add(file.text);
    }
    const fs::path folder = cache_folder() / "hls" / digest.hex().substr(0, 32);
    const fs::path program = folder / "program";
    std::error_code ignored;
    if (fs::exists(program, ignored)) return program;

    const TemporaryFolder work(folder.string() + "." + unique_suffix());
    for (const ProjectFile& file : files) WEFT_CHECK(write_file(work.path() / file.path, file.text));
    std::vector<std::string> base = compiler->command;
    base.insert(base.end(), {"-std=c++14", "-Wno-unknown-pragmas"});
    base.insert(base.end(), flags.begin(), flags.end());
    for (const std::string& include : includes) base.push_back("-I" + (work.path() / include).string());

    std::vector<std::string> link = compiler->command;
    std::vector<std::optional<Diagnostics>> failures(sources.size());
    std::vector<std::thread> jobs;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const std::string object = (work.path() / fmt::format("{}.o", i)).string();
        link.push_back(object);
        std::vector<std::string> command = base;
        command.insert(command.end(), {"-c", (work.path() / sources[i]).string(), "-o", object});
        jobs.emplace_back([&failures, i, command = std::move(command)] {
            if (auto result = compile(command); !result) failures[i] = result.error();
        });
    }
    for (std::thread& job : jobs) job.join();
    for (const auto& failure : failures)
        if (failure) return *failure;
    link.insert(link.end(), {"-o", (work.path() / "program").string()});
    WEFT_ASSIGN([[maybe_unused]] const ProcessResult linked, compile(link));

    // Whoever renames first has made the same program.
    const Uninterrupted whole;
    WEFT_CHECK(make_folder(folder));
    WEFT_CHECK(move_file(work.path() / "program", program));
    return program;
}

Result<HlsSimulation> HlsSimulation::build(const HlsProject& project, std::vector<KernelPort> ports) {
    std::vector<ProjectFile> files;
    for (const ProjectFile& file : project.files)
        if (file.path.starts_with("hls/")) files.push_back(file);
    HlsSimulation simulation;
    WEFT_ASSIGN(simulation.program_, build_program(files, {"hls/kernel.cpp", "hls/testbench.cpp"}, {"hls/csim", "hls"}, {"-O2"}));
    simulation.ports_ = std::move(ports);
    simulation.batch_ = static_cast<int>(std::min<std::int64_t>(samples_per_call, project.max_images));
    return simulation;
}

namespace {

/// One run of the program on the samples of a slice.
class Slice {
public:
    Slice(const fs::path& program, const std::vector<KernelPort>& ports, std::span<const std::vector<IntTensor>> frames, int batch)
        : program_(program), ports_(ports), frames_(frames), batch_(batch), folder_(temporary_path("hls")) {}

    Status run(std::span<std::vector<IntTensor>> results, const std::function<void(std::int64_t)>& done) {
        // A single sample goes through twice: the second one meets what the first has left behind.
        const std::size_t repeats = frames_.size() == 1 ? 2 : 1;
        std::size_t inputs = 0;
        for (const KernelPort& port : ports_) {
            if (port.output) continue;
            std::string bytes;
            for (std::size_t repeat = 0; repeat < repeats; ++repeat)
                for (const std::vector<IntTensor>& frame : frames_) {
                    const std::vector<std::int32_t>& data = frame[inputs].data;
                    bytes.append(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(std::int32_t));
                }
            WEFT_CHECK(write_file(folder_.path() / (port.name + ".bin"), bytes));
            ++inputs;
        }
        const auto heard = [&](std::string_view line) {
            constexpr std::string_view prefix = "images ";
            std::int64_t count = 0;
            if (line.starts_with(prefix) &&
                std::from_chars(line.data() + prefix.size(), line.data() + line.size(), count).ec == std::errc())
                done(std::min(count, static_cast<std::int64_t>(frames_.size())));
        };
        WEFT_ASSIGN(const ProcessResult result,
                    run_process({program_.string(), folder_.path().string(), fmt::format("{}", batch_), "write"}, heard));
        if (result.exit_code != 0) return failure(result);
        for (const KernelPort& port : ports_) {
            if (!port.output) continue;
            WEFT_CHECK(read(port, results));
        }
        return Ok{};
    }

private:
    Diagnostic failure(const ProcessResult& result) const {
        Diagnostic diagnostic{.reason = fmt::format("the C simulation ended with exit code {}", result.exit_code)};
        const std::string_view text = result.errors;
        const std::size_t line = std::min(text.find('\n'), text.size());
        if (line > 0) diagnostic.reason = fmt::format("C simulation: {}", text.substr(0, line));
        if (line < text.size()) diagnostic.help = text.substr(line + 1, 4000);
        while (!diagnostic.help.empty() && diagnostic.help.back() == '\n') diagnostic.help.pop_back();
        return diagnostic;
    }

    Status read(const KernelPort& port, std::span<std::vector<IntTensor>> results) const {
        const fs::path path = folder_.path() / (port.name + ".result.bin");
        std::ifstream file(path, std::ios::binary);
        for (std::vector<IntTensor>& sample : results) {
            IntTensor& tensor = sample.emplace_back(port.stream->shape);
            file.read(reinterpret_cast<char*>(tensor.data.data()), static_cast<std::streamsize>(tensor.data.size() * sizeof(std::int32_t)));
        }
        if (!file) return Diagnostic{.reason = fmt::format("the C simulation has not written {}", path.string())};
        return Ok{};
    }

    const fs::path& program_;
    const std::vector<KernelPort>& ports_;
    std::span<const std::vector<IntTensor>> frames_;
    int batch_;
    TemporaryFolder folder_;
};

}  // namespace

Result<std::vector<std::vector<IntTensor>>> HlsSimulation::run(std::span<const std::vector<IntTensor>> frames,
                                                               const Progress& progress) const {
    std::vector<std::vector<IntTensor>> results(frames.size());
    const std::size_t workers = std::clamp<std::size_t>(frames.size() / 2, 1, std::max(1U, std::thread::hardware_concurrency()));
    std::vector<std::int64_t> finished(workers);
    std::vector<std::optional<Diagnostics>> failures(workers);
    std::mutex telling;
    const auto work = [&](std::size_t worker) {
        const std::size_t first = frames.size() * worker / workers;
        const std::size_t last = frames.size() * (worker + 1) / workers;
        const auto done = [&](std::int64_t count) {
            const std::lock_guard lock(telling);
            finished[worker] = count;
            std::int64_t total = 0;
            for (const std::int64_t part : finished) total += part;
            if (progress) progress(total, static_cast<std::int64_t>(frames.size()));
        };
        Slice slice(program_, ports_, frames.subspan(first, last - first), batch_);
        if (Status status = slice.run(std::span(results).subspan(first, last - first), done); !status) failures[worker] = status.error();
    };
    if (frames.empty()) return results;
    std::vector<std::thread> threads;
    for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(work, worker);
    work(0);
    for (std::thread& thread : threads) thread.join();
    for (const auto& failure : failures)
        if (failure) return *failure;
    return results;
}

}  // namespace weft
