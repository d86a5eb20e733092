"""Writes attention.json: values and gradients of attention layers, computed by Keras 3 on jax in float64.

Run: KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/attention.py   (pip: keras, jax[cpu])
"""
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

keras.config.set_floatx("float64")
random = np.random.RandomState(17)


def numbers(*shape, low=-1.0, high=1.0):
    """Random numbers that f32 holds exactly."""
    return random.uniform(low, high, shape).astype(np.float32).astype(np.float64)


def plain(x):
    x = np.asarray(x)
    if x.dtype == bool:
        return {"shape": list(x.shape), "dtype": "bool", "data": [int(v) for v in x.ravel()]}
    return {"shape": list(x.shape), "data": [float(f"{value:.8g}") for value in x.ravel()]}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def weight_name(variable):
    path = variable.path.split("/")[1:]
    return "/".join(path) if len(path) > 1 else camel(path[0])


rows = []


def layer(kind, options, shapes, ours=None, name=None, mask=None, step_masks=None, **arguments):
    """
    Notes the outputs and the gradients of sum(output * direction) of a layer called as Keras calls it. `ours` are the
    options beside `options` that say the same to the layer under test, `name` is its class where that has another one;
    `step_masks` are the masks of query and value.
    """
    inputs = [numbers(*shape) for shape in shapes]
    made = getattr(keras.layers, kind)(**options)
    takes_list = kind in ("Attention", "AdditiveAttention")
    if mask is not None:
        arguments["attention_mask"] = mask
    if step_masks is not None:
        if takes_list:
            arguments["mask"] = list(step_masks)
        else:
            arguments["query_mask"], arguments["value_mask"] = step_masks

    def call(xs):
        xs = list(xs) if len(xs) > 1 else [xs[0]] * 2
        if takes_list:
            return made(xs, **arguments)
        extra = {"key": xs[2]} if len(xs) > 2 else {}
        return made(xs[0], xs[1], **extra, **arguments)

    call(inputs)
    values = [numbers(*w.shape) for w in made.weights]
    for variable, value in zip(made.weights, values):
        variable.assign(value)

    def stateless(xs, ws):
        with keras.StatelessScope(state_mapping=list(zip(made.weights, ws))):
            y = call(xs)
        return list(y) if isinstance(y, (tuple, list)) else [y]

    outputs = stateless([jnp.asarray(x) for x in inputs], values)
    directions = [numbers(*y.shape) for y in outputs]
    by_inputs, by_weights = jax.grad(
        lambda xs, ws: sum(jnp.sum(y * d) for y, d in zip(stateless(xs, ws), directions)), argnums=(0, 1)
    )([jnp.asarray(x) for x in inputs], [jnp.asarray(v) for v in values])
    names = [weight_name(w) for w in made.weights]
    assert len(set(names)) == len(names), names
    rows.append({
        "layer": name or kind,
        "config": {**{camel(k): v for k, v in options.items() if k != "sliding_window"}, **(ours or {})},
        "inputs": [plain(x) for x in inputs],
        "attentionMask": None if mask is None else plain(mask),
        "stepMasks": None if step_masks is None else [plain(m) for m in step_masks],
        "weights": dict(zip(names, map(plain, values))),
        "outputs": [plain(y) for y in outputs],
        "directions": [plain(d) for d in directions],
        "gradients": [plain(g) for g in by_inputs],
        "weightGradients": dict(zip(names, map(plain, by_weights))),
    })


steps = (np.array([[1, 1, 1], [1, 1, 0]], bool), np.array([[1, 1, 1, 1], [1, 0, 1, 0]], bool))
causal = {"ours": {"useCausalMask": True}, "use_causal_mask": True}
scored = {"ours": {"returnAttentionScores": True}, "return_attention_scores": True}

heads = {"num_heads": 2, "key_dim": 3}
layer("MultiHeadAttention", heads, [(2, 4, 5)])
layer("MultiHeadAttention", heads, [(2, 4, 5)], **causal)
layer("MultiHeadAttention", {**heads, "value_dim": 2, "output_shape": 3}, [(2, 3, 4), (2, 5, 3)], **scored)
layer("MultiHeadAttention", {**heads, "use_bias": False}, [(1, 3, 4), (1, 5, 3), (1, 5, 2)])
layer("MultiHeadAttention", heads, [(2, 3, 4), (2, 4, 4)], **scored)
layer("MultiHeadAttention", heads, [(2, 3, 4), (2, 4, 4)], mask=random.rand(2, 3, 4) < 0.8)
layer("MultiHeadAttention", heads, [(2, 3, 4), (2, 4, 4)],
      step_masks=(np.ones((2, 3), bool), steps[1]))
layer("MultiHeadAttention", {**heads, "sliding_window": 2}, [(1, 6, 4)], name="SlidingWindowAttention",
      ours={"window": 1})
layer("MultiHeadAttention", {**heads, "sliding_window": 3}, [(1, 6, 4)], name="SlidingWindowAttention",
      ours={"window": 2, "useCausalMask": True}, use_causal_mask=True)
layer("GroupQueryAttention", {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}, [(2, 4, 3)], **causal)
layer("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 3, "num_key_value_heads": 1}, [(1, 3, 4), (1, 5, 4)],
      **scored)

three = [(2, 3, 4), (2, 4, 2), (2, 4, 4)]
layer("Attention", {}, three)
layer("Attention", {"use_scale": True}, three, **scored)
layer("Attention", {"use_scale": True, "score_mode": "concat"}, three)
layer("Attention", {"score_mode": "concat"}, [(2, 3, 4), (2, 4, 4)], **causal)
layer("Attention", {}, [(2, 3, 4), (2, 4, 4)], step_masks=steps, **causal)
layer("AdditiveAttention", {}, three)
layer("AdditiveAttention", {"use_scale": False}, [(2, 3, 4), (2, 4, 4)], step_masks=steps)
layer("AdditiveAttention", {}, [(2, 3, 4), (2, 4, 4)], **scored)

layer("MultiHeadAttention", {**heads, "use_gate": True, "value_dim": 2}, [(2, 3, 4), (2, 4, 2)], **scored)
layer("MultiHeadAttention", {**heads, "attention_axes": [2]}, [(2, 2, 3, 2)])
layer("MultiHeadAttention", {**heads, "attention_axes": [1]}, [(1, 2, 3, 2), (1, 4, 3, 3)], **scored)
layer("MultiHeadAttention", heads, [(1, 2, 2, 2), (1, 3, 1, 2)], **scored)
layer("MultiHeadAttention", {**heads, "attention_axes": [-3, 2], "use_gate": True}, [(2, 2, 2, 2)])
layer("MultiHeadAttention", {**heads, "attention_axes": [2]}, [(1, 2, 3, 2), (1, 2, 4, 2)],
      mask=random.rand(1, 2, 3, 4) < 0.7)

path = Path(__file__).parent / "attention.json"
path.write_text(json.dumps({"layers": rows}, separators=(",", ":")) + "\n")
print(f"{path}: {len(rows)} layers, {path.stat().st_size} bytes")
