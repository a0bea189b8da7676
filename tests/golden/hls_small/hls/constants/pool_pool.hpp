// pool_pool.hpp
// Constants of pool_pool: pool.
// weft, for a test

#ifndef small_0_kernel_pool_pool_CONSTANTS_HPP
#define small_0_kernel_pool_pool_CONSTANTS_HPP

#include <ap_int.h>

#include "../weft/common/stage.hpp"

struct small_0_kernel_pool_pool_constants {
    static ap_int<2> row_factor(int /* i0 */) {
#pragma HLS INLINE
        return 1;
    }
    static ap_int<2> column_factor(int /* i0 */) {
#pragma HLS INLINE
        return 1;
    }
    static const int accumulator_bits = 8;
    typedef weft::plain_stage Stage;
};

#endif
