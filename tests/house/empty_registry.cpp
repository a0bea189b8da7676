// empty_registry.cpp
// The machinery without content: all of src/ is linked here, and tables of operators, units, boards, engines and back ends without an
// entry. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/cost/board.h"
#include "src/design/unit_def.h"
#include "src/emit/back_end.h"
#include "src/engines/engine_def.h"
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

TEST(EmptyRegistry, HasNoBoardNoEngineAndNoBackEnd) {
    EXPECT_TRUE(boards().empty());
    EXPECT_FALSE(find_board("kv260"));
    EXPECT_TRUE(engine_registry().empty());
    EXPECT_FALSE(find_engine("float"));
    EXPECT_TRUE(back_end_registry().empty());
}

}  // namespace
}  // namespace weft
