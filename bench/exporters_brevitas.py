# exporters_brevitas.py
# Networks with Brevitas' quantizers at 8, 4, 2 and 1 bits, trained for a moment, as QONNX and as QCDQ.
# SPDX-License-Identifier: Apache-2.0
import warnings

warnings.filterwarnings("ignore")

import torch
from brevitas import nn as quantized
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.quant import Int8ActPerTensorFloat, Int8Bias, Int8WeightPerChannelFloat, Int8WeightPerTensorFloat, SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst
from torch import nn

import exported
import exporters_pytorch


class Layers:
    """Makers of the layers of one bit width. One bit is BipolarQuant: weights and activations are -1 or 1 times a scale."""

    def __init__(self, bits, per_channel=False, biased=False):
        self.bits = bits
        weights = Int8WeightPerChannelFloat if per_channel else Int8WeightPerTensorFloat
        self.options = {"weight_quant": SignedBinaryWeightPerTensorConst} if bits == 1 else {"weight_quant": weights, "weight_bit_width": bits}
        if biased:
            self.options |= {"bias": True, "bias_quant": Int8Bias}
        else:
            self.options["bias"] = False

    def image(self):
        return quantized.QuantIdentity(bit_width=8, return_quant_tensor=True)

    def act(self):
        if self.bits == 1:
            return quantized.QuantIdentity(act_quant=SignedBinaryActPerTensorConst, return_quant_tensor=True)
        return quantized.QuantReLU(bit_width=self.bits, return_quant_tensor=True)

    def signed(self):
        """A quantizer before a sum; one bit is too few for it."""
        return quantized.QuantIdentity(act_quant=Int8ActPerTensorFloat, bit_width=max(self.bits, 2), return_quant_tensor=True)

    def conv(self, channels, filters, kernel=3, stride=1, groups=1, act=True):
        layers = [quantized.QuantConv2d(channels, filters, kernel, stride=stride, padding=kernel // 2, groups=groups, **self.options), nn.BatchNorm2d(filters)]
        return nn.Sequential(*layers, *([self.act()] if act else []))

    def dense(self, inputs, outputs):
        return nn.Sequential(quantized.QuantLinear(inputs, outputs, **self.options), nn.BatchNorm1d(outputs), self.act())

    def classes(self, inputs):
        return quantized.QuantLinear(inputs, exported.CLASSES, **self.options)


class Residual(nn.Module):
    """The sum of a branch and its input, both through one quantizer, so that their scales are equal."""

    def __init__(self, layers, inner):
        super().__init__()
        self.inner, self.shared, self.act = inner, layers.signed(), layers.act()

    def forward(self, x):
        return self.act(self.shared(self.inner(x)) + self.shared(x))


def tfc(layers):
    return nn.Sequential(nn.Flatten(), layers.image(), layers.dense(784, 64), layers.dense(64, 64), layers.classes(64))


def lenet(layers):
    blocks = [layers.conv(1, 8, 5), nn.MaxPool2d(2), layers.conv(8, 16, 5), nn.MaxPool2d(2)]
    return nn.Sequential(layers.image(), *blocks, nn.Flatten(), layers.dense(784, 64), layers.classes(64))


def cnv(layers):
    blocks = [layers.conv(3, 8), layers.conv(8, 8), nn.MaxPool2d(2), layers.conv(8, 16), layers.conv(16, 16), nn.MaxPool2d(2), layers.conv(16, 32, 3, 2)]
    return nn.Sequential(layers.image(), *blocks, nn.Flatten(), layers.dense(512, 32), layers.classes(32))


def resnet(layers):
    def block(channels):
        return Residual(layers, nn.Sequential(layers.conv(channels, channels), layers.conv(channels, channels, act=False)))

    return nn.Sequential(layers.image(), layers.conv(3, 8, 3, 2), block(8), layers.conv(8, 16, 3, 2), block(16), nn.MaxPool2d(2), nn.Flatten(), layers.classes(256))


def mobilenet(layers):
    def separable(channels, filters, stride=1):
        return nn.Sequential(layers.conv(channels, channels, 3, stride, groups=channels), layers.conv(channels, filters, 1))

    blocks = [layers.conv(3, 8, 3, 2), separable(8, 16), separable(16, 32, 2), separable(32, 32)]
    return nn.Sequential(layers.image(), *blocks, nn.MaxPool2d(2), nn.Flatten(), layers.classes(512))


# How each network is made, the shape of its images (channels, size), and what its layers are made with.
NETWORKS = {
    "tfc": (tfc, (1, 28), {}),
    "lenet": (lenet, (1, 28), {}),
    "cnv": (cnv, (3, 32), {"per_channel": True}),
    "resnet": (resnet, (3, 32), {"per_channel": True}),
    "mobilenet": (mobilenet, (3, 32), {}),
    "cnv_biased": (cnv, (3, 32), {"biased": True}),
}
BITS = (8, 4, 2, 1)
EXPORTERS = {"QONNX": export_qonnx, "QCDQ": export_onnx_qcdq}


def trained(make, shape, bits, options):
    """The trained network, and (calibration images, held-out images, their labels)."""
    torch.manual_seed(exported.SEED)
    images, labels, calibration, held, held_labels = exported.split(*shape)
    return exporters_pytorch.train(make(Layers(bits, **options)), images, labels), (calibration, held, held_labels)


def files(folder, wanted):
    """Every network at every width by every exporter that is wanted(network, exporter)."""
    for name, (make, shape, options) in NETWORKS.items():
        for bits in BITS:
            if bits == 1 and options.get("per_channel"):
                options = {key: value for key, value in options.items() if key != "per_channel"}
            chosen = {label: write for label, write in EXPORTERS.items() if wanted(f"brevitas_{name}", f"{label}, {bits} bits")}
            if not chosen:
                continue
            with exporters_pytorch.quiet():
                network, data = trained(make, shape, bits, options)
            for label, write in chosen.items():
                file, error = folder / f"{name}_{bits}_{label}.onnx", None
                try:
                    with exporters_pytorch.quiet():
                        write(network, args=torch.from_numpy(data[1][:1]), export_path=str(file))
                except Exception as failure:  # whatever a library raises is that file's line in the table
                    error = f"{type(failure).__name__}: {failure}".splitlines()[0]
                yield exported.Exported(f"brevitas_{name}", f"{label}, {bits} bits", file, *data, quantized=True, bits=bits, error=error)
