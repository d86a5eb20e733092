// The inverse of sliding windows over the frames of volumes: overlapping windows are added up.
import { In, Out } from "./signature";
import { Run } from "./simd/runs";

/**
 * x[b, i stride + t dilation - before, p, c] = the sum of y[b, i, p, t, c], t ascending; y of [batch, windows, pixels,
 * taps, channels]; over frames [begin, end) of x, batch * size.
 */
export function overlap_frames_f32(
  x: Out<f32>, y: In<f32>, size: i32, windows: i32, pixels: i32, channels: i32, taps: i32, stride: i32,
  dilation: i32, before: i32, begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const step = pixel * <usize>taps;
  const frame = pixel * <usize>pixels;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / size;
    const position = unit - image * size + before;
    const to = x + <usize>unit * frame;
    memory.fill(to, 0, frame);
    for (let t = 0; t < taps; t++) {
      const first = position - t * dilation;
      if (first < 0) break;
      const window = first / stride;
      if (window >= windows || window * stride != first) continue;
      let from = y + <usize>((image * windows + window) * pixels) * step + <usize>t * pixel;
      for (let at = to; at < to + frame; at += pixel, from += step) Run.add(at, from, channels);
    }
  }
}
