// folding.cpp
// The exact search for the default folding.
// SPDX-License-Identifier: Apache-2.0
#include "src/explore/folding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include "src/design/plumb.h"

namespace weft {

namespace {

using BeatKey = std::array<int, 3>;

BeatKey key_of(const Beat& beat) { return {beat.pixels, beat.taps, beat.lanes}; }

bool carries_taps(const Stream& stream) { return stream.shape.taps > 1; }

/// One joint choice for the units of a group.
struct Choice {
    std::int64_t cycles = 0;
    std::int64_t mac_cycles =
        0;  ///< Of the members with MACs: among equals in DSPs their speed is worth having, that of the others is not.
    Cost cost;
    std::int64_t width = 0;    ///< Elements a beat that the members without MACs read.
    std::vector<int> options;  ///< Per member: index into its options.

    auto key() const { return std::tie(cost.mac_dsp, cost.dsp, mac_cycles, width, cycles, options); }
};

/// A unit of a group with its foldings, sorted by the beats that they mean for the group's streams.
struct Member {
    Unit* unit;
    bool has_macs = false;
    std::vector<Folding> options;
    std::vector<std::int64_t> widths;  ///< Elements a beat at the unit's first input.
    std::vector<int> streams;          ///< The group's streams at the unit.
    std::map<std::vector<BeatKey>, std::vector<int>> by_beats;
};

/// Units connected by streams with taps, whose beats both ends must share.
class Group {
public:
    explicit Group(const std::vector<Unit*>& units) {
        std::map<const Stream*, int> streams;
        for (Unit* unit : units) add_member(unit, streams);
        beats_.resize(streams.size());
        extend({});
        keep_best();
    }

    const std::vector<Choice>& choices() const { return choices_; }

    /// The cheapest choice of at most that many cycles, or null.
    const Choice* cheapest(std::int64_t cycles) const {
        const auto end = std::ranges::upper_bound(choices_, cycles, {}, &Choice::cycles);
        return end == choices_.begin() ? nullptr : &*std::prev(end);
    }

    void apply(const Choice& choice) const {
        for (std::size_t i = 0; i < members_.size(); ++i)
            members_[i].unit->set_parameters(members_[i].options[static_cast<std::size_t>(choice.options[i])].parameters);
    }

private:
    void add_member(Unit* unit, std::map<const Stream*, int>& streams) {
        Member member{.unit = unit, .options = {}, .widths = {}, .streams = {}, .by_beats = {}};
        if (unit->def->foldings) member.options = unit->def->foldings(*unit);
        if (member.options.empty()) member.options = {{{}, unit->def->schedule(*unit).cycles, unit->def->cost(*unit)}};
        member.has_macs = std::ranges::any_of(member.options, [](const Folding& folding) { return folding.cost.mac_dsp > 0; });

        std::vector<std::pair<bool, int>> ports;
        for (const bool output : {false, true}) {
            const auto& ends = output ? unit->outputs : unit->inputs;
            for (std::size_t i = 0; i < ends.size(); ++i) {
                if (!carries_taps(*ends[i])) continue;
                ports.emplace_back(output, static_cast<int>(i));
                member.streams.push_back(streams.try_emplace(ends[i], static_cast<int>(streams.size())).first->second);
            }
        }
        const auto before = unit->parameters;
        for (std::size_t i = 0; i < member.options.size(); ++i) {
            unit->set_parameters(member.options[i].parameters);
            std::vector<BeatKey> beats;
            for (const auto& [output, port] : ports) beats.push_back(key_of(port_beat(*unit, output, port)));
            member.by_beats[beats].push_back(static_cast<int>(i));
            member.widths.push_back(port_beat(*unit, false, 0).elements());
        }
        unit->parameters = before;
        members_.push_back(std::move(member));
    }

    /// Adds every choice that agrees with `partial` on the members that it has.
    void extend(const Choice& partial) {
        const std::size_t index = partial.options.size();
        if (index == members_.size()) {
            choices_.push_back(partial);
            return;
        }
        const Member& member = members_[index];
        const auto taken = beats_;
        std::vector<BeatKey> known;
        for (const int stream : member.streams)
            if (taken[static_cast<std::size_t>(stream)]) known.push_back(*taken[static_cast<std::size_t>(stream)]);
        if (known.size() == member.streams.size()) {
            const auto at = member.by_beats.find(known);
            if (at != member.by_beats.end()) extend_with(partial, member, at->second);
            return;
        }
        for (const auto& [beats, options] : member.by_beats) {
            bool agrees = true;
            for (std::size_t i = 0; i < beats.size(); ++i) {
                auto& beat = beats_[static_cast<std::size_t>(member.streams[i])];
                agrees = agrees && (!beat || *beat == beats[i]);
                if (!beat) beat = beats[i];
            }
            if (agrees) extend_with(partial, member, options);
            beats_ = taken;
        }
    }

    void extend_with(const Choice& partial, const Member& member, const std::vector<int>& options) {
        for (const int option : options) {
            const Folding& folding = member.options[static_cast<std::size_t>(option)];
            Choice choice = partial;
            choice.cycles = std::max(choice.cycles, folding.cycles);
            if (member.has_macs)
                choice.mac_cycles = std::max(choice.mac_cycles, folding.cycles);
            else
                choice.width += member.widths[static_cast<std::size_t>(option)];
            choice.cost.mac_dsp += folding.cost.mac_dsp;
            choice.cost.dsp += folding.cost.dsp;
            choice.options.push_back(option);
            extend(choice);
        }
    }

    /// Leaves choices of growing cycles and falling cost only.
    void keep_best() {
        std::ranges::sort(choices_,
                          [](const Choice& a, const Choice& b) { return a.cycles != b.cycles ? a.cycles < b.cycles : a.key() < b.key(); });
        std::vector<Choice> best;
        for (Choice& choice : choices_)
            if (best.empty() || choice.key() < best.back().key()) best.push_back(std::move(choice));
        choices_ = std::move(best);
    }

    std::vector<Member> members_;
    std::vector<std::optional<BeatKey>> beats_;  ///< Of the group's streams, as far as the members chosen so far say.
    std::vector<Choice> choices_;
};

/// The groups of a design without plumbing, in order of their first units.
std::vector<Group> groups_of(const Design& design) {
    std::map<const Unit*, std::size_t> group;
    std::vector<std::vector<Unit*>> units;
    for (const auto& unit : design.units) {
        // Units come in topological order, so a unit meets the groups of its producers; several of them become one.
        std::optional<std::size_t> own;
        for (const Stream* stream : unit->inputs) {
            if (!carries_taps(*stream) || !stream->producer) continue;
            const std::size_t other = group.at(stream->producer);
            if (own && *own != other) {
                for (Unit* moved : units[other]) group[moved] = *own;
                units[*own].insert(units[*own].end(), units[other].begin(), units[other].end());
                units[other].clear();
            }
            if (!own) own = other;
        }
        if (!own) {
            own = units.size();
            units.emplace_back();
        }
        group[unit.get()] = *own;
        units[*own].push_back(unit.get());
    }
    std::vector<Group> groups;
    for (const auto& members : units)
        if (!members.empty()) groups.emplace_back(members);
    return groups;
}

/// MAC DSPs of the cheapest foldings within the interval; none if a group has no folding that fast.
std::optional<double> mac_dsp_within(const std::vector<Group>& groups, std::int64_t interval) {
    double total = 0;
    for (const Group& group : groups) {
        const Choice* choice = group.cheapest(interval);
        if (!choice) return std::nullopt;
        total += choice->cost.mac_dsp;
    }
    return total;
}

}  // namespace

FoldingFigures figures(const Design& design) {
    FoldingFigures result;
    for (const auto& unit : design.units) {
        const UnitFigures& each =
            result.units.emplace_back(UnitFigures{unit.get(), unit->def->schedule(*unit).cycles, unit->def->cost(*unit)});
        if (!result.slowest || each.cycles > result.interval) {
            result.interval = each.cycles;
            result.slowest = unit.get();
        }
        result.cost += each.cost;
        if (each.cost.requantize_dsp == each.cost.requantize_lanes) result.one_dsp_lanes += each.cost.requantize_lanes;
    }
    return result;
}

Status fold(Design& design, const FoldingOptions& options) {
    unplumb(design);
    const std::vector<Group> groups = groups_of(design);
    std::vector<std::int64_t> intervals{1};
    for (const Group& group : groups)
        for (const Choice& choice : group.choices())
            if (choice.cycles > 1) intervals.push_back(choice.cycles);
    std::ranges::sort(intervals);
    intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());

    // More cycles never need more DSPs.
    const auto too_fast = [&](std::int64_t interval) {
        const auto needed = mac_dsp_within(groups, interval);
        return !needed || *needed > options.mac_dsp_limit;
    };
    const auto found = std::ranges::partition_point(intervals, too_fast);
    if (found == intervals.end()) {
        const double least = mac_dsp_within(groups, intervals.back()).value_or(0);
        return Diagnostic{
            Severity::error,
            {},
            {},
            fmt::format("even the slowest folding needs {:.0f} MAC DSPs, and {:.0f} are allowed", least, options.mac_dsp_limit),
            "allow more DSPs, or split the model"};
    }
    for (const Group& group : groups) group.apply(*group.cheapest(*found));
    for (const auto& unit : design.units)
        if (unit->def->derive) unit->def->derive(*unit);
    return Ok{};
}

}  // namespace weft
