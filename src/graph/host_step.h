// host_step.h
// What a node does where the program that feeds a kernel can do it: one operation of the library that is shipped with it (src/runtime).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// An operation on a tensor's elements in double precision. The elements are [outer][count][inner]; a constant has one value, or one for
/// each of `count`. src/runtime/steps.cpp says which operations there are, and what each calls its constants.
struct HostStep {
    std::string op;  ///< Empty: the elements stay as they are.
    std::int64_t outer = 1, count = 1, inner = 1;
    std::vector<std::pair<std::string, std::vector<double>>> constants = {};
    std::vector<std::int64_t> map = {};  ///< Of the operation `take`: output element i is input element map[i].

    /// Whether it does the same to every element.
    bool is_uniform() const { return count == 1 && map.empty(); }
};

}  // namespace weft
