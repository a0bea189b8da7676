// interrupt.h
// An interrupted process ends its children and leaves nothing half done: what must be undone is listed here while it lasts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>

namespace weft {

/// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) end this process: children first, then what is listed is
/// removed, then `before_exit` is called and the process exits with `exit_code`. To be called once, before there is any other thread.
void end_on_interruption(int exit_code, std::function<void()> before_exit);

/// While one lives, an interruption waits: for steps of milliseconds that must not stop in the middle. May be nested, in any thread.
/// Once an interruption has begun, the constructor does not return.
class Uninterrupted {
public:
    Uninterrupted();
    ~Uninterrupted();
    Uninterrupted(const Uninterrupted&) = delete;
    Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// A process group that an interruption ends: SIGTERM, and SIGKILL where that does not help.
class ListedGroup {
public:
    explicit ListedGroup(pid_t group);
    ~ListedGroup();
    ListedGroup(const ListedGroup&) = delete;
    ListedGroup& operator=(const ListedGroup&) = delete;

private:
    pid_t group_;
};

/// A path that an interruption removes, the latest first: with all that is in it, or, of a folder that others may fill, only if it is
/// empty.
class ListedPath {
public:
    enum class Removal { all, if_empty };
    ListedPath(std::filesystem::path path, Removal removal);
    ~ListedPath();
    ListedPath(const ListedPath&) = delete;
    ListedPath& operator=(const ListedPath&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    long number_;
};

}  // namespace weft
