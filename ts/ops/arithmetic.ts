// Arithmetic of two operands, element by element, with NumPy's broadcasting. Either operand may be a plain number.

import { defineElementwise, type Op } from "../autograd/op.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { toOperand } from "./broadcast.ts";
import { equal, greater, less, where } from "./compare.ts";
import { type Arithmetic, launchPair, type Numeric, type TensorLike } from "./lower/launch-binary.ts";
import { map } from "./lower/launch-unary.ts";

export type { Arithmetic, Numeric, TensorLike } from "./lower/launch-binary.ts";

/**
 * a + b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const add: Arithmetic = defineElementwise("add", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("add", "add", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, _a, b) => toOperand(dy, b)],
});

/**
 * a - b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const sub: Arithmetic = defineElementwise("sub", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("sub", "sub", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, _a, b) => toOperand(neg(dy), b)],
});

/** -x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const neg: Op<(x: Tensor) => Tensor> = defineElementwise("neg", {
  forward: (x) => map("neg", "neg_f32", 0.2, x),
  gradients: [(dy) => neg(dy)],
});

/**
 * a b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const mul: Arithmetic = defineElementwise("mul", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("mul", "mul", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a, b) => toOperand(mul(dy, b), a), (dy, _y, a, b) => toOperand(mul(dy, a), b)],
});

/**
 * a / b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export const div: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineElementwise("div", {
  forward: (a, b) => launchPair("div", "div", a, b, 0.4, ["f32"]),
  gradients: [(dy, _y, a, b) => toOperand(div(dy, b), a), (dy, y, _a, b) => toOperand(neg(div(mul(dy, y), b)), b)],
});

/**
 * floor(a / b), exact while |a / b| is below 2^29; of a by an infinity of the other sign -1. No gradient. Integers
 * divided by 0 give 0, as in NumPy (PyTorch throws); -2^31 / -1 gives 2^31 - 1.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const floorDivide: Arithmetic = defineElementwise("floorDivide", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("floorDivide", "floor_divide", a, b, 3, ["f32", "i32"]),
});

/**
 * The remainder a - floor(a / b) b, with b's sign, exact while |a / b| is below 2^29. Where b is 0: NaN, of integers 0,
 * as in NumPy. The gradient treats floor(a / b) as constant.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const mod: Arithmetic = defineElementwise("mod", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("mod", "mod", a, b, 3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, a, b) => toOperand(mul(neg(dy), floorDivide(a, b)), b)],
});

/**
 * Element-wise maximum, 0 of 0 and -0, NaN if either is. Equal elements share the gradient evenly.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const maximum: Arithmetic = defineElementwise("maximum", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("maximum", "maximum", a, b, 0.3, ["f32", "i32"]),
  gradients: [
    (dy, _y, a, b) => toOperand(shareOf(dy, less(a, b), a, b), a),
    (dy, _y, a, b) => toOperand(shareOf(dy, less(b, a), a, b), b),
  ],
});

/**
 * Element-wise minimum, -0 of 0 and -0, NaN if either is. Equal elements share the gradient evenly.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const minimum: Arithmetic = defineElementwise("minimum", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("minimum", "minimum", a, b, 0.3, ["f32", "i32"]),
  gradients: [
    (dy, _y, a, b) => toOperand(shareOf(dy, greater(a, b), a, b), a),
    (dy, _y, a, b) => toOperand(shareOf(dy, greater(b, a), a, b), b),
  ],
});

/** What an operand gets of dy: nothing where it lost, half where the two are equal. */
function shareOf(dy: Tensor, lost: Tensor<"bool">, a: TensorLike<Numeric>, b: TensorLike<Numeric>): AnyTensor {
  return where(lost, 0, where(equal(a, b), mul(dy, 0.5), dy));
}
