// Tensors from values: nested and typed arrays, constants, ranges.
import { tensorOptions } from "../generated/options.ts";
import { requireCount, requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { requireAttached } from "../runtime/transferred.ts";
import { type Dtype, requireDtype, toNumbers } from "./dtype.ts";
import { flatten, type Nested, shapeOf } from "./nested.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { empty, type Tensor, unfilled } from "./tensor.ts";

/** Options of {@link tensor}. */
export interface TensorOptions<D extends Dtype = Dtype> {
  /** Default: the shape of the nested values, [length] of a typed array. */
  shape?: Shape;
  /** Default: i32 or u8 for such typed arrays, bool for booleans, else f32. */
  dtype?: D;
}

/** A number, or nested lists of numbers. */
export type Numbers = number | readonly Numbers[];

/** A boolean, or nested lists of booleans. */
export type Booleans = boolean | readonly Booleans[];

/** Typed arrays of floating-point numbers. */
export type Floats = Float32Array | Float64Array;

/** Values that a tensor can be made of. */
export type Values = Nested | Floats | Int32Array | Uint8Array;

/**
 * A tensor of a number, nested arrays or a typed array: `tensor([[1, 2], [3, 4]])`. options default to what the values
 * say.
 * Shapes: nested values or `shape` -> the same.
 * Errors: ShapeError where nested lengths differ or the shape does not fit; DtypeError where the dtype cannot hold a
 * value.
 */
export function tensor(values: Int32Array, options?: { shape?: Shape }): Tensor<"i32">;
export function tensor(values: Uint8Array, options?: { shape?: Shape }): Tensor<"u8">;
export function tensor<D extends Dtype = "f32">(values: Numbers | Floats, options?: TensorOptions<D>): Tensor<D>;
export function tensor(values: Booleans, options?: { shape?: Shape }): Tensor<"bool">;
export function tensor<D extends Dtype>(values: Values, options: TensorOptions<D> & { dtype: D }): Tensor<D>;
export function tensor(values: Values, options?: TensorOptions): Tensor<Dtype>;
export function tensor(values: Values, options: TensorOptions = {}): Tensor<Dtype> {
  checkOptions("tensor", options, tensorOptions);
  if (typeof (values as { tensor?: unknown } | null)?.tensor === "function") {
    throw new ArgumentError("tensor: values must be numbers, lists or typed arrays, got an object; call its tensor()");
  }
  const typed = ArrayBuffer.isView(values);
  if (typed) requireAttached("tensor", "values", values);
  const { shape = typed ? [values.length] : shapeOf(values) } = options;
  checkShape("tensor", shape);
  const flat: ArrayLike<number | boolean> = typed ? values : flatten(values);
  if (flat.length !== sizeOf(shape)) {
    throw new ShapeError(
      `tensor: the shape must have as many elements as there are values, got ${formatShape(shape)} for ${flat.length} values`,
    );
  }
  const { dtype = dtypeOf(values, flat) } = options;
  return unfilled(shape, dtype, toNumbers("tensor", flat, dtype));
}

function dtypeOf(values: Values, flat: ArrayLike<number | boolean>): Dtype {
  if (values instanceof Int32Array) return "i32";
  if (values instanceof Uint8Array) return "u8";
  return typeof flat[0] === "boolean" ? "bool" : "f32";
}

/**
 * A tensor filled with `value`; dtype defaults to f32.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape; DtypeError where the dtype cannot hold the value.
 */
export function full<D extends Dtype = "f32">(shape: Shape, value: number, dtype?: D): Tensor<D> {
  return filled("full", shape, value, dtype);
}

function filled<D extends Dtype>(operation: string, shape: Shape, value: number, dtype: D = "f32" as D): Tensor<D> {
  checkShape(operation, shape);
  const [number] = toNumbers(operation, [value], dtype) as number[];
  const y: Tensor<Dtype> = empty(shape, dtype);
  if (y.dtype === "f32")
    launch("fill_u32", y.size, 0.1, y as Tensor, new Int32Array(Float32Array.of(number).buffer)[0]);
  else if (y.dtype === "i32") launch("fill_u32", y.size, 0.1, y as Tensor<"i32">, number);
  else launch("fill_u8", y.size, 0.05, y as Tensor<"u8" | "bool">, number);
  return y as Tensor<D>;
}

/**
 * A tensor of zeros; dtype defaults to f32.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape.
 */
export function zeros<D extends Dtype = "f32">(shape: Shape, dtype?: D): Tensor<D> {
  return filled("zeros", shape, 0, dtype);
}

/**
 * A tensor of ones; dtype defaults to f32.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape.
 */
export function ones<D extends Dtype = "f32">(shape: Shape, dtype?: D): Tensor<D> {
  return filled("ones", shape, 1, dtype);
}

/**
 * start, start + step, ... up to but excluding stop; step defaults to 1, dtype to f32. `arange(n)`, the default of
 * stop, counts from 0 to n - 1.
 * Shapes: -> `[ceil((stop - start) / step)]`.
 * Errors: ArgumentError for a step of 0; DtypeError unless dtype is f32 or i32, and where i32 cannot hold a value.
 */
export function arange<D extends "f32" | "i32" = "f32">(
  start: number,
  stop?: number,
  step = 1,
  dtype: D = "f32" as D,
): Tensor<D> {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  for (const bound of [from, to]) requireType("arange", "each bound", bound, "number");
  if (!Number.isFinite(step) || step === 0)
    throw new ArgumentError(`arange: step must be a number other than 0, got ${textOf(step)}`);
  requireDtype("arange", "the result", dtype, "f32", "i32");
  const length = Math.max(0, Math.ceil((to - from) / step));
  checkShape("arange", [length]);
  if (dtype === "i32") toNumbers("arange", [from, step, from + Math.max(0, length - 1) * step], dtype);
  return tabulate([length], (i) => from + i * step, dtype);
}

/** A tensor whose element number i is f(i), in row-major order; memory is allocated before f is called. */
export function tabulate<D extends "f32" | "i32" = "f32">(
  shape: Shape,
  f: (i: number) => number,
  dtype: D = "f32" as D,
): Tensor<D> {
  const y = unfilled(shape, dtype);
  const values = y.view();
  for (let i = 0; i < values.length; i++) values[i] = f(i);
  return y;
}

/**
 * `count` numbers evenly spaced from start to stop, both included.
 * Shapes: -> `[count]`.
 * Errors: ArgumentError unless count is a whole number of at least 0.
 */
export function linspace(start: number, stop: number, count: number): Tensor {
  for (const end of [start, stop]) requireType("linspace", "each end", end, "number");
  requireCount("linspace", "count", count, 0);
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  const value = (i: number): number => (i === count - 1 && i > 0 ? stop : start + i * step);
  return tabulate([count], value);
}

/**
 * The identity matrix; columns default to rows.
 * Shapes: -> `[rows, columns]`.
 * Errors: ShapeError unless both are whole numbers of at least 0.
 */
export function eye(rows: number, columns: number = rows): Tensor {
  checkShape("eye", [rows, columns]);
  const y = unfilled([rows, columns], "f32");
  const values = y.view().fill(0);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * (columns + 1)] = 1;
  return y;
}
