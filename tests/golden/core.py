"""Writes core.json: values and gradients of layers and activations, computed by Keras 3 on jax in float64.

Run: KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/core.py   (pip: keras, jax[cpu])
"""
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

keras.config.set_floatx("float64")
random = np.random.RandomState(11)


def numbers(*shape, low=-2.0, high=2.0):
    """Random numbers that f32 holds exactly."""
    return random.uniform(low, high, shape).astype(np.float32).astype(np.float64)


def plain(x):
    x = np.asarray(x)
    return {"shape": list(x.shape), "data": [float(f"{value:.8g}") for value in x.ravel()]}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


rows = []


def layer(kind, options, shapes, training=False, weights=None):
    """Notes a layer's output and the gradients of sum(output * direction) by its inputs and trained weights."""
    single = isinstance(shapes[0], int)
    inputs = [numbers(*shape) for shape in ([shapes] if single else shapes)]
    made = getattr(keras.layers, kind)(**options)
    made.build(inputs[0].shape if single else [x.shape for x in inputs])
    values = [numbers(*w.shape, low=0.2, high=1.2) for w in made.weights]
    for variable, value in zip(made.weights, values):
        variable.assign(value)
    trained = [variable.value for variable in made.trainable_variables]
    fixed = [variable.value for variable in made.non_trainable_variables]

    def call(xs, weights):
        given = [jnp.asarray(x) for x in xs]
        arguments = {"training": training} if "training" in made.call.__code__.co_varnames else {}
        y, after = made.stateless_call(weights, fixed, given[0] if single else given, **arguments)
        return y, after

    output, after = call(inputs, trained)
    direction = numbers(*output.shape)
    by_inputs, by_weights = jax.grad(
        lambda xs, ws: jnp.sum(call(xs, ws)[0] * direction), argnums=(0, 1)
    )([jnp.asarray(x) for x in inputs], trained)
    names = [camel(variable.name) for variable in made.weights]
    trained_names = [camel(variable.name) for variable in made.trainable_variables]
    fixed_names = [camel(variable.name) for variable in made.non_trainable_variables]
    rows.append({
        "layer": kind,
        "config": {camel(key): value for key, value in options.items()},
        "training": training,
        "inputs": [plain(x) for x in inputs],
        "weights": dict(zip(names, map(plain, values))),
        "output": plain(output),
        "direction": plain(direction),
        "gradients": [plain(g) for g in by_inputs],
        "weightGradients": dict(zip(trained_names, map(plain, by_weights))),
        "after": dict(zip(fixed_names, map(plain, after))) if training else {},
    })


layer("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c", "activation": "tanh"}, (3, 5))
layer("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [None, 4], "bias_axes": "d"}, (2, 3, 5))
layer("EinsumDense", {"equation": "...x,xyz->...yz", "output_shape": [3, 2], "bias_axes": "y"}, (2, 5, 4))
layer("EinsumDense", {"equation": "abc,bde->ade", "output_shape": [3, 2]}, (2, 4, 5))
layer("Permute", {"dims": [2, 1]}, (2, 3, 4))
layer("RepeatVector", {"n": 3}, (2, 4))
layer("Masking", {"mask_value": 0.5}, (2, 3, 4))
layer("ReLU", {"max_value": 1.2, "negative_slope": 0.1, "threshold": 0.3}, (3, 7))
layer("LeakyReLU", {}, (3, 7))
layer("ELU", {"alpha": 0.7}, (3, 7))
layer("PReLU", {"shared_axes": [1]}, (2, 3, 4))
layer("Softmax", {"axis": 1}, (2, 3, 4))
layer("Add", {}, [(2, 3, 4), (2, 3, 4), (2, 1, 4)])
layer("Subtract", {}, [(2, 3), (2, 3)])
layer("Multiply", {}, [(2, 3, 4), (2, 3, 1)])
layer("Average", {}, [(2, 3), (2, 3), (2, 3)])
layer("Maximum", {}, [(2, 3), (2, 3), (2, 3)])
layer("Minimum", {}, [(2, 3), (2, 3), (2, 3)])
layer("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4)])
layer("Concatenate", {}, [(2, 3, 4), (2, 3, 2)])
layer("Dot", {"axes": [2, 1]}, [(2, 3, 4), (2, 4, 2)])
layer("Dot", {"axes": 1, "normalize": True}, [(2, 5), (2, 5)])
layer("GroupNormalization", {"groups": 2}, (2, 3, 3, 4))
layer("GroupNormalization", {"groups": -1, "epsilon": 1e-5}, (2, 5, 3))
layer("RMSNormalization", {}, (2, 3, 4))
layer("UnitNormalization", {}, (2, 3, 4))
layer("UnitNormalization", {"axis": [1, 2]}, (2, 3, 4))
layer("BatchNormalization", {}, (5, 3), training=True)
layer("LayerNormalization", {}, (2, 3, 4))

activations = []


def sparsemax(x):
    """The projection on the simplex, by bisection: Keras 3.15's own does not sum to 1 where several numbers are kept."""
    low, high = jnp.max(x, -1, keepdims=True) - 1, jnp.max(x, -1, keepdims=True)
    for _ in range(60):
        middle = (low + high) / 2
        above = jnp.sum(jnp.maximum(x - middle, 0), -1, keepdims=True) > 1
        low, high = jnp.where(above, middle, low), jnp.where(above, high, middle)
    support = jax.lax.stop_gradient(x > high).astype(x.dtype)
    threshold = (jnp.sum(x * support, -1, keepdims=True) - 1) / jnp.sum(support, -1, keepdims=True)
    return (x - threshold) * support


def note(name, f, x):
    direction = numbers(*f(jnp.asarray(x)).shape)
    gradient = jax.grad(lambda x: jnp.sum(f(x) * direction))(jnp.asarray(x))
    activations.append({
        "name": name, "x": plain(x), "y": plain(f(jnp.asarray(x))), "direction": plain(direction),
        "gradient": plain(gradient),
    })


names = {
    "celu": "celu", "elu": "elu", "exponential": "exponential", "gelu": "gelu", "glu": "glu",
    "hard_shrink": "hardShrink", "hard_sigmoid": "hardSigmoid", "hard_silu": "hardSilu", "hard_tanh": "hardTanh",
    "leaky_relu": "leakyRelu", "linear": "linear", "log_sigmoid": "logSigmoid", "log_softmax": "logSoftmax",
    "mish": "mish", "relu": "relu", "relu6": "relu6", "selu": "selu", "sigmoid": "sigmoid", "silu": "silu",
    "softmax": "softmax", "softplus": "softplus", "soft_shrink": "softShrink", "softsign": "softsign",
    "sparse_plus": "sparsePlus", "sparse_sigmoid": "sparseSigmoid",
    "squareplus": "squareplus", "tanh": "tanh", "tanh_shrink": "tanhShrink",
}
for theirs, ours in names.items():
    f = keras.activations.get(theirs) if theirs != "squareplus" else keras.activations.squareplus
    note(ours, f, numbers(3, 8, low=-8.0, high=8.0))
note("sparsemax", sparsemax, numbers(4, 8, low=-1.0, high=1.0))

Path(__file__).with_name("core.json").write_text(json.dumps({"layers": rows, "activations": activations}) + "\n")
