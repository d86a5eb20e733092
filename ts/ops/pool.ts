// Max and average pooling of images [batch, height, width, channels], and their gradients. Windows that reach over the
// image's edge (padding "same") leave out what lies outside, as in Keras and TensorFlow.
import { defineOp, requireTensor } from "../autograd/op.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { max, mean } from "./reduce.ts";
import { type Pair, pairOf, readOptions, slideAlong, type WindowOptions } from "./window.ts";

/** The options of pooling: windows, their distance (default: their size) and the padding. */
export interface PoolOptions extends Pick<WindowOptions, "strides" | "padding"> {
  /** Pixels of a window, [height, width]; default 2. */
  poolSize?: Pair;
}

/** The kernels' sizes, from the image's height to the pixels missing on its left. */
type Sizes = [
  height: number,
  width: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  windowHeight: number,
  windowWidth: number,
  strideHeight: number,
  strideWidth: number,
  padTop: number,
  padLeft: number,
];

/** How a pooling divides an image. */
interface Pooling {
  readonly outShape: [number, number, number, number];
  readonly sizes: Sizes;
  /** Numbers read for one row of windows. */
  readonly rowReads: number;
}

function requireImages(operation: string, x: AnyTensor): void {
  requireTensor(operation, "x", x);
  requireDtype(operation, "x", x.dtype, "f32");
  if (x.rank !== 4) {
    throw new ShapeError(`${operation}: x must be [batch, height, width, channels], got shape ${formatShape(x.shape)}`);
  }
}

function poolingOf(operation: string, x: AnyTensor, options: PoolOptions): Pooling {
  requireImages(operation, x);
  const { poolSize = 2, strides: wanted = poolSize } = options;
  const [batch, height, width, channels] = x.shape;
  const [windowHeight, windowWidth] = pairOf(operation, "poolSize", poolSize);
  const { strides, padding } = readOptions(operation, { ...options, strides: wanted });
  const [strideHeight, strideWidth] = strides;
  const down = slideAlong(operation, height, windowHeight, strideHeight, 1, padding);
  const across = slideAlong(operation, width, windowWidth, strideWidth, 1, padding);
  return {
    outShape: [batch, down.windows, across.windows, channels],
    sizes: [
      height,
      width,
      channels,
      down.windows,
      across.windows,
      windowHeight,
      windowWidth,
      strideHeight,
      strideWidth,
      down.before,
      across.before,
    ],
    rowReads: across.windows * windowHeight * windowWidth * channels,
  };
}

/** The largest number of each window and channel, NaN if there is one. The first of equal ones gets the gradient. */
export const maxPool2d = defineOp("maxPool2d", {
  forward(x: Tensor, options: PoolOptions = {}) {
    const { outShape, sizes, rowReads } = poolingOf("maxPool2d", x, options);
    const y = empty(outShape);
    launch("max_pool2d_f32", outShape[0] * outShape[1], 10 + 0.2 * rowReads, y, x, ...sizes);
    return y;
  },
  gradients: [(dy, y, x, options): Tensor => maxPool2dGrad(dy, x, y, options)],
});

/** dx = the sum of dy over the windows whose first largest number stands there. */
const maxPool2dGrad = defineOp("maxPool2dGrad", {
  forward(dy: Tensor, x: Tensor, y: Tensor, options: PoolOptions = {}) {
    const { outShape, sizes, rowReads } = poolingOf("maxPool2d", x, options);
    const dx = empty(x.shape);
    launch("max_pool2d_grad_f32", outShape[0] * outShape[1], 20 + 0.4 * rowReads, dx, dy, x, y, ...sizes);
    return dx;
  },
  gradients: [(ddx, _dx, _dy, x, y, options): Tensor => maxPool2dGather(ddx, x, y, options)],
});

/** z = v at the first largest number of each window of x. */
const maxPool2dGather = defineOp("maxPool2dGather", {
  forward(v: Tensor, x: Tensor, y: Tensor, options: PoolOptions = {}) {
    const { outShape, sizes, rowReads } = poolingOf("maxPool2d", x, options);
    const z = empty(outShape);
    launch("max_pool2d_gather_f32", outShape[0] * outShape[1], 20 + 0.7 * rowReads, z, v, x, y, ...sizes);
    return z;
  },
  gradients: [(dz, _z, _v, x, y, options): Tensor => maxPool2dGrad(dz, x, y, options)],
});

/** The mean of each window, for each channel. */
export const avgPool2d = defineOp("avgPool2d", {
  forward(x: Tensor, options: PoolOptions = {}) {
    const { outShape, sizes, rowReads } = poolingOf("avgPool2d", x, options);
    const y = empty(outShape);
    launch("avg_pool2d_f32", outShape[0] * outShape[1], 10 + 0.2 * rowReads, y, x, ...sizes);
    return y;
  },
  gradients: [(dy, _y, x, options): Tensor => avgPool2dGrad(dy, x, options)],
});

/** dx = the sum over the windows that hold the pixel of dy / pixels of the window. x gives the shape alone. */
const avgPool2dGrad = defineOp("avgPool2dGrad", {
  forward(dy: Tensor, x: Tensor, options: PoolOptions = {}) {
    const { outShape, sizes, rowReads } = poolingOf("avgPool2d", x, options);
    const dx = empty(x.shape);
    const [batch, height] = x.shape;
    const cost = 10 + (0.3 * rowReads * outShape[1]) / Math.max(1, height);
    launch("avg_pool2d_grad_f32", batch * height, cost, dx, dy, ...sizes);
    return dx;
  },
  gradients: [(ddx, _dx, _dy, _x, options): Tensor => avgPool2d(ddx, options)],
});

/** The mean of each channel over the image: [batch, channels], or [batch, 1, 1, channels] with `keepDims`. */
export function globalAveragePool2d(x: Tensor, keepDims = false): Tensor {
  requireImages("globalAveragePool2d", x);
  return mean(x, [1, 2], keepDims);
}

/** The largest number of each channel over the image: [batch, channels], or [batch, 1, 1, channels] with `keepDims`. */
export function globalMaxPool2d(x: Tensor, keepDims = false): Tensor {
  requireImages("globalMaxPool2d", x);
  return max(x, [1, 2], keepDims);
}
