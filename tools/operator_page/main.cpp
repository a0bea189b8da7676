// main.cpp
// Prints docs/onnx.md.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tools/operator_page/page.h"

/// `operator_page TABLES`
int main(int argc, char** argv) {
    if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
        fmt::print(stderr, "usage: operator_page TABLES\n");
        return 1;
    }
    fmt::print("{}", weft::operator_page(argv[1]));
    return 0;
}
