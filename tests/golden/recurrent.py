"""Writes recurrent.json: values and gradients of recurrent layers, computed by Keras 3 on jax.

Run: KERAS_BACKEND=jax python3 tests/golden/recurrent.py
Each row: the layer's kind and configuration as Heddle has them, its weights in order, the inputs (sequences, then initial
states), the mask of the sequences, the outputs (then the states), a direction for each output, and the gradients of
sum(outputs * directions) by the inputs and by the weights.
"""
import json
from pathlib import Path

import jax
import keras
import numpy as np
from keras import layers

random = np.random.default_rng(7)


def values(array):
    array = np.asarray(array)
    data = [float(f"{number:.8g}") for number in array.reshape(-1)]
    return {"shape": list(array.shape), "data": data}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


NAMES = {"hard_sigmoid": "hardSigmoid"}


def row(kind, make, input_shape, states=(), mask=None, inner=None, **options):
    """`make(**options)` in Keras is layer `kind` in Heddle; `inner` adds to the configuration what is not plain."""
    keras.utils.clear_session()
    layer = make(**options)
    draw = lambda shape: random.uniform(-1, 1, shape).astype(np.float32)
    inputs = [draw(shape) for shape in (input_shape, *states)]
    mask = None if mask is None else np.array(mask, bool)

    def call(trainable, arrays):
        first, *initial = arrays
        given = {"mask": mask} if mask is not None else {}
        if initial:
            given["initial_state"] = initial
        outputs, _ = layer.stateless_call(trainable, fixed, first, **given)
        return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

    layer.build(input_shape)
    weights = [draw(variable.shape) for variable in layer.trainable_variables]
    fixed = [variable.value for variable in layer.non_trainable_variables]
    directions = [draw(output.shape) for output in jax.eval_shape(call, weights, inputs)]

    @jax.jit
    def compute(weights, inputs):
        total = lambda *arguments: sum((y * d).sum() for y, d in zip(call(*arguments), directions))
        return call(weights, inputs), jax.grad(total, argnums=(0, 1))(weights, inputs)

    outputs, (by_weights, by_inputs) = compute(weights, inputs)
    config = {camel(name): NAMES.get(value, value) if isinstance(value, str) else value for name, value in options.items()}
    return {
        "kind": kind,
        "config": {**config, **(inner or {})},
        "inputs": [values(array) for array in inputs],
        **({} if mask is None else {"mask": mask.tolist()}),
        "weights": [values(array) for array in weights],
        "outputs": [values(array) for array in outputs],
        "directions": [values(array) for array in directions],
        "inputGradients": [values(array) for array in by_inputs],
        "weightGradients": [values(array) for array in by_weights],
    }


MASK = [[1, 1, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]]


def nested(kind, **config):
    return {"kind": kind, "config": config}


def bidirectional(layer, inner, input_shape, mask=None, merge_mode="concat"):
    make = lambda merge_mode: layers.Bidirectional(layer(), merge_mode=merge_mode)
    return row("bidirectional", make, input_shape, mask=mask, inner={"layer": inner}, merge_mode=merge_mode)


def rows():
    yield row("simple_rnn", layers.SimpleRNN, (2, 3, 2), units=3)
    yield row("simple_rnn", layers.SimpleRNN, (3, 4, 2), mask=MASK, units=2, return_sequences=True, activation="relu")
    yield row("lstm", layers.LSTM, (2, 3, 2), units=3)
    yield row("lstm", layers.LSTM, (3, 4, 2), [(3, 2), (3, 2)], MASK, units=2, return_sequences=True, return_state=True)
    yield row("lstm", layers.LSTM, (2, 3, 2), units=2, return_state=True, go_backwards=True, use_bias=False)
    yield row("lstm", layers.LSTM, (2, 3, 2), units=2, activation="relu", recurrent_activation="hard_sigmoid",
              return_sequences=True)
    yield row("lstm", layers.LSTM, (3, 4, 2), mask=MASK, units=2, return_sequences=True, zero_output_for_mask=True,
              go_backwards=True)
    yield row("gru", layers.GRU, (2, 3, 2), units=3)
    yield row("gru", layers.GRU, (3, 4, 2), [(3, 2)], MASK, units=2, return_sequences=True, return_state=True)
    yield row("gru", layers.GRU, (3, 4, 2), mask=MASK, units=2, return_sequences=True, reset_after=False)
    yield row("gru", layers.GRU, (2, 3, 2), units=2, use_bias=False, go_backwards=True, return_sequences=True)
    stack = lambda: layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3)])
    stacked = nested("stacked_rnn_cells", cells=[nested("lstm_cell", units=2), nested("gru_cell", units=3)])
    yield row("rnn", lambda **options: layers.RNN(stack(), **options), (3, 4, 2), mask=MASK, inner={"cell": stacked},
              return_sequences=True)
    yield row("rnn", lambda **options: layers.RNN(layers.SimpleRNNCell(2), **options), (2, 3, 2), return_state=True,
              inner={"cell": nested("simple_rnn_cell", units=2)})
    lstm = lambda: layers.LSTM(2, return_sequences=True)
    for mode in ["concat", "sum", "mul", "ave", None]:
        yield bidirectional(lstm, nested("lstm", units=2, returnSequences=True), (2, 3, 2), merge_mode=mode)
    yield bidirectional(lstm, nested("lstm", units=2, returnSequences=True), (3, 4, 2), MASK)
    yield bidirectional(lambda: layers.GRU(2), nested("gru", units=2), (3, 4, 2), MASK)
    yield row("time_distributed", lambda: layers.TimeDistributed(layers.Dense(3)), (2, 3, 2),
              inner={"layer": nested("dense", units=3)})
    yield row("conv_lstm1d", layers.ConvLSTM1D, (2, 3, 5, 2), filters=2, kernel_size=3, padding="same",
              return_sequences=True, return_state=True)
    yield row("conv_lstm1d", layers.ConvLSTM1D, (2, 2, 7, 2), filters=1, kernel_size=2, dilation_rate=2, use_bias=False)
    yield row("conv_lstm2d", layers.ConvLSTM2D, (2, 3, 4, 3, 1), filters=2, kernel_size=2,
              return_sequences=True)
    yield row("conv_lstm2d", layers.ConvLSTM2D, (1, 2, 5, 4, 2), filters=1, kernel_size=3, strides=2, padding="same",
              go_backwards=True, recurrent_activation="hard_sigmoid")
    yield row("conv_lstm3d", layers.ConvLSTM3D, (1, 2, 3, 2, 3, 1), filters=1, kernel_size=2, padding="same")


lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in rows())
Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
