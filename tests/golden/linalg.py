"""Writes linalg.json: linear algebra and Fourier transforms by NumPy in float64, gradients by PyTorch.

Matrices are [rows, columns] or batches of them; complex results are their real parts, then their imaginary ones. Factors
whose signs are free are compared up to sign. Gradients are those of sum(result * direction); for eigenvectors and singular
vectors, of the sum over functions that signs do not change.
Run: OPENBLAS_CORETYPE= python3 tests/golden/linalg.py
"""
import json
from pathlib import Path

import numpy as np
import torch

random = np.random.RandomState(11)


def numbers(*shape):
    """Random numbers that f32 holds exactly."""
    return random.uniform(-1, 1, shape).astype(np.float32).astype(np.float64)


def plain(x):
    """An array as JSON: its shape and its numbers, to eight digits."""
    x = np.asarray(x)
    if np.iscomplexobj(x):
        x = np.stack([x.real, x.imag])
    return {"shape": list(x.shape), "data": [float(f"{value:.8g}") for value in x.ravel()]}


def gradients(f, *inputs):
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = f(*tensors)
    direction = numbers(*y.shape)
    found = torch.autograd.grad((y * torch.tensor(direction)).sum(), tensors)
    return {"direction": plain(direction), "gradients": [plain(g.numpy()) for g in found]}


rows = []


def row(op, inputs, results, gradient=None, options=None):
    entry = {"op": op, "inputs": [plain(x) for x in inputs], "results": [plain(y) for y in results]}
    if options is not None:
        entry["options"] = options
    if gradient is not None:
        entry.update(gradients(gradient, *inputs))
    rows.append(entry)


general = numbers(2, 4, 4) + 2 * np.eye(4) * np.array([1, -1, 1, -1])
general = general.astype(np.float32).astype(np.float64)
half = numbers(5, 5)
definite = (half @ half.T + np.eye(5)).astype(np.float32).astype(np.float64)
definite = (definite + definite.T) / 2
tall, wide, right = numbers(5, 3), numbers(3, 5), numbers(2, 4, 3)


def symmetric(a):
    return (a + a.transpose(-1, -2)) / 2


row("cholesky", [definite], [np.linalg.cholesky(definite)], lambda a: torch.linalg.cholesky(symmetric(a)))
row("solve", [general, right], [np.linalg.solve(general, right)], torch.linalg.solve)
row("inv", [general], [np.linalg.inv(general)], torch.linalg.inv)
row("det", [general], [np.linalg.det(general)], torch.linalg.det)
row("slogdet", [general], np.linalg.slogdet(general))
row("logdet", [general], [np.linalg.slogdet(general)[1]], lambda a: torch.linalg.slogdet(a)[1])
for matrix in (tall, wide, general):
    row("qr", [matrix], np.linalg.qr(matrix) if matrix.ndim == 2 else torch.linalg.qr(torch.tensor(matrix)))
    row("svd", [matrix], np.linalg.svd(matrix, full_matrices=False))
    row("svdvals", [matrix], [np.linalg.svd(matrix, compute_uv=False)], torch.linalg.svdvals)
    row("pinv", [matrix], [np.linalg.pinv(matrix)], torch.linalg.pinv)
row("eigh", [definite], np.linalg.eigh(definite))
row("lstsq", [tall, numbers(5, 2)], [])
rows[-1]["results"] = [plain(np.linalg.lstsq(tall, np.array(rows[-1]["inputs"][1]["data"]).reshape(5, 2), rcond=None)[0])]
for order in (1, -1, 2, -2, "fro", "nuc"):
    row("norm", [tall], [np.linalg.norm(tall, order)], options={"ord": order, "axis": [0, 1]})

# Nearly singular: the condition is 1e6, so f32 input allows few digits, but the residual must stay small.
hilbert = np.array([[1 / (i + j + 1) for j in range(5)] for i in range(5)]).astype(np.float32).astype(np.float64)
row("svdvals", [hilbert], [np.linalg.svd(hilbert, compute_uv=False)])
row("inv", [hilbert], [np.linalg.inv(hilbert)])

for n in (8, 12, 17, 30):
    re, im = numbers(2, n), numbers(2, n)
    row("fft", [re, im], [np.fft.fft(re + 1j * im)])
    row("ifft", [re, im], [np.fft.ifft(re + 1j * im)])
    row("rfft", [re], [np.fft.rfft(re)])
    row("irfft", [re, im], [np.fft.irfft(re + 1j * im, n)], options=n)
re, im = numbers(6, 7), numbers(6, 7)
row("fft2", [re, im], [np.fft.fft2(re + 1j * im)])

path = Path(__file__).with_name("linalg.json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
