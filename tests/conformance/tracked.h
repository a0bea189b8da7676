// tracked.h
// Arrays that know in which iteration each element was written, so that C simulation measures what a DEPENDENCE pragma says.
// Compiled into the programs of hls_units_test.cpp, where distances.cpp has put these types into the text of a unit.
// SPDX-License-Identifier: Apache-2.0
#ifndef WEFT_TRACKED_H
#define WEFT_TRACKED_H

#include <hls_stream.h>

#include <cstdio>
#include <string>

namespace weft {
namespace test {

/// One memory of a running process: how many iterations lie between a write and a read of the same element, at least and as declared.
class tracked_memory {
public:
    explicit tracked_memory(const char* name) : name_(name) {}
    ~tracked_memory() {
        if (least_ > 0) std::fprintf(stderr, "distance %s declared %d least %d\n", name_, declared_, least_);
    }

    /// Begins the next iteration.
    void iterate(int declared) {
        declared_ = declared;
        ++now_;
    }
    int now() const { return now_; }

    /// A read of what iteration `written` wrote: not that of this one, which is no matter of distance.
    void read(int written) {
        const int distance = now_ - written;
        if (distance == 0) return;
        if (distance < declared_)
            csim::scheduler::get().fail(std::string(name_) + " is read " + std::to_string(distance) + " iterations after a write, " +
                                        std::to_string(declared_) + " are declared");
        if (least_ == 0 || distance < least_) least_ = distance;
    }

private:
    const char* name_;
    int declared_ = 0;
    int least_ = 0;
    int now_ = 0;
};

/// An element of such a memory, to its user a T.
template <class T>
class tracked {
public:
    operator const T&() const {
        if (written_ > 0) memory_->read(written_);
        return value_;
    }
    tracked& operator=(const T& value) {
        value_ = value;
        written_ = memory_->now();
        return *this;
    }
    void watch(tracked_memory& memory) { memory_ = &memory; }

private:
    T value_;
    tracked_memory* memory_ = nullptr;
    int written_ = 0;
};

template <class T>
void watch(tracked<T>& element, tracked_memory& memory) {
    element.watch(memory);
}
template <class T, std::size_t N>
void watch(T (&array)[N], tracked_memory& memory) {
    for (T& part : array) watch(part, memory);
}

}  // namespace test
}  // namespace weft

#endif
