// Training data as batches: what `fit`, `evaluate` and `predict` accept, checked, and its rows copied into batch tensors.
import { ArrayData } from "../data/array.ts";
import {
  type Data,
  type DataList,
  type Examples,
  isByName,
  partsOf,
  type Rows,
  type Targets,
  toRows,
} from "../data/rows.ts";
import { scaled } from "../data/scaled.ts";
import { kindOf, quoted, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type AnyTensor, alias, type Tensor } from "../tensor/tensor.ts";
import { Variable, type VariableOptions } from "../tensor/variable.ts";

/** What examples count. */
export interface ExampleWeighting {
  /**
   * A weight for each example (or step), for all outputs or one for each; negative ones count against it, as advantages
   * in policy gradients do. Default 1.
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

/** Names of a model's inputs, undefined where they have none, and of its outputs that need targets. */
export interface PartNames {
  readonly inputs: readonly string[] | undefined;
  readonly outputs: readonly string[];
  /** Whether steps of the model's own may do without targets, or know what they are. */
  readonly isOwn: boolean;
}

/** What the parts of data for a model are called. @internal */
export const PART_NAMES: unique symbol = Symbol("partNames");

/** Checked inputs, for a prediction; ShapeError when their lengths differ. */
export function toInputs(operation: string, x: DataList, names: PartNames["inputs"], borrow = false): Examples {
  return examplesOf(operation, rowsOf(operation, "x", partsOf(operation, "x", x, names, "inputs"), borrow), [], []);
}

/** Data as they were given. */
export interface Given extends ExampleWeighting {
  readonly x: DataList;
  readonly y?: Targets | undefined;
}

/** Checked inputs, targets and weights, to be read at once where they are borrowed; ShapeError when their lengths differ. */
export function toExamples(
  operation: string,
  { x, y, sampleWeight }: Given,
  names: PartNames,
  borrow = false,
): Examples {
  const inputs = rowsOf(operation, "x", partsOf(operation, "x", x, names.inputs, "inputs"), borrow);
  const targets = rowsOf(operation, "y", byOutput(operation, "y", y, names), borrow);
  const weights =
    sampleWeight === undefined
      ? []
      : rowsOf(operation, "sampleWeight", byOutput(operation, "sampleWeight", sampleWeight, names, true), borrow).map(
          toFloats,
        );
  return examplesOf(operation, inputs, targets, weights);
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

/** Examples of equal length. Errors: ShapeError for others. */
export function examplesOf(
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

function byOutput(
  operation: string,
  what: string,
  data: Targets | undefined,
  { outputs, isOwn }: PartNames,
  isShared = false,
): readonly Data[] {
  if (isOwn && data === undefined) return [];
  if (outputs.length === 0) {
    if (data === undefined) return [];
    if (isOwn) return partsOf(operation, what, data as DataList, undefined, "outputs");
    throw new ArgumentError(
      `${operation}: ${what} must be left out where compile was given no loss, got ${typeof data}`,
    );
  }
  // One weight of several outputs' may stand for all.
  const isOfAll = !isShared || (Array.isArray(data) && typeof data[0] === "object") || isByName(data);
  const list = partsOf(operation, what, data as DataList, isOfAll ? outputs : undefined, "outputs");
  if (isShared && list.length === 1) return outputs.map(() => list[0]);
  if (list.length !== outputs.length) {
    const known = outputs.join(", ");
    throw new ArgumentError(`${operation}: ${what} must be given for each of the outputs ${known}, got ${list.length}`);
  }
  return list;
}

function rowsOf(operation: string, what: string, list: readonly Data[], borrow: boolean): ArrayData[] {
  return list.map((data, i) => toRows(operation, list.length === 1 ? what : `${what}[${i}]`, data, borrow));
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

/** The tensors of one batch by what they are for. */
export interface Batch {
  readonly inputs: readonly AnyTensor[];
  readonly targets: readonly AnyTensor[];
  /** One for each target, or none. */
  readonly weights: readonly Tensor[];
}

/** Where a model's steps read batches. @internal */
export const BUFFERS: unique symbol = Symbol("buffers");

/** The batches of several arrays of rows: a buffer for each entry of the list. */
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

/** More shapes than this give way to others, the oldest first, as what is captured for them does. */
const MOST_SHAPES = 32;

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
      const [[oldest, first] = []] = this.variables;
      if (oldest !== undefined && this.variables.size === MOST_SHAPES) {
        first?.dispose();
        this.variables.delete(oldest);
      }
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

/** A tensor of a loaded batch as models read it, no variable: within a step, so that bytes become f32 where it runs. */
export function asRead(x: AnyTensor): AnyTensor {
  return x instanceof Bytes ? scaled(x as AnyTensor as Tensor<"u8">, x.scale) : alias(x);
}
