"""Writes special-structures.json: values and gradients of what works on whole arrays (products, convolutions, attention,
transforms, order, indices, factorizations, normalizations) at NaN, infinities, ties, borders, one element and none, as
PyTorch has them; NumPy's, or the formula's, where PyTorch has no such function. Images have their channels last.

Run: python3 tests/golden/special-structures.py
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
f32 = torch.float32


def ints(x):
    return torch.tensor(x, dtype=torch.int32)


def flags(x):
    return torch.tensor(x, dtype=torch.bool)


def none(*shape):
    return torch.zeros(shape)


def values(*shape, seed=1):
    """Numbers with a few digits, none of them 0."""
    made = torch.randint(1, 16, shape, generator=torch.Generator().manual_seed(seed)).to(f32) / 8
    return torch.where(made > 1, 1 - made, made)


def holding(x, *places):
    """x with values at places: (index, value) each."""
    y = x.clone()
    for index, value in places:
        y[index] = value
    return y


# Products: 0 times infinity or NaN is NaN, the sum of nothing is 0.
matrix = [[1.0, 2.0], [3.0, -4.0]]
for a, b in [([[0.0, 1.0]], [[inf], [1.0]]), ([[0.0, 1.0]], [[nan], [1.0]]), ([[inf, 1.0]], [[0.0], [1.0]]),
             ([[inf, inf]], [[1.0], [-1.0]]), ([[nan, 1.0]], matrix), ([[0.0, 0.0]], [[0.0], [0.0]]),
             ([[-0.0]], [[1.0]]), (none(2, 0), none(0, 3)), (none(0, 2), none(2, 3)), (none(2, 3), none(3, 0)),
             (holding(values(9, 20), ((4, 7), nan)), values(20, 10, seed=2)),
             (torch.zeros(9, 20), holding(values(20, 10, seed=2), ((3, 4), inf)))]:
    row("matmul", torch.matmul, a, b)
row("matmul batches", torch.matmul, none(0, 2, 3), none(0, 3, 4))
row("linear", lambda x, w, b: x @ w + b, [[0.0, 1.0]], [[inf, 1.0], [1.0, 1.0]], [1.0, nan])
row("linear", lambda x, w, b: x @ w + b, none(2, 0), none(0, 3), [1.0, 2.0, 3.0])
row("linear relu", lambda x, w, b: torch.relu(x @ w + b), [[0.0, 1.0]], [[1.0, 1.0, 1.0], [nan, 0.0, -1.0]], [1.0, 0.0, -inf])
for a, b in [([1.0, 2.0], [inf, 0.0]), ([0.0, 2.0], [inf, 1.0]), (none(0), none(0)), ([nan], [0.0]), ([2.0], [3.0])]:
    row("dot", torch.dot, a, b)
    row("vdot", torch.vdot, a, b)
    row("outer", torch.outer, a, b)
row("tensordot", lambda a, b: torch.tensordot(a, b, 1), none(2, 0), none(0, 3))
row("tensordot", lambda a, b: torch.tensordot(a, b, 1), [[0.0, inf]], [[nan], [0.0]])
row("tensordot 0", lambda a, b: torch.tensordot(a, b, 0), [1.0, inf], [0.0, nan])
row("tensordot 0", lambda a, b: torch.tensordot(a, b, 0), none(0), [0.0, nan])
row("einsum", lambda a, b: torch.einsum("ij,jk->ik", a, b), none(2, 0), none(0, 3))
row("einsum", lambda a, b: torch.einsum("ij,jk->ik", a, b), [[0.0, inf]], [[nan], [0.0]])
row("einsum trace", lambda a: torch.einsum("ii", a), [[inf, nan], [nan, 1.0]])
row("einsum trace", lambda a: torch.einsum("ii", a), none(0, 0))

# Convolutions. What lies outside the image is left out by PyTorch, as by ours: no padding is multiplied.


def first(x):
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def conv(rank, **options):
    call = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[rank]
    return lambda x, w, b: last(call(first(x), w.permute(rank + 1, rank, *range(rank)), b, **options))


def transposed(rank, **options):
    call = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[rank]
    return lambda x, w, b: last(call(first(x), w.permute(rank + 1, rank, *range(rank)), b, **options))


for rank in [1, 2, 3]:
    taps = values(*[2] * rank, 2, 3)
    bias = torch.tensor([0.5, -0.0, nan])
    sizes = [4] * rank
    middle = (0, *[1] * rank, 0)
    for value in [nan, inf, -inf, 0.0]:
        row(f"conv{rank}d", conv(rank), holding(values(1, *sizes, 2, seed=3), (middle, value)), taps, torch.tensor([0.5, 0.0, 1.0]))
    row(f"conv{rank}d", conv(rank), torch.zeros(1, *sizes, 2), holding(taps, ((*[0] * rank, 1, 2), inf)), torch.zeros(3))
    row(f"conv{rank}d", conv(rank), values(1, *sizes, 2), taps, bias)
    row(f"conv{rank}d", conv(rank), none(0, *sizes, 2), taps, torch.zeros(3))
    row(f"conv{rank}d", conv(rank), values(2, *[1] * rank, 2), values(*[1] * rank, 2, 3), torch.zeros(3))
    spread = values(*[2] * rank, 3, 2)
    for value in [nan, inf, 0.0]:
        row(f"conv{rank}dTranspose", transposed(rank), holding(values(1, *[2] * rank, 2, seed=3), (middle, value)), spread, torch.zeros(3))
    row(f"conv{rank}dTranspose", transposed(rank), none(0, *[2] * rank, 2), spread, torch.zeros(3))
    row(f"conv{rank}dTranspose", transposed(rank), values(1, *[1] * rank, 2), spread, bias)
image = holding(values(1, 5, 5, 2, seed=3), ((0, 0, 0, 0), inf), ((0, 4, 2, 1), nan))
row("conv2d padded", conv(2, padding=1), image, values(3, 3, 2, 3), torch.zeros(3))
# Enough zeros, pixels and channels to be left out, and a filter with an infinity and one with NaN.
row("conv2d sparse", conv(2), holding(torch.zeros(1, 12, 12, 8), ((0, 5, 5, 3), 2.0)),
    holding(values(3, 3, 8, 8), ((1, 1, 2, 4), inf), ((0, 2, 7, 6), nan)), torch.zeros(8))
row("conv2d sparse", conv(2), holding(torch.zeros(1, 12, 12, 8), ((0, 5, 5, 3), nan)), values(3, 3, 8, 8), torch.zeros(8))
for rank in [1, 2]:
    deep = {1: F.conv1d, 2: F.conv2d}[rank]

    def depthwise(x, w, b, rank=rank, deep=deep):
        return last(deep(first(x), w.reshape(*w.shape[:rank], 1, -1).permute(rank + 1, rank, *range(rank)), b, groups=x.shape[-1]))

    def separable(x, w, p, b, rank=rank, depthwise=depthwise):
        return depthwise(x, w, None) @ p.reshape(p.shape[-2:]) + b

    taps = values(*[2] * rank, 2, 2)
    points = values(*[1] * rank, 4, 3)
    for value in [nan, inf, 0.0]:
        x = holding(values(1, *[3] * rank, 2, seed=3), ((0, *[1] * rank, 0), value))
        row(f"depthwiseConv{rank}d", depthwise, x, taps, torch.zeros(4))
        row(f"separableConv{rank}d", separable, x, taps, points, torch.zeros(3))
    row(f"depthwiseConv{rank}d", depthwise, torch.zeros(1, *[3] * rank, 2), holding(taps, ((*[0] * rank, 1, 1), inf)), torch.zeros(4))
    row(f"depthwiseConv{rank}d", depthwise, none(0, *[3] * rank, 2), taps, torch.zeros(4))

# Pooling: NaN is larger than any number.
ties = torch.tensor([[1.0, 1, 0, 1], [1, nan, 2, 2], [-inf, inf, 2, -inf], [-inf, -inf, -0.0, 0.0]])
for rank in [1, 2, 3]:
    for x in [ties[2] if rank == 1 else ties if rank == 2 else torch.stack([ties, torch.ones(4, 4)]), torch.ones(*[4] * rank)]:
        x = x[None, ..., None]
        small = 2
        for name, f in {"maxPool": getattr(F, f"max_pool{rank}d"), "avgPool": getattr(F, f"avg_pool{rank}d")}.items():
            row(f"{name}{rank}d", lambda v, g=f: last(g(first(v), 2)), x)
        for name, f in {"adaptiveMaxPool": getattr(F, f"adaptive_max_pool{rank}d"),
                        "adaptiveAveragePool": getattr(F, f"adaptive_avg_pool{rank}d")}.items():
            row(f"{name}{rank}d", lambda v, g=f: last(g(first(v), 2)), x)
        row(f"globalMaxPool{rank}d", lambda v, r=rank: v.amax(list(range(1, r + 1))), x)
        row(f"globalAveragePool{rank}d", lambda v, r=rank: v.mean(list(range(1, r + 1))), x)
    row(f"avgPool{rank}d", lambda v, g=getattr(F, f"avg_pool{rank}d"): last(g(first(v), 2)), none(0, *[4] * rank, 1))
    row(f"maxPool{rank}d", lambda v, r=rank: torch.zeros(0, *[2] * r, 1) + v.sum(), none(0, *[4] * rank, 1))

# Attention, [batch, tokens, heads, headDim].


def attend(q, k, v, mask=None, **options):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, **options).transpose(1, 2)


def scores(q, k, mask=None):
    s = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    return torch.softmax(s if mask is None else s + mask if mask.is_floating_point() else s.masked_fill(~mask, -inf), -1)


q, k, v = values(1, 3, 2, 4), values(1, 3, 2, 4, seed=2), values(1, 3, 2, 4, seed=3)
for f, name in [(attend, "attention"), (lambda q, k, v: attend(q, k, v, is_causal=True), "attention causal")]:
    row(name, f, q, k, v)
    row(name, f, q[:, :1], k[:, :1], v[:, :1])
    row(name, f, none(0, 3, 2, 4), none(0, 3, 2, 4), none(0, 3, 2, 4))
    row(name, f, q, holding(k, ((0, 1, 0, 2), nan)), v)
    row(name, f, q, k, holding(v, ((0, 2, 1, 0), inf)))
    row(name, f, holding(q, ((0, 1, 0, 0), inf)), k, v)
    row(name, f, holding(q, ((0, 1, 0), torch.tensor([300.0, 300, 300, 300]))), 100 * k, v)
seen = flags([[[[True, True, False], [False, False, False], [True, False, True]]]])
row("attention masked", attend, q, k, v, seen)
row("attention masked", attend, q, holding(k, ((0, 1, 0, 2), nan)), holding(v, ((0, 1, 1, 0), nan)), seen)
row("attention added", attend, q, k, v, [[[[0.0, -inf, 1.0], [-inf, -inf, -inf], [1.0, -inf, 100.0]]]])
row("attentionScores", scores, q, k)
row("attentionScores", scores, q, holding(k, ((0, 1, 0, 2), nan)))
row("attentionScores", scores, none(0, 3, 2, 4), none(0, 3, 2, 4))
row("attentionScores masked", scores, q, k, seen)
row("attentionValues", lambda s, v: torch.einsum("bhqk,bkhd->bqhd", s, v), torch.zeros(1, 1, 2, 2), holding(values(1, 2, 1, 2), ((0, 1, 0, 0), inf)))
row("attentionValues", lambda s, v: torch.einsum("bhqk,bkhd->bqhd", s, v), none(0, 1, 2, 2), none(0, 2, 1, 2))


def rotary(x):
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[1])[:, None, None] * 10000.0 ** (-torch.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)


row("rotary", rotary, holding(values(1, 2, 1, 4), ((0, 0, 0, 0), inf), ((0, 1, 0, 1), nan)))
row("rotary", rotary, none(0, 2, 1, 4))
row("rotary", rotary, none(1, 0, 1, 4))

# Connectionist temporal classification.
logits = values(1, 3, 3)
for x, labels, time, count in [
    (logits, [[1, 2]], [3], [2]), (logits, [[1, 1]], [3], [2]), (logits, [[1, 1]], [2], [2]), (logits, [[1, 2]], [3], [0]),
    (logits, [[1, 2]], [1], [1]), (logits, [[1, 2]], [1], [2]), (logits, [[1, 2]], [0], [0]), (logits, [[1, 2]], [0], [1]),
    (holding(logits, ((0, 1, 2), nan)), [[1, 2]], [3], [2]), (holding(logits, ((0, 1, 2), -inf)), [[1, 2]], [3], [2]),
    (1e4 * logits, [[1, 2]], [3], [2]),
]:
    def ctc(v, at, steps, counts):
        return F.ctc_loss(torch.log_softmax(v.double(), -1).transpose(0, 1), at.long(), steps.long(), counts.long(), reduction="none").float()
    row("ctcLoss", ctc, x, ints(labels), ints(time), ints(count))
for x, at in [([[1.0, 2.0]], [0]), ([[inf, 0.0]], [0]), ([[-inf, 0.0]], [0]), ([[-inf, 0.0]], [1]), ([[nan, 0.0]], [1]), ([[200.0, -200.0]], [1]), ([[3.0]], [0])]:
    row("softmaxCrossEntropy classes", lambda v, c: F.cross_entropy(v, c.long(), reduction="none"), x, ints(at))
row("softmaxCrossEntropy classes", lambda v, c: F.cross_entropy(v, c.long(), reduction="none"), none(0, 2), ints([]))
for x, p in [([[1.0, 2.0]], [[0.0, 1.0]]), ([[1.0, 2.0]], [[0.0, 0.0]]), ([[nan, 0.0]], [[0.0, 1.0]]), ([[200.0, -200.0]], [[0.5, 0.5]])]:
    row("softmaxCrossEntropy", lambda v, t: F.cross_entropy(v, t, reduction="none"), x, p)

# Normalizations of constants, one number, infinities.


def normal(x, gamma, beta, axes, epsilon=1e-3):
    """In twice the precision: PyTorch's own lose digits of what lies close together."""
    x = x.double()
    spread = torch.sqrt(x.var(axes, keepdim=True, correction=0) + epsilon)
    return ((x - x.mean(axes, keepdim=True)) / spread * gamma + beta).float()


for x in [[[3.0, 3.0]], [[1.0, 2.0], [1.0, 4.0]], [[0.0, -0.0], [0.0, 0.0]], [[nan, 1.0], [2.0, 1.0]], [[inf, 1.0], [2.0, 3.0]],
          [[1e6, 1e6 + 1], [1e6, 1e6]], [[1e18, -1e18], [1.0, 2.0]]]:
    row("layerNorm", lambda v, g, b: normal(v, g, b, -1), x, [1.0, 2.0], [0.5, 0.0])
    row("batchNorm training", lambda v, g, b: normal(v, g, b, 0), x, [1.0, 2.0], [0.5, 0.0])
    row("batchNorm", lambda v, m, s: F.batch_norm(v, m, s, None, None, False, 0, 1e-3), x, torch.tensor([1.0, inf]), torch.tensor([0.0, 4.0]), gradients=False)
row("layerNorm", lambda v, g, b: F.layer_norm(v, [1], g, b, 1e-3), [[3.0], [nan]], [1.0], [0.5])
row("layerNorm", lambda v, g, b: F.layer_norm(v, [2], g, b, 1e-3), none(0, 2), [1.0, 1.0], [0.5, 0.0])
row("batchNorm", lambda v, m, s: F.batch_norm(v, m, s, None, None, False, 0, 1e-3), none(0, 2), torch.zeros(2), torch.ones(2), gradients=False)

# Recurrences, [batch, time, gates units] with one unit.
kernel = values(1, 4)


def lstm(x, w):
    h = c = torch.zeros(x.shape[0], 1)
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] + h @ w).split(1, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def gru(x, w):
    h = torch.zeros(x.shape[0], 1)
    for t in range(x.shape[1]):
        (z, r, g), (pz, pr, pg) = x[:, t].split(1, -1), (h @ w).split(1, -1)
        z, r = torch.sigmoid(z + pz), torch.sigmoid(r + pr)
        h = z * h + (1 - z) * torch.tanh(g + r * pg)
    return h


def simple(x, w):
    h = torch.zeros(x.shape[0], 1)
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] + h @ w)
    return h


for name, f, gates in [("lstm", lstm, 4), ("gru", gru, 3), ("simpleRnn", simple, 1)]:
    for value in [0.0, nan, inf, -inf, 1e38]:
        row(name, f, holding(values(1, 2, gates), ((0, 0, 0), value)), kernel[:, :gates])
        row(name, f, holding(values(1, 2, gates), ((0, 1, gates - 1), value)), kernel[:, :gates])
    row(name, f, none(0, 2, gates), kernel[:, :gates])
    row(name, f, none(2, 0, gates), kernel[:, :gates])

# Images at other places.
picture = torch.tensor([[1.0, 2.0, nan], [3.0, inf, 4.0]])[None, ..., None]
plain = values(1, 2, 3, 1)
for size in [(2, 3), (4, 6), (1, 1), (3, 2)]:
    for x in [picture, plain, values(2, 1, 1, 2), none(0, 2, 3, 1)]:
        if len(x):
            row(f"resize {size[0]} {size[1]}", lambda v, s=size: last(F.interpolate(first(v), s, mode="bilinear")), x)
            row(f"resize {size[0]} {size[1]} nearest", lambda v, s=size: last(F.interpolate(first(v), s, mode="nearest-exact")), x)
places = torch.tensor([[-1.0, -1], [1, 1], [0, 0], [-1.5, 0.3], [2, -2], [0.4, -0.2]])[None, None]
for padding in ["zeros", "border", "reflection"]:
    for corners in [False, True]:
        for mode in ["bilinear", "nearest"]:
            row(f"gridSample {padding} {'corners' if corners else 'edges'} {mode}",
                lambda v, g, p=padding, c=corners, m=mode: last(F.grid_sample(first(v), g, m, p, c)), plain, places)
# PyTorch reads memory that is not its own where places are not finite: these rows have the limits.
row("gridSample border edges bilinear", lambda v, g: torch.stack([v.new_tensor(nan), v.sum(), v.sum()]).reshape(1, 1, 3, 1), values(1, 1, 1, 1),
    torch.tensor([[nan, 0], [inf, 0], [0, -inf]])[None, None], gradients=False)
row("gridSample zeros edges bilinear", lambda v, g: last(F.grid_sample(first(v), g, "bilinear", "zeros", False)), values(1, 1, 1, 1), places)
turned = [[[1.0, 0.0, nan], [0.0, 1.0, 0.0]]]
for m in [turned, [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]], [[[inf, 0.0, 0.0], [0.0, 1.0, 0.0]]]]:
    row("affineGrid", lambda v: F.affine_grid(v, [1, 1, 2, 2], False), m)
row("affineWarp", lambda v, m: last(F.grid_sample(first(v), F.affine_grid(m, [1, 1, 2, 3], False), "bilinear", "zeros", False)),
    plain, [[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]])

# Transforms.
for real, imaginary in [([1.0, 2, 3, 4], [0.0, 0, 0, 0]), ([5.0], [2.0]), ([nan, 1, 2, 3], [0.0, 1, 2, 3]), ([inf, 1, 2, 3], [0.0, 0, 0, 0]), (none(0, 4), none(0, 4)),
                        ([1.0, nan, 3, 4, 5, 6, 7], [0.0] * 7)]:
    for name, f in {"fft": torch.fft.fft, "ifft": torch.fft.ifft}.items():
        def transform(a, b, g=f):
            y = g(torch.complex(a, b))
            return y.real, y.imag
        row(name, transform, real, imaginary)
for name, f in {"fft2": torch.fft.fft2, "ifft2": torch.fft.ifft2}.items():
    def transform(a, b, g=f):
        y = g(torch.complex(a, b))
        return y.real, y.imag
    for real in [[[1.0, 2], [3, 4]], [[7.0]], [[1.0, nan], [2.0, 3.0]], none(0, 2, 2)]:
        row(name, transform, real, torch.zeros_like(torch.as_tensor(real)))


def rfft(x):
    y = torch.fft.rfft(x)
    return y.real, y.imag


for x in [[1.0, 2, 3, 4], [5.0], [1.0, 2, 3], [nan, 1.0], [inf, 1.0], none(0, 4)]:
    row("rfft", rfft, x)
    row("diff", lambda v: torch.diff(v), x)
for a, b in [([1.0, 2, 3], [0.0, 1, 0]), ([1.0, nan, 3], [0.0, 1, 0])]:
    row("irfft", lambda a, b: torch.fft.irfft(torch.complex(a, b)), a, b)
row("extractSequences 2 2", lambda x: x.unfold(-1, 2, 2), [1.0, nan, 2.0, 3.0, inf])
row("extractSequences 2 2", lambda x: x.unfold(-1, 2, 2), [1.0, 2.0])


def stft(x):
    y = torch.stft(x, 4, 2, window=torch.hann_window(4), return_complex=True)
    return y.real.mT, y.imag.mT


for x in [[1.0, 2, 3, 4, 5, 6, 7, 8], [0.0] * 8, [1.0, 2, nan, 4, 5, 6, 7, 8]]:
    row("stft", stft, x)

# Order, counting and places.
lists = [[3.0, 1, 2, 2], [nan, 1, nan, 2], [inf, -inf, 0, 0], [0.0, -0.0, 0, -0.0], [1.0]]
for x in lists:
    for many in [0, 1, 2]:
        if many <= len(x):
            row(f"topK {many}", lambda v, n=many: [y.int() if not y.is_floating_point() else y for y in (
                v.flip(-1).sort(stable=True, descending=False)[0].flip(-1)[:n], )], x)
    row("sort descending", lambda v: v.sort(stable=True, descending=True)[0], x)
    row("unique", lambda v: [torch.tensor(np.unique(v.detach().numpy()))], x, gradients=False)
row("sort descending", lambda v: v.sort(stable=True, descending=True)[0], none(2, 0))
row("argsort", lambda v: v.argsort(stable=True).int(), none(2, 0), gradients=False)
for side in ["left", "right"]:
    for keys, wanted in [([1.0, 2, 2, 3], [0.0, 1, 2, 2.5, 3, 4, nan, inf, -inf]), ([], [1.0]), ([1.0, nan], [nan, 2.0]), ([-inf, 0, inf], [inf, -inf, 0.0, -0.0]), ([1.0], [])]:
        row(f"searchSorted {side}", lambda a, b, s=side: torch.tensor(np.searchsorted(a.numpy(), b.numpy(), s).astype(np.int32)), keys, wanted, gradients=False)
for x in [[0.0, 0.5, 1, 1], [0.0, 1, 2, nan, inf], [-1.0, 0.25, 0.75], []]:
    row("histogram", lambda v: [y.astype(t) for y, t in zip(np.histogram(v.numpy(), 4, (0, 1)), (np.int32, np.float32))], x, gradients=False)
for x in [[0, 1, 1, 3], [], [0]]:
    row("bincount 4", lambda v: np.bincount(v.numpy(), minlength=4).astype(np.int32), ints(x), gradients=False)
for x in [[[1.0, 2, 3], [1, 1, 1]], [[1.0, nan, 3], [1, 2, 3]], [[1.0, 2, 3], [2, 4, 6]], [[1.0], [2.0]], [[inf, 1.0], [2.0, 3.0]]]:
    row("cov", lambda v: np.cov(v.numpy()).astype(np.float32), x, gradients=False)
    row("corrcoef", lambda v: np.corrcoef(v.numpy()).astype(np.float32), x, gradients=False)
row("quantile 1 0", lambda v: torch.quantile(v, torch.tensor([1.0, 0.0])), [3.0])
rows3 = torch.tensor([[1.0, 2], [nan, inf], [-0.0, 0.0]])
for at in [[0, 0, 2], [], [1]]:
    row("gather", lambda x, i: x[i.long()], rows3, ints(at))
    row("take", lambda x, i: x.flatten()[i.long()], rows3, ints(at))
    row("embedding", lambda x, i: F.embedding(i.long(), x), rows3, ints(at))
    row("gatherNd", lambda x, i: x[i[:, 0].long()], rows3, ints(at).reshape(-1, 1))
    row("scatterAdd", lambda x, i, u: x.index_add(0, i.long(), u), rows3, ints(at), values(len(at), 2))
    row("scatterNd", lambda i, u: torch.zeros(3, 2).index_add(0, i[:, 0].long(), u), ints(at).reshape(-1, 1), holding(values(len(at), 2), *[((0, 0), inf)][: len(at)]))
    row("oneHot 3", lambda i: F.one_hot(i.long(), 3).float(), ints(at), gradients=False)
row("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i.long(), -1), rows3, ints([[1, 1, 0], [0, 0, 0], [1, 0, 1]]))
row("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i.long(), -1), rows3, ints(np.zeros([3, 0])))
row("where", torch.where, flags([True, False, True]), [nan, nan, 1.0], [inf, 2.0, nan])
row("where", torch.where, flags([]), [], [])

# Factorizations: NaN where there is no result (an error in PyTorch, which no captured step could have).


def attempt(f):
    def tried(*xs):
        try:
            return f(*xs)
        except torch.linalg.LinAlgError:
            return torch.full_like(xs[-1], nan)
    return tried


squares = [[[0.0]], [[2.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[4.0, 2.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]],
           [[1e-20, 0.0], [0.0, 1e20]], none(0, 0), none(0, 2, 2)]
for a in squares:
    a = torch.as_tensor(a)
    side = a.shape[-1]
    b = values(*a.shape[:-1], 1)
    row("solve", attempt(torch.linalg.solve), a, b, gradients=bool(a.numel() and torch.linalg.det(a).abs() > 0.1))
    row("solveTriangular", lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), a, b, gradients=False)
    row("svdvals", torch.linalg.svdvals, a, gradients=False)
    row("svd values", lambda m: torch.linalg.svdvals(m), a, gradients=False)
    row("eigh values", torch.linalg.eigvalsh, a, gradients=False)
    row("qr product", lambda m: m, a, gradients=False)
    row("logdet", lambda m: torch.linalg.slogdet(m)[1], a, gradients=False)
    row("det", torch.linalg.det, a, gradients=bool(a.numel() and torch.linalg.det(a).abs() > 0.1))
    if a.numel():
        row("pinv", torch.linalg.pinv, a, gradients=False)
        row("lstsq", lambda a, b: torch.tensor(np.linalg.lstsq(a.numpy(), b.numpy(), None)[0]), a, b, gradients=False)
    row("trace", lambda m: m.diagonal(0, -2, -1).sum(-1), a if a.dim() == 2 else none(0, 0))
for a in [[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0, 3.0]], [[nan, 1.0], [1.0, 1.0]]]:
    row("pinv", lambda m: torch.linalg.pinv(m) if not m.isnan().any() else torch.full_like(m.mT, nan), a, gradients=False)
    row("svd values", lambda m: torch.linalg.svdvals(m) if not m.isnan().any() else torch.full([min(m.shape)], nan), a, gradients=False)
    row("qr product", lambda m: m if not m.isnan().any() else torch.full_like(m, nan), a, gradients=False)

# Movement keeps every bit.
odd = torch.tensor([[1.0, -0.0, nan], [inf, -inf, 0.0]])
for x, of in [(odd, ""), (torch.tensor([[1, -2, 3], [4, 2**31 - 1, -(2**31)]], dtype=torch.int32), " of integers"),
              (torch.tensor([[0, 255, 7], [1, 2, 3]], dtype=torch.uint8), " of bytes"), (flags([[True, False, True], [False, False, True]]), " of flags"), (none(0, 3), " of nothing")]:
    for name, f in {
        "reshape": lambda v: v.reshape(3, -1) if v.numel() else v.reshape(3, 0), "transpose": lambda v: v.mT, "flip": lambda v: v.flip(1), "slice": lambda v: v[:, 1:2],
        "slice nothing": lambda v: v[:, 1:1], "tile": lambda v: v.tile(2, 1), "tile nothing": lambda v: v.tile(1, 0), "repeat": lambda v: v.repeat_interleave(2, 1),
        "repeat nothing": lambda v: v.repeat_interleave(0, 1), "roll": lambda v: v.roll(1, 1), "concat": lambda v: torch.cat([v, v], 1), "stack": lambda v: torch.stack([v, v]),
        "expandDims": lambda v: v[None], "squeeze": lambda v: v, "broadcastTo": lambda v: v.expand(2, *v.shape), "split": lambda v: [p.contiguous() for p in v.split(1, 1)],
        "unstack": lambda v: list(v.unbind(1)), "swapAxes": lambda v: v.swapaxes(0, 1), "moveAxis": lambda v: v.movedim(0, 1), "diag": lambda v: v.diagonal(), "diagonal": lambda v: v.diagonal(1),
        "pad nothing": lambda v: v, "pad": lambda v: torch.cat([torch.zeros(v.shape[0], 1, dtype=v.dtype), v], 1),
        "meshgrid": lambda v: list(torch.meshgrid(v.flatten(), v.flatten(), indexing="ij")),
    }.items():
        row(name + of, lambda v, g=f: (lambda y: [p.contiguous() for p in y] if isinstance(y, list) else y.contiguous())(g(v)), x, gradients=x.is_floating_point())
    if x.dtype in (torch.float32, torch.int32):
        row("tril" + of, torch.tril, x, gradients=x.is_floating_point())
        row("triu" + of, torch.triu, x, gradients=x.is_floating_point())
    row("all" + of, lambda v: torch.all(v.bool()), x, gradients=False)
    row("any" + of, lambda v: torch.any(v.bool()), x, gradients=False)
    row("countNonzero" + of, lambda v: torch.count_nonzero(v).int(), x, gradients=False)
    if not x.is_floating_point():
        row("cast f32" + of, lambda v: v.float(), x, gradients=False)
        row("cast i32" + of, lambda v: v.int(), x, gradients=False)
    row("cast bool" + of, lambda v: v.bool(), x, gradients=False)
row("cast i32", lambda v: torch.tensor([0, 0, 0, 1, -1, 2**31 - 1, -(2**31), 2**31 - 1, -(2**31)], dtype=torch.int32), [0.0, -0.0, nan, 1.9, -1.9, inf, -inf, 3e9, -3e9], gradients=False)
row("cast u8", lambda v: torch.tensor([0, 0, 0, 1, 0, 255, 0, 255], dtype=torch.uint8), [0.0, -0.0, nan, 1.9, -1.9, inf, -inf, 300.0], gradients=False)
for name, f in {"logicalAnd": torch.logical_and, "logicalOr": torch.logical_or, "logicalXor": torch.logical_xor}.items():
    row(name, f, flags([True, True, False, False]), flags([True, False, True, False]), gradients=False)
    row(name, f, flags([]), flags([]), gradients=False)
row("logicalNot", torch.logical_not, flags([True, False]), gradients=False)
for a, b in [([nan, inf, -inf, inf, 0.0, 1.0], [nan, inf, inf, 1.0, -0.0, 1.000001]), ([], []), ([1.0], [1.0])]:
    row("isClose", lambda a, b: torch.isclose(a, b), a, b, gradients=False)
    row("isClose equalNan", lambda a, b: torch.isclose(a, b, equal_nan=True), a, b, gradients=False)
    row("allClose", lambda a, b: torch.isclose(a, b).all(), a, b, gradients=False)
table.write(__file__)
