// contract.h
// Executes a Design on frames of integers: the result that every emitted form must give, bit for bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// Prepared for many frames; `run` may be called from several threads. The design must live and stay unchanged meanwhile. Plumbing units
/// are identities here, so a plumbed design gives the same as before plumbing.
class ContractRunner {
public:
    /// `reference`: run every unit's model instead of its fast equal.
    explicit ContractRunner(const Design& design, bool reference = false);

    /// One frame: `inputs` and `outputs` in the order of the design's kernel inputs and outputs; outputs get their shapes. `all_streams`,
    /// if not null, gets the frame of every stream, in the order of Design::streams.
    void run(std::span<const IntTensor> inputs, std::span<IntTensor> outputs, std::vector<IntTensor>* all_streams = nullptr) const;

private:
    struct Step {
        const Unit* unit;
        UnitFunction function;
        std::vector<int> sources;  ///< Streams read: where plumbing stands before, the stream that it copies.
        std::vector<int> targets;
    };
    /// Buffers of one call; a buffer serves one stream after the other.
    using Workspace = std::vector<IntTensor>;

    std::unique_ptr<Workspace> borrow() const;
    void give_back(std::unique_ptr<Workspace> workspace) const;

    const Design& design_;
    std::vector<Step> steps_;
    std::vector<int> source_;        ///< For each stream: the stream whose frame it carries.
    std::vector<int> kernel_input_;  ///< For each stream: index of the kernel input that feeds it, or -1.
    std::vector<int> buffer_;        ///< For each stream: index of its buffer, or -1 for kernel inputs and copies.
    std::vector<int> output_stream_;
    int buffers_ = 0;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace weft
