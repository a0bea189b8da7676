// timeline.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/schedule/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace weft {

namespace {

std::string node_of(const Unit& unit) { return fmt::format("{}", fmt::join(unit.nodes, ", ")); }

/// Share of the interval in which a unit passed a beat.
double busy_share(const Schedule& schedule, const UnitActivity& activity) {
    const auto frames = static_cast<std::int64_t>(activity.first_cycle.size());
    const std::int64_t span = schedule.interval_cycles > 0 ? schedule.interval_cycles * frames : schedule.cycles;
    return std::min(1.0, static_cast<double>(activity.busy_cycles) / static_cast<double>(std::max<std::int64_t>(span, 1)));
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return out;
}

/// A round number of cycles that divides `span` into about eight parts.
std::int64_t tick_of(std::int64_t span) {
    std::int64_t tick = 1;
    for (int i = 0; tick * 8 < span; ++i) tick = i % 3 == 1 ? tick / 2 * 5 : tick * 2;
    return tick;
}

}  // namespace

std::vector<LatencyShare> latency_path(const Design& design, const Schedule& schedule) {
    std::map<const Unit*, std::int64_t> last;
    for (const UnitActivity& activity : schedule.units) last[activity.unit] = activity.last_cycle.front();
    const auto key = [&](const Unit* unit) {
        std::int64_t fed = 0;
        for (const Stream* stream : unit->inputs) fed = std::max(fed, stream->producer ? last.at(stream->producer) : 0);
        return std::pair(last.at(unit), fed);
    };
    std::int64_t first_in = schedule.cycles, last_in = 0;
    const Unit* at = nullptr;
    std::int64_t end = -1;
    for (const PortActivity& port : schedule.ports) {
        const auto frame = static_cast<std::size_t>(port.stream->beat.count(port.stream->shape));
        if (port.output && port.cycles[frame - 1] > end) {
            end = port.cycles[frame - 1];
            at = port.stream->producer;
        }
        if (!port.output) {
            first_in = std::min(first_in, port.cycles.front());
            last_in = std::max(last_in, port.cycles[frame - 1]);
        }
    }
    std::vector<LatencyShare> path;
    while (at) {
        const Unit* before = nullptr;
        // Where paths join, the last beats of all leave together; the path that decided is the one that was fed last.
        for (const Stream* stream : at->inputs)
            if (stream->producer && (!before || key(stream->producer) > key(before))) before = stream->producer;
        // What the FIFO behind the last unit adds counts as the unit's.
        const std::int64_t done = path.empty() ? end : last.at(at);
        path.push_back({at, done - (before ? last.at(before) : last_in)});
        at = before;
    }
    path.push_back({nullptr, last_in - first_in + 1});
    std::ranges::reverse(path);
    (void)design;
    return path;
}

nlohmann::ordered_json to_json(const Design& design, const Schedule& schedule, double clock_mhz) {
    std::map<const Unit*, std::int64_t> shares;
    for (const LatencyShare& share : latency_path(design, schedule)) shares[share.unit] = share.cycles;
    nlohmann::ordered_json json{{"latency_cycles", schedule.latency_cycles},
                                {"interval_cycles", schedule.interval_cycles},
                                {"interval_bound_cycles", interval_bound(design)},
                                {"assumed_clock_mhz", clock_mhz},
                                {"frames", schedule.units.empty() ? 0 : schedule.units.front().first_cycle.size()},
                                {"input_cycles", shares[nullptr]},
                                {"units", nlohmann::ordered_json::array()},
                                {"streams", nlohmann::ordered_json::array()}};
    for (const UnitActivity& activity : schedule.units) {
        nlohmann::ordered_json unit{{"unit", activity.unit->name},
                                    {"node", node_of(*activity.unit)},
                                    {"busy", busy_share(schedule, activity)},
                                    {"first_cycle", activity.first_cycle.front()},
                                    {"last_cycle", activity.last_cycle.front()}};
        if (const auto at = shares.find(activity.unit); at != shares.end()) unit["latency_share_cycles"] = at->second;
        json["units"].push_back(std::move(unit));
    }
    for (const StreamActivity& activity : schedule.streams)
        json["streams"].push_back({{"stream", activity.stream->name},
                                   {"depth", activity.stream->rtl_depth},
                                   {"most_held", activity.most_held},
                                   {"waiting_cycles", activity.waiting_cycles}});
    return json;
}

std::string to_text(const Design& design, const Schedule& schedule, double clock_mhz) {
    const auto time = [&](std::int64_t cycles) { return fmt::format("{:.2f} us", static_cast<double>(cycles) / clock_mhz); };
    std::string text = fmt::format("latency {} cycles, interval {} cycles (bound {}); at an assumed {:.0f} MHz {} and {}\n\n",
                                   schedule.latency_cycles, schedule.interval_cycles, interval_bound(design), clock_mhz,
                                   time(schedule.latency_cycles), time(schedule.interval_cycles));
    std::map<const Unit*, std::int64_t> shares;
    for (const LatencyShare& share : latency_path(design, schedule)) shares[share.unit] = share.cycles;
    text += fmt::format("{:<32} {:<28} {:>6} {:>9} {:>9} {:>9}\n", "unit", "node", "busy", "first", "last", "latency");
    text += fmt::format("{:<32} {:<28} {:>6} {:>9} {:>9} {:>9}\n", "(the input arrives)", "", "", "", "", shares[nullptr]);
    for (const UnitActivity& activity : schedule.units) {
        const auto at = shares.find(activity.unit);
        text += fmt::format("{:<32} {:<28} {:>5.0f}% {:>9} {:>9} {:>9}\n", activity.unit->name.substr(0, 32),
                            node_of(*activity.unit).substr(0, 28), 100 * busy_share(schedule, activity), activity.first_cycle.front(),
                            activity.last_cycle.front(), at == shares.end() ? "-" : fmt::format("{:+}", at->second));
    }
    return text;
}

std::string timeline_svg(const Design& design, const Schedule& schedule, double clock_mhz) {
    constexpr int row = 18, left = 260, width = 900, top = 64;
    constexpr std::array<std::string_view, 5> colours{"#2f6f9f", "#d1803a", "#5a8f4e", "#8c5a9c", "#a8443f"};
    const std::int64_t span = std::max<std::int64_t>(schedule.cycles, 1);
    const auto x = [&](std::int64_t cycle) { return left + static_cast<double>(cycle) * width / static_cast<double>(span); };
    const int bottom = top + row * static_cast<int>(schedule.units.size());
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" "
        "font-size=\"11\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        left + width + 40, bottom + 40);
    svg += fmt::format(
        "<text x=\"12\" y=\"22\" font-size=\"15\">{}: latency {} cycles, interval {} cycles</text>\n"
        "<text x=\"12\" y=\"40\" fill=\"#555\">{:.2f} us and {:.2f} us at an assumed {:.0f} MHz; a bar reaches from a frame's first beat "
        "read "
        "to its last beat written; one colour a frame</text>\n",
        escaped(design.name), schedule.latency_cycles, schedule.interval_cycles, static_cast<double>(schedule.latency_cycles) / clock_mhz,
        static_cast<double>(schedule.interval_cycles) / clock_mhz, clock_mhz);
    const std::int64_t tick = tick_of(span);
    for (std::int64_t cycle = 0; cycle <= span; cycle += tick)
        svg += fmt::format(
            "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#ddd\"/>\n<text x=\"{0:.1f}\" y=\"{3}\" "
            "text-anchor=\"middle\" fill=\"#555\">{4}</text>\n",
            x(cycle), top - 4, bottom, bottom + 16, cycle);
    int y = top;
    for (const UnitActivity& activity : schedule.units) {
        svg += fmt::format("<text x=\"12\" y=\"{}\">{}</text>\n", y + row - 6, escaped(activity.unit->name.substr(0, 40)));
        const int height = std::max(3, (row - 4) / static_cast<int>(activity.first_cycle.size()));
        for (std::size_t frame = 0; frame < activity.first_cycle.size(); ++frame) {
            const std::int64_t first = activity.first_cycle[frame], last = activity.last_cycle[frame];
            if (first < 0 || last < first) continue;
            svg += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"><title>{} ({}), frame {}: cycles {} to "
                "{}</title></rect>\n",
                x(first), y + 1 + static_cast<int>(frame) * height, std::max(1.0, x(last + 1) - x(first)), height - 1,
                colours[frame % colours.size()], escaped(activity.unit->name), escaped(node_of(*activity.unit)), frame, first, last);
        }
        y += row;
    }
    return svg + "</svg>\n";
}

}  // namespace weft
