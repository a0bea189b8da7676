// random_network.h
// Random small networks, for tests that hold whole designs against each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "src/base/diagnostic.h"
#include "src/design/design.h"
#include "src/graph/graph.h"

namespace weft::test {

/// Convolutions, poolings, functions, sums and concatenations on small images, ending in a dense layer; float, one input, one output. The
/// same seed gives the same network.
Graph random_network(std::uint64_t seed);

/// More varied ones: any strides and pads, heads of several kinds, branches of different lengths, some with two outputs.
Graph varied_network(std::uint64_t seed);

/// A convolution with two to five poolings, concatenations, paddings, views and functions behind it in any order, and a quantizer (where
/// `quantized`: of the file; weights are quantized then too), an output or another convolution behind these.
Graph random_chain(std::uint64_t seed, bool quantized);

/// One of the first two kinds, calibrated on random samples.
Result<Graph> random_quantized_network(std::uint64_t seed);
/// That one lowered and folded, mostly in another way than the compiler would. Not plumbed.
Result<Design> random_design(std::uint64_t seed);

/// Sets any folding that the units take. False where none of several fits: the present one stays. The design is not plumbed.
bool draw_folding(Design& design, std::uint64_t seed);

}  // namespace weft::test
