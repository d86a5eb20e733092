// Pooling of images [batch, height, width, channels], on which all pooling is built, and its gradients.
import { defineOp, type Op } from "../../autograd/op.ts";
import { launch } from "../../runtime/launch.ts";
import type { Shape } from "../../tensor/shape.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";
import type { WindowAxis } from "./conv-geometry.ts";

/** A pooling of images by the windows down and across. */
export type Pool = (x: Tensor, down: WindowAxis, across: WindowAxis) => Tensor;

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
  readonly outShape: Shape;
  readonly sizes: Sizes;
  /** Rows of windows. */
  readonly rows: number;
  /** Numbers read for one of them. */
  readonly rowReads: number;
}

function poolingOf(x: Tensor, down: WindowAxis, across: WindowAxis): Pooling {
  const [batch, height, width, channels] = x.shape;
  return {
    outShape: [batch, down.windows, across.windows, channels],
    sizes: [
      height,
      width,
      channels,
      down.windows,
      across.windows,
      down.taps,
      across.taps,
      down.stride,
      across.stride,
      down.before,
      across.before,
    ],
    rows: batch * down.windows,
    rowReads: across.windows * down.taps * across.taps * channels,
  };
}

/** The largest number of each window of images, for each channel. */
export const maxPool: Op<(x: Tensor, down: WindowAxis, across: WindowAxis) => Tensor> = defineOp("maxPool", {
  perExample: () => true,
  forward(x: Tensor, down: WindowAxis, across: WindowAxis) {
    const { outShape, sizes, rows, rowReads } = poolingOf(x, down, across);
    const y = empty(outShape);
    launch("max_pool2d_f32", rows, 10 + 0.2 * rowReads, y, x, ...sizes);
    return y;
  },
  gradients: [(dy, y, x, down, across) => maxPoolGrad(dy, x, y, down, across)],
});

/** dx = the sum of dy over the windows whose first largest number stands there. */
const maxPoolGrad = defineOp("maxPoolGrad", {
  forward(dy: Tensor, x: Tensor, y: Tensor, down: WindowAxis, across: WindowAxis) {
    const { sizes, rows, rowReads } = poolingOf(x, down, across);
    const dx = empty(x.shape);
    launch("max_pool2d_grad_f32", rows, 20 + 0.4 * rowReads, dx, dy, x, y, ...sizes);
    return dx;
  },
  gradients: [(ddx, _dx, _dy, x, y, down, across): Tensor => maxPoolGather(ddx, x, y, down, across)],
});

/** z = v at the first largest number of each window of x. */
const maxPoolGather = defineOp("maxPoolGather", {
  forward(v: Tensor, x: Tensor, y: Tensor, down: WindowAxis, across: WindowAxis) {
    const { outShape, sizes, rows, rowReads } = poolingOf(x, down, across);
    const z = empty(outShape);
    launch("max_pool2d_gather_f32", rows, 20 + 0.7 * rowReads, z, v, x, y, ...sizes);
    return z;
  },
  gradients: [(dz, _z, _v, x, y, down, across): Tensor => maxPoolGrad(dz, x, y, down, across)],
});

/** The mean of each window of images, for each channel. */
export const avgPool: Op<(x: Tensor, down: WindowAxis, across: WindowAxis) => Tensor> = defineOp("avgPool", {
  perExample: () => true,
  forward(x: Tensor, down: WindowAxis, across: WindowAxis) {
    const { outShape, sizes, rows, rowReads } = poolingOf(x, down, across);
    const y = empty(outShape);
    launch("avg_pool2d_f32", rows, 10 + 0.2 * rowReads, y, x, ...sizes);
    return y;
  },
  gradients: [(dy, _y, x, down, across) => avgPoolGrad(dy, x, down, across)],
});

/** dx = the sum over the windows that hold the pixel of dy / pixels of the window. x gives the shape alone. */
const avgPoolGrad = defineOp("avgPoolGrad", {
  forward(dy: Tensor, x: Tensor, down: WindowAxis, across: WindowAxis) {
    const { sizes, rowReads } = poolingOf(x, down, across);
    const dx = empty(x.shape);
    const [batch, height] = x.shape;
    const cost = 10 + (0.3 * rowReads * down.windows) / Math.max(1, height);
    launch("avg_pool2d_grad_f32", batch * height, cost, dx, dy, ...sizes);
    return dx;
  },
  gradients: [(ddx, _dx, _dy, _x, down, across): Tensor => avgPool(ddx, down, across)],
});
