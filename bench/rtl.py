#!/usr/bin/env python3
# rtl.py
# The RTL kernels of the example network and of the four quantised files: exact, on schedule, and what they cost.
# SPDX-License-Identifier: Apache-2.0
"""Per network: interval beside its bound, latency, MAC DSPs, lanes that requantise with one DSP, RTL = integer contract with and without
stalls, handshakes in their scheduled cycle, speed of simulation; with --synthesize also Yosys' counts beside the prediction. Exits with 1
where an output or a cycle differs."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import workloads

NETWORKS = {
    "fashion": (workloads.fashion, []),
    **{f"fashion-{n}": (workloads.fashion, ["--folding", str(workloads.ROOT / f"examples/fashion-mnist/pixels-{n}.json")]) for n in (1, 2, 4)},
    **{name: (load, []) for name, load in workloads.QUANTISED.items()},
}


def weft(*arguments):
    result = subprocess.run([workloads.WEFT, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if not result.stdout.strip():
        sys.exit(f"weft {' '.join(map(str, arguments))}\n{result.stderr}")
    return json.loads(result.stdout)


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))


def measure(name, folder, images, synthesize):
    load, options = NETWORKS[name]
    samples, _ = load()
    inputs = folder / "inputs.npy"
    numpy.save(inputs, samples[:images])
    project = folder / name
    if name.startswith("fashion"):
        calibration = folder / "calibration.npy"
        numpy.save(calibration, samples[:500])
        compiled = weft("compile", workloads.fashion_model(), "--calibrate", calibration, *options, "-o", project)
    else:
        compiled = weft("compile", workloads.quantised_model(name), *options, "-o", project)
    schedule = weft("schedule", project)
    runs = [weft("run", project, "--inputs", inputs, "--engine", "rtl", "--against", "integer", *stalls) for stalls in ([], ["--stalls", 5])]
    shell = weft("run", project, "--inputs", inputs, "--engine", "rtl", "--against", "integer", "--shell")
    exact = shell["equal_elements"] == shell["elements"] and all(run["equal_elements"] == run["elements"] and run["equal_handshakes"] == run["handshakes"] for run in runs)
    row = [
        name,
        schedule["interval_cycles"],
        schedule["interval_bound_cycles"],
        schedule["latency_cycles"],
        f"{compiled['mac_dsp']:.0f}",
        f"{compiled['one_dsp_lanes']:.0f}/{compiled['requantize_lanes']:.0f}",
        f"{runs[0]['latency_cycles']}/{runs[0]['interval_cycles']}",
        f"{sum(run['equal_elements'] for run in runs)}/{sum(run['elements'] for run in runs)}",
        f"{sum(run['equal_handshakes'] for run in runs)}/{sum(run['handshakes'] for run in runs)}",
        f"{schedule['latency_cycles'] / schedule['assumed_clock_mhz']:.2f}",
        shell["shell"]["one_image_cycles"],
        f"{runs[0]['cycles'] / runs[0]['simulation_seconds'] / 1000:.0f}",
    ]
    counts = None
    if synthesize:
        figures = weft("synthesize", project)
        counts = [name, *(f"{figures['totals'][key]:.0f}/{figures['predicted'][key]:.0f}" for key in ("dsp", "lut", "ff", "bram36"))]
        counts += [max(unit[key] for unit in figures["units"]) for key in ("lut_levels", "carry_bits", "fanout")]
    return exact, row, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"default: all of {', '.join(NETWORKS)}")
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--synthesize", action="store_true", help="count resources with Yosys (minutes a network)")
    arguments = parser.parse_args()
    for name in arguments.networks:
        if name not in NETWORKS:
            parser.error(f"no network '{name}'; there are {', '.join(NETWORKS)}")
    rows = [["network", "interval", "bound", "latency", "MAC DSPs", "one-DSP lanes", "measured l/i", "equal elements", "handshakes on time", "us (assumed clock)", "start to done, modelled memory", "kcycles/s"]]
    counts = [["network", "DSP/predicted", "LUT/predicted", "FF/predicted", "BRAM36/predicted", "LUT levels", "carry bits", "fan-out"]]
    exact = True
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks or NETWORKS:
            good, row, count = measure(name, pathlib.Path(folder), arguments.images, arguments.synthesize)
            exact &= good
            rows.append(row)
            if count:
                counts.append(count)
            print(f"{name}: {'exact' if good else 'DIFFERENT'}", file=sys.stderr)
    table(rows)
    if arguments.synthesize:
        print()
        table(counts)
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main()
