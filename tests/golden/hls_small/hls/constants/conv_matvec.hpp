// conv_matvec.hpp
// Constants of conv_matvec: conv.
// weft, for a test

#ifndef small_0_kernel_conv_matvec_CONSTANTS_HPP
#define small_0_kernel_conv_matvec_CONSTANTS_HPP

#include <ap_int.h>

#include "../weft/common/stage.hpp"

struct small_0_kernel_conv_matvec_constants {
    static ap_uint<54> weights(int i0, int i1) {
#pragma HLS INLINE
        static const ap_uint<54> table[2][9] =
        {
            {13299701024030593ULL, 9781242949533823ULL, 5207281636474872ULL, 5066561218412592ULL, 12864454696ULL,
             18014388980023259ULL, 134217831, 13555990638ULL, 9261023327ULL},
            {9429426986549375ULL, 2392530273959966ULL, 15481113561530302ULL, 2392528417980521ULL, 18014393801899968ULL,
             8992587837ULL, 18014396496216159ULL, 9932111784ULL, 16106127317ULL}
        };
#pragma HLS ARRAY_PARTITION variable=table dim=2 complete
        return table[i0][i1];
    }
    static const int accumulator_bits = 20;
    struct Tables {
        static const int shift = 33;
        static const int sum_bits = 42;
        static ap_int<24> multiplier(int fold, int lane) {
#pragma HLS INLINE
            static const ap_int<24> table[2][2] =
            {
                {4697033, 5284163},
                {5871292, 5871292}
            };
#pragma HLS ARRAY_PARTITION variable=table dim=2 complete
            return table[fold][lane];
        }
        static ap_int<1> addend(int /* fold */, int /* lane */) {
#pragma HLS INLINE
            return 0;
        }
        static ap_int<8> low(int /* fold */, int /* lane */) {
#pragma HLS INLINE
            return -128;
        }
        static ap_int<8> high(int /* fold */, int /* lane */) {
#pragma HLS INLINE
            return 127;
        }
    };
    typedef weft::multiply_stage<Tables> Stage;
};

#endif
