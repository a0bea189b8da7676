// made.h
// Notes where in the source each diagnostic is made, so that a test can tell which of them no test reaches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>

namespace weft {

/// A place that makes a diagnostic. In a build with the CMake option WEFT_REACHED (the preset ci sets it) such a place is appended as a
/// line `file:line:column`, once a process, to the file that the environment variable WEFT_REACHED names; in any other build this is
/// nothing. A function that makes diagnostics of what its callers say takes a `Made made = std::source_location::current()` last and hands
/// it on: then each call is a place.
struct Made {
#ifdef WEFT_REACHED
    Made(std::source_location place = std::source_location::current());
#else
    constexpr Made(std::source_location = std::source_location::current()) {}
#endif
};

}  // namespace weft
