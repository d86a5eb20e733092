// Running sums for metrics: gathered in tensors, so that a captured step can do it, and read at the end of an epoch.
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { mul, sub } from "../ops/arithmetic.ts";
import { broadcastTo, sum } from "../ops/broadcast.ts";
import { equal, notEqual, where } from "../ops/compare.ts";
import { reshape } from "../ops/layout.ts";
import { mean } from "../ops/reduce.ts";
import { launch, unrecorded } from "../runtime/launch.ts";
import { full, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** Sums of `size` numbers over all batches, in f64. */
export class Totals {
  /** Each sum in the place of two numbers. */
  private readonly sums: Variable<"i32">;

  constructor(size: number) {
    this.sums = unrecorded(() => scope(() => new Variable(zeros([2 * size], "i32"), { trainable: false })));
  }

  /** Adds one number to each sum, `times` times. */
  add(values: Tensor, times = 1): void {
    launch("running_sum_f32", values.size, 1, this.sums, values, times);
  }

  values(): Float64Array {
    return new Float64Array(this.sums.data().buffer);
  }

  reset(): void {
    this.sums.assign(new Int32Array(this.sums.size));
  }

  dispose(): void {
    this.sums.dispose();
  }
}

/** Sums of distances from a number in the midst of the values: of them and their squares little is lost by rounding. */
export class ShiftedTotals extends Totals {
  /** For each column the mean of the first batch; NaN before it. */
  private readonly shift: Variable;

  /** `rows` sums for each of the columns. */
  constructor(columns: number, rows: number) {
    super(rows * columns);
    this.shift = unrecorded(() => scope(() => new Variable(full([columns], Number.NaN), { trainable: false })));
  }

  /** x [batch, columns] less the shift. */
  shifted(x: Tensor): Tensor {
    this.shift.assign(where(notEqual(this.shift, this.shift), mean(x, 0), this.shift));
    return sub(x, this.shift);
  }

  override reset(): void {
    super.reset();
    this.shift.assign(new Float32Array(this.shift.size).fill(Number.NaN));
  }

  override dispose(): void {
    super.dispose();
    this.shift.dispose();
  }
}

/** The running mean of values over examples. */
export class Mean {
  private readonly total = new Totals(1);
  private readonly count = new Totals(1);

  /**
   * Takes in the values of a batch: a number for each example, [batch], or several, [batch, ...], of which an example's mean
   * counts. sampleWeight, [batch] or of more of the values' axes, says how much each counts; default 1.
   * A single number counts as `examples` of them; default 1.
   */
  update(values: Tensor, sampleWeight?: Tensor, examples = 1): void {
    requireTensor("Mean", "values", values);
    if (values.size === 0) return;
    noGrad(() =>
      scope(() => {
        const [weighted, weights] = perExample(values, sampleWeight, mean);
        const isOne = values.rank === 0 && !weights;
        this.total.add(isOne ? weighted : sum(weighted), isOne ? examples : 1);
        this.count.add(weights ? sum(weights) : full([], isOne ? examples : values.shape[0]));
      }),
    );
  }

  /** Whether nothing was added since the last reset. */
  get isEmpty(): boolean {
    return this.count.values()[0] === 0;
  }

  /** 0 when nothing was added. */
  result(): number {
    const [count] = this.count.values();
    return count === 0 ? 0 : this.total.values()[0] / count;
  }

  /** Forgets all batches. */
  reset(): void {
    this.total.reset();
    this.count.reset();
  }

  /** Frees its variables. */
  dispose(): void {
    this.total.dispose();
    this.count.dispose();
  }
}

/** The running sum of values. */
export class Sum {
  private readonly totals = new Totals(1);

  /** Takes in the values of a batch, [batch, ...]; sampleWeight, of their first axes, says how much each counts. */
  update(values: Tensor, sampleWeight?: Tensor): void {
    requireTensor("Sum", "values", values);
    noGrad(() => scope(() => this.totals.add(sum(perExample(values, sampleWeight, sum)[0]))));
  }

  /** The sum over all batches since the last reset. */
  result(): number {
    return this.totals.values()[0];
  }

  /** Forgets all batches. */
  reset(): void {
    this.totals.reset();
  }

  /** Frees its variables. */
  dispose(): void {
    this.totals.dispose();
  }
}

/** The values times their weights; 0 where these are, whatever the values. */
export function weigh(values: Tensor, weights: Tensor): Tensor {
  return where(equal(weights, 0), 0, mul(values, weights)) as Tensor;
}

/** The values times their weights, and the weights, one of both for each example: axes beyond the first are reduced. */
function perExample(
  values: Tensor,
  sampleWeight: Tensor | undefined,
  reduce: (x: Tensor, axes: number[]) => Tensor,
): [values: Tensor, weights: Tensor | undefined] {
  const toFirst = (x: Tensor, rank: number): Tensor =>
    x.rank > rank
      ? reduce(
          x,
          Array.from({ length: x.rank - rank }, (_, i) => rank + i),
        )
      : x;
  if (sampleWeight === undefined) return [toFirst(values, 1), undefined];
  requireTensor("metric", "sampleWeight", sampleWeight);
  let { shape } = sampleWeight;
  while (shape.length > 1 && shape[shape.length - 1] === 1) shape = shape.slice(0, -1);
  const reduced = toFirst(values, shape.length);
  const weights = broadcastTo(reshape(sampleWeight, shape), reduced.rank === 0 ? shape : reduced.shape) as Tensor;
  return [toFirst(weigh(reduced, weights), 1), toFirst(weights, 1)];
}
