"""Makes keras-optimizers.json: 100 steps of Keras's optimizers, and its learning-rate schedules.

Run with `KERAS_BACKEND=jax JAX_ENABLE_X64=1 python3 tests/golden/keras-optimizers.py > tests/golden/keras-optimizers.json`
where Keras 3 and JAX are installed. Schedules are in float64, what is stored of optimizers in float32. Each run has a matrix [3, 4] and a vector [5], or the shapes that stand with it. In step t (from
0) the gradient of element i, counted through all, is 0.3 x + noise(17 t + i) with
noise(n) = ((n * 7919) % 1009) / 500 - 1, computed in float32: nothing but starting values and results need be stored.
"""

import json

import jax
import keras
import numpy as np

jax.config.update("jax_default_matmul_precision", "highest")

STEPS = 100
SHAPES = [(3, 4), (5,)]
OTHER_SHAPES = [(4, 2), (2, 3, 2)]
SIZE = 20
K = keras.optimizers
S = K.schedules


def noise(n):
    return (((n * 7919) % 1009) / 500 - 1).astype(np.float32)


start = noise(np.arange(SIZE) + 5000)

CASES = {
    "sgd": (K.SGD, {}),
    "sgd momentum": (K.SGD, {"momentum": 0.9}),
    "sgd nesterov": (K.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "rmsprop": (K.RMSprop, {}),
    "rmsprop centered momentum": (K.RMSprop, {"centered": True, "momentum": 0.5, "rho": 0.8}),
    "adagrad": (K.Adagrad, {}),
    "adagrad options": (K.Adagrad, {"initial_accumulator_value": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}),
    "adadelta": (K.Adadelta, {}),
    "adadelta options": (K.Adadelta, {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-5}),
    "adam": (K.Adam, {}),
    "adam amsgrad": (K.Adam, {"amsgrad": True, "beta_2": 0.9, "epsilon": 1e-4}),
    "adamw": (K.AdamW, {}),
    "adamw options": (K.AdamW, {"weight_decay": 0.1, "beta_1": 0.8}),
    "adamax": (K.Adamax, {}),
    "adamax options": (K.Adamax, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}),
    "nadam": (K.Nadam, {}),
    "nadam options": (K.Nadam, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}),
    "lion": (K.Lion, {}),
    "lion options": (K.Lion, {"beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}),
    "lamb": (K.Lamb, {}),
    "lamb options": (K.Lamb, {"beta_1": 0.8, "epsilon": 1e-3, "weight_decay": 0.1}),
    "adafactor": (K.Adafactor, {}),
    "adafactor options": (
        K.Adafactor,
        {"learning_rate": 0.5, "beta_2_decay": -0.6, "clip_threshold": 0.5, "weight_decay": 0.01},
    ),
    "adafactor of other shapes": (K.Adafactor, {"learning_rate": 0.1}, OTHER_SHAPES),
    "ftrl": (K.Ftrl, {}),
    "ftrl options": (
        K.Ftrl,
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.7,
            "l1_regularization_strength": 0.05,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.2,
            "beta": 0.3,
        },
    ),
    "muon": (K.Muon, {}),
    "muon options": (
        K.Muon,
        {"nesterov": False, "ns_steps": 3, "rms_rate": None, "adam_lr_ratio": 0.5, "adam_weight_decay": 0.1},
    ),
    "muon of other shapes": (K.Muon, {}, OTHER_SHAPES),
    "clipped by norm": (K.Adam, {"clipnorm": 0.5}),
    "clipped by the global norm": (K.SGD, {"global_clipnorm": 0.5}),
    "clipped by value": (K.SGD, {"clipvalue": 0.3}),
    "ema": (K.SGD, {"use_ema": True, "ema_momentum": 0.9}),
    "ema overwriting": (K.Adam, {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7}),
    "accumulating": (K.Adam, {"gradient_accumulation_steps": 3}),
    "accumulating, clipped": (K.SGD, {"gradient_accumulation_steps": 4, "global_clipnorm": 0.5, "weight_decay": 0.1}),
    "loss scale": (K.SGD, {"loss_scale_factor": 4.0, "clipnorm": 0.2}),
}

# What is repeated in the table of cases: a rate that moves variables visibly in 100 steps.
RATE = 0.01


def run(make, options, shapes=SHAPES):
    variables = []
    at = 0
    for i, shape in enumerate(shapes):
        size = int(np.prod(shape))
        variables.append(keras.Variable(start[at : at + size].reshape(shape), name=f"v{i}"))
        at += size
    optimizer = make(**{"learning_rate": RATE, **options})
    for t in range(STEPS):
        at = 0
        gradients = []
        for variable in variables:
            x = np.array(variable)
            g = np.float32(0.3) * x + noise(17 * t + at + np.arange(x.size)).reshape(x.shape)
            gradients.append(keras.ops.convert_to_tensor(g))
            at += x.size
        optimizer.apply(gradients, variables)
    flat = np.concatenate([np.array(v).ravel() for v in variables])
    optimizer.finalize_variable_values(variables)
    ema = np.concatenate([np.array(v).ravel() for v in variables])
    result = {"options": options, "shapes": shapes, "after": rounded(flat)}
    if options.get("use_ema"):
        result["average"] = rounded(ema)
    return result


def loss_scaling():
    """A scaled optimizer whose 4th gradient is not finite; the scale after each step, and the variable at the end."""
    x = keras.Variable(start[:4])
    optimizer = K.LossScaleOptimizer(K.Adam(learning_rate=RATE), initial_scale=8.0, dynamic_growth_steps=3)
    optimizer.build([x])
    scales = []
    for t in range(10):
        g = noise(np.arange(4) + 17 * t) * np.float32(optimizer.dynamic_scale)
        if t == 3:
            g[1] = np.inf
        values, state = optimizer.stateless_apply(optimizer.variables, [keras.ops.convert_to_tensor(g)], [x.value])
        x.assign(values[0])
        for variable, value in zip(optimizer.variables, state):
            variable.assign(value)
        scales.append(float(optimizer.dynamic_scale))
    return {"scales": scales, "after": rounded(np.array(x))}


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).ravel()]


SCHEDULES = {
    "exponentialDecay": (S.ExponentialDecay, {"initial_learning_rate": 0.1, "decay_steps": 20, "decay_rate": 0.8}),
    "exponentialDecay staircase": (
        S.ExponentialDecay,
        {"initial_learning_rate": 0.1, "decay_steps": 20, "decay_rate": 0.8, "staircase": True},
    ),
    "inverseTimeDecay": (S.InverseTimeDecay, {"initial_learning_rate": 0.1, "decay_steps": 20, "decay_rate": 0.8}),
    "inverseTimeDecay staircase": (
        S.InverseTimeDecay,
        {"initial_learning_rate": 0.1, "decay_steps": 20, "decay_rate": 0.8, "staircase": True},
    ),
    "piecewiseConstantDecay": (S.PiecewiseConstantDecay, {"boundaries": [10, 30, 31], "values": [1.0, 0.5, 0.2, 0.1]}),
    "polynomialDecay": (S.PolynomialDecay, {"initial_learning_rate": 0.1, "decay_steps": 60}),
    "polynomialDecay options": (
        S.PolynomialDecay,
        {"initial_learning_rate": 0.1, "decay_steps": 23, "end_learning_rate": 0.01, "power": 2.5, "cycle": True},
    ),
    "cosineDecay": (S.CosineDecay, {"initial_learning_rate": 0.1, "decay_steps": 60}),
    "cosineDecay warm-up": (
        S.CosineDecay,
        {
            "initial_learning_rate": 0.02,
            "decay_steps": 50,
            "alpha": 0.1,
            "warmup_target": 0.1,
            "warmup_steps": 13,
        },
    ),
    "cosineDecayRestarts": (S.CosineDecayRestarts, {"initial_learning_rate": 0.1, "first_decay_steps": 11}),
    "cosineDecayRestarts options": (
        S.CosineDecayRestarts,
        {"initial_learning_rate": 0.1, "first_decay_steps": 11, "t_mul": 1.0, "m_mul": 0.8, "alpha": 0.05},
    ),
}


def schedule(make, options):
    rate = make(**options)
    return {"options": options, "rates": rounded([float(rate(step)) for step in range(0, 100, 3)])}


print(
    json.dumps(
        {
            "keras": keras.__version__,
            "rate": RATE,
            "start": rounded(start),
            "optimizers": {name: run(*case) for name, case in CASES.items()},
            "lossScaling": loss_scaling(),
            "schedules": {name: schedule(*case) for name, case in SCHEDULES.items()},
        }
    )
)
