// hls_lint_test.cpp
// Every unit's emitted case holds the limits of the vendor's compiler; the lint finds each kind of violation.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/hls_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/design/unit_def.h"

namespace weft {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class EmittedUnits : public ::testing::TestWithParam<const UnitDef*> {};

std::vector<const UnitDef*> emitted_units() {
    std::vector<const UnitDef*> list;
    for (const UnitDef* unit : unit_registry())
        if (unit->cases != nullptr && unit->role != UnitRole::fifo) list.push_back(unit);
    return list;
}

TEST_P(EmittedUnits, HoldTheLimitsOfTheVendorsCompiler) {
    const std::vector<UnitCase> cases = GetParam()->cases();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        for (bool raw : {false, true}) {
            const Result<HlsProject> project = emit_hls(*cases[i], {.raw_ports = raw});
            ASSERT_TRUE(static_cast<bool>(project)) << i;
            EXPECT_THAT(lint_hls(*project), ::testing::IsEmpty()) << "case " << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Lint, EmittedUnits, ::testing::ValuesIn(emitted_units()),
                         [](const auto& info) { return std::string(info.param->name); });

/// A small kernel that is in order, with `from` replaced by `to`.
HlsProject kernel(const std::string& from = "", const std::string& to = "") {
    std::string text = R"(
#include <ap_int.h>
#include "common/process.hpp"
typedef ap_int<8> pixel_beat;
typedef ap_int<18> narrow;
static const ap_int<8> rom[4] = {1, 2, 3, 4};
static void read_pixels(int frames, const ap_uint<512>* memory, hls::stream<ap_uint<512> >& s_out) {
    const int words = frames * 3;
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II=1 style=flp
        s_out.write(memory[i]);
    }
}
template <int Lanes, class In, class Out>
void halve_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    In kept[3][2];
#pragma HLS ARRAY_RESHAPE variable = kept dim = 2 complete
    In last[2][2];
#pragma HLS ARRAY_PARTITION variable = last dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = last dim = 2 complete
    for (int i = 0; i < frames; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = 3 dependent = true
        const In x = s_in.read();
        Out y = 0;
        for (int lane = 0; lane < Lanes; ++lane) {
#pragma HLS UNROLL
#pragma HLS EXPRESSION_BALANCE off
            y += narrow(x.range(8 * lane + 7, 8 * lane)) * ap_int<27>(rom[lane]);
        }
        for (int lane = 1; lane < 2; ++lane) {
#pragma HLS UNROLL
            last[lane][0] = last[lane - 1][0];
        }
        last[0][0] = kept[i % 3][0];
        kept[i % 3][0] = x;
        s_out.write(y);
    }
}
static void halve_1(int frames, hls::stream<ap_uint<512> >& s_in, hls::stream<ap_int<8> >& s_out) {
    weft::halve_unit<
        4  // Lanes
        >(frames, s_in, s_out);
}
static void sink(int frames, hls::stream<pixel_beat>& s_in, ap_uint<512>* memory) {
    for (int i = 0; i < frames; ++i) {
#pragma HLS PIPELINE II=1 style=flp
        memory[i] = s_in.read();
    }
}
extern "C" void top(const ap_uint<512>* gmem_in, ap_uint<512>* gmem_out, int n_images) {
#pragma HLS INTERFACE m_axi port=gmem_in offset=slave bundle=gmem0 depth=6
#pragma HLS DATAFLOW
    hls::stream<ap_uint<512>, 2> words("words");
    hls::stream<pixel_beat, 4> pixels("pixels");
    WEFT_PROCESS(read_pixels(n_images, gmem_in, words));
    WEFT_PROCESS(halve_1(n_images, words, pixels));
    WEFT_PROCESS(sink(n_images, pixels, gmem_out));
}
)";
    for (std::size_t at = from.empty() ? std::string::npos : text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    HlsProject project;
    project.files.push_back({"hls/kernel.cpp", text});
    return project;
}

TEST(HlsLintRules, AcceptAKernelInOrder) { EXPECT_THAT(lint_hls(kernel()), ::testing::IsEmpty()); }

TEST(HlsLintRules, FindEachViolation) {
    const struct {
        const char* from;
        const char* to;
        const char* found;
    } cases[] = {
        {"PIPELINE II=1 style=flp", "PIPELINE II=1", "instead of II=1 style=flp"},
        {"#pragma HLS UNROLL\n", "", "neither unrolled nor pipelined"},
        {"#pragma HLS UNROLL\n            last", "            last", "neither unrolled nor pipelined"},
        {"for (int lane = 0", "for (unsigned lane = 0", "a loop counter that is no int"},
        {"s_out.write(y);\n    }", "s_out.write(y);\n    }\n    s_out.write(0);", "statements behind the pipelined loop"},
        {"        s_out.write(memory[i]);", "        if (i > 0) s_out.write(memory[i]);", "a burst that is not plain and unconditional"},
        {"        Out y = 0;", "        static Out y = 0;", "static state in a function"},
        {"(n_images, words, pixels)", "(n_images + 1, words, pixels)", "an argument of `halve_1` is not a plain name"},
        {"(n_images, pixels, gmem_out)", "(n_images, words, gmem_out)", "stream `words` has 2 readers"},
        {"(n_images, pixels, gmem_out)", "(n_images, words, gmem_out)", "stream `pixels` has 0 readers"},
        {"    WEFT_PROCESS(read_pixels(n_images, gmem_in, words));\n", "", "stream `words` has 0 writers"},
        {"    WEFT_PROCESS(read_pixels", "    if (n_images > 0) WEFT_PROCESS(read_pixels",
         "a statement that is no declaration and no process call"},
        {"    WEFT_PROCESS(read_pixels", "    const int twice = 2 * n_images;\n    WEFT_PROCESS(read_pixels",
         "a statement that is no declaration"},
        {"words(\"words\")", "words(\"other\")", "stream `words` carries another name"},
        {"hls::stream<ap_uint<512>, 2> words(\"words\")", "hls::stream<ap_uint<512> > words",
         "is not declared as hls::stream<type, depth>"},
        {"hls::stream<pixel_beat, 4>", "hls::stream<ap_int<9>, 4>", "stream `pixels` is not of the type that `halve_1` takes"},
        {"int n_images) {", "long n_images) {", "`n_images` is converted for `read_pixels`"},
        {"ap_int<8> rom", "ap_int<2048> rom", "ap_int<2048> is wider than 1024 bits"},
        {"4  // Lanes", "2000  // Lanes", "2000 elements a beat, more than 1024 unrolled"},
        {"sink", "wait", "`wait` is no name that C++ and Verilog both take"},
        {"        Out y = 0;", "        Out y = 0; std::vector<int> more;", "`std` is not synthesised"},
        {"for (int i = 0; i < words; ++i)", "while (true)", "a loop without a counter"},
        {"#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = 3 dependent = true\n", "",
         "halve_unit: nothing says how many iterations after a write `kept` is read"},
        {"#pragma HLS ARRAY_RESHAPE variable = last dim = 2 complete\n", "",
         "halve_unit: nothing says how many iterations after a write `last` is read"},
        {"distance = 3 dependent = true", "dependent = false",
         "instead of variable=NAME type=inter direction=RAW distance=N dependent=true"},
        {"DEPENDENCE variable = kept", "DEPENDENCE variable = last", "`last` is no memory around the loop"},
        {"#pragma HLS EXPRESSION_BALANCE off\n", "", "a chain of products without EXPRESSION_BALANCE off"},
        {"narrow(x", "pixel_beat(x", "a product of a chain whose factors are not the operands of one DSP"},
        {"ap_int<27>(rom[lane])", "rom[lane]", "a product of a chain whose factors are not the operands of one DSP"},
        {" depth=6", "", "port `gmem_in` without a depth"},
    };
    for (const auto& [from, to, found] : cases) {
        EXPECT_NE(kernel(from, to).files[0].text, kernel().files[0].text) << from;
        EXPECT_THAT(lint_hls(kernel(from, to)), Contains(HasSubstr(found))) << to;
    }
    EXPECT_THAT(lint_hls(kernel(), {.initialiser_tokens = 3}), Contains(HasSubstr("4 numbers in initialisers, more than 3")));
    HlsProject simulation = kernel();
    simulation.files.push_back({"hls/csim/hls_stream.h", "static void wait() { while (true) {} }"});
    simulation.files.push_back({"hls/testbench.cpp", "int main() { static int x = 0; return x; }"});
    EXPECT_THAT(lint_hls(simulation), ::testing::IsEmpty());
}

}  // namespace
}  // namespace weft
