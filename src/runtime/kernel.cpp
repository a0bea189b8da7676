// kernel.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "kernel.h"

#include <algorithm>
#include <limits>

#include "error.h"
#include "steps.h"

namespace weft::host {

namespace {

/// Far above any frame; below what could overflow.
constexpr std::int64_t element_limit = std::int64_t{1} << 31;

[[noreturn]] void refuse(const std::string& what, const std::string& reason) {
    throw input_error("the kernel's description is wrong: " + what + " " + reason,
                      "package the kernel again with the weft that wrote this program");
}

std::int64_t in_range(std::int64_t value, std::int64_t low, std::int64_t high, const std::string& what) {
    if (value < low || value > high) refuse(what, "is " + std::to_string(value));
    return value;
}

/// The number of elements, refused where it is absurd.
std::int64_t counted(const std::vector<std::int64_t>& extents, const std::string& what) {
    std::int64_t count = 1;
    for (const std::int64_t extent : extents) count *= in_range(extent, 1, element_limit / count, "an extent of " + what);
    return count;
}

std::vector<std::uint32_t> indices(const std::vector<std::int64_t>& list, const std::string& what) {
    std::vector<std::uint32_t> result;
    for (const std::int64_t index : list) result.push_back(static_cast<std::uint32_t>(in_range(index, 0, element_limit, what)));
    return result;
}

/// Merges axes that are walked as one, so that a copy is seen as one.
void merge_axes(Layout& layout) {
    std::vector<std::int64_t> extents, strides;
    for (std::size_t axis = 0; axis < layout.extents.size(); ++axis) {
        const std::int64_t extent = layout.extents[axis], stride = layout.strides[axis];
        if (extent == 1) continue;
        if (!extents.empty() && strides.back() == extent * stride) {
            extents.back() *= extent;
            strides.back() = stride;
        } else {
            extents.push_back(extent);
            strides.push_back(stride);
        }
    }
    if (extents.empty()) extents = strides = {1};
    layout.extents = std::move(extents);
    layout.strides = std::move(strides);
}

/// `room`: elements of a frame, spare ones included.
Layout read_layout(const Json& json, std::int64_t room, const std::string& what) {
    Layout layout;
    if (json.find("table")) {
        layout.table = indices(json.integers("table"), what);
        for (const std::uint32_t place : layout.table) in_range(place, 0, room - 1, "a place of " + what);
        return layout;
    }
    layout.offset = json.integer("offset");
    layout.extents = json.integers("extents");
    layout.strides = json.integers("strides");
    if (layout.extents.size() != layout.strides.size()) refuse(what, "has not as many strides as extents");
    counted(layout.extents, what);
    std::int64_t last = in_range(layout.offset, 0, room - 1, "the offset of " + what);
    for (std::size_t axis = 0; axis < layout.extents.size(); ++axis)
        last += (layout.extents[axis] - 1) * in_range(layout.strides[axis], 0, element_limit / layout.extents[axis], "a stride of " + what);
    in_range(last, 0, room - 1, "the last place of " + what);
    merge_axes(layout);
    return layout;
}

/// A step on tensors of `elements` elements, which it may change.
Step read_step(const Json& json, std::int64_t& elements, const std::string& what) {
    Step step;
    step.op = json.text("op");
    if (step.op == "take") {
        step.map = indices(json.integers("map"), "the map of " + what);
        for (const std::uint32_t from : step.map) in_range(from, 0, elements - 1, "a place in the map of " + what);
        elements = static_cast<std::int64_t>(step.map.size());
        return step;
    }
    const std::vector<std::int64_t> runs = json.integers("runs");
    if (runs.size() != 3 || counted(runs, what) != elements) refuse(what, "has a step '" + step.op + "' of another size");
    step.outer = runs[0];
    step.count = runs[1];
    step.inner = runs[2];
    const std::vector<std::string>* names = step_constants(step.op);
    if (!names)
        throw input_error("'" + what + "' needs the step '" + step.op + "', which this program does not know",
                          "compile the model with the weft that wrote it");
    std::vector<double>* const constants[] = {&step.a, &step.b, &step.c, &step.d};
    for (std::size_t i = 0; i < names->size(); ++i) {
        *constants[i] = json.numbers((*names)[i]);
        const std::size_t size = constants[i]->size();
        if (size != 1 && size != static_cast<std::size_t>(step.count)) refuse(what, "has a step '" + step.op + "' with too few constants");
    }
    if (is_one_of_many(step.op)) elements = step.outer * step.inner;
    return step;
}

Port read_port(const Json& json, const Kernel& kernel, bool output) {
    Port port;
    port.name = json.text("name");
    port.type = type_named(json.text("type"));
    port.shape = json.integers("shape");
    const std::int64_t given = counted(port.shape, "'" + port.name + "'");
    port.argument = static_cast<std::size_t>(in_range(json.integer("argument"), 0, static_cast<std::int64_t>(kernel.arguments.size()) - 1,
                                                      "the argument of '" + port.name + "'"));
    const Argument& argument = kernel.arguments[port.argument];
    if (!argument.pointer || argument.output != output) refuse("'" + port.name + "'", "has an argument of another kind");
    const std::string what = "'" + port.name + "'";
    port.layout =
        read_layout(json.at("layout"), static_cast<std::int64_t>(argument.frame_bytes / argument.element_bytes), "the layout of " + what);
    std::int64_t elements = output ? static_cast<std::int64_t>(port.layout.elements()) : given;
    for (const Json& step : json.list("steps")) port.steps.push_back(read_step(step, elements, what));
    if (elements != (output ? given : static_cast<std::int64_t>(port.layout.elements())))
        refuse(what, "has other elements than its layout");
    return port;
}

Argument read_argument(const Json& json) {
    Argument argument;
    argument.name = json.text("name");
    argument.index = static_cast<int>(in_range(json.integer("index"), 0, 1 << 16, "the index of argument '" + argument.name + "'"));
    const std::string& kind = json.text("kind");
    if (!json.find("frame_bytes")) return argument;  // a number: that of images
    if (kind != "input" && kind != "output") refuse("argument '" + argument.name + "'", "is a '" + kind + "'");
    argument.pointer = true;
    argument.output = kind == "output";
    argument.element_bytes =
        static_cast<std::size_t>(in_range(json.integer("element_bytes"), 1, 4, "an element of '" + argument.name + "'"));
    if (argument.element_bytes == 3) refuse("an element of '" + argument.name + "'", "has 3 bytes");
    argument.frame_bytes = static_cast<std::size_t>(in_range(json.integer("frame_bytes"), static_cast<std::int64_t>(argument.element_bytes),
                                                             element_limit, "a frame of '" + argument.name + "'"));
    argument.is_signed = json.boolean("signed");
    return argument;
}

std::vector<std::string> texts(const std::vector<Json>& list, const char* key) {
    std::vector<std::string> result;
    for (const Json& entry : list) result.push_back(entry.text(key));
    return result;
}

}  // namespace

std::size_t Layout::elements() const { return table.empty() ? static_cast<std::size_t>(element_count(extents)) : table.size(); }

const StatusRegister* Kernel::find_register(const std::string& wanted) const {
    for (const StatusRegister& known : registers)
        if (known.name == wanted) return &known;
    return nullptr;
}

int Kernel::count_index() const {
    for (const Argument& argument : arguments)
        if (!argument.pointer) return argument.index;
    return -1;
}

Kernel read_kernel(const Json& json) {
    Kernel kernel;
    kernel.version = json.text("version");
    kernel.name = json.text("kernel");
    kernel.model = json.text("model");
    kernel.model_hash = json.text("model_hash");
    kernel.board = json.text("board");
    kernel.clock_mhz = json.number("clock_mhz");
    kernel.interval_cycles = json.number("interval_cycles");
    for (const Json& argument : json.list("arguments")) kernel.arguments.push_back(read_argument(argument));
    for (std::size_t i = 0; i < kernel.arguments.size(); ++i)
        if (kernel.arguments[i].pointer == (i + 1 == kernel.arguments.size()))
            refuse("it", "must have one argument that counts images, the last");
    if (kernel.arguments.empty()) refuse("it", "has no arguments");
    if (json.find("status_registers"))
        for (const Json& entry : json.list("status_registers"))
            kernel.registers.push_back({entry.text("name"),
                                        static_cast<std::uint32_t>(in_range(entry.integer("offset"), 0, 1 << 16, "a register's offset")),
                                        static_cast<int>(entry.integer("bits"))});
    for (const Json& port : json.list("inputs")) kernel.inputs.push_back(read_port(port, kernel, false));
    for (const Json& port : json.list("outputs")) kernel.outputs.push_back(read_port(port, kernel, true));
    if (kernel.inputs.empty() || kernel.outputs.empty()) refuse("it", "has no inputs or no outputs");
    for (const Json& entry : json.list("left")) {
        LeftToUser left{entry.text("where") == "behind", entry.text("name"), {}, texts(entry.list("nodes"), "node")};
        if (entry.find("from")) left.from = texts(entry.list("from"), "name");
        kernel.left.push_back(std::move(left));
    }
    return kernel;
}

}  // namespace weft::host
