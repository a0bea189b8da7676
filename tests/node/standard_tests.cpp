// standard_tests.cpp
// SPDX-License-Identifier: Apache-2.0
#include "tests/node/standard_tests.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "src/graph/evaluate.h"
#include "src/graph/op_def.h"
#include "src/onnx/import.h"
#include "src/onnx/tensor_proto.h"

namespace weft::test {

namespace {

using std::filesystem::path;

constexpr double absolute_tolerance = 1e-7;

/// Results of half precision are rounded to it, and so are the standard's own steps on the way.
double relative_tolerance(const onnx::ValueInfoProto& info) {
    const int type = info.type().tensor_type().elem_type();
    return type == onnx::TensorProto::FLOAT16 ? 2e-3 : type == onnx::TensorProto::BFLOAT16 ? 1e-2 : 1e-5;
}

template <class Message>
bool read_message(const path& file, Message& message) {
    std::ifstream stream(file, std::ios::binary);
    return stream && message.ParseFromIstream(&stream);
}

struct Entry {
    std::string pattern;
    std::string reason;
    int uses = 0;
};

std::vector<Entry> read_table(const path& file, std::vector<std::string>& faults) {
    std::vector<Entry> table;
    std::ifstream stream(file);
    if (!stream) faults.push_back(fmt::format("{}: there is no such table", file.string()));
    for (std::string line; std::getline(stream, line);) {
        if (line.empty() || line[0] == '#') continue;
        const std::size_t end = line.find(' ');
        const std::size_t reason = line.find_first_not_of(' ', end);
        if (reason == std::string::npos)
            faults.push_back(line + ": a reason is missing");
        else
            table.push_back({line.substr(0, end), line.substr(reason, line.find("  #", reason) - reason)});
    }
    return table;
}

std::string key_of(const onnx::NodeProto& node) {
    return node.domain().empty() || node.domain() == "ai.onnx" ? node.op_type() : node.domain() + "." + node.op_type();
}

/// The operators of a test's own graph; empty if weft lacks one of them.
std::set<std::string> operators_of(const onnx::ModelProto& model) {
    std::set<std::string> operators;
    for (const onnx::NodeProto& node : model.graph().node()) {
        const OpDef* op = find_op(node.domain(), node.op_type());
        if (!op || op->refusal) return {};
        operators.insert(key_of(node));
    }
    return operators;
}

/// Empty if equal within the tolerance, else the first difference. In double, real numbers of any type are held as double.
std::string compare(const Tensor& found, const Tensor& wanted, DataType precision, double tolerance) {
    const bool held_as_double = precision == DataType::float64 && is_float(wanted.type());
    const DataType type = held_as_double ? DataType::float64 : wanted.type();
    if (found.type() != type) return fmt::format("type {} instead of {}", to_string(found.type()), to_string(type));
    if (found.shape() != wanted.shape()) return fmt::format("shape {} instead of {}", to_string(found.shape()), to_string(wanted.shape()));
    for (std::int64_t i = 0; i < wanted.size(); ++i) {
        const double a = found.at(i), b = wanted.at(i);
        const bool near = std::isfinite(b) && std::abs(a - b) <= absolute_tolerance + tolerance * std::abs(b);
        const bool equal = a == b || (std::isnan(a) && std::isnan(b)) || near;
        if (!equal) return fmt::format("element {} is {} instead of {}", i, a, b);
    }
    return {};
}

class NodeTest {
public:
    NodeTest(path folder, const onnx::ModelProto& model) : folder_(std::move(folder)), model_(model) {}

    /// Empty if every data set passes in the file's types and in double, else why not.
    std::string run() {
        for (int set = 0;; ++set) {
            const path data = folder_ / fmt::format("test_data_set_{}", set);
            if (!std::filesystem::exists(data)) return set == 0 ? "no data" : "";
            if (std::string reason = read(data); !reason.empty()) return reason;
            std::string reason = evaluate();
            if (!reason.empty()) return reason;
        }
    }

private:
    /// Of a model that there is no data for, because it works on more than tensors.
    std::string said_of_model() const {
        const auto imported = import_model(model_.SerializeAsString(), folder_ / "model.onnx");
        return imported ? "an input or output is no tensor" : imported.error().front().reason;
    }

    std::string read(const path& data) {
        constants_.clear();
        inputs_.clear();
        outputs_.clear();
        const auto read_all = [&](const auto& values, const char* kind, std::vector<Tensor>& tensors) -> std::string {
            for (int i = 0; i < values.size(); ++i) {
                onnx::TensorProto proto;
                if (!values[i].type().has_tensor_type()) return said_of_model();
                if (!read_message(data / fmt::format("{}_{}.pb", kind, i), proto)) return "a data file is missing or damaged";
                auto tensor = tensor_from_proto(proto, ExternalData(data));
                if (!tensor) return tensor.error().front().reason;
                tensors.push_back(*std::move(tensor));
                proto.set_name(values[i].name());
                if (&tensors == &inputs_) constants_.push_back(std::move(proto));
            }
            return {};
        };
        std::string reason = read_all(model_.graph().input(), "input", inputs_);
        return reason.empty() ? read_all(model_.graph().output(), "output", outputs_) : reason;
    }

    /// What an exporter writes as a constant is an input here: a shape, a scale, axes. The first input alone is computed at run time; where
    /// its elements decide the output's shape, what is real; where that is refused too, nothing.
    std::string evaluate() {
        std::vector<bool> behind_first(inputs_.size(), true), integers(inputs_.size()), all(inputs_.size(), true);
        if (!inputs_.empty()) behind_first[0] = false;
        std::transform(inputs_.begin(), inputs_.end(), integers.begin(), [](const Tensor& input) { return !is_float(input.type()); });
        std::string reason;
        for (const auto& constant : {behind_first, integers, all}) {
            bool refused = false;
            reason = evaluate(constant, refused);
            if (!refused) break;
        }
        return reason;
    }

    /// `constant` inputs become initialisers.
    std::string evaluate(const std::vector<bool>& constant, bool& refused) {
        onnx::ModelProto model = model_;
        std::vector<Tensor> given;
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (constant[i])
                *model.mutable_graph()->add_initializer() = constants_[i];
            else
                given.push_back(inputs_[i]);
        }
        const auto imported = import_model(model.SerializeAsString(), folder_ / "model.onnx", {.shapes = {}, .keep_shapes = true});
        refused = !imported;
        if (refused) return imported.error().front().reason;
        for (const DataType precision : {DataType::float32, DataType::float64}) {
            const auto found = Evaluator(imported->graph, precision).run(given);
            if (!found) return found.error().front().reason;
            for (std::size_t i = 0; i < outputs_.size(); ++i) {
                const double tolerance = relative_tolerance(model_.graph().output(static_cast<int>(i)));
                const std::string difference = compare((*found)[i], outputs_[i], precision, tolerance);
                if (!difference.empty()) return fmt::format("output {} in {}: {}", i, to_string(precision), difference);
            }
        }
        return {};
    }

    path folder_;
    const onnx::ModelProto& model_;
    std::vector<onnx::TensorProto> constants_;  ///< The inputs as initialisers.
    std::vector<Tensor> inputs_;
    std::vector<Tensor> outputs_;
};

void add_uses(std::vector<Entry>& table, const std::string& name, const std::string& said, NodeTestReport& report) {
    bool listed = false;
    for (Entry& entry : table) {
        if (fnmatch(entry.pattern.c_str(), name.c_str(), 0) != 0) continue;
        if (said.empty()) {
            report.faults.push_back(fmt::format("{} passes, but is listed by {}", name, entry.pattern));
            return;
        }
        if (said.find(entry.reason) == std::string::npos) continue;
        ++entry.uses;
        listed = true;
    }
    if (!listed && !said.empty()) report.faults.push_back(fmt::format("{}  {}", name, said));
}

}  // namespace

NodeTestReport run_node_tests(const path& tests, const path& table_file) {
    NodeTestReport report;
    std::vector<Entry> table = read_table(table_file, report.faults);
    std::map<std::string, onnx::ModelProto> models;
    for (const auto& folder : std::filesystem::directory_iterator(tests)) {
        onnx::ModelProto model;
        if (read_message(folder.path() / "model.onnx", model)) models.emplace(folder.path().filename(), std::move(model));
    }
    for (const auto& [name, model] : models) {
        const auto base = models.find(name.substr(0, name.find("_expanded")));
        const std::set<std::string> operators = operators_of(base != models.end() ? base->second : model);
        if (operators.empty() && operators_of(model).empty()) continue;
        const std::string said = NodeTest(tests / name, model).run();
        ++(said.empty() ? report.passed : report.refused);
        for (const std::string& op : operators) {
            ++report.counts[op].all;
            if (said.empty()) ++report.counts[op].passed;
        }
        add_uses(table, name, said, report);
    }
    for (const Entry& entry : table)
        if (entry.uses == 0) report.faults.push_back(fmt::format("{} is listed, but matches no test that fails so", entry.pattern));
    return report;
}

std::string counts_text(const TestCounts& counts) {
    std::string text;
    for (const auto& [op, count] : counts) text += fmt::format("{} {} {}\n", op, count.passed, count.all);
    return text;
}

TestCounts read_counts(const path& file) {
    TestCounts counts;
    std::ifstream stream(file);
    std::string op;
    TestCount count;
    while (stream >> op >> count.passed >> count.all) counts[op] = count;
    return counts;
}

}  // namespace weft::test
