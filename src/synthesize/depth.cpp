// depth.cpp
// Longest paths over the nets in topological order; registers, memories and ports cut the graph.
// SPDX-License-Identifier: Apache-2.0
#include "src/synthesize/depth.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "src/synthesize/primitives.h"

namespace weft {

namespace {

/// What a signal passes through on its way from one net to the next.
enum class Step { wire, lut, memory_read, mux_data, mux_select, carry_enter, carry_in, carry_bit, multiplier };

LogicDepth depth_of(Step step) {
    switch (step) {
        case Step::wire:
        case Step::mux_data:
            return {};
        case Step::lut:
        case Step::memory_read:
        case Step::mux_select:
            return {1, 0, 0};
        case Step::carry_enter:
            return {0, 1, 1};
        case Step::carry_in:
            return {0, 0, 1};
        case Step::carry_bit:
            return {0, 1, 0};
        case Step::multiplier:
            return {unregistered_dsp_levels, 0, 0};
    }
    return {};
}

/// Ranks paths: in units of a carry bit, in the proportion that UltraScale+ cells and their nets have to each other.
int rank_of(Step step) {
    switch (step) {
        case Step::wire:
            return 0;
        case Step::mux_data:
            return 15;
        case Step::lut:
        case Step::memory_read:
        case Step::mux_select:
            return 80;
        case Step::carry_enter:
        case Step::carry_in:
            return 30;
        case Step::carry_bit:
            return 1;
        case Step::multiplier:
            return 80 * unregistered_dsp_levels;
    }
    return 0;
}
constexpr int memory_output_rank = 60;  // a block memory's output comes later than a register's

struct Edge {
    NetBit from;
    NetBit to;
    Step step;
    const FlatNetlist::Cell* cell;
};

/// Where paths begin or end.
struct End {
    NetBit net;
    int port;                 ///< Index of the module's port; -1: a register.
    Step first = Step::wire;  ///< Of a start: what lies between the register and the net.
    int rank = 0;
    const FlatNetlist::Cell* cell = nullptr;
};

bool is_one(const NetlistCell& cell, std::string_view parameter) {
    const auto at = cell.parameters.find(parameter);
    return at == cell.parameters.end() || at->second.find_first_of("123") != std::string::npos;  // the library's default is 1
}

class Graph {
public:
    explicit Graph(const FlatNetlist& netlist) : netlist_(netlist), nets_(netlist.nets), driver_is_carry_(size(netlist.nets)) {
        for (const FlatNetlist::Cell& cell : netlist.cells) {
            const Primitive* primitive = find_primitive(cell.source->type);
            if (!primitive || primitive->kind != PrimitiveKind::carry) continue;
            for (const FlatNetlist::Pin& pin : cell.pins)
                if (*pin.name == "CO") driver_is_carry_[size(pin.net)] = 1;
        }
        for (const FlatNetlist::Cell& cell : netlist.cells) {
            if (const Primitive* primitive = find_primitive(cell.source->type)) add(cell, *primitive);
        }
        for (std::size_t p = 0; p < netlist.ports.size(); ++p) {
            const NetlistPort& port = netlist.ports[p];
            for (const NetBit net : port.bits) {
                if (net == constant_bit || clocks_.contains(net)) continue;
                if (port.output)
                    ends.push_back({net, static_cast<int>(p)});
                else
                    starts.push_back({net, static_cast<int>(p)});
            }
        }
        sort();
    }

    std::vector<End> starts, ends;
    int unregistered_dsps = 0;
    std::string loop;

    /// The inputs of the LUT that drives `net`; empty if none does.
    const std::vector<NetBit>& lut_inputs(NetBit net) const {
        static const std::vector<NetBit> none;
        const auto at = lut_inputs_.find(net);
        return at == lut_inputs_.end() ? none : at->second;
    }
    int nets() const { return nets_; }
    const std::vector<NetBit>& order() const { return order_; }
    /// Edges that leave `net`.
    std::pair<const Edge*, const Edge*> out(NetBit net) const {
        return {edges_.data() + first_[size(net)], edges_.data() + first_[size(net) + 1]};
    }

private:
    static std::size_t size(int n) { return static_cast<std::size_t>(n); }
    using Pins = std::vector<const FlatNetlist::Pin*>;

    void edge(NetBit from, NetBit to, Step step, const FlatNetlist::Cell& cell) { edges_.push_back({from, to, step, &cell}); }

    void add(const FlatNetlist::Cell& cell, const Primitive& primitive) {
        Pins inputs, outputs;
        for (const FlatNetlist::Pin& pin : cell.pins) {
            const PinRole role = pin_role(primitive.kind, *pin.name);
            if (role == PinRole::clock)
                clocks_.insert(pin.net);
            else
                (role == PinRole::output ? outputs : inputs).push_back(&pin);
        }
        switch (primitive.kind) {
            case PrimitiveKind::lut:
                for (const auto* o : outputs)
                    for (const auto* in : inputs) lut_inputs_[o->net].push_back(in->net);
                return join(inputs, outputs, Step::lut, cell);
            case PrimitiveKind::inverter:
            case PrimitiveKind::buffer:
                return join(inputs, outputs, Step::wire, cell);
            case PrimitiveKind::wide_mux:
                for (const auto* in : inputs)
                    for (const auto* o : outputs) edge(in->net, o->net, *in->name == "S" ? Step::mux_select : Step::mux_data, cell);
                return;
            case PrimitiveKind::carry:
                return carry(cell, primitive.carry_bits);
            case PrimitiveKind::flip_flop:
                return registered(inputs, outputs, Step::wire, 0, cell);
            case PrimitiveKind::shift_register:
                for (const auto* in : inputs)
                    if (in->name->starts_with("A")) join({in}, outputs, Step::memory_read, cell);
                return registered(inputs, outputs, Step::memory_read, rank_of(Step::memory_read), cell);
            case PrimitiveKind::lut_ram:
                for (const auto* in : inputs)
                    for (const auto* o : outputs)
                        if (reads(*in->name, *o->name)) edge(in->net, o->net, Step::memory_read, cell);
                return registered(inputs, outputs, Step::memory_read, rank_of(Step::memory_read), cell);
            case PrimitiveKind::block_ram:
            case PrimitiveKind::ultra_ram:
                return registered(inputs, outputs, Step::wire, memory_output_rank, cell);
            case PrimitiveKind::dsp:
                return dsp(cell, inputs, outputs);
        }
    }

    void join(const Pins& inputs, const Pins& outputs, Step step, const FlatNetlist::Cell& cell) {
        for (const auto* in : inputs)
            for (const auto* o : outputs) edge(in->net, o->net, step, cell);
    }

    void registered(const Pins& inputs, const Pins& outputs, Step first, int rank, const FlatNetlist::Cell& cell) {
        for (const auto* in : inputs) ends.push_back({in->net, -1, Step::wire, 0, &cell});
        for (const auto* o : outputs) starts.push_back({o->net, -1, first, rank, &cell});
    }

    /// Does the address at `input` choose what `output` shows? Ports of a LUT memory have letters, or A/SPO and DPRA/DPO.
    static bool reads(std::string_view input, std::string_view output) {
        if (input.starts_with("ADDR")) return input.size() > 4 && output.size() > 2 && input[4] == output[2];
        if (input.starts_with("DPRA")) return output == "DPO";
        return input.starts_with("A") && output != "DPO";
    }

    void carry(const FlatNetlist::Cell& cell, int bits) {
        std::vector<NetBit> s(size(bits), constant_bit), di = s, o = s, co = s;
        NetBit ci = constant_bit, cyinit = constant_bit;
        for (const FlatNetlist::Pin& pin : cell.pins) {
            const std::string& name = *pin.name;
            if (name == "CI") (pin.bit == 0 ? ci : cyinit) = pin.net;
            if (name == "CI_TOP" || name == "CYINIT") cyinit = pin.net;
            if (pin.bit >= bits) continue;
            if (name == "S") s[size(pin.bit)] = pin.net;
            if (name == "DI") di[size(pin.bit)] = pin.net;
            if (name == "O") o[size(pin.bit)] = pin.net;
            if (name == "CO") co[size(pin.bit)] = pin.net;
        }
        NetBit into = nets_++;  // the carry into a bit
        if (ci != constant_bit) edge(ci, into, driver_is_carry_[size(ci)] ? Step::wire : Step::carry_in, cell);
        if (cyinit != constant_bit) edge(cyinit, into, Step::carry_in, cell);
        for (int bit = 0; bit < bits; ++bit) {
            const std::size_t at = size(bit);
            const NetBit next = co[at] != constant_bit ? co[at] : nets_++;
            edge(into, next, Step::carry_bit, cell);
            if (o[at] != constant_bit) edge(into, o[at], Step::carry_bit, cell);
            if (s[at] != constant_bit) {
                edge(s[at], next, Step::carry_enter, cell);
                if (o[at] != constant_bit) edge(s[at], o[at], Step::carry_enter, cell);
            }
            if (di[at] != constant_bit) edge(di[at], next, Step::carry_enter, cell);
            into = next;
        }
    }

    void dsp(const FlatNetlist::Cell& cell, const Pins& inputs, const Pins& outputs) {
        const NetlistCell& source = *cell.source;
        if (is_one(source, "PREG")) return registered(inputs, outputs, Step::wire, 0, cell);
        ++unregistered_dsps;
        const bool inner = is_one(source, "MREG");
        for (const auto* in : inputs) {
            const bool own = (*in->name == "A" && !is_one(source, "AREG")) || (*in->name == "B" && !is_one(source, "BREG")) ||
                             (*in->name == "C" && !is_one(source, "CREG")) || (*in->name == "D" && !is_one(source, "DREG"));
            if (own && !inner)
                join({in}, outputs, Step::multiplier, cell);
            else
                ends.push_back({in->net, -1, Step::wire, 0, &cell});
        }
        for (const auto* o : outputs) starts.push_back({o->net, -1, Step::multiplier, rank_of(Step::multiplier), &cell});
    }

    void sort() {
        std::stable_sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) { return a.from < b.from; });
        first_.assign(size(nets_) + 1, 0);
        std::vector<int> waiting(size(nets_));
        for (const Edge& e : edges_) {
            ++first_[size(e.from) + 1];
            ++waiting[size(e.to)];
        }
        for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
        for (NetBit net = 0; net < nets_; ++net)
            if (waiting[size(net)] == 0) order_.push_back(net);
        for (std::size_t at = 0; at < order_.size(); ++at) {
            const auto [begin, end] = out(order_[at]);
            for (const Edge* e = begin; e != end; ++e)
                if (--waiting[size(e->to)] == 0) order_.push_back(e->to);
        }
        if (order_.size() == size(nets_)) return;
        for (NetBit net = 0; net < netlist_.nets && loop.empty(); ++net)
            if (waiting[size(net)] > 0) loop = netlist_.net_names[size(net)];
        if (loop.empty()) loop = "(unnamed)";
    }

    const FlatNetlist& netlist_;
    int nets_;  ///< Those of the netlist, and the carries within a cell.
    std::vector<char> driver_is_carry_;
    std::set<NetBit> clocks_;
    std::map<NetBit, std::vector<NetBit>> lut_inputs_;
    std::vector<Edge> edges_;
    std::vector<std::size_t> first_;
    std::vector<NetBit> order_;
};

using Arrivals = std::vector<std::optional<LogicDepth>>;

/// The depth at which each net is reached from the starts at `port` (-1: from registers).
Arrivals arrivals(const Graph& graph, int port) {
    Arrivals at(static_cast<std::size_t>(graph.nets()));
    const auto reach = [&](NetBit net, const LogicDepth& depth) {
        auto& known = at[static_cast<std::size_t>(net)];
        if (known)
            known->join(depth);
        else
            known = depth;
    };
    for (const End& start : graph.starts)
        if (start.port == port) reach(start.net, depth_of(start.first));
    for (const NetBit net : graph.order()) {
        const std::optional<LogicDepth> here = at[static_cast<std::size_t>(net)];
        if (!here) continue;
        const auto [begin, end] = graph.out(net);
        for (const Edge* e = begin; e != end; ++e) reach(e->to, *here + depth_of(e->step));
    }
    return at;
}

void port_depths(const Graph& graph, const FlatNetlist& netlist, DepthReport& report) {
    std::set<int> origins{-1};
    for (const End& start : graph.starts) origins.insert(start.port);
    for (const int origin : origins) {
        const Arrivals at = arrivals(graph, origin);
        std::map<int, LogicDepth> reached;
        for (const End& end : graph.ends) {
            if (const auto& depth = at[static_cast<std::size_t>(end.net)]) reached[end.port].join(*depth);
        }
        const auto name = [&](int port) { return port < 0 ? std::string() : netlist.ports[static_cast<std::size_t>(port)].name; };
        for (const auto& [port, depth] : reached) {
            report.worst.join(depth);
            if (origin >= 0 || port >= 0) report.ports.push_back({name(origin), name(port), depth});
        }
    }
}

/// A register bank or memory by the name of what it drives or stores.
std::string end_name(const FlatNetlist& netlist, const End& end, bool start) {
    if (end.port >= 0) return netlist.ports[static_cast<std::size_t>(end.port)].name;
    if (start && !netlist.net_names[static_cast<std::size_t>(end.net)].empty()) return net_name(netlist, end.net);
    for (const FlatNetlist::Pin& pin : end.cell->pins) {
        if (start || (*pin.name != "Q" && *pin.name != "P") || netlist.net_names[static_cast<std::size_t>(pin.net)].empty()) continue;
        return net_name(netlist, pin.net);
    }
    const NetlistCell& source = *end.cell->source;
    return fmt::format("{} {}", source.type, source.name.starts_with("$") ? std::string("(unnamed)") : source.name);
}

struct Reached {
    int rank = -1;
    const Edge* by = nullptr;
    const End* start = nullptr;
};

/// The step onto a net that a LUT drives, if LUTs before it that fit into the same LUT are part of it: from its latest input on, each time,
/// as long as no more than `most_lut_inputs` come from elsewhere.
Edge merged_step(const Graph& graph, const std::vector<Reached>& at, const Edge& last) {
    const auto rank = [&](NetBit net) { return at[static_cast<std::size_t>(net)].rank; };
    std::set<NetBit> inputs(graph.lut_inputs(last.to).begin(), graph.lut_inputs(last.to).end());
    Edge best = last;
    for (;;) {
        const NetBit latest = *std::max_element(inputs.begin(), inputs.end(), [&](NetBit a, NetBit b) { return rank(a) < rank(b); });
        if (rank(latest) < rank(best.from)) best.from = latest;
        const std::vector<NetBit>& before = graph.lut_inputs(latest);
        if (before.empty()) return best;
        inputs.erase(latest);
        inputs.insert(before.begin(), before.end());
        if (inputs.size() > most_lut_inputs) return best;
    }
}

void longest_path(const Graph& graph, const FlatNetlist& netlist, bool merge_luts, DepthReport& report) {
    std::vector<Reached> at(static_cast<std::size_t>(graph.nets()));
    std::deque<Edge> merged;
    for (const End& start : graph.starts) {
        Reached& here = at[static_cast<std::size_t>(start.net)];
        if (start.rank > here.rank) here = {start.rank, nullptr, &start};
    }
    for (const NetBit net : graph.order()) {
        Reached& here = at[static_cast<std::size_t>(net)];
        if (merge_luts && here.by && here.by->step == Step::lut) {
            const Edge& step = merged.emplace_back(merged_step(graph, at, *here.by));
            here = {at[static_cast<std::size_t>(step.from)].rank + rank_of(Step::lut), &step, nullptr};
        }
        const int rank = here.rank;
        if (rank < 0) continue;
        const auto [begin, end] = graph.out(net);
        for (const Edge* e = begin; e != end; ++e) {
            Reached& next = at[static_cast<std::size_t>(e->to)];
            if (rank + rank_of(e->step) > next.rank) next = {rank + rank_of(e->step), e, nullptr};
        }
    }
    const End* worst = nullptr;
    for (const End& end : graph.ends) {
        if (at[static_cast<std::size_t>(end.net)].rank < 0) continue;
        if (!worst || at[static_cast<std::size_t>(end.net)].rank > at[static_cast<std::size_t>(worst->net)].rank) worst = &end;
    }
    if (!worst) return;
    report.rank = at[static_cast<std::size_t>(worst->net)].rank;
    std::vector<std::string> backwards{end_name(netlist, *worst, false)};
    NetBit net = worst->net;
    const FlatNetlist::Cell* last = nullptr;
    for (const Reached* here = &at[static_cast<std::size_t>(net)];; here = &at[static_cast<std::size_t>(net)]) {
        if (here->start) {
            report.longest = report.longest + depth_of(here->start->first);
            const std::string name = end_name(netlist, *here->start, true);
            if (here->start->cell && here->start->first != Step::wire) backwards.push_back(here->start->cell->source->type);
            backwards.push_back(name);
            break;
        }
        const Edge& e = *here->by;
        report.longest = report.longest + depth_of(e.step);
        // A net's name helps where it has one; a chain of carry cells is said once.
        if (net < netlist.nets && !netlist.net_names[static_cast<std::size_t>(net)].empty() && net != worst->net && e.cell != last)
            backwards.push_back(net_name(netlist, net));
        const std::string& type = e.cell->source->type;
        if (e.cell != last && !(type.starts_with("CARRY") && last && last->source->type == type)) backwards.push_back(type);
        last = e.cell;
        net = e.from;
    }
    report.path.assign(backwards.rbegin(), backwards.rend());
}

std::string_view sink_class(PrimitiveKind kind, const std::string& pin) {
    switch (kind) {
        case PrimitiveKind::lut:
        case PrimitiveKind::inverter:
        case PrimitiveKind::buffer:
            return "LUT";
        case PrimitiveKind::wide_mux:
            return "MUX";
        case PrimitiveKind::carry:
            return "CARRY";
        case PrimitiveKind::shift_register:
            return "SRL";
        case PrimitiveKind::lut_ram:
            return "LUTRAM";
        case PrimitiveKind::block_ram:
            return "BRAM";
        case PrimitiveKind::ultra_ram:
            return "URAM";
        case PrimitiveKind::dsp:
            return "DSP";
        case PrimitiveKind::flip_flop:
            return pin == "CE" ? "CE" : pin == "D" ? "FF" : "reset";
    }
    return "LUT";
}

void fan_out(const FlatNetlist& netlist, DepthReport& report) {
    struct Sinks {
        int count = 0;
        bool control = false;
    };
    std::vector<Sinks> nets(static_cast<std::size_t>(netlist.nets));
    const auto each_sink = [&](const auto& visit) {
        for (const FlatNetlist::Cell& cell : netlist.cells) {
            const Primitive* primitive = find_primitive(cell.source->type);
            if (!primitive) continue;
            for (const FlatNetlist::Pin& pin : cell.pins) {
                const PinRole role = pin_role(primitive->kind, *pin.name);
                if (role != PinRole::clock && role != PinRole::output) visit(pin, role, primitive->kind);
            }
        }
    };
    each_sink([&](const FlatNetlist::Pin& pin, PinRole role, PrimitiveKind) {
        Sinks& sinks = nets[static_cast<std::size_t>(pin.net)];
        ++sinks.count;
        sinks.control = sinks.control || role != PinRole::data;
    });
    // Whoever drives the reset marks it.
    for (const NetlistPort& port : netlist.ports)
        if (!port.output && port.name == "rst")
            for (const NetBit net : port.bits)
                if (net != constant_bit) nets[static_cast<std::size_t>(net)].control = false;
    NetBit worst = constant_bit;
    for (NetBit net = 0; net < netlist.nets; ++net) {
        const Sinks& sinks = nets[static_cast<std::size_t>(net)];
        if (netlist.net_limits[static_cast<std::size_t>(net)] > 0 || !sinks.control || sinks.count <= report.fanout) continue;
        report.fanout = sinks.count;
        worst = net;
    }
    for (const FlatNetlist::Cell& cell : netlist.cells) {
        const Primitive* primitive = find_primitive(cell.source->type);
        if (!primitive) continue;
        for (const FlatNetlist::Pin& pin : cell.pins) {
            const int limit = netlist.net_limits[static_cast<std::size_t>(pin.net)];
            if (limit == 0 || pin_role(primitive->kind, *pin.name) != PinRole::output) continue;
            const int copies = std::max(0, (nets[static_cast<std::size_t>(pin.net)].count - 1) / limit);
            (primitive->kind == PrimitiveKind::flip_flop ? report.copied_ffs : report.copied_luts) += copies;
        }
    }
    if (worst == constant_bit) return;
    report.fanout_net = net_name(netlist, worst);
    std::map<std::string_view, int> classes;
    each_sink([&](const FlatNetlist::Pin& pin, PinRole, PrimitiveKind kind) {
        if (pin.net == worst) ++classes[sink_class(kind, *pin.name)];
    });
    std::vector<std::pair<int, std::string_view>> ordered;
    for (const auto& [name, count] : classes) ordered.emplace_back(-count, name);
    std::sort(ordered.begin(), ordered.end());
    for (const auto& [count, name] : ordered)
        report.fanout_sinks += fmt::format("{}{} {}", report.fanout_sinks.empty() ? "" : ", ", -count, name);
}

}  // namespace

void LogicDepth::join(const LogicDepth& other) {
    lut_levels = std::max(lut_levels, other.lut_levels);
    carry_bits = std::max(carry_bits, other.carry_bits);
    carry_chains = std::max(carry_chains, other.carry_chains);
}

LogicDepth LogicDepth::operator+(const LogicDepth& other) const {
    return {lut_levels + other.lut_levels, carry_bits + other.carry_bits, carry_chains + other.carry_chains};
}

std::string net_name(const FlatNetlist& netlist, NetBit net) {
    if (net < 0 || net >= netlist.nets) return "(inside a cell)";
    const std::string& name = netlist.net_names[static_cast<std::size_t>(net)];
    return name.empty() ? "(unnamed)" : name;
}

DepthReport analyse_depth(const FlatNetlist& netlist, bool merge_luts) {
    DepthReport report;
    const Graph graph(netlist);
    report.unregistered_dsps = graph.unregistered_dsps;
    report.loop = graph.loop;
    port_depths(graph, netlist, report);
    longest_path(graph, netlist, merge_luts, report);
    fan_out(netlist, report);
    return report;
}

}  // namespace weft
