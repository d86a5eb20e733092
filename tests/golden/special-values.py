"""Writes special-values.json: values and gradients at zeros of both signs, ties, knees, infinities and NaN, in float32, as
PyTorch has them; NumPy's where PyTorch has no such function. A gradient is that of the sum of the result.

Run: python3 tests/golden/special-values.py
"""
import warnings

import numpy as np
import torch
import torch.nn.functional as F

from rows import Table, inf, nan

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
table = Table()
row = table.row

points = [0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 2, -2, 3, -3, 6, 0.3, inf, -inf, nan, 1e38, -1e38, 3e38, 1e-40,
          -1e-40, 1e-30, 88, -88, 89, -104, 100, -100, 20, -20]
unary = {
    "abs": torch.abs, "neg": torch.neg, "sqrt": torch.sqrt, "square": torch.square, "reciprocal": torch.reciprocal,
    "rsqrt": torch.rsqrt, "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "sin": torch.sin, "cos": torch.cos,
    "erf": torch.erf, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "softplus": F.softplus,
    "silu": F.silu, "gelu": F.gelu, "geluApproximate": lambda x: F.gelu(x, approximate="tanh"),
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2), "elu": F.elu, "clip": lambda x: torch.clamp(x, -1, 1), "tan": torch.tan,
    "asin": torch.asin, "acos": torch.acos, "atan": torch.atan, "sinh": torch.sinh, "cosh": torch.cosh,
    "asinh": torch.asinh, "acosh": torch.acosh, "atanh": torch.atanh, "expm1": torch.expm1, "erfc": torch.erfc,
    "logGamma": torch.lgamma, "digamma": torch.digamma, "polygamma": lambda x: torch.polygamma(1, x),
    "celu": F.celu, "hardShrink": F.hardshrink, "hardSigmoid": F.hardsigmoid, "hardSilu": F.hardswish,
    "hardTanh": F.hardtanh, "logSigmoid": F.logsigmoid, "mish": F.mish, "relu6": F.relu6, "selu": F.selu,
    "softsign": F.softsign, "softShrink": F.softshrink, "tanhShrink": F.tanhshrink,
    "threshold": lambda x: F.threshold(x, 0.5, 7), "squareplus": lambda x: (x + torch.sqrt(x * x + 4)) / 2,
}
for name, f in unary.items():
    row(name, f, points)
for name, f in {
    "sign": torch.sign, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc,
    "isNaN": torch.isnan, "isFinite": torch.isfinite, "isInfinite": torch.isinf,
}.items():
    row(name, f, points, gradients=False)
row("nanToNum", torch.nan_to_num, points)
# Knees that f32 meets exactly.
row("hardSigmoid knees", F.hardsigmoid, [3, -3, 2.9999998, -2.9999998, 3.0000002, -3.0000002])
row("relu6 knees", F.relu6, [6, 5.9999995, 6.0000005, 1e-45, -1e-45])
row("hardTanh knees", F.hardtanh, [1, -1, 0.99999994, -0.99999994, 1.0000001])

few = [0, -0.0, 1, -1, 2, 0.5, -0.5, inf, -inf, nan, 5, -5]
a, b = (list(x) for x in zip(*[(p, q) for p in few for q in few]))
for name, f in {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "maximum": torch.maximum,
    "minimum": torch.minimum, "atan2": torch.atan2, "hypot": torch.hypot, "logAddExp": torch.logaddexp,
}.items():
    row(name, f, a, b)
row("mod", lambda x, y: torch.tensor(np.mod(x.numpy(), y.numpy())), a, b, gradients=False)
row("floorDivide", lambda x, y: torch.tensor(np.floor_divide(x.numpy(), y.numpy())), a, b, gradients=False)
for name, f in {
    "equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt,
    "greaterEqual": torch.ge,
}.items():
    row(name, f, a, b, gradients=False)
for exponent in [0, 1, 2, 3, 0.5, -1]:
    row(f"pow {exponent}", lambda x, e=exponent: torch.pow(x, e), points)
for base in [0, 1, 2, -1]:
    row(f"{base} pow", lambda x, v=base: torch.pow(v, x), few)

most, least = 2**31 - 1, -(2**31)
whole = [0, 1, -1, 2, 5, -5, most, least]
c, d = (torch.tensor(x, dtype=torch.int32) for x in zip(*[(p, q) for p in whole for q in whole]))
for name, f in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "maximum": np.maximum, "minimum": np.minimum,
                "mod": np.mod, "floorDivide": np.floor_divide, "equal": np.equal, "less": np.less}.items():
    row(f"{name} of integers", lambda x, y, g=f: g(x.numpy(), y.numpy()), c, d, gradients=False)

lists = [[1], [0], [nan], [inf], [-inf], [1, 1, 1], [0, 0, 0], [2, 2, 1], [1, 2, 2], [nan, 1, 2], [1, nan, 2], [inf, -inf, 1],
         [inf, inf, 0], [-inf, -inf, -inf], [-inf, 0, 0], [0, -0.0, 0], [0, 2, 0], [0, 2, 3], [1e38, 1e38, 3e38], [1e-40, 0, 0],
         [3, 3, 3, 3, 3], [2, nan, nan]]
plainly = {
    "sum": lambda x: x.sum(-1), "mean": lambda x: x.mean(-1), "prod": lambda x: x.prod(-1), "max": lambda x: x.amax(-1),
    "min": lambda x: x.amin(-1), "logSumExp": lambda x: torch.logsumexp(x, -1),
    "variance": lambda x: x.var(-1, correction=0), "std": lambda x: x.std(-1, correction=0),
    "norm": lambda x: torch.linalg.vector_norm(x, dim=-1), "norm 1": lambda x: torch.linalg.vector_norm(x, 1, dim=-1),
    "norm 3": lambda x: torch.linalg.vector_norm(x, 3, dim=-1),
    "norm inf": lambda x: torch.linalg.vector_norm(x, inf, dim=-1),
    "norm -inf": lambda x: torch.linalg.vector_norm(x, -inf, dim=-1),
    "softmax": lambda x: torch.softmax(x, -1) * torch.arange(1, x.shape[-1] + 1), "logSoftmax": lambda x: torch.log_softmax(x, -1),
    "cumsum": lambda x: x.cumsum(-1), "cumprod": lambda x: x.cumprod(-1), "cumMax": lambda x: x.cummax(-1)[0],
    "cumMin": lambda x: x.cummin(-1)[0], "sort": lambda x: x.sort(dim=-1, stable=True)[0], "median": lambda x: torch.quantile(x, 0.5, -1),
    "quantile 0": lambda x: torch.quantile(x, 0.0, -1), "quantile 1": lambda x: torch.quantile(x, 1.0, -1),
    "quantile 0.25": lambda x: torch.quantile(x, 0.25, -1),
}
for name, f in plainly.items():
    for values in lists:
        row(name, f, values)
for name, f in {
    "argMax": lambda x: x.argmax(-1).int(), "argMin": lambda x: x.argmin(-1).int(), "all": lambda x: x.bool().all(-1), "any": lambda x: x.bool().any(-1),
    "countNonzero": lambda x: torch.count_nonzero(x, -1).int(), "argsort": lambda x: x.argsort(dim=-1, stable=True).int(),
}.items():
    for values in lists:
        row(name, f, values, gradients=False)
for name in ["sum", "mean", "prod", "logSumExp", "variance", "norm", "cumsum", "cumprod", "softmax", "logSoftmax", "sort"]:
    row(f"{name} of nothing", plainly[name], torch.zeros([2, 0]))

for values, others in [([0, 0], [0, 0]), ([1, 0], [0, 0]), ([1, 2], [1, 2]), ([nan, 1], [1, 1]), ([1, 1], [-1, -1])]:
    row("cosine", lambda x, y: F.cosine_similarity(x, y, -1, 1e-7), values, others)

squares = [[[0.0]], [[2.0]], [[-2.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]],
           [[nan, 0.0], [0.0, 1.0]], [[4.0, 2.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]]]


def attempt(f):
    """f, and NaN where it raises an error, as no captured step could."""
    def tried(x):
        try:
            return f(x)
        except torch.linalg.LinAlgError:
            return torch.full_like(x, nan)
    return tried


for x in squares:
    row("det", torch.linalg.det, x, gradients=False)
    row("inv", attempt(torch.linalg.inv), x, gradients=False)
    row("cholesky", attempt(torch.linalg.cholesky), x, gradients=False)
    row("slogdet", lambda m: tuple(torch.linalg.slogdet(m)), x, gradients=False)
    if not np.isnan(x).any():
        row("svdvals", torch.linalg.svdvals, x, gradients=False)
        row("eigvalsh", torch.linalg.eigvalsh, x, gradients=False)

image = [[[1, 1, 0], [1, nan, 2], [-inf, inf, 2]]]
for kind, f in {"maxPool2d": F.max_pool2d, "avgPool2d": F.avg_pool2d}.items():
    for values in (image, [[[1, 1, 1], [1, 1, 1], [1, 1, 1]]], [[[-inf, -inf, -inf]] * 3]):
        row(kind, lambda x, g=f: g(x, 2, 1)[..., None], values)

table.write(__file__)
