// subprocess.cpp
// posix_spawn with two pipes.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

}  // namespace

Result<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_line) {
    Pipe output, errors;
    if (!output.open() || !errors.open()) return cannot_start(arguments[0], errno);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, errors.ends[1], 2);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return cannot_start(arguments[0], failed);
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
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

}  // namespace weft
