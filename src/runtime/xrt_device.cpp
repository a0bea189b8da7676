// xrt_device.cpp
// The native interface of XRT, 2.11 or newer, behind device.h.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#if __has_include(<xrt/xrt_device.h>)
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>
#else
#error "XRT's headers are missing: install libxrt-dev, or give the folder of XRT: make XRT=/opt/xilinx/xrt"
#endif

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "device.h"
#include "error.h"

namespace weft::host {

namespace {

/// How often a wait looks whether it is still wanted.
constexpr std::chrono::milliseconds wait_period{500};

const char* state_name(ert_cmd_state state) {
    switch (state) {
        case ERT_CMD_STATE_ERROR:
            return "error";
        case ERT_CMD_STATE_ABORT:
            return "aborted";
        case ERT_CMD_STATE_NORESPONSE:
            return "no response";
        default:
            return "failed";
    }
}

bool is_under_way(ert_cmd_state state) {
    return state == ERT_CMD_STATE_NEW || state == ERT_CMD_STATE_QUEUED || state == ERT_CMD_STATE_RUNNING ||
           state == ERT_CMD_STATE_SUBMITTED || state == ERT_CMD_STATE_TIMEOUT;
}

/// A kernel object and buffers of its own: buffers lie in the memory bank that this unit is connected to.
class XrtUnit : public Unit {
public:
    XrtUnit(const xrt::device& device, const xrt::uuid& xclbin, const UnitPlan& plan) : plan_(plan) {
        open_kernel(device, xclbin);
        for (std::size_t s = 0; s < plan.slots; ++s) {
            Slot& slot = slots_.emplace_back();
            slot.run = xrt::run(kernel_);
            for (const UnitPlan::Buffer& buffer : plan.buffers) {
                const std::size_t bytes = buffer.frame_bytes * plan.images;
                slot.buffers.emplace_back(device, bytes, kernel_.group_id(buffer.index));
                slot.maps.push_back(slot.buffers.back().map<std::byte*>());
                std::memset(slot.maps.back(), 0, bytes);
                slot.run.set_arg(buffer.index, slot.buffers.back());
            }
        }
    }

    std::byte* frames(std::size_t slot, std::size_t buffer) override { return slots_[slot].maps[buffer]; }

    void start(std::size_t slot, std::size_t images) override {
        for (std::size_t b = 0; b < plan_.buffers.size(); ++b)
            if (!plan_.buffers[b].output) slots_[slot].buffers[b].sync(XCL_BO_SYNC_BO_TO_DEVICE, images * plan_.buffers[b].frame_bytes, 0);
        slots_[slot].run.set_arg(plan_.count_index, static_cast<std::uint32_t>(images));
        slots_[slot].run.start();
    }

    void wait(std::size_t slot, std::size_t images) override {
        ert_cmd_state state = slots_[slot].run.wait(wait_period);
        while (is_under_way(state) && !stopped_) state = slots_[slot].run.wait(wait_period);
        if (stopped_) return;
        if (state != ERT_CMD_STATE_COMPLETED)
            throw Error(
                Failure::lost,
                "compute unit '" + plan_.unit + "' ended a command with state " + std::to_string(state) + " (" + state_name(state) + ")",
                "look at `xbutil examine`; `xbutil reset` brings a card back");
        for (std::size_t b = 0; b < plan_.buffers.size(); ++b)
            if (plan_.buffers[b].output) slots_[slot].buffers[b].sync(XCL_BO_SYNC_BO_FROM_DEVICE, images * plan_.buffers[b].frame_bytes, 0);
    }

    void stop() override { stopped_ = true; }
    bool has_registers() const override { return exclusive_; }
    std::uint32_t read_register(std::uint32_t offset) override { return kernel_.read_register(offset); }

private:
    struct Slot {
        std::vector<xrt::bo> buffers;
        std::vector<std::byte*> maps;
        xrt::run run;
    };

    /// Registers can only be read by the one program that has the unit.
    void open_kernel(const xrt::device& device, const xrt::uuid& xclbin) {
        const std::string name = plan_.kernel + ":{" + plan_.unit + "}";
        if (plan_.registers) {
            try {
                kernel_ = xrt::kernel(device, xclbin, name, xrt::kernel::cu_access_mode::exclusive);
                exclusive_ = true;
                return;
            } catch (const std::exception&) {
                exclusive_ = false;
            }
        }
        kernel_ = xrt::kernel(device, xclbin, name);
    }

    UnitPlan plan_;
    xrt::kernel kernel_;
    bool exclusive_ = false;
    std::vector<Slot> slots_;
    std::atomic<bool> stopped_{false};
};

/// What a user should look at where a device cannot be opened.
std::string opening_help() {
    if (std::getenv("XILINX_XRT") == nullptr)
        return "XILINX_XRT must name the folder of XRT: `source /opt/xilinx/xrt/setup.sh` sets it; for an emulated card set "
               "XCL_EMULATION_MODE=hw_emu as well";
    const char* mode = std::getenv("XCL_EMULATION_MODE");
    if (mode) return "XCL_EMULATION_MODE is '" + std::string(mode) + "': unset it to use a real card";
    return "`xbutil examine` lists the cards and their state; for an emulated card set XCL_EMULATION_MODE=hw_emu";
}

class XrtDriver : public Driver {
public:
    std::vector<std::unique_ptr<Unit>> open(const std::string& name, const std::string& file, const std::vector<UnitPlan>& plans) override {
        xrt::device device = open_device(name);
        xrt::uuid xclbin;
        try {
            xclbin = device.load_xclbin(file);
        } catch (const std::exception& e) {
            throw Error(Failure::input, "'" + file + "' cannot be loaded onto device " + name + ": " + e.what(),
                        "the xclbin must be made for the platform that the card runs: `xbutil examine` says which");
        }
        std::vector<std::unique_ptr<Unit>> units;
        for (const UnitPlan& plan : plans) {
            try {
                units.push_back(std::make_unique<XrtUnit>(device, xclbin, plan));
            } catch (const std::exception& e) {
                throw Error(Failure::input, "compute unit '" + plan.unit + "' of device " + name + " cannot be opened: " + e.what(),
                            "another program may use it; smaller batches need less memory of the card");
            }
        }
        return units;
    }

private:
    /// By index, or by the address on the bus: `0000:3b:00.1`.
    static xrt::device open_device(const std::string& name) {
        try {
            if (name.find(':') != std::string::npos) return xrt::device(name);
            return xrt::device(static_cast<unsigned int>(std::stoul(name)));
        } catch (const std::exception& e) {
            throw Error(Failure::input, "device '" + name + "' cannot be opened: " + e.what(), opening_help());
        }
    }
};

}  // namespace

std::shared_ptr<Driver> xrt_driver() { return std::make_shared<XrtDriver>(); }

}  // namespace weft::host
