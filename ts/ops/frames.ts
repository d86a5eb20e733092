// Volumes as images: the frames that a window reaches along the depth become one image with the channels of all of them.
// So a convolution of volumes is one of images, and its windows slide along the depth by moving memory.
import { defineOp } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { launch } from "../runtime/launch.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { pad, reshape, transpose } from "./layout.ts";
import { POINT, type WindowAxis } from "./lower/conv-geometry.ts";
import { denseStrides, readView } from "./lower/strided-copy.ts";

/** The axes of a sequence or an image as those of a volume of one frame. */
export function threeAxes(axes: readonly WindowAxis[]): [WindowAxis, WindowAxis, WindowAxis] {
  const [frames = POINT, rows = POINT, columns = POINT] = [POINT, POINT, ...axes].slice(-3);
  return [frames, rows, columns];
}

/** Whether each frame is a window by itself. */
export function isPlain({ taps, stride }: WindowAxis): boolean {
  return taps === 1 && stride === 1;
}

/** x in a shape of as many elements; itself if it has that shape already. */
export function reshaped(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : (reshape(x, shape) as Tensor);
}

/**
 * The windows of x along the depth as images [batch windows, height, width, groups taps channels / groups].
 * x [batch, depth, height, width, channels], or [batch, height, width, channels], or [batch, time, channels].
 */
export function unfoldFrames(
  x: Tensor,
  frames: WindowAxis,
  rows: WindowAxis,
  columns: WindowAxis,
  groups: number,
): Tensor {
  const [batch] = x.shape;
  const [channels] = x.shape.slice(-1);
  const image = [batch * frames.windows, rows.size, columns.size, channels * frames.taps];
  if (isPlain(frames)) return reshaped(x, image);
  const pixels = rows.size * columns.size * groups;
  return reshape(
    unfold(reshape(x, [batch, frames.size, pixels, channels / groups]) as Tensor, frames),
    image,
  ) as Tensor;
}

/** The sum of the images that `unfoldFrames` makes of x, each where it was read, as a volume of the shape. */
export function overlapFrames(images: Tensor, frames: WindowAxis, groups: number, shape: Shape): Tensor {
  const [batch, , height, width, channels] = shape;
  const unfolded = [batch, frames.windows, height * width * groups, frames.taps, channels / groups];
  return reshape(overlap(reshape(images, unfolded) as Tensor, frames), shape) as Tensor;
}

/** Filters of any rank as those of the images: [rows, columns, taps channels, outputs]. */
export function foldFilters(filters: Tensor): Tensor {
  const { rank, shape } = filters;
  const [channels, outputs] = shape.slice(-2);
  if (rank === 3) return reshape(filters, [1, ...shape]) as Tensor;
  if (rank === 4) return filters;
  const [taps, rows, columns] = shape;
  const last = taps === 1 ? filters : (transpose(filters, [1, 2, 0, 3, 4]) as Tensor);
  return reshape(last, [rows, columns, taps * channels, outputs]) as Tensor;
}

/**
 * y[b, i, p, t, c] = x[b, i stride + t dilation - before, p, c], zero outside.
 * x [batch, size, pixels, channels], y [batch, windows, pixels, taps, channels].
 */
const unfold = defineOp("unfoldFrames", {
  forward(x: Tensor, { windows, taps, stride, dilation, before, after }: WindowAxis): Tensor {
    const [batch, , pixels, channels] = x.shape;
    const padded = before + after === 0 ? x : noGrad(() => pad(x, [NONE, [before, after], NONE, NONE]));
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
const overlap = defineOp("overlapFrames", {
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
