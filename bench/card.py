#!/usr/bin/env python3
# card.py
# Networks on the emulated card: fed by their host programs through stock XRT, equal to the contract, beside the rate of their intervals.
# SPDX-License-Identifier: Apache-2.0
"""Per network, board and number of compute units: cycles from the first start to the last done, the share of the rate that the interval
allows, elements equal to the integer contract, top-1. Exits with 1 where an element differs."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import workloads

CASES = [
    ("fashion", "alveo-u200", 1, 2000),
    ("fashion", "alveo-u200", 2, 2000),
    ("fashion", "alveo-u200", 4, 2000),
    ("resnet8_int8_qdq", "alveo-u200", 1, 100),
    ("resnet8_int8_qdq", "kv260", 1, 100),
]


def weft(*arguments):
    result = subprocess.run([workloads.WEFT, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if not result.stdout.strip():
        sys.exit(f"weft {' '.join(map(str, arguments))}\n{result.stderr}")
    return json.loads(result.stdout)


def measure(name, board, units, count, folder):
    load = workloads.fashion if name == "fashion" else workloads.QUANTIZED[name]
    images, labels = load()
    samples, classes, project = folder / "samples.npy", folder / "labels.npy", folder / f"{name}-{board}-{units}"
    numpy.save(samples, images[:count])
    numpy.save(classes, labels[:count].astype(numpy.int64))
    options = ["--board", board, "--compute-units", units, "-o", project]
    if name == "fashion":
        calibration = folder / "calibration.npy"
        numpy.save(calibration, images[:500])
        compiled = weft("compile", workloads.fashion_model(), "--calibrate", calibration, *options)
    else:
        compiled = weft("compile", workloads.quantized_model(name), *options)
    run = weft("run", project, "--engine", "xrt", "--against", "integer", "--inputs", samples, "--labels", classes)
    bound = count / units * compiled["interval_cycles"]
    return [name, board, units, count, run["cycles"], f"{100 * bound / run['cycles']:.1f} %", f"{run['equal_elements']} of {run['elements']}",
            f"{100 * run['top1']:.2f} %"], run["equal_elements"] == run["elements"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {sorted({case[0] for case in CASES})}; default: all")
    chosen = parser.parse_args().networks
    rows, exact = [["network", "board", "units", "images", "cycles", "of the rate", "equal", "top-1"]], True
    with tempfile.TemporaryDirectory() as folder:
        for name, board, units, count in CASES:
            if chosen and name not in chosen:
                continue
            row, equal = measure(name, board, units, count, pathlib.Path(folder))
            rows.append(row)
            exact = exact and equal
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).rjust(width) if i > 1 else str(cell).ljust(width) for i, (cell, width) in enumerate(zip(row, widths))))
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
