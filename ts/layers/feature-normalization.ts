// Feature normalization with given statistics, or with those of data seen before training.

import { requireTensor } from "../autograd/op.ts";
import { normalizationOptions } from "../generated/options.ts";
import { add, div, maximum, mul, sub } from "../ops/arithmetic.ts";
import { cast } from "../ops/compare.ts";
import { sqrt } from "../ops/elementwise.ts";
import { reshape, transpose } from "../ops/layout.ts";
import { requireList } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Numbers, tensor } from "../tensor/create.ts";
import { type Nested, shapeOf } from "../tensor/nested.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { ownCopy } from "./config.ts";
import { defineLayer, Layer, type LayerDefinition, type LayerOptions } from "./layer.ts";

/** Options of {@link normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** The axes with statistics of their own, the batch being 0; null: one mean and variance for all. Default -1. */
  axis?: number | readonly number[] | null;
  /** The mean, a number or of the kept axes' shape; default: what `adapt` computes, 0 before. */
  mean?: Numbers;
  /** The variance, of the mean's shape; default: what `adapt` computes, 1 before. */
  variance?: Numbers;
  /** Whether to denormalize: mean + x sqrt(variance); default false. */
  invert?: boolean;
}

/** Lower bound of standard deviations, as in Keras. */
const LEAST_DEVIATION = 1e-7;

/** The layer that {@link normalization} makes. */
export class Normalization extends Layer {
  private readonly axis: readonly number[];
  private readonly given: { readonly mean: Numbers; readonly variance: Numbers } | undefined;
  private readonly invert: boolean;
  /** What `adapt` found, of the kept axes' shape; there once the layer is built, unless they were given. */
  private found: { readonly mean: Variable; readonly variance: Variable } | undefined;
  /** Axes of the inputs with statistics of their own, and their sizes. */
  private kept: readonly number[] = [];
  private sizes: Shape = [];

  constructor(options: NormalizationOptions = {}) {
    super(normalization, options);
    const { axis = -1, mean, variance, invert = false } = options;
    this.axis = axis === null ? [] : typeof axis === "number" ? [axis] : ownCopy(axis);
    requireList(this.name, "axis", this.axis);
    this.invert = invert;
    if (mean === undefined && variance === undefined) return;
    if (mean === undefined || variance === undefined) {
      throw new ArgumentError(`${this.name}: mean and variance must be given both or neither, got one`);
    }
    const [shape, other] = [shapeOf(mean), shapeOf(variance)];
    if (!sameShape(shape, other) || shape.length > this.axis.length) {
      throw new ArgumentError(
        `${this.name}: mean and variance must have one shape, of at most ${this.axis.length} axes, ` +
          `got ${formatShape(shape)} and ${formatShape(other)}`,
      );
    }
    this.given = ownCopy({ mean, variance });
  }

  override build(inputShape: Shape): void {
    const rank = inputShape.length + 1;
    const list = this.axis.map((axis) => normalizeAxis(this.name, axis, rank));
    if (list.includes(0) || new Set(list).size < list.length) {
      throw new ArgumentError(
        `${this.name}: axis must name different axes behind the batch, got [${this.axis.join(", ")}] for rank ${rank}`,
      );
    }
    this.kept = list.sort((a, b) => a - b);
    this.sizes = this.kept.map((axis) => inputShape[axis - 1]);
    if (this.given !== undefined) return;
    const make = (name: string, initializer: "zeros" | "ones"): Variable =>
      this.addWeight(name, { shape: this.sizes, initializer, trainable: false });
    this.found = { mean: make("mean", "zeros"), variance: make("variance", "ones") };
  }

  override outputShape(inputShape: Shape): Shape {
    if (this.built && this.kept.some((axis, i) => inputShape[axis - 1] !== this.sizes[i])) {
      throw this.misfit(`keep the sizes ${formatShape(this.sizes)} it was built for`, inputShape);
    }
    return inputShape;
  }

  /**
   * Computes mean and variance of the data, in float64: a tensor `[batch, ...]`, ArrayData, nested lists, or an
   * iterable of tensors (batches). Replaces earlier statistics, and builds the layer if need be.
   * Errors: ArgumentError for no examples, and where mean and variance were given.
   */
  adapt(data: AnyTensor | { tensor(): AnyTensor } | Nested | Iterable<AnyTensor>): void {
    if (this.given !== undefined) {
      throw new ArgumentError(`${this.name}: adapt must not be called where mean and variance are given, got a call`);
    }
    let moments: Moments | undefined;
    const isInLists = Array.isArray(data) && data.length > 0 && !(data[0] instanceof Tensor);
    const isArray = typeof data === "object" && data !== null && "tensor" in data;
    const whole = isArray ? data.tensor() : isInLists ? tensor(data as Nested) : undefined;
    const given = whole ?? data;
    const isList =
      typeof given === "object" && given !== null && Symbol.iterator in given && !(given instanceof Tensor);
    for (const batch of (isList ? given : [given]) as Iterable<AnyTensor>) {
      requireTensor(this.name, "the data of adapt", batch);
      this.ensureBuilt(batch.shape.slice(1));
      moments ??= new Moments(sizeOf(this.sizes));
      const others = batch.shape.flatMap((_, axis) => (this.kept.includes(axis) ? [] : [axis]));
      moments.add(scope(() => (transpose(cast(batch, "f32"), [...this.kept, ...others]) as Tensor).data()));
    }
    whole?.dispose();
    if (moments === undefined || moments.count === 0) {
      throw new ArgumentError(`${this.name}: adapt must be given at least one example, got none`);
    }
    this.found?.mean.assign(moments.mean);
    this.found?.variance.assign(moments.squares.map((sum) => sum / (moments as Moments).count));
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    const inputs = cast(x, "f32") as Tensor;
    const { mean, variance } = this.given ?? (this.found as { mean: Variable; variance: Variable });
    const along = (values: Numbers | Variable): Tensor => {
      const own = values instanceof Tensor ? values : tensor(values);
      const shape = new Array<number>(x.rank).fill(1);
      own.shape.forEach((size, i) => {
        shape[this.kept[this.kept.length - own.rank + i]] = size;
      });
      return reshape(own, shape) as Tensor;
    };
    const deviation = maximum(sqrt(along(variance)), LEAST_DEVIATION);
    return this.invert ? add(along(mean), mul(inputs, deviation)) : div(sub(inputs, along(mean)), deviation);
  }
}

/** Mean and variance per row, accumulated batch by batch (Chan et al. 1979). */
class Moments {
  count = 0;
  readonly mean: Float64Array;
  /** Sums of squared distances from the mean. */
  readonly squares: Float64Array;

  constructor(rows: number) {
    this.mean = new Float64Array(rows);
    this.squares = new Float64Array(rows);
  }

  /** Adds as many numbers to each row, those of one row after the other. */
  add(values: Float32Array): void {
    const { mean, squares } = this;
    const n = values.length / mean.length;
    if (!(n > 0)) return;
    for (let row = 0; row < mean.length; row++) {
      const own = values.subarray(row * n, (row + 1) * n);
      const centre = own.reduce((sum, x) => sum + x, 0) / n;
      const distance = centre - mean[row];
      mean[row] += (distance * n) / (this.count + n);
      squares[row] += (distance * distance * this.count * n) / (this.count + n);
      squares[row] += own.reduce((sum, x) => sum + (x - centre) ** 2, 0);
    }
    this.count += n;
  }
}

/**
 * Normalizes features to mean 0 and variance 1: (x - mean) / sqrt(variance), with statistics that are given or that
 * `adapt(data)` computes before training. Training does not change them.
 * Shapes: `[batch, ...]` of any dtype -> f32 of the same shape.
 * Errors: ArgumentError for only one of mean and variance, for two that differ in shape, and for an axis out of range;
 * ShapeError for inputs of other sizes than those it was built for.
 */
export const normalization: LayerDefinition<typeof Normalization> = defineLayer(
  "normalization",
  Normalization,
  normalizationOptions,
);
