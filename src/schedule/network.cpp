// network.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "src/design/rtl_parts.h"
#include "src/design/unit_timing.h"

namespace weft {

namespace {

std::string name_of(const NetworkNode& node) {
    return node.fifo ? fmt::format("the FIFO of stream '{}'", node.unit->name) : fmt::format("unit '{}'", node.unit->name);
}

class Builder {
public:
    Builder(const Design& design, const FifoDepths& depths, const ScheduleOptions& options) : depths_(depths) {
        network_.design = &design;
        network_.options = &options;
        const auto is_endless = [](const auto& entry) { return entry.second >= endless_places; };
        network_.endless = std::ranges::any_of(depths, is_endless) &&
                           std::ranges::all_of(depths, [&](const auto& entry) { return entry.second == 0 || is_endless(entry); });
    }

    Result<Network> build() {
        const Design& design = *network_.design;
        const ScheduleOptions& options = *network_.options;
        const auto port_index = [&](const Stream* stream, bool output) {
            network_.ports.push_back({stream, output, {}});
            network_.port_beats += options.frames * stream->beat.count(stream->shape);
            return static_cast<int>(network_.ports.size()) - 1;
        };
        std::map<const Stream*, int> source_of;
        // Beats that no output needs are read as well: of a frame's last rows, say, that a stride leaves out.
        for (const KernelInput& input : design.inputs) source_of[input.binding.stream] = port_index(input.binding.stream, false);
        std::map<const Unit*, int> node_of;
        for (const auto& unit : design.units) {
            if (!unit->def->control)
                return Diagnostic{Severity::error, unit->nodes.empty() ? unit->name : unit->nodes.front(), "",
                                  fmt::format("the unit '{}' has no RTL schedule", unit->def->name), "use the HLS kernel for this network"};
            node_of[unit.get()] = add_node(unit.get(), nullptr);
        }
        std::map<const Stream*, std::size_t> tail;  // link at whose end the stream's reader is
        for (const auto& stream : design.streams) {
            NetworkLink link{.stream = stream.get()};
            if (stream->producer) {
                link.producer = node_of.at(stream->producer);
                link.producer_port = stream->producer_port;
            } else {
                const auto at = source_of.find(stream.get());
                if (at == source_of.end()) continue;
                link.source = at->second;
            }
            std::size_t index = add_link(link);
            if (has_rtl_fifo(*stream, depths_.at(stream.get()))) {
                auto fifo = std::make_unique<Unit>();
                fifo->def = &unit_for(UnitRole::fifo);
                fifo->name = stream->name;
                fifo->parameters["Depth"] = depths_.at(stream.get());
                fifo->inputs = {stream.get()};
                fifo->outputs = {stream.get()};
                const Unit* instance = fifo.get();
                const int node = add_node(instance, std::move(fifo));
                network_.links[index].consumer = node;
                network_.nodes[static_cast<std::size_t>(node)].inputs = {index};
                index = add_link({.stream = stream.get(), .producer = node});
                network_.nodes[static_cast<std::size_t>(node)].outputs = {index};
            }
            tail[stream.get()] = index;
        }
        for (const auto& unit : design.units) {
            const int at = node_of.at(unit.get());
            for (const Stream* stream : unit->inputs) {
                network_.links[tail.at(stream)].consumer = at;
                network_.nodes[static_cast<std::size_t>(at)].inputs.push_back(tail.at(stream));
            }
        }
        for (std::size_t l = 0; l < network_.links.size(); ++l) {
            const NetworkLink& link = network_.links[l];
            if (link.producer < 0 || network_.nodes[static_cast<std::size_t>(link.producer)].fifo) continue;
            auto& outputs = network_.nodes[static_cast<std::size_t>(link.producer)].outputs;
            outputs.resize(std::max(outputs.size(), static_cast<std::size_t>(link.producer_port) + 1));
            outputs[static_cast<std::size_t>(link.producer_port)] = l;
        }
        for (const KernelOutput& output : design.outputs)
            network_.links[tail.at(output.binding.stream)].sink = port_index(output.binding.stream, true);
        for (NetworkNode& node : network_.nodes) {
            for (const std::size_t link : node.inputs) node.frame_reads.push_back(network_.beats(network_.links[link]));
            for (const std::size_t link : node.outputs) node.frame_writes.push_back(network_.beats(network_.links[link]));
            node.most_held.resize(node.outputs.size());
            node.activity.unit = node.unit;
            if (options.steady) continue;
            node.activity.first_cycle.assign(static_cast<std::size_t>(options.frames), -1);
            node.activity.last_cycle.assign(static_cast<std::size_t>(options.frames), -1);
        }
        return std::move(network_);
    }

private:
    int add_node(const Unit* unit, std::unique_ptr<Unit> fifo) {
        NetworkNode node;
        node.unit = unit;
        node.fifo = std::move(fifo);
        node.control = unit->def->control(*unit, depths_.at(unit->outputs.front()));
        network_.nodes.push_back(std::move(node));
        return static_cast<int>(network_.nodes.size()) - 1;
    }

    std::size_t add_link(const NetworkLink& link) {
        network_.links.push_back(link);
        return network_.links.size() - 1;
    }

    const FifoDepths& depths_;
    Network network_;
};

}  // namespace

Result<Network> make_network(const Design& design, const FifoDepths& depths, const ScheduleOptions& options) {
    return Builder(design, depths, options).build();
}

std::int64_t Network::longest_pause() const {
    std::int64_t pause = 4096 + options->paced_interval;
    for (const auto& unit : design->units)
        if (unit->def->schedule) pause += unit->def->schedule(*unit).cycles;
    return pause;
}

Diagnostic Network::stopped(std::int64_t now) const {
    std::string waits;
    std::string first;
    for (const NetworkLink& link : links) {
        if (!link.valid || link.ready || link.consumer < 0) continue;
        if (first.empty()) first = link.stream->name;
        waits += fmt::format("{}stream '{}' is full: {} does not read", waits.empty() ? "" : "; ", link.stream->name,
                             name_of(nodes[static_cast<std::size_t>(link.consumer)]));
    }
    return {.tensor = first,
            .reason = fmt::format("the kernel would stop after {} cycles: a deadlock, with stream '{}' full", now, first),
            .help = waits};
}

Diagnostic Network::too_long() const {
    return {.reason = fmt::format("the schedule is longer than {} cycles", options->most_cycles),
            .help = "fold the network less, or schedule fewer frames"};
}

std::vector<StreamActivity> Network::stream_activities() const {
    std::map<const Stream*, StreamActivity> streams;
    for (const NetworkLink& link : links) {
        StreamActivity& activity = streams[link.stream];
        activity.stream = link.stream;
        activity.waiting_cycles += link.consumer >= 0 && link.producer < static_cast<int>(design->units.size()) ? link.waiting : 0;
        if (link.producer < 0) continue;
        const NetworkNode& producer = nodes[static_cast<std::size_t>(link.producer)];
        activity.most_held = std::max(activity.most_held, producer.most_held[static_cast<std::size_t>(link.producer_port)]);
    }
    std::vector<StreamActivity> result;
    for (const auto& stream : design->streams)
        if (const auto at = streams.find(stream.get()); at != streams.end()) result.push_back(at->second);
    return result;
}

Schedule Network::finish() {
    Schedule result;
    result.cycles = cycles;
    result.streams = stream_activities();
    result.ports = std::move(ports);
    for (NetworkNode& node : nodes)
        if (!node.fifo) result.units.push_back(std::move(node.activity));
    // Latency of the first frame; interval between the ends of the last two.
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> ends(static_cast<std::size_t>(options->frames));
    for (const PortActivity& port : result.ports) {
        const auto frame = static_cast<std::size_t>(port.stream->beat.count(port.stream->shape));
        if (!port.output) {
            first = std::min(first, port.cycles.front());
            continue;
        }
        for (std::size_t f = 0; f < ends.size(); ++f) ends[f] = std::max(ends[f], port.cycles[(f + 1) * frame - 1]);
    }
    result.latency_cycles = ends.front() - first + 1;
    if (ends.size() > 1) result.interval_cycles = ends.back() - ends[ends.size() - 2];
    return result;
}

}  // namespace weft
