// The public gradients: grad and valueAndGrad of a function, backward from a loss.
import { kindOf, requireFunction, requireSynchronous, textOf, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { isRecording } from "../runtime/launch.ts";
import { full, zeros } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { deferredScope, eachReachable, keep, scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, alias, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { accumulate, backpropagate } from "./backward.ts";
import { defineElementwise } from "./op.ts";
import { cutsSoFar, lostWay, Node, withRecording } from "./tape.ts";

/** What gradients can be taken with respect to: a tensor, or a list or record of tensors. */
export type ParameterSet = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** Gradients in the structure of their parameters. */
export type GradientsOf<P> = P extends Tensor ? Tensor : { [K in keyof P]: Tensor };

/** A function's value: its loss, or a list whose first element is the loss and whose others just come along. */
export type LossValue = Tensor | readonly [Tensor, ...unknown[]];

/** The same values under another handle. */
const identity = defineElementwise("identity", { forward: (x: Tensor) => alias(x), gradients: [(dy) => dy] });

/** How many gradients are being taken around the current one: inner ones must then be differentiable themselves. */
let depth = 0;

/** What has weights, such as a layer or a model. */
export interface Trained {
  readonly trainableWeights: readonly Variable[];
}

/**
 * `valueAndGrad(weights, f)` is the function (...rest) that returns [f(...rest), the gradients of its scalar loss with
 * respect to the weights]. These are variables, one or a list or record, whose structure the gradients have; or a layer
 * or model: then the gradients are those of its `trainableWeights`, looked up when f has run, since the first call
 * makes them. `valueAndGrad(f)` is the function (parameters, ...rest) for any tensors, which f gets as its first
 * argument. f may also return a list that begins with the loss. Everything else made on the way is freed.
 * Shapes: a loss of one element -> each gradient its parameter's shape.
 * Errors: ArgumentError for frozen variables and models without trainable weights, ShapeError unless the loss has one
 * element, DtypeError unless loss and parameters are f32, StateError if what the loss was computed from is gone.
 */
export function valueAndGrad<Rest extends unknown[], L extends LossValue>(
  module: Trained,
  f: (...rest: Rest) => L,
): (...rest: Rest) => [L, Tensor[]];
export function valueAndGrad<Rest extends unknown[], L extends LossValue>(
  f: (parameters: ParameterSet, ...rest: Rest) => L,
): <P extends ParameterSet>(parameters: P, ...rest: Rest) => [L, GradientsOf<P>];
export function valueAndGrad<P extends ParameterSet, Rest extends unknown[], L extends LossValue>(
  f: (parameters: P, ...rest: Rest) => L,
): (parameters: P, ...rest: Rest) => [L, GradientsOf<P>];
export function valueAndGrad<P extends ParameterSet, Rest extends unknown[], L extends LossValue>(
  variables: P,
  f: (...rest: Rest) => L,
): (...rest: Rest) => [L, GradientsOf<P>];
export function valueAndGrad<P extends ParameterSet, Rest extends unknown[], L extends LossValue>(
  f: (parameters: P, ...rest: Rest) => L,
): (parameters: P, ...rest: Rest) => [L, GradientsOf<P>];
export function valueAndGrad(first: unknown, second?: (...rest: unknown[]) => LossValue): unknown {
  if (typeof first === "function") return ofParameters(first as (parameters: ParameterSet) => LossValue);
  requireFunction("valueAndGrad", second);
  if (isTrained(first)) {
    const of = (): readonly Variable[] => weightsOf("valueAndGrad", first);
    return (...rest: unknown[]) => valueAndGradients(() => followed("valueAndGrad", () => second(...rest)), of);
  }
  mapParameters(first as ParameterSet, (x) => {
    if (x instanceof Variable) return x as Tensor;
    throw new ArgumentError("valueAndGrad: what comes before the function must be variables, got another tensor");
  });
  const both = ofParameters((_variables: ParameterSet, ...rest: unknown[]) => second(...rest) as LossValue);
  return (...rest: unknown[]) => both(first as ParameterSet, ...rest);
}

function isTrained(x: unknown): x is Trained {
  return Array.isArray((x as Trained | undefined)?.trainableWeights);
}

/** The variables of a list or record, or of what has trainable weights. ArgumentError where that has none. */
export function weightsOf(operation: string, of: Trained | readonly Variable[]): readonly Variable[] {
  const weights = isTrained(of) ? of.trainableWeights : of;
  if (weights.length > 0) return weights;
  throw new ArgumentError(`${operation}: there must be trainable weights, got none`);
}

function ofParameters<P extends ParameterSet, Rest extends unknown[], L extends LossValue>(
  f: (parameters: P, ...rest: Rest) => L,
): (parameters: P, ...rest: Rest) => [L, GradientsOf<P>] {
  return (parameters, ...rest) =>
    differentiate(parameters, (tracked, targets, isInner) => {
      const value = followed("valueAndGrad", () => f(tracked, ...rest));
      const loss = (Array.isArray(value) ? value[0] : value) as Tensor;
      requireScalar("valueAndGrad", loss);
      const found = backpropagate(loss, full(loss.shape, 1), targets, isInner);
      const gradients: unknown = mapParameters(tracked, (x) => gradientOf(x, found));
      return [value, gradients as GradientsOf<P>];
    });
}

/**
 * What `f` returns: a tensor, or a list that begins with one. StateError where no gradient can go back from that, because all
 * that was tracked was used in noGrad or behind stopGradient; what never depended on it just has the gradient 0.
 */
export function followed<T>(operation: string, f: () => T): T {
  const before = cutsSoFar();
  const result = requireSynchronous(operation, withRecording(true, f));
  const y: unknown = Array.isArray(result) ? result[0] : result;
  if (y instanceof Tensor && y.derivation === undefined && !y.tracked && cutsSoFar() > before) {
    throw new StateError(
      `${operation}: the result must be computed where gradients are noted, got one from noGrad or stopGradient alone`,
    );
  }
  return result;
}

/** The same for the variables that `of` names when f has run, since f may be what makes them. @internal */
export function valueAndGradients<L extends LossValue>(f: () => L, of: () => readonly Variable[]): [L, Tensor[]] {
  return differentiate([], (_tracked, _targets, isInner) => {
    const value = requireSynchronous("valueAndGrad", withRecording(true, f));
    const loss = (Array.isArray(value) ? value[0] : value) as Tensor;
    requireScalar("valueAndGrad", loss);
    const variables = of();
    const found = backpropagate(loss, full(loss.shape, 1), new Set<AnyTensor>(variables), isInner);
    return [value, variables.map((x) => gradientOf(x, found))];
  });
}

/**
 * Runs `f` on parameters that are tracked; only what it returns outlives it. `f` also gets them as a set, and whether
 * gradients are being taken around this one, so that its own must be differentiable.
 */
export function differentiate<P extends ParameterSet, T>(
  parameters: P,
  f: (tracked: P, targets: ReadonlySet<AnyTensor>, isInner: boolean) => T,
): T {
  return deferredScope(() => {
    // A plain tensor is differentiated through a stand-in, so that it stays untracked outside.
    const targets = new Set<AnyTensor>();
    const tracked = mapParameters(parameters, (x) => {
      if (x instanceof Variable && !x.trainable) {
        throw new ArgumentError(
          `valueAndGrad: variables must be trainable, got ${x.name}, which is not; ask for trainableWeights, or free it`,
        );
      }
      const target = x instanceof Variable ? (x as Variable) : standIn(x);
      targets.add(target);
      return target;
    });
    depth++;
    try {
      const result = f(tracked as P, targets, depth > 1);
      if (depth === 1) {
        // What it was derived from ends here.
        eachReachable(result, (x) => {
          if (x instanceof Tensor && x.derivation instanceof Node)
            x.derivation = lostWay("a result of an ended gradient", [x]);
        });
      }
      return result;
    } finally {
      depth--;
    }
  });
}

/**
 * The gradients alone: `grad(weights, f)` of f's scalar result for weights, `grad(f)` for its first argument; see
 * {@link valueAndGrad}.
 * Shapes: a loss of one element -> each gradient its parameter's shape.
 * Errors: those of valueAndGrad.
 */
export function grad<Rest extends unknown[]>(
  module: Trained,
  f: (...rest: Rest) => LossValue,
): (...rest: Rest) => Tensor[];
export function grad<Rest extends unknown[]>(
  f: (parameters: ParameterSet, ...rest: Rest) => LossValue,
): <P extends ParameterSet>(parameters: P, ...rest: Rest) => GradientsOf<P>;
export function grad<P extends ParameterSet, Rest extends unknown[]>(
  f: (parameters: P, ...rest: Rest) => LossValue,
): (parameters: P, ...rest: Rest) => GradientsOf<P>;
export function grad<P extends ParameterSet, Rest extends unknown[]>(
  variables: P,
  f: (...rest: Rest) => LossValue,
): (...rest: Rest) => GradientsOf<P>;
export function grad(first: unknown, second?: unknown): unknown {
  requireFunction("grad", typeof first === "function" ? first : second);
  const both = valueAndGrad(first as ParameterSet, second as () => LossValue) as (...args: unknown[]) => unknown[];
  return (...args: unknown[]) => scope(() => both(...args)[1]);
}

/**
 * Adds the gradients of a scalar to the `grad` of every trainable variable it was computed from, as in PyTorch. They
 * live until `zeroGrad`.
 * Shapes: `[]`, or one element -> each gradient its variable's shape.
 * Errors: ShapeError unless loss has one element; StateError if it was computed from no variable, in noGrad or by a
 * captured step.
 */
export function backward(loss: Tensor): void {
  if (isRecording()) {
    throw new StateError(
      "backward: a captured step must take its gradients by valueAndGrad, got a call while recording: no replay would leave them",
    );
  }
  requireScalar("backward", loss);
  if (loss.derivation === undefined && !loss.tracked) {
    throw new StateError(
      "backward: the loss must be computed from a trainable variable, got one that was not, or in noGrad, or cut by stopGradient",
    );
  }
  scope(() => {
    for (const [x, gradient] of backpropagate(loss, full(loss.shape, 1), undefined, false)) {
      if (!(x instanceof Variable) || !x.trainable) continue;
      const before = x.grad;
      x.grad = keep(before ? accumulate(before, gradient) : alias(gradient));
      before?.dispose();
    }
  });
}

function standIn(x: Tensor): Tensor {
  const own = identity(x);
  own.tracked = true;
  return own;
}

/** The gradient found for x, zeros if the loss does not depend on it, always with a handle of its own to dispose of. */
export function gradientOf(x: Tensor, found: ReadonlyMap<AnyTensor, Tensor>): Tensor {
  const gradient = found.get(x);
  if (gradient === undefined) return zeros(x.shape);
  for (const [other, shared] of found) if (other !== x && shared === gradient) return identity(gradient);
  return gradient;
}

export function requireScalar(operation: string, loss: Tensor): void {
  if (!(loss instanceof Tensor))
    throw new ArgumentError(`${operation}: the loss must be a tensor, got ${typeOf(loss)}`);
  requireDtype(operation, "the loss", loss.dtype, "f32");
  if (loss.size !== 1) {
    throw new ShapeError(
      `${operation}: the loss must have one element, got shape ${formatShape(loss.shape)}; reduce it with mean or sum`,
    );
  }
}

/** ParameterSet of the same structure, f of each tensor. */
export function mapParameters(parameters: ParameterSet, f: (x: Tensor) => Tensor): ParameterSet {
  if (parameters instanceof Tensor) return f(checked(parameters));
  if (!Array.isArray(parameters) && kindOf(parameters) !== "Object") {
    throw new ArgumentError(
      `grad: parameters must be a tensor, or a list or record of tensors, got ${textOf(parameters)}`,
    );
  }
  if (Array.isArray(parameters)) return parameters.map((x) => f(checked(x)));
  return Object.fromEntries(Object.entries(parameters).map(([name, x]) => [name, f(checked(x))]));
}

function checked(x: unknown): Tensor {
  if (!(x instanceof Tensor)) throw new ArgumentError(`grad: parameters must be tensors, got ${typeOf(x)} among them`);
  requireDtype("grad", "parameters", x.dtype, "f32");
  return x as Tensor;
}
