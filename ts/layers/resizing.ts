// Upsampling, zero padding and cropping of sequences, images and volumes [batch, ...sizes, channels], channels last.

import { requireTensor } from "../autograd/op.ts";
import { croppingOptions, upSampling2DOptions, upSamplingOptions, zeroPaddingOptions } from "../generated/options.ts";
import { pad, slice } from "../ops/layout.ts";
import { FORMS, type PerAxis, perAxis, type Rank } from "../ops/lower/conv-geometry.ts";
import { type Interpolation, repeatEach, requireInterpolation, resize } from "../ops/resize.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { defineLayer, Layer, type LayerDefinition, type LayerKind, type LayerOptions } from "./layer.ts";

/** Options of {@link upSampling1d} and {@link upSampling3d}. */
export interface UpSamplingOptions<R extends Rank> extends LayerOptions {
  /** Factor along each axis; default 2. */
  size?: PerAxis<R>;
}

abstract class UpSampling<R extends Rank> extends Layer {
  readonly size: readonly number[];
  private readonly rank: R;

  constructor(kind: LayerKind, rank: R, options: UpSamplingOptions<R>) {
    super(kind, options);
    this.size = perAxis(this.name, "size", options.size ?? 2, rank);
    this.rank = rank;
  }

  override get mixesSteps(): boolean {
    return this.size[0] > 1;
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, size } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    return inputShape.map((length, axis) => length * (size[axis] ?? 1));
  }

  call(x: AnyTensor): Tensor {
    return this.size.reduce((y, count, axis) => repeatEach(y, axis + 1, count), this.floats(x));
  }
}

/** The layer that {@link upSampling1d} makes. */
export class UpSampling1D extends UpSampling<1> {
  constructor(options: UpSamplingOptions<1> = {}) {
    super(upSampling1d, 1, options);
  }
}

/**
 * Repeats each step `size` times.
 * Shapes: `[batch, time, channels]` -> `[batch, time size, channels]`.
 * Errors: ArgumentError unless size is a whole number of at least 1; ShapeError for inputs of another rank; DtypeError
 * unless they are f32.
 */
export const upSampling1d: LayerDefinition<typeof UpSampling1D> = defineLayer(
  "up_sampling1d",
  UpSampling1D,
  upSamplingOptions,
);

/** Options of {@link upSampling2d}. */
export interface UpSampling2DOptions extends UpSamplingOptions<2> {
  /** "nearest", the default, repeats pixels; "bilinear" interpolates. */
  interpolation?: Interpolation;
}

/** The layer that {@link upSampling2d} makes. */
export class UpSampling2D extends UpSampling<2> {
  readonly interpolation: Interpolation;

  constructor(options: UpSampling2DOptions = {}) {
    super(upSampling2d, 2, options);
    this.interpolation = options.interpolation ?? "nearest";
    requireInterpolation(this.name, this.interpolation);
  }

  /** The images repeated or interpolated. */
  override call(x: AnyTensor): Tensor {
    if (this.interpolation === "nearest") return super.call(x);
    const [, height, width] = x.shape;
    const [down, across] = this.size;
    return resize(this.floats(x), [height * down, width * across], { interpolation: this.interpolation });
  }
}

/**
 * Enlarges images by whole factors, by nearest-neighbour or bilinear interpolation.
 * Shapes: `[batch, height, width, channels]` -> `[batch, height size[0], width size[1], channels]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank; DtypeError unless they are
 * f32.
 */
export const upSampling2d: LayerDefinition<typeof UpSampling2D> = defineLayer(
  "up_sampling2d",
  UpSampling2D,
  upSampling2DOptions,
);

/** The layer that {@link upSampling3d} makes. */
export class UpSampling3D extends UpSampling<3> {
  constructor(options: UpSamplingOptions<3> = {}) {
    super(upSampling3d, 3, options);
  }
}

/**
 * Repeats each voxel size[0] x size[1] x size[2] times.
 * Shapes: `[batch, depth, height, width, channels]` ->
 * `[batch, depth size[0], height size[1], width size[2], channels]`.
 * Errors: ArgumentError unless size holds whole numbers of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const upSampling3d: LayerDefinition<typeof UpSampling3D> = defineLayer(
  "up_sampling3d",
  UpSampling3D,
  upSamplingOptions,
);

/** Numbers before and after an axis. */
export type Ends = readonly [number, number];

/** Ends of one, two or three axes. */
interface AllEnds {
  1: Ends | readonly [Ends];
  2: readonly [number | Ends, number | Ends];
  3: readonly [number | Ends, number | Ends, number | Ends];
}

/** One number for all ends, or for each axis one or [before, after]; of sequences also [before, after] alone. */
export type EndsPerAxis<R extends Rank> = number | AllEnds[R];

/** [before, after] for each axis, checked. */
function endsOf(name: string, what: string, value: EndsPerAxis<Rank>, rank: Rank): readonly Ends[] {
  const alone = rank === 1 && Array.isArray(value) && value.length === 2;
  const list: readonly unknown[] = typeof value === "number" ? new Array(rank).fill(value) : alone ? [value] : value;
  const ends = Array.isArray(list) ? [...list].map((end) => (typeof end === "number" ? [end, end] : ownCopy(end))) : [];
  const isWhole = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 0;
  if (ends.length !== rank || !ends.every((end) => Array.isArray(end) && end.length === 2 && end.every(isWhole))) {
    throw new ArgumentError(
      `${name}: ${what} must be a whole number of at least 0, or for each axis one or two, got ${textOf(value)}`,
    );
  }
  return ends as unknown as readonly Ends[];
}

/** Options of {@link zeroPadding1d}, {@link zeroPadding2d} and {@link zeroPadding3d}. */
export interface ZeroPaddingOptions<R extends Rank> extends LayerOptions {
  /** Zeros before and after each axis; default 1. */
  padding?: EndsPerAxis<R>;
}

abstract class ZeroPadding<R extends Rank> extends Layer {
  readonly padding: readonly Ends[];
  private readonly rank: R;

  constructor(kind: LayerKind, rank: R, options: ZeroPaddingOptions<R>) {
    super(kind, options);
    this.padding = endsOf(this.name, "padding", options.padding ?? 1, rank);
    this.rank = rank;
  }

  override get mixesSteps(): boolean {
    return this.padding[0].some((count) => count > 0);
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, padding } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    return inputShape.map((length, axis) => (axis < rank ? padding[axis][0] + length + padding[axis][1] : length));
  }

  call(x: AnyTensor): Tensor {
    return pad(this.floats(x), [[0, 0], ...this.padding, [0, 0]]);
  }
}

/** Options of {@link cropping1d}, {@link cropping2d} and {@link cropping3d}. */
export interface CroppingOptions<R extends Rank> extends LayerOptions {
  /** Elements removed at both ends of each axis; default 1, for images 0. */
  cropping?: EndsPerAxis<R>;
}

abstract class Cropping<R extends Rank> extends Layer {
  readonly cropping: readonly Ends[];
  private readonly rank: R;

  constructor(kind: LayerKind, rank: R, least: number, options: CroppingOptions<R>) {
    super(kind, options);
    this.cropping = endsOf(this.name, "cropping", options.cropping ?? least, rank);
    this.rank = rank;
  }

  override get mixesSteps(): boolean {
    return this.cropping[0].some((count) => count > 0);
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, cropping } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    const left = inputShape.map((length, axis) =>
      axis < rank ? length - cropping[axis][0] - cropping[axis][1] : length,
    );
    if (left.slice(0, rank).some((length) => length < 1)) {
      throw this.misfit(`be larger than what is cut off, ${JSON.stringify(cropping)}`, inputShape);
    }
    return left;
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    const [batch, ...shape] = x.shape;
    const begin = [0, ...this.cropping.map(([before]) => before), 0];
    return slice(this.floats(x), begin, [batch, ...this.outputShape(shape)]) as Tensor;
  }
}

/** The layer that {@link zeroPadding1d} makes. */
export class ZeroPadding1D extends ZeroPadding<1> {
  constructor(options: ZeroPaddingOptions<1> = {}) {
    super(zeroPadding1d, 1, options);
  }
}

/**
 * Pads sequences with zeros at both ends.
 * Shapes: `[batch, time, channels]` -> `[batch, before + time + after, channels]`.
 * Errors: ArgumentError unless padding holds whole numbers of at least 0; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const zeroPadding1d: LayerDefinition<typeof ZeroPadding1D> = defineLayer(
  "zero_padding1d",
  ZeroPadding1D,
  zeroPaddingOptions,
);

/** The layer that {@link zeroPadding2d} makes. */
export class ZeroPadding2D extends ZeroPadding<2> {
  constructor(options: ZeroPaddingOptions<2> = {}) {
    super(zeroPadding2d, 2, options);
  }
}

/**
 * Pads images with zeros on all sides: `layers.zeroPadding2d({ padding: [[0, 1], [0, 1]] })` pads the bottom and the
 * right.
 * Shapes: `[batch, height, width, channels]` -> `[batch, top + height + bottom, left + width + right, channels]`.
 * Errors: ArgumentError unless padding holds whole numbers of at least 0; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const zeroPadding2d: LayerDefinition<typeof ZeroPadding2D> = defineLayer(
  "zero_padding2d",
  ZeroPadding2D,
  zeroPaddingOptions,
);

/** The layer that {@link zeroPadding3d} makes. */
export class ZeroPadding3D extends ZeroPadding<3> {
  constructor(options: ZeroPaddingOptions<3> = {}) {
    super(zeroPadding3d, 3, options);
  }
}

/**
 * Pads volumes with zeros on all sides.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, each size
 * plus its two paddings.
 * Errors: ArgumentError unless padding holds whole numbers of at least 0; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const zeroPadding3d: LayerDefinition<typeof ZeroPadding3D> = defineLayer(
  "zero_padding3d",
  ZeroPadding3D,
  zeroPaddingOptions,
);

/** The layer that {@link cropping1d} makes. */
export class Cropping1D extends Cropping<1> {
  constructor(options: CroppingOptions<1> = {}) {
    super(cropping1d, 1, 1, options);
  }
}

/**
 * Crops sequences at both ends.
 * Shapes: `[batch, time, channels]` -> `[batch, time - before - after, channels]`.
 * Errors: ArgumentError unless cropping holds whole numbers of at least 0; ShapeError for inputs of another rank, or of
 * which nothing would be left; DtypeError unless they are f32.
 */
export const cropping1d: LayerDefinition<typeof Cropping1D> = defineLayer("cropping1d", Cropping1D, croppingOptions);

/** The layer that {@link cropping2d} makes. */
export class Cropping2D extends Cropping<2> {
  constructor(options: CroppingOptions<2> = {}) {
    super(cropping2d, 2, 0, options);
  }
}

/**
 * Crops images on all sides.
 * Shapes: `[batch, height, width, channels]` -> `[batch, height - top - bottom, width - left - right, channels]`.
 * Errors: ArgumentError unless cropping holds whole numbers of at least 0; ShapeError for inputs of another rank, or of
 * which nothing would be left; DtypeError unless they are f32.
 */
export const cropping2d: LayerDefinition<typeof Cropping2D> = defineLayer("cropping2d", Cropping2D, croppingOptions);

/** The layer that {@link cropping3d} makes. */
export class Cropping3D extends Cropping<3> {
  constructor(options: CroppingOptions<3> = {}) {
    super(cropping3d, 3, 1, options);
  }
}

/**
 * Crops volumes on all sides.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, each size
 * less its two croppings.
 * Errors: ArgumentError unless cropping holds whole numbers of at least 0; ShapeError for inputs of another rank, or of
 * which nothing would be left; DtypeError unless they are f32.
 */
export const cropping3d: LayerDefinition<typeof Cropping3D> = defineLayer("cropping3d", Cropping3D, croppingOptions);
