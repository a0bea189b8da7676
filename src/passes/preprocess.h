// preprocess.h
// Preprocessing stated on the command line becomes ordinary nodes in front of the model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "src/base/diagnostic.h"
#include "src/graph/graph.h"

namespace weft {

/// `scale=1/255,mean=0.5/0.4/0.3,std=0.2,order=bgr,layout=hwc,type=uint8`, all parts optional:
///   scale   the stored value is multiplied by it (a number or a quotient a/b), first
///   mean    subtracted after scaling: one number, or one a channel separated by /  (in the model's order of channels)
///   std     divided by after the mean: one number, or one a channel
///   order   bgr: the model takes the three channels of stored RGB data in reverse order
///   layout  hwc: samples are stored as height, width, channels where the model takes channels, height, width
///   type    element type of the stored samples: uint8 (default), int8, float32
/// Only for models with one input. The input keeps its name, gets the stored type and layout, and is followed by nodes that make of it what
/// the model took before.
Status prepend_preprocessing(Graph& graph, std::string_view spec);

}  // namespace weft
