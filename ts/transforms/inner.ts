// Gradients by what is met on the way: a function's arguments, and what it computes from them before its result.
import { backpropagate } from "../autograd/backward.ts";
import { differentiate, followed, gradientOf, requireScalar } from "../autograd/grad.ts";
import { requireFunction, requireList, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { full } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** One gradient for each tensor after the first. */
export type InnerGradients<R extends readonly unknown[]> = R extends readonly [unknown, ...infer Others]
  ? { [K in keyof Others]: Tensor }
  : Tensor[];

/**
 * The function (...args) that returns [what f returns, gradients], where f returns a list: a scalar, and tensors that it was
 * computed from, such as f's own arguments or a layer's output. For each of these there is the gradient of the scalar by it:
 * `innerGrad((x) => { const [a, y] = inner.applyAll(x); return [sum(y), a, x]; })(image)`. Frozen weights change nothing.
 * Errors: ShapeError unless the scalar has one element, ArgumentError for tensors that it does not come from.
 */
export function innerGrad<Args extends readonly unknown[], R extends readonly [Tensor, ...Tensor[]]>(
  f: (...args: Args) => R,
): (...args: Args) => [R, InnerGradients<R>] {
  requireFunction("innerGrad", f);
  return (...args) => {
    const isOne = (x: unknown): x is Tensor => x instanceof Tensor && x.dtype === "f32" && !isFollowed(x);
    return differentiate(args.filter(isOne), (tracked, _targets, isInner) => {
      // Arguments are followed through stand-ins, which f gets in their place.
      let next = 0;
      const own = args.map((x) => (isOne(x) ? (tracked as readonly Tensor[])[next++] : x)) as unknown as Args;
      const values = followed("innerGrad", () => f(...own));
      requireList("innerGrad", "what f returns", values);
      const [result, ...others] = values;
      requireScalar("innerGrad", result);
      const gradients = others.map((x, i) => {
        if (!(x instanceof Tensor) || !isFollowed(x)) {
          const got = x instanceof Tensor ? "one that does not depend on any" : textOf(x);
          throw new ArgumentError(
            `innerGrad: what follows the scalar must be tensors computed from f's arguments, got ${got} at ${i + 1}`,
          );
        }
        // One at a time: the way to one may lead through another.
        return gradientOf(x, backpropagate(result, full(result.shape, 1), new Set([x]), isInner));
      });
      return [values, gradients] as unknown as [R, InnerGradients<R>];
    });
  };
}

/** Whether gradients find it, or it is a variable, which they find if it is trained. */
function isFollowed(x: Tensor): boolean {
  return x instanceof Variable || x.tracked || x.derivation !== undefined;
}
