// xrt_engine.h
// The engine `xrt`: the kernel behind XRT on an emulated card, fed by the host program that projects bring.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/card/host_run.h"
#include "src/engines/engine.h"
#include "src/graph/graph.h"

namespace weft {

/// What stands in kernel.json as a graph without nodes: the inputs and outputs of the host program.
Result<Graph> interface_of(const nlohmann::ordered_json& kernel);

/// Runs the host program of `kernel` on an xclbin.
class XrtEngine : public Engine {
public:
    XrtEngine(std::filesystem::path xclbin, nlohmann::ordered_json kernel, std::filesystem::path program, HostRunOptions options)
        : xclbin_(std::move(xclbin)), kernel_(std::move(kernel)), program_(std::move(program)), options_(std::move(options)) {}

    std::string_view name() const override { return "xrt"; }
    /// Inputs by name as the host program takes them. A run that ends early is an error; what it gave until then is in `partial`.
    Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count, const Progress& progress) override;
    EngineMeasures measures() const override { return measures_; }
    std::vector<NamedTensor> partial() const override { return partial_; }

private:
    std::filesystem::path xclbin_;
    nlohmann::ordered_json kernel_;
    std::filesystem::path program_;
    HostRunOptions options_;
    EngineMeasures measures_;
    std::vector<NamedTensor> partial_;
};

}  // namespace weft
