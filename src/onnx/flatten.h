// flatten.h
// A model's graph as one list of nodes: calls of the model's own functions replaced by their bodies, branches by the sub-graph that runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"

namespace weft {

/// Operator set versions by domain; standard ONNX is "".
using Opsets = std::map<std::string, int>;

/// The domain of a node, "" for standard ONNX however it is written.
std::string_view domain_of(const onnx::NodeProto& node);

/// One node; its tensors have names that are unique in the whole list.
struct FlatNode {
    const onnx::NodeProto* proto;
    const Opsets* opsets;  ///< In which its operator is to be understood.
    int depth = 0;         ///< Of the function calls that it comes from.
};

/// The model must outlive it.
class FlatGraph {
public:
    /// The model's graph with its functions inlined. An inner value or node NAME of a call CALL becomes CALL/NAME. An error is one of the
    /// functions: one that calls itself.
    static Result<FlatGraph> make(const onnx::ModelProto& model, const Opsets& opsets);

    const std::vector<FlatNode>& nodes() const { return nodes_; }
    const std::vector<const onnx::TensorProto*>& initialisers() const { return initialisers_; }
    const std::vector<const onnx::SparseTensorProto*>& sparse_initialisers() const { return sparse_initialisers_; }

    /// Puts the sub-graph of attribute `attribute` in the place of node `index`, functions inlined. False if the node has no such
    /// sub-graph, or one that does not go with its outputs.
    Result<bool> splice(std::size_t index, std::string_view attribute);

private:
    class Renaming;
    struct Function {
        const onnx::FunctionProto* proto;
        std::vector<onnx::AttributeProto> defaults;  ///< Of its attributes.
        Opsets opsets;
    };
    using Attributes = std::map<std::string, const onnx::AttributeProto*>;

    const Function* called_by(const onnx::NodeProto& node) const;
    /// Appends `node`, or what it calls, to `to`.
    Status add(const FlatNode& node, std::vector<FlatNode>& to);
    Status inline_call(const FlatNode& call, const Function& function, std::vector<FlatNode>& to);
    Status append(const onnx::NodeProto& body_node, Renaming& renaming, const FlatNode& like, std::vector<FlatNode>& to);
    void resolve_references(onnx::NodeProto& node, const Attributes& given) const;
    std::string fresh(const std::string& wanted);

    std::map<std::string, Function> functions_;  ///< By `function_key`.
    std::vector<FlatNode> nodes_;
    std::vector<const onnx::TensorProto*> initialisers_;
    std::vector<const onnx::SparseTensorProto*> sparse_initialisers_;
    std::deque<onnx::NodeProto> made_;  ///< Nodes that are not the file's own.
    std::deque<onnx::TensorProto> made_initialisers_;
    std::set<std::string> taken_;     ///< Names of values, those inside sub-graphs that were renamed included.
    std::set<std::string> reserved_;  ///< Of them, those inside sub-graphs: free for the sub-graph itself.
    std::map<std::string, int> suffixes_;
    std::size_t appended_ = 0;  ///< Nodes that came from functions.
};

/// Names of outer values that the sub-graphs of `node` read, at any depth (and maybe some that they define themselves).
void names_read_inside(const onnx::NodeProto& node, std::set<std::string>& names);

}  // namespace weft
