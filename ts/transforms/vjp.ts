// Derivatives times vectors: vjp backwards, jvp forwards, hvp for the matrix of second derivatives.

import { accumulate, backpropagate } from "../autograd/backward.ts";
import {
  differentiate,
  followed,
  type GradientsOf,
  grad,
  gradientOf,
  type LossValue,
  mapParameters,
  type ParameterSet,
} from "../autograd/grad.ts";
import { requireFloat } from "../autograd/op.ts";
import { withRecording } from "../autograd/tape.ts";
import { requireFunction, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";

/** A function that is differentiated: of parameters and of anything else, with one tensor as its result. */
export type Differentiable<P, Rest extends unknown[]> = (parameters: P, ...rest: Rest) => Tensor;

/** The tensors of parameters, in order. */
function listOf(parameters: ParameterSet): Tensor[] {
  const list: Tensor[] = [];
  mapParameters(parameters, (x) => {
    list.push(x);
    return x;
  });
  return list;
}

function requireShape(operation: string, what: string, x: Tensor | undefined, like: AnyTensor): void {
  requireFloat(operation, what, x);
  if (!sameShape(x.shape, like.shape)) {
    throw new ShapeError(
      `${operation}: ${what} must have shape ${formatShape(like.shape)}, got ${formatShape(x.shape)}`,
    );
  }
}

/** The sums, over all ys, of their gradients weighted by dys, with respect to the targets. */
function pullBack(
  ys: readonly Tensor[],
  dys: readonly Tensor[],
  targets: ReadonlySet<AnyTensor>,
  isDifferentiable: boolean,
): Map<AnyTensor, Tensor> {
  const sums = new Map<AnyTensor, Tensor>();
  withRecording(isDifferentiable, () => {
    ys.forEach((y, i) => {
      for (const [x, dx] of backpropagate(y, dys[i], targets, isDifferentiable)) {
        const before = sums.get(x);
        if (targets.has(x)) sums.set(x, before ? accumulate(before, dx) : dx);
      }
    });
  });
  return sums;
}

/**
 * The function (parameters, dy, ...rest) that returns [y, gradients of sum(y dy)], y = f(parameters, ...rest): dy times
 * the Jacobian.
 * Shapes: dy as y -> gradients as parameters.
 * Errors: ShapeError unless dy has y's shape; DtypeError unless all are f32; ArgumentError unless f is a function of
 * tensors.
 */
export function vjp<P extends ParameterSet, Rest extends unknown[]>(
  f: Differentiable<P, Rest>,
): (parameters: P, dy: Tensor, ...rest: Rest) => [y: Tensor, gradients: GradientsOf<P>] {
  requireFunction("vjp", f);
  return (parameters, dy, ...rest) =>
    differentiate(parameters, (tracked, targets, isInner) => {
      const y = followed("vjp", () => f(tracked, ...rest));
      requireFloat("vjp", "the function's result", y);
      requireShape("vjp", "dy", dy, y);
      const found = pullBack([y], [dy], targets, isInner);
      return [y, mapParameters(tracked, (x) => gradientOf(x, found)) as unknown as GradientsOf<P>];
    });
}

/**
 * The function (parameters, tangents, ...rest) that returns [y, dy]: y = f(parameters, ...rest) and its directional
 * derivative, the Jacobian times the tangents. By reverse mode twice, since the gradient is linear in its weights: it
 * costs two backward passes.
 * Shapes: tangents as parameters -> y, and dy of its shape.
 * Errors: ShapeError unless each tangent has its parameter's shape; DtypeError unless all are f32; ArgumentError unless
 * f is a function of tensors.
 */
export function jvp<P extends ParameterSet, Rest extends unknown[]>(
  f: Differentiable<P, Rest>,
): (parameters: P, tangents: GradientsOf<P>, ...rest: Rest) => [y: Tensor, dy: Tensor] {
  requireFunction("jvp", f);
  return (parameters, tangents, ...rest) =>
    differentiate(parameters, (tracked, targets, isInner) => {
      const directions = directionsFor("jvp", tracked, tangents);
      const y = followed("jvp", () => f(tracked, ...rest));
      requireFloat("jvp", "the function's result", y);
      const u = zeros(y.shape);
      u.tracked = true;
      const gradients = pullBack([y], [u], targets, true);
      const reached = listOf(tracked).flatMap((x, i) => {
        const gradient = gradients.get(x);
        return gradient ? [{ gradient, direction: directions[i] }] : [];
      });
      const weights = reached.map(({ direction }) => direction);
      const found = pullBack(
        reached.map(({ gradient }) => gradient),
        weights,
        new Set([u]),
        isInner,
      );
      return [y, gradientOf(u, found)];
    });
}

/**
 * The function (parameters, tangents, ...rest) that returns the Hessian of f's scalar result times the tangents,
 * without ever making the Hessian.
 * Shapes: tangents as parameters -> the same.
 * Errors: ShapeError unless f returns one element and each tangent has its parameter's shape; DtypeError unless all are
 * f32.
 * Source: Pearlmutter 1994.
 */
export function hvp<P extends ParameterSet, Rest extends unknown[]>(
  f: (parameters: P, ...rest: Rest) => LossValue,
): (parameters: P, tangents: GradientsOf<P>, ...rest: Rest) => GradientsOf<P> {
  const gradient = grad(f);
  return (parameters, tangents, ...rest) =>
    differentiate(parameters, (tracked, targets, isInner) => {
      const directions = directionsFor("hvp", tracked, tangents);
      const gradients = withRecording(true, () => gradient(tracked, ...rest));
      const found = pullBack(listOf(gradients as ParameterSet), directions, targets, isInner);
      return mapParameters(tracked, (x) => gradientOf(x, found)) as unknown as GradientsOf<P>;
    });
}

/** The tangents in the order of the parameters; ShapeError unless each has its parameter's shape. */
function directionsFor(operation: string, parameters: ParameterSet, tangents: unknown): Tensor[] {
  if (typeof tangents !== "object" || tangents === null) {
    throw new ArgumentError(`${operation}: tangents must be given as the parameters are, got ${textOf(tangents)}`);
  }
  const named = parameters instanceof Tensor ? undefined : Object.keys(parameters);
  const directions = named ? named.map((name) => (tangents as Record<string, Tensor>)[name]) : [tangents as Tensor];
  listOf(parameters).forEach((x, i) => {
    requireShape(operation, "each tangent", directions[i], x);
  });
  return directions;
}
