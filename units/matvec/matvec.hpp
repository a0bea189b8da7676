// matvec.hpp
// Matrix times vector: convolution behind a window, or a dense layer. PE outputs and TapsPerBeat * Lanes inputs a cycle.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_MATVEC_HPP
#define WEFT_MATVEC_HPP

#include <ap_int.h>
#include <hls_stream.h>

#include "../common/beat.hpp"
#include "../common/dot.hpp"
#include "../common/stage.hpp"

namespace weft {

/// Two dot products with one DSP a pair of products: each weight is w1 * 2^LaneShift + w0. No chain of ChainLength products overflows its
/// low lane (the emitter has proved it from the weights), so the lanes part again exactly.
template <int Count, int LaneShift, int ChainLength, class Input, class Sum>
void dot_pair(const dsp_wide (&weights)[Count], const Input (&inputs)[Count], Sum& sum_low, Sum& sum_high) {
#pragma HLS INLINE off
#pragma HLS ARRAY_PARTITION variable = weights dim = 1 complete
#pragma HLS ARRAY_PARTITION variable = inputs dim = 1 complete
    Sum total_low = 0;
    Sum total_high = 0;
    for (int first = 0; first < Count; first += ChainLength) {
#pragma HLS UNROLL
        dsp_sum chain = 0;
        for (int i = 0; i < ChainLength; ++i) {
#pragma HLS UNROLL
#pragma HLS EXPRESSION_BALANCE off
            if (first + i < Count) chain += dsp_wide(weights[first + i]) * dsp_narrow(inputs[first + i]);
        }
        const ap_int<LaneShift> low = ap_int<LaneShift>(chain);
        const ap_int<48 - LaneShift> high = ap_int<48 - LaneShift>(chain >> LaneShift);
        total_low += low;
        total_high += high + ap_uint<1>(low < 0);
    }
    sum_low = total_low;
    sum_high = total_high;
}

/// All PE partial sums of one step: Packed says whether pairs of outputs share a DSP.
template <bool Packed, int PE, int Simd, int WeightBits, int LaneShift, int ChainLength>
struct matvec_step {
    static const int pairs = divide_up(PE, 2);
    static const int words = divide_up(pairs * Simd, 2);
    template <class Constants, class Input, class Sum>
    static void run(int step, const Input (&inputs)[Simd], Sum (&sums)[2 * pairs]) {
#pragma HLS INLINE
        ap_uint<2 * dsp_wide_bits> row[words];
#pragma HLS ARRAY_PARTITION variable = row dim = 1 complete
        for (int i = 0; i < words; ++i) {
#pragma HLS UNROLL
            row[i] = Constants::weights(step, i);
        }
        for (int pair = 0; pair < pairs; ++pair) {
#pragma HLS UNROLL
            dsp_wide weights[Simd];
#pragma HLS ARRAY_PARTITION variable = weights dim = 1 complete
            for (int i = 0; i < Simd; ++i) {
#pragma HLS UNROLL
                weights[i] = field<dsp_wide_bits, 2>(row, pair * Simd + i);
            }
            dot_pair<Simd, LaneShift, ChainLength>(weights, inputs, sums[2 * pair], sums[2 * pair + 1]);
        }
    }
};
template <int PE, int Simd, int WeightBits, int LaneShift, int ChainLength>
struct matvec_step<false, PE, Simd, WeightBits, LaneShift, ChainLength> {
    static const int pairs = divide_up(PE, 2);
    static const int per_word = 64 / WeightBits;
    static const int words = divide_up(PE * Simd, per_word);
    template <class Constants, class Input, class Sum>
    static void run(int step, const Input (&inputs)[Simd], Sum (&sums)[2 * pairs]) {
#pragma HLS INLINE
        ap_uint<WeightBits * per_word> row[words];
#pragma HLS ARRAY_PARTITION variable = row dim = 1 complete
        for (int i = 0; i < words; ++i) {
#pragma HLS UNROLL
            row[i] = Constants::weights(step, i);
        }
        for (int pe = 0; pe < PE; ++pe) {
#pragma HLS UNROLL
            ap_int<WeightBits> weights[Simd];
#pragma HLS ARRAY_PARTITION variable = weights dim = 1 complete
            for (int i = 0; i < Simd; ++i) {
#pragma HLS UNROLL
                weights[i] = field<WeightBits, per_word>(row, pe * Simd + i);
            }
            dot<ChainLength>(weights, inputs, sums[pe]);
        }
    }
};

/// acc[o] = sum of weight * input over the position's taps and channels (Flatten: over the whole frame), then the requantize stage.
/// Constants: weights(step, word) with step = neuron fold * synapse folds + synapse fold, and Stage.
/// The vector is kept and replayed for each neuron fold, so that an element is read one round of synapse folds after it was written;
/// finished sums leave OutputLanes a beat while the next ones accumulate.
template <int Rows, int Columns, int Taps, int Channels, int Outputs, int Flatten, int WeightBits, int AccumulatorBits, int LaneShift,
          int ChainLength, int PE, int Pixels, int Lanes, int TapsPerBeat, int OutputLanes, class Constants, class In, class Out>
void matvec_unit(int frames, hls::stream<In>& s_in, hls::stream<Out>& s_out) {
#pragma HLS INLINE
    static_assert(Pixels == 1, "one pixel a beat");
    typedef typename In::element Input;
    typedef typename Out::element Output;
    typedef ap_int<AccumulatorBits> Sum;
    const int simd = TapsPerBeat * Lanes;
    const int synapse_folds = divide_up(Taps, TapsPerBeat) * divide_up(Channels, Lanes);
    const int neuron_folds = divide_up(Outputs, PE);
    const int groups = divide_up(PE, OutputLanes);
    const int output_folds = divide_up(Outputs, OutputLanes);
    const int padded = groups * OutputLanes;
    const int pairs = divide_up(PE, 2);
    static_assert(In::size == simd && Out::size == OutputLanes, "the streams' beats do not fit the folding");
    static_assert(simd <= 1024, "more products in one function than the compiler unrolls");
    static_assert(groups <= synapse_folds, "finished sums would be overwritten before they have left");
    static_assert(neuron_folds == 1 || PE % OutputLanes == 0, "an output beat would span two neuron folds");

    Input kept[synapse_folds][simd];
#pragma HLS ARRAY_RESHAPE variable = kept dim = 2 complete
    Sum sums[2 * pairs];
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 complete
    Sum finished[padded];
#pragma HLS ARRAY_PARTITION variable = finished dim = 1 complete
    int synapse = 0;
    int neuron = 0;
    int step = 0;
    int leaving = 0;
    int output_fold = 0;

    const int steps = frames * (Rows * Columns * neuron_folds * synapse_folds);
    for (int i = 0; i < steps + groups - 1; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = synapse_folds dependent = true
        if (i < steps) {
            Input inputs[simd];
#pragma HLS ARRAY_PARTITION variable = inputs dim = 1 complete
            if (neuron == 0) {
                const In x = s_in.read();
                for (int j = 0; j < simd; ++j) {
#pragma HLS UNROLL
                    inputs[j] = x.e[j];
                    if (neuron_folds > 1) kept[synapse][j] = x.e[j];
                }
            } else {
                for (int j = 0; j < simd; ++j) {
#pragma HLS UNROLL
                    inputs[j] = kept[synapse][j];
                }
            }
            Sum parts[2 * pairs];
#pragma HLS ARRAY_PARTITION variable = parts dim = 1 complete
            matvec_step<(LaneShift > 0), PE, simd, WeightBits, LaneShift, (ChainLength > 0 ? ChainLength : 1)>::template run<Constants>(
                step, inputs, parts);
            for (int pe = 0; pe < PE; ++pe) {
#pragma HLS UNROLL
                sums[pe] = (synapse == 0 ? Sum(0) : sums[pe]) + parts[pe];
            }
            if (synapse == synapse_folds - 1) {
                for (int pe = 0; pe < padded; ++pe) {
#pragma HLS UNROLL
                    finished[pe] = pe < PE ? sums[pe] : Sum(0);
                }
                leaving = smaller(groups, output_folds - output_fold);
                synapse = 0;
                neuron = neuron == neuron_folds - 1 ? 0 : neuron + 1;
            } else {
                ++synapse;
            }
            step = step == neuron_folds * synapse_folds - 1 ? 0 : step + 1;
        }
        if (leaving > 0) {
            Out y;
            for (int lane = 0; lane < OutputLanes; ++lane) {
#pragma HLS UNROLL
                y.e[lane] = Constants::Stage::template apply<Output>(finished[lane], output_fold, lane);
            }
            s_out.write(y);
            for (int pe = 0; pe + OutputLanes < padded; ++pe) {
#pragma HLS UNROLL
                finished[pe] = finished[pe + OutputLanes];
            }
            --leaving;
            output_fold = output_fold == output_folds - 1 ? 0 : output_fold + 1;
        }
    }
}

}  // namespace weft

#endif
