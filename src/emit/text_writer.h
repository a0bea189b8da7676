// text_writer.h
// Builds indented source text line by line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace weft {

class TextWriter {
public:
    void line(std::string_view text = {}) {
        if (!text.empty()) text_.append(static_cast<std::size_t>(depth_) * 4, ' ').append(text);
        text_ += '\n';
    }
    /// A line at the left margin, as preprocessor lines are.
    void margin(std::string_view text) { text_.append(text) += '\n'; }
    /// A line that opens a block, and the line that closes it.
    void open(std::string_view text) {
        line(text);
        ++depth_;
    }
    void close(std::string_view text) {
        --depth_;
        line(text);
    }
    std::string take() && { return std::move(text_); }

private:
    std::string text_;
    int depth_ = 0;
};

}  // namespace weft
