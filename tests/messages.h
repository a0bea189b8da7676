// messages.h
// Diagnostics in the messages of tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "src/base/diagnostic.h"

namespace weft::test {

/// All diagnostics as a user sees them, a line break behind each.
inline std::string messages(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics) text += to_string(diagnostic) + "\n";
    return text;
}
/// The same; empty for success.
template <class T>
std::string messages(const Result<T>& result) {
    return result ? std::string() : messages(result.error());
}

}  // namespace weft::test
