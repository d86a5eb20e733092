"""Makes keras-weights.json: Keras's constraints and regularizers of a small weight, and what its initializers draw like.

Run with `KERAS_BACKEND=jax python3 tests/golden/keras-weights.py > tests/golden/keras-weights.json`.
"""

import json

import keras
import numpy as np

weight = np.array([[0.5, -3.0, 1.25, 0.0], [2.0, 1.5, -0.75, 0.0], [-1.0, 0.25, 2.5, 0.0]], dtype=np.float32)
C = keras.constraints
R = keras.regularizers
I = keras.initializers
SHAPE = (3, 3, 40, 60)

CONSTRAINTS = {
    "maxNorm": (C.MaxNorm, {}),
    "maxNorm rows": (C.MaxNorm, {"max_value": 0.75, "axis": 1}),
    "nonNeg": (C.NonNeg, {}),
    "unitNorm": (C.UnitNorm, {}),
    "unitNorm all": (C.UnitNorm, {"axis": [0, 1]}),
    "minMaxNorm": (C.MinMaxNorm, {}),
    "minMaxNorm options": (C.MinMaxNorm, {"min_value": 1.0, "max_value": 2.0, "rate": 0.75, "axis": 1}),
}
REGULARIZERS = {
    "l1": R.L1(0.1),
    "l2": R.L2(0.1),
    "l1l2": R.L1L2(0.1, 0.2),
    "orthogonal": R.OrthogonalRegularizer(),
    "orthogonal columns": R.OrthogonalRegularizer(factor=0.5, mode="columns"),
}
INITIALIZERS = {
    "glorotUniform": I.GlorotUniform,
    "glorotNormal": I.GlorotNormal,
    "heUniform": I.HeUniform,
    "heNormal": I.HeNormal,
    "lecunUniform": I.LecunUniform,
    "lecunNormal": I.LecunNormal,
    "randomUniform": I.RandomUniform,
    "randomNormal": I.RandomNormal,
    "truncatedNormal": I.TruncatedNormal,
    "varianceScaling": I.VarianceScaling,
    "orthogonal": I.Orthogonal,
}


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def statistics(make):
    """Standard deviation and greatest size."""
    values = np.array(make(seed=3)(SHAPE), dtype=np.float64)
    return rounded([values.std(), np.abs(values).max()])


print(
    json.dumps(
        {
            "keras": keras.__version__,
            "weight": weight.tolist(),
            "constraints": {
                name: {"options": options, "after": rounded(make(**options)(weight))}
                for name, (make, options) in CONSTRAINTS.items()
            },
            "regularizers": {
                name: rounded(penalty(keras.ops.convert_to_tensor(weight))) for name, penalty in REGULARIZERS.items()
            },
            "shape": SHAPE,
            "initializers": {name: statistics(make) for name, make in INITIALIZERS.items()},
        }
    )
)
