// Backpropagation: goes back through the tape, from the gradient of a result to those of what it was derived from. Of the
// ops' mathematics it has only the sum of gradients.
import { requireList } from "../runtime/arguments.ts";
import { ShapeError, StateError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, alias, empty, Tensor } from "../tensor/tensor.ts";
import { context } from "./observe.ts";
import { type AnyOp, defineOp, type Gradient, type Op, requireFloat } from "./op.ts";
import { Lost, lostWay, Node, tensorsOf, versionsOf, withRecording } from "./tape.ts";

/** a + b for two gradients of one tensor. */
export const accumulate: Op<(a: Tensor, b: Tensor) => Tensor> = defineOp("accumulate", {
  forward(a, b) {
    const y = empty(a.shape);
    launch("accumulate_f32", y.size, 0.2, y, a, b);
    return y;
  },
  gradients: [(dy) => dy, (dy) => dy],
});

/** The nodes between `y` and the targets, latest first; with no targets given, every tracked leaf is one. */
function nodesToward(y: AnyTensor, targets: ReadonlySet<AnyTensor> | undefined): Node[] {
  const found = new Set<Node>();
  const pending = [y];
  for (let x = pending.pop(); x !== undefined; x = pending.pop()) {
    const node = x.derivation;
    if (targets?.has(x) && x !== y) continue;
    if (node instanceof Lost) requireNoTarget(node, targets);
    if (!(node instanceof Node) || found.has(node)) continue;
    found.add(node);
    pending.push(...tensorsOf(node.args));
  }
  const ascending = [...found].sort((a, b) => a.order - b.order);
  const useful = new Set<Node>();
  for (const node of ascending) {
    for (const x of tensorsOf(node.args)) if (leads(x, targets, useful)) useful.add(node);
  }
  return ascending.filter((node) => useful.has(node)).reverse();
}

/** Throws a StateError if a lost derivation led to a target: its gradient would be incomplete. */
function requireNoTarget({ leaves, what }: Lost, targets: ReadonlySet<AnyTensor> | undefined): void {
  const ends =
    targets && new Set([...targets].flatMap((x) => [x, ...((x.derivation as Node | Lost)?.freed()?.leaves ?? [])]));
  if (![...leaves].some((leaf) => ends?.has(leaf) ?? (leaf.tracked && !leaf.disposed))) return;
  throw new StateError(
    `gradient: what the loss was computed from must be there until the gradient is taken, got ${what}; ` +
      "take the gradient inside its scope, or end it with stopGradient",
  );
}

function leads(x: AnyTensor, targets: ReadonlySet<AnyTensor> | undefined, useful: ReadonlySet<Node>): boolean {
  return (targets ? targets.has(x) : x.tracked) || useful.has(x.derivation as Node);
}

/**
 * The gradients of `y`, weighted by `dy`, with respect to targets (default: every tracked leaf), computed by ops. `visit`,
 * if given, is shown each node with the gradient of its result, and makes the targets' gradients itself.
 */
export function backpropagate(
  y: Tensor,
  dy: Tensor,
  targets: ReadonlySet<AnyTensor> | undefined,
  differentiable: boolean,
  visit?: (node: Node, dOutput: Tensor) => void,
): Map<AnyTensor, Tensor> {
  const nodes = nodesToward(y, targets);
  const useful = new Set(nodes);
  const gradients = new Map<AnyTensor, Tensor>([[y, dy]]);
  const add = (x: AnyTensor, dx: Tensor, op: AnyOp): void => {
    requireFloat(op.opName, "a gradient", dx);
    if (!sameShape(dx.shape, x.shape)) {
      throw new ShapeError(
        `${op.opName}: a gradient must have its argument's shape ${formatShape(x.shape)}, got ${formatShape(dx.shape)}`,
      );
    }
    const before = gradients.get(x);
    gradients.set(x, before ? accumulate(before, dx) : dx);
  };
  withRecording(differentiable, () => {
    for (const node of nodes) {
      const dOutput = gradients.get(node.output);
      if (dOutput === undefined) continue;
      if (!targets?.has(node.output)) gradients.delete(node.output);
      if (versionsOf(node.args) !== node.versions) {
        throw new StateError(
          `${node.op.opName}: its arguments must keep their values until the gradient is taken, got one updated in place`,
        );
      }
      visit?.(node, dOutput);
      const wanted = (x: unknown): boolean =>
        x instanceof Tensor && leads(x, targets, useful) && !(visit && targets?.has(x));
      gradientsOf(node, dOutput, wanted).forEach((gradient, i) => {
        const arg = node.args[i];
        if (gradient instanceof Tensor) {
          if (wanted(arg)) add(arg as AnyTensor, gradient, node.op);
        } else if (gradient !== undefined) {
          requireList(node.op.opName, "a gradient that is no tensor", gradient);
          requireList(node.op.opName, "an argument with a list of gradients", arg);
          const items = arg as readonly AnyTensor[];
          gradient.forEach((dx, j) => {
            if (dx && wanted(items[j])) add(items[j], dx, node.op);
          });
        }
      });
    }
  });
  if (!differentiable) {
    const lost = lostWay("a gradient that was not itself to be differentiated", [y]);
    for (const [x, dx] of gradients) {
      // Another handle, since a gradient may be a tensor of the caller.
      const own = alias(dx);
      own.derivation = lost;
      gradients.set(x, own);
    }
  }
  return gradients;
}

function gradientsOf(node: Node, dy: Tensor, wanted: (x: unknown) => boolean): Gradient[] {
  const { op, args, output, layer } = node;
  const { gradients } = op;
  const before = { ...context };
  Object.assign(context, { layer, gradientOf: op.opName });
  try {
    if (typeof gradients === "function") {
      const all = gradients(dy, output, ...args);
      requireList(op.opName, "what gradients returns", all);
      return all;
    }
    return args.map((arg, i) => {
      const some = Array.isArray(arg) ? arg.some(wanted) : wanted(arg);
      return some ? gradients?.[i]?.(dy, output, ...args) : undefined;
    });
  } finally {
    Object.assign(context, before);
  }
}
