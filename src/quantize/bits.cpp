// bits.cpp
// Reading, checking and writing of bits per node.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/bits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "src/base/json_text.h"

namespace weft {
namespace {

constexpr int most_bits = 8;
constexpr const char* example =
    "for example 8, w4a8, or the path of a JSON file {\"default\": {\"weights\": 8, \"activations\": 8}, \"nodes\": {\"conv1\": "
    "{\"weights\": 4}}}";

Diagnostic refuse(std::string reason, std::string help = example, Made made = std::source_location::current()) {
    return {Severity::error, "", "", std::move(reason), std::move(help), made};
}

/// A number of bits, or nothing where `text` is none.
std::optional<int> parse_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Status check_bits(int bits, std::string_view where) {
    if (bits >= 1 && bits <= most_bits) return Ok{};
    return refuse(fmt::format("{}: {} bits are not supported", where, bits),
                  fmt::format("weights and activations have 1 to {} bits", most_bits));
}

Result<NodeBits> parse_node(const nlohmann::json& json, const std::string& where) {
    if (!json.is_object()) return refuse(where + " must be an object with the fields weights and activations");
    NodeBits bits;
    for (const auto& [field, value] : json.items()) {
        std::optional<int>* target = field == "weights" ? &bits.weights : field == "activations" ? &bits.activations : nullptr;
        if (target == nullptr)
            return refuse(fmt::format("{}: unknown field '{}'", where, field), suggest(field, {"weights", "activations"}));
        if (!value.is_number_integer()) return refuse(fmt::format("{}: '{}' must be a whole number", where, field));
        const auto number = value.get<std::int64_t>();
        WEFT_CHECK(check_bits(static_cast<int>(std::clamp<std::int64_t>(number, -1, 1000)), fmt::format("{}: '{}'", where, field)));
        *target = static_cast<int>(number);
    }
    return bits;
}

}  // namespace

int BitsConfig::weights_of(std::string_view key) const {
    const auto at = nodes.find(key);
    return at != nodes.end() && at->second.weights ? *at->second.weights : weights;
}

int BitsConfig::activations_of(std::string_view key) const {
    const auto at = nodes.find(key);
    return at != nodes.end() && at->second.activations ? *at->second.activations : activations;
}

Result<BitsConfig> parse_bits_json(std::string_view text) {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) return refuse("the bits file is not valid JSON");
    if (!json.is_object()) return refuse("the bits file must hold an object with the fields default and nodes");
    BitsConfig config;
    for (const auto& [field, value] : json.items()) {
        if (field == "default") {
            WEFT_ASSIGN(const NodeBits bits, parse_node(value, "bits file, 'default'"));
            config.weights = bits.weights.value_or(config.weights);
            config.activations = bits.activations.value_or(config.activations);
        } else if (field == "nodes") {
            if (!value.is_object()) return refuse("bits file: 'nodes' must be an object keyed by node");
            for (const auto& [key, node] : value.items()) {
                WEFT_ASSIGN(config.nodes[key], parse_node(node, fmt::format("bits file, node '{}'", key)));
            }
        } else {
            return refuse(fmt::format("bits file: unknown field '{}'", field), suggest(field, {"default", "nodes"}));
        }
    }
    return config;
}

Result<BitsConfig> parse_bits(const std::string& text) {
    BitsConfig config;
    if (const std::optional<int> bits = parse_number(text)) {
        WEFT_CHECK(check_bits(*bits, "--bits " + text));
        config.weights = config.activations = *bits;
        return config;
    }
    const std::size_t split = text.find('a');
    if (text.starts_with('w') && split != std::string::npos) {
        const auto weights = parse_number(std::string_view(text).substr(1, split - 1));
        const auto activations = parse_number(std::string_view(text).substr(split + 1));
        if (weights && activations) {
            WEFT_CHECK(check_bits(*weights, "--bits " + text));
            WEFT_CHECK(check_bits(*activations, "--bits " + text));
            config.weights = *weights;
            config.activations = *activations;
            return config;
        }
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(text, error))
        return refuse(fmt::format("--bits '{}' is neither a number of bits nor a file", text));
    std::ifstream file(text, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    if (!file) return refuse(fmt::format("the bits file '{}' cannot be read", text));
    return parse_bits_json(content.str());
}

Diagnostics check_keys(const BitsConfig& config, const std::vector<BitsKey>& keys) {
    std::vector<std::string> names;
    for (const BitsKey& key : keys) names.push_back(key.name);
    Diagnostics problems;
    for (const auto& [name, bits] : config.nodes) {
        const auto at = std::ranges::find(keys, name, &BitsKey::name);
        if (at == keys.end()) {
            problems.push_back({Severity::error, name, "", "the bits file names a node that has no bits", suggest(name, names)});
            continue;
        }
        if (bits.weights && !at->has_weights)
            problems.push_back(
                {Severity::error, name, "", "the bits file gives bits for weights, but the node has none", "leave 'weights' out"});
        if (bits.activations && !at->has_activations)
            problems.push_back({Severity::error, name, "",
                                "the bits file gives bits for activations, but the node's result is not quantized",
                                "leave 'activations' out"});
    }
    return problems;
}

std::string write_bits(const BitsConfig& config, const std::vector<BitsKey>& keys) {
    std::string text =
        fmt::format("{{\n  \"default\": {{\"weights\": {}, \"activations\": {}}},\n  \"nodes\": {{", config.weights, config.activations);
    bool first = true;
    for (const BitsKey& key : keys) {
        std::string fields;
        if (key.has_weights) fields = fmt::format("\"weights\": {}", config.weights_of(key.name));
        if (key.has_activations)
            fields += fmt::format("{}\"activations\": {}", fields.empty() ? "" : ", ", config.activations_of(key.name));
        if (fields.empty()) continue;
        text += fmt::format("{}\n    {}: {{{}}}", first ? "" : ",", json_text(nlohmann::json(key.name), -1), fields);
        first = false;
    }
    return text + (first ? "}\n}\n" : "\n  }\n}\n");
}

}  // namespace weft
