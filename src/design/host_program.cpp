// host_program.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/design/host_program.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "src/graph/evaluate.h"
#include "src/graph/node_traits.h"
#include "src/graph/op_def.h"

namespace weft {

std::vector<HostNode> host_nodes(const Graph& model, const std::vector<const Value*>& given, const Value* wanted,
                                 std::set<const Value*>* read) {
    std::vector<HostNode> listed;
    const std::set<const Value*> ends(given.begin(), given.end());
    if (read && ends.count(wanted)) read->insert(wanted);
    for (const Node* node : Evaluator(model, DataType::float64, given, {wanted}).nodes()) {
        for (const Value* input : node->inputs) {
            if (read && ends.count(input)) read->insert(input);
        }
        const OpRole role = node->op->traits.role;
        const bool on_integers = role == OpRole::clip && !is_float(node->output()->type);
        if (role == OpRole::quantize || role == OpRole::dequantize || on_integers) continue;
        listed.push_back({model.key(node), std::string(node->op->name)});
    }
    return listed;
}

namespace {

using Indices = std::vector<std::int32_t>;

Indices spelled_out(const IndexMap& map, std::int64_t elements) {
    if (map) return *map;
    Indices identity(static_cast<std::size_t>(elements));
    std::iota(identity.begin(), identity.end(), 0);
    return identity;
}

bool is_identity(const std::vector<std::int64_t>& map, std::int64_t elements) {
    if (static_cast<std::int64_t>(map.size()) != elements) return false;
    for (std::size_t i = 0; i < map.size(); ++i)
        if (map[i] != static_cast<std::int64_t>(i)) return false;
    return true;
}

/// A step that does one thing to elements i with equal `group[i]` (of `groups`): as runs where the groups follow each other so, else an
/// element at a time. `values` are by group.
HostStep grouped_step(std::string op, const Indices& group, std::vector<std::pair<std::string, std::vector<double>>> values) {
    const std::size_t elements = group.size();
    std::size_t inner = 1, count = 1;
    while (inner < elements && group[inner] == group[0]) ++inner;
    while (count * inner < elements && group[count * inner] != group[0]) ++count;
    bool regular = elements % (count * inner) == 0;
    for (std::size_t i = 0; i < elements && regular; ++i) regular = group[i] == group[i / inner % count * inner];
    if (!regular) {
        inner = 1;
        count = elements;
    }
    HostStep step{std::move(op), static_cast<std::int64_t>(elements / (count * inner)), static_cast<std::int64_t>(count),
                  static_cast<std::int64_t>(inner)};
    for (auto& [name, by_group] : values) {
        std::vector<double> listed;
        if (by_group.size() == 1)
            listed = by_group;
        else
            for (std::size_t i = 0; i < count; ++i) listed.push_back(by_group[static_cast<std::size_t>(group[i * inner])]);
        step.constants.emplace_back(std::move(name), std::move(listed));
    }
    return step;
}

/// The steps of a chain of nodes, and where its elements go.
class ProgramBuilder {
public:
    ProgramBuilder(const Graph& model, const Design& design) : model_(model), design_(design) {}

    Result<HostProgram> build() {
        for (const KernelOutput& output : design_.outputs) {
            WEFT_ASSIGN(const Value* value, find(output.binding));
            received_.push_back(value);
        }
        for (std::size_t i = 0; i < design_.inputs.size(); ++i) {
            WEFT_ASSIGN(const Value* sent, find(design_.inputs[i].binding));
            add_input(i, sent);
        }
        for (const Value* output : model_.outputs) add_output(output);
        return std::move(program_);
    }

private:
    struct Link {
        const Node* node;
        const Value* source;  ///< Its one input that is not known.
        HostStep step;        ///< Of a view with its map.
    };

    Result<const Value*> find(const TensorBinding& binding) const {
        const Value* value = model_.find(binding.tensor);
        if (value) return value;
        return Diagnostic{.tensor = binding.tensor,
                          .reason = "the model does not hold the tensor that the design names",
                          .help = "compile the model again"};
    }

    Shape sample_shape(const Value& value) const {
        const bool batch = model_.batched && !value.shape.empty() && value.shape[0] == 1;
        return {value.shape.begin() + (batch ? 1 : 0), value.shape.end()};
    }

    /// Whether a value is computed from constants alone.
    bool is_known(const Value* value) {
        if (value->is_constant()) return true;
        if (!value->producer) return false;
        const auto [at, fresh] = known_.try_emplace(value, false);
        if (!fresh) return at->second;
        const auto& inputs = value->producer->inputs;
        const bool known = std::ranges::all_of(inputs, [&](const Value* input) { return !input || is_known(input); });
        return known_[value] = known;
    }

    std::optional<Tensor> known_tensor(const Value* value) const {
        auto tensors = Evaluator(model_, DataType::float64, {}, {value}).run({});
        if (!tensors) return std::nullopt;
        return std::move(tensors->front());
    }

    /// A node that the library has, with the one input that is not known.
    std::optional<Link> link(const Node* node) {
        if (!node || node->outputs.size() != 1) return std::nullopt;
        Link link{node, nullptr, {}};
        std::vector<Tensor> tensors;
        tensors.reserve(node->inputs.size());
        std::vector<const Tensor*> known;
        for (const Value* input : node->inputs) {
            known.push_back(nullptr);
            if (!input) continue;
            if (!is_known(input)) {
                if (link.source) return std::nullopt;
                link.source = input;
                continue;
            }
            auto tensor = known_tensor(input);
            if (!tensor) return std::nullopt;
            tensors.push_back(*std::move(tensor));
            known.back() = &tensors.back();
        }
        if (!link.source) return std::nullopt;
        if (is_view(*node)) {
            if (link.source != node->input(0)) return std::nullopt;
            link.step = {.op = "take", .map = node->op->traits.view->map(*node)};
            return link;
        }
        if (!node->op->host_step) return std::nullopt;
        auto step = node->op->host_step(*node, known);
        if (!step) return std::nullopt;
        link.step = *std::move(step);
        return link;
    }

    /// Nodes back from `wanted` to one of `ends`, the nearest to that first; empty where one of them is not a link.
    std::optional<std::vector<Link>> chain(const Value* wanted, const std::vector<const Value*>& ends) {
        std::vector<Link> links;
        for (const Value* at = wanted; std::ranges::find(ends, at) == ends.end(); at = links.back().source) {
            auto next = link(at->producer);
            if (!next) return std::nullopt;
            links.push_back(*std::move(next));
        }
        std::ranges::reverse(links);
        return links;
    }

    void add_input(std::size_t index, const Value* sent) {
        const TensorBinding& binding = design_.inputs[index].binding;
        const std::vector<const Value*> given(model_.inputs.begin(), model_.inputs.end());
        auto links = chain(sent, given);
        if (!links) {
            program_.inputs.push_back({sent->name, sent->type, sample_shape(*sent), index, {}, binding.map});
            program_.left.push_back({false, design_.inputs[index].name, {}, host_nodes(model_, given, sent)});
            return;
        }
        const Value* source = links->empty() ? sent : links->front().source;
        HostProgram::Port port{source->name, source->type, sample_shape(*source), index, {}, {}};
        // From the end: a view behind which all elements are treated alike may as well come last, where it is part of the map.
        Indices map = spelled_out(binding.map, element_count(sent->shape));
        bool uniform = true;
        for (std::size_t i = links->size(); i-- > 0;) {
            HostStep& step = (*links)[i].step;
            if (step.op.empty() || (step.op == "take" && is_identity(step.map, element_count((*links)[i].source->shape)))) continue;
            const std::size_t before = static_cast<std::size_t>(element_count((*links)[i].source->shape));
            if (step.op == "take" && uniform && is_permutation(step.map, before)) {
                Indices moved(before);
                for (std::size_t e = 0; e < before; ++e) moved[static_cast<std::size_t>(step.map[e])] = map[e];
                map = std::move(moved);
                continue;
            }
            uniform = uniform && step.is_uniform();
            port.steps.insert(port.steps.begin(), std::move(step));
        }
        clamp_together(port.steps);
        port.map = index_map(std::move(map));
        program_.inputs.push_back(std::move(port));
    }

    static bool is_permutation(const std::vector<std::int64_t>& map, std::size_t elements) {
        std::vector<bool> seen(elements, false);
        for (const std::int64_t from : map) seen[static_cast<std::size_t>(from)] = true;
        return map.size() == elements && std::ranges::find(seen, false) == seen.end();
    }

    /// A quantizer and a clip on its integers are one quantizer with narrower bounds.
    static void clamp_together(std::vector<HostStep>& steps) {
        if (steps.size() < 2 || steps[steps.size() - 2].op != "quantize" || steps.back().op != "clip") return;
        HostStep& quantizer = steps[steps.size() - 2];
        const double low = steps.back().constants[0].second[0], high = steps.back().constants[1].second[0];
        double& least = quantizer.constants[2].second[0];
        double& most = quantizer.constants[3].second[0];
        if (low > high || low > most || high < least) return;
        least = std::max(least, low);
        most = std::min(most, high);
        steps.pop_back();
    }

    /// The kernel's integers as the model's tensor has them: as reals, where it has reals.
    HostProgram::Port received_port(std::size_t index) const {
        const KernelOutput& output = design_.outputs[index];
        const Value& value = *received_[index];
        HostProgram::Port port{value.name, value.type, sample_shape(value), index, {}, output.binding.map};
        if (!is_float(value.type)) return port;
        Indices channel = spelled_out(output.binding.map, element_count(value.shape));
        const int channels = output.binding.stream->shape.channels;
        const bool alike = output.scale.size() == 1 && output.offset.size() == 1 && output.zero_point.size() == 1;
        for (std::int32_t& c : channel) c = alike ? 0 : c % channels;
        port.steps.push_back(grouped_step(
            "dequantize", channel,
            {{"scale", output.scale}, {"zero_point", {output.zero_point.begin(), output.zero_point.end()}}, {"offset", output.offset}}));
        return port;
    }

    void add_output(const Value* output) {
        auto links = chain(output, received_);
        if (!links) return leave(output);
        const Value* source = links->empty() ? output : links->front().source;
        const auto index = static_cast<std::size_t>(std::ranges::find(received_, source) - received_.begin());
        HostProgram::Port port = received_port(index);
        port.name = output->name;
        port.type = output->type;
        port.shape = sample_shape(*output);
        bool uniform = std::ranges::all_of(port.steps, &HostStep::is_uniform);
        Indices map = spelled_out(port.map, element_count(source->shape));
        for (Link& link : *links) {
            HostStep& step = link.step;
            if (step.op.empty() || (step.op == "take" && is_identity(step.map, element_count(link.source->shape)))) continue;
            if (step.op == "take" && uniform) {
                Indices taken;
                for (const std::int64_t from : step.map) taken.push_back(map[static_cast<std::size_t>(from)]);
                map = std::move(taken);
                resize(port.steps, static_cast<std::int64_t>(map.size()));
                continue;
            }
            uniform = uniform && step.is_uniform();
            port.steps.push_back(std::move(step));
        }
        port.map = index_map(std::move(map));
        program_.outputs.push_back(std::move(port));
    }

    /// Steps that do the same to every element, for another number of them.
    static void resize(std::vector<HostStep>& steps, std::int64_t elements) {
        for (HostStep& step : steps) std::tie(step.outer, step.count, step.inner) = std::tuple(1, 1, elements);
    }

    void leave(const Value* output) {
        std::set<const Value*> read;
        HostProgram::Left left{true, output->name, {}, host_nodes(model_, received_, output, &read)};
        for (std::size_t i = 0; i < received_.size(); ++i) {
            if (!read.count(received_[i])) continue;
            left.from.push_back(received_[i]->name);
            const auto same = [&](const HostProgram::Port& port) { return port.name == received_[i]->name; };
            if (std::ranges::none_of(program_.outputs, same)) program_.outputs.push_back(received_port(i));
        }
        program_.left.push_back(std::move(left));
    }

    const Graph& model_;
    const Design& design_;
    std::vector<const Value*> received_;
    std::map<const Value*, bool> known_;
    HostProgram program_;
};

}  // namespace

Result<HostProgram> host_program(const Graph& model, const Design& design) { return ProgramBuilder(model, design).build(); }

}  // namespace weft
