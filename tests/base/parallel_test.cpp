// parallel_test.cpp
// A loop on several threads: every item once, and an end as soon as one fails.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace weft {
namespace {

TEST(Parallel, GivesOutEveryItemOnceAndTellsHowManyAreDone) {
    for (const int threads : {0, 1, 3, 64}) {
        SCOPED_TRACE(threads);
        constexpr std::int64_t count = 1000;
        std::vector<std::atomic<int>> seen(count);
        std::vector<std::int64_t> told;
        EXPECT_TRUE(parallel_for(
            count, threads, [&](std::int64_t i) { return ++seen[static_cast<std::size_t>(i)] > 0; },
            [&](std::int64_t done) { told.push_back(done); }));
        for (const auto& times : seen) ASSERT_EQ(times, 1);
        std::vector<std::int64_t> counted(count);
        std::iota(counted.begin(), counted.end(), 1);
        EXPECT_EQ(told, counted);
    }
}

TEST(Parallel, OfOneThreadGoesInOrderAndOfNoItemsDoesNothing) {
    std::vector<std::int64_t> order;
    const auto note = [&](std::int64_t i) {
        order.push_back(i);
        return true;
    };
    EXPECT_TRUE(parallel_for(5, 1, note));
    EXPECT_EQ(order, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
    EXPECT_TRUE(parallel_for(0, 4, [](std::int64_t) { return false; }));
}

TEST(Parallel, StopsHandingOutWhereAnItemFails) {
    std::vector<std::int64_t> order;
    EXPECT_FALSE(parallel_for(100, 1, [&](std::int64_t i) {
        order.push_back(i);
        return i != 3;
    }));
    EXPECT_EQ(order.size(), 4U);

    // The other thread waits until the failure is known, and then gets nothing more.
    std::atomic<bool> failed{false};
    std::atomic<std::int64_t> items{0};
    EXPECT_FALSE(parallel_for(1 << 20, 2, [&](std::int64_t i) {
        ++items;
        if (i == 0) return !(failed = true);
        while (!failed) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return true;
    }));
    EXPECT_LT(items, 100);
}

/// Each item waits for the others: fewer threads would not end well.
TEST(Parallel, UsesAsManyThreadsAsItIsGiven) {
    std::atomic<int> arrived{0};
    EXPECT_TRUE(parallel_for(3, 3, [&](std::int64_t) {
        ++arrived;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (arrived < 3 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        return arrived == 3;
    }));
    EXPECT_GE(hardware_threads(), 1);
}

}  // namespace
}  // namespace weft
