// The standard recurrent layers: `rnn` with a simple, LSTM or GRU cell.
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
import { defineLayer, type LayerDefinition } from "./layer.ts";
import { cellOptions, RecurrentLayer, type RecurrentLayerOptions } from "./rnn.ts";

/** Options of {@link simpleRnn}. */
export interface SimpleRNNOptions extends RecurrentLayerOptions, SimpleRNNCellOptions {}

/** Options of {@link lstm}. */
export interface LSTMOptions extends RecurrentLayerOptions, LSTMCellOptions {}

/** Options of {@link gru}. */
export interface GRUOptions extends RecurrentLayerOptions, GRUCellOptions {}

/** The layer that {@link simpleRnn} makes. */
export class SimpleRNN extends RecurrentLayer {
  constructor(options: SimpleRNNOptions) {
    const makeCell = (name: string) =>
      new SimpleRNNCell(cellOptions<SimpleRNNCellOptions>(options, simpleRNNCellOptions, `${name}/simple_rnn_cell`));
    super(simpleRnn, options, makeCell);
  }
}

/** The layer that {@link lstm} makes. */
export class LSTM extends RecurrentLayer {
  constructor(options: LSTMOptions) {
    super(
      lstm,
      options,
      (name) => new LSTMCell(cellOptions<LSTMCellOptions>(options, lstmCellOptions, `${name}/lstm_cell`)),
    );
  }
}

/** The layer that {@link gru} makes. */
export class GRU extends RecurrentLayer {
  constructor(options: GRUOptions) {
    super(
      gru,
      options,
      (name) => new GRUCell(cellOptions<GRUCellOptions>(options, gruCellOptions, `${name}/gru_cell`)),
    );
  }
}

/**
 * Simple recurrent layer: h = activation(x kernel + h recurrentKernel + bias) at each step. Apply it to x or to [x,
 * initial state].
 * Shapes: `[batch, time, features]` -> `[batch, units]`, or `[batch, time, units]` with returnSequences; with
 * returnState also h `[batch, units]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs or states of other shapes; DtypeError unless
 * they are f32.
 */
export const simpleRnn: LayerDefinition<typeof SimpleRNN> = defineLayer("simple_rnn", SimpleRNN, simpleRNNOptions);

/**
 * Long short-term memory (see {@link lstmCell} for the formula). Apply it to x or to [x, h, cell].
 * Example: `layers.lstm({ units: 64, returnSequences: true })`.
 * Shapes: `[batch, time, features]` -> `[batch, units]`, or `[batch, time, units]` with returnSequences; with
 * returnState also h and cell `[batch, units]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs or states of other shapes; DtypeError unless
 * they are f32. Source: Hochreiter and Schmidhuber 1997.
 */
export const lstm: LayerDefinition<typeof LSTM> = defineLayer("lstm", LSTM, lstmOptions);

/**
 * Gated recurrent units (see {@link gruCell} for the formula). Apply it to x or to [x, h].
 * Shapes: `[batch, time, features]` -> `[batch, units]`, or `[batch, time, units]` with returnSequences; with
 * returnState also h `[batch, units]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs or states of other shapes; DtypeError unless
 * they are f32. Source: Cho et al. 2014.
 */
export const gru: LayerDefinition<typeof GRU> = defineLayer("gru", GRU, gruOptions);
