// distances.cpp
// Tracks memories of HLS text by rewriting two kinds of lines: the declaration of the array and the pragma.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/distances.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

namespace weft::test {

namespace {

/// Name of the memory and the distance, an expression.
const std::regex pragma(R"re(#pragma HLS DEPENDENCE variable ?= ?(\w+) .*distance ?= ?(.*) dependent ?= ?true)re");

std::string memory_name(const std::string& path, const std::string& variable) {
    return fmt::format("{}: {}", path.substr(path.rfind('/') + 1), variable);
}

std::string tracked_text(const std::string& path, const std::string& text, const std::string& faulty) {
    std::map<std::string, std::string> distances;
    for (std::sregex_iterator at(text.begin(), text.end(), pragma), end; at != end; ++at) distances[(*at)[1]] = (*at)[2];
    std::string result;
    std::istringstream lines(text);
    std::size_t declarations = 0;
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        static const std::regex declaration(R"re( *(\w+) (\w+)(\[.*\]);)re");
        if (std::regex_match(line, match, declaration) && distances.contains(match[2])) {
            ++declarations;
            line = fmt::format("weft::test::tracked<{0}> {1}{2}; weft::test::tracked_memory {1}_memory(\"{3}\"); watch({1}, {1}_memory);",
                               match[1].str(), match[2].str(), match[3].str(), memory_name(path, match[2]));
        } else if (std::regex_match(line, match, pragma)) {
            line = fmt::format("{}_memory.iterate({}{});", match[1].str(), match[2].str(),
                               memory_name(path, match[1]) == faulty ? " + 1" : "");
        }
        result += line + "\n";
    }
    EXPECT_EQ(declarations, distances.size()) << path << ": a DEPENDENCE pragma of an array that is not declared on one line of its own";
    return result;
}

}  // namespace

std::set<std::string> declared_memories(const HlsProject& project) {
    std::set<std::string> names;
    for (const ProjectFile& file : project.files)
        for (std::sregex_iterator at(file.text.begin(), file.text.end(), pragma), end; at != end; ++at)
            names.insert(memory_name(file.path, (*at)[1]));
    return names;
}

HlsProject tracked(HlsProject project, const std::string& faulty) {
    for (ProjectFile& file : project.files)
        if (file.path.starts_with("hls/weft/")) file.text = tracked_text(file.path, file.text, faulty);
    return project;
}

std::map<std::string, Distance> measured_distances(const std::string& errors) {
    std::map<std::string, Distance> found;
    const std::regex line(R"re(distance (.*) declared (\d+) least (\d+))re");
    for (std::sregex_iterator at(errors.begin(), errors.end(), line), end; at != end; ++at)
        found[(*at)[1]] = {std::stoi((*at)[2]), std::stoi((*at)[3])};
    return found;
}

}  // namespace weft::test
