// lowering.h
// From a canonical Graph with typed values to a Design. The operators' `lower` faces call this; only they know units.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/design/design.h"
#include "src/graph/graph.h"
#include "src/quantize/constant.h"
#include "src/quantize/region.h"
#include "src/quantize/staircase.h"
#include "src/quantize/two_input.h"

namespace weft {

/// How one region was realised, for the report.
struct RegionRecord {
    std::string node;  ///< Key of the accumulating (or only) node.
    std::string unit;  ///< Name of the unit that holds the stage; empty if no hardware was needed.
    RequantizeForm form = RequantizeForm::none;
    int multiplier_bits = 0;
    std::string why;
};

/// A typed value on its stream.
struct TypedStream {
    Stream* stream = nullptr;
    IndexMap map;      ///< From the value to the stream.
    IntegerType type;  ///< Of the value, min and max narrowed to what the stream really carries.
};

struct Stretch;
struct ChainStage;
struct CodedStream;

class Lowering {
public:
    /// `model` is the graph as the file has it: the names that bindings use.
    Lowering(const Graph& graph, const Graph& model, Design& design) : graph_(graph), model_(model), design_(design) {}

    Status run();
    const std::vector<RegionRecord>& records() const { return records_; }

    // For the operators' lower faces ------------------------------------------------------------------------------------------------

    Design& design() { return design_; }
    std::string key(const Node& node) const { return graph_.key(&node); }

    /// Input `index` as (rows, columns, channels) in the node's own order: rank 4 values are [1, rows, columns, channels], others one
    /// position per element of the middle dimensions and channels innermost. Fails where the value is not quantized, or lies on its stream
    /// in another order.
    Result<TypedStream> input(const Node& node, std::size_t index);
    /// The same without the demand on the order: a dense operator absorbs any order in its weights.
    Result<TypedStream> input_any_order(const Node& node, std::size_t index);
    /// The same, also of an accumulating operator's result that nothing quantizes: its sums then leave their unit as they are, exactly.
    Result<TypedStream> input_or_sum(const Node& node, std::size_t index);
    /// The stream of any typed value; `node` is who asks, for messages.
    Result<TypedStream> stream_of(const Node& node, const Value* value) const;
    /// Shape of a canonical value on a stream.
    static StreamShape stream_shape(const Value& value);

    /// What follows the accumulator of the node being lowered. `channels` has one entry a stream channel, without functions; the region's
    /// are filled in. `shape` is that of the result's stream; `order` says where the region's source lies on it (null: in place).
    struct Finish {
        std::optional<Requantize> stage;  ///< Empty: the accumulator leaves as it is.
        std::int64_t min = 0;
        std::int64_t max = 0;
    };
    Result<Finish> finish(const Node& node, StreamShape shape, std::vector<AccumulatorChannel> channels, const IndexMap& order = nullptr);
    /// `finish` for a weighted sum of two inputs: where short multipliers are found that give the same results, they replace `sum.k`.
    /// `channel` (of the exact sum) serves all channels.
    Result<Finish> finish_sum(const Node& node, StreamShape shape, TwoInputSum& sum, const AccumulatorChannel& channel,
                              const IndexMap& order);
    /// Binds the result of the node being lowered to `stream`, the output of `unit` (null if no unit was needed); `order` as for `finish`.
    Status define(const Node& node, Stream* stream, Unit* unit, const IndexMap& order = nullptr);
    /// The integer by which elements that come from no input (Traits::fill_value) are filled.
    std::int64_t fill_code(const Node& node, const TypedStream& input) const;
    /// Names of the ONNX nodes that the region being lowered covers, the accumulating node first.
    std::vector<std::string> covered_nodes(const Node& node) const;
    /// The region being lowered; null while a node passes integers through unchanged.
    const Region* region() const { return region_; }

private:
    /// The region's functions into channels_.
    Status fill_functions(StreamShape shape, const IndexMap& order);
    Status lower_quantizer(const Node& quantize);

    // Quantizers behind poolings, concatenations and paddings (lower_chain.cpp) -------------------------------------------------------

    /// Lowers all that leads to `quantize` where such an operator, on reals, stands above it; false where none does.
    Result<bool> lower_chain(const Node& quantize);
    Result<std::unique_ptr<Stretch>> stretch_of(const Value* last, const Node& reader, const Stretch* below) const;
    Status set_fill_codes(Stretch& stretch, const QuantizerRule& rule);
    Result<CodedStream> lower_stretch(const Stretch& stretch, const Node& quantize, const QuantizerRule& rule);
    Status lower_stage(const Node& node, const Region& region, ChainStage& stage);
    /// The stage's codes into channels_.
    Status set_chain_steps(StreamShape shape, const IndexMap& order);
    /// The value of `quantize` becomes an input of the kernel: the host computes it from the model's input.
    Status host_input(const Node& quantize, const Value* source);
    Status lower_view(const Node& node);
    Status lower_outputs();
    Status lower_output(const Value* output);
    std::pair<const Value*, std::vector<std::int32_t>> wanted_order(const Value& typed) const;
    Status kernel_input(const Value& typed, const std::string& tensor, const std::string& input_name, IntegerType type);
    /// Drops units whose results were composed into others (an inner quantizer of x * sigmoid(x)).
    void remove_unread();
    void bind(const Value* value, TypedStream typed);
    Diagnostic untyped(const Node& node, const Value* value) const;

    const Graph& graph_;
    const Graph& model_;
    Design& design_;
    const Region* region_ = nullptr;
    ChainStage* stage_ = nullptr;                ///< While a stage of a chain is lowered.
    const Stretch* moving_ = nullptr;            ///< While an operator of a chain that hands on elements is lowered.
    std::map<const Value*, TypedStream> coded_;  ///< What such an operator reads and gives: codes that stand for reals.
    std::optional<IntegerType> exact_;           ///< While sums that leave as they are are lowered: their type, once it is known.
    RequantizePlan plan_;
    std::vector<AccumulatorChannel> channels_;
    std::map<const Value*, TypedStream> typed_;
    std::vector<RegionRecord> records_;
};

}  // namespace weft
