"""Makes losses.json: values and gradients of Keras's losses in float64, for tests/losses/golden.test.ts.

python3 -m venv /tmp/keras && /tmp/keras/bin/pip install "keras==3.15.1" "jax[cpu]==0.10.2"
KERAS_BACKEND=jax /tmp/keras/bin/python tests/golden/losses.py
"""

import json
import re
from pathlib import Path

import jax
import keras
import numpy as np

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
random = np.random.RandomState(4)


def numbers(*shape, low=-1.0, high=1.0):
    return random.uniform(low, high, shape).astype(np.float32).astype(np.float64)


def plain(x):
    data = [float(f"{v:.8g}") for v in np.asarray(x, np.float64).ravel()]
    return {"shape": list(np.shape(x)), "data": data, **({"dtype": "i32"} if np.asarray(x).dtype.kind == "i" else {})}


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), name)


rows = []


def loss(name, y_true, y_pred, options=None, weights=None, reduction=None, keras_name=None):
    """Notes a loss, as Keras reduces it, and its gradient by the prediction."""
    options = options or {}
    kind = keras_name or "".join(part.capitalize() for part in snake(name).split("_"))
    given = {snake(k): v for k, v in options.items()}
    if reduction:
        given["reduction"] = snake(reduction)
    made = getattr(keras.losses, kind)(**given)
    function = lambda p: made(y_true, p, sample_weight=weights)
    value = function(y_pred)
    gradient = jax.grad(lambda p: jax.numpy.sum(function(p)))(jax.numpy.asarray(y_pred))
    rows.append({
        "loss": name, "options": {**options, **({"reduction": reduction} if reduction else {})},
        "yTrue": plain(y_true), "yPred": plain(y_pred),
        **({"sampleWeight": plain(weights)} if weights is not None else {}),
        "value": plain(value), "gradient": plain(gradient),
    })


for name in ["meanSquaredError", "meanAbsoluteError", "meanAbsolutePercentageError", "logCosh", "huber", "poisson",
             "meanSquaredLogarithmicError", "cosineSimilarity"]:
    positive = name in ["poisson", "meanSquaredLogarithmicError"]
    low = 0.1 if positive else -2
    t, p = numbers(4, 3, low=low, high=2), numbers(4, 3, low=low, high=2)
    loss(name, t, p)
    loss(name, numbers(2, 3, 2, low=low), numbers(2, 3, 2, low=low))
    loss(name, t, p, weights=numbers(4, low=0))
    loss(name, t, p, reduction="sum")
loss("huber", numbers(4, 3, low=-2, high=2), numbers(4, 3, low=-2, high=2), {"delta": 0.4})
loss("cosineSimilarity", numbers(3, 4), numbers(3, 4), {"axis": 0})
t, p = numbers(4, 3), numbers(4, 3)
for reduction in ["meanWithSampleWeight", "none", "sum"]:
    loss("meanSquaredError", t, p, weights=numbers(4, low=0), reduction=reduction)
t, p = numbers(2, 3, 2), numbers(2, 3, 2)
loss("meanSquaredError", t, p, weights=numbers(2, 3, low=0))

binary = random.randint(0, 2, (4, 3))
signs = 2.0 * binary - 1
for name in ["hinge", "squaredHinge"]:
    loss(name, binary.astype(float), numbers(4, 3, low=-2, high=2))
    loss(name, signs, numbers(4, 3, low=-2, high=2))
    loss(name, np.where(binary == 1, 0.5, -1.0), numbers(4, 3, low=-2, high=2))

logits, probabilities = numbers(4, 3, low=-4, high=4), numbers(4, 3, low=0.02, high=0.98)
targets = binary.astype(float)
for name in ["binaryCrossentropy", "binaryFocalCrossentropy"]:
    for options in [{}, {"labelSmoothing": 0.2}]:
        loss(name, targets, probabilities, options)
        loss(name, targets, logits, {"fromLogits": True, **options})
loss("binaryFocalCrossentropy", targets, probabilities, {"applyClassBalancing": True, "alpha": 0.3, "gamma": 1.5})
loss("binaryFocalCrossentropy", targets, logits, {"applyClassBalancing": True, "fromLogits": True})
loss("binaryCrossentropy", targets, probabilities, weights=numbers(4, low=0))

labels = random.randint(0, 5, 4)
one_hot = np.eye(5)[labels]
raw, logits = numbers(4, 5, low=0.05), numbers(4, 5, low=-4, high=4)
for name in ["categoricalCrossentropy", "categoricalFocalCrossentropy"]:
    for options in [{}, {"labelSmoothing": 0.2}]:
        loss(name, one_hot, raw, options)
        loss(name, one_hot, logits, {"fromLogits": True, **options})
loss("categoricalFocalCrossentropy", one_hot, raw, {"alpha": 0.6, "gamma": 1.2})
loss("categoricalHinge", one_hot, numbers(4, 5, low=-2, high=2))
loss("sparseCategoricalCrossentropy", labels, raw)
loss("sparseCategoricalCrossentropy", labels, logits, {"fromLogits": True})
sequence, steps = np.array([[1, -1, 3], [0, 2, -1]]), numbers(2, 3, 4, low=-3, high=3)
loss("sparseCategoricalCrossentropy", sequence, steps, {"fromLogits": True, "ignoreClass": -1})
loss("sparseCategoricalCrossentropy", sequence, steps, {"fromLogits": True, "ignoreClass": -1}, numbers(2, 3, low=0))
share = raw / raw.sum(-1, keepdims=True)
loss("categoricalGeneralizedCrossEntropy", labels, share)
loss("categoricalGeneralizedCrossEntropy", labels, share, {"q": 0.8})
loss("klDivergence", np.roll(share, 1, 0), share, keras_name="KLDivergence")

for shape, axis in [((4, 3), None), ((2, 3, 3, 1), [1, 2, 3])]:
    options = {"axis": axis} if axis else {}
    t, p = random.randint(0, 2, shape).astype(float), numbers(*shape, low=0.05, high=0.95)
    loss("dice", t, p, options)
    loss("tversky", t, p, options)
    loss("tversky", t, p, {"alpha": 0.3, "beta": 0.9, **options})

embeddings = numbers(6, 4)
embeddings /= np.linalg.norm(embeddings, axis=-1, keepdims=True)
classes = np.array([0, 1, 0, 2, 1, 0])
loss("circle", classes, embeddings)
loss("circle", classes, embeddings, {"gamma": 20, "margin": 0.25})
loss("circle", classes, embeddings, {"removeDiagonal": False, "gamma": 10})

loss("ctc", np.array([[1, 2, 2, 0], [3, 0, 0, 0]]), numbers(2, 7, 4, low=-2, high=2), keras_name="CTC")

# Axes other than the last.
t, p, x = random.randint(0, 2, (2, 3, 4)).astype(float), numbers(2, 3, 4, low=0.05, high=0.95), numbers(2, 3, 4, low=-3)
for name in ["binaryCrossentropy", "binaryFocalCrossentropy"]:
    loss(name, t, p, {"axis": 1})
    loss(name, t, x, {"axis": 1, "fromLogits": True})
chosen = random.randint(0, 3, (2, 4))
t = np.eye(3)[chosen].transpose(0, 2, 1)
for name in ["categoricalCrossentropy", "categoricalFocalCrossentropy"]:
    loss(name, t, p, {"axis": 1})
    loss(name, t, x, {"axis": -2, "fromLogits": True})

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")
