// copy_host.cpp
// A host as a user might write it, on XRT's native interface alone: sends bytes through every compute unit of a kernel that copies, two
// commands in flight each, and writes what comes back.
//   copy_host XCLBIN KERNEL UNITS COMMANDS FRAMES FRAME_BYTES INPUT OUTPUT [outside]
// With `outside` the kernel is told of more frames than the buffers hold.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_kernel.h"

namespace {

struct Slot {
    xrt::bo in, out;
    xrt::run run;
    long command = -1;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 9) return 2;
    const std::string kernel_name = argv[2];
    const long units = std::stol(argv[3]), commands = std::stol(argv[4]), frames = std::stol(argv[5]);
    const std::size_t bytes = static_cast<std::size_t>(frames) * std::stoul(argv[6]);
    std::ifstream file(argv[7], std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(file)), {});
    std::string output(input.size(), '\0');
    const bool outside = argc > 9;

    xrt::device device(0);
    const auto uuid = device.load_xclbin(argv[1]);
    std::vector<xrt::kernel> kernels;
    std::vector<std::vector<Slot>> slots(static_cast<std::size_t>(units));
    for (long u = 0; u < units; ++u) {
        kernels.emplace_back(device, uuid, kernel_name + ":{" + kernel_name + "_" + std::to_string(u + 1) + "}");
        for (int s = 0; s < 2; ++s) {
            Slot slot;
            slot.in = xrt::bo(device, bytes, kernels.back().group_id(0));
            slot.out = xrt::bo(device, bytes, kernels.back().group_id(1));
            slot.run = xrt::run(kernels.back());
            slots[static_cast<std::size_t>(u)].push_back(std::move(slot));
        }
    }
    const auto finish = [&](Slot& slot) {
        if (slot.command < 0) return;
        slot.run.wait();
        slot.out.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
        std::memcpy(&output[static_cast<std::size_t>(slot.command) * bytes], slot.out.map<char*>(), bytes);
        slot.command = -1;
    };
    for (long command = 0; command < commands; ++command) {
        Slot& slot = slots[static_cast<std::size_t>(command % units)][static_cast<std::size_t>(command / units % 2)];
        finish(slot);
        std::memcpy(slot.in.map<char*>(), &input[static_cast<std::size_t>(command) * bytes], bytes);
        slot.in.sync(XCL_BO_SYNC_BO_TO_DEVICE);
        slot.run.set_arg(0, slot.in);
        slot.run.set_arg(1, slot.out);
        slot.run.set_arg(2, static_cast<unsigned>(outside ? frames * 100 : frames));
        slot.run.start();
        slot.command = command;
    }
    for (auto& of_unit : slots)
        for (Slot& slot : of_unit) finish(slot);
    std::ofstream(argv[8], std::ios::binary) << output;
    std::cout << "copied " << output.size() << " bytes\n";
    return 0;
}
