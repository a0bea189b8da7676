# exporters_onnxruntime.py
# The PyTorch networks as ONNX Runtime quantizes them: in both formats, per channel and not, symmetric and not.
# SPDX-License-Identifier: Apache-2.0
import itertools
import logging

import onnx
import torch
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference

import comparison
import exported
import exporters_pytorch

NETWORKS = ["mlp", "lenet5", "vgg", "resnet_basic", "resnet_leaky", "mobilenet_v1", "mobilenet_v2", "densenet", "squeezenet", "inception_v1", "autoencoder_dense"]
EXPORTERS = {
    f"{format.name}, {'per channel' if per_channel else 'per tensor'}, {'symmetric' if symmetric else 'asymmetric'}": (format, per_channel, symmetric)
    for format, per_channel, symmetric in itertools.product((quantization.QuantFormat.QDQ, quantization.QuantFormat.QOperator), (False, True), (True, False))
}


class Reader(quantization.CalibrationDataReader):
    """The calibration images, one at a time, for the input of that name."""

    def __init__(self, images, name):
        self.images, self.name = iter(images), name

    def get_next(self):
        image = next(self.images, None)
        return None if image is None else {self.name: image[None]}


def quantize(source, file, calibration, format, per_channel, symmetric):
    """Signed integers where symmetric, else unsigned. Per channel the weights are signed in any case, and ONNX Runtime's own advice is 7 bits for them
    beside unsigned activations: on processors without VNNI its kernel saturates their products otherwise."""
    kind = quantization.QuantType.QInt8 if symmetric else quantization.QuantType.QUInt8
    options = {"ActivationSymmetric": symmetric, "WeightSymmetric": symmetric}
    given = onnx.load(source, load_external_data=False).graph.input[0].name
    quantization.quantize_static(
        *(str(source), str(file), Reader(calibration, given)),
        quant_format=format, per_channel=per_channel, activation_type=kind, weight_type=kind, extra_options=options,
        reduce_range=per_channel and not symmetric,
    )


def best_of(source, calibration, samples, folder):
    """The largest signal-to-noise ratio, in dB, of what `quantize_static` makes of a float file by the same calibration images, and the form that has it."""
    prepared, file = folder / "prepared.onnx", folder / "quantized.onnx"
    shape_inference.quant_pre_process(str(source), str(prepared))
    given, best = comparison.run_as_given(source, samples), {"sqnr_db": float("-inf"), "form": "none"}
    for form, options in EXPORTERS.items():
        if options[0] == quantization.QuantFormat.QDQ:  # the other format is the same numbers
            quantize(prepared, file, calibration, *options)
            ratio = comparison.compare(comparison.run_onnxruntime(file, samples, False), given)["sqnr_db"]
            best = max(best, {"sqnr_db": ratio, "form": form}, key=lambda one: one["sqnr_db"])
    return best


def files(folder, wanted):
    """Every network in every form that is wanted(network, exporter)."""
    logging.getLogger().setLevel(logging.ERROR)
    for name in NETWORKS:
        make, shape, classifier = exporters_pytorch.NETWORKS[name]
        chosen = [exporter for exporter in EXPORTERS if wanted(name, exporter)]
        if not chosen:
            continue
        network, data = exporters_pytorch.trained(make, shape, classifier)
        given, prepared = folder / f"{name}_given.onnx", folder / f"{name}_prepared.onnx"
        exporters_pytorch.export(network, torch.from_numpy(data[1][:1]), given, False, 17, False)
        shape_inference.quant_pre_process(str(given), str(prepared))
        for i, exporter in enumerate(chosen):
            file, error = folder / f"{name}_{i}.onnx", None
            try:
                quantize(prepared, file, data[0], *EXPORTERS[exporter])
            except Exception as failure:  # whatever a library raises is that file's line in the table
                error = f"{type(failure).__name__}: {failure}".splitlines()[0]
            yield exported.Exported(name, exporter, file, *data, quantized=True, error=error)
