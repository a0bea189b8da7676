// quantize.cpp
// weft quantize MODEL -o FILE.onnx
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "src/base/files.h"
#include "src/onnx/export.h"
#include "tools/weft/command.h"

namespace weft::tool {

namespace {

struct Flags {
    ModelFlags model;
    std::string output;
    std::string write_bits;
};

Status run(Flags& flags) {
    WEFT_ASSIGN(const ModelOptions options, flags.model.parsed());
    if (flags.output.empty() && flags.write_bits.empty()) {
        return Diagnostic{Severity::error, "", "", "nothing to write", "give -o FILE.onnx, --write-bits FILE.json, or both"};
    }
    if (!flags.output.empty() && options.calibration.empty()) {
        return Diagnostic{Severity::error, "", "", "quantizing needs samples", "give --calibrate DATA"};
    }
    for (const std::string& written : {flags.output, flags.write_bits})
        WEFT_CHECK(keeps_inputs(written, {flags.model.model, options.calibration, options.quantize.bits}));
    WEFT_ASSIGN(const Model model, read_model(flags.model.model, options, progress_observer()));
    report(model.warnings);
    if (!flags.write_bits.empty()) {
        WEFT_ASSIGN(const std::string text, bits_file(model.source, options.quantize));
        WEFT_CHECK(write_file(flags.write_bits, text));
        fmt::print("bits: {}\n", flags.write_bits);
    }
    if (!flags.output.empty()) {
        WEFT_CHECK(export_model(model.quantized, flags.output));
        fmt::print("quantized model: {}\n", flags.output);
    }
    return Ok{};
}

}  // namespace

Command add_quantize(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("quantize", "Quantize a float model from calibration samples");
    auto flags = std::make_shared<Flags>();
    sub->add_option("MODEL", flags->model.model, "The model, an ONNX file")->required();
    sub->add_option("-o,--output", flags->output, "The quantized model to write")->check(named())->type_name("FILE.onnx");
    flags->model.add(*sub, true);
    sub->add_option("--write-bits", flags->write_bits, "Write the bits of every node, to be edited and given to --bits")
        ->check(named())
        ->type_name("FILE.json");
    sub->footer("Example: weft quantize resnet8.onnx --calibrate images.npy --bits w4a8 -o resnet8_w4a8.onnx");
    const auto command = [flags]() -> int {
        const Status status = run(*flags);
        return status ? exit_ok : report(status.error());
    };
    return {sub, command};
}

}  // namespace weft::tool
