// Group, instance, root mean square, unit and spectral normalization.

import { noGrad } from "../autograd/tape.ts";
import {
  affineNormalizationOptions,
  groupNormalizationOptions,
  rmsNormalizationOptions,
  spectralNormalizationOptions,
  unitNormalizationOptions,
} from "../generated/options.ts";
import { add, div, maximum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import { reshape } from "../ops/layout.ts";
import { matmul } from "../ops/matmul.ts";
import { mean } from "../ops/reduce.ts";
import { typeOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { ownCopy } from "./config.ts";
import {
  type CallContext,
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Outputs,
  requireCount,
} from "./layer.ts";
import { AffineNormalization, type AffineNormalizationOptions } from "./normalization.ts";
import type { Shapes } from "./shapes.ts";
import { isTimeAxis } from "./stepping.ts";

/** Options of {@link groupNormalization}. */
export interface GroupNormalizationOptions extends AffineNormalizationOptions {
  /** Number of groups of channels; -1 for one per channel; default 32. */
  groups?: number;
}

/** The layer that {@link groupNormalization} makes. */
export class GroupNormalization extends AffineNormalization {
  readonly groups: number;

  constructor(options: GroupNormalizationOptions = {}, kind: LayerKind = groupNormalization, groups = 32) {
    super(kind, options);
    groups = options.groups ?? groups;
    if (groups !== -1) requireCount(this.name, "groups", groups);
    this.groups = groups;
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputShape(inputShape: Shape): Shape {
    const channels = inputShape[inputShape.length - 1];
    if (this.groups !== -1 && channels % this.groups !== 0) {
      throw this.misfit(`have channels in ${this.groups} equal groups`, inputShape);
    }
    return super.outputShape(inputShape);
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    const batch = x.shape[0];
    const channels = x.shape[x.rank - 1];
    const groups = this.groups === -1 ? channels : this.groups;
    const rows = sizeOf(x.shape.slice(1, -1));
    const grouped = reshape(inputs, [batch, rows, groups, channels / groups]) as Tensor;
    const centered = sub(grouped, mean(grouped, [1, 3], true));
    const deviation = sqrt(add(mean(square(centered), [1, 3], true), this.epsilon));
    let y = reshape(div(centered, deviation), x.shape) as Tensor;
    if (this.gamma) y = mul(y, this.gamma);
    return this.beta ? add(y, this.beta) : y;
  }
}

/**
 * Group normalization: (x - mean) / sqrt(variance + epsilon) gamma + beta, with the moments of each group of channels
 * of each example. Epsilon is 1e-3, as in Keras; PyTorch's is 1e-5.
 * Shapes: `[batch, ..., channels]` -> the same.
 * Errors: ArgumentError for options out of range; ShapeError unless groups divide the channels, and for other channels
 * than those it was built for; DtypeError unless inputs are f32. Source: Wu and He 2018.
 */
export const groupNormalization: LayerDefinition<typeof GroupNormalization> = defineLayer(
  "group_normalization",
  GroupNormalization,
  groupNormalizationOptions,
);

/** The layer that {@link instanceNormalization} makes. */
export class InstanceNormalization extends GroupNormalization {
  constructor(options: AffineNormalizationOptions = {}) {
    super(options, instanceNormalization, -1);
  }
}

/**
 * Instance normalization: group normalization with one group per channel.
 * Shapes: `[batch, ..., channels]` -> the same.
 * Errors: ArgumentError for options out of range; ShapeError for other channels than those it was built for; DtypeError
 * unless inputs are f32. Source: Ulyanov et al. 2016.
 */
export const instanceNormalization: LayerDefinition<typeof InstanceNormalization> = defineLayer(
  "instance_normalization",
  InstanceNormalization,
  affineNormalizationOptions,
);

/** Options of {@link rmsNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** Added to the mean square; default 1e-6. */
  epsilon?: number;
}

/** The layer that {@link rmsNormalization} makes. */
export class RMSNormalization extends Layer {
  readonly epsilon: number;
  /** Factors along the last axis; there once the layer is built. */
  scale!: Variable;

  constructor(options: RMSNormalizationOptions = {}) {
    super(rmsNormalization, options);
    this.epsilon = options.epsilon ?? 1e-6;
    if (!(this.epsilon >= 0)) throw new ArgumentError(`${this.name}: epsilon must be at least 0, got ${this.epsilon}`);
  }

  override build(inputShape: Shape): void {
    this.scale = this.addWeight("scale", { shape: inputShape.slice(-1), initializer: "ones" });
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.misfit("have an axis of features after the batch", inputShape);
    return inputShape;
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    return mul(div(inputs, sqrt(add(mean(square(inputs), -1, true), this.epsilon))), this.scale);
  }
}

/**
 * Root mean square normalization: x / sqrt(mean(x^2) + epsilon) scale along the last axis.
 * Shapes: `[batch, ..., features]` -> the same.
 * Errors: ArgumentError for a negative epsilon; ShapeError for inputs without features; DtypeError unless they are f32.
 * Source: Zhang and Sennrich 2019.
 */
export const rmsNormalization: LayerDefinition<typeof RMSNormalization> = defineLayer(
  "rms_normalization",
  RMSNormalization,
  rmsNormalizationOptions,
);

/** Options of {@link unitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis, or axes, of the norm, the batch being 0; default -1. */
  axis?: number | readonly number[];
}

/** Lower bound of norms. */
const LEAST_LENGTH = 1e-12;

/** The layer that {@link unitNormalization} makes. */
export class UnitNormalization extends Layer {
  readonly axis: number | readonly number[];

  constructor(options: UnitNormalizationOptions = {}) {
    super(unitNormalization, options);
    this.axis = ownCopy(options.axis ?? -1);
  }

  override get mixesSteps(): boolean {
    return isTimeAxis(this.axis);
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    return div(inputs, sqrt(maximum(sum(square(inputs), this.axis, true), LEAST_LENGTH ** 2)));
  }
}

/**
 * Scales vectors to length 1: x / |x|, the Euclidean norm along an axis. Norms below 1e-12 count as 1e-12.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless inputs are f32.
 */
export const unitNormalization: LayerDefinition<typeof UnitNormalization> = defineLayer(
  "unit_normalization",
  UnitNormalization,
  unitNormalizationOptions,
);

/** Options of {@link spectralNormalization}. */
export interface SpectralNormalizationOptions extends LayerOptions {
  /** A layer with a kernel or embeddings. */
  layer: Layer;
  /** Power iterations per training call; default 1. */
  powerIterations?: number;
}

/** The layer that {@link spectralNormalization} makes. */
export class SpectralNormalization extends Layer {
  readonly layer: Layer;
  readonly powerIterations: number;
  /** The estimate of the kernel's main direction [1, last axis]; there once the layer is built. */
  vectorU!: Variable;

  constructor(options: SpectralNormalizationOptions) {
    super(spectralNormalization, options);
    const { layer, powerIterations = 1 } = options;
    if (!(layer instanceof Layer)) throw new ArgumentError(`${this.name}: layer must be a layer, got ${typeOf(layer)}`);
    requireCount(this.name, "powerIterations", powerIterations);
    this.layer = layer;
    this.powerIterations = powerIterations;
  }

  override build(inputShape: Shapes): void {
    this.layer.ensureBuilt(inputShape);
    const { kernel } = this;
    this.vectorU = this.addWeight("vectorU", {
      shape: [1, kernel.shape[kernel.rank - 1]],
      initializer: { name: "truncatedNormal", stddev: 0.02 },
      trainable: false,
    });
  }

  override outputShape(inputShape: Shapes): Shapes | undefined {
    return this.layer.outputShape(inputShape);
  }

  call(x: AnyTensor, { training, addLoss, addMetric }: CallContext): Outputs {
    if (training) noGrad(() => this.normalize());
    return this.layer.applyAll(x, { training, addLoss, addMetric });
  }

  private get kernel(): Variable {
    const { kernel, embeddings } = this.layer as Layer & { kernel?: Variable; embeddings?: Variable };
    const found = kernel ?? embeddings;
    if (found === undefined || found.rank < 2) {
      const got = found === undefined ? "none" : `shape ${formatShape(found.shape)}`;
      throw new ArgumentError(`${this.name}: layer must have a kernel of at least two axes, got ${got}`);
    }
    return found;
  }

  private normalize(): void {
    const { kernel } = this;
    const outputs = kernel.shape[kernel.rank - 1];
    const matrix = reshape(kernel, [kernel.size / outputs, outputs]) as Tensor;
    let u: Tensor = this.vectorU;
    let v = u;
    for (let i = 0; i < this.powerIterations; i++) {
      v = unit(matmul(u, matrix, { transposeB: true }));
      u = unit(matmul(v, matrix));
    }
    const sigma = reshape(matmul(matmul(v, matrix), u, { transposeB: true }), []) as Tensor;
    this.vectorU.assign(u);
    kernel.assign(div(kernel, sigma));
  }
}

/**
 * Wraps a layer and keeps the largest singular value of its kernel, as a matrix `[everything else, outputs]`, at 1:
 * each training call divides the kernel, in place, by an estimate from power iteration.
 * Shapes: those of the wrapped layer.
 * Errors: ArgumentError unless layer is a layer with a kernel, or embeddings, of at least two axes.
 * Source: Miyato et al. 2018.
 */
export const spectralNormalization: LayerDefinition<typeof SpectralNormalization> = defineLayer(
  "spectral_normalization",
  SpectralNormalization,
  spectralNormalizationOptions,
);

function unit(x: Tensor): Tensor {
  return div(x, sqrt(maximum(sum(square(x)), LEAST_LENGTH)));
}
