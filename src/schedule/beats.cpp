// beats.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/beats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

#include "src/design/unit_timing.h"
#include "src/schedule/stalls.h"

namespace weft {

namespace {

/// Frames that pass in turn, at most: units that act by themselves may do so in every other frame.
constexpr std::size_t longest_period = 16;

/// Beats enter in windows of so many cycles, each once all is known that follows from those before it: what has to be kept of passages
/// stays small.
constexpr std::int64_t window_cycles = 1024;

std::int64_t ceil_ratio(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The kernel's surroundings at an input.
class Source : public UnitTiming {
public:
    Source(const ScheduleOptions& options, int port, std::int64_t frame) : options_(options), port_(port), frame_(frame) {}

    bool advance(std::int64_t horizon) override {
        Passage& out = *outputs[0];
        for (std::int64_t beat = out.given(); beat < options_.frames * frame_; ++beat) {
            std::int64_t cycle = options_.paced_interval > 0 ? ceil_ratio(beat * options_.paced_interval, frame_) : beat;
            if (options_.stall_seed != 0) {
                const std::int64_t forerunner = out.leaves(beat - 1);
                if (forerunner == never) return true;
                cycle = std::max(cycle, forerunner + 1);
                while (stalled(options_.stall_seed, port_, static_cast<std::uint64_t>(cycle))) ++cycle;
            }
            if (cycle >= horizon) break;
            out.give(cycle);
        }
        return false;
    }

private:
    const ScheduleOptions& options_;
    int port_;
    std::int64_t frame_;
};

/// The kernel's surroundings at an output.
class Sink : public UnitTiming {
public:
    Sink(std::uint64_t stall_seed, int port) : stall_seed_(stall_seed), port_(port) {}

    bool advance(std::int64_t horizon) override {
        Passage& in = *inputs[0];
        if (stall_seed_ == 0) in.opens(never);
        while (in.waits()) {
            std::int64_t cycle = in.offered();
            while (stalled(stall_seed_, port_, static_cast<std::uint64_t>(cycle))) ++cycle;
            if (cycle >= horizon) break;
            in.take(cycle);
        }
        return false;
    }

private:
    std::uint64_t stall_seed_;
    int port_;
};

/// A node with what the queue knows of it.
struct Actor {
    std::unique_ptr<UnitTiming> timing;
    std::vector<std::size_t> inputs, outputs;  ///< Links.
    bool queued = false;
    bool stuck = false;  ///< Waits to know that beats leave.
};

/// When the beats of a frame pass a stream.
struct FramePattern {
    std::int64_t first = 0, last = 0;  ///< Cycles.
    std::uint64_t hash = 0;            ///< Of the cycles after the first.
};

/// A passage with its ends, and how far each end has been told of it.
struct Track {
    Passage passage;
    std::size_t producer = 0, consumer = 0;  ///< Actors.
    std::int64_t told_given = 0, told_known = 0;
    std::int64_t looks_back = 2;
    std::int64_t counted = 0, promises = 0;  ///< Beats that are in the record,
    std::int64_t left = 0;                   ///< and of these those that had left at the last promise.
    std::array<std::uint64_t, window_cycles / 64> busy{};
    FramePattern current;              ///< Of the frame that passes.
    std::vector<FramePattern> frames;  ///< That have passed, where a steady state is awaited.
};

class BeatScheduler {
public:
    explicit BeatScheduler(Network network) : network_(std::move(network)), options_(*network_.options) {}

    Result<Schedule> run(std::int64_t* advances) {
        build();
        const std::int64_t patience = network_.longest_pause();
        const std::int64_t total = network_.port_beats;
        for (std::int64_t start = 0;; start += window_cycles) {
            const std::int64_t end = start + window_cycles;
            settle(end);
            std::int64_t passed = 0, last_event = 0, last_at_ports = 0;
            for (std::size_t l = 0; l < tracks_.size(); ++l) {
                const Passage& passage = tracks_[l].passage;
                last_event = std::max(last_event, passage.last_taken());
                for (const int port : {network_.links[l].source, network_.links[l].sink}) {
                    if (port < 0) continue;
                    passed += passage.taken();
                    last_at_ports = std::max(last_at_ports, passage.last_taken());
                }
            }
            if (advances) *advances = advances_;
            const bool done = passed == total;
            const std::int64_t stop = last_event + patience + 1;
            if (options_.steady) {
                tell_steady(passed);
                record_steady();
                if (const auto interval = steady_interval()) return finish_steady(*interval);
                if (done && last_at_ports < options_.most_cycles) return finish_steady(last_interval());
            } else {
                if (options_.progress) options_.progress(passed, total);
                record(start, done ? last_at_ports + 1 : end);
            }
            if (done && last_at_ports < options_.most_cycles) return finish(last_at_ports + 1);
            if (!done && stop <= std::min(end, options_.most_cycles)) return stopped(stop);
            if (done || end > options_.most_cycles) return network_.too_long();
        }
    }

private:
    void build() {
        tracks_.resize(network_.links.size());
        const auto add = [&](std::unique_ptr<UnitTiming> timing, std::vector<std::size_t> inputs, std::vector<std::size_t> outputs) {
            for (const std::size_t link : inputs) {
                timing->inputs.push_back(&tracks_[link].passage);
                tracks_[link].consumer = actors_.size();
                tracks_[link].looks_back = std::max(tracks_[link].looks_back, timing->looks_back());
            }
            for (const std::size_t link : outputs) {
                timing->outputs.push_back(&tracks_[link].passage);
                tracks_[link].producer = actors_.size();
                tracks_[link].looks_back = std::max(tracks_[link].looks_back, timing->looks_back());
            }
            if (timing->may_act_alone()) loners_.push_back(actors_.size());
            actors_.push_back({std::move(timing), std::move(inputs), std::move(outputs)});
        };
        const auto add_node = [&](const NetworkNode& node) {
            add(static_cast<const TimedControl&>(*node.control).timing(), node.inputs, node.outputs);
        };
        for (std::size_t l = 0; l < network_.links.size(); ++l) {
            const NetworkLink& link = network_.links[l];
            if (link.source >= 0) add(std::make_unique<Source>(options_, link.source, network_.beats(link)), {}, {l});
        }
        // Along the streams, so that most is known when a node is asked: a unit's FIFOs stand before it.
        for (std::size_t u = 0; u < network_.design->units.size(); ++u) {
            for (const std::size_t link : network_.nodes[u].inputs) {
                const int before = network_.links[link].producer;
                if (before >= 0 && network_.nodes[static_cast<std::size_t>(before)].fifo)
                    add_node(network_.nodes[static_cast<std::size_t>(before)]);
            }
            add_node(network_.nodes[u]);
        }
        for (std::size_t l = 0; l < network_.links.size(); ++l) {
            const NetworkLink& link = network_.links[l];
            if (link.sink < 0) continue;
            if (link.producer >= 0 && network_.nodes[static_cast<std::size_t>(link.producer)].fifo)
                add_node(network_.nodes[static_cast<std::size_t>(link.producer)]);
            add(std::make_unique<Sink>(options_.stall_seed, link.sink), {l}, {});
        }
    }

    /// All beats that pass before `end`; where only a steady state is asked for, all that follow from those that enter before it. So few
    /// frames enter behind the one that passes the last unit as every other one has passed before.
    void settle(std::int64_t end) {
        const std::int64_t horizon = options_.steady ? never : end;
        for (std::size_t a = 0; a < actors_.size(); ++a) call(a);
        for (;;) {
            for (; next_ < queue_.size(); ++next_) ask(queue_[next_], actors_[queue_[next_]].inputs.empty() ? end : horizon);
            queue_.clear();
            next_ = 0;
            // Nobody can tell more. Whoever acts first without a beat does so: nothing happens before. What it gives is offered in the next
            // cycle, and what others give then in the one after that: outputs are registers.
            std::int64_t first = never;
            for (const std::size_t a : loners_) first = std::min(first, actors_[a].timing->acts_alone());
            if (first >= end) return;
            const std::int64_t none_by = std::min(first + 1, end - 1);
            for (const std::size_t a : loners_) {
                if (actors_[a].timing->acts_alone() > none_by) continue;
                actors_[a].timing->none_comes_by(none_by);
                call(a);
            }
        }
    }

    void call(std::size_t a) {
        if (actors_[a].queued) return;
        actors_[a].queued = true;
        queue_.push_back(a);
    }

    void ask(std::size_t a, std::int64_t horizon) {
        Actor& actor = actors_[a];
        actor.queued = false;
        actor.stuck = actor.timing->advance(horizon);
        ++advances_;
        for (const std::size_t l : actor.inputs) {
            Track& track = tracks_[l];
            if (track.told_known == track.passage.known()) continue;
            track.told_known = track.passage.known();
            if (actors_[track.producer].stuck) call(track.producer);
        }
        for (const std::size_t l : actor.outputs) {
            Track& track = tracks_[l];
            if (track.told_given == track.passage.given()) continue;
            track.told_given = track.passage.given();
            call(track.consumer);
        }
    }

    /// Everything between `start` and `end`.
    void record(std::int64_t start, std::int64_t end) {
        for (std::size_t l = 0; l < tracks_.size(); ++l) {
            Track& track = tracks_[l];
            const NetworkLink& link = network_.links[l];
            const Passage& passage = track.passage;
            const std::int64_t before = track.counted;
            track.busy.fill(0);
            for (; track.counted < passage.taken() && passage.at(track.counted) < end; ++track.counted) {
                const auto at = static_cast<std::uint64_t>(passage.at(track.counted) - start);
                track.busy[at / 64] |= std::uint64_t{1} << at % 64;
            }
            for (const int port : {link.source, link.sink}) {
                if (port < 0) continue;
                for (std::int64_t beat = before; beat < track.counted; ++beat)
                    network_.ports[static_cast<std::size_t>(port)].cycles.push_back(passage.at(beat));
            }
            if (link.sink >= 0 && track.counted > 0) network_.cycles = std::max(network_.cycles, passage.at(track.counted - 1) + 1);
            record_frames(l, before);
            if (link.producer >= 0) record_held(link, track, end);
        }
        for (NetworkNode& node : network_.nodes) {
            if (node.fifo) continue;
            for (std::size_t word = 0; word < tracks_.front().busy.size(); ++word) {
                std::uint64_t busy = 0;
                for (const std::size_t l : node.inputs) busy |= tracks_[l].busy[word];
                for (const std::size_t l : node.outputs) busy |= tracks_[l].busy[word];
                node.activity.busy_cycles += std::popcount(busy);
            }
        }
        forget();
    }

    void forget() {
        for (Track& track : tracks_) {
            // The last one that is in the record is asked for once more, and those that left after the last promise.
            const std::int64_t asked = track.promises > 0 ? track.left : track.counted;
            track.passage.forget(track.looks_back + (track.passage.taken() - asked) + 1);
            track.passage.forget_promised(track.promises);
        }
    }

    void record_steady() {
        for (std::size_t l = 0; l < tracks_.size(); ++l) {
            Track& track = tracks_[l];
            const NetworkLink& link = network_.links[l];
            const Passage& passage = track.passage;
            const std::int64_t frame = network_.beats(link);
            const std::int64_t before = track.counted;
            std::int64_t left = frame - before % frame;  // beats until the frame's end
            for (; track.counted < passage.taken(); ++track.counted) {
                const std::int64_t cycle = passage.at(track.counted);
                FramePattern& pattern = track.current;
                if (left == frame) pattern = {.first = cycle};
                pattern.hash = (pattern.hash ^ static_cast<std::uint64_t>(cycle - pattern.first)) * 0x9e3779b97f4a7c15;
                if (--left > 0) continue;
                pattern.last = cycle;
                track.frames.push_back(pattern);
                left = frame;
            }
            // Beats that leave later are not known yet.
            if (link.producer >= 0) record_held(link, track, passage.last_taken() + 1);
        }
        forget();
    }

    /// The interval, once a frame has passed everywhere as one of the few before it. What a unit does depends on no more than the frame
    /// before: so all that follow pass in turn as those between the two.
    std::optional<std::int64_t> steady_interval() {
        std::size_t passed = tracks_.front().frames.size();
        for (const Track& track : tracks_) passed = std::min(passed, track.frames.size());
        for (; compared_ < passed; ++compared_) {
            for (std::size_t period = 1; period <= std::min(compared_, longest_period); ++period) {
                const auto shift = [&](const Track& track) {
                    return track.frames[compared_].first - track.frames[compared_ - period].first;
                };
                const std::int64_t cycles = shift(tracks_.front());
                if (std::ranges::all_of(tracks_, [&](const Track& track) {
                        return shift(track) == cycles && track.frames[compared_].hash == track.frames[compared_ - period].hash;
                    }))
                    return ceil_ratio(cycles, static_cast<std::int64_t>(period));
            }
            if (const auto interval = falls_behind()) return interval;
        }
        return std::nullopt;
    }

    /// Where every FIFO holds what it is asked to and frames enter faster than the design can pass them on: the interval of the slowest
    /// stream. Each passes its frames alike, at a pace of its own, for so long that it is no start any more.
    std::optional<std::int64_t> falls_behind() const {
        if (!network_.endless || compared_ < 2 * longest_period) return std::nullopt;
        std::int64_t slowest = 0;
        for (const Track& track : tracks_) {
            const FramePattern* last = &track.frames[compared_];
            const std::int64_t cycles = last->first - (last - 1)->first;
            for (std::size_t back = 1; back <= longest_period; ++back)
                if ((last - back)->hash != last->hash || (last - back + 1)->first - (last - back)->first != cycles) return std::nullopt;
            slowest = std::max(slowest, cycles);
        }
        return slowest;
    }

    /// Between the ends of the last two frames.
    std::int64_t last_interval() const {
        if (options_.frames < 2) return 0;
        const auto last = static_cast<std::size_t>(options_.frames) - 1;
        return frame_end(last) - frame_end(last - 1);
    }

    std::int64_t frame_end(std::size_t frame) const {
        std::int64_t end = 0;
        for (std::size_t l = 0; l < tracks_.size(); ++l)
            if (network_.links[l].sink >= 0) end = std::max(end, tracks_[l].frames[frame].last);
        return end;
    }

    Schedule finish_steady(std::int64_t interval) const {
        std::int64_t first = never;
        for (std::size_t l = 0; l < tracks_.size(); ++l)
            if (network_.links[l].source >= 0) first = std::min(first, tracks_[l].frames.front().first);
        return {.latency_cycles = frame_end(0) - first + 1, .interval_cycles = interval, .streams = network_.stream_activities()};
    }

    /// How many frames it will take is not known: several.
    void tell_steady(std::int64_t passed) const {
        if (!options_.progress) return;
        const std::int64_t frame = network_.port_beats / options_.frames;
        options_.progress(passed, std::max(4 * frame, passed + frame));
    }

    /// The first beats that were read of frames, and the last ones that were written, among those from `before` on.
    void record_frames(std::size_t l, std::int64_t before) {
        const NetworkLink& link = network_.links[l];
        const Track& track = tracks_[l];
        if (track.counted == before) return;
        const std::int64_t frame = network_.beats(link);
        for (std::int64_t f = before / frame; f <= (track.counted - 1) / frame && f < options_.frames; ++f) {
            const auto at = static_cast<std::size_t>(f);
            if (link.consumer >= 0 && f * frame >= before) {
                std::int64_t& first = network_.nodes[static_cast<std::size_t>(link.consumer)].activity.first_cycle[at];
                const std::int64_t cycle = track.passage.at(f * frame);
                first = first < 0 ? cycle : std::min(first, cycle);
            }
            if (link.producer >= 0) {
                std::int64_t& last = network_.nodes[static_cast<std::size_t>(link.producer)].activity.last_cycle[at];
                last = std::max(last, track.passage.at(std::min((f + 1) * frame, track.counted) - 1));
            }
        }
    }

    /// The most beats for which there was room or its promise: after each promise, less those that had left.
    void record_held(const NetworkLink& link, Track& track, std::int64_t end) {
        const BeatCycles& promised = track.passage.promised();
        const std::int64_t spare = actors_[track.producer].timing->spare_room();
        std::int64_t& most =
            network_.nodes[static_cast<std::size_t>(link.producer)].most_held[static_cast<std::size_t>(link.producer_port)];
        for (; track.promises < promised.count() && promised.at(track.promises) < end; ++track.promises) {
            const std::int64_t cycle = promised.at(track.promises);
            while (track.left < track.counted && track.passage.at(track.left) <= cycle) ++track.left;
            most = std::max(most, track.promises + 1 - track.left + spare);
        }
    }

    /// `end`: the first cycle that is not in the schedule.
    Schedule finish(std::int64_t end) {
        for (std::size_t l = 0; l < tracks_.size(); ++l) {
            const Passage& passage = tracks_[l].passage;
            std::int64_t& waiting = network_.links[l].waiting;
            waiting = passage.waiting();
            // Beats that are taken after the end have waited less, or not yet come.
            for (std::int64_t beat = tracks_[l].counted; beat < passage.taken(); ++beat) {
                const std::int64_t offered = std::max(passage.given_cycle(beat), (beat > 0 ? passage.at(beat - 1) : -1) + 1);
                waiting -= passage.at(beat) - std::clamp(end, offered, passage.at(beat));
            }
            if (passage.waits()) waiting += std::max<std::int64_t>(0, end - passage.offered());
        }
        return network_.finish();
    }

    Diagnostic stopped(std::int64_t now) {
        for (std::size_t l = 0; l < tracks_.size(); ++l) {
            const Passage& passage = tracks_[l].passage;
            network_.links[l].valid = passage.waits() && passage.offered() < now;
            network_.links[l].ready = false;
        }
        return network_.stopped(now);
    }

    Network network_;
    const ScheduleOptions& options_;
    std::vector<Track> tracks_;  ///< By link.
    std::vector<Actor> actors_;
    std::vector<std::size_t> loners_;  ///< Actors that may act alone.
    std::vector<std::size_t> queue_;   ///< Actors that may have something to do; those before `next_` have been asked.
    std::size_t next_ = 0;
    std::int64_t advances_ = 0;
    std::size_t compared_ = 0;  ///< Frames that do not pass as one of those before them.
};

}  // namespace

bool has_timing(const Network& network) {
    return std::ranges::all_of(network.nodes,
                               [](const NetworkNode& node) { return dynamic_cast<const TimedControl*>(node.control.get()) != nullptr; });
}

Result<Schedule> schedule_by_beats(Network network, std::int64_t* advances) { return BeatScheduler(std::move(network)).run(advances); }

}  // namespace weft
