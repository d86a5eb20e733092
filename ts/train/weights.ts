// A model's weights as safetensors bytes, and back. Everything is checked before the first weight is overwritten.
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../formats/safetensors.ts";
import { matched, renamed } from "../layers/matching.ts";
import { buildFor, type Module, STRUCTURE, shapesOf } from "../layers/module.ts";
import type { Shapes } from "../layers/shapes.ts";
import { FormatError, StateError } from "../runtime/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** What a file says of itself whose tensors are named by their paths in the model; older ones have names of weights. */
export const PATHS = { names: "paths" } as const;

/** The safetensors file of a model's weights, by their paths. */
export function encodeWeights(model: Module): Uint8Array {
  const { weights } = model[STRUCTURE]();
  if (weights.size === 0) throw new StateError("saveWeights: the model must be built and have weights, got none");
  return encodeSafetensors(recordsOf(weights), { format: "heddle", ...aboutPaths(model) });
}

/** Overwrites a model's weights with a file's. Errors: FormatError for corrupt files, and where paths or shapes differ. */
export function decodeWeights(model: Module, bytes: Uint8Array, source?: string): void {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  buildAs(model, metadata);
  const { weights } = model[STRUCTURE]();
  if (weights.size === 0) throw new StateError("loadWeights: the model must be built and have weights, got none");
  const where = source === undefined ? "loadWeights" : `loadWeights: ${source}`;
  // Files of whole models and trainings hold other things too.
  const given = metadata.format?.startsWith("heddle-") ? underPath(tensors, "model/") : tensors;
  const found = matched(where, weights, byPaths(weights, given, metadata));
  [...weights.values()].forEach((weight, i) => void weight.assign(found[i].data));
}

/** What a file says about the paths of a model's weights, and what their layers were built for. */
export function aboutPaths(model: Module): Record<string, string> {
  return { ...PATHS, shapes: JSON.stringify(shapesOf(model)) };
}

/** Builds what is not built yet in a model as a file tells, if it does. FormatError for what are no shapes. */
export function buildAs(model: Module, { shapes }: Readonly<Record<string, string>>): void {
  if (shapes === undefined) return;
  const isShape = (x: unknown): boolean => Array.isArray(x) && x.every((size) => Number.isInteger(size) && size >= 0);
  let known: unknown;
  try {
    known = JSON.parse(shapes);
  } catch {}
  const all = typeof known === "object" && known !== null ? Object.values(known) : [undefined];
  if (!all.every((x) => isShape(x) || (Array.isArray(x) && x.every(isShape)))) {
    throw new FormatError(`loadWeights: shapes must be lists of sizes by path, got ${shapes.slice(0, 60)}`);
  }
  buildFor(model, known as Record<string, Shapes>);
}

/** A file's weights by their paths, also where it has them by the names of weights or is of another program. */
export function byPaths<G>(
  weights: ReadonlyMap<string, { readonly name: string }>,
  given: ReadonlyMap<string, G>,
  { names }: Readonly<Record<string, string>>,
): ReadonlyMap<string, G> {
  if (names === PATHS.names) return given;
  const old = [...weights.values()].map(({ name }) => name);
  return renamed(given, [...weights.keys()], old);
}

/** Tensors as what a file holds of them. */
export function recordsOf(tensors: Iterable<readonly [string, AnyTensor]>): Map<string, TensorRecord> {
  return new Map([...tensors].map(([name, x]) => [name, { dtype: x.dtype, shape: x.shape, data: x.data() }]));
}

/** What lies under a path, without it. */
export function underPath<T>(all: ReadonlyMap<string, T>, path: string): Map<string, T> {
  const inside = [...all].filter(([name]) => name.startsWith(path));
  return new Map(inside.map(([name, x]) => [name.slice(path.length), x]));
}
