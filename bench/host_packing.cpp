// host_packing.cpp
// How fast one core packs samples into frames and unpacks outputs, beside memcpy of as many bytes.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>

#include "src/runtime/codec.h"

using namespace weft::host;

namespace {

constexpr std::size_t images = 64;

/// The best of several runs, in seconds.
double seconds_of(const std::function<void()>& work) {
    double best = 1e9;
    for (int i = 0; i < 15; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

struct Row {
    const char* name;
    Shape shape;
    Type type;
    Layout layout;
    const char* step;  ///< Null: none.
};

void measure(const Row& row) {
    Kernel kernel;
    Port port;
    port.type = row.type;
    port.shape = row.shape;
    port.layout = row.layout;
    Argument argument;
    argument.pointer = true;
    argument.element_bytes = 1;
    argument.is_signed = true;
    argument.frame_bytes = (port.elements() + 63) / 64 * 64;
    kernel.arguments = {argument};
    Shape stacked{images};
    stacked.insert(stacked.end(), row.shape.begin(), row.shape.end());
    Tensor samples(row.type, stacked);
    std::mt19937 random(1);
    if (row.type == Type::float32)
        for (std::size_t i = 0; i < images * port.elements(); ++i) samples.as<float>()[i] = static_cast<float>(random() % 2000) / 400 - 2;
    std::vector<std::byte> frames(images * argument.frame_bytes), copy(samples.data.size());
    const auto elements = static_cast<std::int64_t>(port.elements());
    if (row.step) port.steps = {Step{"quantize", 1, 1, elements, {0.0173}, {-3}, {-128}, {127}, {}}};
    const double packing = seconds_of([&] { pack(kernel, port, samples.view(0, images), 0, images, frames.data()); });
    if (row.step) port.steps = {Step{"dequantize", 1, 1, elements, {0.0173}, {-3}, {0}, {}, {}}};
    const double unpacking = seconds_of([&] { unpack(kernel, port, frames.data(), 0, images, samples); });
    const double copying = seconds_of([&] { std::memcpy(copy.data(), samples.data.data(), copy.size()); });
    const double bytes = static_cast<double>(samples.data.size()), frame_bytes = static_cast<double>(images * port.elements());
    std::printf("| %-44s | %6.2f | %6.2f | %6.2f | %6.2f | %6.2f | %7.0f |\n", row.name, bytes / packing / 1e9, frame_bytes / packing / 1e9,
                bytes / unpacking / 1e9, bytes / copying / 1e9, packing / copying, static_cast<double>(images) / packing);
}

}  // namespace

int main() {
    std::printf("GB/s of one core; samples count as the program holds them, frames as the kernel reads them.\n\n");
    std::printf("| %-44s | pack   | frames | unpack | memcpy | ratio  | images/s |\n|---|---|---|---|---|---|---|\n", "samples");
    const Layout mnist{0, {784}, {1}, {}}, cifar{0, {3, 1024}, {1, 3}, {}}, image{0, {3, 50176}, {1, 3}, {}},
        wide{0, {64, 784}, {1, 64}, {}};
    measure({"uint8 28x28, as they are", {28, 28}, Type::uint8, mnist, nullptr});
    measure({"float32 28x28 -> int8", {28, 28}, Type::float32, mnist, "quantize"});
    measure({"uint8 3x32x32 -> channels last", {3, 32, 32}, Type::uint8, cifar, nullptr});
    measure({"float32 3x32x32 -> int8, channels last", {3, 32, 32}, Type::float32, cifar, "quantize"});
    measure({"float32 3x224x224 -> int8, channels last", {3, 224, 224}, Type::float32, image, "quantize"});
    measure({"float32 64x28x28 -> int8, channels last", {64, 28, 28}, Type::float32, wide, "quantize"});
}
