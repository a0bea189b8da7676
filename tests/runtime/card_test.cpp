// card_test.cpp
// Calls on a fake card: their order, what is in flight, and what happens when something fails.
// SPDX-License-Identifier: Apache-2.0
#include "src/runtime/card.h"

#include <gmock/gmock.h>

#include "tests/paths.h"
#include "tests/runtime/fake_card.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using host::Call;
using host::Card;
using host::CardOptions;
using host::Failure;
using host::Result;
using host::Tensor;
using host::Type;
using testing::AllOf;
using testing::HasSubstr;

constexpr int elements = 16;

class CardTest : public testing::Test {
protected:
    ~CardTest() override {
        {
            const std::lock_guard lock(plan_->mutex);
            plan_->release = true;
        }
        plan_->released.notify_all();
        // Threads that hung let the plan go before the test program ends.
        while (plan_->hanging > 0) std::this_thread::sleep_for(1ms);
    }

    std::string xclbin(int units) const {
        const std::string path = (folder_ / "k.xclbin").string();
        write_fake_xclbin(path, units);
        return path;
    }
    std::unique_ptr<Card> card(int units, CardOptions options = {}) const {
        return std::make_unique<Card>(xclbin(units), std::make_shared<FakeDriver>(plan_), std::move(options));
    }
    static Tensor samples(std::size_t images) {
        Tensor tensor(Type::uint8, {static_cast<std::int64_t>(images), elements});
        for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<std::byte>(i * 7 + i / 256);
        return tensor;
    }
    static void expect_one_more(const Tensor& x, const Result& result) {
        ASSERT_EQ(result.outputs.size(), 1u);
        ASSERT_EQ(result.outputs[0].shape, x.shape);
        for (std::size_t i = 0; i < x.data.size(); ++i)
            ASSERT_EQ(result.outputs[0].data[i], static_cast<std::byte>(std::to_integer<int>(x.data[i]) + 1)) << "element " << i;
    }

    TemporaryFolder folder_;
    std::shared_ptr<FakePlan> plan_ = std::make_shared<FakePlan>();
};

TEST_F(CardTest, GivesResultsInOrderWhateverUnitsTake) {
    plan_->delays = {{"net_kernel_1", 80ms}, {"net_kernel_2", 1ms}, {"net_kernel_3", 3ms}};
    const auto card = this->card(3);
    const Tensor x = samples(1000);
    const Result result = card->run({x.view(0, 1000)});
    expect_one_more(x, result);
    // 84 images in each of 12 commands; the fastest unit takes the most of them.
    EXPECT_EQ(result.command_seconds.size(), 12u);
    EXPECT_EQ(plan_->started, 12);
    EXPECT_GT(plan_->commands["net_kernel_2"], plan_->commands["net_kernel_1"]);
    for (const double seconds : result.command_seconds) EXPECT_GE(seconds, 0.001);
}

TEST_F(CardTest, KeepsTwoCommandsInFlight) {
    plan_->delays = {{"net_kernel_1", 5ms}};
    const auto card = this->card(1);
    const Tensor x = samples(64);
    expect_one_more(x, card->run({x.view(0, 64)}));
    EXPECT_EQ(plan_->most_in_flight, 2);
}

TEST_F(CardTest, CutsBatches) {
    CardOptions options;
    options.batch = 10;
    const auto card = this->card(2, options);
    EXPECT_EQ(card->batch_for(1), 1u);
    EXPECT_EQ(card->batch_for(8), 1u);
    EXPECT_EQ(card->batch_for(9), 2u);
    EXPECT_EQ(card->batch_for(1000), 10u);
    const Tensor x = samples(101);
    expect_one_more(x, card->run({x.view(0, 101)}));
    EXPECT_EQ(plan_->started, 11);
    EXPECT_TRUE(card->run({x.view(0, 0)}).outputs[0].data.empty());
}

TEST_F(CardTest, TakesCallsFromSeveralThreads) {
    const auto card = this->card(2);
    const Tensor x = samples(40);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5; ++i) expect_one_more(x, card->run({x.view(0, 40)}));
        });
    for (std::thread& thread : threads) thread.join();
    std::future<Result> future = card->start({x.view(0, 40)}).future();
    ASSERT_EQ(future.wait_for(5s), std::future_status::ready);
    expect_one_more(x, future.get());
}

TEST_F(CardTest, GivesResultsPieceByPiece) {
    const auto card = this->card(2);
    const Tensor x = samples(50);
    std::size_t first = 0;
    for (Call& call : card->start_each({x.view(0, 50)})) {
        const Result result = call.get();
        const std::size_t count = result.outputs[0].images();
        EXPECT_EQ(result.command_seconds.size(), 1u);
        EXPECT_EQ(result.outputs[0].data[0], static_cast<std::byte>(std::to_integer<int>(x.data[first * elements]) + 1));
        first += count;
    }
    EXPECT_EQ(first, 50u);
}

TEST_F(CardTest, CancelsWhatNoUnitHasBegun) {
    plan_->delays = {{"net_kernel_1", 50ms}};
    const auto card = this->card(1);
    const Tensor x = samples(40);
    Call first = card->start({x.view(0, 2)});    // two commands, begun at once
    Call second = card->start({x.view(0, 40)});  // four that wait
    second.cancel();
    Failure failure{};
    EXPECT_THAT(failure_of([&] { second.get(); }, &failure), HasSubstr("cancelled"));
    EXPECT_EQ(failure, Failure::cancelled);
    EXPECT_EQ(first.get().outputs[0].images(), 2u);
    expect_one_more(x, card->run({x.view(0, 40)}));
    Call third = card->start({x.view(0, 40)});
    card->cancel();
    EXPECT_THAT(failure_of([&] { third.get(); }), HasSubstr("cancelled"));
}

TEST_F(CardTest, EndsCallsWhenTheCardGoes) {
    plan_->delays = {{"net_kernel_1", 20ms}};
    auto card = this->card(1);
    const Tensor x = samples(400);
    Call call = card->start({x.view(0, 400)});
    card.reset();
    EXPECT_THAT(failure_of([&] { call.get(); }), HasSubstr("cancelled"));
    call.cancel();  // of a card that is gone: nothing happens
}

TEST_F(CardTest, ReportsAUnitThatNeverFinishes) {
    plan_->hang_at = 3;
    CardOptions options;
    options.time_out = 200ms;
    auto card = this->card(2, options);
    const Tensor x = samples(80);
    std::vector<Call> calls = card->start_each({x.view(0, 80)});
    const auto start = std::chrono::steady_clock::now();
    Failure failure{};
    std::string text;
    int good = 0;
    for (Call& call : calls) {
        const std::string said = failure_of([&] { call.get(); }, &failure);
        if (said.empty())
            ++good;
        else
            text = said;
    }
    EXPECT_THAT(text, AllOf(HasSubstr("of device 0 did not finish 10 images within 0.2 s"), HasSubstr("xbutil reset")));
    EXPECT_EQ(failure, Failure::time_out);
    EXPECT_GE(good, 3);  // what had been given stays
    EXPECT_EQ(plan_->hanging, 1);
    EXPECT_THAT(failure_of([&] { card->run({x.view(0, 1)}); }), HasSubstr("did not finish"));
    EXPECT_THAT(failure_of([&] { card->counters(); }), HasSubstr("did not finish"));
    card.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
}

TEST_F(CardTest, GivesUpWhatHangs) {
    plan_->hang_at = 0;
    const auto card = this->card(1);
    const Tensor x = samples(2);
    Call call = card->start({x.view(0, 2)});
    while (plan_->hanging == 0) std::this_thread::sleep_for(1ms);
    card->cancel();
    EXPECT_FALSE(call.wait_for(50ms));
    card->give_up();
    Failure failure{};
    EXPECT_THAT(failure_of([&] { call.get(); }, &failure), HasSubstr("cancelled"));
    EXPECT_EQ(failure, Failure::cancelled);
}

TEST_F(CardTest, ReportsWhatTheDriverThrows) {
    const Tensor x = samples(80);
    Failure failure{};
    plan_->fail_start_at = 2;
    EXPECT_THAT(failure_of([&] { card(2)->run({x.view(0, 80)}); }, &failure),
                AllOf(HasSubstr("failed: no such slot"), HasSubstr("xbutil")));
    EXPECT_EQ(failure, Failure::lost);
    plan_->fail_start_at = -1;
    plan_->started = 0;
    plan_->lose_at = 5;
    EXPECT_THAT(failure_of([&] { card(2)->run({x.view(0, 80)}); }, &failure), HasSubstr("failed: the bus is silent"));
    EXPECT_EQ(failure, Failure::lost);
}

TEST_F(CardTest, ComparesWithWhatKernelsSay) {
    plan_->model_hash = 1;
    EXPECT_THAT(failure_of([&] { card(1); }),
                AllOf(HasSubstr("'net_kernel_1' of device 0 computes another model"), HasSubstr("package it again")));
    plan_->model_hash = 0x0011223344556677;
    plan_->version = 0x010204;
    EXPECT_THAT(failure_of([&] { card(1); }), HasSubstr("another version of weft than the xclbin says (1.2.3)"));
    plan_->registers = false;  // shared with another program: nobody can tell
    EXPECT_EQ(failure_of([&] { card(1); }), "");
}

TEST_F(CardTest, RefusesOtherModelsKernelsAndDevices) {
    CardOptions options;
    options.model_hash = std::string(64, 'f');
    EXPECT_THAT(failure_of([&] { card(1, options); }),
                AllOf(HasSubstr("another model: SHA-256 00112233"), HasSubstr("package this project again")));
    options.model_hash = fake_hash;
    options.kernel = "other_kernel";
    EXPECT_THAT(failure_of([&] { card(1, options); }), HasSubstr("has no kernel 'other_kernel'; it has 'net_kernel'"));
    options.kernel = "net_kernel";
    plan_->no_device = "3";
    options.devices = {"3"};
    EXPECT_THAT(failure_of([&] { card(1, options); }), HasSubstr("device '3' cannot be opened"));
    options.devices = {};
    EXPECT_THAT(failure_of([&] { card(1, options); }), HasSubstr("no device is given"));
}

TEST_F(CardTest, RefusesInputsThatDoNotFit) {
    const auto card = this->card(1);
    const Tensor x = samples(4);
    EXPECT_THAT(failure_of([&] { card->run({}); }), HasSubstr("has 1 inputs, but 0 are given"));
    host::TensorView view = x.view(0, 4);
    view.type = Type::float32;
    EXPECT_THAT(failure_of([&] { card->run({view}); }), HasSubstr("input 'x' is uint8, but float32 is given"));
}

TEST_F(CardTest, ReadsCounters) {
    CardOptions options;
    options.devices = {"0", "1"};
    options.compute_units = 2;
    const auto card = this->card(3, options);
    EXPECT_EQ(card->compute_units(), 4u);
    const Tensor x = samples(100);
    expect_one_more(x, card->run({x.view(0, 100)}));
    std::uint64_t frames = 0;
    for (const host::Counters& counters : card->counters()) {
        EXPECT_TRUE(counters.known);
        EXPECT_EQ(counters.cycles, counters.frames * 100 + (std::uint64_t{1} << 32));
        frames += counters.frames;
    }
    EXPECT_EQ(frames, 100u);
    EXPECT_EQ(card->counters()[3].device + card->counters()[3].unit, "1net_kernel_2");
    plan_->registers = false;
    EXPECT_FALSE(this->card(1)->counters()[0].known);
}

TEST_F(CardTest, ChoosesATimeOut) {
    EXPECT_EQ(card(1)->time_out(), 60s + 34ms);  // 1024 images of 100 cycles at 300 MHz, a hundred times
    EXPECT_EQ(card(1)->batch(), 1024u);
}

}  // namespace
}  // namespace weft::test
