// device.h
// What the library asks of a card: the seam between it and the card's driver.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::host {

/// The buffers of one compute unit.
struct UnitPlan {
    std::string kernel;
    std::string unit;
    struct Buffer {
        int index = 0;  ///< Of the kernel's argument.
        std::size_t frame_bytes = 0;
        bool output = false;
    };
    std::vector<Buffer> buffers;
    int count_index = 0;     ///< The argument that counts images.
    std::size_t slots = 2;   ///< Sets of buffers: commands in flight.
    std::size_t images = 1;  ///< The most of one command.
    bool registers = false;  ///< Whether the kernel's own registers are to be read.
};

/// One compute unit. Two threads use it: one starts commands, one waits for them, each in the order of the slots' use. What fails throws;
/// an exception other than Error counts as the card's.
class Unit {
public:
    virtual ~Unit() = default;
    /// The host's memory of a buffer: `images` frames, zero at first.
    virtual std::byte* frames(std::size_t slot, std::size_t buffer) = 0;
    /// Sends the inputs of `images` frames and starts the kernel.
    virtual void start(std::size_t slot, std::size_t images) = 0;
    /// Returns when that command is done and its outputs have been fetched, or some time after `stop`.
    virtual void wait(std::size_t slot, std::size_t images) = 0;
    /// From another thread: nobody is interested any more.
    virtual void stop() = 0;
    /// Whether registers can be read: they cannot where another program has the unit as well.
    virtual bool has_registers() const = 0;
    virtual std::uint32_t read_register(std::uint32_t offset) = 0;
};

class Driver {
public:
    virtual ~Driver() = default;
    /// Loads the xclbin onto a device and opens its compute units.
    virtual std::vector<std::unique_ptr<Unit>> open(const std::string& device, const std::string& xclbin,
                                                    const std::vector<UnitPlan>& plans) = 0;
};

/// Xilinx' runtime XRT, natively; needs libxrt_coreutil.
std::shared_ptr<Driver> xrt_driver();

}  // namespace weft::host
