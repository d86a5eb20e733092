"""Writes windows.json: values and gradients of convolutions, pooling and resizing layers, computed by Keras in float64.

Run: python3 -m venv keras && keras/bin/pip install "keras>=3.12" "jax[cpu]", then keras/bin/python tests/golden/windows.py
"""
import json
import os
import re
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import keras
import numpy as np

keras.config.set_floatx("float64")
random = np.random.RandomState(11)


def numbers(*shape):
    """Random numbers of few digits that f32 holds exactly."""
    return np.round(random.uniform(-1, 1, shape) * 1024) / 1024


def plain(x):
    """A tensor as JSON: its shape and its numbers, to eight digits."""
    values = np.asarray(x)
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


def snake(name):
    """Keras's name of an option: in snake_case, but for keepdims."""
    return re.sub(r"([A-Z])", r"_\1", name).lower().replace("keep_dims", "keepdims")


def camel(name):
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def tuples(value):
    return tuple(map(tuples, value)) if isinstance(value, list) else value


layers = []


def layer(name, config, *shape, mask=None):
    """Notes a layer's output and the gradients of sum(output * direction) by its input and its weights."""
    made = getattr(keras.layers, name)(**{snake(option): tuples(value) for option, value in config.items()})
    inputs = numbers(*shape)
    made.build(shape)
    weights = [numbers(*weight.shape) for weight in made.weights]
    call = {} if mask is None else {"mask": np.array(mask)}

    def output_of(x, weights):
        return made.stateless_call(weights, [], x, **call)[0]

    output = output_of(inputs, weights)
    direction = numbers(*output.shape)
    by_input, by_weights = jax.grad(lambda x, w: (output_of(x, w) * direction).sum(), (0, 1))(inputs, weights)
    names = [camel(weight.name) for weight in made.weights]
    kind = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", re.sub(r"(\d)D", r"\1d", name)).lower()
    layers.append({
        "kind": kind,
        "config": config,
        "mask": mask,
        "input": plain(inputs),
        "weights": dict(zip(names, map(plain, weights))),
        "output": plain(output),
        "direction": plain(direction),
        "gradients": {"input": plain(by_input), **dict(zip(names, map(plain, by_weights)))},
    })


layer("Conv1D", {"filters": 3, "kernelSize": 3}, 2, 6, 2)
layer("Conv1D", {"filters": 4, "kernelSize": 2, "padding": "causal", "dilationRate": 2}, 1, 6, 2)
layer("Conv1D", {"filters": 4, "kernelSize": 3, "padding": "causal", "strides": 2, "useBias": False}, 1, 6, 1)
layer("Conv1D", {"filters": 4, "kernelSize": 4, "padding": "same", "strides": 2, "groups": 2, "activation": "tanh"},
      1, 7, 4)
layer("Conv2D", {"filters": 2, "kernelSize": [2, 3], "padding": "same", "strides": 2, "groups": 2}, 1, 4, 5, 2)
layer("Conv3D", {"filters": 2, "kernelSize": 2}, 1, 3, 3, 2, 2)
layer("Conv3D", {"filters": 3, "kernelSize": [3, 2, 1], "padding": "same", "strides": [2, 1, 2]}, 1, 4, 2, 3, 2)
layer("Conv3D", {"filters": 2, "kernelSize": [2, 1, 2], "dilationRate": [2, 1, 1], "groups": 2, "activation": "relu"},
      1, 4, 2, 2, 2)

layer("Conv1DTranspose", {"filters": 2, "kernelSize": 3}, 1, 4, 2)
layer("Conv1DTranspose", {"filters": 2, "kernelSize": 4, "strides": 2, "padding": "same"}, 1, 4, 2)
layer("Conv1DTranspose", {"filters": 2, "kernelSize": 2, "strides": 3}, 1, 3, 2)
layer("Conv2DTranspose", {"filters": 2, "kernelSize": [2, 3], "strides": [1, 2], "padding": "same"}, 1, 2, 3, 2)
layer("Conv3DTranspose", {"filters": 2, "kernelSize": 2}, 1, 2, 2, 2, 2)
layer("Conv3DTranspose", {"filters": 2, "kernelSize": 3, "strides": [2, 1, 2], "padding": "same"}, 1, 2, 2, 2, 1)

layer("DepthwiseConv1D", {"kernelSize": 3, "depthMultiplier": 2}, 2, 5, 2)
layer("DepthwiseConv1D", {"kernelSize": 2, "strides": 2, "padding": "same", "activation": "relu"}, 1, 5, 3)
layer("DepthwiseConv2D", {"kernelSize": [3, 2], "padding": "same", "dilationRate": 2}, 1, 4, 5, 2)
layer("SeparableConv1D", {"filters": 3, "kernelSize": 3}, 1, 5, 2)
layer("SeparableConv1D", {"filters": 2, "kernelSize": 2, "strides": 2, "padding": "same", "depthMultiplier": 2,
                          "activation": "relu"}, 1, 5, 2)
layer("SeparableConv2D", {"filters": 3, "kernelSize": 2, "depthMultiplier": 2}, 1, 3, 3, 2)
layer("SeparableConv2D", {"filters": 2, "kernelSize": 3, "padding": "same", "strides": 2, "useBias": False}, 1, 4, 4, 2)

for kind in ["Max", "Average"]:
    layer(f"{kind}Pooling1D", {"poolSize": 2}, 2, 5, 2)
    layer(f"{kind}Pooling1D", {"poolSize": 3, "strides": 2, "padding": "same"}, 1, 6, 2)
    layer(f"{kind}Pooling2D", {"poolSize": [2, 3], "strides": 1, "padding": "same"}, 1, 3, 4, 2)
    layer(f"{kind}Pooling3D", {"poolSize": 2}, 1, 4, 2, 5, 2)
    layer(f"{kind}Pooling3D", {"poolSize": [2, 3, 2], "strides": [1, 2, 2], "padding": "same"}, 1, 3, 3, 3, 2)
    for size in [[2, 5, 2], [1, 3, 4, 2], [1, 2, 3, 2, 2]]:
        rank = len(size) - 2
        layer(f"Global{kind}Pooling{rank}D", {}, *size)
        layer(f"Global{kind}Pooling{rank}D", {"keepDims": True}, *size)
    layer(f"Adaptive{kind}Pooling1D", {"outputSize": 3}, 2, 7, 2)
    layer(f"Adaptive{kind}Pooling2D", {"outputSize": [3, 2]}, 1, 5, 4, 2)
    layer(f"Adaptive{kind}Pooling3D", {"outputSize": [2, 3, 2]}, 1, 3, 4, 2, 2)
layer("GlobalAveragePooling1D", {}, 2, 4, 3, mask=[[True, True, False, True], [False, True, False, False]])

layer("UpSampling1D", {"size": 3}, 1, 3, 2)
layer("UpSampling2D", {"size": [2, 3]}, 1, 2, 3, 2)
layer("UpSampling2D", {"size": [3, 2], "interpolation": "bilinear"}, 1, 3, 2, 2)
layer("UpSampling3D", {"size": [2, 1, 2]}, 1, 2, 2, 1, 2)
layer("ZeroPadding1D", {"padding": [1, 2]}, 1, 3, 2)
layer("ZeroPadding2D", {"padding": [[1, 0], [2, 1]]}, 1, 2, 2, 2)
layer("ZeroPadding2D", {"padding": [1, 2]}, 1, 2, 2, 1)
layer("ZeroPadding3D", {"padding": [[0, 1], [1, 0], [1, 1]]}, 1, 1, 2, 1, 2)
layer("Cropping1D", {}, 1, 4, 2)
layer("Cropping2D", {"cropping": [[1, 0], [0, 2]]}, 1, 3, 4, 2)
layer("Cropping3D", {"cropping": [1, 0, 1]}, 1, 3, 1, 4, 2)

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"layers": layers}, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(layers)} layers, {path.stat().st_size} bytes")
