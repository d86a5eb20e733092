// Checks gradients against finite differences.
import { requireFunction, requireList, requireType } from "../runtime/arguments.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { grad } from "./grad.ts";

/** Where a gradient and the finite difference are furthest apart. */
export interface GradientCheck {
  /** max over all elements of |gradient - difference| / (1 + |difference|). */
  error: number;
  input: number;
  element: number;
  gradient: number;
  difference: number;
}

/**
 * Compares the gradient of a scalar function with central differences (f(x + h) - f(x - h)) / 2h, h = step (1 + |x|),
 * element by element; step defaults to 1e-2, since f computes in f32.
 * Shapes: inputs of whatever shape; f returns `[]`.
 * Errors: ArgumentError unless f is a function and inputs a list; those of `grad`.
 */
export function checkGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  step = 1e-2,
): GradientCheck {
  requireFunction("checkGradient", f);
  requireType("checkGradient", "step", step, "number");
  requireList("checkGradient", "inputs", inputs);
  const gradients = grad((xs: readonly Tensor[]) => f(...xs))(inputs) as Tensor[];
  const worst: GradientCheck = { error: 0, input: -1, element: -1, gradient: 0, difference: 0 };
  inputs.forEach((x, input) => {
    const values = x.data();
    const gradient = gradients[input].data();
    for (let element = 0; element < values.length; element++) {
      const h = step * (1 + Math.abs(values[element]));
      const at = (value: number): [number, number] => {
        const moved = values.slice();
        moved[element] = value;
        x.write(moved);
        return [moved[element], scope(() => f(...inputs).item())];
      };
      const [up, above] = at(values[element] + h);
      const [down, below] = at(values[element] - h);
      x.write(values);
      const difference = (above - below) / (up - down);
      const error = Math.abs(gradient[element] - difference) / (1 + Math.abs(difference));
      if (!(error <= worst.error))
        Object.assign(worst, { error, input, element, gradient: gradient[element], difference });
    }
  });
  for (const gradient of gradients) gradient.dispose();
  return worst;
}
