// card.h
// A network on one or several cards: samples in, outputs out. This is the library's public header.
//
//     weft::host::Card card("k.xclbin", weft::host::xrt_driver());
//     weft::host::Result result = card.run({images.view(0, images.images())});
//
// Calls may come from several threads. What fails is an Error (error.h).
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device.h"
#include "error.h"
#include "kernel.h"
#include "plan.h"
#include "tensor.h"

namespace weft::host {

struct Result {
    std::vector<Tensor> outputs;          ///< In the order of Kernel::outputs.
    std::vector<double> command_seconds;  ///< From the packing of a command's images to its outputs, in the order of images.
};

/// A call under way.
class Call {
public:
    /// Waits; throws what the call failed with. Once.
    Result get() { return future_.get(); }
    /// Whether `get` would return at once.
    bool wait_for(std::chrono::milliseconds time) const { return future_.wait_for(time) == std::future_status::ready; }
    /// The same as a future of the standard library.
    std::future<Result> future() && { return std::move(future_); }
    /// Commands that no unit has begun are dropped, and the call fails as cancelled; one without any such ends as if nothing was said.
    void cancel() const { cancel_(); }

private:
    friend class Card;
    std::future<Result> future_;
    std::function<void()> cancel_;
};

/// What a compute unit has counted since its reset.
struct Counters {
    std::string device, unit;
    bool known = false;  ///< False: the kernel has no counters, or another program shares the unit.
    std::uint64_t frames = 0;
    std::uint64_t cycles = 0;         ///< In which a call was under way.
    std::uint64_t input_stalls = 0;   ///< Of these, in which an input waited for memory.
    std::uint64_t output_stalls = 0;  ///< In which memory held up an output.
    std::uint64_t errors = 0;         ///< Bit 0: a read was answered with an error; bit 1: a write was.
};

class Card {
public:
    /// Opens the devices and all compute units of the kernel, and compares what the xclbin says with the options, and with what the kernels
    /// themselves say where they can.
    Card(const std::string& xclbin, std::shared_ptr<Driver> driver, CardOptions options = {});
    /// Cancels what is under way, and waits for what compute units have begun.
    ~Card();
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    const Kernel& kernel() const;
    std::size_t compute_units() const;
    /// The most images of one command.
    std::size_t batch() const;
    /// Images of a command when a call has `images` of them.
    std::size_t batch_for(std::size_t images) const;
    std::chrono::milliseconds time_out() const;

    /// One tensor for each of Kernel::inputs, in that order, of its type and with equally many samples.
    Result run(const std::vector<TensorView>& inputs) { return start(inputs).get(); }
    /// The same without waiting: the samples must stay where they are until the call is over. Calls are begun in order.
    Call start(const std::vector<TensorView>& inputs);
    /// The same with a call for each command, so that results come piece by piece.
    std::vector<Call> start_each(const std::vector<TensorView>& inputs);
    /// Cancels all calls.
    void cancel();
    /// The same, and those that compute units have begun end as well: the card is of no use afterwards.
    void give_up();

    /// Of all compute units, in the order of devices and of addresses.
    std::vector<Counters> counters();

private:
    class State;
    Call begin(const std::vector<TensorView>& inputs, std::size_t each);

    std::shared_ptr<State> state_;  ///< Shared with the threads: one that hangs in the driver outlives the card.
    std::vector<std::thread> threads_;
};

}  // namespace weft::host
