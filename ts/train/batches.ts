// Training data as batches: what `fit`, `evaluate` and `predict` accept, checked, and its rows copied into batch tensors.
import { ArrayData, type RowRange } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** Examples along the first axis: a tensor, or numbers in JavaScript memory as data sets hand them out. */
export type Data = AnyTensor | ArrayData;

/** The data as rows in JavaScript memory. Errors: ArgumentError for no data or other things, for NaN and infinities. */
export function toRows(operation: string, what: string, data: Data): ArrayData {
  if (!(data instanceof Tensor || data instanceof ArrayData)) {
    throw new ArgumentError(
      `${operation}: ${what} must be a tensor or ArrayData, got ${data === null ? "null" : typeof data}`,
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

/** Inputs and targets of equal length. */
export interface Pairs {
  readonly x: ArrayData;
  readonly y: ArrayData;
}

/** Checked inputs and targets; ShapeError when their lengths differ. */
export function toPairs(operation: string, x: Data, y: Data): Pairs {
  const pairs = { x: toRows(operation, "x", x), y: toRows(operation, "y", y) };
  if (pairs.x.length !== pairs.y.length) {
    throw new ShapeError(
      `${operation}: x and y must have the same number of examples, got ${pairs.x.length} and ${pairs.y.length}`,
    );
  }
  return pairs;
}

/**
 * Variables that hold one batch after the other: one for each shape and dtype that occurs. A captured step reads a
 * variable where it lies, so that a batch is copied once, from the data to where the program reads it.
 */
export class BatchBuffer {
  private readonly variables = new Map<string, Variable<Dtype>>();
  /** What the last call asked for, and got. */
  private last: { readonly rows: ArrayData; readonly count: number; readonly batch: Variable<Dtype> } | undefined;

  /** A variable with the given rows, valid until the next call. */
  load(rows: ArrayData, indices: ArrayLike<number> | RowRange): Variable<Dtype> {
    const count = "length" in indices ? indices.length : indices.end - indices.begin;
    if (this.last?.rows !== rows || this.last.count !== count) {
      this.last = { rows, count, batch: this.variable([count, ...rows.shape.slice(1)], rows.dtype) };
    }
    const { batch } = this.last;
    rows.copyRows(indices, batch.view());
    batch.buffer.version++;
    return batch;
  }

  dispose(): void {
    for (const batch of this.variables.values()) batch.dispose();
    this.variables.clear();
    this.last = undefined;
  }

  private variable(shape: Shape, dtype: Dtype): Variable<Dtype> {
    const key = `${dtype}${formatShape(shape)}`;
    let batch = this.variables.get(key);
    if (batch === undefined) {
      batch = scope(() => new Variable(zeros(shape, dtype), { name: "batch", trainable: false }));
      this.variables.set(key, batch);
    }
    return batch;
  }
}
