// Depthwise convolutions and their gradients, for channels of every remainder.
import * as kernels from "../../assembly/depthwise";
import { check, floats, Launch } from "./launch";

const BATCH: i32 = 2;
const HEIGHT: i32 = 6;
const WIDTH: i32 = 7;
const TAPS: i32 = 3;

/** The forward pass (0), the gradient of the images (1) or of the filters (2). */
class DepthwiseLaunch extends Launch {
  readonly outHeight: i32;
  readonly outWidth: i32;

  constructor(
    public which: i32, public channels: i32, public multiplier: i32, public stride: i32, public padding: i32,
    public dilation: i32,
  ) {
    super();
    this.outHeight = (HEIGHT + 2 * padding - (TAPS - 1) * dilation - 1) / stride + 1;
    this.outWidth = (WIDTH + 2 * padding - (TAPS - 1) * dilation - 1) / stride + 1;
    const image = BATCH * HEIGHT * WIDTH * channels;
    const result = BATCH * this.outHeight * this.outWidth * channels * multiplier;
    const filters = TAPS * TAPS * channels * multiplier;
    const chunks = (BATCH * this.outHeight + 1) / 2;
    this.units = which == 0 ? BATCH * this.outHeight : which == 1 ? BATCH * HEIGHT : chunks;
    this.reads(floats(which == 1 ? result : image, 1));
    this.reads(floats(which == 2 ? result : filters, 2));
    this.reads(floats(channels * multiplier, 3));
    this.writes((which == 0 ? result : which == 1 ? image : chunks * filters) * 4);
  }

  run(begin: i32, end: i32): void {
    const c = this.channels;
    const m = this.multiplier;
    const s = this.stride;
    const p = this.padding;
    const d = this.dilation;
    const oh = this.outHeight;
    const ow = this.outWidth;
    const y = this.y();
    const first = this.x(0);
    const second = this.x(1);
    if (this.which == 0) {
      kernels.depthwise_conv2d_f32(
        y, first, second, this.x(2), HEIGHT, WIDTH, c, oh, ow, m, TAPS, TAPS, s, s, p, p, d, d, 1, this.scratch,
        begin, end,
      );
    } else if (this.which == 1) {
      kernels.depthwise_conv2d_grad_input_f32(
        y, first, second, HEIGHT, WIDTH, c, oh, ow, m, TAPS, TAPS, s, s, p, p, d, d, this.scratch, begin, end,
      );
    } else {
      kernels.depthwise_conv2d_grad_filter_f32(
        y, first, second, BATCH, HEIGHT, WIDTH, c, oh, ow, m, TAPS, TAPS, s, s, p, p, d, d, 2, begin, end,
      );
    }
  }
}

function checkAll(which: i32): void {
  for (let channels = 1; channels < 10; channels++) {
    expect(check(new DepthwiseLaunch(which, channels, 1, 1, 0, 1))).toBe("");
    expect(check(new DepthwiseLaunch(which, channels, 1, 2, 1, 1))).toBe("");
  }
  for (let channels = 1; channels < 4; channels++) {
    expect(check(new DepthwiseLaunch(which, channels, 3, 1, 1, 1))).toBe("");
    expect(check(new DepthwiseLaunch(which, channels, 2, 1, 2, 2))).toBe("");
  }
  expect(check(new DepthwiseLaunch(which, 35, 1, 1, 1, 1))).toBe("");
}

describe("depthwise", () => {
  test("depthwise_conv2d_f32", () => { checkAll(0); });
  test("depthwise_conv2d_grad_input_f32", () => { checkAll(1); });
  test("depthwise_conv2d_grad_filter_f32", () => { checkAll(2); });
});
