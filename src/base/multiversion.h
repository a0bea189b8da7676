// multiversion.h
// Hot loops compiled for several instruction sets, chosen when the program starts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sanitizers cannot run the resolvers of multi-versioned functions, which the loader calls before their runtime is ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFT_MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WEFT_MULTIVERSION
#endif
