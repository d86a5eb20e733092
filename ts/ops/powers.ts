// Powers, and the inverse and root of numbers of which some may be 0.
import { defineElementwise, type Op } from "../autograd/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { toOperand } from "./broadcast.ts";
import { equal, greaterEqual, logicalAnd, where } from "./compare.ts";
import { log, square } from "./elementwise.ts";
import { launchPair, type TensorLike } from "./lower/launch-binary.ts";
import { map } from "./lower/launch-unary.ts";

/**
 * a^b. 1^b and a^0 are 1 even for NaN, as in C, unlike Math.pow. The gradient is 0 for a where b is 0, and for b where
 * a is 0 and b not negative.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export const pow: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineElementwise("pow", {
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

/** 1 / x, and 0 where x is 0: also in the gradients. @internal */
export function inverseOrZero(x: Tensor): Tensor {
  const isZero = equal(x, 0);
  return where(isZero, 0, div(1, where(isZero, 1, x)));
}

/** sqrt(x) whose gradient is 0 where x is 0, as suits lengths: they grow whatever way one goes. @internal */
export const rootOrZero: Op<(x: Tensor) => Tensor> = defineElementwise("rootOrZero", {
  forward: (x) => map("rootOrZero", "sqrt_f32", 0.6, x),
  gradients: [(dy, y) => mul(mul(dy, 0.5), inverseOrZero(y))],
});
