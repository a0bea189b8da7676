// random_file.cpp
// SPDX-License-Identifier: Apache-2.0
#include "tests/models/random_file.h"

#include "src/onnx/export.h"
#include "tests/models/random_drawer.h"
#include "tests/models/random_network.h"

namespace weft::test {

namespace {

RandomFile of_graph(const char* form, Graph graph, bool needs_samples) {
    EXPECT_TRUE(graph.sort());
    const auto bytes = export_to_bytes(graph);
    EXPECT_TRUE(bytes) << messages(bytes);
    return {form, bytes ? *bytes : std::string(), graph.inputs[0]->shape, needs_samples};
}

}  // namespace

RandomFile random_file(std::uint64_t seed) {
    switch (seed % 10) {
        case 0:
            return of_graph("float, plain", random_network(seed), true);
        case 1:
            return of_graph("float, varied", varied_network(seed), true);
        case 2:
            return of_graph("float, a chain", random_chain(seed, false), true);
        case 3:
            return of_graph("QDQ, a chain", random_chain(seed, true), false);
        case 4:
            return random_qdq_file(seed, false);
        case 5:
            return random_qdq_file(seed, true);
        case 6:
            return random_qonnx_file(seed, false);
        case 7:
            return random_qonnx_file(seed, true);
        default:
            return random_float_file(seed);
    }
}

}  // namespace weft::test
