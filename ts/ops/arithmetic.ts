// Arithmetic of two operands, element by element, with NumPy's broadcasting. Either operand may be a plain number.
import { defineOp, type Op } from "../autograd/op.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { equal, greater, greaterEqual, less, logicalAnd, where } from "./compare.ts";
import { log, neg, square } from "./elementwise.ts";
import { type Arithmetic, launchPair, type Numeric, type TensorLike } from "./lower/launch-binary.ts";
import { toOperand } from "./reduce.ts";

/**
 * a + b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const add: Arithmetic = defineOp("add", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("add", "add", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, _a, b) => toOperand(dy, b)],
});

/**
 * a - b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const sub: Arithmetic = defineOp("sub", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("sub", "sub", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, _a, b) => toOperand(neg(dy), b)],
});

/**
 * a b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const mul: Arithmetic = defineOp("mul", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("mul", "mul", a, b, 0.3, ["f32", "i32"]),
  gradients: [(dy, _y, a, b) => toOperand(mul(dy, b), a), (dy, _y, a, b) => toOperand(mul(dy, a), b)],
});

/**
 * a / b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export const div: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineOp("div", {
  forward: (a, b) => launchPair("div", "div", a, b, 0.4, ["f32"]),
  gradients: [(dy, _y, a, b) => toOperand(div(dy, b), a), (dy, y, _a, b) => toOperand(neg(div(mul(dy, y), b)), b)],
});

/**
 * floor(a / b), exact while |a / b| is below 2^29; of a by an infinity of the other sign -1. No gradient. Integers
 * divided by 0
 * give 0, as in NumPy (PyTorch throws); -2^31 / -1 gives 2^31 - 1.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const floorDivide: Arithmetic = defineOp("floorDivide", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("floorDivide", "floor_divide", a, b, 3, ["f32", "i32"]),
});

/**
 * The remainder a - floor(a / b) b, with b's sign, exact while |a / b| is below 2^29. Where b is 0: NaN, of integers 0,
 * as in
 * NumPy. The gradient treats floor(a / b) as constant.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const mod: Arithmetic = defineOp("mod", {
  forward: <D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>): Tensor<D> =>
    launchPair("mod", "mod", a, b, 3, ["f32", "i32"]),
  gradients: [(dy, _y, a) => toOperand(dy, a), (dy, _y, a, b) => toOperand(mul(neg(dy), floorDivide(a, b)), b)],
});

/**
 * a^b. 1^b and a^0 are 1 even for NaN, as in C, unlike Math.pow. The gradient is 0 for a where b is 0, and for b where
 * a is 0
 * and b not negative.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export const pow: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineOp("pow", {
  forward: (a, b) => (b === 2 && typeof a !== "number" ? square(a) : launchPair("pow", "pow", a, b, 4, ["f32"])),
  gradients: [
    (dy, _y, a, b) => {
      if (b === 2) return mul(dy, mul(a, 2));
      const da = mul(dy, mul(b, pow(a, sub(b, 1))));
      return toOperand(typeof b === "number" && b !== 0 ? da : where(equal(b, 0), 0, da), a);
    },
    (dy, y, a, b) => {
      const db = mul(dy, mul(y, typeof a === "number" ? Math.log(a) : log(a)));
      if (typeof a === "number" && a !== 0) return toOperand(db, b);
      return toOperand(where(logicalAnd(equal(a, 0), greaterEqual(b, 0)), 0, db), b);
    },
  ],
});

/**
 * Element-wise maximum, 0 of 0 and -0, NaN if either is. Equal elements share the gradient evenly.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32 or both i32.
 */
export const maximum: Arithmetic = defineOp("maximum", {
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
export const minimum: Arithmetic = defineOp("minimum", {
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
