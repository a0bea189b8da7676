// attribute_proto.h
// Attributes between protobuf and weft, checked against the operator's table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <optional>

#include "src/base/diagnostic.h"
#include "src/graph/attribute.h"
#include "src/graph/op_def.h"
#include "src/onnx/model_file.h"

namespace weft {

/// The node's attributes with defaults filled in. Errors bear `key` as their node.
Result<Attributes> attributes_from_proto(const onnx::NodeProto& node, const OpDef& op, const std::string& key,
                                         const ExternalData& external);

/// The value of an attribute that a file leaves out, if it has one.
std::optional<Attribute> default_of(const AttributeDef& def);

/// `value` under `name`; a tensor gets raw data.
onnx::AttributeProto attribute_to_proto(const std::string& name, const Attribute& value);

}  // namespace weft
