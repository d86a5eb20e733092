// One step of an optimizer down the gradients of a function.
import {
  followed,
  type LossValue,
  requireScalar,
  type Trained,
  valueAndGradients,
  weightsOf,
} from "../autograd/grad.ts";
import { requireFunction } from "../runtime/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";

/** What is asked of the optimizer. */
interface Stepping {
  scaleLoss(loss: Tensor): Tensor;
  step(variables: readonly Variable[], gradients: readonly Tensor[]): void;
}

/** What `f` returns, when the weights have moved; see `Optimizer`. */
export function minimize<L extends LossValue>(optimizer: Stepping, of: readonly Variable[] | Trained, f: () => L): L {
  requireFunction("minimize", f);
  let weights: readonly Variable[] = [];
  const [[, value], gradients] = valueAndGradients(
    () => {
      const value = followed("minimize", f);
      const loss = Array.isArray(value) ? value[0] : value;
      requireScalar("minimize", loss);
      return [optimizer.scaleLoss(loss), value] as const;
    },
    () => (weights = weightsOf("minimize", of)),
  );
  optimizer.step(weights, gradients);
  return value;
}
