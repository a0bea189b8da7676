// empty_registry.cpp
// The machinery without content: all of src/ is linked here, and no operator and no unit.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/design/unit_def.h"
#include "src/graph/op_def.h"

namespace weft {
namespace {

TEST(EmptyRegistry, HasNoOperator) {
    EXPECT_TRUE(op_registry().empty());
    EXPECT_EQ(find_op("", "Relu"), nullptr);
}

TEST(EmptyRegistry, HasNoUnit) {
    EXPECT_TRUE(unit_registry().empty());
    EXPECT_EQ(find_unit_def("matvec"), nullptr);
    EXPECT_TRUE(embedded_unit_files().empty());
}

}  // namespace
}  // namespace weft
