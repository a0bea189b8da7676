# exporters_measuring.py
# One exported file, compiled and held against the runtimes that its users have.
# SPDX-License-Identifier: Apache-2.0
import json
import re
import shutil
import time

import numpy

import comparison
import exporters_onnxruntime

# How far the contract may be from a quantized file as its own runtime sees it, which computes in float: a value at a rounding tie may go the other
# way, and so may what follows it.
QUANTIZED_DB = 30
# How far from a float file, or one that is quantized in part, at 8 bits: what rounding costs these small networks. One that loses more is wrong
# unless ONNX Runtime's own quantizer loses at least as much of it by the same calibration.
FLOAT_DB = 20
# Samples for onnx's reference implementation, which is slow.
IN_DOUBLE = 8


def compiled_by(entry, folder):
    """What compile prints, and whether it needed calibration data; a file that is quantized in part says so in its refusal."""
    project, calibration = folder / "project", folder / "calibration.npy"
    numpy.save(calibration, entry.calibration)
    if entry.quantized:
        try:
            return comparison.weft("compile", entry.file, "-o", project), False
        except comparison.Refused as refusal:
            if "--calibrate" not in str(refusal):
                raise
    return comparison.weft("compile", entry.file, "--calibrate", calibration, "-o", project), True


def equality(project, samples, ours):
    """The contract beside out/model.onnx: under ONNX Runtime, whose floats may turn a rounding tie, and if they did, in double."""
    file = project / "model.onnx"
    figures = comparison.compare(ours, comparison.run_onnxruntime(file, samples, False))
    if figures["near_elements"] < figures["elements"]:
        figures["in_double"] = comparison.compare(ours[:IN_DOUBLE], comparison.run_in_double(file, samples[:IN_DOUBLE]))
    return figures


def is_equal(figures):
    return any(part["near_elements"] == part["elements"] for part in (figures, figures.get("in_double", figures)))


def measure(entry, folder):
    """The figures of one file."""
    figures = {"network": entry.network, "exporter": entry.exporter, "bits": entry.bits}
    if entry.error:
        return figures | {"state": "not exported", "message": entry.error}
    project = folder / "project"
    start = time.perf_counter()
    try:
        compiled, calibrated = compiled_by(entry, folder)
        figures |= {"seconds": time.perf_counter() - start, "calibrated": calibrated, "check": compiled["check"]}
        ours = comparison.run_weft(project, entry.samples, "integer")
    except comparison.Refused as refusal:
        return figures | {"state": "refused", "message": str(refusal)}
    try:
        figures["rewritten"] = equality(project, entry.samples, ours)
        figures["given"] = comparison.compare(ours, comparison.run_as_given(entry.file, entry.samples), entry.labels)
    except Exception as failure:  # whatever a runtime has against the file is its line in the table
        return figures | {"state": "not run", "message": f"{type(failure).__name__}: {failure}"}
    finally:
        shutil.rmtree(project)
    check = figures["check"]
    exact = check["equal_elements"] == check["elements"] - check["ties"] and is_equal(figures["rewritten"])
    near = figures["given"]["sqnr_db"] >= (FLOAT_DB if calibrated else QUANTIZED_DB)
    if calibrated and not near:
        try:
            figures["quantize_static"] = exporters_onnxruntime.best_of(entry.file, entry.calibration, entry.samples, folder)
        except Exception as failure:  # a file that it does not take is held against the bar alone
            figures["quantize_static"] = {"sqnr_db": float("inf"), "form": f"{type(failure).__name__}: {failure}".splitlines()[0]}
        near = figures["given"]["sqnr_db"] >= figures["quantize_static"]["sqnr_db"]
    return figures | {"state": "good" if exact and near else "wrong"}


def keep(entry, figures, folder):
    """The file of a network that failed, its calibration data beside it and what was said."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"\W+", "_", f"{entry.network}_{entry.exporter}").strip("_")
    for file in entry.file.parent.glob(entry.file.name + "*"):
        shutil.copy(file, folder / (stem + file.name.removeprefix(entry.file.stem) if file == entry.file else file.name))
    numpy.save(folder / f"{stem}_calibration.npy", entry.calibration)
    (folder / f"{stem}.json").write_text(json.dumps(figures, indent=2) + "\n")
