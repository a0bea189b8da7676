// weft_csim.h
// C simulation of dataflow regions: each process is a coroutine that blocks on bounded streams both ways.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
//
// WEFT_PROCESS(call) (process.hpp) makes the call a process of the region of its caller. The region runs when its caller reads from or
// writes to a stream that blocks, and to its end when its caller destroys the first stream: after that every process has returned.
// A run that cannot go on, or that leaves data in a stream, is reported on stderr with the streams' and processes' names; exit code 3.
// Environment: WEFT_CSIM_REPORT=FILE (or - for stderr) writes every stream's depth, traffic and highest occupancy when the program ends.
#ifndef WEFT_CSIM_H
#define WEFT_CSIM_H

#ifndef WEFT_CSIM
#define WEFT_CSIM 1
#endif

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weft_context.h"

namespace weft {
namespace csim {

constexpr int exit_code = 3;

struct process;

/// What the scheduler knows of a stream, whatever it carries.
struct stream_state {
    std::string name;
    std::size_t depth = 0;
    std::size_t count = 0;         ///< Beats in the stream now.
    std::size_t highest = 0;       ///< Most beats at once. It depends on the order of the simulation; at most `depth` in a region.
    unsigned long long beats = 0;  ///< Beats written.
    process* reader = nullptr;     ///< Who waits for data.
    process* writer = nullptr;     ///< Who waits for room.
    std::string last_reader, last_writer;
};

struct stream_record {
    std::string name;
    std::size_t depth;
    std::size_t highest;
    unsigned long long beats;
};

enum class wait_kind { none, data, room, children };

struct process {
    std::string name;
    std::string call;
    std::function<void()> body;
    process* parent = nullptr;
    int children = 0;  ///< Processes of its region that have not returned.
    wait_kind waits = wait_kind::none;
    stream_state* stream = nullptr;
    std::unique_ptr<context> place;
};

class scheduler {
public:
    /// One for each thread: several kernels may run side by side.
    static scheduler& get() {
        static thread_local scheduler instance;
        return instance;
    }

    process* current() { return current_; }
    bool alone() const { return live_.empty(); }

    /// Starts `body` as a process of the current one's region. Without any stream there is nothing that a region could wait on: runs it at
    /// once.
    void spawn(const char* call, std::function<void()> body) {
        if (streams_.empty()) {
            body();
            return;
        }
        std::unique_ptr<process> p(new process);
        p->call = call;
        p->name = name_of(p->call);
        p->body = std::move(body);
        p->parent = current_;
        p->place = take_context();
        p->place->prepare(&scheduler::main);
        ++current_->children;
        ready_.push_back(p.get());
        live_.push_back(std::move(p));
    }

    /// Runs until every process of the current one's region has returned.
    void join() {
        while (current_->children > 0) wait(wait_kind::children, nullptr);
    }

    /// Lets others run until `stream` has changed.
    void wait(wait_kind kind, stream_state* stream) {
        process* const self = current_;
        if (kind == wait_kind::data || kind == wait_kind::room) {
            process*& side = kind == wait_kind::data ? stream->reader : stream->writer;
            if (side != nullptr)
                fail("stream '" + stream->name + "' has two " + (kind == wait_kind::data ? "readers" : "writers") + ": '" + side->name +
                     "' and '" + self->name + "'");
            side = self;
        }
        self->waits = kind;
        self->stream = stream;
        if (next_ready_ == ready_.size()) deadlock();
        switch_to(take_ready());
    }

    /// Lets others run: for a process that polls. Ends the run where all that still run only poll.
    void yield() {
        if (next_ready_ == ready_.size()) {
            if (!alone() && ++polls_ > poll_limit)
                fail("livelock: process '" + current_->name + "' polls for ever, and no other process can run");
            return;
        }
        if (++polls_ > poll_limit) fail("livelock: the processes only poll, the last one '" + current_->name + "'");
        ready_.push_back(current_);
        switch_to(take_ready());
    }

    void wake(process*& p) {
        p->waits = wait_kind::none;
        ready_.push_back(p);
        p = nullptr;
        polls_ = 0;
    }

    void add(stream_state* stream) { streams_.push_back(stream); }

    void remove(stream_state* stream) {
        for (std::size_t i = streams_.size(); i-- > 0;) {
            if (streams_[i] == stream) {
                streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(i));
                break;
            }
        }
        record(*stream);
        if (stream->count != 0) {
            fail("left-over data: stream '" + stream->name + "' still holds " + std::to_string(stream->count) + " of " +
                 std::to_string(stream->beats) + " beats after every process has ended" +
                 (stream->last_writer.empty() ? "" : "; written by '" + stream->last_writer + "'") +
                 (stream->last_reader.empty() ? "" : ", read by '" + stream->last_reader + "'"));
        }
    }

    /// Depth, traffic and highest occupancy of every stream so far, by name in the order of their first end.
    std::vector<stream_record> records() const {
        std::vector<stream_record> all = records_;
        for (const stream_state* s : streams_) merge(all, *s);
        return all;
    }

    void report(std::FILE* file) const {
        for (const stream_record& r : records())
            std::fprintf(file, "stream %s depth %zu highest %zu beats %llu\n", r.name.c_str(), r.depth, r.highest, r.beats);
    }

    [[noreturn]] void fail(const std::string& text) {
        std::fflush(nullptr);
        std::fprintf(stderr, "%s\n", text.c_str());
        write_report();
        std::fflush(nullptr);
        std::_Exit(exit_code);
    }

private:
    static const unsigned long long poll_limit = 1ull << 26;

    scheduler() {
        root_.name = "testbench";
        root_.place.reset(new context);
        current_ = &root_;
    }
    ~scheduler() { write_report(); }

    void write_report() const {
        const char* path = std::getenv("WEFT_CSIM_REPORT");
        if (path == nullptr || *path == 0) return;
        const bool to_stderr = std::string(path) == "-";
        std::FILE* file = to_stderr ? stderr : std::fopen(path, "w");
        if (file == nullptr) {
            std::fprintf(stderr, "%s: cannot write the stream report\n", path);
            return;
        }
        report(file);
        if (!to_stderr) std::fclose(file);
    }

    /// `name` of `name(arguments)`, without template arguments and namespaces.
    static std::string name_of(const std::string& call) {
        std::size_t end = call.find_first_of("(<");
        if (end == std::string::npos) end = call.size();
        while (end > 0 && call[end - 1] == ' ') --end;
        std::size_t begin = end;
        while (begin > 0 && is_word(call[begin - 1])) --begin;
        return call.substr(begin, end - begin);
    }
    static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

    /// Whether the stream is an argument of the call: its name is that of its variable.
    static bool mentions(const process& p, const std::string& stream) {
        for (std::size_t at = p.call.find(stream); at != std::string::npos; at = p.call.find(stream, at + 1)) {
            const std::size_t end = at + stream.size();
            if (at > 0 && !is_word(p.call[at - 1]) && (end == p.call.size() || !is_word(p.call[end]))) return true;
        }
        return false;
    }

    static void main() {
        scheduler& self = get();
        context::entered(*self.previous_->place);
        self.free_ended();
        process* const p = self.current_;
        p->body();
        process* const parent = p->parent;
        if (--parent->children == 0 && parent->waits == wait_kind::children) {
            process* woken = parent;
            self.wake(woken);
        }
        self.ended_ = p;
        if (self.next_ready_ == self.ready_.size()) {
            self.ended_names_.push_back(p->name);
            p->waits = wait_kind::none;
            self.deadlock();
        }
        self.switch_to(self.take_ready());
    }

    process* take_ready() {
        process* const p = ready_[next_ready_++];
        if (next_ready_ == ready_.size()) {
            ready_.clear();
            next_ready_ = 0;
        } else if (next_ready_ >= 1024) {
            ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_));
            next_ready_ = 0;
        }
        return p;
    }

    void switch_to(process* next) {
        process* const self = current_;
        if (next == self) return;
        previous_ = self;
        current_ = next;
        self->place->switch_to(*next->place);
        free_ended();
    }

    /// The process that ended before the last switch: its stack is free only now.
    void free_ended() {
        if (ended_ == nullptr) return;
        for (std::size_t i = 0; i < live_.size(); ++i) {
            if (live_[i].get() != ended_) continue;
            ended_names_.push_back(ended_->name);
            contexts_.push_back(std::move(ended_->place));
            live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(i));
            break;
        }
        ended_ = nullptr;
        if (live_.empty()) ended_names_.clear();
    }

    std::unique_ptr<context> take_context() {
        if (contexts_.empty()) return std::unique_ptr<context>(new context);
        std::unique_ptr<context> c = std::move(contexts_.back());
        contexts_.pop_back();
        return c;
    }

    static void merge(std::vector<stream_record>& all, const stream_state& s) {
        for (stream_record& r : all) {
            if (r.name != s.name) continue;
            r.depth = s.depth;
            r.highest = r.highest > s.highest ? r.highest : s.highest;
            r.beats += s.beats;
            return;
        }
        all.push_back({s.name, s.depth, s.highest, s.beats});
    }
    void record(const stream_state& s) { merge(records_, s); }

    std::vector<process*> waiting() {
        std::vector<process*> all;
        for (std::unique_ptr<process>& p : live_) {
            if (p.get() != ended_) all.push_back(p.get());
        }
        if (root_.waits == wait_kind::data || root_.waits == wait_kind::room) all.push_back(&root_);
        return all;
    }

    /// The process at the other end of the stream that `p` waits on, or null where none that lives can be told.
    process* other_end(const process& p, const std::vector<process*>& all) const {
        if (p.waits != wait_kind::data && p.waits != wait_kind::room) return nullptr;
        process* const known = p.waits == wait_kind::data ? p.stream->writer : p.stream->reader;
        if (known != nullptr) return known;
        const std::string& last = p.waits == wait_kind::data ? p.stream->last_writer : p.stream->last_reader;
        for (process* other : all) {
            if (other != &p && !last.empty() && other->name == last) return other;
        }
        for (process* other : all) {
            if (other != &p && mentions(*other, p.stream->name)) return other;
        }
        return nullptr;
    }

    static std::string describe(const process& p) {
        const std::string who = "process '" + p.name + "' waits for ";
        if (p.waits == wait_kind::children) return who + "the processes of its region";
        if (p.waits == wait_kind::data) return who + "data on stream '" + p.stream->name + "' (empty)";
        return who + "room on stream '" + p.stream->name + "' (full, depth " + std::to_string(p.stream->depth) + ")";
    }

    /// Why a process that waits for data will not get any.
    std::string missing_writer(const process& p) const {
        if (p.waits != wait_kind::data) return "";
        for (const std::string& name : ended_names_) {
            if (name == p.stream->last_writer)
                return ", whose writer '" + name + "' has ended after " + std::to_string(p.stream->beats) + " beats";
        }
        return p.stream->beats == 0 ? ", which nobody has written" : "";
    }

    [[noreturn]] void deadlock() {
        const std::vector<process*> all = waiting();
        // Everyone waits on one other: following the waits ends in a circle, or at a process that waits for somebody who is gone.
        std::vector<process*> chain;
        for (process* start : all) {
            std::vector<process*> path;
            process* p = start;
            std::size_t first = 0;
            while (p != nullptr) {
                for (first = 0; first < path.size() && path[first] != p;) ++first;
                if (first < path.size()) break;
                path.push_back(p);
                p = other_end(*p, all);
            }
            if (p != nullptr) {
                chain.assign(path.begin() + static_cast<std::ptrdiff_t>(first), path.end());
                break;
            }
            if (chain.empty() && path.back()->waits != wait_kind::children) chain.assign(1, path.back());
        }
        std::string text = "deadlock: ", shallow;
        for (process* p : chain) {
            if (p != chain.front()) text += "; ";
            text += describe(*p) + (chain.size() == 1 ? missing_writer(*p) : "");
            if (p->waits == wait_kind::room && chain.size() > 1)
                shallow += (shallow.empty() ? "stream '" : ", or stream '") + p->stream->name + "'";
        }
        if (!shallow.empty()) text += ": " + shallow + " is too shallow";
        for (process* p : all) {
            bool told = false;
            for (process* q : chain) told = told || q == p;
            if (!told) text += "\n  " + describe(*p);
        }
        fail(text);
    }

    process root_;
    process* current_ = nullptr;
    process* previous_ = nullptr;
    process* ended_ = nullptr;
    std::vector<std::unique_ptr<process>> live_;
    std::vector<process*> ready_;  // from next_ready_ on
    std::size_t next_ready_ = 0;
    std::vector<std::unique_ptr<context>> contexts_;
    std::vector<stream_state*> streams_;
    std::vector<stream_record> records_;
    std::vector<std::string> ended_names_;
    unsigned long long polls_ = 0;
};

/// Depth, traffic and highest occupancy of this thread's streams so far.
inline std::vector<stream_record> stream_records() { return scheduler::get().records(); }

}  // namespace csim
}  // namespace weft

#endif
