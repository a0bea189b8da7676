// hold.cpp
// An operator that gives what it takes; in hardware, through a unit of its own.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/op_def.h"
#include "src/lower/lowering.h"
#include "units/units.h"

namespace weft {

namespace {

Result<std::vector<ValueType>> infer(Node& node) { return std::vector{ValueType{node.input(0)->type, node.input(0)->shape}}; }

Result<std::vector<Tensor>> evaluate(const Node&, std::span<const Tensor* const> inputs) { return only(Tensor(*inputs[0])); }

Status lower(const Node& node, Lowering& lowering) {
    WEFT_ASSIGN(const TypedStream x, lowering.input(node, 0));
    const StreamShape shape = x.stream->shape;
    const std::string name = lowering.key(node);
    Stream* result = lowering.design().add_stream(name, shape, x.stream->min, x.stream->max);
    Unit* unit = lowering.design().add_unit(unit_hold, name, {x.stream}, {result});
    unit->nodes = {name};
    unit->parameters["Rows"] = shape.rows;
    unit->parameters["Columns"] = shape.columns;
    unit->parameters["Channels"] = shape.channels;
    return lowering.define(node, result, unit);
}

}  // namespace

extern const OpDef op_stub_hold{
    .name = "Hold",
    .summary = "x",
    .inputs = {1, 1},
    .outputs = {1, 1},
    .traits = {.same_type_inputs = {0}, .commutes_with_monotone = true},
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower,
};

}  // namespace weft
