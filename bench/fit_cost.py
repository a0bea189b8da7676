#!/usr/bin/env python3
# fit_cost.py
# Fits the coefficients of the units' cost tables (units/*/cost.toml) to Yosys' counts, and says how far off they are elsewhere.
# SPDX-License-Identifier: Apache-2.0
"""Takes lines of build/unit_counts, which maps units with Yosys:

    ninja -C build unit_counts
    build/unit_counts --cases PROJECT... > points.jsonl
    build/unit_counts --random 20 OTHER_PROJECT... > outside.jsonl
    bench/fit_cost.py points.jsonl --outside outside.jsonl

Coefficients are never negative and make relative errors small; [expected] holds what the structure of the RTL tells of them, which decides where few
points do. Features and expectations are written by hand; the sections [lut], [ff] and [fit] of each table are written anew."""

import argparse
import datetime
import json
import math
import pathlib
import re
import subprocess
import tomllib

import numpy

DRAW = 0.3  # weight of an expectation beside a point
UNITS = pathlib.Path(__file__).resolve().parent.parent / "units"


def lutram(width, depth):
    return 8 * math.ceil(width / 14) if depth <= 32 else 8 * math.ceil(width / 7) * math.ceil(depth / 64)


def bram18(width, depth):
    counts = []
    for bits, words in ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)):
        columns, rows = math.ceil(width / bits), math.ceil(depth / words)
        counts += [columns * rows, 2 * math.ceil(columns / 2) * rows]
    return min(counts)


class Names(dict):
    """What src/cost/expression.h tells of names: those with a small letter are 0 where they are not known."""

    FUNCTIONS = {
        "min": min,
        "max": max,
        "ceildiv": lambda a, b: math.ceil(a / b),
        "gcd": lambda a, b: math.gcd(round(a), round(b)),
        "clog2": lambda a: 0 if a <= 1 else math.ceil(math.log2(a)),
        "pow2": lambda a: 2**a,
        "where": lambda c, a, b: a if c else b,
        "lutram": lutram,
        "bram18": bram18,
    }

    def __missing__(self, name):
        if name in self.FUNCTIONS:
            return self.FUNCTIONS[name]
        if name[0].islower():
            return 0
        raise KeyError(name)


class Table:
    def __init__(self, unit):
        self.path = UNITS / unit / "cost.toml"
        own = tomllib.loads(self.path.read_text())
        self.terms = own.get("terms", {})
        self.features = dict(own.get("features", {}))
        self.bram36 = own.get("bram36", "0")
        self.expected = {resource: own.get("expected", {}).get(resource, {}) for resource in ("lut", "ff")}

    def variables(self, point):
        names = Names(point["variables"])
        names |= {"__builtins__": {}}
        open_terms = dict(self.terms)
        while open_terms:
            done = []
            for name, text in open_terms.items():
                try:
                    names[name] = eval(text, names)
                    done.append(name)
                except (KeyError, NameError):
                    pass
            if not done:
                raise SystemExit(f"{self.path}: cannot evaluate {', '.join(open_terms)}")
            for name in done:
                del open_terms[name]
        return names

    def row(self, point):
        names = self.variables(point)
        return [float(eval(text, names)) for text in self.features.values()]

    def predicted_bram(self, point):
        return float(eval(self.bram36, self.variables(point)))


def fit(rows, counts, expected):
    """Non-negative least squares of relative errors, drawn a little towards the expected coefficients, which stay where no point tells.
    Columns whose coefficient comes out negative are left out, the worst first."""
    weights = 1 / (counts + 30) ** 0.7  # between relative errors and those that sums of many units feel
    scaled = rows * weights[:, None]
    pull = DRAW * (scaled.max(axis=0, initial=0.0) + 1e-6)
    columns = list(range(rows.shape[1]))
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
    return 100 * float(numpy.abs(predicted - counts).sum()) / max(1.0, float(numpy.sum(counts)))


def load(paths):
    points = [json.loads(line) for path in paths for line in pathlib.Path(path).read_text().splitlines()]
    unique = {json.dumps([point["unit"], point["variables"], point["lut"], point["ff"]], sort_keys=True): point for point in points}
    return list(unique.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("points", nargs="+", help="lines of unit_counts to fit")
    parser.add_argument("--outside", nargs="*", default=[], help="lines of unit_counts that are only judged")
    parser.add_argument("--dry", action="store_true", help="change no file")
    parser.add_argument("--verbose", action="store_true", help="every point")
    arguments = parser.parse_args()
    version = subprocess.run(["yosys", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    fitted, outside = load(arguments.points), load(arguments.outside)
    totals = {}
    for path in sorted(UNITS.glob("*/cost.toml")):
        unit = path.parent.name
        mine = [p for p in fitted if p["unit"] == unit]
        others = [p for p in outside if p["unit"] == unit]
        table = Table(unit)
        rows = numpy.array([table.row(p) for p in mine]).reshape(len(mine), len(table.features))
        text = re.split(r"^\[(?:lut|ff|fit)\]", path.read_text(), maxsplit=1, flags=re.MULTILINE)[0].rstrip() + "\n"
        report = {"date": datetime.date.today().isoformat(), "tool": f"{version}, family xcup", "points": len(mine), "outside_points": len(others)}
        for resource in ("lut", "ff"):
            counts = numpy.array([p[resource] for p in mine], dtype=float)
            expected = numpy.array([table.expected[resource].get(name, 0.0) for name in table.features])
            coefficients = fit(rows, counts, expected)
            text += f"\n[{resource}]\n" + "".join(
                f"{name} = {value:.4g}\n" if value != int(value) else f"{name} = {value:.1f}\n"
                for name, value in zip(table.features, coefficients)
                if value > 1e-6
            )
            predicted = rows @ coefficients
            report[f"{resource}_error_percent"] = round(error(predicted, counts), 1)
            if others:
                other_counts = numpy.array([p[resource] for p in others], dtype=float)
                other_predicted = numpy.array([table.row(p) for p in others]) @ coefficients
                report[f"outside_{resource}_error_percent"] = round(error(other_predicted, other_counts), 1)
            for points, values in ((mine, predicted), (others, other_predicted if others else [])):
                for p, value in zip(points, values):
                    entry = totals.setdefault(p["source"], {}).setdefault(resource, [0.0, 0.0])
                    entry[0] += value
                    entry[1] += p[resource]
                    if arguments.verbose:
                        print(f"{unit} {resource} {p['source']}: {value:.0f} of {p[resource]}")
        for p in mine + others:
            if table.predicted_bram(p) != p["bram36"]:
                print(f"{unit}: BRAM36 {table.predicted_bram(p)} of {p['bram36']} in {p['source']}")
        text += "\n[fit]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in report.items())
        print(unit, {key: value for key, value in report.items() if key not in ("date", "tool")})
        if not arguments.dry:
            path.write_text(text)
    for source, counts in totals.items():
        print(source, {resource: f"{100 * (p - c) / max(1, c):+.1f} % of {c:.0f}" for resource, (p, c) in counts.items()})


if __name__ == "__main__":
    main()
