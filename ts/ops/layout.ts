// Shapes and layout: reshape shares memory, every other op here copies elements of whatever dtype into a new dense
// tensor.

import { defineOp, type Op, requireTensor, within } from "../autograd/op.ts";
import { MOST_LISTED, requireCount, requireList, requireNumbers, textOf, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { full } from "../tensor/create.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import {
  checkShape,
  formatShape,
  MOST_AXES,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
} from "../tensor/shape.ts";
import { type AnyTensor, alias, empty, type Tensor } from "../tensor/tensor.ts";
import { copyPermuted, denseStrides, readView, writeView } from "./lower/strided-copy.ts";

/**
 * The same elements in another shape, sharing memory. One size may be -1, inferred from the others.
 * Shapes: `[...]` -> `shape`, of any dtype.
 * Errors: ShapeError unless the numbers of elements agree.
 */
export const reshape: Op<<D extends Dtype>(x: Tensor<D>, shape: Shape) => Tensor<D>> = defineOp("reshape", {
  perExample: () => true,
  forward<D extends Dtype>(x: Tensor<D>, shape: Shape): Tensor<D> {
    requireTensor("reshape", "x", x);
    return alias(x, inferShape(x, shape));
  },
  gradients: [(dy, _y, x) => reshape(dy, x.shape)],
});

function inferShape(x: AnyTensor, shape: Shape): Shape {
  const isList = Array.isArray(shape) && shape.length <= MOST_AXES && shape.every((n) => typeof n === "number");
  if (!isList) checkShape("reshape", shape);
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((_, axis) => axis !== unknown));
  const inferred = unknown < 0 ? shape : shape.with(unknown, known === 0 ? 0 : x.size / known);
  if (sizeOf(inferred) !== x.size || !inferred.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new ShapeError(
      `reshape: the new shape must have as many elements as x, got ${formatShape(x.shape)} and ${textOf(shape)}`,
    );
  }
  return inferred;
}

/**
 * Removes axes of size 1: those given, default all.
 * Shapes: `[a, 1, b]` -> `[a, b]`, of any dtype.
 * Errors: ArgumentError for axes out of range; ShapeError for axes of another size.
 */
export function squeeze<D extends Dtype>(x: Tensor<D>, axes?: number | readonly number[]): Tensor<D> {
  requireTensor("squeeze", "x", x);
  const dropped = normalizeAxes("squeeze", axes, x.rank).filter((axis) => axes !== undefined || x.shape[axis] === 1);
  if (dropped.some((axis) => x.shape[axis] !== 1)) {
    throw new ShapeError(`squeeze: the axes must have size 1, got [${dropped.join(", ")}] of ${formatShape(x.shape)}`);
  }
  const shape = x.shape.filter((_, axis) => !dropped.includes(axis));
  return reshape(x, shape);
}

/**
 * Inserts an axis of size 1 that becomes number `axis`.
 * Shapes: `[a, b]` -> `[a, 1, b]` with axis 1, of any dtype.
 * Errors: ArgumentError for an axis out of range.
 */
export function expandDims<D extends Dtype>(x: Tensor<D>, axis: number): Tensor<D> {
  requireTensor("expandDims", "x", x);
  return reshape(x, x.shape.toSpliced(normalizeAxis("expandDims", axis, x.rank + 1), 0, 1));
}

/**
 * Permutes the axes: axis k of the result is axis perm[k] of x; default: all reversed.
 * Shapes: `[a, b, c]` -> `[c, b, a]`, of any dtype.
 * Errors: ArgumentError unless perm names each axis once.
 */
export const transpose: Op<<D extends Dtype>(x: Tensor<D>, perm?: readonly number[]) => Tensor<D>> = defineOp(
  "transpose",
  {
    perExample: (_x, perm) => perm?.[0] === 0,
    forward<D extends Dtype>(x: Tensor<D>, order?: readonly number[]): Tensor<D> {
      requireTensor("transpose", "x", x);
      const perm = order === undefined ? reversed(x) : order;
      requireNumbers("transpose", "perm", perm);
      const axes = perm.map((axis) => normalizeAxis("transpose", axis, x.rank));
      if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
        throw new ArgumentError(`transpose: perm must name each of the ${x.rank} axes once, got [${perm.join(", ")}]`);
      }
      return copyPermuted("transpose", x, axes);
    },
    gradients: [(dy, _y, x, perm = reversed(x)): Tensor => transpose(dy, inverse(perm))],
  },
);

function reversed(x: AnyTensor): number[] {
  return Array.from({ length: x.rank }, (_, i) => x.rank - 1 - i);
}

/** The permutation that undoes another; negative axes count from the end. */
function inverse(perm: readonly number[]): number[] {
  const axes = perm.map((axis) => (axis + perm.length) % perm.length);
  return axes.map((_, axis) => axes.indexOf(axis));
}

/**
 * Reverses x along the axes, default all.
 * Shapes: `[...]` -> the same, of any dtype.
 * Errors: ArgumentError for axes out of range or repeated.
 */
export const flip: Op<<D extends Dtype>(x: Tensor<D>, axes?: number | readonly number[]) => Tensor<D>> = defineOp(
  "flip",
  {
    forward<D extends Dtype>(x: Tensor<D>, axes?: number | readonly number[]): Tensor<D> {
      requireTensor("flip", "x", x);
      const strides = denseStrides(x.shape);
      let offset = 0;
      for (const axis of normalizeAxes("flip", axes, x.rank)) {
        offset += (x.shape[axis] - 1) * strides[axis];
        strides[axis] = -strides[axis];
      }
      return readView("flip", x, x.shape, strides, offset);
    },
    gradients: [(dy, _y, _x, axes) => flip(dy, axes)],
  },
);

/**
 * A window of x: y[i_0, ...] = x[begin_0 + i_0 strides_0, ...], size elements along each axis. A negative begin counts
 * from the end; missing begins are 0, a missing size, or -1, is all that is left, strides default to 1. A number is for
 * the first axis: `slice(x, 2, 3)` is rows 2, 3 and 4.
 * Shapes: `[a, b]` -> `[...size]`, of any dtype.
 * Errors: ArgumentError for more numbers than axes; ShapeError for a window outside x.
 */
export const slice: Op<
  <D extends Dtype>(
    x: Tensor<D>,
    begin: number | readonly number[],
    size?: number | readonly number[],
    strides?: number | readonly number[],
  ) => Tensor<D>
> = defineOp("slice", {
  forward<D extends Dtype>(
    x: Tensor<D>,
    begin: number | readonly number[],
    size?: number | readonly number[],
    strides?: number | readonly number[],
  ): Tensor<D> {
    requireTensor("slice", "x", x);
    const window = windowOf("slice", x.shape, begin, size, strides);
    return readView("slice", x, window.shape, window.strides, window.offset);
  },
  gradients: [
    (dy, _y, x, begin, size, strides) => {
      const window = windowOf("slice", x.shape, begin, size, strides);
      return place(dy, x.shape, window.begin, window.steps);
    },
  ],
});

/** A tensor of the shape, full of `value` but for the window that `slice` would read: that holds x. @internal */
export const place: Op<
  <D extends Dtype>(
    x: Tensor<D>,
    shape: Shape,
    begin: readonly number[],
    strides?: readonly number[],
    value?: number,
  ) => Tensor<D>
> = defineOp("place", {
  forward<D extends Dtype>(
    x: Tensor<D>,
    shape: Shape,
    begin: readonly number[],
    strides?: readonly number[],
    value = 0,
  ): Tensor<D> {
    requireTensor("place", "x", x);
    checkShape("place", shape);
    const window = windowOf("place", shape, begin, x.shape, strides);
    const y = full(shape, value, x.dtype);
    writeView("place", y, x, window.strides, window.offset);
    return y;
  },
  gradients: [(dy, _y, x, _shape, begin, strides) => slice(dy, begin, x.shape, strides)],
});

/** A window of a dense tensor as a view: its shape, its strides and offset in elements of that tensor. */
function windowOf(
  operation: string,
  shape: Shape,
  begins: number | readonly number[],
  size: number | readonly number[] = [],
  strides: number | readonly number[] = [],
): { shape: number[]; strides: number[]; offset: number; begin: number[]; steps: number[] } {
  const whole = (given: number | readonly number[], missing: number): number[] => {
    const list = typeof given === "number" ? [given] : given;
    if (!Array.isArray(list) || list.length > shape.length || !list.every((n) => typeof n === "number")) {
      throw new ArgumentError(
        `${operation}: begin, size and strides must be lists of at most ${shape.length} numbers, one an axis, ` +
          `got ${textOf(list)}`,
      );
    }
    return shape.map((_, i) => list[i] ?? missing);
  };
  const begin = whole(begins, 0).map((b, i) => (b < 0 ? b + shape[i] : b));
  const [given, steps] = [whole(size, -1), whole(strides, 1)];
  const sizes = given.map((n, i) => (n === -1 ? Math.max(0, Math.ceil((shape[i] - begin[i]) / steps[i])) : n));
  const fits = sizes.every((n, i) => {
    const whole = [begin[i], n, steps[i]].every(Number.isInteger) && begin[i] >= 0 && n >= 0 && steps[i] >= 1;
    return whole && (n === 0 ? begin[i] <= shape[i] : begin[i] + (n - 1) * steps[i] < shape[i]);
  });
  if (!fits) {
    throw new ShapeError(
      `${operation}: the window must lie inside ${formatShape(shape)}, ` +
        `got begin ${formatShape(begin)}, size ${formatShape(sizes)}, strides ${formatShape(steps)}`,
    );
  }
  const dense = denseStrides(shape);
  const offset = begin.reduce((sum, b, i) => sum + b * dense[i], 0);
  return { shape: sizes, strides: dense.map((stride, i) => stride * steps[i]), offset, begin, steps };
}

/**
 * Pads x with widths[i] = [before, after] elements of `value`, default 0, along each axis i.
 * Shapes: `[a, b]` -> `[before + a + after, before + b + after]`, of any dtype.
 * Errors: ArgumentError unless widths are two whole numbers of at least 0 for each axis.
 */
export function pad<D extends Dtype>(
  x: Tensor<D>,
  widths: readonly (readonly [number, number])[],
  value = 0,
): Tensor<D> {
  return within("pad", () => {
    requireTensor("pad", "x", x);
    requireList("pad", "widths", widths);
    const isPair = (pair: unknown): boolean =>
      Array.isArray(pair) && pair.length === 2 && pair.every((width) => Number.isInteger(width) && width >= 0);
    const fits = widths.length === x.rank && widths.every(isPair);
    if (!fits) {
      throw new ArgumentError(
        `pad: widths must be two numbers of at least 0 for each of the ${x.rank} axes, got ${textOf(widths)}`,
      );
    }
    const shape = x.shape.map((length, axis) => widths[axis][0] + length + widths[axis][1]);
    const begin = widths.map(([before]) => before);
    return place(x, shape, begin, undefined, value);
  });
}

/**
 * Concatenates tensors along an axis, default 0.
 * Shapes: `[n, ...]`, `[m, ...]` -> `[n + m, ...]`, of any dtype.
 * Errors: ArgumentError for an empty list and an axis out of range; ShapeError for shapes that differ in another axis;
 * DtypeError unless they have one dtype.
 */
export const concat: Op<<D extends Dtype>(xs: readonly Tensor<D>[], axis?: number) => Tensor<D>> = defineOp("concat", {
  forward<D extends Dtype>(xs: readonly Tensor<D>[], axis = 0): Tensor<D> {
    const [first] = requireTensors("concat", xs);
    const at = normalizeAxis("concat", axis, first.rank);
    for (const { shape } of xs) {
      if (shape.length !== first.rank || shape.some((length, i) => i !== at && length !== first.shape[i])) {
        throw new ShapeError(
          `concat: shapes must agree but for axis ${at}, got ${formatShape(first.shape)} and ${formatShape(shape)}`,
        );
      }
    }
    const length = total(xs.map((x) => x.shape[at]));
    const y = empty(first.shape.with(at, length), first.dtype);
    const strides = denseStrides(y.shape);
    let begin = 0;
    for (const x of xs) {
      writeView("concat", y, x, strides, begin * strides[at]);
      begin += x.shape[at];
    }
    return y;
  },
  gradients: [
    (dy, _y, xs, axis = 0): Tensor[] => {
      const sizes = xs.map((x) => x.shape.at(axis) as number);
      return split(dy, sizes, axis);
    },
  ],
});

/**
 * Stacks tensors along a new axis, default 0.
 * Shapes: k times `[...]` -> `[k, ...]`, of any dtype.
 * Errors: ArgumentError for an empty list and an axis out of range; ShapeError unless the shapes are equal; DtypeError
 * unless they have one dtype.
 */
export function stack<D extends Dtype>(xs: readonly Tensor<D>[], axis = 0): Tensor<D> {
  return within("stack", () => {
    const [first] = requireTensors("stack", xs);
    for (const { shape } of xs) {
      if (formatShape(shape) !== formatShape(first.shape)) {
        throw new ShapeError(`stack: shapes must be equal, got ${formatShape(first.shape)} and ${formatShape(shape)}`);
      }
    }
    const parts = xs.map((x) => expandDims(x, axis));
    return concat(parts, axis);
  });
}

/** Checks a list of tensors of one dtype. @internal */
export function requireTensors<D extends Dtype>(operation: string, xs: readonly Tensor<D>[]): readonly Tensor<D>[] {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ArgumentError(
      `${operation}: the tensors must be a list of at least one, got ${Array.isArray(xs) ? "none" : typeOf(xs)}`,
    );
  }
  for (const x of xs) {
    requireTensor(operation, "each element", x);
    requireDtype(operation, "each element, as the first,", x.dtype, xs[0].dtype);
  }
  return xs;
}

/**
 * Splits x along an axis, default 0: into a number of equal parts, or into parts of given sizes.
 * Shapes: `[n + m, ...]` -> `[n, ...]`, `[m, ...]` with parts [n, m], of any dtype.
 * Errors: ArgumentError for an axis out of range, and unless the parts are whole and add up to its size.
 */
export function split<D extends Dtype>(x: Tensor<D>, parts: number | readonly number[], axis = 0): Tensor<D>[] {
  requireTensor("split", "x", x);
  const at = normalizeAxis("split", axis, x.rank);
  const length = x.shape[at];
  if (typeof parts === "number") requireCount("split", "parts", parts, 1, MOST_LISTED);
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(length / parts) : parts;
  requireNumbers("split", "parts", sizes);
  requireCount("split", "the number of parts", sizes.length, 0, MOST_LISTED);
  if (!sizes.every((n) => Number.isInteger(n) && n >= 0) || total(sizes) !== length) {
    const held = `the parts must be whole and together have axis ${at}'s size ${length}`;
    throw new ArgumentError(`split: ${held}, got ${textOf(parts)}`);
  }
  let begin = 0;
  return sizes.map((n) => {
    const start = x.shape.map((_, i) => (i === at ? begin : 0));
    begin += n;
    return slice(x, start, x.shape.with(at, n));
  });
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, n) => sum + n, 0);
}

/**
 * Splits x along an axis, default 0, into tensors without it: the inverse of {@link stack}.
 * Shapes: `[k, ...]` -> k times `[...]`, of any dtype.
 * Errors: ArgumentError for an axis out of range.
 */
export function unstack<D extends Dtype>(x: Tensor<D>, axis = 0): Tensor<D>[] {
  requireTensor("unstack", "x", x);
  const at = normalizeAxis("unstack", axis, x.rank);
  requireCount("unstack", "the size of the axis", x.shape[at], 0, MOST_LISTED);
  return split(x, new Array<number>(x.shape[at]).fill(1), at).map((part) => squeeze(part, at));
}

/**
 * Rolls x along the axes, y[i] = x[i - shift], wrapping around; several axes take a shift each. Axes default to none:
 * elements roll in row-major order.
 * Shapes: `[...]` -> the same, of any dtype.
 * Errors: ArgumentError for shifts that are not whole or not one per axis, and axes out of range.
 */
export function roll<D extends Dtype>(
  x: Tensor<D>,
  shift: number | readonly number[],
  axes?: number | readonly number[],
): Tensor<D> {
  requireTensor("roll", "x", x);
  const shifts = typeof shift === "number" ? [shift] : shift;
  requireNumbers("roll", "shift", shifts);
  if (axes === undefined) return reshape(rollAxis(reshape(x, [x.size]), total(shifts), 0), x.shape) as Tensor<D>;
  const list = typeof axes === "number" ? [axes] : axes;
  requireList("roll", "axes", list);
  if (shifts.length !== list.length) {
    throw new ArgumentError(`roll: there must be a shift for each axis, got ${shifts.length} for ${list.length} axes`);
  }
  return list.reduce((y, axis, i) => rollAxis(y, shifts[i], normalizeAxis("roll", axis, x.rank)), x);
}

function rollAxis<D extends Dtype>(x: Tensor<D>, shift: number, axis: number): Tensor<D> {
  if (!Number.isInteger(shift)) throw new ArgumentError(`roll: shift must be a whole number, got ${textOf(shift)}`);
  const length = x.shape[axis];
  if (length === 0) return x;
  const moved = ((shift % length) + length) % length;
  return concat(split(x, [length - moved, moved], axis).reverse(), axis);
}

/** x with the axes moved behind all others. @internal */
export function axesLast(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.every((axis, i) => axis === x.rank - axes.length + i)) return x;
  const others = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return transpose(x, [...others, ...axes]) as Tensor;
}

/** x in a shape of as many elements; itself if it has that shape already. @internal */
export function reshaped(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : (reshape(x, shape) as Tensor);
}
