# exported.py
# What an exporter hands over to be compiled, and the made-up images that its networks are trained, calibrated and judged on.
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

import numpy

SEED = 1
CLASSES = 10
CALIBRATION = 64
HELD_OUT = 32


@dataclasses.dataclass
class Exported:
    """One file: which network it is, who wrote it, and what to feed it with. `error` says why the exporter itself wrote none."""

    network: str
    exporter: str
    file: pathlib.Path
    calibration: numpy.ndarray
    samples: numpy.ndarray
    labels: numpy.ndarray | None  # of the samples; None where the network is no classifier
    quantized: bool = False  # the file says all numbers itself: the contract must equal it, and needs no calibration
    bits: int = 8  # the fewest of its weights or activations
    error: str | None = None


def images(seed, count, channels, size):
    """Smooth patterns, one a class, shifted, scaled and under noise: (images as channels x rows x columns, labels)."""
    patterns = numpy.random.default_rng(SEED).standard_normal((CLASSES, channels, 8, 8))
    patterns = patterns.repeat(-(-size // 8), axis=2).repeat(-(-size // 8), axis=3)[:, :, :size, :size]
    random = numpy.random.default_rng((SEED, seed))
    labels = random.integers(0, CLASSES, count)
    shifts = random.integers(-2, 3, (count, 2))
    clean = numpy.stack([numpy.roll(patterns[label], tuple(shift), axis=(1, 2)) for label, shift in zip(labels, shifts)])
    gains = random.uniform(0.6, 1.4, (count, 1, 1, 1))
    return (clean * gains + 0.7 * random.standard_normal(clean.shape)).astype(numpy.float32), labels


def split(channels, size):
    """(training images, their labels, calibration images, held-out images, their labels)."""
    training, labels = images(0, 512, channels, size)
    held, held_labels = images(2, HELD_OUT, channels, size)
    return training, labels, images(1, CALIBRATION, channels, size)[0], held, held_labels
