// stalls.h
// Random stalls at the ports of a kernel: one function of seed, port and cycle for the schedule and for the simulated testbench.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft {

// The text serves twice: compiled here, and as a string in the testbench's source.
#define WEFT_STALL_FUNCTION(...) \
    __VA_ARGS__                  \
    inline constexpr char stall_function_text[] = #__VA_ARGS__;

// A port of a seed has a rate of stalls of its own, and bursts of a length of its own. Seed 0: no stalls.
// The mixing function is Vigna's splitmix64.
WEFT_STALL_FUNCTION(
    inline unsigned long long stall_mix(unsigned long long x) {
        x += 0x9e3779b97f4a7c15ULL;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
        return x ^ (x >> 31);
    } inline bool stalled(unsigned long long seed, int port, unsigned long long cycle) {
        if (seed == 0) return false;
        const unsigned long long habit = stall_mix(seed * 1024 + static_cast<unsigned long long>(port));
        const unsigned long long percent = 10 + habit % 70;
        const int burst = static_cast<int>((habit >> 16) % 6);
        return stall_mix(habit ^ (cycle >> burst)) % 100 < percent;
    })

#undef WEFT_STALL_FUNCTION

}  // namespace weft
