#!/usr/bin/env python3
# exporters.py
# Plain networks made on the spot, written by today's exporters, compiled, and compared with the file as ONNX Runtime or qonnx runs it.
# SPDX-License-Identifier: Apache-2.0
"""For each network and exporter: whether the file compiles (or the first line of the refusal); whether the contract is its oracle (the self-check of
compile) and out/model.onnx under ONNX Runtime; its signal-to-noise ratio beside the file as given, in dB, and how often both name the same class.

Wrong is a file whose self-check fails or whose contract is further from out/model.onnx, or from the file, than rounding explains. Exits with 1 where
a file does not compile or is wrong.
"""

import argparse
import collections
import importlib
import importlib.metadata
import json
import pathlib
import re
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "exporters-requirements.txt"
# Of each group of exporters: the module that writes its files.
GROUPS = {
    "pytorch": "exporters_pytorch",
    "keras": "exporters_keras",
    "onnxruntime": "exporters_onnxruntime",
    "brevitas": "exporters_brevitas",
}
# The contract beside out/model.onnx, and beside a quantised file as given: ONNX Runtime sums in float, so that a value beside a rounding tie
# may go the other way, and what follows it.
NEAR_DB = 40
# Beside a float file, at 8 bits: what rounding costs these small networks.
FLOAT_DB = 20


def missing_packages():
    """The pinned packages that are not here, or are of another version: 'name==version (here: ...)'."""
    missing = []
    for line in REQUIREMENTS.read_text().splitlines():
        if match := re.fullmatch(r"([\w.-]+)==([\w.]+)", line.strip()):
            try:
                version = importlib.metadata.version(match[1])
            except importlib.metadata.PackageNotFoundError:
                version = "none"
            if version.split("+")[0] != match[2]:
                missing.append(f"{match[0]} (here: {version})")
    return missing


def measure(entry, folder):
    """The figures of one file."""
    import comparison  # its packages are among those that may be missing
    import numpy

    figures = {"network": entry.network, "exporter": entry.exporter, "quantised": entry.quantised, "bits": entry.bits}
    if entry.error:
        return figures | {"state": "not exported", "message": entry.error}
    project, calibration = folder / "project", folder / "calibration.npy"
    numpy.save(calibration, entry.calibration)
    start = time.perf_counter()
    try:
        options = [] if entry.quantised else ["--calibrate", calibration]
        compiled = comparison.weft("compile", entry.file, *options, "-o", project)
        figures["seconds"] = time.perf_counter() - start
        ours = comparison.run_weft(project, entry.samples, "integer")
    except comparison.Refused as refusal:
        return figures | {"state": "refused", "message": str(refusal)}
    check = compiled["check"]
    figures["check"] = {key: check[key] for key in ("elements", "equal_elements", "ties")}
    figures["rewritten"] = comparison.compare(ours, comparison.run_onnxruntime(project / "model.onnx", entry.samples, False))
    figures["given"] = comparison.compare(ours, comparison.run_as_given(entry.file, entry.samples), entry.labels)
    shutil.rmtree(project)
    exact = check["equal_elements"] == check["elements"] - check["ties"]
    near = figures["rewritten"]["sqnr_db"] >= NEAR_DB and figures["given"]["sqnr_db"] >= (NEAR_DB if entry.quantised else FLOAT_DB)
    return figures | {"state": "good" if exact and near else "wrong"}


def row(figures):
    """A line of the table."""
    cells = [figures["network"], figures["exporter"]]
    if figures["state"] in ("refused", "not exported"):
        return cells + [f"{figures['state']}: {figures['message'].splitlines()[0]}"]
    check, rewritten, given = figures["check"], figures["rewritten"], figures["given"]
    cells.append("yes" if figures["state"] == "good" else "WRONG")
    cells.append("all" if check["equal_elements"] == check["elements"] else f"{check['equal_elements']}/{check['elements']} ({check['ties']} ties)")
    cells.append("all" if rewritten["near_elements"] == rewritten["elements"] else f"{100 * rewritten['near_elements'] / rewritten['elements']:.1f} %")
    cells.append(f"{given['sqnr_db']:.1f}")
    if "agree_top1" in given:
        cells += [f"{100 * given[key]:.0f} %" for key in ("agree_top1", "top1", "top1_against")]
    else:
        cells += ["-"] * 3
    return cells + [f"{figures['seconds']:.1f}"]


HEADER = ["network", "exporter", "compiled", "oracle", "ORT", "dB", "same class", "right", "file right", "s"]
WIDTHS = [26, 36, 8, 8, 8, 7, 10, 7, 10, 6]


def show(cells):
    print("  ".join(str(cell).ljust(width) if i < 3 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(cells, WIDTHS))).rstrip(), flush=True)


def keep(entry, figures, folder):
    """The file of a network that failed, its calibration data beside it and what was said."""
    import numpy

    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"\W+", "_", f"{entry.network}_{entry.exporter}").strip("_")
    for file in entry.file.parent.glob(entry.file.name + "*"):
        shutil.copy(file, folder / (stem + file.name.removeprefix(entry.file.stem) if file == entry.file else file.name))
    numpy.save(folder / f"{stem}_calibration.npy", entry.calibration)
    (folder / f"{stem}.json").write_text(json.dumps(figures, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="\n".join(__doc__.splitlines()[2:]))
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--networks", metavar="PATTERN", default="", help="only networks whose name the regular expression finds")
    parser.add_argument("--exporters", metavar="PATTERN", default="", help="only exporters whose name the regular expression finds")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="keep the files that are refused or wrong, with their calibration data")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write all figures")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    if missing := missing_packages():
        print(f"skipped: missing are {', '.join(missing)}", file=sys.stderr)
        print(f"help: a Python environment of their own: python3 -m venv DIR && DIR/bin/pip install -r {REQUIREMENTS.relative_to(HERE.parent)} && DIR/bin/python bench/exporters.py", file=sys.stderr)
        return 0

    def wanted(network, exporter):
        return bool(re.search(arguments.networks, network) and re.search(arguments.exporters, exporter))

    results = []
    show(HEADER)
    for group in arguments.groups or GROUPS:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for entry in importlib.import_module(GROUPS[group]).files(folder, wanted):
                figures = measure(entry, folder)
                results.append(figures)
                show(row(figures))
                if arguments.keep and figures["state"] in ("refused", "wrong"):
                    keep(entry, figures, arguments.keep)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    states = collections.Counter(figures["state"] for figures in results)
    networks = len({figures["network"] for figures in results})
    print(f"\n{networks} networks, {len(results)} files: {', '.join(f'{count} {state}' for state, count in states.items())}")
    return 1 if states["refused"] + states["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
