// engine.h
// An engine gives outputs for inputs: one interface for the graph evaluators, the integer contract, emitted C++ and whatever comes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/base/progress.h"
#include "src/graph/named_tensor.h"

namespace weft {

/// What an engine has measured of its last run, beside the outputs.
struct EngineMeasures {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();  ///< Fields for the report of the run.
    std::string text;                                                ///< The same in lines.
    bool as_predicted = true;                                        ///< Else it differs from what weft says of it: a defect of weft.
};

class Engine {
public:
    virtual ~Engine() = default;
    virtual std::string_view name() const = 0;
    /// The model's outputs, in its order and shapes, dequantized, for `sample_count` stacked inputs (in the model's order of inputs).
    virtual Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs, std::int64_t sample_count,
                                                 const Progress& progress) = 0;
    /// The integers of every check point of the last run's sample `sample`, where the engine has them (layer comparisons); else empty.
    virtual std::vector<Tensor> layers(std::int64_t sample) const {
        (void)sample;
        return {};
    }
    virtual EngineMeasures measures() const { return {}; }
    /// The outputs of the first samples, where the last run failed and has them.
    virtual std::vector<NamedTensor> partial() const { return {}; }
};

}  // namespace weft
