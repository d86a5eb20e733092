// Training data as batches: what `fit`, `evaluate` and `predict` accept, checked, and its rows copied into batch tensors.
import { ArrayData, type RowRange } from "../data/array.ts";
import { arrayFrom } from "../data/lists.ts";
import { scaled } from "../data/scaled.ts";
import { randomPermutation, withStream, wordsOf } from "../ops/random.ts";
import { kindOf, quoted, textOf, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Nested } from "../tensor/nested.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable, type VariableOptions } from "../tensor/variable.ts";

/**
 * Examples along the first axis: a tensor, numbers in JavaScript memory as data sets hand them out, a typed array, or
 * nested lists, whose rows may be typed arrays.
 */
export type Data = AnyTensor | ArrayData | Float32Array | Float64Array | Int32Array | Uint8Array | readonly Row[];

/** One example in lists. */
export type Row = Nested | Float32Array | Float64Array | Int32Array | Uint8Array;

/** The data as rows in JavaScript memory. Errors: ArgumentError for no data or other things, for NaN and infinities. */
export function toRows(operation: string, what: string, given: Data): ArrayData {
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
  const rows = data instanceof Tensor ? new ArrayData(data.data(), data.shape, data.dtype) : data;
  const bad = rows.firstNonFinite();
  if (bad !== undefined) {
    throw new ArgumentError(
      `${operation}: ${what} must be finite numbers, got NaN or infinity at index [${bad.join(", ")}]`,
    );
  }
  return rows;
}

/** One kind of data, or a list of several inputs' or outputs'. */
export type DataList = Data | readonly Data[];
/** The data of a model's outputs: its only one's, a list, or a record by their names. */
export type Targets = DataList | { readonly [output: string]: Data };

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

/** What examples count. */
export interface ExampleWeighting {
  /**
   * A number for each example (or step): how much its loss counts, negative ones against it, as advantages in policy
   * gradients do; one for all outputs or one for each.
   */
  sampleWeight?: Targets;
}

/** What examples count in training: a number for each, or for each class of the only output. */
export interface Weighting extends ExampleWeighting {
  /**
   * How much the examples of each class count, default 1: of one output whose targets are class numbers [n], [n, 1] or rows
   * of probabilities [n, classes], such as one-hot ones. Tests and validation are not weighted by it.
   */
  classWeight?: { readonly [label: number]: number };
}

/** Checked inputs, for a prediction; ShapeError when their lengths differ. `count` is how many they must be, if known. */
export function toInputs(operation: string, x: DataList, count: number | undefined): Examples {
  return examplesOf(operation, rowsOf(operation, "x", listOf(x, count)), [], []);
}

/**
 * Checked inputs, targets and weights; ShapeError when their lengths differ. `outputs` are those that need targets, `count`
 * is how many inputs there must be, if known.
 */
export function toExamples(
  operation: string,
  x: DataList,
  y: Targets | undefined,
  outputs: readonly string[],
  count: number | undefined,
  { sampleWeight, classWeight }: Weighting = {},
): Examples {
  const inputs = rowsOf(operation, "x", listOf(x, count));
  const targets = rowsOf(operation, "y", byOutput(operation, "y", y, outputs));
  const weights =
    sampleWeight === undefined
      ? []
      : rowsOf(operation, "sampleWeight", byOutput(operation, "sampleWeight", sampleWeight, outputs, true)).map(
          toFloats,
        );
  return weighClasses(operation, examplesOf(operation, inputs, targets, weights), classWeight);
}

/** The examples, each of which counts as its class does too. */
export function weighClasses(
  operation: string,
  { inputs, targets, weights }: Examples,
  classWeight: Weighting["classWeight"],
): Examples {
  if (classWeight === undefined) return examplesOf(operation, inputs, targets, weights);
  if (targets.length !== 1) {
    throw new ArgumentError(`${operation}: classWeight must be used with one output, got ${targets.length}`);
  }
  if (!["Object", "Array"].includes(kindOf(classWeight))) {
    const got = textOf(classWeight);
    throw new ArgumentError(`${operation}: classWeight must be a record of numbers by class number, got ${got}`);
  }
  const ofClass = classWeights(operation, targets[0], classWeight);
  const [own] = weights;
  if (own && own.data.length !== own.length) {
    throw new ArgumentError(`${operation}: sampleWeight beside classWeight must have a number for each example`);
  }
  if (own) for (let i = 0; i < ofClass.length; i++) ofClass[i] *= own.data[i] * own.scale;
  return examplesOf(operation, inputs, targets, [new ArrayData(ofClass, [ofClass.length], "f32")]);
}

function examplesOf(
  operation: string,
  inputs: readonly ArrayData[],
  targets: readonly ArrayData[],
  weights: readonly ArrayData[],
): Examples {
  const lengths = [...inputs, ...targets, ...weights].map(({ length }) => length);
  if (lengths.some((length) => length !== lengths[0])) {
    const given = Object.entries({ x: inputs, y: targets, sampleWeight: weights }).filter(
      ([, { length }]) => length > 0,
    );
    const names = given.map(([name]) => name).join(", ");
    const all = names.replace(/, (\w+)$/, " and $1");
    throw new ShapeError(`${operation}: ${all} must have the same number of examples, got ${lengths.join(" and ")}`);
  }
  return { length: lengths[0], inputs, targets, weights };
}

/** Whether it is a tensor or ArrayData. */
export function isData(data: unknown): data is AnyTensor | ArrayData {
  return data instanceof Tensor || data instanceof ArrayData;
}

/** Whether it is the data of several inputs or outputs: a list with tensors or ArrayData in it; others hold numbers. */
export function isOfSeveral(data: DataList | Targets): data is readonly Data[] {
  return Array.isArray(data) && data.some(isData);
}

/** The data of each of `count` inputs or outputs; a list of so many can be nothing else. */
function listOf(data: DataList, count = 1): readonly Data[] {
  const isOfAll = count > 1 && Array.isArray(data) && data.length === count;
  return isOfAll || isOfSeveral(data) ? (data as readonly Data[]) : [data as Data];
}

function byOutput(
  operation: string,
  what: string,
  data: Targets | undefined,
  outputs: readonly string[],
  isShared = false,
): readonly Data[] {
  if (outputs.length === 0) {
    if (data === undefined) return [];
    throw new ArgumentError(
      `${operation}: ${what} must be left out where compile was given no loss, got ${typeof data}`,
    );
  }
  const known = outputs.join(", ");
  if (kindOf(data) === "Object" && !isData(data)) {
    const record = data as { readonly [output: string]: Data };
    const names = Object.keys(record);
    if (names.length === outputs.length && names.every((name) => outputs.includes(name))) {
      return outputs.map((name) => record[name]);
    }
    throw new ArgumentError(`${operation}: ${what} must be given for the outputs ${known}, got ${names.join(", ")}`);
  }
  const isOfAll = !isShared || (Array.isArray(data) && typeof data[0] === "object");
  const list = listOf(data as DataList, isOfAll ? outputs.length : 1);
  if (isShared && list.length === 1) return outputs.map(() => list[0]);
  if (list.length !== outputs.length) {
    throw new ArgumentError(`${operation}: ${what} must be given for each of the outputs ${known}, got ${list.length}`);
  }
  return list;
}

function rowsOf(operation: string, what: string, list: readonly Data[]): ArrayData[] {
  return list.map((data, i) => toRows(operation, list.length === 1 ? what : `${what}[${i}]`, data));
}

function toFloats(rows: ArrayData): ArrayData {
  return rows.dtype === "f32" ? rows : new ArrayData(Float32Array.from(rows.data), rows.shape, "f32");
}

/** The weight of each example's class: its number, or where its row is largest. */
function classWeights(operation: string, y: ArrayData, weights: { readonly [label: number]: number }): Float32Array {
  const classes = y.rowSize;
  if (y.shape.length > 2) {
    throw new ShapeError(
      `${operation}: with classWeight, y must be [n], [n, 1] or [n, classes], got ${formatShape(y.shape)}`,
    );
  }
  const known = (label: number): boolean => Number.isInteger(label) && label >= 0 && (classes === 1 || label < classes);
  for (const [label, weight] of Object.entries<unknown>(weights)) {
    const isNumber = typeof weight === "number" && weight >= 0 && weight < Number.POSITIVE_INFINITY;
    if (isNumber && known(Number(label)) && String(Number(label)) === label) continue;
    throw new ArgumentError(
      `${operation}: classWeight must hold numbers of at least 0 by class number, got ${quoted(weight)} for ${label}`,
    );
  }
  return Float32Array.from({ length: y.length }, (_, i) => {
    const row = Array.from(y.valuesAt(i));
    const label = classes === 1 ? row[0] : row.indexOf(Math.max(...row));
    const isClass = classes === 1 || Math.abs(row.reduce((sum, part) => sum + part, 0) - 1) < 1e-3;
    if (isClass && known(label)) return weights[label] ?? 1;
    throw new ArgumentError(
      `${operation}: with classWeight, y must be class numbers or probabilities of classes, got ${row.join(", ")} at ${i}`,
    );
  });
}

/** The order of an epoch: draw number `epoch` of the seed's own stream. */
export function orderOfEpoch(seed: number, epoch: number, length: number): Int32Array {
  return withStream(Int32Array.of(...wordsOf(seed), epoch, 0), () => scope(() => randomPermutation(length).data()));
}

/** The tensors of one batch by what they are for. */
export interface Batch {
  readonly inputs: readonly AnyTensor[];
  readonly targets: readonly AnyTensor[];
  /** One for each target, or none. */
  readonly weights: readonly Tensor[];
}

/** Where a model's steps read batches. @internal */
export const BUFFERS: unique symbol = Symbol("buffers");

/** The batches of several arrays of rows: a buffer for each place in the list. */
export class BatchBuffers {
  private readonly buffers: BatchBuffer[] = [];
  private readonly asStored: boolean;

  /** `asStored` leaves bytes that read as f32 to `asRead`. */
  constructor(asStored = false) {
    this.asStored = asStored;
  }

  /** One batch of the examples, valid until the next call. */
  batch({ inputs, targets, weights }: Examples, rows: Rows): Batch {
    const tensors = this.load([...inputs, ...targets, ...weights], rows);
    const [first, last] = [inputs.length, inputs.length + targets.length];
    return {
      inputs: tensors.slice(0, first),
      targets: tensors.slice(first, last),
      weights: tensors.slice(last) as Tensor[],
    };
  }

  /** Variables with the given rows of each array, valid until the next call. */
  load(arrays: readonly ArrayData[], rows: Rows): Variable<Dtype>[] {
    return arrays.map((array, i) => (this.buffers[i] ??= new BatchBuffer(this.asStored)).load(array, rows));
  }

  dispose(): void {
    for (const buffer of this.buffers) buffer.dispose();
    this.buffers.length = 0;
  }
}

/**
 * Variables that hold one batch after the other: one for each shape and dtype that occurs. A captured step reads a
 * variable where it lies, so that a batch is copied once, from the data to where the program reads it.
 */
class BatchBuffer {
  private readonly variables = new Map<string, Variable<Dtype>>();
  private readonly asStored: boolean;
  /** What the last call asked for, and got. */
  private last: { readonly rows: ArrayData; readonly count: number; readonly batch: Variable<Dtype> } | undefined;

  constructor(asStored: boolean) {
    this.asStored = asStored;
  }

  /** A variable with the given rows, valid until the next call. */
  load(rows: ArrayData, indices: Rows): Variable<Dtype> {
    const count = "length" in indices ? indices.length : indices.end - indices.begin;
    if (this.last?.rows !== rows || this.last.count !== count) {
      this.last = { rows, count, batch: this.variable([count, ...rows.shape.slice(1)], rows) };
    }
    const { batch } = this.last;
    if (this.asStored) rows.copyStored(indices, batch.view());
    else rows.copyRows(indices, batch.view());
    batch.buffer.version++;
    return batch;
  }

  dispose(): void {
    for (const batch of this.variables.values()) batch.dispose();
    this.variables.clear();
    this.last = undefined;
  }

  private variable(shape: Shape, { dtype, stores, scale }: ArrayData): Variable<Dtype> {
    const isScaled = this.asStored && stores !== dtype;
    const key = `${isScaled ? scale : dtype}${formatShape(shape)}`;
    let batch = this.variables.get(key);
    if (batch === undefined) {
      const options = { name: "batch", trainable: false };
      batch = scope(() => {
        const initial = zeros(shape, isScaled ? stores : dtype);
        return isScaled ? new Bytes(initial, scale, options) : new Variable(initial, options);
      });
      this.variables.set(key, batch);
    }
    return batch;
  }
}

/** A batch in bytes that stand for f32. */
class Bytes extends Variable<Dtype> {
  readonly scale: number;

  constructor(initial: Tensor<Dtype>, scale: number, options: VariableOptions) {
    super(initial, options);
    this.scale = scale;
  }
}

/** A tensor of a loaded batch as models read it: within a step, so that bytes become f32 where it runs. */
export function asRead(x: AnyTensor): AnyTensor {
  return x instanceof Bytes ? scaled(x as AnyTensor as Tensor<"u8">, x.scale) : x;
}
