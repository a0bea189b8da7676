// card.cpp
// Each compute unit has a thread that packs and starts commands, and one that waits for them and unpacks; a third kind, one for all, looks
// after the time. All of them sleep until there is something to do.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#include "card.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "codec.h"
#include "xclbin.h"

namespace weft::host {

namespace {

using Clock = std::chrono::steady_clock;

/// Version 1.2.3 as 0x010203, as the kernel's register has it.
std::uint32_t version_word(const std::string& version) {
    unsigned parts[3] = {0, 0, 0};
    std::sscanf(version.c_str(), "%u.%u.%u", &parts[0], &parts[1], &parts[2]);
    return (parts[0] & 0xff) << 16 | (parts[1] & 0xff) << 8 | (parts[2] & 0xff);
}

/// The first 8 bytes of a hash, the first the most significant, as the kernel's register has it.
std::uint64_t hash_word(const std::string& hash) {
    std::uint64_t word = 0;
    if (hash.size() >= 16) std::from_chars(hash.data(), hash.data() + 16, word, 16);
    return word;
}

std::string seconds_text(std::chrono::milliseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%g s", static_cast<double>(time.count()) / 1000);
    return text;
}

/// A call of the program.
struct CallState {
    std::vector<TensorView> inputs;
    std::vector<Tensor> outputs;
    std::vector<double> seconds;
    std::promise<Result> promise;
    std::size_t open = 0;     ///< Commands that are not done.
    std::size_t packing = 0;  ///< Those that read the inputs now: the caller must not have these back before.
    std::optional<Error> error;
    bool settled = false;
};

/// A part of a call that one compute unit computes at once.
struct Command {
    std::shared_ptr<CallState> call;
    std::size_t number = 0;  ///< Within the call.
    std::size_t first = 0, count = 0;
    std::size_t slot = 0;
    bool started = false;
    Clock::time_point begun;
    Clock::time_point since;  ///< When its unit was free for it: what the time-out counts from.
};

struct UnitState {
    std::string device, name;
    std::unique_ptr<Unit> unit;
    std::deque<Command> flying;
    std::vector<std::size_t> idle;  ///< Slots, the next at the end.
};

}  // namespace

class Card::State {
public:
    Kernel kernel;
    CardOptions options;
    std::chrono::milliseconds time_out{0};
    std::deque<UnitState> units;
    std::shared_ptr<Driver> driver;

    void open(const std::string& file);
    static void begin(const std::shared_ptr<State>& state, std::vector<std::thread>& threads);

    std::size_t batch_for(std::size_t images) const { return command_images(kernel, options, units.size(), images); }
    /// Cuts a call into commands of `each` images.
    std::future<Result> add(const std::vector<TensorView>& inputs, std::size_t each, std::shared_ptr<CallState>& call);
    void check(const std::vector<TensorView>& inputs) const;
    void cancel(const CallState* only);
    void give_up();
    std::vector<Counters> counters();
    void close();
    /// Whether all threads but those that hang have ended.
    bool all_ended();

private:
    void check_kernel(UnitState& unit);
    std::uint64_t read(UnitState& unit, const char* name);
    void feed(UnitState& unit);
    void collect(UnitState& unit);
    void watch();
    void fail(const Error& error);
    void settle(CallState& call);
    std::optional<Clock::time_point> deadline(UnitState** late);
    bool idle() const;

    std::mutex mutex_;
    std::condition_variable work_, started_, watch_, ended_;
    std::deque<Command> queue_;
    std::optional<Error> failed_;
    bool closing_ = false;
    std::size_t running_ = 0;
};

// --- opening ---

void Card::State::open(const std::string& file) {
    kernel = find_kernel(file, options);
    UnitPlan plan;
    plan.kernel = kernel.name;
    for (const Argument& argument : kernel.arguments)
        if (argument.pointer) plan.buffers.push_back({argument.index, argument.frame_bytes, argument.output});
    time_out = time_out_of(kernel, options);
    plan.count_index = kernel.count_index();
    plan.slots = std::max<std::size_t>(options.in_flight, 1);
    plan.images = most_images(kernel, options);
    plan.registers = !kernel.registers.empty();
    std::vector<std::string> names = Xclbin(file).compute_units(kernel.name);
    if (options.compute_units != 0 && names.size() > options.compute_units) names.resize(options.compute_units);
    std::vector<UnitPlan> plans;
    for (const std::string& name : names) {
        plan.unit = name;
        plans.push_back(plan);
    }
    for (const std::string& device : options.devices) {
        std::vector<std::unique_ptr<Unit>> opened = driver->open(device, file, plans);
        for (std::size_t i = 0; i < opened.size(); ++i) {
            UnitState& unit = units.emplace_back();
            unit.device = device;
            unit.name = names[i];
            unit.unit = std::move(opened[i]);
            for (std::size_t slot = plan.slots; slot-- > 0;) unit.idle.push_back(slot);
            check_kernel(unit);
        }
    }
    if (units.empty()) throw input_error("no device is given");
}

std::uint64_t Card::State::read(UnitState& unit, const char* name) {
    const StatusRegister* known = kernel.find_register(name);
    if (!known) return 0;
    // The low word first: reading it keeps the high one that belongs to it.
    const std::uint64_t low = unit.unit->read_register(known->offset);
    return known->bits == 64 ? low | static_cast<std::uint64_t>(unit.unit->read_register(known->offset + 4)) << 32 : low;
}

void Card::State::check_kernel(UnitState& unit) {
    if (!unit.unit->has_registers()) return;
    const std::string what = "compute unit '" + unit.name + "' of device " + unit.device + " ";
    if (kernel.find_register("WEFT_MODEL_HASH") && read(unit, "WEFT_MODEL_HASH") != hash_word(kernel.model_hash))
        throw input_error(what + "computes another model than the xclbin says",
                          "the file's description and its kernel are of different projects: package it again");
    if (kernel.find_register("WEFT_VERSION") && read(unit, "WEFT_VERSION") != version_word(kernel.version))
        throw input_error(what + "was made by another version of weft than the xclbin says (" + kernel.version + ")",
                          "the file's description and its kernel are of different projects: package it again");
}

void Card::State::begin(const std::shared_ptr<State>& state, std::vector<std::thread>& threads) {
    const auto launch = [&](auto work) {
        ++state->running_;
        threads.emplace_back([state, work] {
            work(*state);
            const std::lock_guard lock(state->mutex_);
            --state->running_;
            state->ended_.notify_all();
        });
    };
    const std::lock_guard lock(state->mutex_);
    for (UnitState& unit : state->units) {
        launch([&unit](State& s) { s.feed(unit); });
        launch([&unit](State& s) { s.collect(unit); });
    }
    launch([](State& s) { s.watch(); });
}

// --- calls ---

void Card::State::check(const std::vector<TensorView>& inputs) const {
    if (inputs.size() != kernel.inputs.size())
        throw input_error("the network has " + std::to_string(kernel.inputs.size()) + " inputs, but " + std::to_string(inputs.size()) +
                          " are given");
    const std::size_t images = inputs.front().images;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Port& port = kernel.inputs[i];
        if (inputs[i].type != port.type)
            throw input_error("input '" + port.name + "' is " + name_of(port.type) + ", but " + name_of(inputs[i].type) + " is given");
        if (inputs[i].images != images) throw input_error("the inputs have different numbers of samples");
    }
}

std::future<Result> Card::State::add(const std::vector<TensorView>& inputs, std::size_t each, std::shared_ptr<CallState>& call) {
    check(inputs);
    const std::size_t images = inputs.front().images;
    call = std::make_shared<CallState>();
    call->inputs = inputs;
    for (const Port& port : kernel.outputs) {
        Shape shape{static_cast<std::int64_t>(images)};
        shape.insert(shape.end(), port.shape.begin(), port.shape.end());
        call->outputs.emplace_back(port.type, std::move(shape));
    }
    call->open = (images + each - 1) / each;
    call->seconds.resize(call->open);
    std::future<Result> future = call->promise.get_future();
    const std::lock_guard lock(mutex_);
    if (failed_) throw Error(*failed_);
    for (std::size_t number = 0; number < call->open; ++number) {
        Command command;
        command.call = call;
        command.number = number;
        command.first = number * each;
        command.count = std::min(each, images - command.first);
        queue_.push_back(std::move(command));
    }
    settle(*call);
    work_.notify_all();
    return future;
}

/// Hands a call over that is complete, or failed and no longer read from. Under the lock.
void Card::State::settle(CallState& call) {
    if (call.settled || call.packing > 0 || (call.open > 0 && !call.error)) return;
    call.settled = true;
    if (call.error)
        call.promise.set_exception(std::make_exception_ptr(*call.error));
    else
        call.promise.set_value({std::move(call.outputs), std::move(call.seconds)});
}

void Card::State::cancel(const CallState* only) {
    const std::lock_guard lock(mutex_);
    std::deque<Command> kept;
    for (Command& command : queue_) {
        if (only && command.call.get() != only) {
            kept.push_back(std::move(command));
            continue;
        }
        if (!command.call->error) command.call->error = Error(Failure::cancelled, "the call was cancelled");
        settle(*command.call);
    }
    queue_ = std::move(kept);
}

void Card::State::give_up() {
    const std::lock_guard lock(mutex_);
    fail(Error(Failure::cancelled, "the call was cancelled"));
}

/// Ends all calls. Under the lock.
void Card::State::fail(const Error& error) {
    if (failed_) return;
    failed_ = error;
    const auto end = [&](const Command& command) {
        if (!command.call->error) command.call->error = error;
        settle(*command.call);
    };
    for (const Command& command : queue_) end(command);
    queue_.clear();
    for (UnitState& unit : units) {
        for (const Command& command : unit.flying) end(command);
        unit.unit->stop();
    }
    work_.notify_all();
    started_.notify_all();
    watch_.notify_all();
}

// --- threads ---

namespace {

/// Runs what asks something of the card; what it throws, as an Error.
template <class F>
std::optional<Error> error_of(const UnitState& unit, F&& work) {
    try {
        work();
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    } catch (const std::exception& error) {
        return Error(Failure::lost, "compute unit '" + unit.name + "' of device " + unit.device + " failed: " + error.what(),
                     "look at `xbutil examine`; `xbutil reset` brings a card back");
    }
}

}  // namespace

void Card::State::feed(UnitState& unit) {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [&] { return closing_ || failed_ || (!queue_.empty() && !unit.idle.empty()); });
        if (closing_ || failed_) return;
        Command command = std::move(queue_.front());
        queue_.pop_front();
        command.slot = unit.idle.back();
        unit.idle.pop_back();
        command.begun = command.since = Clock::now();
        const std::shared_ptr<CallState> call = command.call;
        ++call->packing;
        unit.flying.push_back(command);
        watch_.notify_all();
        lock.unlock();
        std::optional<Error> error = error_of(unit, [&] {
            for (std::size_t i = 0; i < kernel.inputs.size(); ++i)
                pack(kernel, kernel.inputs[i], call->inputs[i], command.first, command.count,
                     unit.unit->frames(command.slot, kernel.inputs[i].argument));
        });
        lock.lock();
        --call->packing;
        settle(*call);
        if (failed_) return;
        lock.unlock();
        if (!error) error = error_of(unit, [&] { unit.unit->start(command.slot, command.count); });
        lock.lock();
        if (error) return fail(*error);
        for (Command& flying : unit.flying)
            if (flying.slot == command.slot) flying.started = true;
        started_.notify_all();
    }
}

void Card::State::collect(UnitState& unit) {
    std::unique_lock lock(mutex_);
    for (;;) {
        started_.wait(lock, [&] { return failed_ || (closing_ && idle()) || (!unit.flying.empty() && unit.flying.front().started); });
        if (failed_ || unit.flying.empty()) return;
        const Command command = unit.flying.front();
        lock.unlock();
        const std::optional<Error> error = error_of(unit, [&] {
            unit.unit->wait(command.slot, command.count);
            for (std::size_t i = 0; i < kernel.outputs.size(); ++i)
                unpack(kernel, kernel.outputs[i], unit.unit->frames(command.slot, kernel.outputs[i].argument), command.first, command.count,
                       command.call->outputs[i]);
        });
        lock.lock();
        if (failed_) return;
        if (error) return fail(*error);
        unit.flying.pop_front();
        unit.idle.push_back(command.slot);
        const Clock::time_point now = Clock::now();
        if (!unit.flying.empty()) unit.flying.front().since = now;
        command.call->seconds[command.number] = std::chrono::duration<double>(now - command.begun).count();
        --command.call->open;
        settle(*command.call);
        work_.notify_all();
        watch_.notify_all();
        started_.notify_all();
    }
}

/// When the first command is late, and on which unit. Under the lock.
std::optional<Clock::time_point> Card::State::deadline(UnitState** late) {
    std::optional<Clock::time_point> first;
    for (UnitState& unit : units)
        if (!unit.flying.empty() && (!first || unit.flying.front().since + time_out < *first)) {
            first = unit.flying.front().since + time_out;
            *late = &unit;
        }
    return first;
}

void Card::State::watch() {
    std::unique_lock lock(mutex_);
    while (!failed_ && !(closing_ && idle())) {
        UnitState* late = nullptr;
        const std::optional<Clock::time_point> until = deadline(&late);
        if (!until) {
            watch_.wait(lock);
        } else if (Clock::now() < *until) {
            watch_.wait_until(lock, *until);
        } else {
            fail(Error(Failure::time_out,
                       "compute unit '" + late->name + "' of device " + late->device + " did not finish " +
                           std::to_string(late->flying.front().count) + " images within " + seconds_text(time_out),
                       "give it more time if the kernel is slow; a card whose kernel hangs comes back with `xbutil reset`"));
        }
    }
}

bool Card::State::idle() const {
    return std::all_of(units.begin(), units.end(), [](const UnitState& unit) { return unit.flying.empty(); });
}

void Card::State::close() {
    cancel(nullptr);
    const std::lock_guard lock(mutex_);
    closing_ = true;
    work_.notify_all();
    started_.notify_all();
    watch_.notify_all();
}

bool Card::State::all_ended() {
    // Where nothing has failed the watchdog sees to it that this ends; where something has, a thread may hang in the driver.
    constexpr std::chrono::seconds patience{1};
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return running_ == 0 || failed_; });
    return ended_.wait_for(lock, patience, [&] { return running_ == 0; });
}

std::vector<Counters> Card::State::counters() {
    {
        const std::lock_guard lock(mutex_);
        if (failed_) throw Error(*failed_);
    }
    std::vector<Counters> list;
    for (UnitState& unit : units) {
        Counters counters;
        counters.device = unit.device;
        counters.unit = unit.name;
        counters.known = unit.unit->has_registers() && kernel.find_register("WEFT_FRAMES");
        if (counters.known) {
            const std::optional<Error> error = error_of(unit, [&] {
                counters.frames = read(unit, "WEFT_FRAMES");
                counters.cycles = read(unit, "WEFT_CYCLES");
                counters.input_stalls = read(unit, "WEFT_INPUT_STALLS");
                counters.output_stalls = read(unit, "WEFT_OUTPUT_STALLS");
                counters.errors = read(unit, "WEFT_ERRORS");
            });
            if (error) throw Error(*error);
        }
        list.push_back(std::move(counters));
    }
    return list;
}

// --- Card ---

Card::Card(const std::string& xclbin, std::shared_ptr<Driver> driver, CardOptions options) : state_(std::make_shared<State>()) {
    state_->options = std::move(options);
    state_->driver = std::move(driver);
    state_->open(xclbin);
    State::begin(state_, threads_);
}

Card::~Card() {
    state_->close();
    const bool ended = state_->all_ended();
    for (std::thread& thread : threads_) ended ? thread.join() : thread.detach();
    // What hangs in the driver would hang in its destructors as well: its objects stay until the program ends.
    static auto* const kept = new std::vector<std::shared_ptr<State>>;
    if (!ended) kept->push_back(state_);
}

const Kernel& Card::kernel() const { return state_->kernel; }
std::size_t Card::compute_units() const { return state_->units.size(); }
std::size_t Card::batch() const { return most_images(state_->kernel, state_->options); }
std::size_t Card::batch_for(std::size_t images) const { return state_->batch_for(images); }
std::chrono::milliseconds Card::time_out() const { return state_->time_out; }

Call Card::begin(const std::vector<TensorView>& inputs, std::size_t each) {
    Call call;
    std::shared_ptr<CallState> made;
    call.future_ = state_->add(inputs, each, made);
    call.cancel_ = [state = std::weak_ptr<State>(state_), made] {
        if (const std::shared_ptr<State> alive = state.lock()) alive->cancel(made.get());
    };
    return call;
}

Call Card::start(const std::vector<TensorView>& inputs) {
    state_->check(inputs);
    return begin(inputs, state_->batch_for(inputs.front().images));
}

std::vector<Call> Card::start_each(const std::vector<TensorView>& inputs) {
    state_->check(inputs);
    const std::size_t images = inputs.front().images, each = state_->batch_for(images);
    std::vector<Call> calls;
    for (std::size_t first = 0; first < images; first += each) {
        std::vector<TensorView> part = inputs;
        for (std::size_t i = 0; i < part.size(); ++i) {
            part[i].data = static_cast<const std::byte*>(part[i].data) + first * kernel().inputs[i].elements() * size_of(part[i].type);
            part[i].images = std::min(each, images - first);
        }
        calls.push_back(begin(part, each));
    }
    return calls;
}

void Card::cancel() { state_->cancel(nullptr); }
void Card::give_up() { state_->give_up(); }
std::vector<Counters> Card::counters() { return state_->counters(); }

}  // namespace weft::host
