// plumb.cpp
// Plumbing: forks, width changes and FIFO depths between the units of a folded Design.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/plumb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <set>
#include <string>

namespace weft {

namespace {

/// Of what a stream is, each plumbing unit has the parameters that it needs.
void set_if_there(Unit& unit, std::string_view name, std::int64_t value) {
    if (unit.find_parameter(name)) unit.set_parameter(name, value);
}

void set_shape(Unit& unit, const StreamShape& shape) {
    set_if_there(unit, "Rows", shape.rows);
    set_if_there(unit, "Columns", shape.columns);
    set_if_there(unit, "Taps", shape.taps);
    set_if_there(unit, "Channels", shape.channels);
}

/// Places the newest unit directly behind `before`, or first.
void move_behind(Design& design, const Unit* before) {
    auto newest = std::move(design.units.back());
    design.units.pop_back();
    auto at = design.units.begin();
    if (before) at = std::next(std::ranges::find_if(design.units, [&](const auto& unit) { return unit.get() == before; }));
    design.units.insert(at, std::move(newest));
}

std::vector<KernelOutput*> outputs_on(Design& design, const Stream* stream) {
    std::vector<KernelOutput*> list;
    for (KernelOutput& output : design.outputs)
        if (output.binding.stream == stream) list.push_back(&output);
    return list;
}

std::string node_of(const Unit& unit) { return unit.nodes.empty() ? unit.name : unit.nodes.front(); }

void insert_fork(Design& design, Stream* stream) {
    const auto readers = design.readers(stream);
    const auto leaving = outputs_on(design, stream);
    const std::size_t count = readers.size() + leaving.size();
    if (count < 2) return;
    std::vector<Stream*> branches;
    for (std::size_t i = 0; i < count; ++i) {
        branches.push_back(design.add_stream(stream->name + "_branch", stream->shape, stream->min, stream->max));
        branches.back()->beat = stream->beat;
    }
    Unit* unit = design.add_unit(unit_for(UnitRole::fork), stream->name + "_split", {stream}, branches);
    if (stream->producer) unit->nodes = stream->producer->nodes;
    set_shape(*unit, stream->shape);
    set_if_there(*unit, "Pixels", stream->beat.pixels);
    set_if_there(*unit, "Lanes", stream->beat.lanes);
    set_if_there(*unit, "TapsPerBeat", stream->beat.taps);
    move_behind(design, stream->producer);
    for (std::size_t i = 0; i < readers.size(); ++i) readers[i].first->inputs[static_cast<std::size_t>(readers[i].second)] = branches[i];
    for (std::size_t i = 0; i < leaving.size(); ++i) leaving[i]->binding.stream = branches[readers.size() + i];
}

Status insert_width(Design& design, Stream* stream) {
    const auto readers = design.readers(stream);
    if (readers.empty()) return Ok{};
    const auto [reader, port] = readers.front();
    const Beat wanted = port_beat(*reader, false, port);
    if (wanted == stream->beat) return Ok{};
    if (stream->shape.taps != 1 || wanted.taps != 1)
        return Diagnostic{
            Severity::error, node_of(*reader), stream->name,
            fmt::format("unit '{}' reads {} pixels x {} taps x {} channels a beat, but '{}' writes {} x {} x {}", reader->name,
                        wanted.pixels, wanted.taps, wanted.lanes, stream->producer ? stream->producer->name : "the input",
                        stream->beat.pixels, stream->beat.taps, stream->beat.lanes),
            "give both the same Pixels, Lanes and TapsPerBeat in the folding file"};
    Stream* changed = design.add_stream(stream->name + "_wide", stream->shape, stream->min, stream->max);
    changed->beat = wanted;
    Unit* unit = design.add_unit(unit_for(UnitRole::width), stream->name + "_lanes", {stream}, {changed});
    unit->nodes = reader->nodes;
    set_shape(*unit, stream->shape);
    set_if_there(*unit, "InputPixels", stream->beat.pixels);
    set_if_there(*unit, "InputLanes", stream->beat.lanes);
    set_if_there(*unit, "OutputPixels", wanted.pixels);
    set_if_there(*unit, "OutputLanes", wanted.lanes);
    move_behind(design, stream->producer);
    reader->inputs[static_cast<std::size_t>(port)] = changed;
    return Ok{};
}

/// Beats as functions of beats: entry k is what the (k + 1)th beat of a frame needs. The same holds shifted by whole frames.
struct Need {
    std::vector<std::int64_t> beats;
    std::int64_t source_frame = 0;  ///< Beats of a frame of what is counted.

    std::int64_t operator()(std::int64_t beat) const {
        if (beat <= 0) return 0;
        const auto frame = static_cast<std::int64_t>(beats.size());
        return (beat - 1) / frame * source_frame + beats[static_cast<std::size_t>((beat - 1) % frame)];
    }
};

/// A Need, asked for one beat after the other.
class NeedWalk {
public:
    explicit NeedWalk(const Need& need) : need_(need) {}

    /// What the present beat needs.
    std::int64_t operator*() const { return frame_ + need_.beats[at_]; }
    void operator++() {
        if (++at_ < need_.beats.size()) return;
        at_ = 0;
        frame_ += need_.source_frame;
    }

private:
    const Need& need_;
    std::int64_t frame_ = 0;  ///< Beats of the frames before.
    std::size_t at_ = 0;
};

/// Counts beats along the paths of one plumbed design.
class TokenCounts {
public:
    explicit TokenCounts(const Design& design) : design_(design) {}

    /// Beats that the FIFO at each input of `join` must hold while the join waits for the others, and the units of the longest path waited
    /// for.
    struct Wait {
        std::int64_t beats = 0;
        int path_units = 0;
    };
    std::vector<Wait> waits(const Unit& join) {
        std::vector<Wait> result(join.inputs.size());
        for (const Unit* split : nearest_splits(join)) {
            const auto from_split = follow(*split, join);
            for (std::size_t held = 0; held < join.inputs.size(); ++held)
                for (std::size_t late = 0; late < join.inputs.size(); ++late) {
                    const auto skip = from_split.find(join.inputs[held]);
                    const auto path = from_split.find(join.inputs[late]);
                    if (held == late || skip == from_split.end() || path == from_split.end()) continue;
                    const std::int64_t beats =
                        longest_wait(join, static_cast<int>(held), static_cast<int>(late), skip->second.need, path->second.need);
                    if (beats > result[held].beats) result[held] = {beats, path->second.units};
                }
        }
        return result;
    }

private:
    struct Reached {
        Need need;
        int units = 0;
    };

    static std::int64_t frame_beats(const Stream& stream) { return stream.beat.count(stream.shape); }

    /// What output beats of the unit need at `port`; computed once.
    const Need& reads(const Unit& unit, int port) {
        const auto [at, fresh] = reads_.try_emplace({&unit, port});
        if (fresh) {
            Need& need = at->second;
            const Stream& in = *unit.inputs[static_cast<std::size_t>(port)];
            need.source_frame = frame_beats(in);
            if (unit.def->reads_for) {
                need.beats = unit.def->reads_for(unit, port);
            } else {
                need.beats.resize(static_cast<std::size_t>(need.source_frame));
                for (std::size_t k = 0; k < need.beats.size(); ++k) need.beats[k] = static_cast<std::int64_t>(k) + 1;
            }
        }
        return at->second;
    }

    /// Can `from` reach `target` without passing through `without`?
    bool reaches(const Unit& from, const Unit& target, const Unit* without) const {
        std::set<const Unit*> reached{&from};
        for (const auto& unit : design_.units) {
            if (unit.get() == without || reached.contains(unit.get())) continue;
            if (std::ranges::any_of(unit->inputs,
                                    [&](const Stream* stream) { return stream->producer && reached.contains(stream->producer); }))
                reached.insert(unit.get());
        }
        return reached.contains(&target);
    }

    /// Forks from which several inputs of the join are reached, without those whose every path passes through a nearer one.
    std::vector<const Unit*> nearest_splits(const Unit& join) const {
        std::vector<const Unit*> splits;
        for (const auto& unit : design_.units) {
            if (unit->outputs.size() < 2) continue;
            const auto fed = std::ranges::count_if(join.inputs, [&](const Stream* stream) {
                return stream->producer && (stream->producer == unit.get() || reaches(*unit, *stream->producer, &join));
            });
            if (fed >= 2) splits.push_back(unit.get());
        }
        const auto all = splits;
        std::erase_if(splits, [&](const Unit* far) {
            return std::ranges::any_of(
                all, [&](const Unit* near) { return near != far && reaches(*far, *near, nullptr) && !reaches(*far, join, near); });
        });
        return splits;
    }

    /// For every stream between the fork and the join: how many of the fork's beats each of its beats needs.
    std::map<const Stream*, Reached> follow(const Unit& split, const Unit& join) {
        std::map<const Stream*, Reached> reached;
        const std::int64_t frame = frame_beats(*split.inputs[0]);
        Reached start;
        start.need.source_frame = frame;
        start.need.beats.resize(static_cast<std::size_t>(frame));
        for (std::size_t k = 0; k < start.need.beats.size(); ++k) start.need.beats[k] = static_cast<std::int64_t>(k) + 1;
        for (const Stream* stream : split.outputs) reached[stream] = start;
        bool past = false;
        for (const auto& unit : design_.units) {
            if (unit.get() == &split) past = true;
            if (unit.get() == &join) break;
            if (!past || unit.get() == &split || !reaches(*unit, join, nullptr)) continue;
            Reached out;
            out.need.source_frame = frame;
            bool touched = false;
            for (std::size_t port = 0; port < unit->inputs.size(); ++port) {
                const auto in = reached.find(unit->inputs[port]);
                if (in == reached.end()) continue;
                const Need& own = reads(*unit, static_cast<int>(port));
                out.need.beats.resize(own.beats.size());
                for (std::size_t k = 0; k < own.beats.size(); ++k)
                    out.need.beats[k] = std::max(out.need.beats[k], in->second.need(own.beats[k]));
                out.units = std::max(out.units, in->second.units + 1);
                touched = true;
            }
            if (!touched) continue;
            for (const Stream* stream : unit->outputs) reached[stream] = out;
        }
        return reached;
    }

    /// To write its kth beat the join needs the late input to have got `path(late_reads(k))` beats out of the fork. The fork gives the held
    /// side as many; what they become there, less what the join has read of it for the beats before, waits.
    std::int64_t longest_wait(const Unit& join, int held, int late, const Need& skip, const Need& path) {
        const Need& held_reads = reads(join, held);
        const Need& late_reads = reads(join, late);
        const auto beats = static_cast<std::int64_t>(late_reads.beats.size());
        std::int64_t longest = 0, arrived = 0, read = 0;
        NeedWalk next(skip), late_read(late_reads), held_read(held_reads);
        // From the second frame on everything repeats.
        for (std::int64_t k = 1; k <= 2 * beats; ++k, ++late_read, ++held_read) {
            const std::int64_t forked = path(*late_read);
            for (; *next <= forked; ++next) ++arrived;
            longest = std::max(longest, arrived - read);
            read = *held_read;
        }
        return longest;
    }

    const Design& design_;
    std::map<std::pair<const Unit*, int>, Need> reads_;
};

int default_depth(const Stream& stream, const PlumbOptions& options) {
    // A stream with taps is as wide as a whole window, and its producer waits for its reader at every position anyway.
    if (stream.shape.taps > 1) return options.least_depth;
    const std::int64_t beats = stream.beat.count({1, 1, 1, stream.shape.channels}) * options.positions;
    return static_cast<int>(std::clamp<std::int64_t>(beats, options.least_depth, options.most_depth));
}

}  // namespace

void unplumb(Design& design) {
    std::set<const Stream*> gone;
    for (const auto& unit : design.units) {
        if (unit->def->role == UnitRole::function) continue;
        Stream* source = unit->inputs[0];
        for (const Stream* copy : unit->outputs) {
            for (const auto& [reader, port] : design.readers(copy)) reader->inputs[static_cast<std::size_t>(port)] = source;
            for (KernelOutput* output : outputs_on(design, copy)) output->binding.stream = source;
            for (CheckPoint& point : design.check_points)
                if (point.binding.stream == copy) point.binding.stream = source;
            gone.insert(copy);
        }
    }
    std::erase_if(design.units, [](const auto& unit) { return unit->def->role != UnitRole::function; });
    std::erase_if(design.streams, [&](const auto& stream) { return gone.contains(stream.get()); });
}

Status plumb(Design& design, const PlumbOptions& options) {
    unplumb(design);
    std::vector<Stream*> own;
    for (const auto& stream : design.streams) own.push_back(stream.get());
    for (Stream* stream : own) {
        if (stream->producer) {
            stream->beat = port_beat(*stream->producer, true, stream->producer_port);
        } else if (const auto readers = design.readers(stream); !readers.empty()) {
            stream->beat = port_beat(*readers.front().first, false, readers.front().second);
        }
        insert_fork(design, stream);
    }
    std::vector<Stream*> branched;
    for (const auto& stream : design.streams) branched.push_back(stream.get());
    for (Stream* stream : branched) WEFT_CHECK(insert_width(design, stream));
    design.sort();

    for (const auto& stream : design.streams) stream->depth = default_depth(*stream, options);
    TokenCounts counts(design);
    for (const auto& unit : design.units) {
        if (unit->inputs.size() < 2) continue;
        const auto waits = counts.waits(*unit);
        for (std::size_t port = 0; port < waits.size(); ++port) {
            if (waits[port].beats == 0) continue;
            const auto needed = waits[port].beats + std::int64_t{options.margin_per_unit} * waits[port].path_units;
            unit->inputs[port]->depth = static_cast<int>(std::max<std::int64_t>(unit->inputs[port]->depth, needed));
        }
    }
    return Ok{};
}

std::map<const Stream*, std::int64_t> waiting_beats(const Design& design) {
    std::map<const Stream*, std::int64_t> result;
    TokenCounts counts(design);
    for (const auto& unit : design.units) {
        if (unit->inputs.size() < 2) continue;
        const auto waits = counts.waits(*unit);
        for (std::size_t port = 0; port < waits.size(); ++port)
            if (waits[port].beats > 0) result[unit->inputs[port]] = waits[port].beats;
    }
    return result;
}

}  // namespace weft
