# comparison.py
# Outputs of weft and of ONNX Runtime for the same inputs, and how near they are.
# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

import workloads


class Refused(Exception):
    """weft ended with an error; the text is what it printed."""


def weft(*arguments):
    """The JSON that a sub-command prints."""
    done = subprocess.run([workloads.WEFT, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr.strip() or f"weft ended with {done.returncode}")
    return json.loads(done.stdout)


def run_weft(model, images, engine):
    """Outputs of an engine for a file or a project, samples along the first axis."""
    with tempfile.TemporaryDirectory() as folder:
        inputs, outputs = pathlib.Path(folder, "inputs.npy"), pathlib.Path(folder, "outputs.npy")
        numpy.save(inputs, images)
        weft("run", model, "--engine", engine, "--inputs", inputs, "--outputs", outputs)
        return numpy.load(outputs)


def run_onnxruntime(model, images, optimised):
    """Outputs for one sample at a time, samples along the first axis."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.concatenate([session.run(None, {name: image[None]})[0] for image in images])


class Dequantize(OpRun):
    """DequantizeLinear in double: its own takes the integers through float, which is too narrow for those of 32 bits."""

    op_domain = ""

    @classmethod
    def make(cls):
        return type("DequantizeLinear", (cls,), {})

    def _run(self, x, scale, zero_point=None, axis=1, block_size=None, output_dtype=None):
        def along(values):
            return values if values.size == 1 else values.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])

        shift = 0 if zero_point is None else along(zero_point.astype(numpy.float64))
        return ((x.astype(numpy.float64) - shift) * along(scale.astype(numpy.float64)),)


def run_in_double(model, images):
    """Outputs by onnx's own reference implementation with every float a double, so that a rounding tie is one."""
    graph = onnx.load(model)
    for tensor in graph.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(numpy.float64), tensor.name))
    for node in graph.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == TensorProto.FLOAT:
                attribute.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attribute.t).astype(numpy.float64)))
    session = ReferenceEvaluator(graph, new_ops=[Dequantize.make()])
    images = images.astype(numpy.float64) if images.dtype == numpy.float32 else images
    return numpy.concatenate([session.run(None, {session.input_names[0]: image[None]})[0] for image in images])


def run_as_given(model, images):
    """Outputs of a file by whoever defines them: qonnx's executor where it holds QONNX's quantizers, else ONNX Runtime."""
    graph = onnx.load(model)
    if all(not any(domain in node.domain for domain in ("qonnx", "finn", "brevitas")) for node in graph.graph.node):
        return run_onnxruntime(model, images, False)
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    wrapper = ModelWrapper(graph).transform(InferShapes())
    given, result = wrapper.graph.input[0].name, wrapper.graph.output[0].name
    return numpy.concatenate([execute_onnx(wrapper, {given: image[None]})[result] for image in images])


def compare(ours, theirs, labels=None):
    """Equal elements, elements equal to 1e-6 and to 1e-5 of the largest, the largest difference and the signal-to-noise ratio; with labels
    also how often both name the same class, and each side's accuracy."""
    ours, theirs = ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1)
    difference = numpy.abs(ours.astype(numpy.float64) - theirs)
    signal, noise = (theirs.astype(numpy.float64) ** 2).sum(), (difference**2).sum()
    result = {
        "elements": ours.size,
        "equal_elements": int((difference == 0).sum()),
        "close_elements": int((difference <= 1e-6).sum()),
        "near_elements": int((difference <= 1e-5 * numpy.abs(theirs).max()).sum()),
        "max_difference": float(difference.max()),
        "sqnr_db": float("inf") if noise == 0 else float(10 * numpy.log10(signal / noise)) if signal else float("-inf"),
    }
    if labels is not None:
        result["agree_top1"] = float((ours.argmax(1) == theirs.argmax(1)).mean())
        known = labels >= 0
        result["top1"] = float((ours.argmax(1) == labels)[known].mean())
        result["top1_against"] = float((theirs.argmax(1) == labels)[known].mean())
    return result
