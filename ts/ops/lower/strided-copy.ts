// Strided copies: a dense tensor addressed with a stride for each axis and an offset, read into a new dense tensor or
// written from one. Strides and offsets count elements; strides may be zero or negative.
import { ShapeError } from "../../runtime/errors.ts";
import { launch } from "../../runtime/launch.ts";
import { zeros } from "../../tensor/create.ts";
import { bytesPerElement, type Dtype } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../../tensor/tensor.ts";

/** One axis of a view, and its stride in the dense tensor on the other side. */
interface Axis {
  length: number;
  stride: number;
  dense: number;
}

type Four = [number, number, number, number];
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
    launch("view_read_u8", y.size, costOf(axes), bytes(y), bytes(x), ...viewOf(axes), offset);
  } else if (offset !== 0 || !transposePlanes(words(y), words(x), axes)) {
    launch("view_read_u32", y.size, costOf(axes), words(y), words(x), ...viewOf(axes), offset);
  }
  return y;
}

/** x repeated along its axes of size 1 and along new leading axes until it has the shape, which it must fit. */
export function copyBroadcast<D extends Dtype>(operation: string, x: Tensor<D>, shape: Shape): Tensor<D> {
  const own = denseStrides(x.shape);
  const added = shape.length - x.rank;
  const strides = shape.map((_, axis) => (axis < added || x.shape[axis - added] === 1 ? 0 : own[axis - added]));
  return readView(operation, x, shape, strides, 0);
}

/** x with its axes in the order of `perm`, each axis's number counted from the front. */
export function copyPermuted<D extends Dtype>(operation: string, x: Tensor<D>, perm: readonly number[]): Tensor<D> {
  const dense = denseStrides(x.shape);
  const shape = perm.map((axis) => x.shape[axis]);
  const strides = perm.map((axis) => dense[axis]);
  return readView(operation, x, shape, strides, 0);
}

/** x with `widths[i] = [before, after]` zeros added at the ends of each axis i. */
export function copyPadded<D extends Dtype>(
  operation: string,
  x: Tensor<D>,
  widths: readonly (readonly [number, number])[],
): Tensor<D> {
  const y = zeros(
    x.shape.map((length, axis) => widths[axis][0] + length + widths[axis][1]),
    x.dtype,
  );
  const strides = denseStrides(y.shape);
  const offset = widths.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
  writeView(operation, y, x, strides, offset);
  return y;
}

/** Copies x, dense, into the view of y that has x's shape. */
export function writeView(
  operation: string,
  y: AnyTensor,
  x: AnyTensor,
  strides: readonly number[],
  offset: number,
): void {
  const axes = mergeAxes(operation, x.shape, strides);
  if (bytesPerElement(x.dtype) === 1) {
    launch("view_write_u8", x.size, costOf(axes), bytes(y), bytes(x), ...viewOf(axes), offset);
  } else {
    launch("view_write_u32", x.size, costOf(axes), words(y), words(x), ...viewOf(axes), offset);
  }
}

/** Where the last axis has a stride and another lies dense, moves the view by 4 x 4 tiles; false where it does not. */
function transposePlanes(y: Words, x: Words, axes: readonly Axis[]): boolean {
  const rows = axes.at(-1);
  const columns = axes.find((axis) => axis.stride === 1);
  if (rows === undefined || columns === undefined || rows.stride <= 1) return false;
  const rest = axes.filter((axis) => axis !== rows && axis !== columns);
  const outer = padded(rest, OUTER_AXES);
  const [, ...sizes] = outer.map((axis) => axis.length) as Four;
  const steps = [...outer.map((axis) => axis.dense), ...outer.map((axis) => axis.stride)] as [...Four, ...Four];
  const plane = [rows.length, columns.length, rows.stride, columns.dense] as const;
  const bands = outer.reduce((count, axis) => count * axis.length, Math.ceil(columns.length / 8));
  launch("transpose_u32", bands, 10 + 2.4 * rows.length, y, x, ...plane, ...sizes, ...steps);
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
    throw new ShapeError(`${operation}: at most ${MOST_AXES} axes may be moved apart, got ${axes.length}`);
  }
  return axes;
}

/** The axes, after as many of size 1 as it takes to have `count`. */
function padded(axes: readonly Axis[], count: number): Axis[] {
  const missing = Array.from({ length: count - axes.length }, () => ({ length: 1, stride: 0, dense: 0 }));
  return [...missing, ...axes];
}

/** What the kernels take: the sizes d1 .. d5, that of the first axis being implied, and the strides s0 .. s5. */
function viewOf(axes: readonly Axis[]): [number, ...Four, ...Four, number, number] {
  const all = padded(axes, MOST_AXES);
  const [, ...sizes] = all.map((axis) => axis.length);
  return [...sizes, ...all.map((axis) => axis.stride)] as [number, ...Four, ...Four, number, number];
}

/** Nanoseconds an element: runs are copied, the rest moved one by one; each run costs a few. */
function costOf(axes: readonly Axis[]): number {
  const last = axes.at(-1);
  if (last === undefined) return 1;
  const each = last.stride === 1 || last.stride === 0 ? 0.1 : 0.4;
  return each + 4 / Math.max(1, last.length);
}

function words(x: AnyTensor): Words {
  return x as Words;
}

function bytes(x: AnyTensor): Bytes {
  return x as Bytes;
}
