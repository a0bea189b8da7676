#!/usr/bin/env python3
# agreement.py
# The integer contract beside ONNX Runtime, with and without its graph optimisations, on real data.
# SPDX-License-Identifier: Apache-2.0
"""For each quantized model: share of equal output elements, largest difference, top-1 agreement, and each side's accuracy.

Behind a Softmax, which both sides compute in float, elements that differ by its rounding alone count as equal to 1e-6.
"""

import argparse
import json
import sys

import onnxruntime

import comparison
import workloads


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(workloads.QUANTIZED), help="names of models, without .onnx")
    parser.add_argument("--engine", default="integer")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = {}
    for name in arguments.models:
        if name not in workloads.QUANTIZED:
            parser.error(f"unknown model {name}; known: {', '.join(workloads.QUANTIZED)}")
        images, labels = workloads.QUANTIZED[name]()
        model = workloads.quantized_model(name)
        try:
            ours = comparison.run_weft(model, images, arguments.engine)
        except comparison.Refused as refusal:
            sys.exit(f"{name}: {refusal}")
        for optimised in (True, False):
            against = f"ONNX Runtime {onnxruntime.__version__}, {'optimised' if optimised else 'unoptimised'}"
            figures = comparison.compare(ours, comparison.run_onnxruntime(model, images, optimised), labels)
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
