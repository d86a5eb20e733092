"""Writes transformer.json: values and gradients of transformer blocks by PyTorch's own layers, and of what PyTorch has no
layer for (relative positions, windows with global tokens, rotations) by their formulas, all in float64.

Run: OPENBLAS_CORETYPE= python3 tests/golden/transformer.py
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
random = np.random.RandomState(23)


def numbers(*shape, low=-1.0, high=1.0):
    """Random numbers that f32 holds exactly."""
    values = random.uniform(low, high, shape).astype(np.float32).astype(np.float64)
    return torch.tensor(values, requires_grad=True)


def plain(x):
    values = x.detach().numpy()
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


rows = []


def layer(name, config, inputs, weights, call):
    """Notes the outputs of call(inputs, weights) and the gradients of sum(output * direction)."""
    outputs = call(inputs, weights)
    outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
    directions = [numbers(*y.shape).detach() for y in outputs]
    loss = sum((y * d).sum() for y, d in zip(outputs, directions))
    found = torch.autograd.grad(loss, [*inputs, *weights.values()], allow_unused=True)
    found = [torch.zeros_like(x) if g is None else g for x, g in zip([*inputs, *weights.values()], found)]
    rows.append({
        "layer": name,
        "config": config,
        "inputs": [plain(x) for x in inputs],
        "attentionMask": None,
        "stepMasks": None,
        "weights": {key: plain(w) for key, w in weights.items()},
        "outputs": [plain(y) for y in outputs],
        "directions": [plain(d) for d in directions],
        "gradients": [plain(g) for g in found[:len(inputs)]],
        "weightGradients": dict(zip(weights, map(plain, found[len(inputs):]))),
    })


FEATURES, HEADS, INSIDE = 4, 2, 6


def projections(prefix, features=FEATURES, heads=HEADS, dim=FEATURES // HEADS):
    weights = {}
    for part in ("query", "key", "value"):
        weights[f"{prefix}{part}/kernel"] = numbers(features, heads, dim)
        weights[f"{prefix}{part}/bias"] = numbers(heads, dim)
    weights[f"{prefix}attention_output/kernel"] = numbers(heads, dim, features)
    weights[f"{prefix}attention_output/bias"] = numbers(features)
    return weights


def norm(prefix):
    return {f"{prefix}/layer_normalization/gamma": numbers(FEATURES, low=0.5, high=1.5),
            f"{prefix}/layer_normalization/beta": numbers(FEATURES)}


def attention_state(weights, ours, theirs):
    """Weights in Keras's shapes as PyTorch's state of nn.MultiheadAttention."""
    parts = ("query", "key", "value")
    return {
        f"{theirs}.in_proj_weight": torch.cat([weights[f"{ours}/{part}/kernel"].reshape(FEATURES, -1).T for part in parts]),
        f"{theirs}.in_proj_bias": torch.cat([weights[f"{ours}/{part}/bias"].reshape(-1) for part in parts]),
        f"{theirs}.out_proj.weight": weights[f"{ours}/attention_output/kernel"].reshape(-1, FEATURES).T,
        f"{theirs}.out_proj.bias": weights[f"{ours}/attention_output/bias"],
    }


def block_state(weights, residuals):
    state = {"linear1.weight": weights["feed_forward_intermediate/kernel"].T,
             "linear1.bias": weights["feed_forward_intermediate/bias"],
             "linear2.weight": weights["feed_forward_output/kernel"].T,
             "linear2.bias": weights["feed_forward_output/bias"]}
    for i, residual in enumerate(residuals, 1):
        state[f"norm{i}.weight"] = weights[f"{residual}/layer_normalization/gamma"]
        state[f"norm{i}.bias"] = weights[f"{residual}/layer_normalization/beta"]
    return state


def feed_forward():
    return {"feed_forward_intermediate/kernel": numbers(FEATURES, INSIDE),
            "feed_forward_intermediate/bias": numbers(INSIDE),
            "feed_forward_output/kernel": numbers(INSIDE, FEATURES),
            "feed_forward_output/bias": numbers(FEATURES)}


def run(module, state, *inputs, **arguments):
    """The module with other tensors in the place of its parameters, so that these get the gradients."""
    return nn.utils.stateless.functional_call(module, state, inputs, arguments)


for activation, first in [("relu", False), ("gelu", True)]:
    for causal in (False, True):
        weights = {**projections("self_attention/"), **norm("self_attention_residual"), **feed_forward(),
                   **norm("feed_forward_residual")}
        block = nn.TransformerEncoderLayer(FEATURES, HEADS, INSIDE, 0.0, activation, batch_first=True, norm_first=first)
        block.train()  # the other way is a shortcut without gradients

        def call(inputs, weights):
            state = {**attention_state(weights, "self_attention", "self_attn"),
                     **block_state(weights, ["self_attention_residual", "feed_forward_residual"])}
            time = inputs[0].shape[1]
            mask = torch.ones(time, time).triu(1).bool() if causal else None
            return run(block, state, inputs[0], src_mask=mask)

        config = {"intermediateDim": INSIDE, "numHeads": HEADS, "activation": activation, "normalizeFirst": first,
                  "useCausalMask": causal}
        layer("TransformerEncoder", config, [numbers(2, 3, FEATURES)], weights, call)

    weights = {**projections("self_attention/"), **norm("self_attention_residual"), **projections("cross_attention/"),
               **norm("cross_attention_residual"), **feed_forward(), **norm("feed_forward_residual")}
    decoder = nn.TransformerDecoderLayer(FEATURES, HEADS, INSIDE, 0.0, activation, batch_first=True, norm_first=first)

    def call(inputs, weights):
        residuals = ["self_attention_residual", "cross_attention_residual", "feed_forward_residual"]
        state = {**attention_state(weights, "self_attention", "self_attn"),
                 **attention_state(weights, "cross_attention", "multihead_attn"), **block_state(weights, residuals)}
        time = inputs[0].shape[1]
        return run(decoder, state, *inputs, tgt_mask=torch.ones(time, time).triu(1).bool())

    config = {"intermediateDim": INSIDE, "numHeads": HEADS, "activation": activation, "normalizeFirst": first}
    layer("TransformerDecoder", config, [numbers(2, 3, FEATURES), numbers(2, 5, FEATURES)], weights, call)


def project(x, weights, part):
    y = torch.einsum("bte,ehd->bthd", x, weights[f"{part}/kernel"])
    return y + weights[f"{part}/bias"] if f"{part}/bias" in weights else y


def weighed(scores, seen, v, weights):
    p = scores.masked_fill(~seen, -torch.inf).softmax(-1)
    y = torch.einsum("bhij,bjhd->bihd", p, v)
    return torch.einsum("bihd,hde->bie", y, weights["attention_output/kernel"]) + weights["attention_output/bias"]


def transformer_xl(inputs, weights):
    """Score by score, as the paper writes them: https://arxiv.org/abs/1901.02860, section 3.3."""
    segment, memory = inputs if len(inputs) == 2 else (inputs[0], inputs[0][:, :0])
    everything = torch.cat([memory.detach(), segment], 1)
    q, k, v = project(segment, weights, "query"), project(everything, weights, "key"), project(everything, weights, "value")
    past, features = memory.shape[1], segment.shape[2]
    frequencies = 10000.0 ** (-torch.arange(0, features, 2) / features)
    scores = torch.zeros(q.shape[0], q.shape[2], q.shape[1], k.shape[1])
    for i in range(q.shape[1]):
        for j in range(past + i + 1):
            angles = (past + i - j) * frequencies
            waves = torch.cat([angles.sin(), angles.cos()])
            r = torch.einsum("e,ehd->hd", waves, weights["relative/kernel"])
            content = ((q[:, i] + weights["contentBias"]) * k[:, j]).sum(-1)
            position = ((q[:, i] + weights["positionBias"]) * r).sum(-1)
            scores[:, :, i, j] = (content + position) / q.shape[3] ** 0.5
    seen = torch.ones(q.shape[1], k.shape[1]).tril(past).bool()
    y = weighed(scores, seen, v, weights)
    return y if len(inputs) == 1 else (y, everything[:, -4:].detach())


for shapes in ([(2, 4, FEATURES)], [(2, 3, FEATURES), (2, 5, FEATURES)]):
    weights = {**projections("", dim=3), "relative/kernel": numbers(FEATURES, HEADS, 3),
               "contentBias": numbers(HEADS, 3), "positionBias": numbers(HEADS, 3)}
    layer("RelativeMultiHeadAttention", {"numHeads": HEADS, "keyDim": 3, "memoryLength": 4},
          [numbers(*shape) for shape in shapes], weights, transformer_xl)


def longformer(inputs, weights):
    q, k, v = (project(inputs[0], weights, part) for part in ("query", "key", "value"))
    i, j = torch.arange(q.shape[1])[:, None], torch.arange(q.shape[1])
    seen = ((i - j).abs() <= 2) | (i < 2) | (j < 2)
    return weighed(torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[3] ** 0.5, seen, v, weights)


layer("SlidingWindowAttention", {"numHeads": HEADS, "keyDim": 2, "window": 2, "globalTokens": 2},
      [numbers(1, 9, FEATURES)], projections(""), longformer)


def rotated(inputs, weights):
    x = inputs[0]
    half = x.shape[3] // 2
    angles = torch.arange(x.shape[1])[:, None] * 10000.0 ** (-torch.arange(half) / half)
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)[:, None]
    return torch.cat([turned.real, turned.imag], -1)


layer("RotaryEmbedding", {}, [numbers(2, 5, 2, 6)], {}, rotated)


def waves(inputs, weights):
    x = inputs[0]
    table = torch.zeros(x.shape[1:])
    for t in range(x.shape[1]):
        for i in range(0, x.shape[2], 2):
            angle = torch.tensor(t / 10000.0 ** (i / x.shape[2]))
            table[t, i] = angle.sin()
            if i + 1 < x.shape[2]:
                table[t, i + 1] = angle.cos()
    return x + table


layer("SinePositionEncoding", {}, [numbers(2, 6, 5)], {}, waves)

path = Path(__file__).parent / "transformer.json"
path.write_text(json.dumps({"layers": rows}, separators=(",", ":")) + "\n")
print(f"{path}: {len(rows)} layers, {path.stat().st_size} bytes")
