#!/usr/bin/env python3
# planning.py
# Seconds of each stage and peak memory from import to the scheduled design, for large ImageNet networks with random weights.
# SPDX-License-Identifier: Apache-2.0
"""Quantizes each network, and prints the seconds of each stage of planning the result on one core, the peak memory, and the interval of its kernel."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import workloads

PLANNING = os.environ.get("WEFT_PLANNING", str(pathlib.Path(workloads.WEFT).with_name("planning")))
# Of the test data in onnx's package: true graphs, their weights constant.
LIGHT = ["resnet50", "squeezenet", "inception_v2", "vgg19"]
NETWORKS = LIGHT + ["mobilenet_v2"]


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


def network(name):
    random = numpy.random.default_rng(1)
    if name not in LIGHT:
        return mobilenet_v2(random)
    return with_random_weights(pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / f"light_{name}.onnx", random)


def one_core(command):
    """The command's output and its seconds."""
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}{done.stdout}")
    return done.stdout, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)} (default: all)")
    names = parser.parse_args().networks or NETWORKS
    if unknown := set(names) - set(NETWORKS):
        parser.error(f"no such network: {', '.join(sorted(unknown))}")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        samples = folder / "samples.npy"
        numpy.save(samples, numpy.random.default_rng(2).standard_normal((2, 3, 224, 224)).astype(numpy.float32))
        for name in names:
            model, quantized = folder / f"{name}.onnx", folder / f"{name}_quantized.onnx"
            onnx.save(network(name), model)
            _, calibration = one_core([workloads.WEFT, "quantize", model, "--calibrate", samples, "-o", quantized])
            model.unlink()
            figures = json.loads(one_core([PLANNING, quantized])[0])
            quantized.unlink()
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in figures["seconds"].items())
            print(f"{name:<14}{sum(figures['seconds'].values()):8.2f} s ({stages}; CPU {figures['cpu_seconds']:.2f})"
                  f"{figures['peak_mib']:7} MiB   interval {figures['interval_cycles']} cycles   (quantized before in {calibration:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
