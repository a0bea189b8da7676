// beat.hpp
// What a stream carries at a time: N elements of one integer type.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_BEAT_HPP
#define WEFT_BEAT_HPP

#include <ap_int.h>

namespace weft {

/// Elements in the order pixel or tap (outer), lane (inner). Spare elements hold arbitrary values.
template <class T, int N>
struct beat {
    T e[N];
    static const int size = N;
    typedef T element;
};

}  // namespace weft

#endif
