// program.cpp
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "program.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "arrays.h"

namespace weft::host {

namespace {

constexpr std::size_t shown_predictions = 20;
constexpr int grace_ms = 2000;

void say(const char* kind, const std::string& text, const std::string& help) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s: %s\n", kind, text.c_str());
    if (!help.empty()) std::fprintf(stderr, "  help: %s\n", help.c_str());
}

// --- options ---

struct Option {
    const char* name;
    const char* value;
    const char* doc;
    void (*set)(ProgramOptions&, const std::string&);
};

std::size_t number(const std::string& text, const char* option) {
    char* end = nullptr;
    const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0' || text[0] == '-' || value == 0 || value > (1ULL << 40))
        throw input_error(std::string(option) + ": '" + text + "' is not a number above 0");
    return static_cast<std::size_t>(value);
}

const std::vector<Option>& option_table() {
    static const std::vector<Option> table = {
        {"--labels", "FILE", "classes of the images (.npy, IDX): prints the accuracy",
         [](ProgramOptions& o, const std::string& v) { o.labels = v; }},
        {"--images", "N", "takes the first N images only",
         [](ProgramOptions& o, const std::string& v) { o.images = number(v, "--images"); }},
        {"--batch", "N", "the most images that the kernel computes in one go",
         [](ProgramOptions& o, const std::string& v) { o.card.batch = number(v, "--batch"); }},
        {"--outputs", "FILE", "writes the outputs as .npy; of several outputs, FILE's name gets each one's",
         [](ProgramOptions& o, const std::string& v) { o.outputs = v; }},
        {"--device", "D", "a card, by its number or its address on the bus (0000:3b:00.1); may be given several times; default 0",
         [](ProgramOptions& o, const std::string& v) { o.card.devices.push_back(v); }},
        {"--compute-units", "N", "uses at most N compute units of each card",
         [](ProgramOptions& o, const std::string& v) { o.card.compute_units = number(v, "--compute-units"); }},
        {"--time-out", "S", "seconds after which a compute unit that has not finished is given up",
         [](ProgramOptions& o, const std::string& v) { o.card.time_out = std::chrono::seconds(number(v, "--time-out")); }},
    };
    return table;
}

std::string input_words(const Network& network) {
    if (network.inputs.size() == 1) return "INPUTS";
    std::string words;
    for (const char* name : network.inputs) words += std::string(words.empty() ? "" : " ") + name + "=FILE";
    return words;
}

[[noreturn]] void print_help(const char* program, const Network& network, const char* what) {
    std::printf("Runs '%s' on the compute units of a card%s.\n\nusage: %s K.xclbin %s [OPTION]...\n\n", network.model, what, program,
                input_words(network).c_str());
    std::printf("  %-20s samples: a .npy or IDX file whose first axis counts images\n", "INPUTS");
    for (const Option& option : option_table())
        std::printf("  %-20s %s\n", (std::string(option.name) + " " + option.value).c_str(), option.doc);
    for (const char* line : network.left) std::printf("\n%s\n", line);
    std::printf("\nexample: %s k.xclbin images.npy --labels labels.npy --outputs out.npy\n", program);
    std::printf("exit code: 0 good, 1 a file, an option or the environment is wrong, 3 the card did not answer, 130 interrupted\n");
    std::exit(0);
}

/// Files in the order of the network's inputs: `name=file`, or without names in that order.
void place_inputs(ProgramOptions& options, const std::vector<std::string>& given, const Network& network, const std::string& see_help) {
    options.inputs.assign(network.inputs.size(), {});
    std::size_t next = 0;
    for (const std::string& word : given) {
        std::size_t at = network.inputs.size();
        std::string file = word;
        for (std::size_t i = 0; i < network.inputs.size(); ++i)
            if (const std::string start = std::string(network.inputs[i]) + "="; word.compare(0, start.size(), start) == 0) {
                at = i;
                file = word.substr(start.size());
            }
        if (at == network.inputs.size()) at = next++;
        if (at >= network.inputs.size()) throw input_error("'" + word + "' is one file of samples too many", see_help);
        options.inputs[at] = file;
    }
    for (std::size_t i = 0; i < network.inputs.size(); ++i)
        if (options.inputs[i].empty())
            throw input_error(std::string("no samples are given for input '") + network.inputs[i] + "'", see_help);
}

// --- interruption ---

int signal_pipe[2] = {-1, -1};

void on_signal(int signal) {
    const int before = errno;
    const auto byte = static_cast<char>(signal);
    // Where the pipe is full, enough signals wait in it.
    if (write(signal_pipe[1], &byte, 1) < 0) errno = before;
    errno = before;
}

// --- report ---

double percentile(const std::vector<double>& sorted, double part) {
    const auto index = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(index, 1, sorted.size()) - 1];
}

/// The class that an output's sample says: itself where it is one integer, else the place of its largest element; -1 where it is neither.
std::int64_t prediction(const Tensor& output, std::size_t image) {
    const std::size_t elements = output.data.size() / size_of(output.type) / output.images();
    std::size_t long_axes = 0;
    for (std::size_t axis = 1; axis < output.shape.size(); ++axis) long_axes += output.shape[axis] > 1;
    if (long_axes > 1) return -1;
    return visit_type(output.type, [&](auto e) {
        using T = decltype(e);
        const T* first = output.as<T>() + image * elements;
        if (elements == 1 && std::is_integral_v<T>) return static_cast<std::int64_t>(*first);
        return elements == 1 ? std::int64_t{-1} : static_cast<std::int64_t>(std::max_element(first, first + elements) - first);
    });
}

/// `out.npy` for the only output, else `out.NAME.npy`, with what no file's name has as `_`.
std::string output_path(const std::string& path, const std::string& name, bool only) {
    if (only) return path;
    std::string file_name = name;
    for (char& c : file_name)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') c = '_';
    const bool npy = path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0;
    return (npy ? path.substr(0, path.size() - 4) : path) + "." + file_name + ".npy";
}

Tensor head(const Tensor& tensor, std::size_t images) {
    Shape shape = tensor.shape;
    shape[0] = static_cast<std::int64_t>(images);
    Tensor result(tensor.type, shape);
    std::memcpy(result.data.data(), tensor.data.data(), result.data.size());
    return result;
}

std::vector<std::int64_t> read_labels(const std::string& path, std::size_t images) {
    Port classes;
    classes.name = "labels";
    classes.type = Type::int64;
    const Tensor labels = as_samples(read_array(path), classes, path);
    if (labels.images() < images)
        throw input_error("'" + path + "' has " + std::to_string(labels.images()) + " labels for " + std::to_string(images) + " images");
    return {labels.as<std::int64_t>(), labels.as<std::int64_t>() + images};
}

}  // namespace

ProgramOptions parse_options(int argc, char** argv, const Network& network, const char* what) {
    ProgramOptions options;
    options.card.devices.clear();
    options.card.kernel = network.kernel;
    options.card.model_hash = network.model_hash;
    const std::string see_help = std::string("see `") + argv[0] + " --help`";
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--help" || word == "-h") print_help(argv[0], network, what);
        if (word.compare(0, 2, "--") != 0) {
            words.push_back(word);
            continue;
        }
        const auto& table = option_table();
        const auto known = std::find_if(table.begin(), table.end(), [&](const Option& option) { return word == option.name; });
        if (known == table.end()) throw input_error("'" + word + "' is not an option", see_help);
        if (i + 1 == argc) throw input_error("'" + word + "' needs a value", see_help);
        known->set(options, argv[++i]);
    }
    if (words.empty()) throw input_error("no xclbin is given", see_help);
    options.xclbin = words[0];
    place_inputs(options, {words.begin() + 1, words.end()}, network, see_help);
    if (options.card.devices.empty()) options.card.devices = {"0"};
    return options;
}

Samples::Samples(const Kernel& kernel, const ProgramOptions& options) {
    std::vector<std::string> names;
    for (const Port& input : kernel.inputs) {
        // What the kernel reads twice, in two forms, is one file.
        if (std::find(names.begin(), names.end(), input.name) == names.end()) names.push_back(input.name);
        const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), input.name) - names.begin());
        if (at >= options.inputs.size()) throw input_error("no samples are given for input '" + input.name + "'");
        tensors_.push_back(as_samples(read_array(options.inputs[at]), input, options.inputs[at]));
        const std::size_t images = tensors_.back().images();
        if (tensors_.size() > 1 && images != images_) throw input_error("the files of samples hold different numbers of images");
        images_ = images;
    }
    if (options.images > images_)
        throw input_error("--images: " + std::to_string(options.images) + " are wanted, but there are " + std::to_string(images_));
    if (options.images != 0) images_ = options.images;
    if (images_ == 0) throw input_error("'" + options.inputs[0] + "' holds no image");
}

std::vector<TensorView> Samples::views(std::size_t first, std::size_t count) const {
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors_) views.push_back(tensor.view(first, count));
    return views;
}

Interruption::Interruption(std::function<void()> cancel, std::function<void()> give_up)
    : cancel_(std::move(cancel)), give_up_(std::move(give_up)) {
    if (pipe(signal_pipe) != 0) throw input_error(std::string("no pipe can be opened: ") + std::strerror(errno));
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    thread_ = std::thread([this] { listen(); });
}

Interruption::~Interruption() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    close(signal_pipe[1]);  // ends the thread's reading
    thread_.join();
    close(signal_pipe[0]);
}

void Interruption::listen() {
    const auto next = [](int time_out_ms, char& byte) {
        pollfd descriptor{signal_pipe[0], POLLIN, 0};
        if (poll(&descriptor, 1, time_out_ms) == 0) return true;  // in time
        return read(signal_pipe[0], &byte, 1) == 1;
    };
    char byte = 0;
    if (!next(-1, byte)) return;
    signal_ = byte;
    cancel_();
    if (next(grace_ms, byte)) give_up_();
}

TimeLimit::TimeLimit(std::chrono::milliseconds limit, std::function<void(const Error&)> late)
    : limit_(limit), late_(std::move(late)), thread_([this] { watch(); }) {}

TimeLimit::~TimeLimit() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void TimeLimit::begin() {
    const std::lock_guard lock(mutex_);
    deadline_ = std::chrono::steady_clock::now() + limit_;
    changed_.notify_all();
}

void TimeLimit::end() {
    const std::lock_guard lock(mutex_);
    deadline_.reset();
}

void TimeLimit::watch() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
        if (!deadline_) {
            changed_.wait(lock);
        } else if (std::chrono::steady_clock::now() < *deadline_) {
            changed_.wait_until(lock, *deadline_);
        } else {
            late_(Error(Failure::time_out, "the card did not finish a command within " + std::to_string(limit_.count()) + " ms",
                        "give it more time (--time-out) if the kernel is slow; a card whose kernel hangs comes back with `xbutil reset`"));
            deadline_.reset();
        }
    }
}

Report::Report(const Kernel& kernel, const Network& network, const ProgramOptions& options, std::size_t images)
    : kernel_(kernel), network_(network), options_(options), images_(images) {
    if (!options.labels.empty()) labels_ = read_labels(options.labels, images);
    for (const Port& output : kernel.outputs) {
        Shape shape{static_cast<std::int64_t>(images)};
        shape.insert(shape.end(), output.shape.begin(), output.shape.end());
        outputs_.emplace_back(output.type, shape);
    }
}

void Report::add(const Result& result) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        const std::size_t image = outputs_[i].data.size() / images_;
        std::memcpy(outputs_[i].data.data() + done_ * image, result.outputs[i].data.data(), result.outputs[i].data.size());
    }
    done_ += result.outputs[0].images();
    latencies_.insert(latencies_.end(), result.command_seconds.begin(), result.command_seconds.end());
}

void Report::write_outputs() const {
    if (options_.outputs.empty()) return;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        std::string path = output_path(options_.outputs, kernel_.outputs[i].name, outputs_.size() == 1);
        // Names that differ only in what no file's name has.
        if (std::find(paths.begin(), paths.end(), path) != paths.end()) path += "." + std::to_string(i) + ".npy";
        paths.push_back(path);
        write_npy(path, head(outputs_[i], done_));
        std::printf("output '%s' of %zu images: %s\n", kernel_.outputs[i].name.c_str(), done_, path.c_str());
    }
}

void Report::print_predictions() const {
    if (done_ == 0 || prediction(outputs_[0], 0) < 0) return;
    std::printf("predictions:");
    std::size_t right = 0;
    for (std::size_t image = 0; image < done_; ++image) {
        const std::int64_t found = prediction(outputs_[0], image);
        if (image < shown_predictions) std::printf(" %lld", static_cast<long long>(found));
        if (!labels_.empty()) right += labels_[image] == found;
    }
    std::printf(done_ > shown_predictions ? " ...\n" : "\n");
    if (!labels_.empty())
        std::printf("accuracy: %.2f %% (%zu of %zu)\n", 100.0 * static_cast<double>(right) / static_cast<double>(done_), right, done_);
}

void Report::finish(const std::vector<Counters>& counters) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    print_predictions();
    std::printf("%zu images in %.3f s: %.0f images/s\n", done_, seconds, static_cast<double>(done_) / seconds);
    std::sort(latencies_.begin(), latencies_.end());
    if (!latencies_.empty())
        std::printf("latency of a command, from packing to results (%zu commands): p50 %.3f ms, p95 %.3f ms, p99 %.3f ms\n",
                    latencies_.size(), 1e3 * percentile(latencies_, 0.50), 1e3 * percentile(latencies_, 0.95),
                    1e3 * percentile(latencies_, 0.99));
    for (const Counters& c : counters) {
        if (!c.known) {
            std::printf("compute unit %s of device %s: its counters are not to be read\n", c.unit.c_str(), c.device.c_str());
            continue;
        }
        std::printf("compute unit %s of device %s: %llu frames, %llu cycles, %llu input stalls, %llu output stalls, errors %llu\n",
                    c.unit.c_str(), c.device.c_str(), static_cast<unsigned long long>(c.frames), static_cast<unsigned long long>(c.cycles),
                    static_cast<unsigned long long>(c.input_stalls), static_cast<unsigned long long>(c.output_stalls),
                    static_cast<unsigned long long>(c.errors));
    }
    write_outputs();
    for (const char* line : network_.left) std::printf("%s\n", line);
    std::fflush(stdout);
    for (const Counters& c : counters)
        if (c.errors != 0)
            throw Error(Failure::lost,
                        "compute unit '" + c.unit + "' of device " + c.device + " met errors of memory: the outputs may be wrong",
                        "reset the card: `xbutil reset`");
}

void Report::end_early(const Error& error, int signal) {
    try {
        if (done_ > 0) write_outputs();
    } catch (const Error& second) {
        say("error", second.what(), second.help());
    }
    std::printf("%zu of %zu images are done\n", done_, images_);
    if (signal != 0)
        say("interrupted", "by signal " + std::to_string(signal), {});
    else
        say("error", error.what(), error.help());
    std::fflush(stdout);
    std::_Exit(signal != 0 ? 128 + signal : error.exit_code());
}

int run_program(const std::function<void()>& body) {
    try {
        body();
        return 0;
    } catch (const Error& error) {
        say("error", error.what(), error.help());
        return error.exit_code();
    } catch (const std::exception& error) {
        say("error", error.what(), {});
        return 1;
    }
}

}  // namespace weft::host
