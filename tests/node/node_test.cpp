// node_test.cpp
// The standard's own tests of single nodes (Debian's libonnx-testdata): every one whose operators weft has passes, or is listed in
// refused.txt with the reason.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "src/engines/evaluate.h"
#include "src/graph/op_def.h"
#include "src/onnx/import.h"
#include "src/onnx/tensor_proto.h"
#include "tests/paths.h"

namespace weft {
namespace {

using std::filesystem::path;

path node_tests_folder() {
    const char* folder = std::getenv("WEFT_ONNX_TESTDATA");
    return path(folder ? folder : "/usr/share/libonnx-testdata/data") / "node";
}

template <class Message>
bool read_message(const path& file, Message& message) {
    std::ifstream stream(file, std::ios::binary);
    return stream && message.ParseFromIstream(&stream);
}

/// The tests that are not expected to pass, with the reasons: `test_name  reason` a line.
std::map<std::string, std::string> read_table(const path& file) {
    std::map<std::string, std::string> table;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        const std::size_t end = line.find(' ');
        if (line.empty() || line[0] == '#') continue;
        const std::size_t reason = line.find_first_not_of(' ', end);
        EXPECT_NE(reason, std::string::npos) << line << ": a reason is missing";
        if (reason == std::string::npos) continue;
        EXPECT_TRUE(table.emplace(line.substr(0, end), line.substr(reason)).second) << line << ": listed twice";
    }
    return table;
}

bool is_ours(const onnx::ModelProto& model) {
    return std::all_of(model.graph().node().begin(), model.graph().node().end(), [](const onnx::NodeProto& node) {
        const OpDef* op = find_op(node.domain(), node.op_type());
        return op && !op->refusal;
    });
}

bool is_half(const onnx::ValueInfoProto& info) {
    const int type = info.type().tensor_type().elem_type();
    return type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
}

/// Empty if equal within the standard's tolerance, else the first difference.
std::string compare(const Tensor& found, const Tensor& wanted, double tolerance) {
    if (is_float(found.type()) != is_float(wanted.type()) || (!is_float(found.type()) && found.type() != wanted.type())) {
        return fmt::format("type {} instead of {}", to_string(found.type()), to_string(wanted.type()));
    }
    if (found.shape() != wanted.shape()) return fmt::format("shape {} instead of {}", to_string(found.shape()), to_string(wanted.shape()));
    for (std::int64_t i = 0; i < wanted.size(); ++i) {
        const double a = found.at(i), b = wanted.at(i);
        const bool equal = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-7 + tolerance * std::abs(b);
        if (!equal) return fmt::format("element {} is {} instead of {}", i, a, b);
    }
    return {};
}

class NodeTest {
public:
    NodeTest(path folder, const onnx::ModelProto& model) : folder_(std::move(folder)), model_(model) {}

    /// Empty if every data set passes in float32 and in float64, else why not.
    std::string run() {
        for (int set = 0;; ++set) {
            const path data = folder_ / fmt::format("test_data_set_{}", set);
            if (!std::filesystem::exists(data)) return set == 0 ? "no data" : "";
            if (std::string reason = read(data); !reason.empty()) return reason;
            // What an exporter writes as a constant is an input here: a shape, a scale, axes. The first input alone is computed at run
            // time, unless its elements decide the output's shape.
            std::string reason = evaluate(1);
            if (!reason.empty() && refused_) reason = evaluate(0);
            if (!reason.empty()) return reason;
        }
    }

private:
    static Result<Tensor> read_tensor(const path& file) {
        onnx::TensorProto proto;
        if (!read_message(file, proto)) return Diagnostic{.reason = "an input or output is no tensor"};
        return tensor_from_proto(proto, ExternalData(file.parent_path()));
    }

    std::string read(const path& data) {
        inputs_.clear();
        outputs_.clear();
        const auto read_all = [&](const auto& values, const char* kind, std::vector<Tensor>& tensors) -> std::string {
            for (int i = 0; i < values.size(); ++i) {
                if (!values[i].type().has_tensor_type()) return "an input or output is no tensor";
                auto tensor = read_tensor(data / fmt::format("{}_{}.pb", kind, i));
                if (!tensor) return tensor.error().front().reason;
                tensors.push_back(*std::move(tensor));
            }
            return {};
        };
        std::string reason = read_all(model_.graph().input(), "input", inputs_);
        return reason.empty() ? read_all(model_.graph().output(), "output", outputs_) : reason;
    }

    /// Inputs from `first_constant` on become initialisers.
    std::string evaluate(std::size_t first_constant) {
        onnx::ModelProto model = model_;
        for (std::size_t i = first_constant; i < inputs_.size(); ++i) {
            *model.mutable_graph()->add_initializer() = tensor_to_proto(inputs_[i], model.graph().input(static_cast<int>(i)).name());
        }
        const path file = scratch_ / "model.onnx";
        std::ofstream(file, std::ios::binary) << model.SerializeAsString();
        auto imported = import_model(file, {.shapes = {}, .keep_shapes = true});
        refused_ = !imported;
        if (!imported) return imported.error().front().reason;
        const std::size_t given = std::min(first_constant, inputs_.size());
        for (const DataType precision : {DataType::float32, DataType::float64}) {
            std::vector<Tensor> tensors(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(given));
            const auto found = Evaluator(imported->graph, precision).run(tensors);
            if (!found) return found.error().front().reason;
            for (std::size_t i = 0; i < outputs_.size(); ++i) {
                const double tolerance = is_half(model_.graph().output(static_cast<int>(i))) ? 2e-3 : 1e-5;
                const std::string difference = compare((*found)[i], outputs_[i], tolerance);
                if (!difference.empty()) return fmt::format("output {} in {}: {}", i, to_string(precision), difference);
            }
        }
        return {};
    }

    path folder_;
    const onnx::ModelProto& model_;
    test::TemporaryFolder scratch_;
    std::vector<Tensor> inputs_;
    std::vector<Tensor> outputs_;
    bool refused_ = false;
};

TEST(StandardNodes, PassOrAreListedWithTheReason) {
    WEFT_REQUIRE_PATH(node_tests_folder());
    auto table = read_table(test::source_folder() / "tests/node/refused.txt");
    std::set<path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(node_tests_folder())) folders.insert(entry.path());
    int passed = 0, refused = 0;
    for (const path& folder : folders) {
        const std::string name = folder.filename();
        onnx::ModelProto model;
        if (!read_message(folder / "model.onnx", model) || !is_ours(model)) continue;
        const std::string reason = NodeTest(folder, model).run();
        const auto listed = table.find(name);
        if (reason.empty()) {
            ++passed;
            EXPECT_TRUE(listed == table.end()) << name << " passes: take it out of refused.txt";
        } else {
            ++refused;
            EXPECT_TRUE(listed != table.end()) << name << "  " << reason;
        }
        if (listed != table.end()) table.erase(listed);
    }
    for (const auto& [name, reason] : table) ADD_FAILURE() << name << " is listed but is no test of an operator that weft has";
    EXPECT_GT(passed, 300);
    fmt::print("{} standard node tests pass, {} are refused\n", passed, refused);
}

}  // namespace
}  // namespace weft
