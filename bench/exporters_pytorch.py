# exporters_pytorch.py
# Plain networks in PyTorch, trained for a moment, and the files that its two exporters write of them.
# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import logging
import warnings

import onnx
import torch
from torch import nn
from torch.nn import functional

import exported

torch.set_num_threads(1)  # more only wait for each other on networks this small


def conv(channels, filters, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    """Convolution, normalisation and activation (none: `activation=None`)."""
    layers = [nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(filters)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class Sum(nn.Module):
    """The sum of branches over the same input, with what follows."""

    def __init__(self, *branches, then=None):
        super().__init__()
        self.branches, self.then = nn.ModuleList(branches), then or nn.Identity()

    def forward(self, x):
        total = self.branches[0](x)
        for branch in self.branches[1:]:
            total = total + branch(x)
        return self.then(total)


class Joined(nn.Module):
    """Branches over the same input, joined by channels."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class Scaled(nn.Module):
    """Squeeze and excitation's simple kin: the input times a learnt factor of each channel, plus a learnt offset."""

    def __init__(self, channels):
        super().__init__()
        self.factor, self.offset = nn.Parameter(torch.ones(channels, 1, 1)), nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x):
        return x * self.factor + self.offset


class ImageMean(nn.Module):
    """Mean over rows and columns, as networks written by hand take it."""

    def forward(self, x):
        return x.mean((2, 3))


class Viewed(nn.Module):
    """Flattening by `view`, as networks written by hand do it."""

    def forward(self, x):
        return x.view(x.size(0), -1)


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, exported.CLASSES))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, exported.CLASSES))


def mlp_normalised():
    def layer(inputs, outputs):
        return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(0.2))

    return nn.Sequential(Viewed(), layer(784, 64), layer(64, 64), nn.Linear(64, exported.CLASSES))


def lenet5():
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, exported.CLASSES)),
    )


def lenet_relu():
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, exported.CLASSES)),
    )


class Mnist(nn.Module):
    """The example that PyTorch's beginners meet first: it pools before its activation and ends in LogSoftmax."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.drop = nn.Conv2d(1, 10, 5), nn.Conv2d(10, 20, 5), nn.Dropout2d()
        self.fc1, self.fc2 = nn.Linear(320, 50), nn.Linear(50, exported.CLASSES)

    def forward(self, x):
        x = functional.relu(functional.max_pool2d(self.conv1(x), 2))
        x = functional.relu(functional.max_pool2d(self.drop(self.conv2(x)), 2))
        x = functional.relu(self.fc1(x.view(-1, 320)))
        return functional.log_softmax(self.fc2(functional.dropout(x, training=self.training)), dim=1)


def vgg(normalised):
    def block(channels, filters):
        def layer(inputs):
            return conv(inputs, filters) if normalised else nn.Sequential(nn.Conv2d(inputs, filters, 3, padding=1), nn.ReLU())

        return nn.Sequential(layer(channels), layer(filters), nn.MaxPool2d(2))

    return nn.Sequential(
        *(block(3, 8), block(8, 16), block(16, 32), nn.Flatten()),
        *(nn.Linear(512, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, exported.CLASSES)),
    )


def basic(channels, filters, stride=1, activation=nn.ReLU):
    inner = nn.Sequential(conv(channels, filters, 3, stride, activation=activation), conv(filters, filters, activation=None))
    same = stride == 1 and channels == filters
    return Sum(inner, nn.Identity() if same else conv(channels, filters, 1, stride, activation=None), then=activation())


def bottleneck(channels, filters, stride=1):
    inner = nn.Sequential(conv(channels, filters // 4, 1), conv(filters // 4, filters // 4, 3, stride), conv(filters // 4, filters, 1, activation=None))
    same = stride == 1 and channels == filters
    return Sum(inner, nn.Identity() if same else conv(channels, filters, 1, stride, activation=None), then=nn.ReLU())


def resnet_basic():
    return nn.Sequential(conv(3, 8), basic(8, 8), basic(8, 16, 2), basic(16, 32, 2), head(32))


def resnet_bottleneck():
    stem = nn.Sequential(conv(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
    return nn.Sequential(stem, bottleneck(8, 32), bottleneck(32, 32), bottleneck(32, 64, 2), head(64))


def resnet_preactivated():
    def block(channels):
        return Sum(
            nn.Identity(),
            nn.Sequential(
                *(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1, bias=False)),
                *(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1, bias=False)),
            ),
        )

    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), block(16), block(16), nn.BatchNorm2d(16), nn.ReLU(), head(16))


def resnet_leaky():
    def activation():
        return nn.LeakyReLU(0.1)

    return nn.Sequential(conv(3, 8, activation=activation), basic(8, 8, activation=activation), basic(8, 16, 2, activation), head(16))


def mobilenet_v1():
    def separable(channels, filters, stride=1):
        return nn.Sequential(conv(channels, channels, 3, stride, groups=channels), conv(channels, filters, 1))

    return nn.Sequential(conv(3, 8, 3, 2), separable(8, 16), separable(16, 32, 2), separable(32, 32), separable(32, 64, 2), head(64))


def mobilenet_v2():
    def inverted(channels, filters, stride, expand):
        wide = channels * expand
        first = [conv(channels, wide, 1, activation=nn.ReLU6)] if expand > 1 else []
        inner = nn.Sequential(*first, conv(wide, wide, 3, stride, wide, nn.ReLU6), conv(wide, filters, 1, activation=None))
        return Sum(nn.Identity(), inner) if stride == 1 and channels == filters else inner

    blocks = [inverted(8, 8, 1, 1), inverted(8, 12, 2, 4), inverted(12, 12, 1, 4), inverted(12, 16, 2, 4), inverted(16, 16, 1, 4)]
    return nn.Sequential(conv(3, 8, 3, 2, activation=nn.ReLU6), *blocks, conv(16, 64, 1, activation=nn.ReLU6), nn.Dropout(0.2), head(64))


def densenet():
    def layer(channels, growth):
        inner = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)]
        inner += [nn.BatchNorm2d(4 * growth), nn.ReLU(), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)]
        return Joined(nn.Identity(), nn.Sequential(*inner))

    transition = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 8, 1, bias=False), nn.AvgPool2d(2))
    blocks = [layer(8, 4), layer(12, 4), transition, layer(8, 4), layer(12, 4)]
    return nn.Sequential(conv(3, 8, 3, 2), *blocks, nn.BatchNorm2d(16), nn.ReLU(), head(16))


def fire(channels, squeeze, expand):
    def layer(inputs, filters, kernel):
        return nn.Sequential(nn.Conv2d(inputs, filters, kernel, padding=kernel // 2), nn.ReLU())

    return nn.Sequential(layer(channels, squeeze, 1), Joined(layer(squeeze, expand, 1), layer(squeeze, expand, 3)))


def squeezenet():
    end = [nn.Dropout(0.5), nn.Conv2d(64, exported.CLASSES, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    stem = [nn.Conv2d(3, 16, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)]
    return nn.Sequential(*stem, fire(16, 8, 16), fire(32, 8, 16), nn.MaxPool2d(3, 2, ceil_mode=True), fire(32, 16, 32), *end)


def squeezenet_bypassed():
    blocks = [fire(16, 4, 16), Sum(nn.Identity(), fire(32, 8, 16)), nn.MaxPool2d(2), fire(32, 8, 32), Sum(nn.Identity(), fire(64, 8, 32))]
    return nn.Sequential(conv(3, 16, 3, 2), *blocks, nn.Conv2d(64, exported.CLASSES, 1), ImageMean())


def inception_v1():
    def block(channels):
        def layer(inputs, filters, kernel):
            return nn.Sequential(nn.Conv2d(inputs, filters, kernel, padding=kernel // 2), nn.ReLU())

        return Joined(
            layer(channels, 8, 1),
            nn.Sequential(layer(channels, 8, 1), layer(8, 12, 3)),
            nn.Sequential(layer(channels, 4, 1), layer(4, 6, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), layer(channels, 6, 1)),
        )

    return nn.Sequential(conv(3, 8, 3, 2), block(8), nn.MaxPool2d(3, 2, 1), block(32), head(32))


def inception_v3():
    def line(channels, filters, length, upright):
        kernel, padding = ((length, 1), (length // 2, 0)) if upright else ((1, length), (0, length // 2))
        return nn.Sequential(nn.Conv2d(channels, filters, kernel, padding=padding, bias=False), nn.BatchNorm2d(filters, eps=0.001), nn.ReLU())

    block = Joined(
        conv(16, 8, 1),
        nn.Sequential(conv(16, 8, 1), line(8, 8, 7, False), line(8, 8, 7, True)),
        nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(16, 8, 1)),
    )
    reduction = Joined(nn.Sequential(nn.Conv2d(24, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU()), nn.MaxPool2d(3, 2))
    return nn.Sequential(conv(3, 16, 3, 2), block, reduction, head(32))


def all_convolutional():
    return nn.Sequential(conv(3, 8), conv(8, 16, 3, 2), conv(16, 16), conv(16, 32, 3, 2), nn.Conv2d(32, exported.CLASSES, 1), ImageMean())


def darknet():
    def layer(channels, filters):
        return nn.Sequential(conv(channels, filters, activation=lambda: nn.LeakyReLU(0.1)), nn.MaxPool2d(2))

    return nn.Sequential(layer(3, 8), layer(8, 16), layer(16, 32), conv(32, 32, activation=nn.PReLU), head(32))


def pool_first():
    """Normalisation and activation behind poolings, and a learnt factor of each channel."""
    blocks = [nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.MaxPool2d(2), nn.ELU(), Scaled(16)]
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(576, exported.CLASSES))


def hard_swish():
    return nn.Sequential(conv(3, 8, 3, 2, activation=nn.Hardswish), conv(8, 16, 3, 2, activation=nn.Hardswish), conv(16, 32, activation=nn.SiLU), head(32))


def autoencoder_dense():
    def layer(inputs, outputs):
        return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())

    return nn.Sequential(nn.Flatten(), layer(784, 64), layer(64, 8), layer(8, 64), nn.Linear(64, 784))


def autoencoder_convolutional():
    """Strided convolutions to a narrow code, dense layers from it to the image."""
    down = [conv(1, 8, 3, 2), conv(8, 16, 3, 2), nn.Flatten(), nn.Linear(784, 16)]
    return nn.Sequential(*down, nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 784))


def denoiser():
    """A residual over the whole network: the input is read twice."""
    return Sum(nn.Identity(), nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), conv(8, 8), nn.Conv2d(8, 1, 3, padding=1)))


# How each network is made, the shape of its images (channels, size), and whether it is a classifier.
NETWORKS = {
    "mlp": (mlp, (1, 28), True),
    "mlp_normalised": (mlp_normalised, (1, 28), True),
    "lenet5": (lenet5, (1, 28), True),
    "lenet_relu": (lenet_relu, (1, 28), True),
    "mnist": (Mnist, (1, 28), True),
    "vgg": (lambda: vgg(False), (3, 32), True),
    "vgg_normalised": (lambda: vgg(True), (3, 32), True),
    "resnet_basic": (resnet_basic, (3, 32), True),
    "resnet_bottleneck": (resnet_bottleneck, (3, 32), True),
    "resnet_preactivated": (resnet_preactivated, (3, 32), True),
    "resnet_leaky": (resnet_leaky, (3, 32), True),
    "mobilenet_v1": (mobilenet_v1, (3, 32), True),
    "mobilenet_v2": (mobilenet_v2, (3, 32), True),
    "densenet": (densenet, (3, 32), True),
    "squeezenet": (squeezenet, (3, 32), True),
    "squeezenet_bypassed": (squeezenet_bypassed, (3, 32), True),
    "inception_v1": (inception_v1, (3, 32), True),
    "inception_v3": (inception_v3, (3, 32), True),
    "all_convolutional": (all_convolutional, (3, 32), True),
    "darknet": (darknet, (3, 32), True),
    "pool_first": (pool_first, (3, 32), True),
    "hard_swish": (hard_swish, (3, 32), True),
    "autoencoder_dense": (autoencoder_dense, (1, 28), False),
    "autoencoder_convolutional": (autoencoder_convolutional, (1, 28), False),
    "denoiser": (denoiser, (1, 28), False),
}

NEWEST = onnx.defs.onnx_opset_version()
# name: (dynamo, operator set or None for the exporter's default, an open first axis)
EXPORTERS = {
    "torch script": (False, None, False),
    "torch script, set 11, open batch": (False, 11, True),
    "torch dynamo": (True, None, False),
    f"torch dynamo, set {NEWEST}, open batch": (True, NEWEST, True),
}


def train(network, images, labels, epochs=4):
    """A moment of training, so that weights and statistics are those of a network and not of a random generator. A network without
    labels learns its own input."""
    network.train()
    inputs = torch.from_numpy(images)
    targets = inputs if labels is None else torch.from_numpy(labels)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(32):
            outputs = network(inputs[batch])
            loss = functional.mse_loss(outputs, targets[batch].reshape(outputs.shape)) if labels is None else functional.cross_entropy(outputs, targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


def trained(make, shape, classifier):
    """The trained network, and (calibration images, held-out images, their labels or None)."""
    torch.manual_seed(exported.SEED)
    images, labels, calibration, held, held_labels = exported.split(*shape)
    network = train(make(), images, labels if classifier else None)
    return network, (calibration, held, held_labels if classifier else None)


@contextlib.contextmanager
def quiet():
    """The exporters' chatter is not our output."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def export(network, image, file, dynamo, operators, open_batch):
    options = {"dynamo": dynamo, "opset_version": operators, "input_names": ["image"], "output_names": ["result"]}
    if open_batch and dynamo:
        options["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
        image = image.repeat(2, 1, 1, 1)
    elif open_batch:
        options["dynamic_axes"] = {"image": {0: "batch"}, "result": {0: "batch"}}
    with quiet():
        torch.onnx.export(network, (image,), str(file), **options)


def files(folder, wanted):
    """Every network by every exporter that is wanted(network, exporter)."""
    for name, (make, shape, classifier) in NETWORKS.items():
        chosen = [exporter for exporter in EXPORTERS if wanted(name, exporter)]
        if not chosen:
            continue
        network, data = trained(make, shape, classifier)
        for i, exporter in enumerate(chosen):
            file, error = folder / f"{name}_{i}.onnx", None
            try:
                export(network, torch.from_numpy(data[1][:1]), file, *EXPORTERS[exporter])
            except Exception as failure:  # whatever a library raises is that file's line in the table
                error = f"{type(failure).__name__}: {failure}".splitlines()[0]
            yield exported.Exported(name, exporter, file, *data, error=error)
