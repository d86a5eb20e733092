// Numbers in JavaScript memory with a shape: what data sets hand out and `fit` reads its batches from. Rows are copied out
// into memory that the caller owns.

import {
  kindOf,
  requireCount,
  requireFunction,
  requireSynchronous,
  requireType,
  textOf,
} from "../runtime/arguments.ts";
import { ArgumentError, DtypeError, ShapeError, StateError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { requireAttached } from "../runtime/transferred.ts";
import { checkDtype, type Dtype, makeArray, type TypedArray, toNumbers } from "../tensor/dtype.ts";
import { type Nested, nest } from "../tensor/nested.ts";
import { formatShape, MOST_AXES, type Shape, sizeOf } from "../tensor/shape.ts";
import { type Tensor, unfilled } from "../tensor/tensor.ts";

/** Rows `begin` up to, not including, `end`. */
export interface RowRange {
  readonly begin: number;
  readonly end: number;
}

/** The JavaScript arrays that store the dtypes. */
export const arrayTypes: { readonly [D in Dtype]: abstract new () => TypedArray<D> } = {
  f32: Float32Array,
  i32: Int32Array,
  u8: Uint8Array,
  bool: Uint8Array,
};

/** What the numbers of a dtype are stored in: f32 perhaps in bytes. */
export type Stored<D extends Dtype = Dtype> = TypedArray<D> | (D extends "f32" ? Uint8Array : never);

const MAX_BYTE = 255;
/** Rows shorter than this are copied number by number: they cost less than a call of `set`. */
const SHORT_ROW = 32;

/**
 * An array of numbers `[length, ...]` in JavaScript memory, read by rows along its first axis.
 * An f32 array may be stored as bytes: then it reads as `byte * scale`, at a quarter of the memory.
 * Throws ShapeError when the shape does not fit the data, DtypeError when the data cannot store the dtype.
 */
export class ArrayData<D extends Dtype = Dtype> {
  readonly shape: Shape;
  /** What a reader sees. */
  readonly dtype: D;
  /** What stored bytes are multiplied by to read as f32; 1 for every other storage. */
  readonly scale: number;
  /** How many numbers one row has. */
  readonly rowSize: number;
  /** For f32 stored as bytes: the value of each byte. */
  private readonly values: Float32Array | undefined;
  private readonly stored: Stored<D>;

  static {
    showAsText(ArrayData);
  }

  /** Default shape: `[data.length]`; default dtype: the one whose numbers the typed array holds. */
  constructor(data: Stored<D>, shape: Shape = [data?.length], dtype: D = dtypeOf(data) as D, scale = 1) {
    const scaled = dtype === "f32" && data instanceof Uint8Array;
    checkStorage(data, dtype, scaled);
    checkScale(scale, scaled);
    checkShape(shape, data.length);
    this.stored = data;
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.scale = scale;
    this.rowSize = sizeOf(shape.slice(1));
    this.values = scaled ? Float32Array.from({ length: MAX_BYTE + 1 }, (_, byte) => byte * scale) : undefined;
  }

  /** Its dtype and shape. */
  toString(): string {
    return `ArrayData ${this.dtype} ${formatShape(this.shape)}`;
  }

  /**
   * The stored numbers, row-major: those of `dtype`, or bytes that read as f32. Not copied. StateError where their memory
   * has been transferred or resized.
   */
  get data(): Stored<D> {
    const { stored } = this;
    if (stored.length === 0) requireAttached("ArrayData", "the data", stored);
    // Of memory that may be resized.
    const { length, rowSize } = this;
    if (stored.length !== length * rowSize) {
      throw new StateError(
        `ArrayData: its memory must not be resized, got ${stored.length} numbers for shape ${formatShape(this.shape)}`,
      );
    }
    return stored;
  }

  /** The number of rows: the length of the first axis. */
  get length(): number {
    return this.shape[0];
  }

  /** Rows `[begin, end)` as an array on the same memory. */
  slice(begin: number, end: number = this.length): ArrayData<D> {
    this.checkRange("slice", { begin, end });
    const { data, rowSize, shape, dtype, scale } = this;
    const rows = data.subarray(begin * rowSize, end * rowSize) as Stored<D>;
    return new ArrayData(rows, [end - begin, ...shape.slice(1)], dtype, scale);
  }

  /** The rows of these numbers, in this order, in memory of their own; stored as they are here. */
  gather(rows: ArrayLike<number>): ArrayData<D> {
    this.checkRows("gather", rows);
    const { stores, rowSize, shape, dtype, scale } = this;
    const values = makeArray(stores, rows.length * rowSize) as Stored<D>;
    this.pick(rows, values);
    return new ArrayData(values, [rows.length, ...shape.slice(1)], dtype, scale);
  }

  /** The rows that `keeps` wants, told the numbers of each and which it is. */
  filter(keeps: (values: TypedArray<D>, row: number) => boolean): ArrayData<D> {
    requireFunction("filter", keeps);
    return this.gather(
      Array.from(this, (values, row) => (requireSynchronous("filter", keeps(values, row)) ? row : -1)).filter(
        (row) => row >= 0,
      ),
    );
  }

  /**
   * What `f` makes of each row, told its numbers and which it is: a number for each, [length], or as many for one as for
   * another, [length, count]; as many as a row has keep its shape.
   */
  map<E extends Dtype = D>(
    f: (values: TypedArray<D>, row: number) => number | ArrayLike<number>,
    dtype: E = this.dtype as Dtype as E,
  ): ArrayData<E> {
    requireFunction("map", f);
    const made = Array.from(this, (values, row) => requireSynchronous("map", f(values, row)));
    const widthOf = (one: unknown): number | undefined =>
      Array.isArray(one) || ArrayBuffer.isView(one) ? (one as ArrayLike<number> & ArrayBufferView).length : undefined;
    const width = widthOf(made[0]);
    if (made.some((one) => widthOf(one) !== width)) {
      throw new ShapeError(
        "map: the function must give as many numbers for each row, got more for one than for another",
      );
    }
    const values = toNumbers(
      "map",
      made.flatMap((one) => (width === undefined ? (one as number) : Array.from(one as ArrayLike<number>))),
      dtype,
    );
    const data = makeArray(dtype, values.length);
    data.set(values);
    const row = width === this.rowSize ? this.shape.slice(1) : [width ?? []].flat();
    return new ArrayData(data, [this.length, ...row], dtype);
  }

  /** The numbers of each row in turn. */
  *[Symbol.iterator](): IterableIterator<TypedArray<D>> {
    for (let row = 0; row < this.length; row++) yield this.valuesAt(row);
  }

  /** A tensor of the same numbers. */
  tensor(): Tensor<D> {
    const y = unfilled(this.shape, this.dtype);
    this.copyRows({ begin: 0, end: this.length }, y.view());
    return y;
  }

  /** The same numbers in another shape, on the same memory. */
  reshape(shape: Shape): ArrayData<D> {
    return new ArrayData(this.data, shape, this.dtype, this.scale);
  }

  /**
   * Copies rows, given by their numbers or as a range, into `target`, one after the other.
   * `target` has room for exactly those rows; it may lie in shared memory. After an error nothing has been written.
   */
  copyRows(rows: ArrayLike<number> | RowRange, target: TypedArray<D>): void {
    this.write(rows, target, this.dtype, this.values);
  }

  /** The dtype of the stored numbers: "u8" where bytes read as f32. @internal */
  get stores(): Dtype {
    return this.values ? "u8" : this.dtype;
  }

  /** As `copyRows`, but the numbers as they are stored. @internal */
  copyStored(rows: ArrayLike<number> | RowRange, target: TypedArray): void {
    this.write(rows, target, this.stores);
  }

  private write(rows: ArrayLike<number> | RowRange, target: TypedArray, dtype: Dtype, values?: Float32Array): void {
    const given: ArrayLike<number> | RowRange = Object(rows);
    if ("length" in given) {
      this.checkRows("copyRows", rows as ArrayLike<number>);
      this.checkTarget(target, given.length, dtype);
      this.pick(given, target, values);
    } else {
      this.checkRange("copyRows", given);
      this.checkTarget(target, given.end - given.begin, dtype);
      this.copy(given.begin * this.rowSize, target, 0, target.length, values);
    }
  }

  /** Copies rows whose numbers are known to be right. */
  private pick(rows: ArrayLike<number>, target: TypedArray, values?: Float32Array): void {
    const { rowSize } = this;
    for (let i = 0; i < rows.length; i++) this.copy(rows[i] * rowSize, target, i * rowSize, rowSize, values);
  }

  /** The numbers of one row, in a new typed array. */
  valuesAt(row: number): TypedArray<D> {
    this.checkRows("valuesAt", [row]);
    const values = makeArray(this.dtype, this.rowSize);
    this.pick([row], values, this.values);
    return values;
  }

  /** All values as nested arrays: booleans where the dtype is bool, else numbers. */
  array(): Nested {
    return nest(this.shape, this.dtype, () => {
      const values = makeArray(this.dtype, this.data.length);
      this.copyRows({ begin: 0, end: this.length }, values);
      return values;
    });
  }

  /** The index path of the first NaN or infinity; undefined when every number is finite. Reads all f32 numbers. */
  firstNonFinite(): number[] | undefined {
    const { data, shape } = this;
    if (!(data instanceof Float32Array)) return undefined;
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) return indexPath(i, shape);
    }
    return undefined;
  }

  /** Copies `count` numbers, from the `from`-th on, into `target` from its `to`-th on; of bytes perhaps their values. */
  private copy(from: number, target: TypedArray, to: number, count: number, values?: Float32Array): void {
    const data: TypedArray = this.data;
    if (values) {
      for (let i = 0; i < count; i++) target[to + i] = values[data[from + i]];
    } else if (count < SHORT_ROW) {
      for (let i = 0; i < count; i++) target[to + i] = data[from + i];
    } else {
      target.set(data.subarray(from, from + count), to);
    }
  }

  private checkRange(operation: string, { begin, end }: RowRange): void {
    const whole = Number.isInteger(begin) && Number.isInteger(end);
    if (!whole || begin < 0 || end < begin || end > this.length) {
      const held = `rows must be a range with 0 <= begin <= end <= ${this.length}`;
      throw new ArgumentError(`${operation}: ${held}, got begin ${textOf(begin)} and end ${textOf(end)}`);
    }
  }

  private checkRows(operation: string, rows: ArrayLike<number>): void {
    if (typeof rows !== "object") throw new ArgumentError(`${operation}: rows must be a list, got ${textOf(rows)}`);
    requireCount(operation, "the number of rows", rows?.length, 0);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (!Number.isInteger(row) || row < 0 || row >= this.length) {
        const held = `rows must be whole numbers from 0 and less than the ${this.length} rows there are`;
        throw new ArgumentError(`${operation}: ${held}, got ${textOf(row)} at position ${i}`);
      }
    }
  }

  private checkTarget(target: TypedArray, rows: number, dtype: Dtype): void {
    const wanted = arrayTypes[dtype];
    if (!(target instanceof wanted)) {
      throw new DtypeError(`copyRows: target must be ${wanted.name} for ${dtype}, got ${kindOf(target)}`);
    }
    if (target.length !== rows * this.rowSize) {
      const held = `target must have room for exactly ${rows} rows of ${this.rowSize} numbers`;
      throw new ShapeError(`copyRows: ${held}, got room for ${target.length} numbers`);
    }
  }
}

/** What a typed array holds numbers of. DtypeError where that is none of the dtypes. */
function dtypeOf(data: unknown): Dtype {
  const found = (["f32", "i32", "u8"] as const).find((dtype) => data instanceof arrayTypes[dtype]);
  if (found) return found;
  throw new DtypeError(`ArrayData: data must be Float32Array, Int32Array or Uint8Array, got ${kindOf(data)}`);
}

function checkStorage(data: unknown, dtype: Dtype, scaled: boolean): void {
  checkDtype("ArrayData", dtype);
  const wanted = arrayTypes[dtype];
  if (!scaled && !(data instanceof wanted)) {
    const held = `data for ${dtype} must be ${wanted.name}${dtype === "f32" ? " or Uint8Array" : ""}`;
    throw new DtypeError(`ArrayData: ${held}, got ${kindOf(data)}`);
  }
  requireAttached("ArrayData", "data", data as TypedArray);
  if (dtype === "bool") {
    const stranger = (data as Uint8Array).find((byte) => byte > 1);
    if (stranger !== undefined) throw new ArgumentError(`ArrayData: bool data must be bytes 0 and 1, got ${stranger}`);
  }
}

function checkScale(scale: number, scaled: boolean): void {
  requireType("ArrayData", "scale", scale, "number");
  if (!Number.isFinite(Math.fround(MAX_BYTE * scale))) {
    throw new ArgumentError(`ArrayData: scale must keep bytes finite in f32, got ${scale}`);
  }
  if (!scaled && scale !== 1) {
    throw new ArgumentError(`ArrayData: scale must be 1 unless bytes are read as f32, got ${scale}`);
  }
}

function checkShape(shape: Shape, numbers: number): void {
  const text = textOf(shape);
  const isList = Array.isArray(shape) && shape.length > 0 && shape.length <= MOST_AXES;
  if (!isList || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new ShapeError(`ArrayData: shape must be one or more whole numbers, none negative, got ${text}`);
  }
  if (sizeOf(shape) !== numbers) {
    const held = `shape ${text} must hold all numbers of the data`;
    throw new ShapeError(`ArrayData: ${held}, got ${sizeOf(shape)} places for ${numbers} numbers`);
  }
}

/** The indices in a shape of the number at this offset. */
export function indexPath(position: number, shape: Shape): number[] {
  const path: number[] = [];
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    path.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return path;
}
