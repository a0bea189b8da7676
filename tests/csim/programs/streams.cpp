// streams.cpp
// Dataflow regions of the C simulation, one a word on the command line: good ones and those that must be caught.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "beat.hpp"
#include "process.hpp"

typedef weft::beat<ap_int<8>, 4> Beat;
typedef hls::stream<Beat> Stream;

static void load_1(const int* first, Stream& s_out, int n) {
    for (int i = 0; i < n; ++i) {
        Beat b;
        for (int j = 0; j < 4; ++j) b.e[j] = *first + i + j;
        s_out.write(b);
    }
}
static void step_1(Stream& s_in, Stream& s_out, int n) {
    for (int i = 0; i < n; ++i) {
        Beat b = s_in.read();
        b.e[1] += 1;
        s_out << b;
    }
}
static void store_1(Stream& s_in, int* wrong, int n, int steps) {
    for (int i = 0; i < n; ++i) {
        Beat b;
        s_in >> b;
        for (int j = 0; j < 4; ++j) *wrong += b.e[j] != ap_int<8>(i + j + (j == 1 ? steps : 0));
    }
}
static void fork_1(Stream& s_in, Stream& s_a, Stream& s_b, int n) {
    for (int i = 0; i < n; ++i) {
        const Beat b = s_in.read();
        s_a.write(b);
        s_b.write(b);
    }
}
/// Takes ten beats before it gives the first of ten.
static void window_1(Stream& s_in, Stream& s_out, int n) {
    for (int i = 0; i < n; i += 10) {
        Beat kept[10];
        for (int j = 0; j < 10; ++j) kept[j] = s_in.read();
        for (int j = 0; j < 10; ++j) s_out.write(kept[j]);
    }
}
static void add_1(Stream& s_a, Stream& s_b, Stream& s_out, int n) {
    for (int i = 0; i < n; ++i) {
        Beat a = s_a.read();
        const Beat b = s_b.read();
        a.e[0] += b.e[0] - b.e[0];
        s_out.write(a);
    }
}
static void poll_1(Stream& s_in, Stream& s_out, int n) {
    for (int i = 0; i < n;) {
        Beat b;
        if (!s_in.read_nb(b)) continue;
        while (s_out.full()) continue;
        if (s_out.write_nb(b)) ++i;
    }
}

static int chain(int n) {
    int first = 0, wrong = 0;
    {
        hls::stream<Beat, 1> s0("s0");
        hls::stream<Beat, 2> s1("s1"), s2("s2"), s3("s3");
        hls::stream<Beat, 5> s4("s4"), s5("s5"), s6("s6");
        hls::stream<Beat, 100> s7("s7");
        hls::stream<Beat> s8("s8");
        WEFT_PROCESS(load_1(&first, s0, n));
        WEFT_PROCESS(step_1(s0, s1, n));
        WEFT_PROCESS(step_1(s1, s2, n));
        WEFT_PROCESS(step_1(s2, s3, n));
        WEFT_PROCESS(poll_1(s3, s4, n));
        WEFT_PROCESS(step_1(s4, s5, n));
        WEFT_PROCESS(step_1(s5, s6, n));
        WEFT_PROCESS(step_1(s6, s7, n));
        WEFT_PROCESS(step_1(s7, s8, n));
        WEFT_PROCESS(store_1(s8, &wrong, n, 7));
    }
    for (const weft::csim::stream_record& r : weft::csim::stream_records()) {
        if (r.highest > r.depth || r.highest == 0 || r.beats != static_cast<unsigned long long>(n)) ++wrong;
    }
    std::printf("%d wrong\n", wrong);
    return wrong;
}

template <int SkipDepth>
static int residual(int n) {
    int first = 0, wrong = 0;
    {
        hls::stream<Beat, 2> a("a"), b("b"), window_out("window_out"), sum("sum");
        hls::stream<Beat, SkipDepth> skip("skip");
        WEFT_PROCESS(load_1(&first, a, n));
        WEFT_PROCESS(fork_1(a, b, skip, n));
        WEFT_PROCESS(window_1(b, window_out, n));
        WEFT_PROCESS(add_1(window_out, skip, sum, n));
        WEFT_PROCESS(store_1(sum, &wrong, n, 0));
    }
    std::printf("%d wrong\n", wrong);
    return wrong;
}

static void region(Stream& s_in, Stream& s_out, int n) {
    hls::stream<Beat, 2> inner("inner");
    WEFT_PROCESS(step_1(s_in, inner, n));
    WEFT_PROCESS(step_1(inner, s_out, n));
}

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    int zero = 0, wrong = 0;
    if (what == "chain") return chain(100000);
    if (what == "deep") return residual<9>(1000);
    if (what == "shallow") return residual<7>(1000);
    if (what == "nested") {
        {
            hls::stream<Beat, 3> in("in"), out("out");
            WEFT_PROCESS(load_1(&zero, in, 50));
            WEFT_PROCESS(region(in, out, 50));
            WEFT_PROCESS(store_1(out, &wrong, 50, 2));
        }
        return wrong;
    }
    if (what == "testbench") {
        // Ordinary calls on unbounded queues, then a region between two ends in the testbench.
        hls::stream<Beat> in("in"), out("out");
        load_1(&zero, in, 50);
        step_1(in, out, 50);
        store_1(out, &wrong, 50, 1);
        WEFT_PROCESS(step_1(in, out, 50));
        for (int i = 0; i < 50; ++i) {
            Beat b;
            for (int j = 0; j < 4; ++j) b.e[j] = i;
            in.write(b);
            if (i > 0) wrong += out.read().e[1] != ap_int<8>(i);
        }
        wrong += out.read().e[1] != ap_int<8>(50);
        return wrong;
    }
    hls::stream<Beat> s("source"), t("target");
    if (what == "short") {
        WEFT_PROCESS(load_1(&zero, s, 5));
        WEFT_PROCESS(step_1(s, t, 6));
        WEFT_PROCESS(store_1(t, &wrong, 6, 1));
    } else if (what == "leftover") {
        WEFT_PROCESS(load_1(&zero, s, 6));
        WEFT_PROCESS(step_1(s, t, 5));
        WEFT_PROCESS(store_1(t, &wrong, 5, 1));
    } else if (what == "empty") {
        s.read();
    } else if (what == "two_readers") {
        WEFT_PROCESS(store_1(s, &wrong, 5, 0));
        WEFT_PROCESS(step_1(s, t, 5));
    } else {
        std::printf("what?\n");
        return 2;
    }
    return wrong;
}
