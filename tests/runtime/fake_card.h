// fake_card.h
// Xclbins and a card for tests of the library that feeds kernels: the card computes nothing but y = x + 1, and fails as it is told.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/runtime/device.h"
#include "src/runtime/error.h"

namespace weft::test {

/// A file of sections by kind, laid out as XRT's xclbin.h says.
inline std::string xclbin_bytes(const std::vector<std::pair<std::uint32_t, std::string>>& sections) {
    std::string bytes("xclbin2\0", 8);
    bytes.resize(456 + 40 * sections.size(), '\0');
    const auto put = [&](std::size_t at, auto number) {
        for (std::size_t b = 0; b < sizeof number; ++b) bytes.at(at + b) = static_cast<char>(number >> (8 * b));
    };
    put(448, static_cast<std::uint32_t>(sections.size()));
    for (std::size_t i = 0; i < sections.size(); ++i) {
        bytes.resize((bytes.size() + 7) / 8 * 8, '\0');
        put(456 + 40 * i, sections[i].first);
        put(456 + 40 * i + 24, static_cast<std::uint64_t>(bytes.size()));
        put(456 + 40 * i + 32, static_cast<std::uint64_t>(sections[i].second.size()));
        bytes += sections[i].second;
    }
    put(304, static_cast<std::uint64_t>(bytes.size()));
    return bytes;
}

inline std::string ip_layout(const std::vector<std::string>& units) {
    std::string bytes;
    for (int b = 0; b < 8; ++b) bytes += static_cast<char>(b < 4 ? units.size() >> (8 * b) : 0);
    for (const std::string& unit : units) bytes += std::string(16, '\0') + unit + std::string(64 - unit.size(), '\0');
    return bytes;
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline constexpr auto fake_hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A kernel of 8-bit vectors of `elements`, from input 'x' to output 'y'.
inline std::string fake_kernel(const std::string& name = "net_kernel", int elements = 16) {
    const std::string n = std::to_string(elements);
    const auto port = [&](const char* port_name, int argument) {
        return std::string(R"({"name": ")") + port_name + R"(", "type": "uint8", "shape": [)" + n + R"(], "argument": )" +
               std::to_string(argument) + R"(, "steps": [], "layout": {"offset": 0, "extents": [)" + n + R"(], "strides": [1]}})";
    };
    return R"({"version": "1.2.3", "kernel": ")" + name + R"(", "model": "net", "board": "none", "model_hash": ")" + fake_hash +
           R"(", "clock_mhz": 300, "interval_cycles": 100,
          "arguments": [{"name": "gmem_in", "index": 0, "kind": "input", "frame_bytes": 64, "element_bytes": 1, "signed": false},
                        {"name": "gmem_out", "index": 1, "kind": "output", "frame_bytes": 64, "element_bytes": 1, "signed": false},
                        {"name": "n_images", "index": 2, "kind": "count"}],
          "status_registers": [{"name": "WEFT_VERSION", "offset": 256, "bits": 32}, {"name": "WEFT_MODEL_HASH", "offset": 260, "bits": 64},
                               {"name": "WEFT_FRAMES", "offset": 268, "bits": 32}, {"name": "WEFT_CYCLES", "offset": 272, "bits": 64},
                               {"name": "WEFT_INPUT_STALLS", "offset": 280, "bits": 64},
                               {"name": "WEFT_OUTPUT_STALLS", "offset": 288, "bits": 64}, {"name": "WEFT_ERRORS", "offset": 296, "bits": 32}],
          "inputs": [)" +
           port("x", 0) + R"(], "outputs": [)" + port("y", 1) + R"(], "left": []})";
}

inline std::string metadata(const std::vector<std::string>& kernels) {
    std::string list;
    for (const std::string& kernel : kernels) list += (list.empty() ? "" : ", ") + kernel;
    return R"({"program": "weft", "kernels": [)" + list + "]}";
}

inline void write_fake_xclbin(const std::string& path, int units, const std::string& kernel = fake_kernel()) {
    std::vector<std::string> names;
    for (int i = 1; i <= units; ++i) names.push_back("net_kernel:net_kernel_" + std::to_string(i));
    write_bytes(path, xclbin_bytes({{8, ip_layout(names)}, {16, metadata({kernel})}}));
}

/// What the fake card does; read by its units while they work.
struct FakePlan {
    std::map<std::string, std::chrono::milliseconds> delays;  ///< Of a command, by unit; 1 ms otherwise.
    int hang_at = -1;                                         ///< The command, counted over all units, that never ends.
    int fail_start_at = -1;                                   ///< The one that cannot be started.
    int lose_at = -1;                                         ///< The one at which the card is lost.
    bool registers = true;
    std::uint64_t model_hash = 0x0011223344556677;
    std::uint32_t version = 0x010203;
    std::string no_device;  ///< A device that cannot be opened.

    std::mutex mutex;
    std::condition_variable released;
    bool release = false;  ///< Lets what hangs go, for the test's end.
    int started = 0;
    int most_in_flight = 0;
    std::map<std::string, int> commands;  ///< By unit.
    std::atomic<int> hanging{0};
};

class FakeUnit : public host::Unit {
public:
    FakeUnit(std::shared_ptr<FakePlan> plan, const host::UnitPlan& unit) : plan_(std::move(plan)), unit_(unit), numbers_(unit.slots) {
        for (std::size_t slot = 0; slot < unit.slots; ++slot)
            for (const auto& buffer : unit.buffers) buffers_.emplace_back(buffer.frame_bytes * unit.images);
    }

    std::byte* frames(std::size_t slot, std::size_t buffer) override { return buffers_[slot * unit_.buffers.size() + buffer].data(); }

    void start(std::size_t slot, std::size_t) override {
        const std::lock_guard lock(plan_->mutex);
        numbers_[slot] = plan_->started++;
        if (numbers_[slot] == plan_->fail_start_at) throw std::runtime_error("no such slot");
        ++plan_->commands[unit_.unit];
        plan_->most_in_flight = std::max(plan_->most_in_flight, ++in_flight_);
    }

    void wait(std::size_t slot, std::size_t images) override {
        std::unique_lock lock(plan_->mutex);
        if (numbers_[slot] == plan_->lose_at) throw std::runtime_error("the bus is silent");
        if (numbers_[slot] == plan_->hang_at) {
            ++plan_->hanging;
            plan_->released.wait(lock, [&] { return plan_->release; });
            --plan_->hanging;
            return;
        }
        lock.unlock();
        const auto delay = plan_->delays.find(unit_.unit);
        std::this_thread::sleep_for(delay == plan_->delays.end() ? std::chrono::milliseconds(1) : delay->second);
        const std::byte* in = frames(slot, 0);
        std::byte* out = frames(slot, 1);
        for (std::size_t i = 0; i < images * unit_.buffers[0].frame_bytes; ++i)
            out[i] = static_cast<std::byte>(std::to_integer<int>(in[i]) + 1);
        frames_ += images;
        lock.lock();
        --in_flight_;
    }

    void stop() override {}
    bool has_registers() const override { return plan_->registers && unit_.registers; }
    std::uint32_t read_register(std::uint32_t offset) override {
        switch (offset) {
            case 256:
                return plan_->version;
            case 260:
                return static_cast<std::uint32_t>(plan_->model_hash);
            case 264:
                return static_cast<std::uint32_t>(plan_->model_hash >> 32);
            case 268:
                return static_cast<std::uint32_t>(frames_);
            case 272:
                return static_cast<std::uint32_t>(frames_ * 100);
            case 276:
                return 1;  // 2^32 cycles more
            default:
                return 0;
        }
    }

private:
    std::shared_ptr<FakePlan> plan_;
    host::UnitPlan unit_;
    std::vector<std::vector<std::byte>> buffers_;
    std::vector<int> numbers_;
    int in_flight_ = 0;
    std::atomic<std::size_t> frames_{0};
};

class FakeDriver : public host::Driver {
public:
    explicit FakeDriver(std::shared_ptr<FakePlan> plan) : plan_(std::move(plan)) {}
    std::vector<std::unique_ptr<host::Unit>> open(const std::string& device, const std::string&,
                                                  const std::vector<host::UnitPlan>& plans) override {
        if (device == plan_->no_device) throw host::input_error("device '" + device + "' cannot be opened");
        std::vector<std::unique_ptr<host::Unit>> units;
        for (const host::UnitPlan& unit : plans) units.push_back(std::make_unique<FakeUnit>(plan_, unit));
        return units;
    }

private:
    std::shared_ptr<FakePlan> plan_;
};

/// What `work` fails with, as text of reason and help; empty where it does not fail.
template <class F>
std::string failure_of(F&& work, host::Failure* failure = nullptr) {
    try {
        work();
        return {};
    } catch (const host::Error& error) {
        if (failure) *failure = error.failure();
        return std::string(error.what()) + "\n" + error.help();
    }
}

}  // namespace weft::test
