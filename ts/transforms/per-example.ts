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
import { requireTensor } from "../autograd/op.ts";
import { type Node, tensorsOf, withRecording } from "../autograd/tape.ts";
import { sum } from "../ops/broadcast.ts";
import { reshape, slice, stack } from "../ops/layout.ts";
import { type MatmulOptions, matmul } from "../ops/matmul.ts";
import type { Axes } from "../ops/reduce.ts";
import { requireFunction, requireSynchronous } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { watchWrites } from "../runtime/launch.ts";
import { full, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, normalizeAxes, type Shape } from "../tensor/shape.ts";
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

/** Functions of one element, and of elements that stand in the same place. */
const elementwise = new Set(
  (
    "neg abs sign floor sqrt square reciprocal exp log log1p sin cos erf sigmoid tanh relu softplus silu gelu leakyRelu " +
    "elu clip cast identity stopGradient add sub mul div pow maximum minimum equal notEqual less lessEqual greater greaterEqual " +
    "logicalAnd logicalOr logicalNot where"
  ).split(" "),
);
const windowed = new Set(["conv2d", "depthwiseConv2d"]);
const pooled = new Set(["maxPool2d", "avgPool2d"]);
const alongRows = new Set(["softmax", "logSoftmax"]);
const reductions = new Set(["sum", "mean", "max", "min", "logSumExp"]);

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
  readonly observer: Observer = ({ opName }, args, result) => {
    const tensors = [...tensorsOf(args)];
    const total = tensors.find((x) => this.totals.has(x));
    if (total !== undefined) {
      if (opName !== "neg") throw mixed;
      this.totals.set(result, this.totals.get(total) as number);
    } else if (!tensors.some((x) => this.apart.has(x))) {
      if (tensors.some((x) => this.parameters.has(x))) throw mixed;
    } else if ((opName === "sum" || opName === "mean") && result.size === 1) {
      // The mean over a batch counts each example's own mean once in `count`.
      this.totals.set(result, opName === "mean" ? this.count : 1);
    } else if (this.keepsApart(opName, args, tensors, result.shape)) this.apart.add(result);
    else throw mixed;
  };

  private keepsApart(opName: string, args: readonly unknown[], tensors: AnyTensor[], shape: Shape): boolean {
    const [x, second] = args as AnyTensor[];
    // A tensor that is both operands of a product would have its examples meet.
    const isFirstOnly = this.apart.has(x) && ![...tensorsOf(args.slice(1))].some((y) => this.apart.has(y));
    if (elementwise.has(opName)) return shape[0] === this.count && tensors.every((y) => this.meets(y, shape));
    if (opName === "softmaxCrossEntropy") return this.apart.has(x) && this.apart.has(second) && x.rank > 1;
    if (!isFirstOnly) return false;
    if (opName === "matmul") {
      const options = args[2] as MatmulOptions | undefined;
      return x.rank > 1 && second.rank === 2 && options?.transposeA !== true;
    }
    if (opName === "linear") return x.rank > 1;
    if (windowed.has(opName) || pooled.has(opName)) return true;
    if (alongRows.has(opName)) return x.rank > 1;
    if (opName === "reshape") return shape[0] === this.count;
    if (opName === "transpose") return (second as unknown as readonly number[] | undefined)?.[0] === 0;
    return reductions.has(opName) && !normalizeAxes(opName, args[1] as Axes, x.rank).includes(0);
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
  if (op.opName === "matmul" && (args[2] as MatmulOptions | undefined)?.transposeB) {
    return matmul(apart(dy), apart(x), { transposeA: true });
  }
  if (!windowed.has(op.opName)) return matmul(apart(x), apart(dy), { transposeA: true });
  const gradient = (op.gradients as readonly ((...all: unknown[]) => Tensor)[])[k];
  const [, filters, bias, geometry, ...rest] = args;
  const alone = { ...(geometry as object), batch: 1 };
  return stack(
    Array.from({ length: count }, (_, i) =>
      gradient(exampleOf(dy, i), output, exampleOf(x, i), filters, bias, alone, ...rest),
    ),
  ) as Tensor;
}
