// The cases of all layers by their kinds, one for each: a layer without a case is a type error.
import type { LayerName } from "../../../ts/generated/layers.ts";
import { attentionCases } from "./attention.ts";
import type { Case } from "./case.ts";
import { coreCases } from "./core.ts";
import { recurrentCases } from "./recurrent.ts";
import { windowCases } from "./windows.ts";

/** Layers that the tests of all layers cannot ask alike; behind each, whose tests they have instead. */
type Apart =
  | "input" // nothing is computed: tests/train/structure.test.ts
  | "operation" // made by ops applied to symbolic inputs: operation.test.ts
  | "lambda" // a function is not saved: layers.test.ts
  | "normalization" // it learns from data before: feature-normalization.test.ts
  | "simple_rnn_cell" // cells give lists, and run in layers: recurrent.test.ts
  | "lstm_cell"
  | "gru_cell"
  | "stacked_rnn_cells"
  | "rnn" // layers made of other layers: recurrent.test.ts, freezing.test.ts
  | "time_distributed";

export const cases: { readonly [kind in Exclude<LayerName, Apart>]: Case } = {
  ...coreCases,
  ...windowCases,
  ...recurrentCases,
  ...attentionCases,
};
