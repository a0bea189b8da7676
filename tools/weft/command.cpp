// command.cpp
// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "src/passes/preprocess.h"

namespace weft::tool {

namespace {

std::string remembered;
std::atomic<bool> drawn = false;  // also read by the thread that ends an interrupted process

}  // namespace

int report(const Diagnostics& diagnostics) {
    clear_progress();
    bool failed = false;
    for (const std::string& text : to_strings(diagnostics)) fmt::print(stderr, "{}\n", text);
    for (const Diagnostic& diagnostic : diagnostics) failed = failed || diagnostic.severity == Severity::error;
    return failed ? exit_user : exit_ok;
}

void ModelFlags::add(CLI::App& app, bool quantizing) {
    app.add_option("--shape", shapes, "Shape of an input with open dimensions: NAME=1,3,32,32 (repeatable)")->type_name("NAME=SHAPE");
    app.add_option("--preprocess", options.preprocess,
                   "What happens to a stored sample before the model: " + std::string(preprocess_syntax))
        ->type_name("SPEC");
    if (!quantizing) return;
    app.add_option("--calibrate", options.calibration, "Samples to quantize a float model with: .npy, .npz, IDX or a folder of images")
        ->type_name("DATA");
    app.add_option("--bits", options.quantize.bits, "Bits of weights and activations: 8, w4a4, or a JSON file keyed by node")
        ->type_name("BITS|FILE")
        ->capture_default_str();
    app.add_option("--method", method, "How calibration chooses ranges")->check(CLI::IsMember({"mse", "min-max"}))->capture_default_str();
}

Result<ModelOptions> ModelFlags::parsed() const {
    ModelOptions result = options;
    result.quantize.method = method == "min-max" ? CalibrationMethod::min_max : CalibrationMethod::mse;
    for (const std::string& text : shapes) {
        const std::size_t equals = text.rfind('=');
        Shape shape;
        bool good = equals != std::string::npos && equals > 0;
        for (std::size_t at = equals + 1; good && at <= text.size();) {
            const std::size_t end = std::min(text.find(',', at), text.size());
            std::int64_t extent = 0;
            const auto parsed = std::from_chars(text.data() + at, text.data() + end, extent);
            good = parsed.ec == std::errc() && parsed.ptr == text.data() + end && extent > 0;
            shape.push_back(extent);
            at = end + 1;
        }
        if (!good) return Diagnostic{Severity::error, "", "", "--shape '" + text + "' is not understood", "write --shape NAME=1,3,32,32"};
        result.shapes[text.substr(0, equals)] = std::move(shape);
    }
    return result;
}

void CompileFlags::add(CLI::App& app) {
    app.add_option("MODEL", model.model, "The model, an ONNX file")->required();
    app.add_option("--board", options.board, "Board or card (weft list boards), or FILE.toml: one of your own (docs/boards.md)")
        ->capture_default_str()
        ->type_name("BOARD");
    app.add_option("--compute-units", compute_units, "Copies of the kernel on the card: a number, or max for as many as fit")
        ->capture_default_str()
        ->type_name("N|max");
    model.add(app, true);
    app.add_option("--clock", options.clock_mhz, "Kernel clock in MHz that figures assume (default: the board's)")
        ->type_name("MHZ")
        ->check(CLI::Range(1.0, 2000.0));
    app.add_option("--folding", options.folding, "Folding parameters by node: a JSON file")->type_name("FILE");
    app.add_option("--mac-dsps", options.mac_dsp_limit,
                   "Bound on the DSPs that multiply (default: 900, or 80 % of the board's largest SLR where those are fewer)")
        ->check(CLI::PositiveNumber);
}

Result<CompileOptions> CompileFlags::parsed() const {
    CompileOptions result = options;
    WEFT_ASSIGN(static_cast<ModelOptions&>(result), model.parsed());
    const auto [end, error] = std::from_chars(compute_units.data(), compute_units.data() + compute_units.size(), result.compute_units);
    if (compute_units == "max")
        result.compute_units = 0;
    else if (error != std::errc() || end != compute_units.data() + compute_units.size() || result.compute_units < 1)
        return Diagnostic{.reason = fmt::format("--compute-units '{}' is no number from 1 on", compute_units),
                          .help = "write --compute-units 2, or --compute-units max"};
    result.command_line = command_line();
    return result;
}

void clear_progress() {
    if (drawn) std::fputs("\r\033[K", stderr);
    drawn = false;
}

Observer progress_observer(const std::string& dump_after) {
    Observer observer;
    observer.said = [](const Diagnostic& diagnostic) { report({diagnostic}); };
    if (isatty(STDERR_FILENO)) {
        observer.progress = [](std::string_view stage, std::int64_t done, std::int64_t total) {
            if (done >= total) {
                clear_progress();
                return;
            }
            const int width = 30;
            const int filled = static_cast<int>(done * width / std::max<std::int64_t>(total, 1));
            fmt::print(stderr, "\r\033[K{} [{}{}] {}/{}", stage, std::string(static_cast<std::size_t>(filled), '='),
                       std::string(static_cast<std::size_t>(width - filled), ' '), done, total);
            std::fflush(stderr);
            drawn = true;
        };
    }
    if (!dump_after.empty()) {
        observer.graph = [dump_after](std::string_view stage, const Graph& graph, const PassLog& log) {
            if (stage != dump_after) return;
            fmt::print("# after {}\n", stage);
            for (const std::string& line : log) fmt::print("# {}\n", line);
            fmt::print("{}", print(graph));
        };
    }
    return observer;
}

Status check_arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        try {
            static_cast<void>(nlohmann::json(argument).dump());
        } catch (const nlohmann::json::exception&) {
            std::string shown;
            for (const char c : argument)
                shown += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
            return Diagnostic{.reason = fmt::format("the argument '{}' is not UTF-8", shown), .help = "rename the file or folder"};
        }
    }
    return Ok{};
}

CLI::Validator named() {
    return CLI::Validator([](std::string& name) { return name.empty() ? std::string("the name is empty") : std::string(); }, "", "named");
}

void remember_command_line(int argc, char** argv) {
    remembered = "weft";
    for (int i = 1; i < argc; ++i) remembered += std::string(" ") + argv[i];
}

std::string command_line() { return remembered; }

}  // namespace weft::tool
