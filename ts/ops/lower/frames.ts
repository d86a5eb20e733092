// Volumes as images: the frames under a window along the depth become one image with all their channels, so that a
// convolution of volumes runs as one of images.

import { defineOp, type Op } from "../../autograd/op.ts";
import { launch } from "../../runtime/launch.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";
import { POINT, type WindowAxis } from "./conv-geometry.ts";
import { copyPadded, denseStrides, readView } from "./strided-copy.ts";

/** The axes of a sequence or an image as those of a volume of one frame. */
export function threeAxes(axes: readonly WindowAxis[]): [WindowAxis, WindowAxis, WindowAxis] {
  const [frames = POINT, rows = POINT, columns = POINT] = [POINT, POINT, ...axes].slice(-3);
  return [frames, rows, columns];
}

/** Whether each frame is a window by itself. */
export function isPlain({ taps, stride }: WindowAxis): boolean {
  return taps === 1 && stride === 1;
}

/**
 * y[b, i, p, t, c] = x[b, i stride + t dilation - before, p, c], zero outside.
 * x [batch, size, pixels, channels], y [batch, windows, pixels, taps, channels].
 */
export const unfold: Op<(x: Tensor, frames: WindowAxis) => Tensor> = defineOp("unfoldFrames", {
  forward(x: Tensor, { windows, taps, stride, dilation, before, after }: WindowAxis): Tensor {
    const [batch, , pixels, channels] = x.shape;
    const padded = before + after === 0 ? x : copyPadded("unfoldFrames", x, [NONE, [before, after], NONE, NONE]);
    const [image, frame, pixel, channel] = denseStrides(padded.shape);
    const shape = [batch, windows, pixels, taps, channels];
    const y = readView("unfoldFrames", padded, shape, [image, frame * stride, pixel, frame * dilation, channel], 0);
    if (padded !== x) padded.dispose();
    return y;
  },
  gradients: [(dy, _y, _x, axis): Tensor => overlap(dy, axis)],
});

const NONE = [0, 0] as const;

/** x[b, i stride + t dilation - before, p, c] = the sum of y[b, i, p, t, c] over all i and t that make the same place. */
export const overlap: Op<(y: Tensor, frames: WindowAxis) => Tensor> = defineOp("overlapFrames", {
  forward(y: Tensor, { size, windows, stride, dilation, before }: WindowAxis): Tensor {
    const [batch, , pixels, taps, channels] = y.shape;
    const x = empty([batch, size, pixels, channels]);
    const cost = 10 + (0.2 * taps * pixels * channels) / stride;
    const sizes = [size, windows, pixels, channels, taps, stride, dilation, before] as const;
    launch("overlap_frames_f32", batch * size, cost, x, y, ...sizes);
    return x;
  },
  gradients: [(dx, _x, _y, axis): Tensor => unfold(dx, axis)],
});
