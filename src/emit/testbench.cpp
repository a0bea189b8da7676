// testbench.cpp
// The testbench of an HLS project: packs vectors as the host does, runs the kernel, compares or writes the results.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "src/emit/hls_parts.h"

namespace weft {

namespace {

// Independent of the design; the ports follow it. Vectors are raw little-endian 32-bit integers, image after image, each in the order
// row, column, tap, channel.
constexpr std::string_view machinery = R"text(typedef ap_uint<word_bytes * 8> word;

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
)text";

std::string describe(const KernelPort& port) {
    const Stream& stream = *port.stream;
    return fmt::format("{{\"{}\", {}, {}, {}, {}, {}, {}, {}, {}, {{}}}}", port.name, stream.shape.positions(), stream.shape.taps,
                       stream.shape.channels, stream.beat.taps, stream.beat.lanes, port.raw, stream.bits(), stream.is_signed());
}

void write_head(TextWriter& out, const std::string& kernel, const EmitOptions& options) {
    write_file_head(out, "testbench.cpp", fmt::format("Runs {} on vectors: testbench [FOLDER [BATCH [write]]].", kernel), options);
    out.line(
        "// FOLDER holds <port>.bin for every input, and for every output what is expected. The images go through in calls of BATCH (0: "
        "all at");
    out.line("// once). With `write`, the results are written to <port>.result.bin instead of being compared.");
    out.margin("#include <cstdint>");
    out.margin("#include <cstdlib>");
    out.margin("#include <fstream>");
    out.margin("#include <iostream>");
    out.margin("#include <string>");
    out.margin("#include <vector>");
    out.line();
    out.margin("#include <ap_int.h>");
    out.margin("#include <hls_stream.h>");
    out.line();
    out.margin("#include \"kernel.hpp\"");
    out.line();
}

/// The vectors of all ports, and how many images they are.
void write_reading(TextWriter& body) {
    body.line("long long images = 0;");
    body.open("for (port& p : inputs) {");
    body.open("if (!read_file(folder + \"/\" + p.name + \".bin\", p.values)) {");
    body.line("std::cerr << \"cannot read \" << folder << \"/\" << p.name << \".bin\\n\";");
    body.line("return 2;");
    body.close("}");
    body.line("images = static_cast<long long>(p.values.size()) / p.elements();");
    body.close("}");
    body.open("for (port& p : outputs) {");
    body.open("if (!write && (!read_file(folder + \"/\" + p.name + \".bin\", p.values) ||");
    body.line("           static_cast<long long>(p.values.size()) != images * p.elements())) {");
    body.line("std::cerr << folder << \"/\" << p.name << \".bin does not hold the expected results of \" << images << \" images\\n\";");
    body.line("return 2;");
    body.close("}");
    body.line("if (write) p.values.resize(static_cast<std::size_t>(images * p.elements()));");
    body.close("}");
}

/// One call of the kernel: `count` images from `first` on.
void write_call(TextWriter& body, const std::string& kernel, std::size_t inputs, std::size_t outputs) {
    std::string call;
    for (std::size_t i = 0; i < inputs; ++i) {
        body.line(fmt::format("std::vector<word> in{0} = to_memory(inputs[{0}], first, count);", i));
        body.line(fmt::format("in{0}.resize(static_cast<std::size_t>(room * inputs[{0}].words()));", i));
        call += fmt::format("in{}.data(), ", i);
    }
    for (std::size_t i = 0; i < outputs; ++i) {
        body.line(fmt::format("std::vector<word> out{0}(static_cast<std::size_t>(room * outputs[{0}].words()));", i));
        call += fmt::format("out{}.data(), ", i);
    }
    body.line(fmt::format("{}({}static_cast<int>(count));", kernel, call));
}

/// What the call gave beside what is expected.
void write_comparison(TextWriter& body, std::size_t outputs) {
    std::string results;
    for (std::size_t i = 0; i < outputs; ++i) results += fmt::format("{}&out{}", i ? ", " : "", i);
    body.line(fmt::format("const std::vector<word>* results[{}] = {{{}}};", outputs, results));
    body.open(fmt::format("for (int i = 0; i < {}; ++i) {{", outputs));
    body.line("port& p = outputs[i];");
    body.line("for (long long image = 0; image < count; ++image)");
    body.open("    for (long long e = 0; e < p.elements(); ++e) {");
    body.line("    const std::int32_t value = element(*results[i], p, image, e);");
    body.line("    std::int32_t& expected = p.values[static_cast<std::size_t>((first + image) * p.elements() + e)];");
    body.line("    if (!write && value != expected && ++differing <= 10)");
    body.line(
        "        std::cout << p.name << \": image \" << first + image << \", element \" << e << \": \" << value << \" instead of \" << "
        "expected << \"\\n\";");
    body.line("    if (write) expected = value;");
    body.close("    }");
    body.close("}");
}

void write_results(TextWriter& body) {
    body.open("if (write) {");
    body.open("for (const port& p : outputs) {");
    body.line("std::ofstream file((folder + \"/\" + p.name + \".result.bin\").c_str(), std::ios::binary);");
    body.line("file.write(reinterpret_cast<const char*>(p.values.data()), static_cast<std::streamsize>(p.values.size() * 4));");
    body.line("if (!file) return 2;");
    body.close("}");
    body.line("return 0;");
    body.close("}");
}

}  // namespace

std::string testbench_text(const std::string& kernel, const std::vector<KernelPort>& ports, const EmitOptions& options) {
    std::vector<const KernelPort*> inputs, outputs;
    for (const KernelPort& port : ports) (port.output ? outputs : inputs).push_back(&port);

    TextWriter out;
    write_head(out, kernel, options);
    std::string text = std::move(out).take();
    text += fmt::format("namespace {{\n\nconst int word_bytes = {};\n", options.memory_bits / 8);
    text += machinery;

    TextWriter body;
    body.line();
    body.open("int main(int argc, char** argv) {");
    body.line("const std::string folder = argc > 1 ? argv[1] : \"../vectors\";");
    body.line("const int wanted = argc > 2 ? std::atoi(argv[2]) : 0;");
    body.line("const bool write = argc > 3;");
    body.line(fmt::format("port inputs[{}] = {{", inputs.size()));
    for (const KernelPort* port : inputs) body.line("    " + describe(*port) + ",");
    body.line("};");
    body.line(fmt::format("port outputs[{}] = {{", outputs.size()));
    for (const KernelPort* port : outputs) body.line("    " + describe(*port) + ",");
    body.line("};");
    body.line();
    write_reading(body);
    body.line();
    body.line(fmt::format("long long batch = wanted > 0 ? wanted : images;"));
    body.line(fmt::format("if (batch > {0}_max_images) batch = {0}_max_images;", kernel));
    body.line("long long differing = 0;");
    body.open("for (long long first = 0; first < images; first += batch) {");
    body.line("const long long count = images - first < batch ? images - first : batch;");
    body.line("// Co-simulation copies `depth` words of each pointer, those of so many images, whatever the call needs.");
    body.line(fmt::format("const long long room = count > {0} ? count : {0};", cosim_images));
    write_call(body, kernel, inputs.size(), outputs.size());
    write_comparison(body, outputs.size());
    body.line("std::cout << \"images \" << first + count << std::endl;");
    body.close("}");
    write_results(body);
    body.line("std::cout << images << \" images, \" << differing << \" elements differ\" << std::endl;");
    body.line("return differing == 0 ? 0 : 1;");
    body.close("}");
    return text + std::move(body).take();
}

}  // namespace weft
