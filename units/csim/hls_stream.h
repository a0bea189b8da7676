// hls_stream.h
// hls::stream for C simulation: a FIFO of bounded depth that blocks its readers and writers inside a dataflow region (weft_csim.h).
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_HLS_STREAM_H
#define WEFT_HLS_STREAM_H

#include "weft_csim.h"

namespace hls {

template <class T, int Depth = 0>
class stream;

/// A stream of the default depth of 2. While no process lives it is a queue without bound, as testbench code expects.
template <class T>
class stream<T, 0> {
public:
    stream() : stream("stream") {}
    explicit stream(const char* name) : stream(name, 2) {}
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() {
        scheduler().join();
        scheduler().remove(&state_);
        delete[] data_;
    }

    void read(T& x) {
        if (state_.count == 0) wait_for_data();
        x = data_[head_];
        pop();
    }
    T read() {
        if (state_.count == 0) wait_for_data();
        const T& x = data_[head_];
        pop();
        return x;
    }
    void write(const T& x) {
        if (state_.count >= bound_) make_room();
        push(x);
    }
    bool read_nb(T& x) {
        if (state_.count == 0) {
            scheduler().yield();
            if (state_.count == 0) return false;
        }
        x = data_[head_];
        pop();
        return true;
    }
    bool write_nb(const T& x) {
        if (state_.count >= bound_) {
            if (state_.count >= state_.depth && !scheduler().alone()) scheduler().yield();
            if (state_.count >= state_.depth && !scheduler().alone()) return false;
            make_room();
        }
        push(x);
        return true;
    }
    void operator>>(T& x) { read(x); }
    void operator<<(const T& x) { write(x); }

    bool empty() {
        if (state_.count == 0) scheduler().yield();
        return state_.count == 0;
    }
    bool full() {
        if (state_.count >= state_.depth) scheduler().yield();
        return state_.count >= state_.depth;
    }
    unsigned size() const { return static_cast<unsigned>(state_.count); }
    unsigned capacity() const { return static_cast<unsigned>(state_.depth); }

protected:
    stream(const char* name, std::size_t depth) {
        state_.name = name;
        state_.depth = depth;
        scheduler().add(&state_);
    }

private:
    static weft::csim::scheduler& scheduler() { return weft::csim::scheduler::get(); }

    void push(const T& x) {
        data_[(head_ + state_.count) & (allocated_ - 1)] = x;
        if (++state_.count > state_.highest) state_.highest = state_.count;
        ++state_.beats;
        if (state_.reader != nullptr) scheduler().wake(state_.reader);
    }
    void pop() {
        head_ = (head_ + 1) & (allocated_ - 1);
        --state_.count;
        if (state_.writer != nullptr) scheduler().wake(state_.writer);
    }

    __attribute__((noinline)) void wait_for_data() {
        weft::csim::scheduler& s = scheduler();
        if (s.alone()) s.fail("stream '" + state_.name + "' is read while empty, and no process can write it");
        while (state_.count == 0) s.wait(weft::csim::wait_kind::data, &state_);
        state_.last_reader = s.current()->name;
    }
    /// The ring is full: it grows up to the depth (without bound where no process lives), then the writer waits.
    __attribute__((noinline)) void make_room() {
        weft::csim::scheduler& s = scheduler();
        while (state_.count >= state_.depth && !s.alone()) s.wait(weft::csim::wait_kind::room, &state_);
        state_.last_writer = s.current()->name;
        if (state_.count == allocated_) grow();
        // A ring with more slots than the depth still lets no more beats in than the depth while processes live.
        bound_ = allocated_ < state_.depth ? allocated_ : state_.depth;
    }
    void grow() {
        const std::size_t size = allocated_ == 0 ? 2 : 2 * allocated_;
        T* const data = new T[size];
        for (std::size_t i = 0; i < state_.count; ++i) data[i] = data_[(head_ + i) & (allocated_ - 1)];
        delete[] data_;
        data_ = data;
        head_ = 0;
        allocated_ = size;
    }

    weft::csim::stream_state state_;
    T* data_ = nullptr;
    std::size_t allocated_ = 0;  // slots of the ring, a power of two
    std::size_t bound_ = 0;      // beats that may be in it before a write must look closer
    std::size_t head_ = 0;
};

/// A stream that holds `Depth` beats.
template <class T, int Depth>
class stream : public stream<T, 0> {
    static_assert(Depth > 0, "a stream holds at least one beat");

public:
    stream() : stream("stream") {}
    explicit stream(const char* name) : hls::stream<T, 0>(name, Depth) {}
};

}  // namespace hls

#endif
