// schedule.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "src/emit/rtl.h"
#include "src/schedule/stalls.h"

namespace weft {

namespace {

constexpr int least_depth = 2;                // sustains a beat a cycle
constexpr std::int64_t told_every = 1 << 14;  // cycles
constexpr int unbounded_depth = std::numeric_limits<int>::max() / 4;

/// A unit, or the FIFO of a stream, and its ports' wires.
struct Node {
    const Unit* unit = nullptr;
    std::unique_ptr<Unit> fifo;  ///< The instance that stands for a stream's FIFO.
    std::unique_ptr<UnitControl> control;
    Handshakes ports{0, 0};
    std::vector<int> inputs, outputs;  ///< Indices of links.
    std::vector<std::int64_t> read, written;
    std::vector<std::int64_t> frame_reads, frame_writes;  ///< Beats of one frame.
    UnitActivity activity;
};

/// Where one node's output, or a kernel input, meets one node's input, or a kernel output.
struct Link {
    const Stream* stream = nullptr;
    int producer = -1, producer_port = 0;  ///< Node, or -1: a kernel input.
    int consumer = -1, consumer_port = 0;  ///< Node, or -1: a kernel output.
    int source = -1, sink = -1;            ///< Index of the port activity where the kernel's edge is.
    bool valid = false, ready = false;
    std::int64_t waiting = 0;
};

class Stepper {
public:
    Stepper(const Design& design, const ScheduleOptions& options) : design_(design), options_(options) {}

    Result<Schedule> run() {
        WEFT_CHECK(build());
        const std::int64_t patience = longest_pause();
        const std::int64_t total = left_;
        std::int64_t last_event = 0;
        while (left_ > 0) {
            if (step()) last_event = now_;
            ++now_;
            if (options_.progress && now_ % told_every == 0) options_.progress(total - left_, total);
            if (now_ - last_event > patience) return stopped();
            if (now_ > options_.most_cycles)
                return Diagnostic{.reason = fmt::format("the schedule is longer than {} cycles", options_.most_cycles),
                                  .help = "fold the network less, or schedule fewer frames"};
        }
        if (options_.progress) options_.progress(total, total);
        return finish();
    }

private:
    Status build() {
        std::map<const Stream*, int> tail;  // link at whose end the stream's reader is
        const auto port_index = [&](const Stream* stream, bool output) {
            result_.ports.push_back({stream, output, {}});
            return static_cast<int>(result_.ports.size()) - 1;
        };
        std::map<const Stream*, int> source_of;
        // Beats that no output needs are read as well: of a frame's last rows, say, that a stride leaves out.
        for (const KernelInput& input : design_.inputs) {
            source_of[input.binding.stream] = port_index(input.binding.stream, false);
            left_ += options_.frames * beats(*input.binding.stream);
        }
        for (const auto& unit : design_.units) {
            if (!unit->def->control)
                return Diagnostic{Severity::error, unit->nodes.empty() ? unit->name : unit->nodes.front(), "",
                                  fmt::format("the unit '{}' has no RTL schedule", unit->def->name), "use the HLS kernel for this network"};
            add_node(unit.get(), nullptr);
        }
        for (const auto& stream : design_.streams) {
            Link link{.stream = stream.get()};
            if (stream->producer) {
                link.producer = node_of_.at(stream->producer);
                link.producer_port = stream->producer_port;
            } else {
                const auto at = source_of.find(stream.get());
                if (at == source_of.end()) continue;
                link.source = at->second;
            }
            int index = add_link(link);
            if (has_rtl_fifo(*stream)) {
                auto fifo = std::make_unique<Unit>();
                fifo->def = &unit_for(UnitRole::fifo);
                fifo->name = stream->name;
                fifo->parameters["Depth"] = options_.unbounded ? unbounded_depth : stream->rtl_depth;
                fifo->inputs = {stream.get()};
                fifo->outputs = {stream.get()};
                const Unit* instance = fifo.get();
                const int node = add_node(instance, std::move(fifo));
                links_[static_cast<std::size_t>(index)].consumer = node;
                nodes_[static_cast<std::size_t>(node)].inputs = {index};
                index = add_link({.stream = stream.get(), .producer = node});
                nodes_[static_cast<std::size_t>(node)].outputs = {index};
            }
            tail[stream.get()] = index;
        }
        for (const auto& unit : design_.units) {
            const int at = node_of_.at(unit.get());
            for (std::size_t i = 0; i < unit->inputs.size(); ++i) {
                Link& link = links_[static_cast<std::size_t>(tail.at(unit->inputs[i]))];
                link.consumer = at;
                link.consumer_port = static_cast<int>(i);
                nodes_[static_cast<std::size_t>(at)].inputs.push_back(tail.at(unit->inputs[i]));
            }
        }
        for (std::size_t l = 0; l < links_.size(); ++l) {
            Link& link = links_[l];
            if (link.producer >= 0 && nodes_[static_cast<std::size_t>(link.producer)].fifo == nullptr) {
                auto& outputs = nodes_[static_cast<std::size_t>(link.producer)].outputs;
                outputs.resize(std::max(outputs.size(), static_cast<std::size_t>(link.producer_port) + 1), -1);
                outputs[static_cast<std::size_t>(link.producer_port)] = static_cast<int>(l);
            }
        }
        for (const KernelOutput& output : design_.outputs) {
            const int port = port_index(output.binding.stream, true);
            links_[static_cast<std::size_t>(tail.at(output.binding.stream))].sink = port;
            left_ += options_.frames * beats(*output.binding.stream);
        }
        for (Node& node : nodes_) {
            node.ports = Handshakes(node.inputs.size(), node.outputs.size());
            node.read.resize(node.inputs.size());
            node.written.resize(node.outputs.size());
            for (const int link : node.inputs) node.frame_reads.push_back(beats(*links_[static_cast<std::size_t>(link)].stream));
            for (const int link : node.outputs) node.frame_writes.push_back(beats(*links_[static_cast<std::size_t>(link)].stream));
            node.activity.unit = node.unit;
            node.activity.first_cycle.assign(static_cast<std::size_t>(options_.frames), -1);
            node.activity.last_cycle.assign(static_cast<std::size_t>(options_.frames), -1);
        }
        // Ready is known from the readers backwards: FIFOs first, whose ready is a register, then the units against the streams.
        for (std::size_t n = 0; n < nodes_.size(); ++n)
            if (nodes_[n].fifo) order_.push_back(n);
        for (std::size_t u = design_.units.size(); u-- > 0;) order_.push_back(u);
        most_held_.resize(nodes_.size());
        for (Node& node : nodes_) most_held_[static_cast<std::size_t>(&node - nodes_.data())].resize(node.outputs.size());
        return Ok{};
    }

    int add_node(const Unit* unit, std::unique_ptr<Unit> fifo) {
        Node node;
        node.unit = unit;
        node.fifo = std::move(fifo);
        if (options_.unbounded && !node.fifo && unit->def->role == UnitRole::function) {
            // A unit that ends in a FIFO takes the depth from its stream.
            std::vector<int> depths;
            for (Stream* stream : unit->outputs) depths.push_back(std::exchange(stream->rtl_depth, unbounded_depth));
            node.control = unit->def->control(*unit);
            for (std::size_t i = 0; i < depths.size(); ++i) unit->outputs[i]->rtl_depth = depths[i];
        } else {
            node.control = unit->def->control(*unit);
        }
        if (!node.fifo) node_of_[unit] = static_cast<int>(nodes_.size());
        nodes_.push_back(std::move(node));
        return static_cast<int>(nodes_.size()) - 1;
    }

    int add_link(Link link) {
        links_.push_back(link);
        return static_cast<int>(links_.size()) - 1;
    }

    static std::int64_t beats(const Stream& stream) { return stream.beat.count(stream.shape); }

    /// Cycles without any handshake that a working design may have: no unit computes longer on a beat than on a frame.
    std::int64_t longest_pause() const {
        std::int64_t pause = 4096 + options_.paced_interval;
        for (const auto& unit : design_.units)
            if (unit->def->schedule) pause += unit->def->schedule(*unit).cycles;
        return pause;
    }

    bool offered(Link& link) {
        const PortActivity& port = result_.ports[static_cast<std::size_t>(link.source)];
        const auto sent = static_cast<std::int64_t>(port.cycles.size());
        const std::int64_t frame = beats(*link.stream);
        if (sent == options_.frames * frame) return false;
        if (options_.paced_interval > 0 && now_ * frame < sent * options_.paced_interval) return false;
        // Once offered, a beat stays.
        return (link.valid && !link.ready) || !stalled(options_.stall_seed, link.source, static_cast<std::uint64_t>(now_));
    }

    /// One clock cycle; was there a handshake?
    bool step() {
        for (Link& link : links_) {
            link.valid =
                link.producer >= 0 ? nodes_[static_cast<std::size_t>(link.producer)].control->valid(link.producer_port) : offered(link);
            if (link.sink >= 0) link.ready = !stalled(options_.stall_seed, link.sink, static_cast<std::uint64_t>(now_));
        }
        for (const std::size_t n : order_) {
            Node& node = nodes_[n];
            for (std::size_t o = 0; o < node.outputs.size(); ++o) {
                const Link& link = links_[static_cast<std::size_t>(node.outputs[o])];
                node.ports.out_valid[o] = link.valid;
                node.ports.out_ready[o] = link.ready;
            }
            for (std::size_t i = 0; i < node.inputs.size(); ++i)
                node.ports.in_valid[i] = links_[static_cast<std::size_t>(node.inputs[i])].valid;
            for (std::size_t i = 0; i < node.inputs.size(); ++i) {
                Link& link = links_[static_cast<std::size_t>(node.inputs[i])];
                link.ready = node.control->ready(static_cast<int>(i), node.ports);
                node.ports.in_ready[i] = link.ready;
            }
        }
        // A FIFO's reader comes after it in that order.
        for (Node& node : nodes_)
            if (node.fifo) node.ports.out_ready[0] = links_[static_cast<std::size_t>(node.outputs[0])].ready;
        bool event = false;
        for (Link& link : links_) {
            const bool moves = link.valid && link.ready;
            link.waiting += link.valid && !link.ready;
            event |= moves;
            if (!moves) continue;
            for (const int port : {link.source, link.sink}) {
                if (port < 0) continue;
                result_.ports[static_cast<std::size_t>(port)].cycles.push_back(now_);
                --left_;
            }
            if (link.sink >= 0) result_.cycles = now_ + 1;
        }
        for (Node& node : nodes_) record(node);
        for (Node& node : nodes_) node.control->clock(node.ports);
        for (std::size_t n = 0; n < nodes_.size(); ++n)
            for (std::size_t o = 0; o < most_held_[n].size(); ++o)
                most_held_[n][o] = std::max(most_held_[n][o], nodes_[n].control->held(static_cast<int>(o)));
        return event;
    }

    void record(Node& node) {
        bool busy = false;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (!node.ports.reads(i)) continue;
            busy = true;
            const std::int64_t frame = node.read[i]++ / node.frame_reads[i];
            if (frame < options_.frames && node.activity.first_cycle[static_cast<std::size_t>(frame)] < 0)
                node.activity.first_cycle[static_cast<std::size_t>(frame)] = now_;
        }
        for (std::size_t o = 0; o < node.outputs.size(); ++o) {
            if (!node.ports.writes(o)) continue;
            busy = true;
            const std::int64_t frame = node.written[o]++ / node.frame_writes[o];
            if (frame < options_.frames) node.activity.last_cycle[static_cast<std::size_t>(frame)] = now_;
        }
        node.activity.busy_cycles += busy;
    }

    static std::string name_of(const Node& node) {
        return node.fifo ? fmt::format("the FIFO of stream '{}'", node.unit->name) : fmt::format("unit '{}'", node.unit->name);
    }

    Diagnostic stopped() const {
        std::string waits;
        std::string first;
        for (const Link& link : links_) {
            if (!link.valid || link.ready || link.consumer < 0) continue;
            if (first.empty()) first = link.stream->name;
            waits += fmt::format("{}stream '{}' is full: {} does not read", waits.empty() ? "" : "; ", link.stream->name,
                                 name_of(nodes_[static_cast<std::size_t>(link.consumer)]));
        }
        return {.tensor = first,
                .reason = fmt::format("the kernel would stop after {} cycles: a deadlock, with stream '{}' full", now_, first),
                .help = waits};
    }

    Schedule finish() {
        for (Node& node : nodes_) {
            if (node.fifo) continue;
            result_.units.push_back(std::move(node.activity));
        }
        std::map<const Stream*, StreamActivity> streams;
        for (const Link& link : links_) {
            StreamActivity& activity = streams[link.stream];
            activity.stream = link.stream;
            activity.waiting_cycles += link.consumer >= 0 && link.producer < static_cast<int>(design_.units.size()) ? link.waiting : 0;
            if (link.producer >= 0)
                activity.most_held = std::max(
                    activity.most_held, most_held_[static_cast<std::size_t>(link.producer)][static_cast<std::size_t>(link.producer_port)]);
        }
        for (const auto& stream : design_.streams)
            if (const auto at = streams.find(stream.get()); at != streams.end()) result_.streams.push_back(at->second);
        // Latency of the first frame; interval between the ends of the last two.
        std::int64_t first = std::numeric_limits<std::int64_t>::max();
        std::vector<std::int64_t> ends(static_cast<std::size_t>(options_.frames));
        for (const PortActivity& port : result_.ports) {
            const auto frame = static_cast<std::size_t>(beats(*port.stream));
            if (!port.output) {
                first = std::min(first, port.cycles.front());
                continue;
            }
            for (std::size_t f = 0; f < ends.size(); ++f) ends[f] = std::max(ends[f], port.cycles[(f + 1) * frame - 1]);
        }
        result_.latency_cycles = ends.front() - first + 1;
        if (ends.size() > 1) result_.interval_cycles = ends.back() - ends[ends.size() - 2];
        return std::move(result_);
    }

    const Design& design_;
    const ScheduleOptions& options_;
    Schedule result_;
    std::vector<Node> nodes_;
    std::vector<Link> links_;
    std::vector<std::size_t> order_;
    std::map<const Unit*, int> node_of_;
    std::vector<std::vector<std::int64_t>> most_held_;
    std::int64_t now_ = 0;
    std::int64_t left_ = 0;  ///< Beats that the kernel's ports still await.
};

}  // namespace

Result<Schedule> schedule(const Design& design, const ScheduleOptions& options) { return Stepper(design, options).run(); }

std::int64_t interval_bound(const Design& design) {
    std::int64_t bound = 1;
    for (const auto& unit : design.units)
        if (unit->def->schedule) bound = std::max(bound, unit->def->schedule(*unit).cycles);
    for (const auto& stream : design.streams) bound = std::max(bound, stream->beat.count(stream->shape));
    return bound;
}

Status set_rtl_depths(Design& design, const Progress& progress) {
    const std::int64_t bound = interval_bound(design);
    for (const auto& stream : design.streams) {
        stream->rtl_depth = least_depth;
        if (!stream->producer) continue;
        const auto readers = design.readers(stream.get());
        if (readers.empty() || find_port(*stream->producer->def, true, stream->producer_port)->buffered) continue;
        // Windows are wide and their readers' readies are registers: wires will do.
        if (stream->shape.taps > 1 && find_port(*readers[0].first->def, false, readers[0].second)->registered_ready) stream->rtl_depth = 0;
    }
    // As many frames as are under way at a time, and some more: small frames leave long after several others have entered.
    WEFT_ASSIGN(const Schedule one, schedule(design, {.frames = 1, .unbounded = true, .progress = progress}));
    const int frames = 4 + static_cast<int>(one.latency_cycles / std::max<std::int64_t>(bound, 1));
    WEFT_ASSIGN(const Schedule free,
                schedule(design, {.frames = frames, .paced_interval = bound, .unbounded = true, .progress = progress}));
    for (const StreamActivity& activity : free.streams) {
        auto* stream = const_cast<Stream*>(activity.stream);
        // One more: a beat may enter a full FIFO's place only after the one that leaves it.
        if (stream->rtl_depth != 0) stream->rtl_depth = static_cast<int>(std::max<std::int64_t>(least_depth, activity.most_held + 1));
    }
    // Units may ask for room for several beats at once before they begin: rarely the depths must grow a little for that.
    for (int round = 0; round < 4; ++round) {
        WEFT_ASSIGN(const Schedule full, schedule(design, {.frames = frames, .progress = progress}));
        if (full.interval_cycles <= std::max(bound, free.interval_cycles)) break;
        for (const auto& stream : design.streams)
            if (stream->rtl_depth > 0) stream->rtl_depth += std::max(2, stream->rtl_depth / 4);
    }
    return Ok{};
}

}  // namespace weft
