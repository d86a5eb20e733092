"""Writes keras-names.json: the public names of Keras 3 that docs/compatibility.md compares Heddle's with.

Run: KERAS_BACKEND=jax python tests/golden/keras-names.py   (pip: keras, jax[cpu])
"""
import inspect
import json
from pathlib import Path

import keras

modules = {
    "layers": keras.layers, "activations": keras.activations, "losses": keras.losses, "metrics": keras.metrics,
    "optimizers": keras.optimizers, "schedules": keras.optimizers.schedules, "callbacks": keras.callbacks,
    "initializers": keras.initializers, "regularizers": keras.regularizers, "constraints": keras.constraints,
    "ops": keras.ops,
}
old = {"serialize", "deserialize", "get", "legacy", "Callback", "CallbackList", "TFSMLayer", "experimental"}


def public(name, section, module):
    value = getattr(module, name)
    if name.startswith("_") or name in old or inspect.ismodule(value) or not callable(value):
        return False
    # Elsewhere than in ops and activations, functions repeat what the classes do.
    if section in ("ops", "activations"):
        return inspect.isfunction(value)
    return inspect.isclass(value)


names = {}
for section, module in modules.items():
    seen = {}
    for name in sorted(n for n in dir(module) if public(n, section, module)):
        value = getattr(module, name)
        # One name for each thing: GlorotUniform and not glorot_uniform, MaxPooling1D and not MaxPool1D.
        seen.setdefault(value, []).append(name)
    names[section] = sorted(max(same, key=lambda n: (n == value.__name__, len(n))) for value, same in seen.items())
Path(__file__).with_name("keras-names.json").write_text(
    json.dumps({"version": keras.__version__, "names": names}, indent=1) + "\n"
)
