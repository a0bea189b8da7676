#!/usr/bin/env python3
# fit_cost.py
# Fits the coefficients of the units' cost tables (units/*/cost.toml) to Yosys' counts, and says how far off they are where they were not fitted.
# SPDX-License-Identifier: Apache-2.0
"""From what unit_counts prints: points of single units, projects (directories of compiled designs), or both. Cost tables are in the program; recompile to
use new ones. From the project's root, with weft built and numpy in the environment:

    ninja -C build unit_counts
    build/unit_counts --cases --random 20 PROJECT... > points.jsonl
    bench/fit_cost.py points.jsonl

Coefficients are fitted to all points. What a table says of its error is of points that had no part in the fit: single points are left out in five turns, and
designs one at a time, variants of one network (folders whose names differ in a number behind a dash) together. Coefficients are never negative and make
relative errors small; [expected] holds what the structure of the RTL tells: which features have a part in LUT or in FF at all, and about how much, which
decides where few points do. Features are C++ beside the unit's RTL face; expectations are written by hand; the sections [lut], [ff] and [fit] of each table are
written anew."""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import tomllib
import zlib

import numpy

DRAW = 0.8  # weight of an expectation beside a point
TURNS = 5
RESOURCES = ("lut", "ff")
UNITS = pathlib.Path(__file__).resolve().parent.parent / "units"


def fit(rows, counts, expected):
    """Non-negative least squares of relative errors, drawn towards the expected coefficients, which stay where no point tells. Columns of which nothing is
    expected have no part; those whose coefficient comes out negative are left out, the worst first."""
    weights = 1 / (counts + 30) ** 0.7  # between relative errors and those that sums of many units feel
    scaled = rows * weights[:, None]
    pull = DRAW * (scaled.max(axis=0, initial=0.0) + 1e-6)
    columns = [int(column) for column in numpy.flatnonzero(expected)]
    while columns:
        system = numpy.vstack([scaled[:, columns], numpy.diag(pull[columns])])
        goal = numpy.concatenate([counts * weights, pull[columns] * expected[columns]])
        solution = numpy.linalg.lstsq(system, goal, rcond=1e-12)[0]
        worst = int(numpy.argmin(solution * pull[columns]))
        if solution[worst] >= 0:
            break
        del columns[worst]
    coefficients = numpy.zeros(rows.shape[1])
    coefficients[columns] = solution if columns else []
    return coefficients


def error(predicted, counts):
    """Mean size of the error, in percent of the mean count."""
    return round(100 * float(numpy.abs(predicted - counts).sum()) / max(1.0, float(numpy.sum(counts))), 1)


def is_single(point):
    return point["source"] in ("cases", "random")


def group(point):
    """What is left out of a fit together."""
    if is_single(point):
        return zlib.crc32(f"{point['source']} {point['number']}".encode()) % TURNS
    return re.sub(r"-\d+$", "", pathlib.Path(point["source"]).name)


def load(paths):
    return [json.loads(line) for path in paths for line in pathlib.Path(path).read_text().splitlines()]


class Unit:
    """A cost table and the points that it is fitted to."""

    def __init__(self, path, points):
        self.path, self.name, self.points = path, path.parent.name, points
        self.features = list(points[0]["features"])
        for point in points:
            if list(point["features"]) != self.features:
                raise SystemExit(f"{self.name}: points of different features; count all with one build")
        self.rows = numpy.array([list(point["features"].values()) for point in points], dtype=float)
        self.groups = [group(point) for point in points]
        self.single = numpy.array([is_single(point) for point in points])
        table = tomllib.loads(path.read_text()).get("expected", {})
        for resource in RESOURCES:
            if unknown := table.get(resource, {}).keys() - set(self.features):
                raise SystemExit(f"{path}: [expected.{resource}] names {', '.join(sorted(unknown))}, which is no feature")
        self.expected = {r: numpy.array([table.get(r, {}).get(name, 0.0) for name in self.features]) for r in RESOURCES}
        self.counts = {r: numpy.array([point[r] for point in points], dtype=float) for r in RESOURCES}

    def fitted(self, resource):
        return fit(self.rows, self.counts[resource], self.expected[resource])

    def left_out(self, resource):
        """What fits without a point's group predict of it."""
        predicted = numpy.zeros(len(self.points))
        for name in set(self.groups):
            there = numpy.array([g == name for g in self.groups])
            predicted[there] = self.rows[there] @ fit(self.rows[~there], self.counts[resource][~there], self.expected[resource])
        return predicted

    def errors(self, resource, predicted):
        """Of single points and of units in designs, where there are any."""
        counts = self.counts[resource]
        kinds = (("points", self.single), ("designs", ~self.single))
        return {f"{kind}_{resource}_error_percent": error(predicted[there], counts[there]) for kind, there in kinds if there.any()}

    def text(self, coefficients, report):
        text = re.split(r"^\[(?:lut|ff|fit)\]", self.path.read_text(), maxsplit=1, flags=re.MULTILINE)[0].rstrip() + "\n"
        for resource in RESOURCES:
            values = zip(self.features, coefficients[resource])
            text += f"\n[{resource}]\n" + "".join(f"{name} = {float(f'{value:.4g}') if value > 1e-6 else 0.0}\n" for name, value in values)
        return text + "\n[fit]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in report.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("points", nargs="+", help="lines of unit_counts")
    parser.add_argument("--dry", action="store_true", help="change no file")
    parser.add_argument("--verbose", action="store_true", help="every point")
    arguments = parser.parse_args()
    version = subprocess.run(["yosys", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    points = load(arguments.points)
    sums = {}
    for path in sorted(UNITS.glob("*/cost.toml")):
        mine = [point for point in points if point["unit"] == path.parent.name]
        if not mine:
            print(f"{path.parent.name}: no points, its table stays")
            continue
        unit = Unit(path, mine)
        report = {"date": datetime.date.today().isoformat(), "tool": f"{version}, family xcup"}
        report |= {"points": int(unit.single.sum()), "in_designs": int((~unit.single).sum())}
        coefficients = {resource: unit.fitted(resource) for resource in RESOURCES}
        within = {}
        for resource in RESOURCES:
            predicted = unit.left_out(resource)
            report |= unit.errors(resource, predicted)
            within |= unit.errors(resource, unit.rows @ coefficients[resource])
            for point, value in zip(mine, predicted):
                if not is_single(point):
                    entry = sums.setdefault(point["source"], {}).setdefault(resource, [0.0, 0.0])
                    entry[0] += value
                    entry[1] += point[resource]
                if arguments.verbose:
                    print(f"{unit.name} {resource} {point['source']} {point['number']}: {value:.0f} of {point[resource]}")
        for point in mine:
            if point["predicted_bram36"] != point["bram36"]:
                print(f"{unit.name}: BRAM36 {point['predicted_bram36']} of {point['bram36']} in {point['source']} {point['number']}")
        print(unit.name, *(f"{key.removesuffix('_error_percent')} {value} % (fitted {within[key]} %)" for key, value in report.items() if key in within))
        if not arguments.dry:
            path.write_text(unit.text(coefficients, report))
    for source, counts in sums.items():
        print(source, {resource: f"{100 * (p - c) / max(1, c):+.1f} % of {c:.0f}" for resource, (p, c) in counts.items()})


if __name__ == "__main__":
    main()
