// Colours of images [..., channels]. Formulas as in TensorFlow and Keras; numbers from 0 to 1 where colours have bounds.
import { requireFloat, within } from "../autograd/op.ts";
import { ShapeError } from "../runtime/errors.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, maximum, mul, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { equal, less, where } from "./compare.ts";
import { abs, clip, floor, sqrt } from "./elementwise.ts";
import { concat, split } from "./layout.ts";
import { max, mean, min, variance } from "./reduce.ts";

/**
 * Luma, 0.2989 red + 0.5870 green + 0.1140 blue (ITU-R BT.601).
 * Shapes: `[..., 3]` -> `[..., 1]`.
 * Errors: ShapeError unless the last axis is 3; DtypeError unless x is f32.
 */
export function rgbToGrayscale(x: Tensor): Tensor {
  requireColors("rgbToGrayscale", x);
  return sum(mul(x, tensor([0.2989, 0.587, 0.114])), -1, true);
}

/**
 * Hue, saturation and value of red, green and blue, all from 0 to 1.
 * Shapes: `[..., 3]` -> the same.
 * Errors: ShapeError unless the last axis is 3; DtypeError unless x is f32. Source: Smith 1978.
 */
export function rgbToHsv(x: Tensor): Tensor {
  requireColors("rgbToHsv", x);
  const [red, green, blue] = split(x, 3, -1);
  const value = max(x, -1, true);
  const chroma = sub(value, min(x, -1, true));
  // Grey has no hue and black no saturation: both are 0, without gradient.
  const isGrey = equal(chroma, 0);
  const isBlack = equal(value, 0);
  const sixth = div(1 / 6, where(isGrey, 1, chroma));
  const fromRed = mul(sub(green, blue), sixth);
  const fromGreen = add(mul(sub(blue, red), sixth), 1 / 3);
  const fromBlue = add(mul(sub(red, green), sixth), 2 / 3);
  const turn = where(equal(value, red), fromRed, where(equal(value, green), fromGreen, fromBlue));
  const hue = where(isGrey, 0, where(less(turn, 0), add(turn, 1), turn));
  const saturation = where(isBlack, 0, div(chroma, where(isBlack, 1, value)));
  return concat([hue, saturation, value], -1);
}

/**
 * Red, green and blue of hue, saturation and value. The hue has period 1.
 * Shapes: `[..., 3]` -> the same.
 * Errors: ShapeError unless the last axis is 3; DtypeError unless x is f32.
 */
export function hsvToRgb(x: Tensor): Tensor {
  requireColors("hsvToRgb", x);
  const [hue, saturation, value] = split(x, 3, -1);
  const turn = mul(sub(hue, floor(hue)), 6);
  const pure = concat(
    [
      clip(sub(abs(sub(turn, 3)), 1), 0, 1),
      clip(sub(2, abs(sub(turn, 2))), 0, 1),
      clip(sub(2, abs(sub(turn, 4))), 0, 1),
    ],
    -1,
  );
  return mul(add(mul(sub(pure, 1), saturation), 1), value);
}

/**
 * x + delta.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function adjustBrightness(x: Tensor, delta: number): Tensor {
  return within("adjustBrightness", () => {
    requireFloat("adjustBrightness", "x", x);
    return add(x, delta);
  });
}

/**
 * (x - mean) factor + mean, with the mean of each image and channel.
 * Shapes: `[..., height, width, channels]` -> the same.
 * Errors: ShapeError for fewer axes; DtypeError unless x is f32.
 */
export function adjustContrast(x: Tensor, factor: number): Tensor {
  return within("adjustContrast", () => {
    requirePlanes("adjustContrast", x);
    const average = mean(x, [-3, -2], true);
    return add(mul(sub(x, average), factor), average);
  });
}

/**
 * Multiplies the saturation by factor, up to 1.
 * Shapes: `[..., 3]` -> the same.
 * Errors: ShapeError unless the last axis is 3; DtypeError unless x is f32.
 */
export function adjustSaturation(x: Tensor, factor: number): Tensor {
  return within("adjustSaturation", () => {
    requireColors("adjustSaturation", x);
    const [hue, saturation, value] = split(rgbToHsv(x), 3, -1);
    return hsvToRgb(concat([hue, clip(mul(saturation, factor), 0, 1), value], -1));
  });
}

/**
 * Adds delta to the hue, whose period is 1.
 * Shapes: `[..., 3]` -> the same.
 * Errors: ShapeError unless the last axis is 3; DtypeError unless x is f32.
 */
export function adjustHue(x: Tensor, delta: number): Tensor {
  return within("adjustHue", () => {
    requireColors("adjustHue", x);
    const [hue, saturation, value] = split(rgbToHsv(x), 3, -1);
    return hsvToRgb(concat([add(hue, delta), saturation, value], -1));
  });
}

/**
 * (x - mean) / max(standard deviation, 1 / sqrt(n)) over the n numbers of each image.
 * Shapes: `[..., height, width, channels]` -> the same.
 * Errors: ShapeError for fewer axes; DtypeError unless x is f32.
 */
export function perImageStandardization(x: Tensor): Tensor {
  requirePlanes("perImageStandardization", x);
  const axes = [-3, -2, -1];
  const numbers = sizeOf(x.shape.slice(-3));
  const spread = sqrt(maximum(variance(x, axes, { keepDims: true }), 1 / Math.max(1, numbers)));
  return div(sub(x, mean(x, axes, true)), spread);
}

function requireColors(operation: string, x: Tensor): void {
  requireFloat(operation, "x", x);
  if (x.shape.at(-1) !== 3) {
    throw new ShapeError(`${operation}: x must have 3 channels on its last axis, got ${formatShape(x.shape)}`);
  }
}

function requirePlanes(operation: string, x: Tensor): void {
  requireFloat(operation, "x", x);
  if (x.rank < 3) {
    throw new ShapeError(`${operation}: x must be [..., height, width, channels], got ${formatShape(x.shape)}`);
  }
}
