// The table of layers: recurrent ones.
import * as layers from "../../../ts/layers/index.ts";
import type { Case } from "./case.ts";

const seeded = {
  kernelInitializer: { name: "glorotUniform", seed: 3 },
  recurrentInitializer: { name: "orthogonal", seed: 4 },
} as const;

export const recurrentCases = {
  simple_rnn: {
    make: () => layers.simpleRnn({ units: 3, returnSequences: true, ...seeded }),
    input: [4, 2],
    output: [4, 3],
    weights: {
      "simple_rnn_cell/kernel": [2, 3],
      "simple_rnn_cell/recurrent_kernel": [3, 3],
      "simple_rnn_cell/bias": [3],
    },
  },
  lstm: {
    make: () => layers.lstm({ units: 3, ...seeded }),
    input: [4, 2],
    output: [3],
    weights: { "lstm_cell/kernel": [2, 12], "lstm_cell/recurrent_kernel": [3, 12], "lstm_cell/bias": [12] },
  },
  gru: {
    make: () => layers.gru({ units: 3, goBackwards: true, dropout: 0.2, recurrentDropout: 0.2, seed: 5, ...seeded }),
    input: [4, 2],
    output: [3],
    weights: { "gru_cell/kernel": [2, 9], "gru_cell/recurrent_kernel": [3, 9], "gru_cell/bias": [2, 9] },
    random: true,
  },
  bidirectional: {
    make: () =>
      layers.bidirectional({
        layer: layers.gru({ units: 2, resetAfter: false, recurrentActivation: "hardSigmoid", ...seeded }),
      }),
    input: [3, 2],
    output: [4],
    weights: {
      "forward_gru/gru_cell/kernel": [2, 6],
      "forward_gru/gru_cell/recurrent_kernel": [2, 6],
      "forward_gru/gru_cell/bias": [6],
      "backward_gru/gru_cell/kernel": [2, 6],
      "backward_gru/gru_cell/recurrent_kernel": [2, 6],
      "backward_gru/gru_cell/bias": [6],
    },
  },
  conv_lstm1d: {
    make: () => layers.convLstm1d({ filters: 2, kernelSize: 3, padding: "same", dropout: 0.3, seed: 5, ...seeded }),
    input: [3, 4, 2],
    output: [4, 2],
    weights: convolved([3], 2, 2),
    random: true,
  },
  conv_lstm2d: {
    make: () =>
      layers.convLstm2d({ filters: 1, kernelSize: [2, 3], strides: [1, 2], returnSequences: true, ...seeded }),
    input: [2, 3, 5, 1],
    output: [2, 2, 2, 1],
    weights: convolved([2, 3], 1, 1),
  },
  conv_lstm3d: {
    make: () => layers.convLstm3d({ filters: 1, kernelSize: 2, ...seeded }),
    input: [2, 3, 2, 3, 1],
    output: [2, 1, 2, 1],
    weights: convolved([2, 2, 2], 1, 1),
  },
} satisfies { readonly [kind: string]: Case };

/** The weights of a convolution with memory. */
function convolved(window: readonly number[], channels: number, filters: number): Record<string, readonly number[]> {
  return {
    "conv_lstm_cell/kernel": [...window, channels, 4 * filters],
    "conv_lstm_cell/recurrent_kernel": [...window, filters, 4 * filters],
    "conv_lstm_cell/bias": [4 * filters],
  };
}
