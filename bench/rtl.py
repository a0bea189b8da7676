#!/usr/bin/env python3
# rtl.py
# The RTL kernels of the example network and of the four quantized files: exact, on schedule, and what they cost.
# SPDX-License-Identifier: Apache-2.0
"""Per network: interval beside its bound, latency, MAC DSPs, lanes that requantize with one DSP, RTL = integer contract with and without
stalls, handshakes in their scheduled cycle, speed of simulation; with --synthesize also Yosys' counts (copies of marked control nets among
them) beside the prediction, with --flat those of the core as one netlist. Exits with 1 where an output or a cycle differs, the interval is
more than 1 % above its bound, a prediction more than 3 % off, or a flat netlist breaks a bar of the clock."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import workloads

# Bars of a flat netlist: the rank of a path (docs/units.md), loads of a control net that is not marked with max_fanout.
MOST_RANK, MOST_LOADS = 320, 256
FARTHEST_PREDICTION = 0.03
SLOWEST_INTERVAL = 1.01

NETWORKS = {
    "fashion": (workloads.fashion, []),
    **{f"fashion-{n}": (workloads.fashion, ["--folding", str(workloads.ROOT / f"examples/fashion-mnist/pixels-{n}.json")]) for n in (1, 2, 4)},
    **{name: (load, []) for name, load in workloads.QUANTIZED.items()},
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


def compile_network(name, folder):
    """The project of a network, and what the compiler says of it."""
    load, options = NETWORKS[name]
    project = folder / name
    if not name.startswith("fashion"):
        return project, weft("compile", workloads.quantized_model(name), *options, "-o", project)
    calibration = folder / "calibration.npy"
    numpy.save(calibration, load()[0][:500])
    return project, weft("compile", workloads.fashion_model(), "--calibrate", calibration, *options, "-o", project)


def measure(name, folder, images, synthesize, flat):
    inputs = folder / "inputs.npy"
    numpy.save(inputs, NETWORKS[name][0]()[0][:images])
    project, compiled = compile_network(name, folder)
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
    good = exact and schedule["interval_cycles"] <= SLOWEST_INTERVAL * schedule["interval_bound_cycles"]
    counts = None
    if synthesize:
        figures = weft("synthesize", project, *(["--flat"] if flat else []))
        totals, predicted = figures["totals"], figures["predicted"]
        counts = [name, *(f"{totals[key]:.0f}/{predicted[key]:.0f}" for key in ("dsp", "lut", "ff", "bram36"))]
        counts += [max(unit[key] for unit in figures["units"]) for key in ("lut_levels", "carry_bits", "rank", "fanout")]
        good &= all(abs(predicted[key] - totals[key]) <= FARTHEST_PREDICTION * totals[key] for key in ("lut", "ff"))
        if flat:
            counts += [f"{figures['flat'][key]:.0f}" for key in ("lut", "ff", "rank", "fanout")]
            counts += [figures["flat"]["fanout_net"]]
            good &= figures["flat"]["rank"] <= MOST_RANK and figures["flat"]["fanout"] <= MOST_LOADS
    return good, row, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"default: all of {', '.join(NETWORKS)}")
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--synthesize", action="store_true", help="count resources with Yosys (minutes a network)")
    parser.add_argument("--flat", action="store_true", help="with --synthesize: the core as one netlist too (minutes more; kept between runs)")
    arguments = parser.parse_args()
    if arguments.flat and not arguments.synthesize:
        parser.error("--flat counts what --synthesize maps: give both")
    for name in arguments.networks:
        if name not in NETWORKS:
            parser.error(f"no network '{name}'; there are {', '.join(NETWORKS)}")
    rows = [["network", "interval", "bound", "latency", "MAC DSPs", "one-DSP lanes", "measured l/i", "equal elements", "handshakes on time", "us (assumed clock)", "start to done, modelled memory", "kcycles/s"]]
    counts = [["network", "DSP/predicted", "LUT/predicted", "FF/predicted", "BRAM36/predicted", "LUT levels", "carry bits", "rank", "fan-out"]]
    if arguments.flat:
        counts[0] += ["flat LUT", "flat FF", "flat rank", "flat fan-out", "of"]
    exact = True
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks or NETWORKS:
            good, row, count = measure(name, pathlib.Path(folder), arguments.images, arguments.synthesize, arguments.flat)
            exact &= good
            rows.append(row)
            if count:
                counts.append(count)
            print(f"{name}: {'good' if good else 'NOT GOOD'}", file=sys.stderr)
    table(rows)
    if arguments.synthesize:
        print()
        table(counts)
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main()
