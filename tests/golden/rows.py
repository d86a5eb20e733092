"""Rows of tables of values and gradients at special points, in float32: what the scripts beside this file write as JSON."""
import json
from pathlib import Path

import numpy as np
import torch

inf, nan = float("inf"), float("nan")


def number(v):
    v = float(v)
    if np.isfinite(v):
        return "-0" if v == 0 and np.signbit(v) else float(f"{v:.9g}")
    return str(v)


def plain(x):
    """A tensor as JSON: shape, dtype and its numbers; NaN, infinities and -0 as text."""
    x = np.asarray(x.detach() if isinstance(x, torch.Tensor) else x)
    dtype = "bool" if x.dtype == bool else "u8" if x.dtype == np.uint8 else "i32" if x.dtype.kind == "i" else "f32"
    return {"shape": list(x.shape), "dtype": dtype, "data": [number(v) if dtype == "f32" else int(v) for v in x.ravel()]}


class Table:
    def __init__(self):
        self.rows = []

    def row(self, name, f, *inputs, gradients=True):
        """The result of f, and, unless told otherwise, the gradient of its first result's sum for each input of floats."""
        given = [torch.tensor(x, dtype=torch.float32) if not isinstance(x, torch.Tensor) else x.clone() for x in inputs]
        floats = [x for x in given if x.is_floating_point()]
        made = {"name": name, "inputs": [plain(x) for x in given]}
        if gradients:
            for x in floats:
                x.requires_grad_()
        y = f(*given)
        results = list(y) if isinstance(y, (tuple, list)) else [y]
        made["results"] = [plain(r) for r in results]
        if gradients:
            first = next(r for r in results if torch.is_tensor(r) and r.is_floating_point())
            found = [None] * len(floats)
            if first.requires_grad:
                found = torch.autograd.grad(first.sum(), floats, allow_unused=True)
            made["gradients"] = [plain(torch.zeros_like(x) if g is None else g) for g, x in zip(found, floats)]
        self.rows.append(made)

    def write(self, script):
        """Into the file of the script's name."""
        with Path(script).with_suffix(".json").open("w") as out:
            json.dump({"rows": self.rows}, out, separators=(",", ":"))
            out.write("\n")
