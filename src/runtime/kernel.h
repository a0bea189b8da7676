// kernel.h
// A kernel as its host sees it: what kernel.json says.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"
#include "tensor.h"

namespace weft::host {

/// Where the elements of a tensor lie in a frame: element (i0, i1, ...) of the extents at offset + i0 * strides[0] + ..., or, where it is
/// not as regular, element i at table[i]. Counted in elements.
struct Layout {
    std::int64_t offset = 0;
    std::vector<std::int64_t> extents;
    std::vector<std::int64_t> strides;
    std::vector<std::uint32_t> table;

    bool is_identity() const { return table.empty() && offset == 0 && extents.size() == 1 && strides[0] == 1; }
    std::size_t elements() const;
};

/// An operation on a tensor's elements in double precision. The elements are [outer][count][inner]; a constant has one value, or one for
/// each of `count`. src/runtime/steps.cpp says what each does.
struct Step {
    std::string op;
    std::int64_t outer = 1, count = 1, inner = 1;
    std::vector<double> a, b, c, d;  ///< Constants, in the order that `op` has them.
    std::vector<std::uint32_t> map;  ///< Of `take`: output element i is input element map[i].
};

/// An argument of the kernel.
struct Argument {
    std::string name;
    int index = 0;
    bool pointer = false;
    bool output = false;
    std::size_t frame_bytes = 0;  ///< Of one image, whole memory words.
    std::size_t element_bytes = 0;
    bool is_signed = false;
};

/// A tensor of the model between the program and an argument: an input's elements go through the steps, then as integers to their places
/// in the frame; an output's come from there, and then go through the steps.
struct Port {
    std::string name;
    Type type = Type::float32;
    Shape shape;  ///< Of one sample.
    std::size_t argument = 0;
    std::vector<Step> steps;
    Layout layout;

    std::size_t elements() const { return static_cast<std::size_t>(element_count(shape)); }
};

/// Operators between `name`, an input or output of the model, and the kernel that are left to the user of the program.
struct LeftToUser {
    bool behind = false;  ///< Behind the kernel; else before it.
    std::string name;
    std::vector<std::string> from;  ///< Of what is behind: the outputs of the kernel that it is computed from.
    std::vector<std::string> nodes;
};

struct StatusRegister {
    std::string name;
    std::uint32_t offset = 0;
    int bits = 32;
};

struct Kernel {
    std::string version, name, model, model_hash, board;
    double clock_mhz = 0;
    double interval_cycles = 0;  ///< From one image to the next.
    std::vector<Argument> arguments;
    std::vector<StatusRegister> registers;  ///< Empty where the kernel has none.
    std::vector<Port> inputs, outputs;
    std::vector<LeftToUser> left;

    const StatusRegister* find_register(const std::string& name) const;
    /// The argument that counts images.
    int count_index() const;
};

/// Fails with an Error where the description does not hold together: what it says of memory can be relied on afterwards.
Kernel read_kernel(const Json& json);

}  // namespace weft::host
