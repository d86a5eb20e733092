"""Writes layers.json: values and gradients of layers, activations and losses, computed by PyTorch in float64.

Images are [batch, height, width, channels] and kernels laid out as in Keras; paddings follow TensorFlow.
Run: OPENBLAS_CORETYPE= python3 tests/golden/layers.py
"""
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.RandomState(7)


def numbers(*shape, low=-1.0, high=1.0):
    """Random numbers that f32 holds exactly."""
    values = random.uniform(low, high, shape).astype(np.float32).astype(np.float64)
    return torch.tensor(values, requires_grad=True)


def plain(x):
    """A tensor as JSON: its shape and its numbers, to eight digits."""
    values = x.detach().numpy()
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


layers = []


def layer(kind, config, inputs, weights, call, training=False, after=None):
    """Notes a layer's output and the gradients of sum(output * direction) by its input and trained weights."""
    output = call(inputs, **weights)
    direction = numbers(*output.shape)
    wanted = {name: x for name, x in {"input": inputs, **weights}.items() if x.requires_grad}
    found = torch.autograd.grad((output * direction.detach()).sum(), list(wanted.values()))
    layers.append({
        "kind": kind,
        "config": config,
        "training": training,
        "input": plain(inputs) if inputs.dtype == torch.float64 else {**plain(inputs), "dtype": "i32"},
        "weights": {name: plain(weight) for name, weight in weights.items()},
        "output": plain(output),
        "direction": plain(direction),
        "gradients": dict(zip(wanted, map(plain, found))),
        "after": {name: plain(weight) for name, weight in (after or {}).items()},
    })


# Dense

for inputs, activation in [((3, 5), "linear"), ((3, 5), "relu"), ((2, 3, 4), "tanh"), ((1, 6), "softmax")]:
    act = {"linear": lambda y: y, "relu": torch.relu, "tanh": torch.tanh, "softmax": lambda y: y.softmax(-1)}[activation]
    weights = {"kernel": numbers(inputs[-1], 4), "bias": numbers(4)}
    layer("dense", {"units": 4, "activation": activation}, numbers(*inputs), weights,
          lambda x, kernel, bias: act(x @ kernel + bias))
layer("dense", {"units": 3, "useBias": False}, numbers(4, 7), {"kernel": numbers(7, 3)}, lambda x, kernel: x @ kernel)


# Convolutions

def same_padding(size, taps, stride, dilation):
    """Zeros before and after, as TensorFlow puts them."""
    missing = max(0, (-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size)
    return missing // 2, missing - missing // 2


def padded(x, kernel_size, strides, dilation, padding, value=0.0):
    """[batch, channels, height, width] with what the padding adds."""
    if padding == "valid":
        return x
    (top, bottom), (left, right) = [
        same_padding(x.shape[2 + i], kernel_size[i], strides[i], dilation[i]) for i in range(2)
    ]
    return F.pad(x, (left, right, top, bottom), value=value)


def to_nchw(x):
    return x.permute(0, 3, 1, 2)


def to_nhwc(x):
    return x.permute(0, 2, 3, 1)


def convolution(strides=(1, 1), dilation=(1, 1), padding="valid", groups=1, activation=lambda y: y):
    def call(x, kernel, bias=None):
        image = padded(to_nchw(x), kernel.shape[:2], strides, dilation, padding)
        y = F.conv2d(image, kernel.permute(3, 2, 0, 1), bias, strides, 0, dilation, groups)
        return activation(to_nhwc(y))
    return call


layer("conv2d", {"filters": 3, "kernelSize": 3}, numbers(2, 6, 5, 2),
      {"kernel": numbers(3, 3, 2, 3), "bias": numbers(3)}, convolution())
layer("conv2d", {"filters": 8, "kernelSize": 3, "activation": "relu"}, numbers(2, 6, 6, 1),
      {"kernel": numbers(3, 3, 1, 8), "bias": numbers(8)}, convolution(activation=torch.relu))
layer("conv2d", {"filters": 4, "kernelSize": [3, 2], "strides": [2, 1], "padding": "same", "activation": "sigmoid"},
      numbers(2, 7, 6, 3), {"kernel": numbers(3, 2, 3, 4), "bias": numbers(4)},
      convolution((2, 1), padding="same", activation=torch.sigmoid))
layer("conv2d", {"filters": 2, "kernelSize": 3, "padding": "same", "dilationRate": 2, "useBias": False},
      numbers(1, 7, 7, 2), {"kernel": numbers(3, 3, 2, 2)}, convolution(dilation=(2, 2), padding="same"))
layer("conv2d", {"filters": 6, "kernelSize": 2, "strides": 2, "groups": 2}, numbers(1, 6, 6, 4),
      {"kernel": numbers(2, 2, 2, 6), "bias": numbers(6)}, convolution((2, 2), groups=2))


def depthwise(strides=(1, 1), padding="valid"):
    def call(x, kernel, bias):
        rows, columns, channels, multiplier = kernel.shape
        filters = kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)
        image = padded(to_nchw(x), (rows, columns), strides, (1, 1), padding)
        return to_nhwc(F.conv2d(image, filters, bias, strides, groups=channels))
    return call


layer("depthwise_conv2d", {"kernelSize": 3}, numbers(2, 5, 5, 3),
      {"kernel": numbers(3, 3, 3, 1), "bias": numbers(3)}, depthwise())
layer("depthwise_conv2d", {"kernelSize": 3, "strides": 2, "padding": "same", "depthMultiplier": 2},
      numbers(1, 6, 7, 2), {"kernel": numbers(3, 3, 2, 2), "bias": numbers(4)}, depthwise((2, 2), "same"))


def transposed(strides, padding):
    def call(x, kernel, bias):
        y = F.conv_transpose2d(to_nchw(x), kernel.permute(3, 2, 0, 1), None, strides)
        cuts = []
        for axis in range(2):
            windows, taps, stride = x.shape[1 + axis], kernel.shape[axis], strides[axis]
            size = windows * stride if padding == "same" else windows * stride + max(taps - stride, 0)
            before = same_padding(size, taps, stride, 1)[0] if padding == "same" else 0
            cuts.append((before, size))
        (top, height), (left, width) = cuts
        y = F.pad(y, (0, max(0, left + width - y.shape[3]), 0, max(0, top + height - y.shape[2])))
        return to_nhwc(y[:, :, top:top + height, left:left + width] + bias.reshape(1, -1, 1, 1))
    return call


for size, stride, padding in [(3, 2, "same"), (3, 2, "valid"), (2, 3, "valid"), (4, 2, "same")]:
    layer("conv2d_transpose", {"filters": 2, "kernelSize": size, "strides": stride, "padding": padding},
          numbers(1, 3, 4, 3), {"kernel": numbers(size, size, 2, 3), "bias": numbers(2)},
          transposed((stride, stride), padding))


# Pooling

def max_pooling(size, strides, padding):
    def call(x):
        image = padded(to_nchw(x), size, strides, (1, 1), padding, value=-np.inf)
        return to_nhwc(F.max_pool2d(image, size, strides))
    return call


def average_pooling(size, strides, padding):
    def call(x):
        image = to_nchw(x)
        summed = F.avg_pool2d(padded(image, size, strides, (1, 1), padding), size, strides)
        inside = F.avg_pool2d(padded(torch.ones_like(image), size, strides, (1, 1), padding), size, strides)
        return to_nhwc(summed / inside)
    return call


for kind, pooling in [("max_pooling2d", max_pooling), ("average_pooling2d", average_pooling)]:
    layer(kind, {}, numbers(2, 4, 5, 2), {}, pooling((2, 2), (2, 2), "valid"))
    layer(kind, {"poolSize": [3, 2], "strides": [2, 1], "padding": "same"}, numbers(1, 5, 4, 3), {},
          pooling((3, 2), (2, 1), "same"))
layer("global_average_pooling2d", {}, numbers(2, 3, 4, 3), {}, lambda x: x.mean((1, 2)))
layer("global_average_pooling2d", {"keepDims": True}, numbers(2, 2, 2, 3), {}, lambda x: x.mean((1, 2), keepdim=True))
layer("global_max_pooling2d", {}, numbers(2, 3, 4, 3), {}, lambda x: x.amax((1, 2)))


# Normalization

def batch_norm(training, epsilon=1e-3):
    def call(x, gamma, beta, movingMean, movingVariance):
        image = x.movedim(-1, 1)
        y = F.batch_norm(image, movingMean.clone(), movingVariance.clone(), gamma, beta, training, 0.0, epsilon)
        return y.movedim(1, -1)
    return call


def moving(x, weights, momentum):
    """The moving statistics after a step: with the biased variance, as in Keras, where PyTorch takes the unbiased one."""
    rows = x.detach().reshape(-1, x.shape[-1])
    mean, variance = rows.mean(0), rows.var(0, unbiased=False)
    return {
        "movingMean": momentum * weights["movingMean"] + (1 - momentum) * mean,
        "movingVariance": momentum * weights["movingVariance"] + (1 - momentum) * variance,
    }


for shape, momentum in [((5, 3), 0.99), ((2, 3, 3, 4), 0.9)]:
    for training in [True, False]:
        channels = shape[-1]
        weights = {
            "gamma": numbers(channels), "beta": numbers(channels),
            "movingMean": numbers(channels).detach(), "movingVariance": numbers(channels, low=0.5, high=2).detach(),
        }
        inputs = numbers(*shape, low=-2, high=3)
        after = moving(inputs, weights, momentum) if training else {k: weights[k] for k in ["movingMean", "movingVariance"]}
        layer("batch_normalization", {"momentum": momentum}, inputs, weights, batch_norm(training), training, after)

layer("layer_normalization", {}, numbers(3, 7), {"gamma": numbers(7), "beta": numbers(7)},
      lambda x, gamma, beta: F.layer_norm(x, (7,), gamma, beta, 1e-3))
layer("layer_normalization", {"epsilon": 1e-5, "center": False}, numbers(2, 3, 4), {"gamma": numbers(4)},
      lambda x, gamma: F.layer_norm(x, (4,), gamma, None, 1e-5))
layer("embedding", {"inputDim": 6, "outputDim": 3}, torch.tensor([[1, 5, 1], [0, 2, 5]]), {"embeddings": numbers(6, 3)},
      lambda x, embeddings: F.embedding(x, embeddings))
layer("flatten", {}, numbers(2, 2, 3), {}, lambda x: x.reshape(2, 6))
layer("reshape", {"targetShape": [3, -1]}, numbers(2, 6), {}, lambda x: x.reshape(2, 3, 2))

# Activations

for name, activation in {
    "linear": lambda x: x * 1,
    "relu": torch.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "swish": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "softmax": lambda x: x.softmax(-1),
    "logSoftmax": lambda x: x.log_softmax(-1),
    "exponential": torch.exp,
}.items():
    layer("activation", {"activation": name}, numbers(3, 6, low=-4, high=4), {}, activation)

# Losses

losses = []


def loss(name, options, y_true, y_pred, value):
    """Notes a loss and its gradient by the prediction."""
    gradient, = torch.autograd.grad(value, [y_pred])
    dtype = {} if y_true.dtype == torch.float64 else {"dtype": "i32"}
    losses.append({
        "loss": name, "options": options, "yTrue": {**plain(y_true), **dtype}, "yPred": plain(y_pred),
        "value": float(f"{value.item():.8g}"), "gradient": plain(gradient),
    })


for shape in [(4, 3), (2, 3, 2)]:
    y_true, y_pred = numbers(*shape).detach(), numbers(*shape)
    loss("meanSquaredError", {}, y_true, y_pred, F.mse_loss(y_pred, y_true))
    loss("meanAbsoluteError", {}, y_true, y_pred, F.l1_loss(y_pred, y_true))

for smoothing in [0, 0.1]:
    options = {"labelSmoothing": smoothing} if smoothing else {}
    y_true = torch.tensor(random.randint(0, 2, (4, 3)), dtype=torch.float64)
    targets = y_true * (1 - smoothing) + smoothing / 2
    logits, probabilities = numbers(4, 3, low=-5, high=5), numbers(4, 3, low=0.01, high=0.99)
    loss("binaryCrossentropy", {"fromLogits": True, **options}, y_true, logits,
         F.binary_cross_entropy_with_logits(logits, targets))
    loss("binaryCrossentropy", options, y_true, probabilities, F.binary_cross_entropy(probabilities, targets))

    y_true = F.one_hot(torch.tensor(random.randint(0, 5, 4)), 5).double()
    targets = y_true * (1 - smoothing) + smoothing / 5
    logits, raw = numbers(4, 5, low=-5, high=5), numbers(4, 5, low=0.05, high=1)
    loss("categoricalCrossentropy", {"fromLogits": True, **options}, y_true, logits, F.cross_entropy(logits, targets))
    # Keras divides by the sum, also when it is 1 already.
    share = raw / raw.sum(-1, keepdim=True)
    loss("categoricalCrossentropy", options, y_true, raw, -(targets * share.log()).sum(-1).mean())

labels = torch.tensor(random.randint(0, 5, 4))
logits, raw = numbers(4, 5, low=-5, high=5), numbers(4, 5, low=0.05, high=1)
loss("sparseCategoricalCrossentropy", {"fromLogits": True}, labels, logits, F.cross_entropy(logits, labels))
loss("sparseCategoricalCrossentropy", {}, labels, raw, F.nll_loss((raw / raw.sum(-1, keepdim=True)).log(), labels))
labels = torch.tensor(random.randint(0, 4, (2, 3)))
logits = numbers(2, 3, 4, low=-3, high=3)
loss("sparseCategoricalCrossentropy", {"fromLogits": True}, labels, logits,
     F.cross_entropy(logits.reshape(6, 4), labels.reshape(6)))

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"layers": layers, "losses": losses}, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(layers)} layers, {len(losses)} losses, {path.stat().st_size} bytes")
