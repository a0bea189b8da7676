// formal_test.cpp
// The plumbing of the RTL kernel is proved for all inputs, stalls and times: fifo, fork, regrouping and credits. Yosys makes the circuit of
// a property module; property directed reachability (yosys-abc) finds an inductive invariant or a counterexample, and yosys-smtbmc
// shows that the interesting states can be reached at all. Copies with a fault are refuted.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "src/base/files.h"
#include "src/base/subprocess.h"
#include "tests/paths.h"

namespace weft {
namespace {

using Settings = std::vector<std::pair<std::string, int>>;

/// A change of the text of the units' sources.
struct Change {
    std::string from, to;
};

struct Property {
    std::string module;                ///< tests/formal/<module>.sv.
    std::vector<std::string> sources;  ///< Of units/, without the ending.
    Settings parameters;
    std::vector<Change> changes;  ///< A fault, or a constant of its own.
};

Property fifo(int depth, bool deep, std::vector<Change> changes = {}) {
    if (deep) changes.push_back({"localparam int ShallowDepth = 64;", "localparam int ShallowDepth = 1;"});
    return {"fifo_formal", {"fifo/fifo"}, {{"Depth", depth}, {"Deep", deep}}, std::move(changes)};
}

Property fork(std::vector<Change> changes = {}) { return {"fork_formal", {"fork/fork"}, {}, std::move(changes)}; }

Property regroup(int items, int in, int out, int folds, std::vector<Change> changes = {}) {
    return {"regroup_formal",
            {"width/regroup", "width/regroup_steps", "common/select", "common/select_four"},
            {{"Items", items}, {"In", in}, {"Out", out}, {"Folds", folds}},
            std::move(changes)};
}

Property credit(int depth, int amount, std::vector<Change> changes = {}) {
    return {"credit_formal", {"common/credit", "fifo/fifo"}, {{"Depth", depth}, {"Amount", amount}}, std::move(changes)};
}

class Formal : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* program : {"yosys", "yosys-abc", "yosys-smtbmc", "z3"})
            if (!run_process({program, "-h"})) GTEST_SKIP() << program << " is not installed";
    }
    void TearDown() override {
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin_;
        fmt::print("{} proofs in {:.1f} s\n", proofs_, seconds.count());
    }

    /// "proved", "refuted", or what went wrong.
    std::string prove(const Property& property) {
        ++proofs_;
        const test::TemporaryFolder folder;
        const std::string aig = (folder / "property.aig").string();
        const std::string log = circuit(property, folder,
                                        "chformal -cover -remove; async2sync; setundef -undriven -anyseq; setattr -unset keep; "
                                        "delete -output; opt -full; memory_map; opt -fast; techmap; opt -fast; simplemap; dffunmap; "
                                        "abc -g AND -fast; opt_clean; write_aiger -I -B -zinit -no-startoffset " +
                                            aig);
        if (!log.empty()) return log;
        const auto run = run_process({"yosys-abc", "-c", fmt::format("read_aiger {}; fold; strash; pdr", aig)});
        if (!run) return to_string(run.error()[0]);
        if (run->output.find("Property proved") != std::string::npos) return "proved";
        if (run->output.find("was asserted in frame") != std::string::npos) return "refuted";
        return run->output + run->errors;
    }

    /// "reached" if every `cover` of the property module can be met in `steps` cycles.
    std::string reach(const Property& property, int steps) {
        const test::TemporaryFolder folder;
        const std::string smt2 = (folder / "property.smt2").string();
        const std::string log =
            circuit(property, folder, "async2sync; setundef -undriven -anyseq; memory_map; dffunmap; opt_clean; write_smt2 -wires " + smt2);
        if (!log.empty()) return log;
        const auto run = run_process({"yosys-smtbmc", "-s", "z3", "-c", "-t", fmt::format("{}", steps), smt2});
        if (!run) return to_string(run.error()[0]);
        return run->exit_code == 0 ? "reached" : run->output + run->errors;
    }

private:
    /// Runs Yosys over the property module up to a flat circuit, then `finish`. Empty, or what went wrong.
    static std::string circuit(const Property& property, const test::TemporaryFolder& folder, const std::string& finish) {
        const std::filesystem::path root = test::source_folder();
        std::string sources = (root / "tests/formal" / (property.module + ".sv")).string();
        std::vector<std::string> names = property.sources;
        names.push_back("common/handshake");
        std::size_t changed = 0;
        for (const std::string& name : names) {
            auto text = read_file(root / "units" / (name + ".sv"));
            if (!text) return to_string(text.error()[0]);
            for (const Change& change : property.changes)
                if (const std::size_t at = text->find(change.from); at != std::string::npos) {
                    text->replace(at, change.from.size(), change.to);
                    ++changed;
                }
            const std::filesystem::path copy = folder / (std::filesystem::path(name).filename().string() + ".sv");
            if (const auto written = write_file(copy, *text); !written) return to_string(written.error()[0]);
            sources += " " + copy.string();
        }
        if (changed != property.changes.size()) return "the source has changed: a fault cannot be put in";
        std::string parameters;
        for (const auto& [name, value] : property.parameters) parameters += fmt::format(" -chparam {} {}", name, value);
        const auto run = run_process({"yosys", "-q", "-p",
                                      fmt::format("read_verilog -sv -formal -defer -DWEFT_CHECK {}; hierarchy -top {}{}; proc; "
                                                  "setattr -mod -unset keep_hierarchy; flatten; "
                                                  "opt_clean; {}",
                                                  sources, property.module, parameters, finish)});
        if (!run) return to_string(run.error()[0]);
        return run->exit_code == 0 ? "" : run->errors;
    }

    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    int proofs_ = 0;
};

TEST_F(Formal, FifoKeepsEveryBeatAndItsTiming) {
    for (const int depth : {1, 2, 3, 5}) EXPECT_EQ(prove(fifo(depth, false)), "proved") << "shallow, depth " << depth;
    for (const int depth : {2, 3, 4}) EXPECT_EQ(prove(fifo(depth, true)), "proved") << "deep, depth " << depth;
    EXPECT_EQ(reach(fifo(2, false), 6), "reached");
    EXPECT_EQ(prove(fifo(3, false, {{"in_valid && count == CountBits'(Depth - 1)", "in_valid && count == CountBits'(Depth)"}})), "refuted");
    EXPECT_EQ(prove(fifo(4, false, {{"if (enters) memory[write_at]", "if (in_valid) memory[write_at]"}})), "refuted");
    EXPECT_EQ(prove(fifo(3, true, {{"stored && (!out_valid || out_ready)", "stored && !out_valid"}})), "refuted");
}

TEST_F(Formal, ForkPassesEveryBeatOnceToEachOutput) {
    EXPECT_EQ(prove(fork()), "proved");
    EXPECT_EQ(reach(fork(), 6), "reached");
    EXPECT_EQ(prove(fork({{"out_valid & ~out_ready;", "out_valid;"}})), "refuted");
}

TEST_F(Formal, RegroupingPutsEveryItemInItsPlace) {
    // With and without a rest that goes by itself, with one and more folds.
    const int ratios[][4] = {{3, 1, 1, 1}, {4, 1, 2, 1}, {4, 2, 1, 1}, {7, 3, 2, 1}, {5, 2, 3, 1}, {4, 2, 3, 1},
                             {6, 3, 4, 1}, {5, 2, 5, 1}, {3, 1, 2, 2}, {3, 2, 1, 2}, {4, 2, 3, 2}, {5, 3, 2, 2}};
    for (const auto& [items, in, out, folds] : ratios)
        EXPECT_EQ(prove(regroup(items, in, out, folds)), "proved")
            << items << " items, " << in << " to " << out << ", " << folds << " folds";
    EXPECT_EQ(reach(regroup(4, 1, 2, 1), 12), "reached");
    EXPECT_EQ(prove(regroup(5, 2, 5, 1, {{"hits(s) & ~waits(s)", "hits(s)"}})), "refuted");
    EXPECT_EQ(prove(regroup(4, 2, 3, 1, {{"(in_valid && flag) || flushes", "in_valid && flag"}})), "refuted");
    EXPECT_EQ(prove(regroup(7, 3, 2, 1, {{"in_ready = enable && flag", "in_ready = enable"}})), "refuted");
}

TEST_F(Formal, CreditsNeverOverflowWhatIsBehind) {
    EXPECT_EQ(prove(credit(2, 1)), "proved");
    EXPECT_EQ(prove(credit(5, 1)), "proved");
    EXPECT_EQ(prove(credit(5, 3)), "proved");
    EXPECT_EQ(reach(credit(4, 1), 12), "reached");
    EXPECT_EQ(prove(credit(4, 2, {{"Bits'(Depth - Amount)", "Bits'(Depth)"}})), "refuted");
}

}  // namespace
}  // namespace weft
