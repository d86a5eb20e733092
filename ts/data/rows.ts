// Examples given as tensors, arrays or lists, checked, as rows in JavaScript memory.
import { kindOf, textOf, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import type { Nested } from "../tensor/nested.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ArrayData, type RowRange } from "./array.ts";
import { arrayFrom } from "./lists.ts";

/**
 * Examples along the first axis: a tensor, numbers in JavaScript memory as data sets hand them out, a typed array, or
 * nested lists, whose rows may be typed arrays.
 */
export type Data = AnyTensor | ArrayData | Float32Array | Float64Array | Int32Array | Uint8Array | readonly Row[];

/** One example in lists. */
export type Row = Nested | Float32Array | Float64Array | Int32Array | Uint8Array;

/** One kind of data, a list of several inputs' or outputs', or a record by the names of the input layers or outputs. */
export type DataList = Data | readonly Data[] | { readonly [name: string]: Data };

/** The data of a model's outputs: its only one's, a list, or a record by their names. */
export type Targets = DataList;

/** Which examples make a batch. */
export type Rows = ArrayLike<number> | RowRange;

/** Inputs, targets and weights of equal length; no targets for a prediction, no weights where all count alike. */
export interface Examples {
  readonly length: number;
  readonly inputs: readonly ArrayData[];
  readonly targets: readonly ArrayData[];
  /** One for each target, or none. */
  readonly weights: readonly ArrayData[];
}

/**
 * The data as rows in JavaScript memory. `borrow` leaves a tensor's values where they lie, for whoever reads them at once.
 * Errors: ArgumentError for no data or other things, for NaN and infinities.
 */
export function toRows(operation: string, what: string, given: Data, borrow = false): ArrayData {
  const data = isData(given) ? given : arrayFrom(given, `${operation}: ${what}`);
  if (data === undefined) {
    throw new ArgumentError(
      `${operation}: ${what} must be a tensor or ArrayData, got ${typeOf(given)}; lists and typed arrays do too`,
    );
  }
  if (data.shape.length === 0) throw new ShapeError(`${operation}: ${what} must have a batch axis, got a scalar`);
  if (data.shape[0] === 0) {
    throw new ArgumentError(
      `${operation}: ${what} must have at least one example, got shape ${formatShape(data.shape)}`,
    );
  }
  const rows =
    data instanceof Tensor ? new ArrayData(borrow ? data.view() : data.data(), data.shape, data.dtype) : data;
  const bad = rows.firstNonFinite();
  if (bad !== undefined) {
    throw new ArgumentError(
      `${operation}: ${what} must be finite numbers, got NaN or infinity at index [${bad.join(", ")}]`,
    );
  }
  return rows;
}

/** Whether it is a tensor or ArrayData. */
export function isData(data: unknown): data is AnyTensor | ArrayData {
  return data instanceof Tensor || data instanceof ArrayData;
}

/** Whether it is the data of several inputs or outputs: a list with tensors or ArrayData in it; others hold numbers. */
export function isOfSeveral(data: unknown): data is readonly Data[] {
  return Array.isArray(data) && data.some(isData);
}

/** Whether it is the data of several inputs or outputs by their names. */
export function isByName(data: unknown): data is { readonly [name: string]: Data } {
  return kindOf(data) === "Object" && !isData(data);
}

/**
 * The data of each of the named inputs or outputs, or of as many as there are where these have no names. `what` is what
 * errors call the data, `whose` is "inputs" or "outputs". Errors: ArgumentError for other names.
 */
export function partsOf(
  operation: string,
  what: string,
  data: DataList,
  names: readonly string[] | undefined,
  whose: string,
): readonly Data[] {
  if (!isByName(data)) {
    // A list of as many parts as there are can be nothing else.
    const isOfAll = Array.isArray(data) && names !== undefined && names.length > 1 && data.length === names.length;
    return isOfAll || isOfSeveral(data) ? (data as readonly Data[]) : [data];
  }
  const given = Object.keys(data);
  if (names?.length === given.length && names.every((name) => given.includes(name))) {
    return names.map((name) => data[name]);
  }
  const known = names
    ? `given for the ${whose} ${names.join(", ")}`
    : "a tensor or a list, of a model that is not drawn";
  throw new ArgumentError(`${operation}: ${what} must be ${known}, got ${given.join(", ") || textOf(data)}`);
}
