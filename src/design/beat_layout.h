// beat_layout.h
// Which element of a frame lies where in which beat.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "src/design/design.h"

namespace weft {

/// Where element `element` (flat over row, column, tap, channel) of a frame is on the stream.
class BeatLayout {
public:
    explicit BeatLayout(const Stream& stream) : shape_(stream.shape), beat_(stream.beat) {}

    /// Calls visit(beat, element of the beat, index into the frame's data), in the order of beats; index -1: a spare element.
    template <class Visit>
    void for_each(Visit visit) const {
        std::int64_t beat = 0;
        for (int row = 0; row < shape_.rows; ++row)
            for (int column = 0; column < shape_.columns; column += beat_.pixels)
                for (int channel = 0; channel < shape_.channels; channel += beat_.lanes)
                    for (int tap = 0; tap < shape_.taps; tap += beat_.taps, ++beat) {
                        int element = 0;
                        for (int p = 0; p < beat_.pixels; ++p)
                            for (int t = 0; t < beat_.taps; ++t)
                                for (int l = 0; l < beat_.lanes; ++l, ++element) {
                                    const bool inside =
                                        column + p < shape_.columns && tap + t < shape_.taps && channel + l < shape_.channels;
                                    const std::int64_t position = std::int64_t{row} * shape_.columns + column + p;
                                    visit(beat, element,
                                          inside ? (position * shape_.taps + tap + t) * shape_.channels + channel + l : std::int64_t{-1});
                                }
                    }
    }

private:
    StreamShape shape_;
    Beat beat_;
};

}  // namespace weft
