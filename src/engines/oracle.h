// oracle.h
// The per-region oracle: each region, and each exact accumulator that leaves the kernel, recomputed in double from the contract's own
// integers, with no rewrite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/design/design.h"
#include "src/graph/evaluate.h"
#include "src/graph/graph.h"

namespace weft {

/// One region over all samples seen. Ties are elements whose exact value lies within 1e-9 of a rounding tie, or of a jump inside the region
/// (relative to the largest value that meets the jump): they are not compared.
struct RegionAgreement {
    std::string node;
    std::string tensor;
    std::int64_t elements = 0;
    std::int64_t equal = 0;
    std::int64_t ties = 0;
    std::int64_t max_difference = 0;
    double signal = 0;  ///< Sum of squares of the float reference, where one was given.
    double noise = 0;   ///< Sum of squares of its difference to the contract.

    bool exact() const { return equal + ties == elements; }
    /// Signal to quantization noise ratio in dB; infinite where nothing differs.
    double sqnr_db() const;
};

class RegionOracle {
public:
    /// `model` is out/model.onnx as imported. `reference` (may be null) is the float model whose values of the same names the SQNR refers
    /// to.
    RegionOracle(const Graph& model, const Design& design, const Graph* reference);

    /// Of one sample: its inputs, and the contract's integers on every stream (in the design's order). Safe to run from several threads.
    Result<std::vector<RegionAgreement>> compare(std::span<const Tensor> inputs, std::span<const IntTensor> streams) const;
    /// Adds what `compare` found. The sums depend on the order in their last bits.
    void add(std::span<const RegionAgreement> sample);
    const std::vector<RegionAgreement>& regions() const { return regions_; }

private:
    /// What the quantizer reads with the values before the region's jumps moved a little to either side.
    struct Bracket {
        std::vector<double> below, above;
    };
    struct Check {
        std::size_t point;               ///< Index of the check point.
        const Value* integers;           ///< The tensor that it names.
        const Node* quantize = nullptr;  ///< The quantizer that makes it; null where integers are only moved.
        double scale = 1;
        std::int64_t zero_point = 0, min = 0, max = 0;
        Evaluator evaluator;             ///< To the quantizer's input.
        std::vector<std::size_t> given;  ///< Places of what the evaluator takes.
        int reference = -1;              ///< Slot of the float reference, if any.
        bool reference_is_integer = false;
        /// From the same given values to what the first function with jumps reads, and from there on; null where there are no jumps.
        std::unique_ptr<Evaluator> to_jumps = nullptr, from_jumps = nullptr;

        /// The integer of a real, already divided by the scale.
        std::int64_t integer_of(double quotient) const;
        Result<Bracket> bracket(std::vector<Tensor> given) const;
    };
    /// An output that is an exact accumulator: no quantizer makes its integers.
    struct OutputCheck {
        const KernelOutput* output;
        Evaluator evaluator;             ///< To the output's real values.
        std::vector<std::size_t> given;  ///< Places of what the evaluator takes.
        std::size_t region;
    };

    /// The nearest inputs of the model and other check points that `wanted` is computed from, and their places: the model's inputs come
    /// first, behind them the check points.
    std::pair<std::vector<const Value*>, std::vector<std::size_t>> given_for(const Value* wanted) const;
    static Status compare_output(const OutputCheck& check, std::span<const Tensor> known, const IntTensor& frame, RegionAgreement& region);

    const Graph& model_;
    const Design& design_;
    std::vector<Check> checks_;
    std::vector<OutputCheck> output_checks_;
    std::vector<RegionAgreement> regions_;
    std::unique_ptr<Evaluator> reference_;
};

}  // namespace weft
