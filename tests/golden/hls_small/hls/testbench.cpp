// testbench.cpp
// Runs small_0_kernel on vectors: testbench [FOLDER [BATCH [write]]].
// weft, for a test

// FOLDER holds <port>.bin for every input, and for every output what is expected. The images go through in calls of BATCH (0: all at
// once). With `write`, the results are written to <port>.result.bin instead of being compared.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <ap_int.h>
#include <hls_stream.h>

#include "kernel.hpp"

namespace {

const int word_bytes = 64;
typedef ap_uint<word_bytes * 8> word;

/// Vectors of a port and where their elements lie in memory: one after the other, or, where `raw`, in whole beats.
struct port {
    std::string name;
    long long positions, taps, channels, taps_per_beat, lanes;
    bool raw;
    int width;
    bool is_signed;
    std::vector<std::int32_t> values;

    long long elements() const { return positions * taps * channels; }
    long long tap_folds() const { return (taps + taps_per_beat - 1) / taps_per_beat; }
    long long channel_folds() const { return (channels + lanes - 1) / lanes; }
    long long bytes() const { return width <= 8 ? 1 : width <= 16 ? 2 : 4; }
    long long words() const {
        const long long count = raw ? positions * tap_folds() * channel_folds() * taps_per_beat * lanes : elements();
        return (count * bytes() + word_bytes - 1) / word_bytes;
    }
    /// First byte of an element in the words of its image.
    long long byte(long long element) const {
        if (!raw) return element * bytes();
        const long long channel = element % channels;
        const long long tap = element / channels % taps;
        const long long position = element / channels / taps;
        const long long beat = (position * channel_folds() + channel / lanes) * tap_folds() + tap / taps_per_beat;
        return ((beat * taps_per_beat + tap % taps_per_beat) * lanes + channel % lanes) * bytes();
    }
};

bool read_file(const std::string& path, std::vector<std::int32_t>& values) {
    std::ifstream file(path.c_str(), std::ios::binary);
    if (!file) return false;
    file.seekg(0, std::ios::end);
    values.resize(static_cast<std::size_t>(file.tellg()) / 4);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * 4));
    return static_cast<bool>(file);
}

/// Arbitrary bits for what no element lies in: the kernel must not depend on them.
unsigned noise() {
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

std::vector<word> to_memory(const port& p, long long first, long long images) {
    std::vector<unsigned char> bytes(static_cast<std::size_t>(images * p.words() * word_bytes));
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(noise());
    for (long long image = 0; image < images; ++image)
        for (long long e = 0; e < p.elements(); ++e) {
            const std::size_t at = static_cast<std::size_t>(image * p.words() * word_bytes + p.byte(e));
            const std::uint32_t value = static_cast<std::uint32_t>(p.values[static_cast<std::size_t>((first + image) * p.elements() + e)]);
            for (long long i = 0; i < p.bytes(); ++i) bytes[at + static_cast<std::size_t>(i)] = static_cast<unsigned char>(value >> (8 * i));
        }
    std::vector<word> memory(static_cast<std::size_t>(images * p.words()));
    for (std::size_t i = 0; i < memory.size(); ++i) {
        word w = 0;
        for (int part = 0; part < word_bytes / 4; ++part) {
            unsigned value = 0;
            for (std::size_t b = 0; b < 4; ++b) value |= static_cast<unsigned>(bytes[i * word_bytes + static_cast<std::size_t>(part) * 4 + b]) << (8 * b);
            w.range(part * 32 + 31, part * 32) = value;
        }
        memory[i] = w;
    }
    return memory;
}

std::int32_t element(const std::vector<word>& memory, const port& p, long long image, long long e) {
    const long long byte = p.byte(e);
    const word& w = memory[static_cast<std::size_t>(image * p.words() + byte / word_bytes)];
    const int low = static_cast<int>(byte % word_bytes * 8);
    const int width = static_cast<int>(p.bytes() * 8);
    const std::uint32_t raw = static_cast<std::uint32_t>(ap_uint<32>(w.range(low + width - 1, low)).to_uint64());
    if (!p.is_signed || width == 32) return static_cast<std::int32_t>(raw);
    const std::uint32_t sign = 1u << (width - 1);
    return static_cast<std::int32_t>((raw ^ sign) - sign);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "../vectors";
    const int wanted = argc > 2 ? std::atoi(argv[2]) : 0;
    const bool write = argc > 3;
    port inputs[1] = {
        {"image", 30, 1, 2, 1, 1, false, 8, true, {}},
    };
    port outputs[1] = {
        {"result0", 6, 1, 3, 1, 2, false, 8, true, {}},
    };

    long long images = 0;
    for (port& p : inputs) {
        if (!read_file(folder + "/" + p.name + ".bin", p.values)) {
            std::cerr << "cannot read " << folder << "/" << p.name << ".bin\n";
            return 2;
        }
        images = static_cast<long long>(p.values.size()) / p.elements();
    }
    for (port& p : outputs) {
        if (!write && (!read_file(folder + "/" + p.name + ".bin", p.values) ||
                       static_cast<long long>(p.values.size()) != images * p.elements())) {
            std::cerr << folder << "/" << p.name << ".bin does not hold the expected results of " << images << " images\n";
            return 2;
        }
        if (write) p.values.resize(static_cast<std::size_t>(images * p.elements()));
    }

    long long batch = wanted > 0 ? wanted : images;
    if (batch > small_0_kernel_max_images) batch = small_0_kernel_max_images;
    long long differing = 0;
    for (long long first = 0; first < images; first += batch) {
        const long long count = images - first < batch ? images - first : batch;
        // Co-simulation copies `depth` words of each pointer, those of so many images, whatever the call needs.
        const long long room = count > 2 ? count : 2;
        std::vector<word> in0 = to_memory(inputs[0], first, count);
        in0.resize(static_cast<std::size_t>(room * inputs[0].words()));
        std::vector<word> out0(static_cast<std::size_t>(room * outputs[0].words()));
        small_0_kernel(in0.data(), out0.data(), static_cast<int>(count));
        const std::vector<word>* results[1] = {&out0};
        for (int i = 0; i < 1; ++i) {
            port& p = outputs[i];
            for (long long image = 0; image < count; ++image)
                for (long long e = 0; e < p.elements(); ++e) {
                    const std::int32_t value = element(*results[i], p, image, e);
                    std::int32_t& expected = p.values[static_cast<std::size_t>((first + image) * p.elements() + e)];
                    if (!write && value != expected && ++differing <= 10)
                        std::cout << p.name << ": image " << first + image << ", element " << e << ": " << value << " instead of " << expected << "\n";
                    if (write) expected = value;
                }
        }
        std::cout << "images " << first + count << std::endl;
    }
    if (write) {
        for (const port& p : outputs) {
            std::ofstream file((folder + "/" + p.name + ".result.bin").c_str(), std::ios::binary);
            file.write(reinterpret_cast<const char*>(p.values.data()), static_cast<std::streamsize>(p.values.size() * 4));
            if (!file) return 2;
        }
        return 0;
    }
    std::cout << images << " images, " << differing << " elements differ" << std::endl;
    return differing == 0 ? 0 : 1;
}
