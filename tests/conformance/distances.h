// distances.h
// Puts a measure into the text of a unit's HLS face: whether its memories are read as many iterations after a write as it declares.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "src/emit/hls.h"

namespace weft::test {

/// `path: variable` of each memory of which a DEPENDENCE pragma of the project declares a distance.
std::set<std::string> declared_memories(const HlsProject& project);

/// The project with these memories tracked by the types of tracked.h, which has to be included before; the distances are the pragmas' own.
/// A program made of it prints `distance <memory> declared <n> least <m>` when a process ends, and fails at a read that comes too soon.
/// `faulty`, one of the memories, is declared an iteration further away than it is.
HlsProject tracked(HlsProject project, const std::string& faulty = "");

struct Distance {
    int declared = 0;
    int least = 0;
};
/// What such a program has printed, by memory.
std::map<std::string, Distance> measured_distances(const std::string& errors);

}  // namespace weft::test
