// parse.cpp
// Reads the text form of graphs that print.cpp writes.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "src/graph/graph.h"
#include "src/graph/op_def.h"

namespace weft {

namespace {

/// Takes one line apart. The first thing that is not as expected is kept as the failure; all that follows yields defaults.
class LineReader {
public:
    explicit LineReader(std::string_view text) : rest_(text) {}

    const std::string& failure() const { return failure_; }
    void fail(std::string reason, Made = std::source_location::current()) {
        if (failure_.empty()) failure_ = std::move(reason);
    }

    bool at_end() {
        skip_blanks();
        return rest_.empty() || !failure_.empty();
    }
    /// Takes `token` if it comes next.
    bool take(std::string_view token) {
        skip_blanks();
        if (!failure_.empty() || !rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    void expect(std::string_view token) {
        if (!take(token)) fail(fmt::format("'{}' is missing before '{}'", token, rest_.substr(0, 20)));
    }
    /// Letters, digits and `extra` characters.
    std::string word(std::string_view extra = "") {
        skip_blanks();
        std::size_t length = 0;
        while (length < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[length])) || rest_[length] == '_' ||
                                         extra.find(rest_[length]) != extra.npos)) {
            ++length;
        }
        if (length == 0) fail(fmt::format("a word is missing before '{}'", rest_.substr(0, 20)));
        return take_prefix(length);
    }
    std::string quoted() {
        expect("\"");
        std::string text;
        while (failure_.empty()) {
            if (rest_.empty()) {
                fail("a name does not end");
            } else if (take_char('"')) {
                break;
            } else if (!take_char('\\')) {
                text += rest_[0];
                rest_.remove_prefix(1);
            } else if (!take_char('x')) {
                text += take_prefix(1);
            } else {
                int code = 0;
                const std::string digits = take_prefix(2);
                if (std::from_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr != digits.data() + 2)
                    fail("a \\x is wrong");
                text += static_cast<char>(code);
            }
        }
        return text;
    }
    template <class T>
    T number() {
        skip_blanks();
        T value{};
        if (!failure_.empty()) return value;
        const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (code != std::errc()) fail(fmt::format("a number is missing before '{}'", rest_.substr(0, 20)));
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    template <class T>
    std::vector<T> list() {
        std::vector<T> elements;
        expect("[");
        if (take("]")) return elements;
        do elements.push_back(number<T>());
        while (take(","));
        expect("]");
        return elements;
    }

private:
    void skip_blanks() {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }
    bool take_char(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string take_prefix(std::size_t length) {
        std::string text(rest_.substr(0, length));
        rest_.remove_prefix(std::min(length, rest_.size()));
        return text;
    }

    std::string_view rest_;
    std::string failure_;
};

class Parser {
public:
    explicit Parser(const ConstantTable& constants) : constants_(constants) {}

    void line(LineReader& line) {
        if (line.take("graph")) {
            graph_.name = line.quoted();
            graph_.batched = line.take("batched");
        } else if (line.take("input")) {
            if (Value* value = typed_value(line)) graph_.inputs.push_back(value);
        } else if (line.take("constant")) {
            if (Value* value = typed_value(line)) value->constant = constant(line, value);
        } else if (line.take("node")) {
            node(line);
        } else if (line.take("output")) {
            if (Value* value = known_value(line)) graph_.outputs.push_back(value);
        } else if (!line.at_end()) {
            line.fail("the line begins with none of graph, input, constant, node, output");
        }
        if (!line.at_end()) line.fail("there is more on the line than belongs there");
    }
    Graph take() { return std::move(graph_); }

private:
    Value* known_value(LineReader& line) {
        const std::string name = line.quoted();
        Value* value = graph_.find(name);
        if (!value) line.fail(fmt::format("the value '{}' is not defined above", name));
        return value;
    }

    IntegerType integer_type(LineReader& line) {
        IntegerType type;
        line.expect("{min");
        type.min = line.number<std::int64_t>();
        line.expect(", max");
        type.max = line.number<std::int64_t>();
        line.expect(", step");
        type.step = line.number<std::int64_t>();
        line.expect(", axis");
        type.axis = line.number<int>();
        line.expect(", scale");
        type.scale = line.list<double>();
        line.expect(", zero");
        type.zero_point = line.list<std::int64_t>();
        line.expect("}");
        return type;
    }

    Value* typed_value(LineReader& line) {
        std::string name = line.quoted();
        const std::string type_name = line.word();
        const std::optional<DataType> type = find_data_type(type_name);
        if (!type) line.fail(fmt::format("'{}' is not an element type", type_name));
        Shape shape = line.list<std::int64_t>();
        if (!checked_element_count(shape)) line.fail("the shape is absurd");
        if (graph_.find(name)) line.fail(fmt::format("the value '{}' is defined twice", name));
        if (!line.failure().empty()) return nullptr;
        Value* value = graph_.add_value(std::move(name), *type, std::move(shape));
        if (line.take("integer")) value->integer = integer_type(line);
        return value;
    }

    std::shared_ptr<const Tensor> constant(LineReader& line, const Value* value) {
        const std::string key = line.word();
        const auto at = constants_.find(key);
        if (at == constants_.end()) {
            line.fail(fmt::format("the constant {} is not in the table", key));
            return nullptr;
        }
        if (value && (at->second->type() != value->type || at->second->shape() != value->shape))
            line.fail("the constant has another type or shape");
        return at->second;
    }

    Attribute attribute(LineReader& line) {
        if (line.take("ints")) return line.list<std::int64_t>();
        if (line.take("int")) return line.number<std::int64_t>();
        if (line.take("reals")) return line.list<double>();
        if (line.take("real")) return line.number<double>();
        if (line.take("text")) return line.quoted();
        line.expect("tensor");
        const auto tensor = constant(line, nullptr);
        return tensor ? *tensor : Tensor();
    }

    void node(LineReader& line) {
        std::string name = line.quoted();
        std::string domain;
        std::string op_name = line.word(".");
        if (line.take(":")) {
            domain = std::move(op_name);
            op_name = line.word();
        }
        line.expect("@");
        const int opset = line.number<int>();
        const OpDef* op = find_op(domain, op_name);
        if (!op) line.fail(fmt::format("the operator {} is not known", op_name));
        const auto comma_or = [&](bool first) { return first || line.take(","); };
        std::vector<Value*> inputs;
        line.expect("(");
        for (bool first = true; !line.take(")") && line.failure().empty(); first = false) {
            if (!comma_or(first)) line.fail("a comma is missing");
            inputs.push_back(line.take("_") ? nullptr : known_value(line));
        }
        std::vector<Value*> outputs;
        line.expect("->");
        line.expect("(");
        for (bool first = true; !line.take(")") && line.failure().empty(); first = false) {
            if (!comma_or(first)) line.fail("a comma is missing");
            outputs.push_back(line.take("_") ? nullptr : typed_value(line));
        }
        Attributes attributes;
        if (line.take("{")) {
            for (bool first = true; !line.take("}") && line.failure().empty(); first = false) {
                if (!comma_or(first)) line.fail("a comma is missing");
                std::string attribute_name = line.word();
                line.expect("=");
                attributes.set(std::move(attribute_name), attribute(line));
            }
        }
        if (line.failure().empty())
            graph_.add_node(*op, std::move(name), opset, std::move(inputs), std::move(outputs), std::move(attributes));
    }

    const ConstantTable& constants_;
    Graph graph_;
};

}  // namespace

Result<Graph> parse(std::string_view text, const ConstantTable& constants) {
    Parser parser(constants);
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view line_text = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line_text.size() + 1, text.size()));
        LineReader line(line_text);
        parser.line(line);
        if (line.failure().empty()) continue;
        return Diagnostic{Severity::error, "", "", fmt::format("line {} of the graph's text: {}", number, line.failure()),
                          "give the text and the constants as they were written"};
    }
    return parser.take();
}

}  // namespace weft
