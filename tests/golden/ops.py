"""Writes ops.json: what NumPy (and PyTorch, for gradients) makes of the same calls, in float64.

Run: OPENBLAS_CORETYPE= python3 tests/golden/ops.py
"""
import json
from pathlib import Path

import numpy as np
import torch

random = np.random.RandomState(11)


def numbers(*shape):
    """Random numbers that f32 holds exactly."""
    return random.uniform(-2, 2, shape).astype(np.float32).astype(np.float64)


def whole(low, high, *shape):
    return random.randint(low, high, shape)


def plain(x):
    """An array as JSON: shape, dtype and its numbers, to eight digits; NaN and infinities as text."""
    x = np.asarray(x)
    dtype = "bool" if x.dtype == bool else "i32" if x.dtype.kind == "i" else "f32"
    data = [float(f"{float(v):.8g}") for v in x.ravel()]
    return {"shape": list(x.shape), "dtype": dtype, "data": [v if np.isfinite(v) else str(v) for v in data]}


values = []


def value(name, result, *inputs):
    results = result if isinstance(result, (tuple, list)) else [result]
    values.append({"name": name, "inputs": [plain(x) for x in inputs], "results": [plain(y) for y in results]})


a, b, c = numbers(3, 4), numbers(4, 5), numbers(5, 2)
value("einsum chain", np.einsum("ij,jk,kl", a, b, c), a, b, c)
q, k = numbers(2, 3, 2, 4), numbers(2, 5, 2, 4)
value("einsum attention", np.einsum("bqhd,bkhd->bhqk", q, k), q, k)
e, f = numbers(2, 1, 3, 4), numbers(5, 4, 2)
value("einsum ellipsis", np.einsum("...ij,...jk", e, f), e, f)
g = numbers(3, 2, 3)
value("einsum diagonal", np.einsum("iji->j", g), g)
value("tensordot", np.tensordot(q, k, [[0, 3], [0, 3]]), q, k)
h, i = numbers(2, 3, 4), numbers(5, 4, 3)
value("dot", np.dot(h, i), h, i)
value("outer", np.outer(a, c), a, c)
value("vdot", np.vdot(a, a[::-1].copy()), a, a[::-1].copy())

ties = np.array([[2, -1, 2, np.nan, 0, -1], [1, 1, np.inf, -np.inf, 1, 0]])
value("argsort", np.argsort(ties, kind="stable"), ties)
value("sort", np.sort(ties), ties)
value("sort columns", np.sort(a, 0), a)
value("top k", list(torch.topk(torch.tensor(a), 2)), a)
value("argsort descending", torch.argsort(torch.tensor(ties), descending=True, stable=True), ties)
found = np.unique(ties[1], return_inverse=True, return_counts=True)
value("unique", found, ties[1])
bins, wanted = np.sort(numbers(7)), numbers(3, 3)
value("searchSorted", [np.searchsorted(bins, wanted), np.searchsorted(bins, bins, "right")], bins, wanted)

value("cumsum", [np.cumsum(h, 1), np.cumprod(h, 2)], h)
value("prod", [np.prod(h), np.prod(h, (0, 2), keepdims=True)], h)
zeros = whole(0, 2, 3, 4)
value("truth", [np.all(zeros, 0), np.any(zeros, 1), np.count_nonzero(zeros, 1)], zeros)
value("norm", [np.linalg.norm(a), np.linalg.norm(a, 1, axis=1), np.linalg.norm(a, np.inf, axis=0)], a)
value("roll", [np.roll(h, 2), np.roll(h, -1, 1), np.roll(h, (1, 5), (0, 2))], h)
value("repeat", [np.repeat(h, 2), np.repeat(h, 3, 1)], h)
x, y = numbers(3), numbers(2)
value("meshgrid", np.meshgrid(x, y) + np.meshgrid(x, y, indexing="ij"), x, y)
value("triangles", [np.tri(3, 4, 1), np.tril(h, -1), np.triu(h, 1)], h)
value("diagonals", [np.diag(x, -1), np.diag(a, 1), np.diagonal(h, 1, 1, 2), np.trace(h, 0, 1, 2)], x, a, h)
places = whole(0, 4, 2, 3, 2)
value("take", [np.take(h, places[0, 0]), np.take_along_axis(h, places, 2)], h, places)
counted = whole(0, 5, 20)
value("bincount", np.bincount(counted), counted)
value("histogram", np.histogram(h, 6), h)
value("quantiles", [np.median(h, 1), np.quantile(h, [0.1, 0.75], (0, 2)), np.quantile(h, 0.3)], h)
value("covariance", [np.cov(a), np.corrcoef(a)], a)

u, v = numbers(4, 1), numbers(3)
value("division", [np.mod(u, v), np.floor_divide(u, v)], u, v)
m, n = whole(-20, 20, 6, 1), np.array([-3, 2, 7, -1])
value("integer division", [np.mod(m, n), np.floor_divide(m, n)], m, n)
value("pairs", [np.arctan2(u, v), np.hypot(u, v), np.logaddexp(u, v)], u, v)
odd = np.array([1.5, np.nan, np.inf, -np.inf, -2.5, 0.5])
value("odd numbers", [np.isnan(odd), np.isfinite(odd), np.isinf(odd), np.nan_to_num(odd, nan=7, posinf=8, neginf=-9)], odd)
value("rounding", [np.round(a), np.round([0.5, 1.5, 2.5, -0.5, -1.5])], a)

gradients = []


def gradient(name, function, *inputs):
    """Notes the gradients of sum(direction * f(inputs))."""
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = function(*tensors)
    direction = torch.tensor(numbers(*y.shape))
    found = torch.autograd.grad((y * direction).sum(), tensors)
    gradients.append({
        "name": name,
        "inputs": [plain(x) for x in inputs],
        "direction": plain(direction),
        "gradients": [plain(dx) for dx in found],
    })


holes = np.array([[1, 2, 0, 3], [0, 2, 0, 1], [2, -1, 3, 0.5]])
gradient("prod", lambda x: x.prod(1), holes)
gradient("cumprod", lambda x: x.cumprod(1), holes)
gradient("norm", lambda x: x.norm(dim=1), np.array([[3.0, 4], [0, 0], [1, -2]]))
gradient("sort", lambda x: x.sort(0).values, a)
gradient("top k", lambda x: x.topk(2, 1).values, a)
gradient("cumsum", lambda x: x.cumsum(0), a)
gradient("logAddExp", torch.logaddexp, u, v)
gradient("atan2", torch.atan2, u, v)
gradient("mod", torch.remainder, u, v)
gradient("quantile", lambda x: torch.quantile(x, 0.3, 1), a)
gradient("takeAlongAxis", lambda x: torch.gather(x, 2, torch.tensor(places)), h)
gradient("einsum", lambda x, y: torch.einsum("bqhd,bkhd->bhqk", x, y), q, k)
gradient("erfc", torch.erfc, a)
gradient("acosh", torch.acosh, np.abs(a) + 1.25)

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"values": values, "gradients": gradients}, separators=(",", ":")) + "\n")
