// Views: a dense tensor addressed with a stride for each axis and an offset, read into a new dense tensor or written from
// one. Strides and offsets count elements; strides may be zero or negative.
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { bytesPerElement, type Dtype } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";

/** One axis of a view, and its stride in the dense tensor on the other side. */
interface Axis {
  length: number;
  stride: number;
  dense: number;
}

type Words = Tensor<"f32" | "i32">;
type Bytes = Tensor<"u8" | "bool">;

/** How many axes that cannot be merged the kernels walk. */
const MOST_AXES = 6;
/** How many of them `transpose_u32` walks around its planes. */
const OUTER_AXES = 4;

/** The strides of a dense tensor of this shape. */
export function denseStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** A new dense tensor of the elements that the view of x names. */
export function readView<D extends Dtype>(
  operation: string,
  x: Tensor<D>,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Tensor<D> {
  const y = empty(shape, x.dtype);
  const axes = mergeAxes(operation, shape, strides);
  if (bytesPerElement(x.dtype) === 1) {
    launch("view_read_u8", y.size, costOf(axes), bytes(y), bytes(x), ...lengthsOf(axes), ...stridesOf(axes), offset);
  } else if (offset !== 0 || !transposePlanes(words(y), words(x), axes)) {
    launch("view_read_u32", y.size, costOf(axes), words(y), words(x), ...lengthsOf(axes), ...stridesOf(axes), offset);
  }
  return y;
}

/** Copies x, dense, into the view of y that has x's shape. */
export function writeView(operation: string, y: AnyTensor, x: AnyTensor, strides: readonly number[], offset: number): void {
  const axes = mergeAxes(operation, x.shape, strides);
  if (bytesPerElement(x.dtype) === 1) {
    launch("view_write_u8", x.size, costOf(axes), bytes(y), bytes(x), ...lengthsOf(axes), ...stridesOf(axes), offset);
  } else {
    launch("view_write_u32", x.size, costOf(axes), words(y), words(x), ...lengthsOf(axes), ...stridesOf(axes), offset);
  }
}

/** Where the last axis has a stride and another lies dense, moves the view by 4 x 4 tiles; false where it does not. */
function transposePlanes(y: Words, x: Words, axes: readonly Axis[]): boolean {
  const rows = axes.at(-1);
  const columns = axes.find((axis) => axis.stride === 1);
  if (rows === undefined || columns === undefined || rows.stride <= 1) return false;
  const outer = padded(axes.filter((axis) => axis !== rows && axis !== columns), OUTER_AXES);
  const [, d1, d2, d3] = outer.map((axis) => axis.length);
  const [t0, t1, t2, t3] = outer.map((axis) => axis.dense);
  const [s0, s1, s2, s3] = outer.map((axis) => axis.stride);
  const bands = outer.reduce((count, axis) => count * axis.length, Math.ceil(columns.length / 8));
  launch(
    "transpose_u32", bands, 10 + 0.3 * 8 * rows.length, y, x,
    rows.length, columns.length, rows.stride, columns.dense, d1, d2, d3, t0, t1, t2, t3, s0, s1, s2, s3,
  );
  return true;
}

/** The view's axes without those of size 1, neighbours that lie together merged into one. */
function mergeAxes(operation: string, shape: Shape, strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  const dense = denseStrides(shape);
  shape.forEach((length, i) => {
    const last = axes.at(-1);
    if (length === 1) return;
    if (last && last.stride === strides[i] * length) {
      Object.assign(last, { length: last.length * length, stride: strides[i], dense: dense[i] });
    } else axes.push({ length, stride: strides[i], dense: dense[i] });
  });
  if (axes.length > MOST_AXES) {
    throw new ShapeError(`${operation}: at most ${MOST_AXES} axes that do not lie together must be moved, got ${axes.length}`);
  }
  return axes;
}

/** The axes, after as many of size 1 as it takes to have `count`. */
function padded(axes: readonly Axis[], count: number): Axis[] {
  const missing = Array.from({ length: count - axes.length }, () => ({ length: 1, stride: 0, dense: 0 }));
  return [...missing, ...axes];
}

/** The kernels' sizes d1 .. d5; that of the first axis follows from the number of elements. */
function lengthsOf(axes: readonly Axis[]): [number, number, number, number, number] {
  const [, d1, d2, d3, d4, d5] = padded(axes, MOST_AXES).map((axis) => axis.length);
  return [d1, d2, d3, d4, d5];
}

function stridesOf(axes: readonly Axis[]): [number, number, number, number, number, number] {
  const [s0, s1, s2, s3, s4, s5] = padded(axes, MOST_AXES).map((axis) => axis.stride);
  return [s0, s1, s2, s3, s4, s5];
}

/** Nanoseconds an element: runs are copied, the rest moved one by one; each run costs a few. */
function costOf(axes: readonly Axis[]): number {
  const last = axes.at(-1);
  return last === undefined ? 1 : (last.stride === 1 || last.stride === 0 ? 0.1 : 0.4) + 4 / Math.max(1, last.length);
}

function words(x: AnyTensor): Words {
  return x as Words;
}

function bytes(x: AnyTensor): Bytes {
  return x as Bytes;
}
