# exporters_keras.py
# Plain networks in Keras, trained for a moment, and what tf2onnx makes of them and of their TFLite files.
# SPDX-License-Identifier: Apache-2.0
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import contextlib
import io
import logging
import warnings

import keras
import numpy
import tensorflow
import tf2onnx
from keras import layers

import exported

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")
tensorflow.config.threading.set_intra_op_parallelism_threads(1)


def conv(x, filters, kernel=3, stride=1, activation="relu", padding="same"):
    x = layers.Conv2D(filters, kernel, stride, padding, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def classes(x):
    return layers.Dense(exported.CLASSES, activation="softmax")(x)


def mlp(x):
    return classes(layers.Dense(32, activation="relu")(layers.Dense(64, activation="relu")(layers.Flatten()(x))))


def lenet(x):
    for filters in (6, 16):
        x = layers.AveragePooling2D(2)(layers.Conv2D(filters, 5, activation="tanh")(x))
    return classes(layers.Dense(84, activation="tanh")(layers.Dense(120, activation="tanh")(layers.Flatten()(x))))


def simple_convnet(x):
    """The example that Keras' beginners meet first."""
    x = layers.MaxPooling2D(2)(layers.Conv2D(16, 3, activation="relu")(x))
    x = layers.MaxPooling2D(2)(layers.Conv2D(32, 3, activation="relu")(x))
    return classes(layers.Dropout(0.5)(layers.Flatten()(x)))


def vgg(x):
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    return classes(layers.Dense(64, activation="relu")(layers.Flatten()(x)))


def resnet(x):
    def block(x, filters, stride):
        inner = conv(conv(x, filters, 3, stride), filters, activation=None)
        same = x if stride == 1 else conv(x, filters, 1, stride, activation=None)
        return layers.ReLU()(layers.Add()([inner, same]))

    x = conv(x, 8)
    for filters, stride in ((8, 1), (16, 2), (32, 2)):
        x = block(x, filters, stride)
    return classes(layers.GlobalAveragePooling2D()(x))


def resnet_padded_stem(x):
    """The stem of Keras' own ResNet-50: padding as layers, before a convolution and before a pooling."""
    x = conv(layers.ZeroPadding2D(3)(x), 8, 7, 2, padding="valid")
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for _ in range(2):
        inner = conv(conv(conv(x, 8, 1), 8), 32, 1, activation=None)
        x = layers.ReLU()(layers.Add()([conv(x, 32, 1, activation=None) if x.shape[-1] != 32 else x, inner]))
    return classes(layers.GlobalAveragePooling2D()(x))


def mobilenet_v1(x):
    return keras.applications.MobileNet(input_tensor=x, alpha=0.25, depth_multiplier=1, weights=None, classes=exported.CLASSES).output


def mobilenet_v2(x):
    def block(x, filters, stride):
        inner = conv(x, 4 * x.shape[-1], 1, activation="relu6")
        if stride == 2:
            inner = layers.ZeroPadding2D(((0, 1), (0, 1)))(inner)
        inner = layers.DepthwiseConv2D(3, stride, "valid" if stride == 2 else "same", use_bias=False)(inner)
        inner = conv(layers.Activation("relu6")(layers.BatchNormalization()(inner)), filters, 1, activation=None)
        return layers.Add()([x, inner]) if stride == 1 and x.shape[-1] == filters else inner

    x = conv(x, 8, 3, 2, "relu6")
    for filters, stride in ((8, 1), (12, 2), (12, 1), (16, 2), (16, 1)):
        x = block(x, filters, stride)
    return classes(layers.GlobalAveragePooling2D()(conv(x, 64, 1, activation="relu6")))


def densenet(x):
    x = conv(x, 8, 3, 2)
    for _ in range(4):
        inner = layers.ReLU()(layers.BatchNormalization()(x))
        inner = conv(inner, 16, 1)
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same", use_bias=False)(inner)])
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.AveragePooling2D(2)(layers.Conv2D(12, 1, use_bias=False)(x))
    return classes(layers.GlobalAveragePooling2D()(x))


def squeezenet(x):
    def fire(x, squeeze, expand):
        x = layers.Conv2D(squeeze, 1, activation="relu")(x)
        return layers.Concatenate()([layers.Conv2D(expand, k, padding="same", activation="relu")(x) for k in (1, 3)])

    x = layers.MaxPooling2D(3, 2)(layers.Conv2D(16, 3, 2, activation="relu")(x))
    x = fire(fire(x, 8, 16), 8, 32)
    return layers.Softmax()(layers.GlobalAveragePooling2D()(layers.Conv2D(exported.CLASSES, 1)(x)))


def inception(x):
    def block(x):
        branches = [conv(x, 8, 1), conv(conv(x, 8, 1), 12, 3), conv(conv(x, 4, 1), 6, 5)]
        pooled = layers.AveragePooling2D(3, 1, "same")(x)
        return layers.Concatenate()([*branches, conv(pooled, 6, 1)])

    x = layers.MaxPooling2D(3, 2, "same")(block(conv(x, 8, 3, 2)))
    return classes(layers.GlobalAveragePooling2D()(block(x)))


def xception(x):
    x = conv(x, 8, 3, 2)
    for filters in (16, 32):
        inner = layers.ReLU()(layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)))
        inner = layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(inner))
        x = layers.Add()([layers.MaxPooling2D(3, 2, "same")(inner), conv(x, filters, 1, 2, activation=None)])
    return classes(layers.GlobalAveragePooling2D()(layers.ReLU()(x)))


def leaky(x):
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(2)(layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(x)))
    return classes(layers.GlobalMaxPooling2D()(x))


def rescaled(x):
    """Normalisation of bytes' scale inside the network."""
    x = layers.Rescaling(1 / 2.0, offset=-0.1)(x)
    return classes(layers.Flatten()(conv(conv(x, 8, 3, 2), 16, 3, 2)))


def autoencoder(x):
    shape = x.shape[1:]
    x = layers.Flatten()(x)
    for units in (64, 8, 64):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
    return layers.Reshape(shape)(layers.Dense(int(numpy.prod(shape)))(x))


# How each network is made, the shape of its images (channels, size), and whether it is a classifier.
NETWORKS = {
    "mlp": (mlp, (1, 28), True),
    "lenet": (lenet, (1, 28), True),
    "simple_convnet": (simple_convnet, (1, 28), True),
    "vgg": (vgg, (3, 32), True),
    "resnet": (resnet, (3, 32), True),
    "resnet_padded_stem": (resnet_padded_stem, (3, 32), True),
    "mobilenet_v1": (mobilenet_v1, (3, 32), True),
    "mobilenet_v2": (mobilenet_v2, (3, 32), True),
    "densenet": (densenet, (3, 32), True),
    "squeezenet": (squeezenet, (3, 32), True),
    "inception": (inception, (3, 32), True),
    "xception": (xception, (3, 32), True),
    "leaky": (leaky, (3, 32), True),
    "rescaled": (rescaled, (3, 32), True),
    "autoencoder": (autoencoder, (1, 28), False),
}

EXPORTERS = ["tf2onnx of Keras", "tf2onnx of TFLite, float", "tf2onnx of TFLite, int8 inside", "tf2onnx of TFLite, int8"]


@contextlib.contextmanager
def quiet():
    """The converters' chatter is not our output; what TensorFlow's C++ prints goes to the file descriptor itself."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        saved = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def channels_last(images):
    return numpy.ascontiguousarray(images.transpose(0, 2, 3, 1))


def trained(make, shape, classifier):
    """The trained network, and (calibration images, held-out images, their labels or None)."""
    keras.utils.set_random_seed(exported.SEED)
    images, labels, calibration, held, held_labels = exported.split(*shape)
    images, calibration, held = map(channels_last, (images, calibration, held))
    given = keras.Input(images.shape[1:])
    network = keras.Model(given, make(given))
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.8  # so few steps must suffice for the statistics
    network.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy" if classifier else "mse")
    network.fit(images, labels if classifier else images, batch_size=32, epochs=4, verbose=0)
    return network, (calibration, held, held_labels if classifier else None)


def to_tflite(network, calibration, whole):
    """TFLite's bytes, with integers inside if there are calibration images, with integers at input and output too if `whole`."""
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(network)
    if calibration is not None:
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in calibration)
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if whole:
            converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    return converter.convert()


def as_integers(tflite, images):
    """Images in the integers that a TFLite file takes."""
    scale, zero = tensorflow.lite.Interpreter(model_content=tflite).get_input_details()[0]["quantization"]
    return numpy.clip(numpy.rint(images / scale + zero), -128, 127).astype(numpy.int8)


def export(network, exporter, file, calibration, held):
    """Writes the file and gives (calibration images, held-out images) as it takes them."""
    if exporter == "tf2onnx of Keras":
        signature = [tensorflow.TensorSpec((None, *calibration.shape[1:]), tensorflow.float32, "image")]
        tf2onnx.convert.from_function(tensorflow.function(lambda x: network(x, training=False)), signature, output_path=str(file))
        return calibration, held
    quantized, whole = "int8" in exporter, exporter.endswith("int8")
    tflite = to_tflite(network, calibration if quantized else None, whole)
    source = file.with_suffix(".tflite")
    source.write_bytes(tflite)
    tf2onnx.convert.from_tflite(str(source), output_path=str(file))
    return (as_integers(tflite, calibration), as_integers(tflite, held)) if whole else (calibration, held)


def files(folder, wanted):
    """Every network by every exporter that is wanted(network, exporter)."""
    for name, (make, shape, classifier) in NETWORKS.items():
        chosen = [exporter for exporter in EXPORTERS if wanted(f"keras_{name}", exporter)]
        if not chosen:
            continue
        with quiet():
            network, (calibration, held, labels) = trained(make, shape, classifier)
        for i, exporter in enumerate(chosen):
            file, error, given = folder / f"{name}_{i}.onnx", None, (calibration, held)
            try:
                with quiet():
                    given = export(network, exporter, file, calibration, held)
            except Exception as failure:  # whatever a library raises is that file's line in the table
                error = f"{type(failure).__name__}: {failure}".splitlines()[0]
            yield exported.Exported(f"keras_{name}", exporter, file, *given, labels, quantized="int8" in exporter, error=error)
