// subprocess.cpp
// posix_spawn with two pipes.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "src/base/files.h"
#include "src/base/interrupt.h"
#include "src/base/scratch.h"

extern char** environ;

namespace weft {

namespace {

struct Pipe {
    int ends[2] = {-1, -1};
    bool open() { return ::pipe2(ends, O_CLOEXEC) == 0; }
    void close(int end) {
        if (ends[end] >= 0) ::close(ends[end]);
        ends[end] = -1;
    }
    ~Pipe() {
        close(0);
        close(1);
    }
};

Diagnostic cannot_start(const std::string& program, int error) {
    return {.reason = fmt::format("cannot run {}: {}", program, std::strerror(error))};
}

/// This process' environment, with another folder for temporary files if one is given.
std::vector<std::string> environment_with(const std::string& temporary) {
    std::vector<std::string> variables;
    for (char** at = environ; *at != nullptr; ++at)
        if (temporary.empty() || !std::string_view(*at).starts_with("TMPDIR=")) variables.emplace_back(*at);
    if (!temporary.empty()) variables.push_back("TMPDIR=" + temporary);
    return variables;
}

/// As the system takes them, which does not change them.
std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

/// Starts a program as the leader of a process group of its own, with the signals that this process may have blocked unblocked.
int spawn(pid_t& child, std::vector<std::string> arguments, std::vector<std::string> environment, const Pipe& output, const Pipe& errors) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, errors.ends[1], 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const std::vector<char*> argv = pointers(arguments), variables = pointers(environment);
    const int failed = posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), variables.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

}  // namespace

Result<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_line) {
    Pipe output, errors;
    if (!output.open() || !errors.open()) return cannot_start(arguments[0], errno);

    // Whatever the program leaves in the folder for temporary files goes with it, also when it is ended.
    const TemporaryFolder temporary(temporary_path("run"));
    const bool writable = static_cast<bool>(make_folder(temporary.path()));
    const std::vector<std::string> environment = environment_with(writable ? temporary.path().string() : std::string());
    pid_t child = 0;
    std::optional<ListedGroup> listed;
    {
        const Uninterrupted whole;
        if (const int failed = spawn(child, arguments, environment, output, errors); failed != 0) return cannot_start(arguments[0], failed);
        listed.emplace(child);
    }
    output.close(1);
    errors.close(1);

    ProcessResult result;
    std::size_t told = 0;
    pollfd waiting[2] = {{output.ends[0], POLLIN, 0}, {errors.ends[0], POLLIN, 0}};
    std::string* const texts[2] = {&result.output, &result.errors};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        if (::poll(waiting, 2, -1) < 0 && errno != EINTR) break;
        for (int i = 0; i < 2; ++i) {
            if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
            char buffer[4096];
            const ssize_t count = ::read(waiting[i].fd, buffer, sizeof buffer);
            if (count > 0)
                texts[i]->append(buffer, static_cast<std::size_t>(count));
            else if (count == 0 || errno != EINTR)
                waiting[i].fd = -1;
        }
        for (std::size_t end = result.output.find('\n', told); on_line && end != std::string::npos; end = result.output.find('\n', told)) {
            on_line(std::string_view(result.output).substr(told, end - told));
            told = end + 1;
        }
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const Uninterrupted over;  // a child that an interruption has ended is nothing to report
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

}  // namespace weft
