// host_opencl.cpp
// The same as host.cpp by OpenCL alone: buffers in the host's memory migrate to the card, the kernel runs as a task, the results migrate
// back, and events say what waits for what.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <weft/codec.h>
#include <weft/program.h>
#include <weft/xclbin.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "network.h"

using namespace weft::host;

namespace {

constexpr std::size_t page = 4096;  // buffers that begin at one are not copied
constexpr std::size_t slots_per_unit = 2;

void check(cl_int status, const std::string& what, const std::string& help = {}) {
    if (status != CL_SUCCESS) throw Error(Failure::input, what + " failed with OpenCL's error " + std::to_string(status), help);
}

void check_running(cl_int status, const std::string& what) {
    if (status != CL_SUCCESS)
        throw Error(Failure::lost, what + " failed with OpenCL's error " + std::to_string(status), "look at `xbutil examine`");
}

/// The card's platform among those that are installed.
cl_device_id find_device(const std::string& name) {
    const std::string help =
        "OCL_ICD_VENDORS must name a folder with a file xilinx.icd that holds the path of libxilinxopencl.so; for an emulated card set "
        "XCL_EMULATION_MODE=hw_emu and XILINX_XRT to the folder of XRT";
    cl_uint count = 0;
    std::vector<cl_platform_id> platforms(16);
    if (clGetPlatformIDs(16, platforms.data(), &count) != CL_SUCCESS) count = 0;
    for (cl_uint p = 0; p < std::min<cl_uint>(count, 16); ++p) {
        char vendor[256] = {};
        clGetPlatformInfo(platforms[p], CL_PLATFORM_VENDOR, sizeof vendor - 1, vendor, nullptr);
        if (std::strcmp(vendor, "Xilinx") != 0) continue;
        std::vector<cl_device_id> devices(64);
        cl_uint found = 0;
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ACCELERATOR, 64, devices.data(), &found) != CL_SUCCESS) found = 0;
        char* end = nullptr;
        const unsigned long index = std::strtoul(name.c_str(), &end, 10);
        if (*end != '\0' || index >= found)
            throw Error(Failure::input, "device '" + name + "' cannot be opened: OpenCL sees " + std::to_string(found) + " cards", help);
        return devices[index];
    }
    throw Error(Failure::input, "OpenCL knows no platform of Xilinx", help);
}

std::vector<unsigned char> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

/// Buffers of a compute unit, and the command that uses them.
struct Slot {
    cl_kernel kernel = nullptr;
    std::vector<std::unique_ptr<std::byte, Free>> memory;  ///< By argument.
    std::vector<cl_mem> inputs, outputs;
    std::vector<cl_mem> buffers;
    cl_event done = nullptr;
    std::size_t first = 0, count = 0;
    std::chrono::steady_clock::time_point begun;
};

class OpenClCard {
public:
    OpenClCard(const ProgramOptions& options, const Kernel& kernel, const std::vector<std::string>& units, std::size_t batch)
        : kernel_(kernel) {
        cl_device_id device = find_device(options.card.devices[0]);
        cl_int status = CL_SUCCESS;
        context_ = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &status);
        check(status, "opening device '" + options.card.devices[0] + "'");
        // Out of order: transfers and kernels overlap, and only events order them.
        queue_ = clCreateCommandQueue(context_, device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &status);
        check(status, "making a command queue");
        const std::vector<unsigned char> binary = read_file(options.xclbin);
        const unsigned char* bytes = binary.data();
        const std::size_t size = binary.size();
        program_ = clCreateProgramWithBinary(context_, 1, &device, &size, &bytes, nullptr, &status);
        check(status, "loading '" + options.xclbin + "'",
              "the xclbin must be made for the platform that the card runs: see `xbutil examine`");
        for (std::size_t slot = 0; slot < slots_per_unit; ++slot)
            for (const std::string& unit : units) add_slot(kernel.name + ":{" + unit + "}", batch);
    }

    std::size_t slots() const { return slots_.size(); }
    Slot& slot(std::size_t command) { return slots_[command % slots_.size()]; }

    /// Packs, and queues transfer, kernel and transfer.
    void start(Slot& slot, const std::vector<TensorView>& samples, std::size_t first, std::size_t count) {
        slot.begun = std::chrono::steady_clock::now();
        slot.first = first;
        slot.count = count;
        for (std::size_t i = 0; i < samples.size(); ++i)
            pack(kernel_, kernel_.inputs[i], samples[i], 0, count, slot.memory[kernel_.inputs[i].argument].get());
        const auto images = static_cast<cl_uint>(count);
        check_running(clSetKernelArg(slot.kernel, static_cast<cl_uint>(kernel_.count_index()), sizeof images, &images),
                      "setting the number of images");
        cl_event sent = nullptr, computed = nullptr;
        check_running(
            clEnqueueMigrateMemObjects(queue_, static_cast<cl_uint>(slot.inputs.size()), slot.inputs.data(), 0, 0, nullptr, &sent),
            "sending the inputs");
        check_running(clEnqueueTask(queue_, slot.kernel, 1, &sent, &computed), "starting the kernel");
        check_running(clEnqueueMigrateMemObjects(queue_, static_cast<cl_uint>(slot.outputs.size()), slot.outputs.data(),
                                                 CL_MIGRATE_MEM_OBJECT_HOST, 1, &computed, &slot.done),
                      "fetching the outputs");
        clReleaseEvent(sent);
        clReleaseEvent(computed);
        clFlush(queue_);
    }

    /// Waits for a slot's command.
    Result finish(Slot& slot) {
        check_running(clWaitForEvents(1, &slot.done), "a command");
        clReleaseEvent(slot.done);
        slot.done = nullptr;
        Result result;
        for (const Port& output : kernel_.outputs) {
            Shape shape{static_cast<std::int64_t>(slot.count)};
            shape.insert(shape.end(), output.shape.begin(), output.shape.end());
            Tensor& tensor = result.outputs.emplace_back(output.type, shape);
            unpack(kernel_, output, slot.memory[output.argument].get(), 0, slot.count, tensor);
        }
        result.command_seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - slot.begun).count());
        return result;
    }

    ~OpenClCard() {
        for (Slot& slot : slots_) {
            for (cl_mem buffer : slot.buffers) clReleaseMemObject(buffer);
            clReleaseKernel(slot.kernel);
        }
        clReleaseProgram(program_);
        clReleaseCommandQueue(queue_);
        clReleaseContext(context_);
    }
    OpenClCard(const OpenClCard&) = delete;
    OpenClCard& operator=(const OpenClCard&) = delete;

private:
    /// A kernel object and buffers of its own: the arguments are set once, and say which memory the buffers go to.
    void add_slot(const std::string& name, std::size_t batch) {
        Slot& slot = slots_.emplace_back();
        cl_int status = CL_SUCCESS;
        slot.kernel = clCreateKernel(program_, name.c_str(), &status);
        check(status, "opening '" + name + "'");
        slot.memory.resize(kernel_.arguments.size());
        for (std::size_t a = 0; a < kernel_.arguments.size(); ++a) {
            const Argument& argument = kernel_.arguments[a];
            if (!argument.pointer) continue;
            const std::size_t bytes = (argument.frame_bytes * batch + page - 1) / page * page;
            slot.memory[a].reset(static_cast<std::byte*>(std::aligned_alloc(page, bytes)));
            std::memset(slot.memory[a].get(), 0, bytes);
            const cl_mem_flags access = argument.output ? CL_MEM_WRITE_ONLY : CL_MEM_READ_ONLY;
            cl_mem buffer = clCreateBuffer(context_, access | CL_MEM_USE_HOST_PTR, bytes, slot.memory[a].get(), &status);
            check(status, "making a buffer of " + std::to_string(bytes) + " bytes", "give a smaller --batch");
            slot.buffers.push_back(buffer);
            (argument.output ? slot.outputs : slot.inputs).push_back(buffer);
            check(clSetKernelArg(slot.kernel, static_cast<cl_uint>(argument.index), sizeof buffer, &buffer),
                  "setting argument '" + argument.name + "'");
        }
    }

    const Kernel& kernel_;
    cl_context context_ = nullptr;
    cl_command_queue queue_ = nullptr;
    cl_program program_ = nullptr;
    std::vector<Slot> slots_;
};

void run(const ProgramOptions& options) {
    if (options.card.devices.size() > 1)
        throw input_error("this program uses one card", "give --device once, or use the native program `host`");
    const Kernel kernel = find_kernel(options.xclbin, options.card);
    const Samples samples(kernel, options);
    std::vector<std::string> units = Xclbin(options.xclbin).compute_units(kernel.name);
    if (options.card.compute_units != 0 && units.size() > options.card.compute_units) units.resize(options.card.compute_units);
    const std::size_t batch = command_images(kernel, options.card, units.size(), samples.images());
    OpenClCard card(options, kernel, units, batch);
    Report report(kernel, network(), options, samples.images());
    std::atomic<bool> interrupted{false};
    const Interruption interruption([&] { interrupted = true; },
                                    [&] { report.end_early(Error(Failure::cancelled, "interrupted"), interruption.signal()); });
    TimeLimit limit(time_out_of(kernel, options.card), [&](const Error& error) { report.end_early(error, 0); });
    try {
        const std::size_t commands = (samples.images() + batch - 1) / batch;
        for (std::size_t command = 0; command < commands + card.slots(); ++command) {
            Slot& slot = card.slot(command);
            if (slot.done) {
                limit.begin();
                const Result result = card.finish(slot);
                limit.end();
                report.add(result);
            }
            if (interrupted || command >= commands) continue;
            const std::size_t first = command * batch, count = std::min(batch, samples.images() - first);
            card.start(slot, samples.views(first, count), first, count);
        }
        if (interrupted) throw Error(Failure::cancelled, "interrupted");
    } catch (const Error& error) {
        report.end_early(error, interruption.signal());
    }
    report.finish({});
}

}  // namespace

int main(int argc, char** argv) {
    return run_program([&] { run(parse_options(argc, argv, network(), ", by OpenCL")); });
}
