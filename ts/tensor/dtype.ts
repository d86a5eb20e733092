// Dtypes: the types of a tensor's elements, and their typed arrays in JavaScript.
import { textOf, typeOf } from "../runtime/arguments.ts";
import { DtypeError } from "../runtime/errors.ts";

/** f32: 32-bit float; i32: 32-bit integer; u8: byte; bool: byte 0 or 1. */
export type Dtype = "f32" | "i32" | "u8" | "bool";

/** The JavaScript array of a dtype's values. */
export type TypedArray<D extends Dtype = Dtype, B extends ArrayBufferLike = ArrayBufferLike> = D extends "f32"
  ? Float32Array<B>
  : D extends "i32"
    ? Int32Array<B>
    : Uint8Array<B>;

const bytes: { readonly [D in Dtype]: number } = { f32: 4, i32: 4, u8: 1, bool: 1 };

/** Names of other libraries. */
const meant: { readonly [name: string]: Dtype } = {
  float: "f32",
  float32: "f32",
  int: "i32",
  int32: "i32",
  uint8: "u8",
  boolean: "bool",
};

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return bytes[dtype];
}

/** Throws a DtypeError unless it is a dtype. */
export function checkDtype(operation: string, dtype: unknown): asserts dtype is Dtype {
  const known = Object.keys(bytes);
  if (known.includes(dtype as Dtype)) return;
  const text = textOf(dtype);
  const guess = Object.hasOwn(meant, text) ? `; did you mean "${meant[text]}"?` : "";
  throw new DtypeError(`${operation}: dtype must be ${known.join(", ")}, got ${text}${guess}`);
}

const arrays = { f32: Float32Array, i32: Int32Array, u8: Uint8Array, bool: Uint8Array } as const;

/** A zero-filled array of `length` elements. */
export function makeArray<D extends Dtype>(dtype: D, length: number): TypedArray<D> {
  return new arrays[dtype](length) as TypedArray<D>;
}

/** Throws a DtypeError unless `dtype` is one of `allowed`. */
export function requireDtype(operation: string, what: string, dtype: Dtype, ...allowed: Dtype[]): void {
  if (!allowed.includes(dtype)) {
    throw new DtypeError(
      `${operation}: ${what} must be ${allowed.join(" or ")}, got ${textOf(dtype)}; cast(x, "${allowed[0]}") makes it so`,
    );
  }
}

const ranges: { readonly [D in Dtype]?: readonly [number, number] } = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u8: [0, 255],
  bool: [0, 1],
};

/** The values as numbers. DtypeError if one is no value of the dtype. */
export function toNumbers(operation: string, values: ArrayLike<number | boolean>, dtype: Dtype): ArrayLike<number> {
  checkDtype(operation, dtype);
  if (Object.getPrototypeOf(values) === arrays[dtype].prototype && dtype !== "bool") return values as ArrayLike<number>;
  const range = ranges[dtype];
  const isFloating = values instanceof Float64Array || values instanceof Float32Array;
  if (range === undefined && isFloating) return values;
  const numbers = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const number = typeof value === "boolean" ? Number(value) : value;
    if (typeof number !== "number") {
      throw new DtypeError(`${operation}: values must be numbers or booleans, got ${typeOf(value)} at ${i}`);
    }
    if (range && !(Number.isInteger(number) && number >= range[0] && number <= range[1])) {
      throw new DtypeError(
        `${operation}: ${dtype} values must be whole numbers from ${range[0]} to ${range[1]}, got ${number}`,
      );
    }
    numbers[i] = number;
  }
  return numbers;
}
