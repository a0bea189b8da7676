// manifest_test.cpp
// A design as JSON is read back as it was, in the form of today and in that of earlier versions, and stays short.
// SPDX-License-Identifier: Apache-2.0
#include "src/emit/manifest.h"

#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "src/base/base64.h"
#include "tests/messages.h"
#include "tests/models/random_network.h"

namespace weft {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

template <class T>
Json listed(const std::vector<std::byte>& bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

/// As earlier versions wrote it: every array is a list of its numbers.
struct Lists {
    int packed = 0, looped = 0;

    Json of(const Json& json) {
        if (json.is_object() && json.contains("base64")) {
            ++packed;
            const auto bytes = *from_base64(json.at("base64").get<std::string>());
            const std::string type = json.at("type");
            return type == "int8"    ? listed<std::int8_t>(bytes)
                   : type == "int16" ? listed<std::int16_t>(bytes)
                   : type == "int32" ? listed<std::int32_t>(bytes)
                                     : listed<std::int64_t>(bytes);
        }
        if (json.is_object() && json.contains("extents")) {
            ++looped;
            std::vector<std::int64_t> map{0};
            for (std::size_t axis = 0; axis < json.at("extents").size(); ++axis) {
                std::vector<std::int64_t> next;
                for (const std::int64_t at : map)
                    for (std::int64_t step = 0; step < json.at("extents")[axis]; ++step)
                        next.push_back(at + step * json.at("strides")[axis].get<std::int64_t>());
                map = std::move(next);
            }
            return map;
        }
        Json copy = json;
        for (Json& item : copy)
            if (item.is_structured()) item = of(item);
        return copy;
    }
};

TEST(Manifest, ReadsDesignsAsTheyWere) {
    Lists lists;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        const auto design = test::random_design(seed);
        ASSERT_TRUE(design) << test::messages(design);
        const Json json = to_json(*design);
        const auto again = design_from_json(json);
        ASSERT_TRUE(again) << test::messages(again);
        EXPECT_EQ(to_json(*again), json);
        const auto earlier = design_from_json(lists.of(json));
        ASSERT_TRUE(earlier) << test::messages(earlier);
        EXPECT_EQ(to_json(*earlier), json);
    }
    EXPECT_GT(lists.packed, 20);
    EXPECT_GT(lists.looped, 20);
}

TEST(Manifest, KeepsTheDsp) {
    auto design = test::random_design(1);
    ASSERT_TRUE(design);
    Json json = to_json(*design);
    EXPECT_EQ(json["dsp"], "DSP48E2");
    json.erase("dsp");
    EXPECT_EQ(design_from_json(json)->dsp(), dsp48e2) << "as earlier versions wrote it";
    design->use(dsp48e1);
    json = to_json(*design);
    const auto read = design_from_json(json);
    ASSERT_TRUE(read) << test::messages(read);
    EXPECT_EQ(read->dsp(), dsp48e1);
    for (const auto& unit : read->units) EXPECT_EQ(unit->dsp, dsp48e1) << unit->name;
    json["dsp"] = "DSP58";
    const auto unknown = design_from_json(json);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(test::messages(unknown),
              "error: the manifest names an unknown DSP 'DSP58'\n  help: it was written by another version of weft: compile the model "
              "again\n");
}

TEST(Manifest, SaysWhereAnArrayIsNotWhole) {
    const auto design = test::random_design(1);
    ASSERT_TRUE(design);
    Json json = to_json(*design);
    for (const Json& data : {Json{{"type", "int16"}, {"base64", "Zm9v"}}, Json{{"type", "int8"}, {"base64", "Zm9"}},
                             Json{{"type", "float32"}, {"base64", ""}}, Json{{"type", "int8"}}}) {
        for (Json& unit : json["units"])
            if (!unit["constants"].empty()) (*unit["constants"].begin())["data"] = data;
        const auto read = design_from_json(json);
        ASSERT_FALSE(read) << data;
        EXPECT_THAT(test::messages(read), HasSubstr("the manifest cannot be read: "));
    }
}

TEST(Manifest, SaysWhereAnOrderIsOfAnotherStream) {
    const auto design = test::random_design(1);
    ASSERT_TRUE(design);
    Json json = to_json(*design);
    for (const Json& order :
         {Json{1 << 30}, Json{-1}, Json{{"extents", {2}}, {"strides", {1 << 30}}},
          Json{{"extents", {1 << 30, 1 << 30}}, {"strides", {0, 0}}}, Json{{"extents", {2}}, {"strides", Json::array()}}}) {
        json["check_points"][0]["order"] = order;
        const auto read = design_from_json(json);
        ASSERT_FALSE(read) << order;
        EXPECT_THAT(test::messages(read), HasSubstr("the manifest cannot be read: "));
    }
}

}  // namespace
}  // namespace weft
