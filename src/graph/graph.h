// graph.h
// Graph: what the ONNX file says. Named values joined by nodes; the first of weft's two intermediate representations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/diagnostic.h"
#include "src/graph/attribute.h"
#include "src/graph/integer_type.h"
#include "src/graph/tensor.h"

namespace weft {

struct OpDef;
struct Node;

/// A named tensor of the graph: a graph input, a constant, or the output of a node.
struct Value {
    std::string name;
    DataType type = DataType::float32;
    Shape shape;                             ///< Known and positive after import; the batch dimension, where there is one, is 1.
    std::shared_ptr<const Tensor> constant;  ///< The elements of a constant; null otherwise.
    /// Set by the typing passes: this float value only takes the reals that the integer type stands for.
    std::optional<IntegerType> integer;
    /// Where `integer` is set: the name in out/model.onnx of the tensor that holds the integers themselves; empty if it holds none.
    std::string integer_tensor;
    Node* producer = nullptr;  ///< Null for graph inputs and constants.
    /// Name of the value of the user's model in whose stead a pass made this one; empty: it is the user's own. For messages only.
    std::string stands_for;

    const std::string& user_name() const { return stands_for.empty() ? name : stands_for; }
    bool is_constant() const { return constant != nullptr; }
};

/// One operator applied to values. An omitted optional input is a null pointer.
struct Node {
    const OpDef* op = nullptr;
    std::string name;  ///< As in the file: may be empty or shared by several nodes.
    int opset = 0;     ///< Version of the operator set in which `op` is to be understood.
    Attributes attributes;
    std::vector<Value*> inputs;
    std::vector<Value*> outputs;
    /// Key of the node of the user's model that this one is, or in whose stead a pass made it; empty where nobody said. For messages only.
    std::string stands_for;

    bool has_input(std::size_t index) const { return index < inputs.size() && inputs[index] != nullptr; }
    Value* input(std::size_t index) const { return has_input(index) ? inputs[index] : nullptr; }
    Value* output(std::size_t index = 0) const { return outputs[index]; }
};

/// Owns its nodes and values; everyone else holds plain pointers, valid while the graph lives and the node is not removed.
/// Nodes are kept in topological order by `sort`.
class Graph {
public:
    Graph() = default;
    Graph(Graph&&) = default;
    Graph& operator=(Graph&&) = default;
    Graph(const Graph&) = delete;

    std::string name;
    std::vector<Value*> inputs;   ///< Without constants, in the file's order.
    std::vector<Value*> outputs;  ///< In the file's order.
    bool batched = false;         ///< Dimension 0 of every input and output counts independent samples (and is 1 here).

    const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
    /// Values in order of creation.
    const std::deque<std::unique_ptr<Value>>& values() const { return values_; }
    Value* find(std::string_view name) const;

    /// A new value; the name must not be taken (`unique_name` makes one).
    Value* add_value(std::string name, DataType type, Shape shape);
    Value* add_constant(std::string name, Tensor tensor);
    /// A new node at the end of the order; sets the producer of its outputs. Call `sort` when inputs come later in the order.
    Node* add_node(const OpDef& op, std::string name, int opset, std::vector<Value*> inputs, std::vector<Value*> outputs,
                   Attributes attributes = {});
    /// `wanted`, or `wanted` with a number behind it that makes it unique among the values.
    std::string unique_name(std::string_view wanted) const;

    /// The new name must not be taken.
    void rename(Value* value, std::string name);
    /// Removes a node; its outputs become producerless and must no longer be read.
    void remove(Node* node);
    /// Every reader of `from`, and every graph output that is `from`, gets `to` instead.
    void replace_uses(Value* from, Value* to);
    /// Nodes that read `value`, each once, in order.
    std::vector<Node*> readers(const Value* value) const;
    bool is_output(const Value* value) const;
    /// Removes nodes whose outputs nobody reads, and values without producer, reader or role.
    void remove_dead();
    /// Topological order, stable; an error names a node on a cycle.
    Status sort();

    /// A node's key in bits and folding files and reports: its name if non-empty and unique, else its first output's name.
    std::string key(const Node* node) const;

    Graph clone() const;

private:
    friend class StandingIn;

    std::vector<std::unique_ptr<Node>> nodes_;
    std::deque<std::unique_ptr<Value>> values_;
    std::map<std::string, Value*, std::less<>> by_name_;
    std::string node_stood_for_;  ///< See StandingIn.
    std::string value_stood_for_;
};

/// While it lives, nodes and values that are added stand for these of the user's model (Node::stands_for, Value::stands_for).
class StandingIn {
public:
    StandingIn(Graph& graph, std::string node, std::string value);
    /// For a node and its first output, as they themselves stand in the user's model.
    StandingIn(Graph& graph, const Node& node);
    ~StandingIn();
    StandingIn(const StandingIn&) = delete;
    StandingIn& operator=(const StandingIn&) = delete;

private:
    Graph& graph_;
    std::string node_;  ///< What held before.
    std::string value_;
};

/// A node in the words of the user's model: the key that it stands for, else its name, else what its first output stands for.
std::string user_name(const Node& node);

/// Structure is sound: every input exists and precedes its reader, names unique, shapes positive, arities within the operator's table.
Status verify(const Graph& graph);

/// Constants by the key that `print` writes for them: 16 hexadecimal digits of a digest of type, shape and elements.
using ConstantTable = std::map<std::string, std::shared_ptr<const Tensor>>;
std::string constant_key(const Tensor& tensor);
/// Every constant that `print` refers to, those in attributes included.
ConstantTable constants_of(const Graph& graph);

/// The re-readable text form: one line a node, constants by key. For dumps and tests.
std::string print(const Graph& graph);
/// Reads what `print` wrote. An error names the line.
Result<Graph> parse(std::string_view text, const ConstantTable& constants);

}  // namespace weft
