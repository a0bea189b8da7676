#!/usr/bin/env python3
# rtl_size.py
# How much SystemVerilog there is to read, and whether it keeps the house's bars.
# SPDX-License-Identifier: Apache-2.0
"""Prints files, lines, comment lines and the most localparams of a file of units/, its ten longest files, and the modules that keep their
hierarchy. Exits with 1 where a bar is not kept."""

import argparse
import pathlib
import sys

UNITS = pathlib.Path(__file__).resolve().parent.parent / "units"
MOST_FILES, MOST_LINES, LEAST_COMMENT_PERCENT, MOST_LOCALPARAMS = 65, 7500, 9, 30
KEPT = ["common/copy.sv"]  # the one module whose hierarchy is kept


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    texts = {path.relative_to(UNITS).as_posix(): path.read_text() for path in sorted(UNITS.glob("*/*.sv"))}
    lines = {name: text.count("\n") for name, text in texts.items()}
    comments = sum(line.lstrip().startswith("//") for text in texts.values() for line in text.splitlines())
    localparams = {name: text.count("localparam") for name, text in texts.items()}
    kept = [name for name, text in texts.items() if "keep_hierarchy" in text]
    total = sum(lines.values())
    share = 100 * comments / total
    most = max(localparams, key=localparams.get)
    good = [
        ("files", len(texts), f"at most {MOST_FILES}", len(texts) <= MOST_FILES),
        ("lines", total, f"at most {MOST_LINES}", total <= MOST_LINES),
        ("comment lines", f"{comments} ({share:.1f} %)", f"at least {LEAST_COMMENT_PERCENT} %", share >= LEAST_COMMENT_PERCENT),
        ("most localparams", f"{localparams[most]} in {most}", f"at most {MOST_LOCALPARAMS}", localparams[most] <= MOST_LOCALPARAMS),
        ("keep_hierarchy", ", ".join(kept), ", ".join(KEPT), kept == KEPT),
    ]
    for name, value, bar, kept_bar in good:
        print(f"{name:17} {value!s:28} {bar:18} {'ok' if kept_bar else 'NOT KEPT'}")
    print("\nlongest files")
    for name in sorted(lines, key=lines.get, reverse=True)[:10]:
        print(f"{lines[name]:5} {name}")
    sys.exit(0 if all(kept_bar for *_, kept_bar in good) else 1)


if __name__ == "__main__":
    main()
