// Gradient norms and gradient clipping.
import { add, mul } from "../ops/arithmetic.ts";
import { clip } from "../ops/elementwise.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { requirePositive } from "./options.ts";

/** At most one of the three. */
export interface ClippingOptions {
  /** Scales each gradient down to at most this norm; default none. */
  clipNorm?: number;
  /** Scales all gradients together down to at most this norm; default none. */
  globalClipNorm?: number;
  /** Clips each element of a gradient to [-clipValue, clipValue]; default none. */
  clipValue?: number;
}

/** Throws an ArgumentError unless at most one limit is given, above 0. */
export function checkClipping({ clipNorm, globalClipNorm, clipValue }: ClippingOptions): void {
  const ways = [clipNorm, globalClipNorm, clipValue].filter((limit) => limit !== undefined);
  if (ways.length > 1) {
    throw new ArgumentError("optimizer: only one of clipNorm, globalClipNorm and clipValue may be given, got several");
  }
  for (const limit of ways) requirePositive("clipping", limit);
}

/** A gradient, and what it is still to be multiplied by: a scalar in memory, or nothing. */
interface ScaledGradient {
  readonly gradient: Tensor;
  readonly scale: Tensor | undefined;
}

/** The gradients within the limits; `unscale` is what they are to be multiplied by before. */
export function clipGradients(
  gradients: readonly Tensor[],
  { clipNorm, globalClipNorm, clipValue }: ClippingOptions,
  unscale: Tensor | undefined,
): ScaledGradient[] {
  if (clipValue !== undefined) {
    return gradients.map((g) => {
      const whole = unscale === undefined ? g : mul(g, unscale);
      return { gradient: clip(whole, -clipValue, clipValue), scale: undefined };
    });
  }
  if (clipNorm !== undefined) {
    return gradients.map((gradient) => ({ gradient, scale: clipScale([gradient], clipNorm, unscale) }));
  }
  const scale = globalClipNorm === undefined ? unscale : clipScale(gradients, globalClipNorm, unscale);
  return gradients.map((gradient) => ({ gradient, scale }));
}

function clipScale(gradients: readonly Tensor[], limit: number, unscale: Tensor | undefined): Tensor {
  const partials = blockNorms(gradients);
  const scale = empty([]);
  launch("clip_scale_f32", 1, partials.size, scale, partials, unscale, partials.size, limit);
  return scale;
}

/** Larger gradients have sums of squares beyond f32, and a moving average would stay infinite. */
const GREATEST = 1e14;

/** The gradient clipped to finite bounds; NaN where it is infinite, so that it shows. */
export function bounded(gradient: Tensor): Tensor {
  return add(clip(gradient, -GREATEST, GREATEST), mul(gradient, 0));
}

/** Elements of one partial norm. */
const BLOCK = 4096;

/** The norms of factor * x, block by block, of one tensor after the other. */
export function blockNorms(tensors: readonly Tensor[], factor = 1): Tensor {
  const blocks = tensors.map((x) => Math.ceil(x.size / BLOCK));
  const partials = empty([blocks.reduce((sum, n) => sum + n, 0)]);
  let first = 0;
  tensors.forEach((x, i) => {
    launch("block_norms_f32", blocks[i], 0.05 * BLOCK, partials, x, factor, x.size, first);
    first += blocks[i];
  });
  return partials;
}
