#!/usr/bin/env python3
# node_tests.py
# The single-node tests of the newest onnx against weft's operators and the committed tables of what is refused.
# SPDX-License-Identifier: Apache-2.0
"""Writes the node tests that the installed onnx makes, runs those of the operators that weft takes in the types of the file and in double, and prints passed of all by operator.

Fails if a test neither passes nor stands in tests/node/onnx-VERSION/refused.txt, if an entry there is needless, and if passed.txt there does not hold the counts."""

import argparse
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
NODE_TESTS = os.environ.get("WEFT_NODE_TESTS", str(ROOT / "build" / "node_tests"))


def skip(reason):
    print(f"skipped: {reason}: pip install -r bench/requirements-node-tests.txt")
    sys.exit(0)


def write_tests(folder):
    """A folder for each test, as onnx's own tools write them."""
    from onnx import TensorProto, numpy_helper
    from onnx.backend.test.case.node import collect_testcases

    warnings.simplefilter("ignore")  # the tests' own overflows and divisions by zero
    for case in collect_testcases(None):
        test = folder / case.name
        test.mkdir()
        (test / "model.onnx").write_bytes(case.model.SerializeToString())
        graph = case.model.graph
        for number, (inputs, outputs) in enumerate(case.data_sets):
            data = test / f"test_data_set_{number}"
            data.mkdir()
            for kind, infos, values in (("input", graph.input, inputs), ("output", graph.output, outputs)):
                for index, (info, value) in enumerate(zip(infos, values)):
                    if not info.type.HasField("tensor_type"):
                        continue
                    tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(value, info.name)
                    (data / f"{kind}_{index}.pb").write_bytes(tensor.SerializeToString())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write passed.txt in place of comparing it")
    options = parser.parse_args()
    if importlib.util.find_spec("onnx") is None:
        skip("onnx is not installed")
    import onnx

    version = ".".join(onnx.__version__.split(".")[:2])
    tables = ROOT / "tests" / "node" / f"onnx-{version}"
    if not tables.is_dir():
        skip(f"there are no tables for onnx {onnx.__version__}")
    if not pathlib.Path(NODE_TESTS).exists():
        sys.exit(f"{NODE_TESTS} is missing: ninja -C build node_tests")
    with tempfile.TemporaryDirectory() as name:
        write_tests(pathlib.Path(name))
        sys.exit(subprocess.run([NODE_TESTS, name, str(tables)] + ["--write"] * options.write, check=False).returncode)


if __name__ == "__main__":
    main()
