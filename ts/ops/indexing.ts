// NumPy's basic indexing: ranges with steps, single indices and the ellipsis, written as in Python.
import { defineOp, type Op, requireTensor } from "../autograd/op.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { denseStrides, readView, writeView } from "./lower/strided-copy.ts";

/**
 * The elements that NumPy's x[index] names: `x.at("1:-1, ::2")`, `x.at("..., 0")`, `x.at(-1)`. For each axis a range
 * `begin:end:step`, each part optional, or one index, whose axis is left out of the result; `...` stands for all axes that
 * are not mentioned, as does the end. Negative begins, ends and indices count from the end of the axis, a negative step goes
 * backward, and ranges end where the axis does.
 * Shapes: `[...]` -> one axis for each range and each axis that is not mentioned.
 * Errors: ShapeError for an index outside its axis; ArgumentError for anything that is no such index, too many of them, and a
 * step of 0.
 */
export const at: Op<<D extends Dtype>(x: Tensor<D>, index: string | number) => Tensor<D>> = defineOp("at", {
  perExample: (_x, index) => /^\s*(:|\.{3})\s*(,|$)/.test(`${index}`),
  forward<D extends Dtype>(x: Tensor<D>, index: string | number): Tensor<D> {
    requireTensor("at", "x", x);
    const { shape, strides, offset } = viewOf(x.shape, index);
    return readView("at", x, shape, strides, offset);
  },
  gradients: [(dy, _y, x, index) => placeAt(dy, x.shape, index)],
});

/** A tensor of the shape, 0 but for the elements that `at` would read, which x holds. @internal */
export const placeAt: Op<(x: Tensor, shape: Shape, index: string | number) => Tensor> = defineOp("placeAt", {
  forward(x, shape, index) {
    const y = zeros(shape);
    const { strides, offset } = viewOf(shape, index);
    writeView("placeAt", y, x, strides, offset);
    return y;
  },
  gradients: [(dy, _y, _x, _shape, index) => at(dy, index) as Tensor],
});

const RANGE = /^(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?)?$/;

/** The elements that an index names, as a view of a dense tensor of the shape. */
function viewOf(shape: Shape, index: string | number): { shape: number[]; strides: number[]; offset: number } {
  const refuse = (): never => {
    throw new ArgumentError(
      `at: the index must be like "1:-1, ::2, ..., 0" for ${shape.length} axes, got ${textOf(index)}`,
    );
  };
  if (typeof index !== "string" && !Number.isSafeInteger(index)) refuse();
  const parts = `${index}`.split(",").map((part) => part.trim());
  const dots = parts.indexOf("...");
  const missing = shape.length - parts.length + (dots < 0 ? 0 : 1);
  if (missing < 0) refuse();
  parts.splice(dots < 0 ? parts.length : dots, dots < 0 ? 0 : 1, ...new Array<string>(missing).fill(":"));
  const dense = denseStrides(shape);
  const view = { shape: [] as number[], strides: [] as number[], offset: 0 };
  parts.forEach((part, axis) => {
    const length = shape[axis];
    const fromFront = (n: number): number => (n < 0 ? n + length : n);
    if (/^-?\d+$/.test(part)) {
      const at = fromFront(Number(part));
      if (!(at >= 0 && at < length)) {
        throw new ShapeError(`at: index ${part} must lie inside axis ${axis} of ${formatShape(shape)}, got ${part}`);
      }
      view.offset += at * dense[axis];
      return;
    }
    const [, begin, end, by = "1"] = RANGE.exec(part) ?? refuse();
    const step = Number(by);
    if (step === 0) refuse();
    // Where a range begins and ends at the least and at the most.
    const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
    const bounded = (text: string | undefined, otherwise: number): number =>
      text === undefined ? otherwise : Math.min(Math.max(fromFront(Number(text)), least), most);
    const first = bounded(begin, step > 0 ? least : most);
    const count = Math.max(0, Math.ceil((bounded(end, step > 0 ? most : least) - first) / step));
    if (count > 0) view.offset += first * dense[axis];
    view.shape.push(count);
    view.strides.push(dense[axis] * step);
  });
  return view;
}
