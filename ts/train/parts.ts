// What files keep of a model beside its configuration: weights, the optimizer's state, random streams and states that go on
// from batch to batch, each kind under a name of its own. Everything is checked before the first number changes.
import type { TensorRecord } from "../formats/safetensors.ts";
import { matched } from "../layers/matching.ts";
import { MAKE_STATE, type Module, STRUCTURE } from "../layers/module.ts";
import { type Optimizer, renamedState } from "../optim/optimizer.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { buildAs, byPaths, PATHS, recordsOf, underPath } from "./weights.ts";

type Parts = Readonly<Record<"model" | "optimizer" | "state", ReadonlyMap<string, AnyTensor>>>;

/** The tensors of a model by where they belong, each kind by its names. */
function partsOf(model: Module, optimizer: Optimizer | undefined): Parts {
  const { weights, state } = model[STRUCTURE]();
  optimizer?.build(model.trainableWeights);
  const paths = new Map([...weights].map(([path, weight]) => [weight, path]));
  const slots = optimizer?.state((variable) => paths.get(variable) ?? variable.name) ?? {};
  return { model: weights, optimizer: new Map(Object.entries(slots)), state };
}

/** All that is to be kept of a model, of its optimizer where that is given: "model/0/kernel" and so on. */
export function recordsOfParts(model: Module, optimizer: Optimizer | undefined): Map<string, TensorRecord> {
  const parts = Object.entries(partsOf(model, optimizer));
  return recordsOf(parts.flatMap(([part, all]) => [...all].map(([name, x]) => [`${part}/${name}`, x] as const)));
}

/**
 * A model's variables with what a file has for each; layers that are not built yet are built as those that were saved.
 * FormatError, and no number changed, where the file is another's.
 */
export function matchedParts(
  model: Module,
  optimizer: Optimizer | undefined,
  tensors: ReadonlyMap<string, TensorRecord>,
  metadata: Readonly<Record<string, string>>,
  source: string,
): [Variable, TensorRecord][] {
  buildAs(model, metadata);
  const parts = partsOf(model, optimizer);
  const given = (part: string): Map<string, TensorRecord> => underPath(tensors, `${part}/`);
  const isOld = metadata.names !== PATHS.names;
  const pairs = (all: ReadonlyMap<string, AnyTensor>, found: ReadonlyMap<string, TensorRecord>, whose = "") => {
    const records = matched(source + whose, all, found);
    return [...all.values()].map((x, i): [Variable, TensorRecord] => [x as Variable, records[i]]);
  };
  const all = pairs(parts.model, byPaths(parts.model as ReadonlyMap<string, Variable>, given("model"), metadata));
  if (optimizer) {
    const older = isOld ? [Object.keys(optimizer.state())] : [];
    const slots = renamedState(given("optimizer"), [...parts.optimizer.keys()], ...older);
    all.push(...pairs(parts.optimizer, slots, ": the optimizer must be as in the saved training"));
  }
  if (isOld) return all;
  // Older files have no random streams, and no states that go on from batch to batch.
  const state = given("state");
  const { modules } = model[STRUCTURE]();
  for (const [at, module] of modules) module[MAKE_STATE](underPath(state, at && `${at}/`));
  return [...all, ...pairs(model[STRUCTURE]().state, state)];
}

/** Gives variables their values. */
export function assignAll(pairs: readonly (readonly [Variable, TensorRecord])[]): void {
  for (const [x, { data }] of pairs) x.assign(data);
}
