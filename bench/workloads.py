# workloads.py
# The models and inputs that the measurements use: real files where they are at hand, each with the preprocessing that its model was trained with.
# SPDX-License-Identifier: Apache-2.0
import csv
import gzip
import os
import pathlib
import sys

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = pathlib.Path(os.environ.get("WEFT_MODELS", ROOT.parent / "shared" / "models"))
DATA = pathlib.Path(os.environ.get("WEFT_DATA", ROOT.parent / "shared" / "data"))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
WEFT = os.environ.get("WEFT", str(ROOT / "build" / "weft"))


def require(path):
    if not path.exists():
        sys.exit(f"not here: {path} (the environment variables WEFT_MODELS and WEFT_DATA give the folders of models and data)")
    return path


def labels_of_csv(path):
    with open(path, newline="") as file:
        return {row.get("index", row.get("file")): int(row["label"]) for row in csv.DictReader(file)}


def cifar10():
    """ResNet-8: pixels 0..255, rows x columns x channels; labels of the images that have one, else -1."""
    images = numpy.load(require(DATA / "cifar10-500" / "images.npy")).astype(numpy.float32)
    labels = labels_of_csv(DATA / "cifar10-500" / "labels.csv")
    return images, numpy.array([labels.get(str(i), -1) for i in range(len(images))])


def visual_wake_words():
    """MobileNet VWW: blue, green, red / 255, channels x rows x columns."""
    folder = require(DATA / "vww-1000")
    labels = labels_of_csv(folder / "labels.csv")
    names = sorted(labels)
    images = numpy.stack([numpy.asarray(Image.open(folder / name).convert("RGB")) for name in names])
    return numpy.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2)).astype(numpy.float32) / 255, numpy.array([labels[n] for n in names])


def keywords():
    """DS-CNN: MFCC bytes * 0.3367, stored 10 x 49, wanted 49 x 10."""
    features = numpy.load(require(DATA / "kws-1000" / "features.npy")).astype(numpy.float32) * numpy.float32(0.3367)
    labels = labels_of_csv(DATA / "kws-1000" / "labels.csv")
    features = numpy.ascontiguousarray(features.reshape(-1, 10, 49).transpose(0, 2, 1)).reshape(-1, 490)
    return features, numpy.array([labels.get(str(i), -1) for i in range(len(features))])


def fashion():
    """The example network: bytes / 255."""
    with gzip.open(require(FASHION / "t10k-images-idx3-ubyte.gz")) as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 1, 28, 28).astype(numpy.float32) / 255
    with gzip.open(FASHION / "t10k-labels-idx1-ubyte.gz") as file:
        return images, numpy.frombuffer(file.read(), numpy.uint8, offset=8).astype(numpy.int64)


def spectra():
    """The autoencoder: seeded values over the range of its input's integers, (q - 106) * 0.31767192; no labels."""
    integers = numpy.random.default_rng(1).integers(-128, 128, (1000, 640))
    return ((integers - 106) * numpy.float64(numpy.float32(0.31767192))).astype(numpy.float32), None


QUANTIZED = {
    "resnet8_int8_qdq": cifar10,
    "dscnn_kws_int8_qdq": keywords,
    "mobilenetv1_vww_int8_qdq": visual_wake_words,
    "autoencoder_int8_qdq": spectra,
}


def quantized_model(name):
    return require(MODELS / "mlperf-tiny" / f"{name}.onnx")


def fashion_model():
    return ROOT / "examples" / "fashion-mnist" / "fashion.onnx"
