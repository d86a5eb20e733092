// The recurrent layers people know by name: `rnn` with one cell each.
import {
  gruCellOptions,
  gruOptions,
  lstmCellOptions,
  lstmOptions,
  simpleRNNCellOptions,
  simpleRNNOptions,
} from "../generated/options.ts";
import {
  GRUCell,
  type GRUCellOptions,
  LSTMCell,
  type LSTMCellOptions,
  SimpleRNNCell,
  type SimpleRNNCellOptions,
} from "./cells.ts";
import { cellOptions, RecurrentLayer, type RecurrentLayerOptions } from "./rnn.ts";

/** What `simpleRnn` takes. */
export interface SimpleRNNOptions extends RecurrentLayerOptions, SimpleRNNCellOptions {}

/** What `lstm` takes. */
export interface LSTMOptions extends RecurrentLayerOptions, LSTMCellOptions {}

/** What `gru` takes. */
export interface GRUOptions extends RecurrentLayerOptions, GRUCellOptions {}

/** h = activation(x_t kernel + h recurrentKernel + bias): [batch, time, features] -> [batch, units]. See `rnn`. */
export class SimpleRNN extends RecurrentLayer {
  constructor(options: SimpleRNNOptions) {
    const makeCell = (name: string) =>
      new SimpleRNNCell(cellOptions<SimpleRNNCellOptions>(options, simpleRNNCellOptions, `${name}/simple_rnn_cell`));
    super(["simple_rnn", SimpleRNN, simpleRNNOptions], options, makeCell);
  }
}

/**
 * Long short-term memory: [batch, time, features] -> [batch, units]. States: hidden, then cell. See `rnn` and
 * `lstmCell`. Source: Hochreiter and Schmidhuber 1997.
 */
export class LSTM extends RecurrentLayer {
  constructor(options: LSTMOptions) {
    super(
      ["lstm", LSTM, lstmOptions],
      options,
      (name) => new LSTMCell(cellOptions<LSTMCellOptions>(options, lstmCellOptions, `${name}/lstm_cell`)),
    );
  }
}

/** Gated recurrent units: [batch, time, features] -> [batch, units]. See `rnn` and `gruCell`. Source: Cho et al. 2014. */
export class GRU extends RecurrentLayer {
  constructor(options: GRUOptions) {
    super(
      ["gru", GRU, gruOptions],
      options,
      (name) => new GRUCell(cellOptions<GRUCellOptions>(options, gruCellOptions, `${name}/gru_cell`)),
    );
  }
}

/** The simple recurrence over sequences. */
export function simpleRnn(options: SimpleRNNOptions): SimpleRNN {
  return new SimpleRNN(options);
}

/** Long short-term memory over sequences. */
export function lstm(options: LSTMOptions): LSTM {
  return new LSTM(options);
}

/** Gated recurrent units over sequences. */
export function gru(options: GRUOptions): GRU {
  return new GRU(options);
}
