#!/usr/bin/env python3
# speed.py
# Time and memory of weft beside ONNX Runtime, both on one thread of one machine in one run.
# SPDX-License-Identifier: Apache-2.0
"""Prints images a second (and their ratio to ONNX Runtime's), seconds of a compile, and the peak memory of each."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

import workloads

RUNTIME = """
import sys, time, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
images = numpy.load(sys.argv[2])
name = session.get_inputs()[0].name
for image in images[:20]:
    session.run(None, {name: image[None]})
start = time.perf_counter()
for image in images:
    session.run(None, {name: image[None]})
print(len(images) / (time.perf_counter() - start))
"""


def one_thread():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def timed(command):
    """The command's output, seconds and peak memory in MiB, on one core."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=one_thread)
    with child.stdout, child.stderr:
        output, errors = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{errors}{output}")
    return output, time.perf_counter() - start, usage.ru_maxrss / 1024


def weft(*arguments):
    output, seconds, memory = timed([workloads.WEFT, *map(str, arguments), "--json"])
    return json.loads(output) if output.strip() else {}, seconds, memory


def throughput(model, inputs, engine, *options):
    figures, _, memory = weft("run", model, "--engine", engine, "--inputs", inputs, *options)
    return figures["images"] / figures["seconds"], memory


def runtime_throughput(model, inputs):
    output, _, memory = timed([sys.executable, "-c", RUNTIME, str(model), str(inputs)])
    return float(output), memory


def row(what, figure, unit, memory, against=None):
    ratio = "" if against is None else f"   {figure / against:6.2f} x ONNX Runtime ({against:,.0f})"
    print(f"{what:<58}{figure:>12,.2f} {unit:<9}{memory:8.0f} MiB{ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="compiles of which the fastest counts")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        quantized, cifar = workloads.quantized_model("resnet8_int8_qdq"), folder / "cifar.npy"
        images, _ = workloads.cifar10()
        numpy.save(cifar, images)
        float_model, float_cifar = workloads.require(workloads.MODELS / "mlperf-tiny" / "resnet8_float.onnx"), folder / "cifar_float.npy"
        numpy.save(float_cifar, numpy.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        fashion = folder / "fashion.npy"
        numpy.save(fashion, workloads.fashion()[0])

        runs = [weft("compile", quantized, "--board", "alveo-u200", "-o", folder / f"resnet8-{i}") for i in range(arguments.repeat)]
        row("compile of ResNet-8 int8 to a written project", min(run[1] for run in runs), "s", max(run[2] for run in runs))

        integer, memory = throughput(quantized, cifar, "integer")
        theirs, their_memory = runtime_throughput(quantized, cifar)
        row("ONNX Runtime, ResNet-8 int8", theirs, "images/s", their_memory)
        row("integer contract, ResNet-8 int8", integer, "images/s", memory, theirs)
        theirs, their_memory = runtime_throughput(float_model, float_cifar)
        row("ONNX Runtime, ResNet-8 float", theirs, "images/s", their_memory)
        row("float evaluation, ResNet-8 float", *_unit(throughput(float_model, float_cifar, "float")), theirs)

        project = folder / "fashion"
        weft("compile", workloads.fashion_model(), "--board", "alveo-u200", "-o", project, "--calibrate", fashion)
        theirs, their_memory = runtime_throughput(workloads.fashion_model(), fashion)
        row("ONNX Runtime, Fashion-MNIST float", theirs, "images/s", their_memory)
        row("float evaluation, Fashion-MNIST", *_unit(throughput(project, fashion, "float")), theirs)
        row("integer contract, Fashion-MNIST", *_unit(throughput(project, fashion, "integer")), theirs)
        row("HLS C simulation, Fashion-MNIST", *_unit(throughput(project, fashion, "hls", "--images", 1000)))


def _unit(measured):
    figure, memory = measured
    return figure, "images/s", memory


if __name__ == "__main__":
    main()
