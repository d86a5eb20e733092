"""Makes metrics.json: Keras's metrics after one and after two batches, for tests/metrics/golden.test.ts.

python3 -m venv /tmp/keras && /tmp/keras/bin/pip install "keras==3.15.1" "jax[cpu]==0.10.2"
KERAS_BACKEND=jax /tmp/keras/bin/python tests/golden/metrics.py
"""

import json
import re
from pathlib import Path

import jax
import keras
import numpy as np

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
random = np.random.RandomState(8)


def numbers(*shape, low=0.0, high=1.0):
    return random.uniform(low, high, shape).astype(np.float32).astype(np.float64)


def ints(high, *shape):
    return random.randint(0, high, shape)


def plain(x):
    x = np.asarray(x)
    data = [float(f"{v:.8g}") for v in x.astype(np.float64).ravel()]
    return {"shape": list(x.shape), "data": data, **({"dtype": "i32"} if x.dtype.kind == "i" else {})}


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), name)


CHOICES = {"classAggregation": lambda v: v and snake(v), "targetClassIds": list}
rows = []


def metric(kind, batches, options=None, first=(), **keras_options):
    """Notes a metric's results: batches are lists of y_true, y_pred and, maybe, weights. `first` are plain arguments."""
    options = options or {}
    given = {snake(k): CHOICES.get(k, lambda v: v)(v) for k, v in options.items()}
    made = getattr(keras.metrics, kind)(*first, **given, **keras_options)
    results = []
    for batch in batches:
        made.update_state(*batch)
        results.append(plain(made.result()))
    names = ["yTrue", "yPred", "sampleWeight"]
    rows.append({
        "metric": kind, "arguments": [*first], "options": options,
        "batches": [{n: plain(x) for n, x in zip(names, batch)} for batch in batches], "results": results,
    })


def weighted(batches):
    """The same batches with a weight for each example."""
    return [[*batch, numbers(len(batch[0]), low=0.2, high=2)] for batch in batches]


def pairs(truth, answers, sizes=(5, 3)):
    return [[truth(n), answers(n)] for n in sizes]


# Means

binary = pairs(lambda n: ints(2, n, 1), lambda n: numbers(n, 1))
many = pairs(lambda n: ints(2, n, 3), lambda n: numbers(n, 3))
classes = pairs(lambda n: np.eye(6)[ints(6, n)], lambda n: numbers(n, 6))
labels = pairs(lambda n: ints(6, n), lambda n: numbers(n, 6))
steps = pairs(lambda n: ints(4, n, 2), lambda n: numbers(n, 2, 4), (3, 2))
values = pairs(lambda n: numbers(n, 3, low=-1), lambda n: numbers(n, 3, low=-1))
positive = pairs(lambda n: numbers(n, 3, low=0.1), lambda n: numbers(n, 3, low=0.1))

for batches in [binary, many, weighted(many)]:
    metric("BinaryAccuracy", batches)
metric("BinaryAccuracy", many, {"threshold": 0.3})
for batches in [classes, weighted(classes)]:
    metric("CategoricalAccuracy", batches)
    metric("TopKCategoricalAccuracy", batches, {"k": 2})
for batches in [labels, weighted(labels), steps, weighted(steps)]:
    metric("SparseCategoricalAccuracy", batches)
    metric("SparseTopKCategoricalAccuracy", batches, {"k": 3})
metric("SparseCategoricalAccuracy", [[t, p, numbers(*t.shape)] for t, p in steps])
for kind in ["MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
             "MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError", "Poisson", "KLDivergence", "Hinge",
             "SquaredHinge", "CategoricalHinge", "PearsonCorrelation", "ConcordanceCorrelation"]:
    batches = {"Poisson": positive, "MeanSquaredLogarithmicError": positive, "KLDivergence": positive,
               "Hinge": many, "SquaredHinge": many, "CategoricalHinge": classes}.get(kind, values)
    metric(kind, batches)
    metric(kind, weighted(batches))
shares = [[t, p / p.sum(-1, keepdims=True)] for t, p in classes]
metric("BinaryCrossentropy", many)
metric("BinaryCrossentropy", weighted(many), {"fromLogits": True})
metric("CategoricalCrossentropy", shares)
metric("CategoricalCrossentropy", weighted(classes), {"fromLogits": True, "labelSmoothing": 0.1})
metric("SparseCategoricalCrossentropy", labels, {"fromLogits": True})

# Regression

for options in [{}, {"classAggregation": None}, {"classAggregation": "varianceWeightedAverage"}, {"numRegressors": 2}]:
    metric("R2Score", values, options)
    metric("R2Score", weighted(values), options)

# Yes and no

thresholds = [0.2, 0.5, 0.9]
for kind in ["TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall"]:
    metric(kind, many)
    metric(kind, weighted(many), {"thresholds": thresholds})
    metric(kind, many, {"thresholds": [0.0, 0.5, 1.0]})
    metric(kind, many, {"thresholds": [0.7, 0.1]})
for kind in ["Precision", "Recall"]:
    metric(kind, classes, {"topK": 2})
    metric(kind, weighted(classes), {"topK": 3, "classId": 2})
    metric(kind, many, {"classId": 1})
    metric(kind, many, {"classId": 1, "thresholds": 0.3})
longer = pairs(lambda n: ints(2, n, 1), lambda n: numbers(n, 1), (12, 9))
for kind in ["SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision"]:
    metric(kind, longer, first=[0.6])
    metric(kind, weighted(longer), {"numThresholds": 7}, first=[0.4])
    metric(kind, many, {"numThresholds": 1, "classId": 2}, first=[0.3])
for curve in ["ROC", "PR", "PRGAIN"]:
    for method in ["interpolation", "minoring", "majoring"]:
        metric("AUC", longer, {"curve": curve, "summationMethod": method})
        metric("AUC", weighted(longer), {"curve": curve, "summationMethod": method, "numThresholds": 5})
    metric("AUC", longer, {"curve": curve, "thresholds": [0.3, 0.35, 0.8]})
multi = pairs(lambda n: ints(2, n, 3), lambda n: numbers(n, 3), (9, 7))
metric("AUC", multi)
for curve in ["ROC", "PR"]:
    metric("AUC", multi, {"curve": curve, "multiLabel": True})
    metric("AUC", weighted(multi), {"curve": curve, "multiLabel": True, "labelWeights": [0.5, 2, 1]})
metric("AUC", multi, {"labelWeights": [0.5, 2, 1]})
metric("AUC", pairs(lambda n: ints(2, n, 1), lambda n: numbers(n, 1, low=-3, high=3), (9, 7)), {"fromLogits": True})
for options in [{}, {"threshold": 0.4}, {"average": "micro"}, {"average": "macro"}, {"average": "weighted", "threshold": 0.6}]:
    metric("F1Score", multi, options)
    metric("FBetaScore", weighted(multi), {"beta": 2.0, **options})

# Classes

regions = pairs(lambda n: ints(3, n, 2, 2), lambda n: ints(3, n, 2, 2), (3, 2))
metric("IoU", regions, {"numClasses": 3, "targetClassIds": [0, 2]})
metric("MeanIoU", regions, {"numClasses": 3})
metric("MeanIoU", regions, {"numClasses": 4, "ignoreClass": 1})
flat = [[t.ravel(), p.ravel(), numbers(t.size)] for t, p in regions]
metric("MeanIoU", flat, {"numClasses": 3}, dtype="float64")
metric("BinaryIoU", many)
metric("BinaryIoU", many, {"threshold": 0.3, "targetClassIds": [1]})
hot = pairs(lambda n: np.eye(4)[ints(4, n, 3)], lambda n: numbers(n, 3, 4), (3, 2))
metric("OneHotIoU", hot, {"numClasses": 4, "targetClassIds": [1, 3]})
metric("OneHotMeanIoU", hot, {"numClasses": 4})
metric("OneHotMeanIoU", [[t, p.argmax(-1)] for t, p in hot], {"numClasses": 4, "sparseYPred": True})

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")
