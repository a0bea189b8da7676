// preprocess.h
// Preprocessing stated on the command line becomes ordinary nodes in front of the model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// The whole syntax, for help and errors.
inline constexpr std::string_view preprocess_syntax =
    "scale=N,mean=N[,N...],std=N[,N...],order=rgb|bgr,layout=chw|hwc,type=uint8|int8|float32 (any of these, in any order; a number N may "
    "be a "
    "fraction such as 1/255; mean and std hold one number or one a channel): value * scale, minus mean, divided by std";

/// `scale=1/255,mean=0.485,0.456,0.406,std=0.2,order=bgr,layout=hwc,type=uint8`, all parts optional, a number or a fraction a/b wherever a
/// number stands (lists of three numbers and more may also be separated by '/'):
///   scale   the stored value is multiplied by it, first
///   mean    subtracted after scaling: one number, or one a channel (in the model's order of channels)
///   std     divided by after the mean: one number, or one a channel
///   order   bgr: the model takes the three channels of stored RGB data in reverse order
///   layout  hwc: samples are stored as height, width, channels where the model takes channels, height, width
///   type    element type of the stored samples: uint8 (default), int8, float32
/// Only for models with one input. The input keeps its name, gets the stored type and layout, and is followed by nodes that make of it what
/// the model took before.
Status prepend_preprocessing(Graph& graph, std::string_view spec);

}  // namespace weft
