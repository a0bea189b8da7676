#!/usr/bin/env python3
# Trains the Fashion-MNIST example network in float and exports it to ONNX.
# SPDX-License-Identifier: Apache-2.0
"""Train conv3x3x16-BN-ReLU-pool2-conv3x3x32-BN-ReLU-pool2-dense10 on Fashion-MNIST.

The network's input is byte / 255, so that the compile command says `--preprocess scale=1/255` and then takes the bytes of the data set.
"""

import argparse
import collections
import gzip
import pathlib
import struct
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

IMAGE_MAGIC, LABEL_MAGIC = 0x803, 0x801


def read_idx(path, magic):
    with gzip.open(path, "rb") as file:
        contents = file.read()
    dimensions = magic & 0xFF
    found, *shape = struct.unpack_from(f">{1 + dimensions}I", contents)
    if found != magic:
        sys.exit(f"{path}: not an IDX file of {dimensions} dimensions")
    return torch.from_numpy(numpy.frombuffer(contents, numpy.uint8, offset=4 * (1 + dimensions)).reshape(shape).copy())


def read_split(folder, split):
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz", IMAGE_MAGIC)
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte.gz", LABEL_MAGIC)
    return images.unsqueeze(1).float() / 255, labels.long()


def fashion_network():
    layers = [
        ("conv1", nn.Conv2d(1, 16, 3, padding=1, bias=False)), ("norm1", nn.BatchNorm2d(16)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(16, 32, 3, padding=1, bias=False)), ("norm2", nn.BatchNorm2d(32)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()), ("dense", nn.Linear(32 * 7 * 7, 10)),
    ]
    return nn.Sequential(collections.OrderedDict(layers))


def augment(images, generator):
    """Mirror half of the images, and shift each by at most one pixel."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    padded = functional.pad(images, (1, 1, 1, 1))
    shift = torch.randint(0, 3, (len(images), 2), generator=generator)
    rows = (shift[:, 0, None] + torch.arange(28))[:, :, None]
    columns = (shift[:, 1, None] + torch.arange(28))[:, None, :]
    return padded[torch.arange(len(images))[:, None, None], 0, rows, columns].unsqueeze(1)


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        predicted = torch.cat([network(part).argmax(1) for part in images.split(1000)])
    return (predicted == labels).float().mean().item()


def train(network, images, labels, test, epochs, batch, rate, seed):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, weight_decay=1e-5)
    steps = -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=epochs * steps, pct_start=0.2)
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(images), generator=generator).split(batch):
            loss = functional.cross_entropy(network(augment(images[chosen], generator)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch + 1:2d}: loss {total / len(images):.4f}, test accuracy {100 * accuracy(network, *test):.2f} %", flush=True)


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist", help="folder of the four .gz files")
    parser.add_argument("--output", type=pathlib.Path, default=here / "fashion.onnx", help="the ONNX file to write")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.008, help="the highest learning rate of the one-cycle schedule")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    images, labels = read_split(arguments.data, "train")
    test = read_split(arguments.data, "t10k")
    network = fashion_network()
    train(network, images, labels, test, arguments.epochs, arguments.batch, arguments.rate, arguments.seed)
    print(f"accuracy on the {len(test[1])} test images: {100 * accuracy(network, *test):.2f} %")

    network.eval()
    torch.onnx.export(network, torch.zeros(1, 1, 28, 28), arguments.output, opset_version=13, input_names=["image"],
                      output_names=["scores"], dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}})
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
