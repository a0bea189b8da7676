// program.h
// What the two host programs share: options, files, interruption, and what they print.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "card.h"

namespace weft::host {

/// The network that a program is for: from network.h, written with the project.
struct Network {
    const char* kernel;
    const char* model;
    const char* model_hash;
    std::vector<const char*> inputs;
    std::vector<const char*> left;  ///< What is left to the user: a line each.
};

struct ProgramOptions {
    std::string xclbin;
    std::vector<std::string> inputs;  ///< Files, in the order of the network's inputs.
    std::string labels, outputs;
    std::size_t images = 0;  ///< 0: all.
    CardOptions card;
};

/// Of the command line; prints the help and ends the program where it is asked for. Fails with an Error.
ProgramOptions parse_options(int argc, char** argv, const Network& network, const char* what);

/// The samples of all inputs, as the kernel's host takes them.
class Samples {
public:
    Samples(const Kernel& kernel, const ProgramOptions& options);
    std::size_t images() const { return images_; }
    /// For each input, `count` images from `first` on.
    std::vector<TensorView> views(std::size_t first, std::size_t count) const;

private:
    std::vector<Tensor> tensors_;
    std::size_t images_ = 0;
};

/// Ctrl-C and SIGTERM: the first calls `cancel`, and `give_up` follows two seconds later or with the next signal.
class Interruption {
public:
    Interruption(std::function<void()> cancel, std::function<void()> give_up);
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    /// The signal; 0: none came.
    int signal() const { return signal_; }

private:
    void listen();

    std::function<void()> cancel_, give_up_;
    std::atomic<int> signal_{0};
    std::thread thread_;
};

/// Calls `late` where what is between `begin` and `end` takes longer.
class TimeLimit {
public:
    TimeLimit(std::chrono::milliseconds limit, std::function<void(const Error&)> late);
    ~TimeLimit();
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;
    void begin();
    void end();

private:
    void watch();

    std::chrono::milliseconds limit_;
    std::function<void(const Error&)> late_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    bool closing_ = false;
    std::thread thread_;
};

/// Collects results in order, and says at the end what came of them.
class Report {
public:
    Report(const Kernel& kernel, const Network& network, const ProgramOptions& options, std::size_t images);

    void add(const Result& result);
    /// Writes the outputs; prints predictions, accuracy, images per second, latencies and counters.
    void finish(const std::vector<Counters>& counters);
    /// Writes what there is, says what ended the program, and ends it without waiting for the card's driver, which may hang.
    [[noreturn]] void end_early(const Error& error, int signal);

private:
    void write_outputs() const;
    void print_predictions() const;

    const Kernel& kernel_;
    const Network& network_;
    const ProgramOptions& options_;
    std::vector<Tensor> outputs_;  ///< With room for all images.
    std::vector<std::int64_t> labels_;
    std::vector<double> latencies_;
    std::size_t images_, done_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Runs a program's body; prints what it fails with. The exit code.
int run_program(const std::function<void()>& body);

}  // namespace weft::host
