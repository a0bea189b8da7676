// lower_chain.h
// The way from accumulators to a quantizer where poolings, concatenations and paddings stand between: inside the lowering.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "src/lower/lowering.h"
#include "src/quantize/codes.h"

namespace weft {

/// One stretch of functions and views on the way, and what makes the value that it starts from.
struct Stretch {
    Region region;
    /// The operator that hands on elements; null where the way begins, at an accumulator or a typed value.
    const Node* mover = nullptr;
    std::vector<std::unique_ptr<Stretch>> above;  ///< One for each input that the mover hands on.
    const Stretch* below = nullptr;               ///< Null: the quantizer.
    int first_channel = 0;                        ///< Of this stretch among those of the source of `below`.
    std::vector<ScalarFunction> functions;        ///< Behind a mover: of each channel.
    ChainMove move;                               ///< Behind a mover; its function is left open.

    /// Whether any way begins at a value that comes from outside as reals.
    bool begins_outside(const Graph& graph, bool all) const;
    /// Names of the nodes of all regions from here to the quantizer.
    void for_each_node_below(const std::function<void(const Node&)>& visit) const;
};

/// What `Lowering::finish` and `define` have to do while a stage of a chain is lowered.
struct ChainStage {
    const QuantizerRule* rule = nullptr;
    const Stretch* leaf = nullptr;  ///< Where the way begins; null for a change of codes on the way.
    /// Of each channel: what it sends along the way, found by `finish` at the leaf; and at which move the stage stands.
    std::vector<std::shared_ptr<const ChannelCodes>> codes;
    std::vector<std::size_t> moves;
    TypedStream result;
};

/// Integers that stand for a value on its stream.
struct CodedStream {
    TypedStream stream;
    std::vector<std::shared_ptr<const ChannelCodes>> codes;  ///< Of each channel,
    std::vector<std::size_t> moves;                          ///< and the move that it enters next.
};

}  // namespace weft
