// Data as people have them in lists and typed arrays, as ArrayData. It knows no engine, so that a page can send them.
import { makeArray, toNumbers } from "../tensor/dtype.ts";
import { flatten, type Nested, shapeOf } from "../tensor/nested.ts";
import { ArrayData } from "./array.ts";

/** Numbers in lists, whose rows may be typed arrays, or in a typed array; undefined for other things. */
export function arrayFrom(data: unknown): ArrayData | undefined {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
    return new ArrayData(data);
  if (!(Array.isArray(data) || data instanceof Float64Array)) return undefined;
  const rows = Array.from<unknown>(data).map(
    (row) => (ArrayBuffer.isView(row) ? [...(row as Int32Array)] : row) as Nested,
  );
  const flat = flatten(rows);
  const dtype = typeof flat[0] === "boolean" ? "bool" : "f32";
  const values = makeArray(dtype, flat.length);
  values.set(toNumbers("data", flat, dtype));
  return new ArrayData(values, shapeOf(rows), dtype);
}
