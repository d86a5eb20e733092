// Training data as batches: what `fit`, `evaluate` and `predict` accept, checked, and its rows copied into batch tensors.
import { ArrayData } from "../data/array.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor, unfilled } from "../tensor/tensor.ts";

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

/** Tensors that hold one batch after the other: one for each batch size that occurs. */
export class BatchBuffer {
  private readonly tensors = new Map<number, AnyTensor>();
  private readonly rows: ArrayData;

  constructor(rows: ArrayData) {
    this.rows = rows;
  }

  /** The tensor with the given rows, valid until the next call. */
  load(indices: ArrayLike<number> | { begin: number; end: number }): AnyTensor {
    const { rows } = this;
    const count = "length" in indices ? indices.length : indices.end - indices.begin;
    let batch = this.tensors.get(count);
    if (batch === undefined) {
      batch = unfilled([count, ...rows.shape.slice(1)], rows.dtype);
      this.tensors.set(count, batch);
    }
    rows.copyRows(indices, batch.view());
    return batch;
  }

  dispose(): void {
    for (const batch of this.tensors.values()) batch.dispose();
    this.tensors.clear();
  }
}
