"""Writes images.json: ops on images and grouped transposed convolutions, computed by PyTorch in float64; colours by
Python's colorsys.

Run: OPENBLAS_CORETYPE= python3 tests/golden/images.py
"""
import colorsys
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.RandomState(5)


def numbers(*shape, low=-1.0, high=1.0):
    """Random numbers of few digits that f32 holds exactly."""
    values = np.round(random.uniform(low, high, shape) * 1024) / 1024
    return torch.tensor(values, requires_grad=True)


def plain(x):
    """A tensor as JSON: its shape and its numbers, to eight digits."""
    values = x.detach().numpy()
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


rows = []


def row(op, options, inputs, call):
    """Notes an op's result and the gradients of sum(result * direction) by its inputs."""
    output = call(*inputs)
    direction = numbers(*output.shape).detach()
    gradients = torch.autograd.grad((output * direction).sum(), inputs)
    rows.append({
        "op": op, "options": options, "inputs": [plain(x) for x in inputs], "output": plain(output),
        "direction": plain(direction), "gradients": [plain(gradient) for gradient in gradients],
    })


def last(x):
    return x.movedim(1, -1)


def first(x):
    return x.movedim(-1, 1)


for padding in ["zeros", "border", "reflection"]:
    for aligned in [False, True]:
        for mode in ["bilinear", "nearest"]:
            row("gridSample", {"padding": padding, "alignCorners": aligned, "interpolation": mode},
                [numbers(1, 3, 4, 2), numbers(1, 3, 3, 2, low=-1.9, high=1.9)],
                lambda x, grid: last(F.grid_sample(first(x), grid, mode, padding, aligned)))

for aligned in [False, True]:
    row("affineGrid", {"size": [2, 3], "alignCorners": aligned}, [numbers(2, 2, 3)],
        lambda matrices: F.affine_grid(matrices, [2, 1, 2, 3], aligned))
row("affineWarp", {"padding": "border"}, [numbers(1, 3, 4, 2), numbers(1, 2, 3)],
    lambda x, matrices: last(F.grid_sample(first(x), F.affine_grid(matrices, [1, 1, 3, 4], False), padding_mode="border",
                                           align_corners=False)))

for size in [[5, 4], [2, 7], [3, 3]]:
    for mode in ["bilinear", "nearest"]:
        torch_mode = {"bilinear": {"mode": "bilinear", "align_corners": False}, "nearest": {"mode": "nearest-exact"}}[mode]
        row("resize", {"size": size, "interpolation": mode}, [numbers(1, 3, 5, 2)],
            lambda x: last(F.interpolate(first(x), size, **torch_mode)))

for rank, sizes in [(1, [5]), (2, [3, 2]), (3, [2, 2, 3])]:
    transpose = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][rank - 1]
    for groups, stride in [(1, 1), (2, 2)]:
        # PyTorch's filters are [channels, outputs / groups, ...taps].
        row(f"conv{rank}dTranspose", {"groups": groups, "strides": stride},
            [numbers(1, *sizes, 4), numbers(*[2] * rank, 3, 4), numbers(3 * groups)],
            lambda x, filters, bias: last(transpose(
                first(x), filters.movedim(-1, 0).movedim(-1, 1), bias, stride, groups=groups)))

for rank, sizes, wanted in [(1, [7], [3]), (2, [5, 4], [3, 3]), (3, [3, 5, 2], [2, 3, 4])]:
    for kind in ["average", "max"]:
        pool = {
            "average": [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d],
            "max": [F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d],
        }[kind][rank - 1]
        row(f"adaptive{kind.capitalize()}Pool{rank}d", {"outputSize": wanted}, [numbers(1, *sizes, 2)],
            lambda x: last(pool(first(x), wanted)))

colors = [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.5, 0.5], *numbers(9, 3, low=0, high=1).tolist()]
hues = numbers(9, 3, low=0, high=1).tolist()


def each(function, pixels):
    return {"input": pixels, "output": [[float(f"{v:.8g}") for v in function(*pixel)] for pixel in pixels]}


conversions = {"rgbToHsv": each(colorsys.rgb_to_hsv, colors), "hsvToRgb": each(colorsys.hsv_to_rgb, hues)}

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"rows": rows, "conversions": conversions}, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")
