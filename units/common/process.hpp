// process.hpp
// WEFT_PROCESS(call): a process of a dataflow region. Plain `call` for the vendor's tools, a coroutine in C simulation.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_PROCESS_HPP
#define WEFT_PROCESS_HPP

#include <hls_stream.h>

// WEFT_CSIM is defined by the hls_stream.h of C simulation only.
#ifdef WEFT_CSIM
#define WEFT_PROCESS(...) ::weft::csim::scheduler::get().spawn(#__VA_ARGS__, [&] { __VA_ARGS__; })
#else
#define WEFT_PROCESS(...) __VA_ARGS__
#endif

#endif
