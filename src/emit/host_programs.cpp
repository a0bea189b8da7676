// host_programs.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/host_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "src/base/embedded_file.h"
#include "src/emit/hls_parts.h"
#include "src/emit/text_writer.h"

namespace weft {

namespace generated {
extern const EmbeddedFile runtime_files[];
extern const int runtime_file_count;
}  // namespace generated

namespace {

using Json = nlohmann::ordered_json;

std::span<const EmbeddedFile> runtime() { return {generated::runtime_files, static_cast<std::size_t>(generated::runtime_file_count)}; }

/// A C++ literal: names come from files, and may hold anything.
std::string literal(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (byte < 0x20 || byte == 0x7f || c == '?')
            result += fmt::format("\\{:03o}", byte);
        else
            result += c;
    }
    return result + "\"";
}

/// What is left to the program's user (an entry of `left` in kernel.json), in a line.
std::string left_text(const Json& left) {
    std::string nodes, from;
    for (const Json& node : left.at("nodes"))
        nodes += fmt::format("{}{} '{}'", nodes.empty() ? "" : ", ", node.at("op").get<std::string>(), node.at("node").get<std::string>());
    for (const Json& tensor : left.at("from"))
        from += fmt::format("{}'{}'", from.empty() ? "" : ", ", tensor.at("name").get<std::string>());
    const std::string name = left.at("name");
    if (left.at("where") == "before") return fmt::format("left to you: input '{}' is taken as the kernel reads it, behind {}", name, nodes);
    return fmt::format("left to you: output '{}' is {} of {}", name, nodes, from.empty() ? "constants" : from);
}

std::string network_header(const Json& kernel, const EmitOptions& options) {
    TextWriter out;
    write_file_head(out, "network.h", "What the host programs know of the network.", options);
    out.line("#pragma once");
    out.line();
    out.line("#include <weft/program.h>");
    out.line();
    out.open("inline const weft::host::Network& network() {");
    out.open("static const weft::host::Network it{");
    for (const char* key : {"kernel", "model", "model_hash"}) out.line(literal(kernel.at(key).get<std::string>()) + ",");
    std::vector<std::string> names;
    for (const Json& input : kernel.at("inputs"))
        if (const std::string name = input.at("name"); std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    out.open("{");
    for (const std::string& name : names) out.line(literal(name) + ",");
    out.close("},");
    out.open("{");
    for (const Json& left : kernel.at("left")) out.line(literal(left_text(left)) + ",");
    out.close("},");
    out.close("};");
    out.line("return it;");
    out.close("}");
    return std::move(out).take();
}

constexpr std::string_view makefile = R"(#
#     make                        against Debian's libxrt-dev (or /opt/xilinx/xrt, where that is)
#     make XRT=/folder/of/xrt     against another XRT
#     make host_opencl            the OpenCL program alone: needs no XRT to build, but an OpenCL library (ocl-icd-opencl-dev)
#
# ARCH: the processor that the programs are for; -march=native is this one.

comma := ,
XRT ?= $(wildcard /opt/xilinx/xrt)
ARCH ?= -march=native
CXXFLAGS ?= -O3

FLAGS := -std=c++17 $(ARCH) -ffp-contract=off -I. -pthread
XRT_FLAGS := $(if $(XRT),-isystem $(XRT)/include,-isystem /usr/include/xrt)
XRT_LIBS := $(if $(XRT),-L$(XRT)/lib -Wl$(comma)-rpath$(comma)$(XRT)/lib) -lxrt_coreutil -luuid

# What is alike in the programs of all networks; its driver alone needs XRT.
LIBRARY ?= build/libweft_host.a
DRIVER ?= build/xrt_device.o
HEADERS := $(wildcard weft/*.h)

all: host host_opencl

host: build/host.o $(DRIVER) $(LIBRARY)
	$(CXX) $(LDFLAGS) -pthread -o $@ $^ $(XRT_LIBS)

host_opencl: build/host_opencl.o $(LIBRARY)
	$(CXX) $(LDFLAGS) -pthread -o $@ $^ -lOpenCL

build/libweft_host.a: $(patsubst weft/%.cpp,build/%.o,$(filter-out weft/xrt_device.cpp,$(wildcard weft/*.cpp)))
	$(AR) rcs $@ $^

build/xrt_device.o: weft/xrt_device.cpp $(HEADERS) | build
	$(CXX) $(FLAGS) $(CPPFLAGS) $(CXXFLAGS) $(XRT_FLAGS) -c -o $@ $<

build/%.o: weft/%.cpp $(HEADERS) | build
	$(CXX) $(FLAGS) $(CPPFLAGS) $(CXXFLAGS) -c -o $@ $<

build/%.o: %.cpp network.h $(HEADERS) | build
	$(CXX) $(FLAGS) $(CPPFLAGS) $(CXXFLAGS) -c -o $@ $<

build:
	mkdir -p $@

clean:
	rm -rf build host host_opencl

.PHONY: all clean
)";

}  // namespace

std::vector<ProjectFile> host_programs(const Json& kernel, const EmitOptions& options) {
    std::vector<ProjectFile> files;
    for (const EmbeddedFile& file : runtime()) {
        constexpr std::string_view programs = "programs/";
        const bool program = file.path.starts_with(programs);
        const std::string_view name = program ? file.path.substr(programs.size()) : file.path;
        files.push_back({fmt::format("host/{}{}", program ? "" : "weft/", name), std::string(file.contents)});
    }
    TextWriter head;
    write_file_head(head, "Makefile", "Builds the host programs.", options, "#");
    files.push_back({"host/Makefile", std::move(head).take() + std::string(makefile)});
    files.push_back({"host/network.h", network_header(kernel, options)});
    std::sort(files.begin(), files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace weft
