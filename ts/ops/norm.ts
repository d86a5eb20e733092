// Batch and layer normalization over the last axis, and their gradients. Where a gradient is itself differentiated, it
// is computed in basic ops instead of the fused kernels.
import { grad } from "../autograd/grad.ts";
import { defineOp, type Gradient, requireTensor } from "../autograd/op.ts";
import { anyTracked } from "../autograd/tape.ts";
import { batchNormOptions, layerNormOptions } from "../generated/options.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { sum, sumTo } from "./broadcast.ts";
import { sqrt, square } from "./elementwise.ts";
import { blockOf, fold } from "./lower/fold.ts";
import { mean as meanOf } from "./reduce.ts";

/** A tensor, or nothing where it is left out. */
type Optional = Tensor | undefined;

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Whether to normalize by the batch's own moments and update the moving averages; default false. */
  training?: boolean;
  /** Decay of the moving averages, in [0, 1]; default 0.99. */
  momentum?: number;
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
}

/**
 * Batch normalization: (x - mean) / sqrt(variance + epsilon) gamma + beta for each channel, the last axis. With
 * training the moments are x's over all other axes, and the moving averages, variables, are updated in place: average =
 * momentum average + (1 - momentum) moment; else they are the moments. gamma and beta may be undefined.
 * Shapes: `[..., channels]`, `[channels]` four times -> x's shape.
 * Errors: ShapeError for shapes that do not fit, and no rows in training; ArgumentError for options out of range;
 * DtypeError unless all are f32. Source: Ioffe and Szegedy 2015.
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor | undefined,
  beta: Tensor | undefined,
  movingMean: Tensor,
  movingVariance: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  const { training = false, momentum = 0.99, epsilon = 1e-3 } = checkOptions("batchNorm", options, batchNormOptions);
  checkArguments("batchNorm", epsilon, x, { gamma, beta, movingMean, movingVariance });
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new ArgumentError(`batchNorm: momentum must be from 0 to 1, got ${momentum}`);
  }
  if (!training) return normalize(x, movingMean, movingVariance, gamma, beta, epsilon);
  const [rows, channels] = rowsOf(x);
  if (rows === 0) {
    throw new ShapeError(`batchNorm: x must hold at least one row of channels, got shape ${formatShape(x.shape)}`);
  }
  const [mean, variance] = momentsOf(x);
  launch("running_average_f32", channels, 1, movingMean, mean, momentum);
  launch("running_average_f32", channels, 1, movingVariance, variance, momentum);
  return normalizeBatch(x, gamma, beta, mean, variance, epsilon);
}

function checkArguments(operation: string, epsilon: number, x: Tensor, channelwise: Record<string, Optional>): void {
  requireTensor(operation, "x", x);
  requireDtype(operation, "x", x.dtype, "f32");
  if (x.rank === 0) throw new ShapeError(`${operation}: x must have at least one axis, got shape []`);
  if (!(epsilon >= 0)) throw new ArgumentError(`${operation}: epsilon must be at least 0, got ${epsilon}`);
  const wanted = x.shape.slice(-1);
  for (const [name, value] of Object.entries(channelwise)) {
    if (value === undefined) continue;
    requireTensor(operation, name, value);
    requireDtype(operation, name, value.dtype, "f32");
    if (!sameShape(value.shape, wanted)) {
      throw new ShapeError(
        `${operation}: ${name} must have shape ${formatShape(wanted)} for x ${formatShape(x.shape)}, ` +
          `got ${formatShape(value.shape)}`,
      );
    }
  }
}

/** x as [rows, columns]. */
function rowsOf(x: AnyTensor): [rows: number, columns: number] {
  const columns = x.shape[x.rank - 1];
  return [columns === 0 ? 0 : x.size / columns, columns];
}

/** The mean and (biased) variance of each channel. */
function momentsOf(x: Tensor): [mean: Tensor, variance: Tensor] {
  const [rows, columns] = rowsOf(x);
  const block = blockOf(columns);
  const blocks = Math.ceil(rows / block);
  const [mean, variance] = [empty([columns]), empty([columns])];
  const [blockMean, blockSquares] = [empty([blocks, columns]), empty([blocks, columns])];
  launch("moments_f32", blocks, 0.4 * block * columns, blockMean, blockSquares, x, rows, columns, block);
  launch("moments_merge_f32", columns, 2 * blocks, mean, variance, blockMean, blockSquares, rows, columns, block);
  blockMean.dispose();
  blockSquares.dispose();
  return [mean, variance];
}

function normalizeRows(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor | undefined,
  beta: Tensor | undefined,
  epsilon: number,
): Tensor {
  const [rows, columns] = rowsOf(x);
  const y = empty(x.shape);
  launch("batch_norm_f32", rows, 5 + 0.35 * columns, y, x, mean, variance, gamma, beta, columns, epsilon);
  return y;
}

/** x normalized by given moments. */
const normalize = defineOp("batchNorm", {
  forward: normalizeRows,
  gradients: [
    (dy, _y, _x, _mean, variance, gamma, _beta, epsilon): Tensor => mul(dy, scaleOf(variance, gamma, epsilon)),
    (dy, _y, _x, mean, variance, gamma, _beta, epsilon): Tensor =>
      sumTo(mul(dy, mul(scaleOf(variance, gamma, epsilon), -1)), mean.shape),
    (dy, _y, x, mean, variance, gamma, _beta, epsilon): Tensor => {
      const slope = div(scaleOf(variance, gamma, epsilon), mul(add(variance, epsilon), -2));
      return sumTo(mul(mul(dy, sub(x, mean)), slope), variance.shape);
    },
    (dy, _y, x, mean, variance, _gamma, _beta, epsilon): Tensor =>
      sumTo(mul(dy, mul(sub(x, mean), scaleOf(variance, undefined, epsilon))), mean.shape),
    (dy, _y, _x, mean): Tensor => sumTo(dy, mean.shape),
  ],
});

/** gamma / sqrt(variance + epsilon) */
function scaleOf(variance: Tensor, gamma: Optional, epsilon: number): Tensor {
  return div(gamma ?? 1, sqrt(add(variance, epsilon)));
}

/** x normalized by its own moments, which the gradient goes through. */
const normalizeBatch = defineOp("batchNorm", {
  forward: (x: Tensor, gamma: Optional, beta: Optional, mean: Tensor, variance: Tensor, epsilon: number) =>
    normalizeRows(x, mean, variance, gamma, beta, epsilon),
  gradients(dy, _y, x, gamma, beta, mean, variance, epsilon) {
    if (anyTracked(dy, x, gamma)) return gradientsOfFormula(dy, x, gamma, beta, otherAxes(x), epsilon);
    const [rows, columns] = rowsOf(x);
    const dx = empty(x.shape);
    const [dgamma, dbeta] = sumBlocks(x, (dgammas, dbetas, block, blocks) => {
      const cost = 0.5 * block * columns;
      const sizes = [rows, columns, block, epsilon] as const;
      launch("batch_norm_grad_affine_f32", blocks, cost, dgammas, dbetas, dy, x, mean, variance, ...sizes);
    });
    const moments = [mean, variance, gamma, dgamma, dbeta] as const;
    launch("batch_norm_grad_x_f32", rows, 5 + 0.5 * columns, dx, dy, x, ...moments, rows, columns, epsilon);
    return [dx, dgamma, dbeta];
  },
});

/** The sums over all rows of x that `make` leaves for each block of rows: those for gamma and those for beta. */
function sumBlocks(
  x: Tensor,
  make: (dgammas: Tensor, dbetas: Tensor, block: number, blocks: number) => void,
): [dgamma: Tensor, dbeta: Tensor] {
  const [rows, columns] = rowsOf(x);
  const block = blockOf(columns);
  const blocks = Math.ceil(rows / block);
  const [dgammas, dbetas] = [empty([blocks, columns]), empty([blocks, columns])];
  make(dgammas, dbetas, block, blocks);
  const sums: [Tensor, Tensor] = [fold("sum_f32", dgammas, [0], [columns]), fold("sum_f32", dbetas, [0], [columns])];
  dgammas.dispose();
  dbetas.dispose();
  return sums;
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
}

/**
 * Layer normalization: (x - mean) / sqrt(variance + epsilon) gamma + beta, with the moments along the last axis; gamma
 * and beta default to none.
 * Shapes: `[..., features]`, `[features]` twice -> x's shape.
 * Errors: ShapeError for shapes that do not fit; ArgumentError for a negative epsilon; DtypeError unless all are f32.
 * Source: Ba, Kiros and Hinton 2016.
 */
export function layerNorm(x: Tensor, gamma?: Tensor, beta?: Tensor, options: LayerNormOptions = {}): Tensor {
  const { epsilon = 1e-3 } = checkOptions("layerNorm", options, layerNormOptions);
  checkArguments("layerNorm", epsilon, x, { gamma, beta });
  const [rows] = rowsOf(x);
  // Filled by the forward pass and kept for the gradient.
  return normalizeEach(x, gamma, beta, empty([rows]), empty([rows]), epsilon);
}

/** Each row of x normalized by its own moments, which the gradient goes through. */
const normalizeEach = defineOp("layerNorm", {
  forward(x: Tensor, gamma: Optional, beta: Optional, mean: Tensor, reciprocal: Tensor, epsilon: number) {
    const [rows, columns] = rowsOf(x);
    const y = empty(x.shape);
    launch("layer_norm_f32", rows, 50 + 0.6 * columns, y, mean, reciprocal, x, gamma, beta, columns, epsilon);
    return y;
  },
  gradients(dy, _y, x, gamma, beta, mean, reciprocal, epsilon) {
    if (anyTracked(dy, x, gamma)) return gradientsOfFormula(dy, x, gamma, beta, [x.rank - 1], epsilon);
    const [rows, columns] = rowsOf(x);
    const dx = empty(x.shape);
    launch("layer_norm_grad_x_f32", rows, 50 + 0.7 * columns, dx, dy, x, mean, reciprocal, gamma, columns);
    if (gamma === undefined && beta === undefined) return [dx];
    const [dgamma, dbeta] = sumBlocks(x, (dgammas, dbetas, block, blocks) => {
      const cost = 0.6 * block * columns;
      const sizes = [rows, columns, block] as const;
      launch("layer_norm_grad_affine_f32", blocks, cost, dgammas, dbetas, dy, x, mean, reciprocal, ...sizes);
    });
    return [dx, dgamma, dbeta];
  },
});

function otherAxes(x: AnyTensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, axis) => axis);
}

/** The gradients of x normalized over the axes with respect to x, gamma and beta, made of basic ops. */
function gradientsOfFormula(
  dy: Tensor,
  x: Tensor,
  gamma: Tensor | undefined,
  beta: Tensor | undefined,
  axes: readonly number[],
  epsilon: number,
): Gradient[] {
  const given: Record<string, Tensor> = { x, ...(gamma && { gamma }), ...(beta && { beta }) };
  const gradients: Record<string, Optional> = grad(({ x, gamma, beta }: Record<string, Tensor>) => {
    const centred = sub(x, meanOf(x, axes, true));
    let y = div(centred, sqrt(add(meanOf(square(centred), axes, true), epsilon)));
    if (gamma) y = mul(y, gamma);
    if (beta) y = add(y, beta);
    return sum(mul(y, dy));
  })(given);
  return [gradients.x, gradients.gamma, gradients.beta];
}
