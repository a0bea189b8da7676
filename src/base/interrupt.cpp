// interrupt.cpp
// A thread waits for the signals, so that it may do what a signal handler may not: lock, list, remove.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/interrupt.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>

namespace weft {

namespace {

namespace fs = std::filesystem;

struct Lists {
    std::shared_mutex gate;  ///< Shared by what must not be interrupted; the interruption takes it for good.
    std::mutex mutex;
    std::set<pid_t> groups;
    std::map<long, std::pair<fs::path, ListedPath::Removal>> paths;
    long next = 0;
};

/// Never destroyed: threads may still use it while the process exits.
Lists& lists() {
    static Lists& all = *new Lists;
    return all;
}

thread_local int depth = 0;

bool is_alive(pid_t group) { return ::kill(-group, 0) == 0 || errno != ESRCH; }

/// Signals all groups; true once none is left, at the latest after `patience`.
bool end(const std::set<pid_t>& groups, int signal, std::chrono::milliseconds patience) {
    for (const pid_t group : groups) ::kill(-group, signal);
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        bool alive = false;
        for (const pid_t group : groups) alive = alive || is_alive(group);
        if (!alive || std::chrono::steady_clock::now() > until) return !alive;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

void clean_up() {
    Lists& all = lists();
    all.gate.lock();
    std::set<pid_t> groups;
    {
        const std::lock_guard lock(all.mutex);
        groups = all.groups;
    }
    // Compilers remove their own files when they are asked to end.
    using std::chrono::milliseconds;
    if (!end(groups, SIGTERM, milliseconds(2000))) end(groups, SIGKILL, milliseconds(2000));
    const std::lock_guard lock(all.mutex);
    for (auto at = all.paths.rbegin(); at != all.paths.rend(); ++at) {
        std::error_code ignored;
        if (at->second.second == ListedPath::Removal::all) {
            fs::remove_all(at->second.first, ignored);
        } else if (fs::is_directory(fs::symlink_status(at->second.first, ignored))) {
            fs::remove(at->second.first, ignored);
        }
    }
}

}  // namespace

void end_on_interruption(int exit_code, std::function<void()> before_exit) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction hangup {};
    if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals, exit_code, before_exit = std::move(before_exit)] {
        int signal = 0;
        while (sigwait(&signals, &signal) != 0) {
        }
        clean_up();
        if (before_exit) before_exit();
        ::_exit(exit_code);
    }).detach();
}

Uninterrupted::Uninterrupted() {
    if (depth++ == 0) lists().gate.lock_shared();
}

Uninterrupted::~Uninterrupted() {
    if (--depth == 0) lists().gate.unlock_shared();
}

ListedGroup::ListedGroup(pid_t group) : group_(group) {
    const std::lock_guard lock(lists().mutex);
    lists().groups.insert(group_);
}

ListedGroup::~ListedGroup() {
    const std::lock_guard lock(lists().mutex);
    lists().groups.erase(group_);
}

ListedPath::ListedPath(fs::path path, Removal removal) : path_(std::move(path)) {
    const std::lock_guard lock(lists().mutex);
    number_ = lists().next++;
    lists().paths.emplace(number_, std::pair(path_, removal));
}

ListedPath::~ListedPath() {
    const std::lock_guard lock(lists().mutex);
    lists().paths.erase(number_);
}

}  // namespace weft
