// checkpoint: recomputes activations in the backward pass instead of keeping them. Source: Chen,
// Xu, Zhang and Guestrin 2016.

import { backpropagate } from "../autograd/backward.ts";
import { type AnyOp, requireTensor } from "../autograd/op.ts";
import { isNoting, type Lost, latestOrder, Node, noteDerivation, tensorsOf, withRecording } from "../autograd/tape.ts";
import { requireFunction, requireSynchronous } from "../runtime/arguments.ts";
import { StateError } from "../runtime/errors.ts";
import { watchWrites } from "../runtime/launch.ts";
import { deferring, freeingScope } from "../tensor/scope.ts";
import { type AnyTensor, alias, type Tensor } from "../tensor/tensor.ts";
import { snapshot, Variable } from "../tensor/variable.ts";

/** Variables of any dtype, and values for them. */
type Values = Map<Variable, Tensor>;

/**
 * f, of which only the result is kept: gradients recompute its activations. It trades about a third more time for the
 * memory of what f makes, eagerly and in captured steps. Variables that f updates (running statistics, random state)
 * are reset for the second run, so that it draws the same numbers and updates nothing twice.
 * Shapes: those of f.
 * Errors: ArgumentError unless f is a function that returns one tensor; StateError where what it was computed from is
 * gone.
 */
export function checkpoint<Args extends readonly unknown[]>(f: (...args: Args) => Tensor): (...args: Args) => Tensor {
  requireFunction("checkpoint", f);
  return (...args) => {
    if (!isNoting()) return requireSynchronous("checkpoint", f(...args));
    const { y, sources, before } = freeingScope(() => {
      const order = latestOrder();
      const before: Values = new Map();
      const made = watchWrites(
        (operand) => {
          if (operand instanceof Variable && !before.has(operand)) before.set(operand, snapshot(operand));
        },
        () =>
          requireSynchronous(
            "checkpoint",
            deferring(() => f(...args)),
          ),
      );
      requireTensor("checkpoint", "the function's result", made);
      return { y: alias(made as Tensor), sources: sourcesOf(made, order), before };
    });
    if (sources.length > 0) noteDerivation(recomputed, [sources, () => withValues(before, () => f(...args))], y);
    return y;
  };
}

/** Its arguments: the tensors that f's result was derived from, and how to compute it again. */
const recomputed: AnyOp = {
  opName: "checkpoint",
  gradients(dy, _y, ...args) {
    const [sources, again] = args as [Tensor[], () => Tensor];
    const isDifferentiable = isNoting();
    const gradients = (): (Tensor | undefined)[] => {
      // What inner scopes made is needed in the backward pass.
      const y = deferring(() => withRecording(true, again));
      const found = backpropagate(y, dy, new Set(sources), isDifferentiable);
      return sources.map((x) => found.get(x));
    };
    return [isDifferentiable ? gradients() : freeingScope(gradients), undefined];
  },
};

/** What y was derived from by ops later than `order`: the tracked tensors that existed before. */
function sourcesOf(y: AnyTensor, order: number): AnyTensor[] {
  const seen = new Set<AnyTensor>([y]);
  // A set's loop goes on to what is added on the way.
  for (const x of seen) {
    const node = x.derivation;
    if (node === undefined || node.order <= order) continue;
    if (!(node instanceof Node)) {
      throw new StateError(
        `checkpoint: what the result was computed from must be there until the function ends, got ${(node as Lost).what}`,
      );
    }
    for (const source of tensorsOf(node.args)) seen.add(source);
  }
  return [...seen].filter(
    ({ tracked, derivation }) => tracked || (derivation !== undefined && derivation.order <= order),
  );
}

/** Runs `f` with other values in some variables, and puts their own back afterwards. */
function withValues<T>(values: Values, f: () => T): T {
  const own = [...values.keys()].map((x) => ({ x, value: snapshot(x), version: x.buffer.version }));
  for (const [x, value] of values) x.assign(value);
  try {
    return f();
  } finally {
    for (const { x, value, version } of own) {
      x.assign(value);
      // The same values again: whoever has used them need not mind.
      x.buffer.version = version;
    }
  }
}
