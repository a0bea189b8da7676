#!/usr/bin/env python3
# slang.py
# Elaborates RTL with slang, a front-end that is as strict as the vendors' are.
# SPDX-License-Identifier: Apache-2.0
"""Reads the SystemVerilog and Verilog in each folder (a project, or any tree of modules) as one design whose tops are the modules that no other one
instantiates, with and without WEFT_CHECK, and prints what slang says. Without a folder: the units with the parameters of their conformance points, by
build/weft_tests, and three kernels, compiled for this. Exits with 1 where there is an error or a warning."""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

try:
    import pyslang.driver
except ImportError:
    sys.exit("pyslang is not here: pip install -r bench/requirements.txt")

NETWORKS = ("fashion-4", "resnet8_int8_qdq", "dscnn_kws_int8_qdq")


def takes(folder, defines):
    """Whether slang takes all modules under a folder; it says itself why not."""
    sources = sorted(str(path) for path in pathlib.Path(folder).rglob("*") if path.suffix in (".sv", ".v"))
    if not sources:
        sys.exit(f"no SystemVerilog in {folder}")
    driver = pyslang.driver.Driver()
    driver.addStandardArgs()
    # A shift by all bits of a word that is narrow for these parameters is meant.
    arguments = ["slang", "-Werror", "-Wno-shift-count-overflow", "--timescale=1ns/1ps", *(f"-D{name}" for name in defines), *sources]
    if not (driver.parseCommandLine(shlex.join(arguments)) and driver.processOptions() and driver.parseAllSources()):
        return False
    driver.reportCompilation(driver.createCompilation(), True)
    return driver.reportDiagnostics(True)


def units():
    """The tests of the house that elaborate every unit, with this Python."""
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    program = pathlib.Path(__file__).resolve().parent.parent / "build" / "weft_tests"
    return subprocess.run([program, "--gtest_filter=Slang*"], env={**os.environ, "PATH": path}, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    arguments = parser.parse_args()
    good = True

    def elaborate(folder, name):
        nonlocal good
        for defines in ([], ["WEFT_CHECK"]):
            taken = takes(folder, defines)
            good &= taken
            print(f"{name}{' with ' + defines[0] if defines else ''}: {'taken' if taken else 'NOT TAKEN'}", file=sys.stderr)

    for folder in arguments.folders:
        elaborate(folder, folder)
    if not arguments.folders:
        import rtl

        good &= units()
        with tempfile.TemporaryDirectory() as folder:
            for name in NETWORKS:
                project, _ = rtl.compile_network(name, pathlib.Path(folder))
                elaborate(project / "rtl", name)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
