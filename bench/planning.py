#!/usr/bin/env python3
# planning.py
# Seconds of each stage and peak memory from import to the scheduled design, for large ImageNet networks with random weights.
# SPDX-License-Identifier: Apache-2.0
"""Prints for each network the seconds of each stage of a compile on one core, the peak memory, and the interval of its kernel."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import workloads

LIGHT = {"resnet50": "light_resnet50", "squeezenet": "light_squeezenet", "inception_v2": "light_inception_v2", "vgg19": "light_vgg19"}


def fan_in(dims):
    return max(1, int(numpy.prod(dims[1:])))


def weights(random, name, dims, spread):
    """Random weights that keep activations at about one size; whatever has one dimension is a bias, a scale or a variance."""
    if len(dims) > 1:
        values = random.standard_normal(dims) * numpy.sqrt(2 / fan_in(dims))
    else:
        values = 1 + spread * random.standard_normal(dims)
    return numpy_helper.from_array(values.astype(numpy.float32), name)


def with_random_weights(path, random):
    """A graph of onnx's light models, with random initialisers in the place of its constant ones."""
    model = onnx.load(path)
    shapes = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            dims = [int(d) for d in shapes.pop(node.input[0])]
            model.graph.initializer.append(weights(random, node.output[0], dims, 0.05))
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    kept = [t for t in model.graph.initializer if t.name in used]
    inputs = [i for i in model.graph.input if i.name in used and i.name not in {t.name for t in kept}]
    for field, values in ((model.graph.node, nodes), (model.graph.initializer, kept), (model.graph.input, inputs)):
        del field[:]
        field.extend(values)
    return model


def mobilenet_v2(random):
    """MobileNetV2 at 224 x 224 (Sandler et al., 2018, table 2), batch normalisation folded."""
    nodes, constants = [], []

    def conv(source, channels, filters, kernel, stride, group=1, limited=True):
        name = f"conv{len(nodes)}"
        constants.append(weights(random, name + "_w", [filters, channels // group, kernel, kernel], 0))
        constants.append(numpy_helper.from_array((0.1 * random.standard_normal(filters)).astype(numpy.float32), name + "_b"))
        nodes.append(helper.make_node("Conv", [source, name + "_w", name + "_b"], [name], kernel_shape=[kernel, kernel],
                                      strides=[stride, stride], pads=[kernel // 2] * 4, group=group))
        if not limited:
            return name
        nodes.append(helper.make_node("Clip", [name, "zero", "six"], [name + "_relu6"]))
        return name + "_relu6"

    constants += [numpy_helper.from_array(numpy.float32(v), n) for v, n in ((0, "zero"), (6, "six"))]
    at, channels = conv("image", 3, 32, 3, 2), 32
    for expand, filters, count, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(count):
            wide = conv(at, channels, channels * expand, 1, 1) if expand > 1 else at
            wide = conv(wide, channels * expand, channels * expand, 3, stride if i == 0 else 1, channels * expand)
            end = conv(wide, channels * expand, filters, 1, 1, limited=False)
            if i > 0:
                nodes.append(helper.make_node("Add", [at, end], [end + "_sum"]))
                end += "_sum"
            at, channels = end, filters
    at = conv(at, channels, 1280, 1, 1)
    constants.append(weights(random, "classes_w", [1000, 1280], 0))
    constants.append(numpy_helper.from_array(numpy.zeros(1000, numpy.float32), "classes_b"))
    nodes.append(helper.make_node("GlobalAveragePool", [at], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"]))
    nodes.append(helper.make_node("Gemm", ["flat", "classes_w", "classes_b"], ["classes"], transB=1))
    graph = helper.make_graph(nodes, "mobilenet_v2", [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 224, 224])],
                              [helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 1000])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
