// Nested lists and typed arrays as ArrayData. Does not import the engine, so that a page can send them.
import { quoted } from "../runtime/arguments.ts";
import { DtypeError, ShapeError } from "../runtime/errors.ts";
import { makeArray } from "../tensor/dtype.ts";
import { flatten, type Nested, shapeOf } from "../tensor/nested.ts";
import { ArrayData, indexPath } from "./array.ts";

/**
 * Numbers in lists, whose rows may be typed arrays, or in a typed array; undefined for other things. `what` is what errors
 * call it: ShapeError for lists of several lengths, DtypeError for what is no number.
 */
export function arrayFrom(data: unknown, what = "data"): ArrayData | undefined {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
    return new ArrayData(data);
  if (!(Array.isArray(data) || data instanceof Float64Array)) return undefined;
  const rows = Array.from<unknown>(data).map(
    (row) => (ArrayBuffer.isView(row) ? [...(row as Int32Array)] : row) as Nested,
  );
  const flat = flatten(rows);
  const dtype = typeof flat[0] === "boolean" ? "bool" : "f32";
  const shape = shapeOf(rows, 0, (shapes) => {
    const hint = "; several inputs or outputs in lists must be tensors or ArrayData";
    throw new ShapeError(`${what}: examples in lists must all have the same lengths, got ${shapes}${hint}`);
  });
  const values = makeArray(dtype, flat.length);
  for (const [i, value] of flat.entries()) {
    const number: unknown = typeof value === "boolean" ? Number(value) : value;
    if (typeof number !== "number" || (dtype === "bool" && number !== 0 && number !== 1)) {
      const must = dtype === "bool" ? "true or false as the first is" : "numbers or booleans";
      const at = indexPath(i, shape).join(", ");
      throw new DtypeError(`${what}: values must be ${must}, got ${quoted(value)} at index [${at}]`);
    }
    values[i] = number;
  }
  return new ArrayData(values, shape, dtype);
}
