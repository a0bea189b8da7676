// hls_lint.cpp
// The checks of emitted HLS text.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/hls_lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "src/design/dsp.h"
#include "src/design/identifier.h"
#include "src/emit/cpp_tokens.h"

namespace weft {

namespace {

using Tokens = std::vector<CppToken>;

const std::set<std::string, std::less<>> not_synthesised{"new", "delete", "virtual", "throw", "try",    "goto",    "dynamic_cast",
                                                         "std", "malloc", "printf",  "union", "thread", "mutable", "volatile"};

bool judged(std::string_view path) {
    return (path.ends_with(".cpp") || path.ends_with(".hpp")) && path.find("csim/") == std::string_view::npos &&
           !path.ends_with("testbench.cpp");
}

struct Use {
    bool reads = false;
    bool writes = false;
};

class Lint {
public:
    Lint(const HlsProject& project, const HlsLimits& limits) : limits_(limits) {
        for (const ProjectFile& file : project.files) {
            if (!judged(file.path)) continue;
            files_.push_back({file.path, cpp_tokens(file.text), {}});
            files_.back().functions = cpp_functions(files_.back().tokens);
        }
        for (const File& file : files_) {
            for (const CppFunction& function : file.functions) by_name_[function.name].push_back(&function);
            for (std::size_t i = 0; i + 2 < file.tokens.size(); ++i) {
                if (!file.tokens[i].is("typedef")) continue;
                std::string type;
                std::size_t end = i + 1;
                for (; end + 1 < file.tokens.size() && !file.tokens[end + 1].is(";"); ++end)
                    type += (type.empty() ? "" : " ") + file.tokens[end].text;
                typedefs_.emplace(file.tokens[end].text, type);
            }
        }
    }

    std::vector<std::string> run() {
        std::int64_t numbers = 0;
        for (const File& file : files_) {
            file_ = &file;
            numbers += check_tokens(file.tokens);
            for (const CppFunction& function : file.functions) check_function(function);
        }
        if (numbers > limits_.initialiser_tokens)
            found_.push_back(fmt::format("project: {} numbers in initialisers, more than {}", numbers, limits_.initialiser_tokens));
        return std::move(found_);
    }

private:
    struct File {
        std::string path;
        Tokens tokens;
        std::vector<CppFunction> functions;
    };

    void report(int line, std::string_view function, const std::string& what) {
        found_.push_back(fmt::format("{}:{}: {}{}{}", file_->path, line, function, function.empty() ? "" : ": ", what));
    }

    /// Widths, sizes of unrolling, forbidden words. Returns the numbers in initialisers.
    std::int64_t check_tokens(const Tokens& tokens) {
        std::int64_t numbers = 0;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const CppToken& token = tokens[i];
            if (token.kind == CppToken::Kind::word && not_synthesised.contains(token.text))
                report(token.line, "", fmt::format("`{}` is not synthesised", token.text));
            if ((token.is("ap_int") || token.is("ap_uint")) && i + 3 < tokens.size() && tokens[i + 1].is("<") && tokens[i + 3].is(">") &&
                tokens[i + 2].kind == CppToken::Kind::number && std::stoll(tokens[i + 2].text) > limits_.ap_bits)
                report(token.line, "", fmt::format("{}<{}> is wider than {} bits", token.text, tokens[i + 2].text, limits_.ap_bits));
            if (token.is("{") && i > 0 && tokens[i - 1].is("=")) {
                const std::size_t end = behind_bracket(tokens, i);
                for (; i < end; ++i) numbers += tokens[i].kind == CppToken::Kind::number;
                --i;
            }
        }
        return numbers;
    }

    void check_function(const CppFunction& function) {
        check_name(function.line, function.name, function.name);
        for (const CppParameter& parameter : function.parameters) check_name(function.line, function.name, parameter.name);
        const Tokens& body = function.body;
        for (std::size_t i = 0; i + 1 < body.size(); ++i)
            if (body[i].is("static") && !body[i + 1].is("const")) report(body[i].line, function.name, "static state in a function");
        if (std::any_of(body.begin(), body.end(), [](const CppToken& token) {
                return token.kind == CppToken::Kind::pragma && token.text.starts_with("HLS DATAFLOW");
            })) {
            check_region(function);
        } else if (!function.is_constexpr) {
            check_loops(function);
            check_unrolling(function);
            check_chains(function);
        }
    }

    void check_name(int line, std::string_view function, const std::string& name) {
        if (to_identifier(name) == name + "_0") report(line, function, fmt::format("`{}` is no name that C++ and Verilog both take", name));
    }

    void check_loops(const CppFunction& function) {
        const Tokens& body = function.body;
        int pipelined = 0, loops = 0;
        for (std::size_t i = 0; i < body.size(); ++i) {
            if (body[i].is("while") || body[i].is("do")) report(body[i].line, function.name, "a loop without a counter");
            if (!body[i].is("for") || i + 1 >= body.size()) continue;
            ++loops;
            std::size_t inside = behind_bracket(body, i + 1);
            const bool block = inside < body.size() && body[inside].is("{");
            const std::string pragma =
                block && inside + 1 < body.size() && body[inside + 1].kind == CppToken::Kind::pragma ? body[inside + 1].text : "";
            if (i + 2 < body.size() && !body[i + 2].is("int")) report(body[i].line, function.name, "a loop counter that is no int");
            if (pragma == "HLS UNROLL") continue;
            if (pragma.starts_with("HLS PIPELINE")) {
                ++pipelined;
                if (pragma != "HLS PIPELINE II=1 style=flp")
                    report(body[i].line, function.name, fmt::format("`#pragma {}` instead of II=1 style=flp", pragma));
                if (depth_at(body, i) != 0)
                    report(body[i].line, function.name, "a pipelined loop that is not the function's outermost statement");
                check_arrays(function, i);
                check_memory(function, Tokens(body.begin() + static_cast<std::ptrdiff_t>(inside),
                                              body.begin() + static_cast<std::ptrdiff_t>(behind_bracket(body, inside))));
                // What follows the loop would run as a step of its own, after every image.
                if (behind_bracket(body, inside) < body.size()) report(body[i].line, function.name, "statements behind the pipelined loop");
                continue;
            }
            report(body[i].line, function.name, "a loop that is neither unrolled nor pipelined");
        }
        if (pipelined > 1) report(function.line, function.name, "more than one pipelined loop");
        if (function.name.ends_with("_unit") && (pipelined != 1 || loops == 0))
            report(function.line, function.name, "a process without a pipelined loop");
    }

    static int depth_at(const Tokens& body, std::size_t at) {
        int depth = 0;
        for (std::size_t i = 0; i < at; ++i) depth += body[i].is("{") ? 1 : body[i].is("}") ? -1 : 0;
        return depth;
    }

    void check_memory(const CppFunction& function, const Tokens& loop) {
        const bool touches = std::any_of(function.parameters.begin(), function.parameters.end(),
                                         [](const CppParameter& parameter) { return parameter.pointer; });
        if (!touches) return;
        for (const CppToken& token : loop)
            if (token.is("if") || token.is("?") || token.is("for"))
                report(token.line, function.name, "a burst that is not plain and unconditional");
    }

    /// The arrays that are declared before the loop at `loop`, whose iterations pass values to each other through them.
    void check_arrays(const CppFunction& function, std::size_t loop) {
        const Tokens& body = function.body;
        std::set<std::string> memories;
        std::size_t statement = 0;
        for (std::size_t i = 0; i < loop; ++i) {
            if (body[i].kind == CppToken::Kind::pragma || body[i].is(";") || body[i].is("}")) statement = i + 1;
            if (!body[i].is("[") || i < 1 || body[statement].is("const") || body[statement].is("static")) continue;
            const std::string& name = body[i - 1].text;
            int dimensions = 0;
            for (; i < loop && body[i].is("["); i = behind_bracket(body, i)) ++dimensions;
            if (!body[i].is(";")) continue;
            if (!in_registers(body, name, dimensions)) memories.insert(name);
            statement = i + 1;
        }
        std::set<std::string> told;
        for (const CppToken& token : body) {
            if (token.kind != CppToken::Kind::pragma || !token.text.starts_with("HLS DEPENDENCE")) continue;
            const std::string name = option(token.text, "variable"), distance = option(token.text, "distance");
            if (token.text != fmt::format("HLS DEPENDENCE variable={} type=inter direction=RAW distance={} dependent=true", name, distance))
                report(token.line, function.name,
                       fmt::format("`#pragma {}` instead of variable=NAME type=inter direction=RAW distance=N dependent=true", token.text));
            if (!memories.contains(name)) report(token.line, function.name, fmt::format("`{}` is no memory around the loop", name));
            told.insert(name);
        }
        for (const std::string& name : memories)
            if (!told.contains(name))
                report(body[loop].line, function.name,
                       fmt::format("nothing says how many iterations after a write `{}` is read: a DEPENDENCE pragma, or registers", name));
    }

    /// What stands behind `name=` in a pragma.
    static std::string option(const std::string& pragma, const std::string& name) {
        const std::size_t at = pragma.find(" " + name + "=");
        if (at == std::string::npos) return "";
        const std::size_t begin = at + name.size() + 2;
        return pragma.substr(begin, pragma.find(' ', begin) - begin);
    }

    static bool in_registers(const Tokens& body, const std::string& name, int dimensions) {
        std::set<std::string> apart;
        for (const CppToken& token : body)
            if (token.kind == CppToken::Kind::pragma && option(token.text, "variable") == name && token.text.ends_with(" complete") &&
                (token.text.starts_with("HLS ARRAY_PARTITION") || token.text.starts_with("HLS ARRAY_RESHAPE")))
                apart.insert(option(token.text, "dim"));
        return apart.contains("0") || static_cast<int>(apart.size()) == dimensions;
    }

    void check_chains(const CppFunction& function) {
        const Tokens& body = function.body;
        for (std::size_t i = 0; i + 1 < body.size(); ++i) {
            if (!body[i].is("for")) continue;
            const std::size_t begin = behind_bracket(body, i + 1);
            const std::size_t end = begin < body.size() ? behind_bracket(body, begin) : begin;
            const auto has = [&](std::string_view pragma) {
                for (std::size_t k = begin + 1; k < end && body[k].kind == CppToken::Kind::pragma; ++k)
                    if (body[k].text == pragma) return true;
                return false;
            };
            if (!has("HLS UNROLL")) continue;
            for (std::size_t k = begin; k < end; ++k) {
                // A sum in a loop further in is that loop's.
                while (k < end && body[k].is("for")) k = behind_bracket(body, behind_bracket(body, k + 1));
                if (k >= end || !body[k].is("+=")) continue;
                Tokens sum;
                for (++k; k < end && !body[k].is(";"); ++k) sum.push_back(body[k]);
                check_chain(function, sum, has("HLS EXPRESSION_BALANCE off"));
            }
        }
    }

    /// `sum` is what an unrolled loop adds in each of its iterations.
    void check_chain(const CppFunction& function, const Tokens& sum, bool unbalanced) {
        std::vector<Tokens> factors(1);
        int depth = 0;
        for (const CppToken& token : sum) {
            depth += token.is("(") || token.is("[") ? 1 : token.is(")") || token.is("]") ? -1 : 0;
            if (depth == 0 && token.is("*")) {
                factors.emplace_back();
            } else {
                factors.back().push_back(token);
            }
        }
        if (factors.size() < 2) return;
        std::set<std::string> widths;
        for (const Tokens& factor : factors) {
            std::string type;
            for (std::size_t i = 0; i < factor.size() && !factor[i].is("("); ++i) type += (type.empty() ? "" : " ") + factor[i].text;
            widths.insert(type_of(type));
        }
        const auto of_cell = [&](const DspCell* cell) {
            return widths ==
                   std::set<std::string>{fmt::format("ap_int<{}>", cell->narrow_bits), fmt::format("ap_int<{}>", cell->wide_bits)};
        };
        if (std::none_of(std::begin(dsp_cells), std::end(dsp_cells), of_cell))
            report(sum.front().line, function.name, "a product of a chain whose factors are not the operands of one DSP");
        if (!unbalanced) report(sum.front().line, function.name, "a chain of products without EXPRESSION_BALANCE off");
    }

    /// The emitter writes each parameter's name behind its value: those that multiply up to what one output unrolls.
    void check_unrolling(const CppFunction& function) {
        std::int64_t product = 1;
        for (const CppToken& token : function.body)
            if (token.kind == CppToken::Kind::number &&
                (token.note == "Lanes" || token.note == "TapsPerBeat" || token.note == "Multiplier"))
                product *= std::max<std::int64_t>(1, std::stoll(token.text));
        if (product > limits_.unrolled_elements)
            report(function.line, function.name,
                   fmt::format("{} elements a beat, more than {} unrolled in one function", product, limits_.unrolled_elements));
    }

    std::string type_of(const std::string& type, int depth = 0) const {
        std::string result;
        std::size_t i = 0;
        while (i < type.size()) {
            const std::size_t end = std::min(type.size(), type.find(' ', i));
            const std::string word = type.substr(i, end - i);
            const auto at = typedefs_.find(word);
            // A typedef of a template may name itself: `typedef typename T::element element`.
            result += at == typedefs_.end() || depth > 8 ? word : type_of(at->second, depth + 1);
            i = end + 1;
        }
        return result;
    }

    /// What becomes of the parameter `name` in the function.
    Use use_of(const CppFunction& function, const std::string& name, std::set<std::pair<const CppFunction*, std::string>>& seen) const {
        Use use;
        if (!seen.emplace(&function, name).second) return use;
        const Tokens& body = function.body;
        for (std::size_t i = 0; i < body.size(); ++i) {
            if (body[i].kind == CppToken::Kind::word && body[i].is(name) && i + 2 < body.size()) {
                const bool member = body[i + 1].is(".");
                use.reads = use.reads || (member && (body[i + 2].is("read") || body[i + 2].is("read_nb")));
                use.writes = use.writes || (member && (body[i + 2].is("write") || body[i + 2].is("write_nb"))) || body[i + 1].is("<<");
            }
            if (!body[i].is("(") || i == 0) continue;
            const std::vector<Tokens> parts = bracket_parts(body, i);
            for (std::size_t position = 0; position < parts.size(); ++position) {
                if (parts[position].empty() || !parts[position].front().is(name) || parts[position].size() > 2) continue;
                for (const auto& [callee, parameter] : targets(called(body, i), position)) {
                    const Use inner = use_of(*callee, parameter, seen);
                    use.reads = use.reads || inner.reads;
                    use.writes = use.writes || inner.writes;
                }
            }
        }
        return use;
    }

    /// The name in front of the bracket at `open`, behind it any template arguments.
    static std::string called(const Tokens& tokens, std::size_t open) {
        std::size_t i = open;
        if (i > 0 && tokens[i - 1].is(">")) {
            int depth = 0;
            while (i > 0) {
                --i;
                depth += tokens[i].is(">") ? 1 : tokens[i].is("<") ? -1 : 0;
                if (depth == 0) break;
            }
        }
        return i > 0 && tokens[i - 1].kind == CppToken::Kind::word ? tokens[i - 1].text : "";
    }

    /// Functions of that name, and their parameter that takes the argument at `position`.
    std::vector<std::pair<const CppFunction*, std::string>> targets(const std::string& name, std::size_t position) const {
        std::vector<std::pair<const CppFunction*, std::string>> list;
        const auto at = by_name_.find(name);
        if (at == by_name_.end()) return list;
        for (const CppFunction* function : at->second) {
            const auto& parameters = function->parameters;
            if (position < parameters.size()) {
                list.emplace_back(function, parameters[position].name);
            } else if (!parameters.empty() && parameters.back().pack) {
                list.emplace_back(function, parameters.back().name);
            }
        }
        return list;
    }

    void check_region(const CppFunction& region) {
        const Tokens& body = region.body;
        std::map<std::string, std::string> streams;  // name -> type of a reference to it
        std::map<std::string, std::array<std::vector<std::string>, 2>> ends;
        std::map<std::string, std::vector<std::string>> pointers;
        std::size_t begin = 0;
        while (begin < body.size()) {
            if (body[begin].kind == CppToken::Kind::pragma) {
                const CppToken& pragma = body[begin];
                if (pragma.text.starts_with("HLS INTERFACE m_axi") && option(pragma.text, "depth").empty())
                    report(pragma.line, region.name, fmt::format("port `{}` without a depth", option(pragma.text, "port")));
                ++begin;
                continue;
            }
            std::size_t end = begin;
            while (end < body.size() && !body[end].is(";") && !body[end].is("{")) ++end;
            if (end == body.size() || body[end].is("{")) {
                report(body[begin].line, region.name, "a statement that is no declaration and no process call");
                return;
            }
            const Tokens statement(body.begin() + static_cast<std::ptrdiff_t>(begin), body.begin() + static_cast<std::ptrdiff_t>(end));
            if (statement.front().is("hls")) {
                declare(region, statement, streams);
            } else {
                call(region, statement, streams, ends, pointers);
            }
            begin = end + 1;
        }
        for (const auto& [name, type] : streams) {
            const auto& [writers, readers] = ends[name];
            if (writers.size() != 1) report(region.line, region.name, fmt::format("stream `{}` has {} writers", name, writers.size()));
            if (readers.size() != 1) report(region.line, region.name, fmt::format("stream `{}` has {} readers", name, readers.size()));
        }
        for (const auto& [name, users] : pointers)
            if (users.size() != 1) report(region.line, region.name, fmt::format("`{}` is used by {} processes", name, users.size()));
    }

    /// `hls::stream<T, depth> name("name")`
    void declare(const CppFunction& region, const Tokens& statement, std::map<std::string, std::string>& streams) {
        const std::size_t n = statement.size();
        const int line = statement.front().line;
        if (n < 9 || !statement[2].is("stream") || !statement[n - 1].is(")") || statement[n - 2].kind != CppToken::Kind::text ||
            !statement[n - 5].is(">") || statement[n - 6].kind != CppToken::Kind::number || !statement[n - 7].is(",")) {
            report(line, region.name, "a stream that is not declared as hls::stream<type, depth> name(\"name\")");
            return;
        }
        const std::string& name = statement[n - 4].text;
        check_name(line, region.name, name);
        if (statement[n - 2].text != "\"" + name + "\"") report(line, region.name, fmt::format("stream `{}` carries another name", name));
        std::string type;
        for (std::size_t i = 0; i < n - 7; ++i) type += (type.empty() ? "" : " ") + statement[i].text;
        if (!streams.emplace(name, type_of(type + " >")).second)
            report(line, region.name, fmt::format("stream `{}` is declared twice", name));
    }

    void call(const CppFunction& region, Tokens statement, const std::map<std::string, std::string>& streams,
              std::map<std::string, std::array<std::vector<std::string>, 2>>& ends,
              std::map<std::string, std::vector<std::string>>& pointers) {
        if (statement.front().is("WEFT_PROCESS") && statement.size() > 3) statement = Tokens(statement.begin() + 2, statement.end() - 1);
        const int line = statement.front().line;
        const std::string process = statement.front().text;
        if (statement.size() < 3 || statement[0].kind != CppToken::Kind::word || !statement[1].is("(") ||
            behind_bracket(statement, 1) != statement.size()) {
            report(line, region.name, "a statement that is no declaration and no process call");
            return;
        }
        const auto named = [&](const CppFunction& candidate) { return candidate.name == process; };
        const auto callee = std::find_if(file_->functions.begin(), file_->functions.end(), named);
        if (std::count_if(file_->functions.begin(), file_->functions.end(), named) != 1) {
            report(line, region.name, fmt::format("`{}` is not one function of the file", process));
            return;
        }
        const CppFunction& function = *callee;
        const std::vector<Tokens> arguments = bracket_parts(statement, 1);
        if (arguments.size() != function.parameters.size())
            report(line, region.name, fmt::format("`{}` takes {} arguments", process, function.parameters.size()));
        for (std::size_t i = 0; i < std::min(arguments.size(), function.parameters.size()); ++i) {
            const CppParameter& parameter = function.parameters[i];
            if (arguments[i].size() != 1 || arguments[i].front().kind != CppToken::Kind::word) {
                report(line, region.name, fmt::format("an argument of `{}` is not a plain name", process));
                continue;
            }
            const std::string& name = arguments[i].front().text;
            const auto stream = streams.find(name);
            if (stream == streams.end()) {
                const auto own =
                    std::find_if(region.parameters.begin(), region.parameters.end(), [&](const CppParameter& p) { return p.name == name; });
                if (own == region.parameters.end()) {
                    report(line, region.name, fmt::format("`{}` is neither a stream nor a parameter", name));
                } else if (type_of(own->type) != type_of(parameter.type)) {
                    report(line, region.name, fmt::format("`{}` is converted for `{}`", name, process));
                } else if (own->pointer) {
                    pointers[name].push_back(process);
                }
                continue;
            }
            if (type_of(parameter.type) != stream->second)
                report(line, region.name, fmt::format("stream `{}` is not of the type that `{}` takes", name, process));
            std::set<std::pair<const CppFunction*, std::string>> seen;
            const Use use = use_of(function, parameter.name, seen);
            if (use.writes) ends[name][0].push_back(process);
            if (use.reads) ends[name][1].push_back(process);
        }
    }

    const HlsLimits& limits_;
    std::vector<File> files_;
    std::map<std::string, std::vector<const CppFunction*>> by_name_;
    std::map<std::string, std::string> typedefs_;
    std::vector<std::string> found_;
    const File* file_ = nullptr;
};

}  // namespace

std::vector<std::string> lint_hls(const HlsProject& project, const HlsLimits& limits) { return Lint(project, limits).run(); }

}  // namespace weft
