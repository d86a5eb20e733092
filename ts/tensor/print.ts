// Tensors as text: NumPy's layout, long axes shortened to three values at each end.
import type { Dtype } from "./dtype.ts";
import type { Shape } from "./shape.ts";

const LONGEST = 8;

/** With more values than this only the shape is printed. */
const MOST = 10_000;

/** `Tensor f32 [2, 2]` and the values, one row a line. */
export function formatTensor(shape: Shape, dtype: Dtype, data: ArrayLike<number>): string {
  const head = `Tensor ${dtype} [${shape.join(", ")}]`;
  if (shape.reduce((count, length) => count * Math.min(length || 1, LONGEST), 1) > MOST) return head;
  const shown = shownIndices(shape);
  const texts = new Map(shown.map((index) => [index, formatNumber(data[index], dtype)]));
  const width = Math.max(0, ...[...texts.values()].map((text) => text.length));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const format = (axis: number, offset: number): string => {
    if (axis === shape.length) return (texts.get(offset) ?? "").padStart(width);
    const parts = edges(shape[axis]).map((i) => (i < 0 ? "..." : format(axis + 1, offset + i * strides[axis])));
    const last = axis === shape.length - 1;
    const separator = last ? ", " : `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  return `${head}\n${format(0, 0)}`;
}

/** The indices along an axis that are printed; -1 is the gap. */
function edges(length: number): number[] {
  if (length > LONGEST) return [0, 1, 2, -1, length - 3, length - 2, length - 1];
  return Array.from({ length }, (_, i) => i);
}

function shownIndices(shape: Shape): number[] {
  let indices = [0];
  for (const length of shape) {
    indices = indices.flatMap((index) => edges(length).flatMap((i) => (i < 0 ? [] : [index * length + i])));
  }
  return indices;
}

function formatNumber(value: number, dtype: Dtype): string {
  if (dtype === "bool") return value ? "true" : "false";
  if (dtype !== "f32" || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(4);
  return String(Number(value.toPrecision(6)));
}
