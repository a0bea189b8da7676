// refused.cpp
// Operators of the standard that weft knows by name only, each with why it has no place in a kernel and what helps.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/op_def.h"

namespace weft {

namespace {

OpDef refused(std::string_view name, const Refusal& refusal, OpRole role = OpRole::none) {
    return {.name = name, .summary = refusal.reason, .inputs = {0, -1}, .outputs = {0, -1}, .traits = {.role = role}, .refusal = refusal};
}

constexpr Refusal recurrent{"is recurrent: its state runs from step to step of a sequence, while weft computes each image by itself",
                            "use convolutions or dense layers in its place"};
constexpr Refusal open_branch{
    "runs one of two sub-graphs, and which one is known at run time only",
    "export the model for inference with fixed shapes, or simplify it (onnxsim), so that the condition is constant"};
constexpr Refusal loop{"runs a sub-graph again and again: loops are not supported",
                       "export the model traced for fixed shapes, so that its loops are unrolled, or simplify it (onnxsim)"};
constexpr Refusal sequence{"works on sequences of tensors, which weft does not have",
                           "export the model for fixed shapes with Split and Concat in their place, or simplify it (onnxsim)"};
constexpr Refusal optional_value{"works on values that may be absent, which weft does not have",
                                 "export the model for inference, with every input present"};
constexpr Refusal open_size{"gives an output whose size depends on the data, while every tensor of a kernel has a fixed shape",
                            "export the model without this post-processing, and do it on the host"};
constexpr Refusal random_numbers{"draws random numbers, so that no result can be checked", "export the model for inference"};
constexpr Refusal own_statistics{"normalises each image by statistics of the image itself: nothing could leave before all of it has come",
                                 "train the model with batch normalisation instead"};

}  // namespace

extern const OpDef op_lstm = refused("LSTM", recurrent);
extern const OpDef op_gru = refused("GRU", recurrent);
extern const OpDef op_rnn = refused("RNN", recurrent);
extern const OpDef op_if = refused("If", open_branch, OpRole::branch);
extern const OpDef op_loop = refused("Loop", loop);
extern const OpDef op_scan = refused("Scan", loop);
extern const OpDef op_sequence_map = refused("SequenceMap", loop);
extern const OpDef op_sequence_at = refused("SequenceAt", sequence);
extern const OpDef op_sequence_construct = refused("SequenceConstruct", sequence);
extern const OpDef op_sequence_empty = refused("SequenceEmpty", sequence);
extern const OpDef op_sequence_erase = refused("SequenceErase", sequence);
extern const OpDef op_sequence_insert = refused("SequenceInsert", sequence);
extern const OpDef op_sequence_length = refused("SequenceLength", sequence);
extern const OpDef op_concat_from_sequence = refused("ConcatFromSequence", sequence);
extern const OpDef op_split_to_sequence = refused("SplitToSequence", sequence);
extern const OpDef op_optional = refused("Optional", optional_value);
extern const OpDef op_optional_get_element = refused("OptionalGetElement", optional_value);
extern const OpDef op_optional_has_element = refused("OptionalHasElement", optional_value);
extern const OpDef op_non_max_suppression = refused("NonMaxSuppression", open_size);
extern const OpDef op_non_zero = refused("NonZero", open_size);
extern const OpDef op_unique = refused("Unique", open_size);
extern const OpDef op_compress = refused("Compress", open_size);
extern const OpDef op_random_normal = refused("RandomNormal", random_numbers);
extern const OpDef op_random_normal_like = refused("RandomNormalLike", random_numbers);
extern const OpDef op_random_uniform = refused("RandomUniform", random_numbers);
extern const OpDef op_random_uniform_like = refused("RandomUniformLike", random_numbers);
extern const OpDef op_multinomial = refused("Multinomial", random_numbers);
extern const OpDef op_bernoulli = refused("Bernoulli", random_numbers);
extern const OpDef op_instance_normalization = refused("InstanceNormalization", own_statistics);
extern const OpDef op_group_normalization = refused("GroupNormalization", own_statistics);
extern const OpDef op_layer_normalization = refused("LayerNormalization", own_statistics);
extern const OpDef op_rms_normalization = refused("RMSNormalization", own_statistics);
extern const OpDef op_mean_variance_normalization = refused("MeanVarianceNormalization", own_statistics);

}  // namespace weft
