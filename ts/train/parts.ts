// What files keep of a model beside its configuration: weights, the state of optimizers, random streams and states that go
// on from batch to batch, each kind under a name of its own. Everything is checked before the first number changes.
import type { TensorRecord } from "../formats/safetensors.ts";
import { matched } from "../layers/matching.ts";
import { MAKE_STATE, type Module, STRUCTURE } from "../layers/module.ts";
import { type Optimizer, renamedState } from "../optim/optimizer.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { optimizersOf } from "./model-optimizers.ts";
import { byPaths, PATHS, recordsOf, underPath } from "./weights.ts";

type Parts = Readonly<Record<"model" | "optimizer" | "optimizers" | "state", ReadonlyMap<string, AnyTensor>>>;

/** What begins the names of another model's variables. */
const FOREIGN = "\0";

/** Optimizers of a model and its parts beside the one it is compiled with, by their paths. */
function othersOf(model: Module, optimizer: Optimizer | undefined): [string, Optimizer][] {
  if (optimizer === undefined) return [];
  const all = [...model[STRUCTURE]().modules].flatMap(([path, module]) =>
    [...optimizersOf(module)].map(([name, one]): [string, Optimizer] => [path === "" ? name : `${path}/${name}`, one]),
  );
  return all.filter(([, one]) => one !== optimizer);
}

/** The tensors of a model by where they belong, each kind by its names; what an optimizer keeps for others is not among them. */
function partsOf(model: Module, optimizer: Optimizer | undefined): Parts {
  const { weights, state } = model[STRUCTURE]();
  const paths = new Map([...weights].map(([path, weight]) => [weight, path]));
  const own = (one: Optimizer): [string, AnyTensor][] =>
    Object.entries(one.state((variable) => paths.get(variable) ?? FOREIGN)).filter(
      ([name]) => !name.startsWith(FOREIGN),
    );
  return {
    model: weights,
    optimizer: new Map(optimizer && own(optimizer)),
    optimizers: new Map(
      othersOf(model, optimizer).flatMap(([path, one]) => own(one).map(([name, x]) => [`${path}/${name}`, x])),
    ),
    state,
  };
}

/** All that is to be kept of a model, of its optimizer where that is given: "model/0/kernel" and so on. */
export function recordsOfParts(model: Module, optimizer: Optimizer | undefined): Map<string, TensorRecord> {
  const parts = Object.entries(partsOf(model, optimizer));
  return recordsOf(parts.flatMap(([part, all]) => [...all].map(([name, x]) => [`${part}/${name}`, x] as const)));
}

/** Whether a file holds an optimizer's state. */
export function hasOptimizer(tensors: ReadonlyMap<string, unknown>): boolean {
  return underPath(tensors, "optimizer/").size > 0;
}

/**
 * The variables of a model, built as `buildAs` does, with what a file has for each.
 * FormatError, and no number changed, where the file is another's.
 */
export function matchedParts(
  model: Module,
  optimizer: Optimizer | undefined,
  tensors: ReadonlyMap<string, TensorRecord>,
  metadata: Readonly<Record<string, string>>,
  source: string,
): [Variable, TensorRecord][] {
  const given = (part: string): Map<string, TensorRecord> => underPath(tensors, `${part}/`);
  const isOld = metadata.names !== PATHS.names;
  const { weights } = model[STRUCTURE]();
  const build = (one: Optimizer, saved: ReadonlyMap<string, unknown>): void => {
    // Variables that were never updated have no state, and those that are frozen since have one.
    const updated = new Set([...saved.keys()].map((name) => name.slice(0, name.lastIndexOf("/"))));
    one.build(isOld ? model.trainableWeights : [...weights].flatMap(([path, x]) => (updated.has(path) ? [x] : [])));
  };
  if (optimizer) build(optimizer, given("optimizer"));
  for (const [path, one] of othersOf(model, optimizer)) build(one, given(`optimizers/${path}`));
  const parts = partsOf(model, optimizer);
  const pairs = (all: ReadonlyMap<string, AnyTensor>, found: ReadonlyMap<string, TensorRecord>, whose = "") => {
    const records = matched(source + whose, all, found);
    return [...all.values()].map((x, i): [Variable, TensorRecord] => [x as Variable, records[i]]);
  };
  const all = pairs(parts.model, byPaths(parts.model as ReadonlyMap<string, Variable>, given("model"), metadata));
  if (optimizer) {
    const older = isOld ? [Object.keys(optimizer.state())] : [];
    const slots = renamedState(given("optimizer"), [...parts.optimizer.keys()], ...older);
    const must = ": the optimizer must be as in the saved training";
    all.push(...pairs(parts.optimizer, slots, must), ...pairs(parts.optimizers, given("optimizers"), must));
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
