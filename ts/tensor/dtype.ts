// The types of a tensor's elements, and the arrays that hold them in JavaScript.
import { DtypeError } from "../runtime/errors.ts";

/** f32: 32-bit float; i32: 32-bit integer; u8: byte; bool: byte 0 or 1. */
export type Dtype = "f32" | "i32" | "u8" | "bool";

/** The JavaScript array of a dtype's values. */
export type TypedArray<D extends Dtype = Dtype> = D extends "f32"
  ? Float32Array
  : D extends "i32"
    ? Int32Array
    : Uint8Array;

const bytes: { readonly [D in Dtype]: number } = { f32: 4, i32: 4, u8: 1, bool: 1 };

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return bytes[dtype];
}

/** A zero-filled array of `length` elements. */
export function makeArray<D extends Dtype>(dtype: D, length: number): TypedArray<D> {
  const array =
    dtype === "f32" ? new Float32Array(length) : dtype === "i32" ? new Int32Array(length) : new Uint8Array(length);
  return array as TypedArray<D>;
}

/** Throws a DtypeError unless `dtype` is one of `allowed`. */
export function requireDtype(operation: string, what: string, dtype: Dtype, ...allowed: Dtype[]): void {
  if (!allowed.includes(dtype)) {
    throw new DtypeError(`${operation}: ${what} must be ${allowed.join(" or ")}, got ${dtype}`);
  }
}
