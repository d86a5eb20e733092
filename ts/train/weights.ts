// A model's weights as safetensors bytes, and back. Everything is checked before the first weight is overwritten.
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../io/safetensors.ts";
import { FormatError, StateError } from "../runtime/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";

/** The safetensors file of these variables, by their names. */
export function encodeWeights(weights: readonly Variable[]): Uint8Array {
  if (weights.length === 0) throw new StateError("saveWeights: the model must be built and have weights, got none");
  const records = weights.map(
    ({ name, dtype, shape }, i) => [name, { dtype, shape, data: weights[i].data() }] as const,
  );
  return encodeSafetensors(new Map(records), { format: "heddle" });
}

/** Overwrites the variables with a file's values. Errors: FormatError for corrupt files, and where names or shapes differ. */
export function decodeWeights(weights: readonly Variable[], bytes: Uint8Array, source?: string): void {
  const { tensors } = decodeSafetensors(bytes, source);
  const where = source === undefined ? "loadWeights" : `loadWeights: ${source}`;
  const names = new Set(weights.map(({ name }) => name));
  const strange = [...tensors.keys()].filter((name) => !names.has(name));
  const missing = [...names].filter((name) => !tensors.has(name));
  if (strange.length > 0 || missing.length > 0) {
    throw new FormatError(
      `${where}: the file must hold the model's weights, got ${missing.length} missing (${missing.slice(0, 3).join(", ")}) ` +
        `and ${strange.length} unknown (${strange.slice(0, 3).join(", ")})`,
    );
  }
  const records = weights.map((weight) => recordOf(where, tensors, weight.name, weight));
  for (const [i, weight] of weights.entries()) weight.assign(records[i].data);
}

/** What a file has of this name. FormatError unless it has the shape and dtype of x. */
export function recordOf(
  where: string,
  tensors: ReadonlyMap<string, TensorRecord>,
  name: string,
  { dtype, shape }: AnyTensor,
): TensorRecord {
  const record = tensors.get(name);
  if (record?.dtype === dtype && sameShape(record.shape, shape)) return record;
  const got = record === undefined ? "nothing" : `${record.dtype} ${formatShape(record.shape)}`;
  throw new FormatError(`${where}: ${name} must be ${dtype} ${formatShape(shape)}, got ${got}`);
}
