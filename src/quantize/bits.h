// bits.h
// Bits of weights and activations, for all nodes or node by node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

struct NodeBits {
    std::optional<int> weights;      ///< 1..8
    std::optional<int> activations;  ///< 1..8
    bool operator==(const NodeBits&) const = default;
};

struct BitsConfig {
    int weights = 8;
    int activations = 8;
    /// What differs, by node key (or name of a model input, which has activations only).
    std::map<std::string, NodeBits, std::less<>> nodes;

    int weights_of(std::string_view key) const;
    int activations_of(std::string_view key) const;
};

/// "8", "w4a8", or the path of a JSON file: {"default": {"weights": 8, "activations": 8}, "nodes": {"conv1": {"weights": 4}}}.
/// Every field may be left out. Errors name the field.
Result<BitsConfig> parse_bits(const std::string& text);

/// The JSON text itself.
Result<BitsConfig> parse_bits_json(std::string_view json);

/// A node that bits may be given for.
struct BitsKey {
    std::string name;
    bool has_weights = false;
    bool has_activations = false;
};

/// An error for every key of `config` that is not in `keys`, with the nearest, and for bits that the node has no use for.
Diagnostics check_keys(const BitsConfig& config, const std::vector<BitsKey>& keys);

/// JSON with every key of `keys`, in that order, at the bits that `config` gives: a start for editing. parse_bits_json reads it back.
std::string write_bits(const BitsConfig& config, const std::vector<BitsKey>& keys);

}  // namespace weft
