// hls.cpp
// The kernel: a process a unit, the dataflow region that joins them, and the files around it.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/hls.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "src/design/unit_def.h"
#include "src/emit/constants.h"
#include "src/emit/hls_parts.h"
#include "src/emit/shell.h"
#include "src/emit/text_writer.h"

namespace weft {

namespace {

/// The emitted form of a stream: its C++ names, and its depth with the FIFO units on the way merged into it.
struct Channel {
    std::string name;
    std::string type;
    const Stream* stream = nullptr;
    std::int64_t depth = 0;
};

std::string beat_type(const Stream& stream) {
    return fmt::format("weft::beat<{}, {}>", integer_type_name(stream.min, stream.max), stream.beat.elements());
}

bool is_fifo(const Unit* unit) { return unit != nullptr && unit->def->role == UnitRole::fifo; }

/// The unit's own header, and all that it includes.
void collect_sources(const std::vector<EmbeddedFile>& files, const std::string& path, std::map<std::string, std::string_view>& found) {
    if (found.contains(path)) return;
    const auto at = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& file) { return file.path == path; });
    if (at == files.end()) return;
    found.emplace(path, at->contents);
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    constexpr std::string_view directive = "\n#include \"";
    for (std::size_t line = at->contents.find(directive); line != std::string_view::npos; line = at->contents.find(directive, line + 1)) {
        const std::size_t begin = line + directive.size();
        const std::string name(at->contents.substr(begin, at->contents.find('"', begin) - begin));
        collect_sources(files, name.starts_with("../") ? name.substr(3) : folder + name, found);
    }
}

std::string unit_header(const Unit& unit) { return fmt::format("{}/{}.hpp", unit.def->name, unit.def->name); }

/// Names of nodes and files are the user's: nothing in them may end a comment line.
std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\\') c = '_';
    return text;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

class KernelWriter {
public:
    KernelWriter(const Design& design, const EmitOptions& options)
        : design_(design), options_(options), kernel_(kernel_name(design)), ports_(kernel_ports(design, options)) {
        for (const auto& stream : design.streams) {
            if (is_fifo(stream->producer)) continue;
            channels_.push_back({.name = "s_" + stream->name, .type = beat_type(*stream), .stream = stream.get(), .depth = stream->depth});
        }
        for (const auto& stream : design.streams)
            if (is_fifo(stream->producer)) channel(stream.get()).depth += stream->depth;
        for (const auto& unit : design.units)
            if (!is_fifo(unit.get())) units_.push_back(unit.get());
    }

    Result<HlsProject> run() {
        HlsProject project;
        project.kernel = kernel_;
        project.max_images = max_images();
        const std::vector<EmbeddedFile> files = unit_files_for(design_.dsp());
        std::map<std::string, std::string_view> sources;
        for (const char* common : {"common/beat.hpp", "common/burst.hpp", "common/process.hpp"}) collect_sources(files, common, sources);
        for (const Unit* unit : units_) {
            collect_sources(files, unit_header(*unit), sources);
            if (!has_constants(*unit)) continue;
            project.initialiser_tokens += initialiser_tokens(*unit);
            const std::string constants = constants_struct(*unit, constants_name(*unit));
            project.files.push_back({fmt::format("hls/constants/{}.hpp", unit->name), constants_file(*unit, constants)});
        }
        for (const EmbeddedFile& file : files)
            if (file.path.starts_with("csim/")) project.files.push_back({"hls/" + std::string(file.path), std::string(file.contents)});
        for (const auto& [path, text] : sources) project.files.push_back({"hls/weft/" + path, std::string(text)});
        project.files.push_back({"hls/kernel.hpp", header(project.max_images)});
        project.files.push_back({"hls/kernel.cpp", source()});
        project.files.push_back({"hls/testbench.cpp", testbench_text(kernel_, ports_, options_)});
        for (ProjectFile& file : vitis_files(kernel_, ports_, options_)) project.files.push_back(std::move(file));
        std::sort(project.files.begin(), project.files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
        return project;
    }

private:
    Channel& channel(const Stream* stream) {
        while (is_fifo(stream->producer)) stream = stream->producer->inputs.front();
        return *std::find_if(channels_.begin(), channels_.end(), [&](const Channel& c) { return c.stream == stream; });
    }

    /// Unlike in any other kernel: templates made of equal names would be one to the linker.
    std::string constants_name(const Unit& unit) const { return fmt::format("{}_{}_constants", kernel_, unit.name); }
    std::string beat_name(const KernelPort& port) const { return fmt::format("{}_{}_beat", kernel_, port.name); }

    /// No loop counter of a process passes four times the beats of its ports and its schedule; a margin covers fills and drains.
    std::int64_t max_images() const {
        std::int64_t most = 1;
        for (const Unit* unit : units_) {
            std::int64_t steps = unit->def->schedule ? unit->def->schedule(*unit).cycles : 0;
            for (const auto* side : {&unit->inputs, &unit->outputs})
                for (const Stream* stream : *side) steps += 4 * stream->beat.count(stream->shape);
            most = std::max(most, steps);
        }
        // A beat of more than a word takes a step for each, of sixteen elements at least.
        for (const KernelPort& port : ports_)
            most = std::max(most, (port.lanes() + 15) / 16 * port.stream->beat.count(port.stream->shape) + port.stream->shape.elements());
        return (std::int64_t{std::numeric_limits<std::int32_t>::max()} - (1 << 24)) / most;
    }

    std::string constants_file(const Unit& unit, const std::string& text) const {
        const std::string guard = fmt::format("{}_{}_CONSTANTS_HPP", kernel_, unit.name);
        TextWriter out;
        write_file_head(out, unit.name + ".hpp", "Constants of " + about(unit) + ".", options_);
        out.margin("#ifndef " + guard);
        out.margin("#define " + guard);
        out.line();
        out.margin("#include <ap_int.h>");
        out.line();
        if (unit.def->has_requantize) {
            out.margin("#include \"../weft/common/stage.hpp\"");
            out.line();
        }
        std::string result = std::move(out).take();
        return result + text + "\n#endif\n";
    }

    static std::string about(const Unit& unit) {
        return unit.nodes.empty() ? unit.name : fmt::format("{}: {}", unit.name, one_line(joined(unit.nodes, ", ")));
    }

    std::string header(std::int64_t max_images) {
        TextWriter out;
        write_file_head(out, "kernel.hpp", fmt::format("The kernel {} for its callers.", kernel_), options_);
        const std::string guard = kernel_ + "_KERNEL_HPP";
        out.margin("#ifndef " + guard);
        out.margin("#define " + guard);
        out.line();
        out.margin("#include <ap_int.h>");
        out.line();
        out.margin("#include \"weft/common/beat.hpp\"");
        out.line();
        out.line("/// The largest n_images: beyond it a 32-bit counter would overflow.");
        out.line(fmt::format("static const int {}_max_images = {};", kernel_, max_images));
        for (const KernelPort& port : ports_) {
            const Stream& stream = *port.stream;
            out.line();
            out.line(fmt::format("/// {} {}: {} x {} positions of {} channels, {}..{}; {} beats an image.",
                                 port.output ? "Output" : "Input", port.name, stream.shape.rows, stream.shape.columns,
                                 stream.shape.channels, stream.min, stream.max, stream.beat.count(stream.shape)));
            out.line(fmt::format("typedef {} {};", beat_type(stream), beat_name(port)));
            out.line(fmt::format("static const int {}s = {};", beat_name(port), stream.beat.count(stream.shape)));
        }
        out.line();
        out.line(fmt::format("/// Images lie one after the other, each in whole {}-bit words (weft/common/burst.hpp: frame_layout).",
                             options_.memory_bits));
        out.line(fmt::format("extern \"C\" void {}({});", kernel_, arguments()));
        out.line();
        out.margin("#endif");
        return std::move(out).take();
    }

    std::string word_type() const { return fmt::format("ap_uint<{}>", options_.memory_bits); }

    std::string arguments() const {
        std::string text;
        for (const KernelPort& port : ports_) text += fmt::format("{}{}* {}, ", port.output ? "" : "const ", word_type(), port.argument);
        return text + "int n_images";
    }

    std::string source() {
        TextWriter out;
        write_file_head(out, "kernel.cpp", fmt::format("The kernel {}: a process a unit, joined by streams.", kernel_), options_);
        out.margin("#include \"kernel.hpp\"");
        out.line();
        out.margin("#include <ap_int.h>");
        out.margin("#include <hls_stream.h>");
        out.line();
        for (const Unit* unit : units_)
            if (has_constants(*unit)) out.margin(fmt::format("#include \"constants/{}.hpp\"", unit->name));
        std::set<std::string> headers{"common/beat.hpp", "common/burst.hpp", "common/process.hpp"};
        for (const Unit* unit : units_) headers.insert(unit_header(*unit));
        for (const std::string& path : headers) out.margin(fmt::format("#include \"weft/{}\"", path));
        for (const KernelPort& port : ports_) {
            out.line();
            port_processes(out, port);
        }
        for (const Unit* unit : units_) {
            out.line();
            unit_process(out, *unit);
        }
        out.line();
        top(out);
        return std::move(out).take();
    }

    void port_processes(TextWriter& out, const KernelPort& port) {
        const std::string frame = fmt::format("{}, {}, {}, {}", options_.memory_bits, port.positions(), port.channels(), port.lanes());
        const std::string words = fmt::format("weft::frame_layout<{}, {}>::words", port.stream->bits(), frame);
        const std::string word_stream = fmt::format("hls::stream<{} >& ", word_type());
        const std::string beat_stream = fmt::format("hls::stream<{}>& ", beat_name(port));
        const auto process = [&](const std::string& name, const std::string& signature, const std::string& call) {
            out.open(fmt::format("static void {}(int frames, {}) {{", name, signature));
            out.margin("#pragma HLS INLINE off");
            out.line(call);
            out.close("}");
        };
        if (port.output) {
            out.line(fmt::format("// Output {}: beats to words, words to memory.", port.name));
            process("pack_" + port.name, beat_stream + "s_in, " + word_stream + "s_out",
                    fmt::format("weft::pack_frames<{}>(frames, s_in, s_out);", frame));
            process("write_" + port.name, word_stream + "s_in, " + word_type() + "* memory",
                    fmt::format("weft::write_words<{}, {}>(frames, memory, s_in);", options_.memory_bits, words));
        } else {
            out.line(fmt::format("// Input {}: words from memory, words to beats.", port.name));
            process("read_" + port.name, "const " + word_type() + "* memory, " + word_stream + "s_out",
                    fmt::format("weft::read_words<{}, {}>(frames, memory, s_out);", options_.memory_bits, words));
            process("unpack_" + port.name, word_stream + "s_in, " + beat_stream + "s_out",
                    fmt::format("weft::unpack_frames<{}>(frames, s_in, s_out);", frame));
        }
    }

    /// Stream and port of every argument: single ports in the table's order, then the repeated ones.
    struct Argument {
        std::string name;
        const Stream* stream;
    };
    static std::vector<Argument> unit_arguments(const Unit& unit) {
        std::vector<Argument> list;
        for (const bool repeated : {false, true}) {
            std::size_t next[2] = {0, 0};
            for (const PortDef& port : unit.def->ports) {
                const auto& streams = port.output ? unit.outputs : unit.inputs;
                std::size_t& at = next[port.output ? 1 : 0];
                const std::size_t count = port.repeated ? streams.size() - at : 1;
                for (std::size_t i = 0; i < count; ++i, ++at)
                    if (port.repeated == repeated)
                        list.push_back({port.repeated ? fmt::format("s_{}{}", port.name, i) : fmt::format("s_{}", port.name), streams[at]});
            }
        }
        return list;
    }

    void unit_process(TextWriter& out, const Unit& unit) {
        out.line(fmt::format("// {}", about(unit)));
        std::string signature = "int frames";
        std::string call = "frames";
        for (const Argument& argument : unit_arguments(unit)) {
            signature += fmt::format(", hls::stream<{}>& {}", channel(argument.stream).type, argument.name);
            call += ", " + argument.name;
        }
        out.open(fmt::format("static void {}({}) {{", unit.name, signature));
        out.margin("#pragma HLS INLINE off");
        // One parameter a line: what an instance is should be readable without counting commas.
        const std::string constants = has_constants(unit) ? constants_name(unit) : std::string();
        out.open(fmt::format("weft::{}_unit<", unit.def->name));
        const auto& parameters = unit.def->parameters;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const bool last = constants.empty() && i + 1 == parameters.size();
            out.line(fmt::format("{}{}  // {}", unit.parameter(parameters[i].name), last ? "" : ",", parameters[i].name));
        }
        out.close(fmt::format("    {}>({});", constants, call));
        out.close("}");
    }

    void declare(TextWriter& out, const std::string& type, const std::string& name, std::int64_t depth) {
        out.line(fmt::format("hls::stream<{}, {}> {}(\"{}\");", type, depth, name, name));
        // A depth that a shift register takes in one LUT a bit or two; deeper ones are left to memory.
        if (depth > 2 && depth <= 64) out.margin(fmt::format("#pragma HLS BIND_STORAGE variable={} type=fifo impl=srl", name));
        if (depth > 64) out.margin(fmt::format("#pragma HLS BIND_STORAGE variable={} type=fifo impl=memory", name));
    }

    void top(TextWriter& out) {
        out.open(fmt::format("extern \"C\" void {}({}) {{", kernel_, arguments()));
        int bundle = 0;
        for (const KernelPort& port : ports_)
            out.margin(fmt::format("#pragma HLS INTERFACE m_axi port={} offset=slave bundle=gmem{} max_{}_burst_length=64 depth={}",
                                   port.argument, bundle++, port.output ? "write" : "read", cosim_images * frame_layout(port).words()));
        for (const KernelPort& port : ports_)
            out.margin(fmt::format("#pragma HLS INTERFACE s_axilite port={} bundle=control", port.argument));
        out.margin("#pragma HLS INTERFACE s_axilite port=n_images bundle=control");
        out.margin("#pragma HLS INTERFACE s_axilite port=return bundle=control");
        // What is the rule in the flow of v++: the next call may begin before the one before ends.
        if (options_.flow == Flow::vivado) out.margin("#pragma HLS INTERFACE ap_ctrl_chain port=return");
        out.margin("#pragma HLS DATAFLOW");
        for (const KernelPort& port : ports_) declare(out, word_type(), words_name(port), 2);
        for (const Channel& c : channels_) declare(out, c.type, c.name, c.depth);
        const auto process = [&](const std::string& call) { out.line(fmt::format("WEFT_PROCESS({});", call)); };
        for (const KernelPort& port : ports_) {
            if (port.output) continue;
            process(fmt::format("read_{}(n_images, {}, {})", port.name, port.argument, words_name(port)));
            process(fmt::format("unpack_{}(n_images, {}, {})", port.name, words_name(port), channel(port.stream).name));
        }
        for (const Unit* unit : units_) {
            std::string call = unit->name + "(n_images";
            for (const Argument& argument : unit_arguments(*unit)) call += ", " + channel(argument.stream).name;
            process(call + ")");
        }
        for (const KernelPort& port : ports_) {
            if (!port.output) continue;
            process(fmt::format("pack_{}(n_images, {}, {})", port.name, channel(port.stream).name, words_name(port)));
            process(fmt::format("write_{}(n_images, {}, {})", port.name, words_name(port), port.argument));
        }
        out.close("}");
    }

    static std::string words_name(const KernelPort& port) { return "w_" + port.name; }

    const Design& design_;
    const EmitOptions& options_;
    std::string kernel_;
    std::vector<KernelPort> ports_;
    std::vector<Channel> channels_;
    std::vector<const Unit*> units_;
};

}  // namespace

void write_file_head(TextWriter& out, std::string_view name, std::string_view purpose, const EmitOptions& options,
                     std::string_view comment) {
    out.margin(fmt::format("{} {}", comment, name));
    out.margin(fmt::format("{} {}", comment, purpose));
    for (const std::string& line : options.head) out.margin(fmt::format("{} {}", comment, one_line(line)));
    out.line();
}

Status hls_takes(const Design& design, const EmitOptions& options) {
    for (const auto& stream : design.streams) {
        if (stream->beat.pixels == 1) continue;
        const Unit* producer = stream->producer;
        return Diagnostic{Severity::error, producer && !producer->nodes.empty() ? producer->nodes.front() : std::string(), stream->name,
                          fmt::format("its beats carry {} pixels, the HLS kernel's carry one", stream->beat.pixels),
                          "use the RTL kernel (engine rtl), or fold with Pixels 1"};
    }
    std::int64_t tokens = 0;
    for (const auto& unit : design.units) tokens += initialiser_tokens(*unit);
    if (tokens > options.max_initialiser_tokens)
        return Diagnostic{.reason = fmt::format("the constants need {} initialisers, more than the {} that the HLS compiler copes with",
                                                tokens, options.max_initialiser_tokens),
                          .help = "use the RTL kernel (engine rtl), or fewer bits a weight"};
    return Ok{};
}

Result<HlsProject> emit_hls(const Design& design, const EmitOptions& options) {
    WEFT_CHECK(hls_takes(design, options));
    return KernelWriter(design, options).run();
}

}  // namespace weft
