#!/usr/bin/env python3
# exporters.py
# Plain networks made on the spot, written by today's exporters, compiled, and compared with the file as ONNX Runtime or qonnx runs it.
# SPDX-License-Identifier: Apache-2.0
"""For each network and exporter: whether the file compiles, after calibration or not (or the first line of the refusal); whether the contract is its oracle
(the self-check of compile), and out/model.onnx under ONNX Runtime or, where its floats turn a rounding tie, under onnx's reference implementation in
double; its signal-to-noise ratio beside the file as given, in dB, how often both name the same class, and how often each is right. Where a file that
needs calibration falls below 20 dB, the best ratio that ONNX Runtime's quantize_static reaches with the same calibration stands beside it.

Wrong is a file whose contract differs from its oracle or from out/model.onnx, or is further from the file than rounding explains. Exits with 1 where
a file does not compile or is wrong.
"""

import argparse
import collections
import importlib
import importlib.metadata
import json
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "exporters-requirements.txt"
# Of each group of exporters: the module that writes its files.
GROUPS = {
    "pytorch": "exporters_pytorch",
    "keras": "exporters_keras",
    "onnxruntime": "exporters_onnxruntime",
    "brevitas": "exporters_brevitas",
}


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


def share(figures):
    whole = figures["near_elements"] == figures["elements"]
    return "all" if whole else f"{100 * figures['near_elements'] / figures['elements']:.1f} %"


def row(figures):
    """A line of the table."""
    cells = [figures["network"], figures["exporter"]]
    if figures["state"] in ("refused", "not exported", "not run"):
        return cells + [f"{figures['state']}: {figures['message'].splitlines()[0]}"]
    check, rewritten, given = figures["check"], figures["rewritten"], figures["given"]
    cells.append("WRONG" if figures["state"] == "wrong" else "yes, calibrated" if figures["calibrated"] else "yes")
    cells.append("all" if check["equal_elements"] == check["elements"] else f"{check['equal_elements']}/{check['elements']} ({check['ties']} ties)")
    cells += [share(rewritten), share(rewritten["in_double"]) if "in_double" in rewritten else "-"]
    cells += [f"{given['sqnr_db']:.1f}", f"{figures['quantize_static']['sqnr_db']:.1f}" if "quantize_static" in figures else "-"]
    if "agree_top1" in given:
        cells += [f"{100 * given[key]:.0f} %" for key in ("agree_top1", "top1", "top1_against")]
    else:
        cells += ["-"] * 3
    return cells + [f"{figures['seconds']:.1f}"]


HEADER = ["network", "exporter", "compiled", "oracle", "ORT", "double", "dB", "ORT dB", "same class", "right", "file right", "s"]
WIDTHS = [26, 36, 15, 8, 8, 8, 7, 7, 10, 7, 10, 6]


def show(cells):
    print("  ".join(str(cell).ljust(width) if i < 3 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(cells, WIDTHS))).rstrip(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="\n".join(__doc__.splitlines()[2:]))
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--networks", metavar="PATTERN", default="", help="only networks whose name the regular expression finds")
    parser.add_argument("--exporters", metavar="PATTERN", default="", help="only exporters whose name the regular expression finds")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="keep the files that are refused or wrong, with their calibration data")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write all figures, after each file")
    parser.add_argument("--resume", action="store_true", help="go on where the run that wrote --json ended: show its files and measure only the others")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    if missing := missing_packages():
        print(f"skipped: missing are {', '.join(missing)}", file=sys.stderr)
        print(f"help: a Python environment of their own: python3 -m venv DIR && DIR/bin/pip install -r {REQUIREMENTS.relative_to(HERE.parent)} && DIR/bin/python bench/exporters.py", file=sys.stderr)
        return 0

    if arguments.resume and not arguments.json:
        parser.error("--resume needs --json")
    results = json.loads(arguments.json.read_text()) if arguments.resume and arguments.json.exists() else []
    known = {(figures["network"], figures["exporter"]) for figures in results}

    def wanted(network, exporter):
        return bool(re.search(arguments.networks, network) and re.search(arguments.exporters, exporter)) and (network, exporter) not in known

    measuring = importlib.import_module("exporters_measuring")  # it needs the packages
    show(HEADER)
    for figures in results:
        show(row(figures))
    for group in arguments.groups or GROUPS:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for entry in importlib.import_module(GROUPS[group]).files(folder, wanted):
                figures = measuring.measure(entry, folder)
                results.append(figures)
                show(row(figures))
                if arguments.json:
                    arguments.json.write_text(json.dumps(results, indent=2) + "\n")
                if arguments.keep and figures["state"] in ("refused", "not run", "wrong"):
                    measuring.keep(entry, figures, arguments.keep)
    states = collections.Counter(figures["state"] for figures in results)
    networks = len({figures["network"] for figures in results})
    print(f"\n{networks} networks, {len(results)} files: {', '.join(f'{count} {state}' for state, count in states.items())}")
    return 1 if states["refused"] + states["not run"] + states["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
