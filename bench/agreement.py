#!/usr/bin/env python3
# agreement.py
# The integer contract beside ONNX Runtime, with and without its graph optimisations, on real data.
# SPDX-License-Identifier: Apache-2.0
"""For each quantised model: share of equal output elements, largest difference, top-1 agreement, and each side's accuracy.

Behind a Softmax, which both sides compute in float, elements that differ by its rounding alone count as equal to 1e-6.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

import workloads


def run_weft(model, images, engine):
    with tempfile.TemporaryDirectory() as folder:
        inputs, outputs = pathlib.Path(folder, "inputs.npy"), pathlib.Path(folder, "outputs.npy")
        numpy.save(inputs, images)
        command = [workloads.WEFT, "run", str(model), "--engine", engine, "--inputs", str(inputs), "--outputs", str(outputs), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return numpy.load(outputs)


def run_onnxruntime(model, images, optimised):
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.concatenate([session.run(None, {name: image[None]})[0] for image in images])


def compare(ours, theirs, labels):
    ours, theirs = ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1)
    difference = numpy.abs(ours.astype(numpy.float64) - theirs)
    result = {"elements": ours.size, "equal_elements": int((difference == 0).sum()), "close_elements": int((difference <= 1e-6).sum()),
              "max_difference": float(difference.max())}
    if labels is not None:
        result["agree_top1"] = float((ours.argmax(1) == theirs.argmax(1)).mean())
        known = labels >= 0
        result["top1"] = float((ours.argmax(1) == labels)[known].mean())
        result["top1_against"] = float((theirs.argmax(1) == labels)[known].mean())
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(workloads.QUANTISED), help="names of models, without .onnx")
    parser.add_argument("--engine", default="integer")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = {}
    for name in arguments.models:
        if name not in workloads.QUANTISED:
            parser.error(f"unknown model {name}; known: {', '.join(workloads.QUANTISED)}")
        images, labels = workloads.QUANTISED[name]()
        model = workloads.quantised_model(name)
        ours = run_weft(model, images, arguments.engine)
        for optimised in (True, False):
            against = f"ONNX Runtime {onnxruntime.__version__}, {'optimised' if optimised else 'unoptimised'}"
            figures = compare(ours, run_onnxruntime(model, images, optimised), labels)
            report.setdefault(name, {})[against] = figures
            if arguments.json:
                continue
            text = f"{name}: {len(images)} samples against {against}: "
            text += f"{100 * figures['equal_elements'] / figures['elements']:.2f} % of elements equal, "
            text += f"{100 * figures['close_elements'] / figures['elements']:.2f} % to 1e-6, largest difference {figures['max_difference']:.4g}"
            if labels is not None:
                text += f", top-1 equal on {100 * figures['agree_top1']:.2f} %, accuracy {100 * figures['top1']:.2f} % and {100 * figures['top1_against']:.2f} %"
            print(text, flush=True)
    if arguments.json:
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
