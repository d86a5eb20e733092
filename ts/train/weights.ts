// A model's weights as safetensors bytes, and back. Everything is checked before the first weight is overwritten.
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../io/safetensors.ts";
import { matched, renamed } from "../layers/matching.ts";
import { type Module, STRUCTURE } from "../layers/module.ts";
import { StateError } from "../runtime/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** What a file says of itself whose tensors are named by their paths in the model; older ones have names of weights. */
export const PATHS = { names: "paths" } as const;

/** The safetensors file of a model's weights, by their paths. */
export function encodeWeights(model: Module): Uint8Array {
  const { weights } = model[STRUCTURE]();
  if (weights.size === 0) throw new StateError("saveWeights: the model must be built and have weights, got none");
  return encodeSafetensors(recordsOf(weights), { format: "heddle", ...PATHS });
}

/** Overwrites a model's weights with a file's. Errors: FormatError for corrupt files, and where paths or shapes differ. */
export function decodeWeights(model: Module, bytes: Uint8Array, source?: string): void {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const { weights } = model[STRUCTURE]();
  const where = source === undefined ? "loadWeights" : `loadWeights: ${source}`;
  const found = matched(where, weights, byPaths(weights, tensors, metadata));
  [...weights.values()].forEach((weight, i) => void weight.assign(found[i].data));
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
