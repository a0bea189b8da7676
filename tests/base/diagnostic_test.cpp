// diagnostic_test.cpp
// What diagnostics say as text, and which name a misspelt one is taken for.
// SPDX-License-Identifier: Apache-2.0
#include "src/base/diagnostic.h"

#include <gmock/gmock.h>

namespace weft {
namespace {

using testing::ElementsAre;

TEST(Nearest, IsTheNameThatTheFewestSlipsLeadTo) {
    const std::vector<std::string> known{"Relu", "Relu6", "LeakyRelu", "Gelu"};
    EXPECT_EQ(nearest("Relu", known), "Relu");
    EXPECT_EQ(nearest("relu6", known), "Relu6");
    EXPECT_EQ(nearest("Rlu", known), "Relu");
    EXPECT_EQ(nearest("Reelu", known), "Relu");
    EXPECT_EQ(nearest("Rleu", known), "Relu") << "swapped neighbours are one slip";
    EXPECT_EQ(nearest("Lu", known), "") << "two slips make another word of so short a one";
    // One slip more for every eight letters.
    EXPECT_EQ(nearest("LekyRellu", known), "LeakyRelu");
    EXPECT_EQ(nearest("LkyRellu6", known), "");
    EXPECT_EQ(nearest("Gelu", {}), "");
    // Of several as near the first.
    EXPECT_EQ(nearest("ab", {"abc", "abd"}), "abc");
}

TEST(Suggest, NamesTheNearestOrWhatThereIs) {
    EXPECT_EQ(suggest("lanse", {"lanes", "pixels"}), "did you mean 'lanes'?");
    EXPECT_EQ(suggest("weight", {"lanes", "pixels"}), "known: lanes, pixels");
    EXPECT_EQ(suggest("weight", {}), "");
    const std::vector<std::string> ten{"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j10"};
    EXPECT_EQ(suggest("weight", ten), "known: a1, b2, c3, d4, e5, f6, g7, h8, i9, j10");
    std::vector<std::string> eleven = ten;
    eleven.emplace_back("k11");
    EXPECT_EQ(suggest("weight", eleven), "known: a1, b2, c3, d4, e5, f6, g7, h8, i9, j10, ...");
}

TEST(Diagnostics, NameWhatTheyAreAbout) {
    EXPECT_EQ(to_string({.reason = "it is wrong"}), "error: it is wrong");
    EXPECT_EQ(to_string({.node = "n", .reason = "it is wrong"}), "error: node 'n': it is wrong");
    EXPECT_EQ(to_string({.tensor = "t", .reason = "it is wrong"}), "error: tensor 't': it is wrong");
    EXPECT_EQ(to_string({.severity = Severity::warning, .node = "n", .tensor = "t", .reason = "it is wrong", .help = "right it"}),
              "warning: node 'n', tensor 't': it is wrong\n  help: right it");
    EXPECT_EQ(to_string({.severity = Severity::note, .reason = "by the way"}), "note: by the way");
}

/// Only what says the same of several nodes is one, in the first one's place.
TEST(Diagnostics, ThatSayTheSameAreOneText) {
    const auto of = [](std::string node, std::string reason, std::string help = {}) {
        return Diagnostic{.node = std::move(node), .tensor = "t", .reason = std::move(reason), .help = std::move(help)};
    };
    EXPECT_THAT(to_strings({of("a", "one"), of("b", "two"), of("c", "one"), of("a", "one"), of("d", "one", "other help")}),
                ElementsAre("error: 2 nodes ('a', 'c'): one", "error: node 'b', tensor 't': two",
                            "error: node 'd', tensor 't': one\n  help: other help"));
    EXPECT_THAT(to_strings({of("a", "one"), of("b", "one"), of("c", "one"), of("d", "one")}),
                ElementsAre("error: 4 nodes ('a', 'b', 'c', ...): one"));
    EXPECT_THAT(to_strings({of("", "one"), of("", "one")}), ElementsAre("error: tensor 't': one", "error: tensor 't': one"));
    EXPECT_THAT(to_strings({of("a", "one"), {.severity = Severity::warning, .node = "b", .reason = "one"}}),
                ElementsAre("error: node 'a', tensor 't': one", "warning: node 'b': one"));
}

}  // namespace
}  // namespace weft
