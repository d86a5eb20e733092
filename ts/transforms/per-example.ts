// Gradients example by example. Where every op of a loss is known to treat the examples of a batch apart, all go forward
// and back together, and only the gradients of weights are taken apart; else the examples go one after the other.
import { accumulate, backpropagate } from "../autograd/backward.ts";
import {
  differentiate,
  type GradientsOf,
  grad,
  gradientOf,
  type LossValue,
  mapParameters,
  type ParameterSet,
} from "../autograd/grad.ts";
import { type Observer, observed } from "../autograd/observe.ts";
import { type AnyOp, requireTensor } from "../autograd/op.ts";
import { type Node, tensorsOf, withRecording } from "../autograd/tape.ts";
import { neg } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { convolve } from "../ops/convolve.ts";
import { convolveChannels } from "../ops/depthwise.ts";
import { reshape, slice, stack } from "../ops/layout.ts";
import { type MatmulOptions, matmul } from "../ops/matmul.ts";
import { mean } from "../ops/reduce.ts";
import { requireFunction, requireSynchronous } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { watchWrites } from "../runtime/launch.ts";
import { full, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { snapshot, Variable } from "../tensor/variable.ts";

/**
 * The function (parameters, ...batch) that returns the gradients of a scalar loss for each example on its own: gradient
 * i is that of loss(parameters, ...batch) with each tensor of the batch cut to example i, `[1, ...]`. Dense and
 * convolutional networks with elementwise activations, pooling and a mean or sum as loss run all examples together,
 * except for gradients of convolution filters; where examples interact (batch normalization), random numbers are drawn
 * or an op is unknown, they run one by one. The loss may use the batch size only to reduce over it.
 * Shapes: batch `[examples, ...]` -> gradients `[examples, ...parameter]`.
 * Errors: ArgumentError for an empty batch; ShapeError unless its tensors have one number of examples, at least 1;
 * those of `grad`.
 */
export function perExampleGrad<P extends ParameterSet, Batch extends AnyTensor[]>(
  loss: (parameters: P, ...batch: Batch) => LossValue,
): (parameters: P, ...batch: Batch) => GradientsOf<P> {
  requireFunction("perExampleGrad", loss);
  return (parameters, ...batch) => {
    const count = examplesIn(batch);
    return scope(() => together(loss, parameters, batch, count) ?? oneByOne(loss, parameters, batch, count));
  };
}

/** The common size of the first axes. */
function examplesIn(batch: readonly AnyTensor[]): number {
  if (batch.length === 0) throw new ArgumentError("perExampleGrad: there must be a batch of examples, got no tensors");
  for (const x of batch) requireTensor("perExampleGrad", "each batch", x);
  const [count] = batch[0].shape;
  if (!(count >= 1) || batch.some(({ shape }) => shape[0] !== count)) {
    const got = batch.map(({ shape }) => formatShape(shape)).join(", ");
    throw new ShapeError(`perExampleGrad: the batches must have one number of examples, at least 1, got ${got}`);
  }
  return count;
}

type LossOf<P, Batch extends AnyTensor[]> = (parameters: P, ...batch: Batch) => LossValue;

function oneByOne<P extends ParameterSet, Batch extends AnyTensor[]>(
  loss: LossOf<P, Batch>,
  parameters: P,
  batch: Batch,
  count: number,
): GradientsOf<P> {
  const gradient = grad(loss);
  const examples = Array.from({ length: count }, (_, i) => {
    const one = batch.map((x) => exampleOf(x, i)) as unknown as Batch;
    const found: Tensor[] = [];
    mapParameters(gradient(parameters, ...one) as ParameterSet, (x) => {
      found.push(x);
      return x;
    });
    return found;
  });
  let next = 0;
  return mapParameters(parameters, () => {
    const at = next++;
    return stack(examples.map((found) => found[at])) as Tensor;
  }) as unknown as GradientsOf<P>;
}

/** Example i of a batch: [1, ...]. */
function exampleOf(x: AnyTensor, i: number): AnyTensor {
  const rest = x.shape.slice(1);
  return slice(x, [i, ...rest.map(() => 0)], [1, ...rest]);
}

/** All gradients by one forward and one backward pass, or undefined where the loss has an op that may not allow it. */
function together<P extends ParameterSet, Batch extends AnyTensor[]>(
  loss: LossOf<P, Batch>,
  parameters: P,
  batch: Batch,
  count: number,
): GradientsOf<P> | undefined {
  if (count === 1) return undefined;
  const written = new Map<Variable, Tensor>();
  const restore = (): undefined => {
    for (const [x, value] of written) x.assign(value);
  };
  return differentiate(parameters, (tracked, targets, isInner) => {
    if (isInner) return undefined;
    const examples = new Examples(count, targets, batch);
    let value: LossValue;
    try {
      const forward = (): LossValue =>
        requireSynchronous(
          "perExampleGrad",
          withRecording(true, () => loss(tracked, ...batch)),
        );
      value = watchWrites(
        (x) => {
          if (x instanceof Variable && !written.has(x)) written.set(x, snapshot(x as Variable));
        },
        () => observed(examples.observer, forward),
      );
    } catch (error) {
      if (error !== mixed) throw error;
      return restore();
    }
    const total = (Array.isArray(value) ? value[0] : value) as Tensor;
    const factor = examples.totals.get(total);
    if (factor === undefined || written.size > 0) return restore();
    const found = new Map<AnyTensor, Tensor>();
    backpropagate(total, full(total.shape, factor), targets, false, (node, dy) => {
      node.args.forEach((x, k) => {
        if (!(x instanceof Tensor) || !targets.has(x)) return;
        const each = weightGradients(node, k, dy, count);
        const before = found.get(x);
        found.set(x, before ? accumulate(before, each) : each);
      });
    });
    return mapParameters(tracked, (x) =>
      found.has(x) ? gradientOf(x, found) : zeros([count, ...x.shape]),
    ) as unknown as GradientsOf<P>;
  });
}

/** Thrown, and caught here, where an op may mix examples. */
const mixed = new Error("perExampleGrad: examples may act on each other");

/** Follows through a loss which tensors hold one example in each element of their first axis. */
class Examples {
  /** The loss of all examples, and what its gradient must be multiplied by to be the sum of theirs. */
  readonly totals = new Map<AnyTensor, number>();
  private readonly count: number;
  private readonly parameters: ReadonlySet<AnyTensor>;
  private readonly apart: Set<AnyTensor>;

  constructor(count: number, parameters: ReadonlySet<AnyTensor>, batch: readonly AnyTensor[]) {
    this.count = count;
    this.parameters = parameters;
    this.apart = new Set(batch);
  }

  /** Takes note of an op; throws `mixed` where it may mix examples, or uses a parameter in a way that is not known. */
  readonly observer: Observer = (op, args, result) => {
    const tensors = [...tensorsOf(args)];
    const total = tensors.find((x) => this.totals.has(x));
    if (total !== undefined) {
      if (op !== neg) throw mixed;
      this.totals.set(result, this.totals.get(total) as number);
    } else if (!tensors.some((x) => this.apart.has(x))) {
      if (tensors.some((x) => this.parameters.has(x))) throw mixed;
    } else if ((op === sum || op === mean) && result.size === 1) {
      // The mean over a batch counts each example's own mean once in `count`.
      this.totals.set(result, op === mean ? this.count : 1);
    } else if (result.shape[0] === this.count && this.keepsApart(op, args, tensors, result.shape))
      this.apart.add(result);
    else throw mixed;
  };

  private keepsApart({ perExample }: AnyOp, args: readonly unknown[], tensors: AnyTensor[], shape: Shape): boolean {
    if (perExample === undefined) return false;
    if (perExample === "elementwise") return tensors.every((y) => this.meets(y, shape));
    if (perExample === "rows") return tensors.every((y) => this.apart.has(y)) && tensors[0].rank > 1;
    // A tensor that is both operands of a product would have its examples meet.
    const isFirstOnly = this.apart.has(args[0] as AnyTensor) && !tensors.slice(1).some((y) => this.apart.has(y));
    return isFirstOnly && perExample(...args);
  }

  /** Whether an operand of an elementwise op has its examples in the result's first axis, or is the same for all. */
  private meets(y: AnyTensor, shape: Shape): boolean {
    if (this.apart.has(y)) return y.rank === shape.length;
    return !this.parameters.has(y) && (y.rank < shape.length || y.shape[0] === 1);
  }
}

/** The gradients by argument k of a node, a weight, for each example. */
function weightGradients({ op, args, output }: Node, k: number, dy: Tensor, count: number): Tensor {
  const x = args[0] as Tensor;
  const apart = (y: Tensor): Tensor => {
    const width = y.shape[y.rank - 1];
    return reshape(y, [count, y.size / (count * width), width]) as Tensor;
  };
  // A bias.
  if (k === 2) return sum(apart(dy), 1);
  if (op === matmul && (args[2] as MatmulOptions | undefined)?.transposeB) {
    return matmul(apart(dy), apart(x), { transposeA: true });
  }
  if (op !== convolve && op !== convolveChannels) return matmul(apart(x), apart(dy), { transposeA: true });
  const gradient = (op.gradients as readonly ((...all: unknown[]) => Tensor)[])[k];
  const [, filters, bias, spec, ...rest] = args;
  const alone = { ...(spec as object), batch: 1 };
  return stack(
    Array.from({ length: count }, (_, i) =>
      gradient(exampleOf(dy, i), output, exampleOf(x, i), filters, bias, alone, ...rest),
    ),
  ) as Tensor;
}
