// bits_test.cpp
// Bits by flag and by file, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/bits.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/no_more_files.h"
#include "tests/paths.h"

namespace weft {
namespace {

const std::vector<BitsKey> keys = {{"input", false, true}, {"conv1", true, true}, {"a \"quoted\" name", true, false}};

std::string reason(const Result<BitsConfig>& result) { return result ? "" : result.error()[0].reason; }

TEST(Bits, Flags) {
    const auto eight = parse_bits("8");
    ASSERT_TRUE(eight);
    EXPECT_EQ(eight->weights, 8);
    EXPECT_EQ(eight->activations, 8);
    const auto mixed = parse_bits("w4a6");
    ASSERT_TRUE(mixed);
    EXPECT_EQ(mixed->weights, 4);
    EXPECT_EQ(mixed->activations, 6);
}

TEST(Bits, RefusedFlags) {
    EXPECT_EQ(reason(parse_bits("9")), "--bits 9: 9 bits are not supported");
    EXPECT_EQ(reason(parse_bits("0")), "--bits 0: 0 bits are not supported");
    EXPECT_EQ(reason(parse_bits("w4a16")), "--bits w4a16: 16 bits are not supported");
    EXPECT_EQ(reason(parse_bits("w4")), "--bits 'w4' is neither a number of bits nor a file");
    EXPECT_EQ(reason(parse_bits("")), "--bits '' is neither a number of bits nor a file");
    EXPECT_EQ(reason(parse_bits("/")), "--bits '/' is neither a number of bits nor a file");
}

TEST(Bits, WhatIsWrittenIsReadBack) {
    BitsConfig config{.weights = 8, .activations = 6, .nodes = {}};
    config.nodes["conv1"].weights = 4;
    const std::string text = write_bits(config, keys);
    EXPECT_EQ(text,
              "{\n  \"default\": {\"weights\": 8, \"activations\": 6},\n  \"nodes\": {\n    \"input\": {\"activations\": 6},\n"
              "    \"conv1\": {\"weights\": 4, \"activations\": 6},\n    \"a \\\"quoted\\\" name\": {\"weights\": 8}\n  }\n}\n");
    const test::TemporaryFolder folder;
    std::ofstream(folder / "bits.json") << text;
    const auto read = parse_bits((folder / "bits.json").string());
    ASSERT_TRUE(read);
    EXPECT_EQ(write_bits(*read, keys), text);
    EXPECT_TRUE(check_keys(*read, keys).empty());
    EXPECT_EQ(read->weights_of("conv1"), 4);
    EXPECT_EQ(read->weights_of("another"), 8);
}

TEST(Bits, RefusedFiles) {
    EXPECT_EQ(reason(parse_bits_json("{")), "the bits file is not valid JSON");
    EXPECT_EQ(reason(parse_bits_json("[]")), "the bits file must hold an object with the fields default and nodes");
    EXPECT_EQ(reason(parse_bits_json(R"({"nodes": {"c": {"weights": 16}}})")), "bits file, node 'c': 'weights': 16 bits are not supported");
    EXPECT_EQ(reason(parse_bits_json(R"({"nodes": {"c": {"weights": 99999999999}}})")),
              "bits file, node 'c': 'weights': 1000 bits are not supported");
    EXPECT_EQ(reason(parse_bits_json(R"({"nodes": {"c": {"weights": "4"}}})")), "bits file, node 'c': 'weights' must be a whole number");
    EXPECT_EQ(reason(parse_bits_json(R"({"nodes": {"c": 4}})")),
              "bits file, node 'c' must be an object with the fields weights and activations");
    const auto field = parse_bits_json(R"({"nodes": {"c": {"weight": 4}}})");
    EXPECT_EQ(reason(field), "bits file, node 'c': unknown field 'weight'");
    EXPECT_EQ(field.error()[0].help, "did you mean 'weights'?");
    EXPECT_EQ(reason(parse_bits_json(R"({"node": {}})")), "bits file: unknown field 'node'");
    EXPECT_EQ(reason(parse_bits_json(R"({"nodes": []})")), "bits file: 'nodes' must be an object keyed by node");
    const test::TemporaryFolder folder;
    const std::string file = (folder / "bits.json").string();
    std::ofstream(folder / "bits.json") << "{}";
    EXPECT_EQ(reason(parse_bits(file)), "");
    const test::NoMoreFiles none;
    EXPECT_EQ(reason(parse_bits(file)), "the bits file '" + file + "' cannot be read");
}

TEST(Bits, UnknownNodesAreNamedWithTheNearest) {
    BitsConfig config;
    config.nodes["conv2"].weights = 4;
    config.nodes["input"].weights = 4;
    config.nodes["a \"quoted\" name"].activations = 4;
    const Diagnostics problems = check_keys(config, keys);
    ASSERT_EQ(problems.size(), 3u);
    EXPECT_EQ(problems[1].node, "conv2");
    EXPECT_EQ(problems[1].help, "did you mean 'conv1'?");
    EXPECT_EQ(problems[0].reason, "the bits file gives bits for activations, but the node's result is not quantized");
    EXPECT_EQ(problems[0].help, "leave 'activations' out");
    EXPECT_EQ(problems[2].reason, "the bits file gives bits for weights, but the node has none");
}

}  // namespace
}  // namespace weft
