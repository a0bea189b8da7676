// reads_test.cpp
// What `reads_for` says of a unit is what its HLS face does: FIFO depths and the absence of deadlocks rest on it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "units/common/cases.h"
#include "units/concat/concat.hpp"
#include "units/depthwise/depthwise.hpp"
#include "units/global_pool/global_pool.hpp"
#include "units/matvec/matvec.hpp"
#include "units/pool/pool.hpp"
#include "units/width/width.hpp"
#include "units/window/window.hpp"

namespace weft {
namespace {

constexpr int frames = 5;

int reads[2];                            // beats taken so far from the inputs
std::vector<std::int64_t> reads_before;  // the first input's, when each output beat was written
std::vector<std::int64_t> reads_before_b;

/// A beat that counts when it is taken out of a stream: only then is it copied into a new object.
template <int N, int Port = 0>
struct CountedBeat {
    typedef ap_int<8> element;
    static const int size = N;
    element e[N];
    CountedBeat() = default;
    CountedBeat(const CountedBeat& other) {
        for (int i = 0; i < N; ++i) e[i] = other.e[i];
        ++reads[Port];
    }
    CountedBeat& operator=(const CountedBeat&) = default;
};

/// A beat that logs the count when it is put into a stream, but not when the stream moves it.
template <int N>
struct LoggedBeat {
    typedef ap_int<8> element;
    static const int size = N;
    element e[N];
    bool stored = false;
    LoggedBeat() = default;
    LoggedBeat(const LoggedBeat&) = default;
    LoggedBeat& operator=(const LoggedBeat& other) {
        if (!other.stored) {
            reads_before.push_back(reads[0]);
            reads_before_b.push_back(reads[1]);
        }
        stored = true;
        return *this;
    }
};

struct Constants {
    struct Stage {
        template <class Output, class Sum>
        static Output apply(const Sum& acc, int, int) {
            return Output(acc);
        }
    };
    static const int accumulator_bits = 32;
    static ap_uint<56> weights(int, int) { return 0; }
    static ap_int<8> row_factor(int) { return 1; }
    static ap_int<8> column_factor(int) { return 1; }
    static int input_channels(int port) { return port == 0 ? 5 : 7; }
};

template <class In>
void fill(hls::stream<In>& stream, std::int64_t beats) {
    In zero;
    for (int i = 0; i < In::size; ++i) zero.e[i] = 0;
    for (std::int64_t i = 0; i < beats; ++i) stream.write(zero);
}

/// The simulation takes data left in a stream for a mistake.
template <class Out>
void drain(hls::stream<Out>& stream) {
    while (stream.size() > 0) stream.read();
}

void start() {
    reads[0] = reads[1] = 0;
    reads_before.clear();
    reads_before_b.clear();
}

/// Holds the log against `reads_for`; the frames at the end read less, since nothing follows.
void compare(const Unit& unit, int port, const std::vector<std::int64_t>& log) {
    const auto expected = unit.def->reads_for(unit, port);
    const Stream& in = *unit.inputs[static_cast<std::size_t>(port)];
    const std::int64_t frame = in.beat.count(in.shape);
    ASSERT_EQ(log.size(), frames * expected.size());
    for (int f = 0; f < frames; ++f)
        for (std::size_t k = 0; k < expected.size(); ++k)
            ASSERT_EQ(log[static_cast<std::size_t>(f) * expected.size() + k], std::min(f * frame + expected[k], frames * frame))
                << "frame " << f << " beat " << k;
}

Unit* build(Design& design, const UnitDef& def, std::vector<StreamShape> in, StreamShape out,
            std::vector<std::pair<std::string_view, std::int64_t>> parameters) {
    std::vector<Stream*> inputs;
    for (const StreamShape& shape : in) inputs.push_back(design.add_stream("in", shape, -128, 127));
    Unit* unit = design.add_unit(def, "unit", inputs, {design.add_stream("out", out, -128, 127)});
    unit->set_parameters(parameters);
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i]->beat = port_beat(*unit, false, static_cast<int>(i));
    return unit;
}

template <int Rows, int Columns, int Channels, int KernelH, int KernelW, int StrideH, int StrideW, int Top, int Left, int Bottom, int Right,
          int Lanes, int TapsPerBeat>
void check_window() {
    SCOPED_TRACE(testing::Message() << Rows << "x" << Columns << "x" << Channels << " kernel " << KernelH << "x" << KernelW << " stride "
                                    << StrideH << " taps " << TapsPerBeat << " lanes " << Lanes);
    Design design;
    const StreamShape out{(Rows + Top + Bottom - KernelH) / StrideH + 1, (Columns + Left + Right - KernelW) / StrideW + 1,
                          KernelH * KernelW, Channels};
    const Unit* unit = build(design, unit_window, {{Rows, Columns, 1, Channels}}, out,
                             {{"Rows", Rows},
                              {"Columns", Columns},
                              {"Channels", Channels},
                              {"KernelH", KernelH},
                              {"KernelW", KernelW},
                              {"StrideH", StrideH},
                              {"StrideW", StrideW},
                              {"PadTop", Top},
                              {"PadLeft", Left},
                              {"PadBottom", Bottom},
                              {"PadRight", Right},
                              {"Lanes", Lanes},
                              {"TapsPerBeat", TapsPerBeat}});
    start();
    hls::stream<CountedBeat<Lanes>> s_in;
    hls::stream<LoggedBeat<Lanes * TapsPerBeat>> s_out;
    fill(s_in, frames * unit->inputs[0]->beat.count(unit->inputs[0]->shape));
    window_unit<Rows, Columns, Channels, KernelH, KernelW, StrideH, StrideW, Top, Left, Bottom, Right, 0, 1, Lanes, TapsPerBeat>(
        frames, s_in, s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);
}

TEST(Reads, Window) {
    check_window<5, 6, 3, 3, 3, 1, 1, 1, 1, 1, 1, 3, 9>();
    check_window<5, 6, 3, 3, 3, 1, 1, 1, 1, 1, 1, 2, 1>();
    check_window<6, 7, 4, 3, 3, 2, 2, 0, 1, 1, 0, 2, 9>();
    check_window<6, 7, 4, 3, 2, 2, 2, 0, 0, 1, 1, 1, 2>();
    check_window<8, 8, 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 4>();
    check_window<7, 5, 4, 1, 1, 2, 2, 0, 0, 0, 0, 2, 1>();
    check_window<3, 5, 2, 3, 5, 1, 1, 2, 4, 2, 4, 1, 4>();
    check_window<4, 4, 1, 2, 2, 1, 1, 3, 2, 0, 2, 1, 4>();
    check_window<1, 1, 3, 3, 3, 1, 1, 1, 1, 1, 1, 2, 3>();
    check_window<1, 9, 4, 1, 4, 1, 2, 0, 3, 0, 2, 4, 2>();
}

template <int Positions, int Taps, int Channels, int Outputs, int Pe, int Lanes, int TapsPerBeat, int OutputLanes>
void check_matvec() {
    SCOPED_TRACE(testing::Message() << "outputs " << Outputs << " PE " << Pe << " lanes " << Lanes << " taps " << TapsPerBeat << " leaving "
                                    << OutputLanes);
    Design design;
    const Unit* unit = build(design, unit_matvec, {{1, Positions, Taps, Channels}}, {1, Positions, 1, Outputs},
                             {{"Columns", Positions},
                              {"Taps", Taps},
                              {"Channels", Channels},
                              {"Outputs", Outputs},
                              {"PE", Pe},
                              {"Lanes", Lanes},
                              {"TapsPerBeat", TapsPerBeat},
                              {"OutputLanes", OutputLanes}});
    start();
    hls::stream<CountedBeat<Lanes * TapsPerBeat>> s_in;
    hls::stream<LoggedBeat<OutputLanes>> s_out;
    fill(s_in, frames * unit->inputs[0]->beat.count(unit->inputs[0]->shape));
    matvec_unit<1, Positions, Taps, Channels, Outputs, 0, 8, 32, 0, 0, Pe, 1, Lanes, TapsPerBeat, OutputLanes, Constants>(frames, s_in,
                                                                                                                          s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);
}

TEST(Reads, Matvec) {
    check_matvec<4, 9, 3, 8, 8, 3, 9, 8>();
    check_matvec<3, 9, 4, 8, 4, 2, 3, 2>();
    check_matvec<3, 1, 6, 7, 3, 2, 1, 1>();
    check_matvec<5, 1, 8, 10, 10, 2, 1, 3>();
    check_matvec<2, 4, 5, 5, 1, 5, 4, 1>();
}

TEST(Reads, DepthwiseAndPool) {
    Design design;
    const std::vector<std::pair<std::string_view, std::int64_t>> parameters{{"Rows", 2},     {"Columns", 3}, {"Taps", 9},
                                                                            {"Channels", 5}, {"Lanes", 2},   {"TapsPerBeat", 4}};
    const Unit* unit = build(design, unit_depthwise, {{2, 3, 9, 5}}, {2, 3, 1, 5}, parameters);
    const std::int64_t beats = unit->inputs[0]->beat.count(unit->inputs[0]->shape);
    start();
    hls::stream<CountedBeat<8>> s_in;
    hls::stream<LoggedBeat<2>> s_out;
    fill(s_in, frames * beats);
    depthwise_unit<2, 3, 9, 5, 1, 8, 32, 0, 1, 1, 2, 4, Constants>(frames, s_in, s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);

    unit = build(design, unit_pool, {{2, 3, 9, 5}}, {2, 3, 1, 5}, parameters);
    start();
    fill(s_in, frames * beats);
    pool_unit<2, 3, 9, 5, 1, 0, 1, 2, 4, Constants>(frames, s_in, s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);
}

TEST(Reads, GlobalPool) {
    Design design;
    const Unit* unit =
        build(design, unit_global_pool, {{3, 2, 1, 7}}, {1, 1, 1, 7}, {{"Rows", 3}, {"Columns", 2}, {"Channels", 7}, {"Lanes", 3}});
    start();
    hls::stream<CountedBeat<3>> s_in;
    hls::stream<LoggedBeat<3>> s_out;
    fill(s_in, frames * 18);
    global_pool_unit<3, 2, 7, 0, 1, 3, Constants>(frames, s_in, s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);
}

template <int Channels, int InputLanes, int OutputLanes>
void check_width() {
    SCOPED_TRACE(testing::Message() << Channels << " channels, " << InputLanes << " to " << OutputLanes);
    Design design;
    const StreamShape shape{2, 3, 1, Channels};
    const Unit* unit =
        build(design, unit_width, {shape}, shape,
              {{"Rows", 2}, {"Columns", 3}, {"Channels", Channels}, {"InputLanes", InputLanes}, {"OutputLanes", OutputLanes}});
    start();
    hls::stream<CountedBeat<InputLanes>> s_in;
    hls::stream<LoggedBeat<OutputLanes>> s_out;
    fill(s_in, frames * unit->inputs[0]->beat.count(shape));
    width_unit<2, 3, Channels, 1, InputLanes, 1, OutputLanes>(frames, s_in, s_out);
    drain(s_out);
    compare(*unit, 0, reads_before);
    // The HLS loop writes a rest by itself, where the RTL reads on meanwhile.
    const std::int64_t per_position = width_iterations(Channels, InputLanes, OutputLanes);
    EXPECT_LE(unit->def->schedule(*unit).cycles, 6 * per_position);
    EXPECT_GE(unit->def->schedule(*unit).cycles, 6 * (per_position - 1));
}

TEST(Reads, Width) {
    check_width<8, 2, 8>();
    check_width<8, 8, 2>();
    check_width<7, 3, 2>();
    check_width<10, 3, 4>();
    check_width<5, 3, 4>();
    check_width<13, 5, 13>();
    check_width<3, 4, 5>();
}

struct ConcatConstants : Constants {
    static int iterations() { return 5; }  // 2 + 3 beats of 3 lanes; the last brings one channel to the three that wait
};

TEST(Reads, Concat) {
    Design design;
    const Unit* unit = build(design, unit_concat, {{2, 2, 1, 5}, {2, 2, 1, 7}}, {2, 2, 1, 12}, {{"Rows", 2}, {"Columns", 2}, {"Lanes", 3}});
    ASSERT_EQ(unit->def->schedule(*unit).cycles, 4 * ConcatConstants::iterations());
    start();
    hls::stream<CountedBeat<3, 0>> s_a;
    hls::stream<CountedBeat<3, 1>> s_b;
    hls::stream<LoggedBeat<3>> s_out;
    fill(s_a, frames * 8);
    fill(s_b, frames * 12);
    concat_unit<2, 2, 1, 3, ConcatConstants>(frames, s_out, s_a, s_b);
    drain(s_out);
    compare(*unit, 0, reads_before);
    compare(*unit, 1, reads_before_b);
}

}  // namespace
}  // namespace weft
