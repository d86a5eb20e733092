// Pooling and its gradients: windows that overlap, tile, and reach beyond the image.
import * as kernels from "../../assembly/pool";
import { check, f32At, floats, Launch, oddFloats } from "./launch";

const BATCH: i32 = 2;
const MAX: i32 = 0;
const MAX_GATHER: i32 = 1;
const MAX_GRADIENT: i32 = 2;
const AVERAGE: i32 = 3;
const AVERAGE_GRADIENT: i32 = 4;

class PoolLaunch extends Launch {
  readonly outHeight: i32;
  readonly outWidth: i32;

  constructor(
    public which: i32, public height: i32, public width: i32, public channels: i32, public window: i32,
    public stride: i32, public padding: i32,
  ) {
    super();
    this.outHeight = (height + 2 * padding - window) / stride + 1;
    this.outWidth = (width + 2 * padding - window) / stride + 1;
    const image = BATCH * height * width * channels;
    const result = BATCH * this.outHeight * this.outWidth * channels;
    this.units = BATCH * (which == AVERAGE_GRADIENT ? height : this.outHeight);
    if (which == MAX || which == AVERAGE) {
      this.reads(which == MAX ? oddFloats(image) : floats(image));
      this.writes(result * 4);
    } else {
      // The gradients need what the forward pass read and wrote.
      const forward = new PoolLaunch(MAX, height, width, channels, window, stride, padding);
      for (let i = 0; i < image; i++) store<f32>(forward.x() + (i << 2), <f32>(i * 37 % 11));
      forward.run(0, forward.units);
      this.reads(floats(which == MAX_GATHER ? image : result, 5));
      this.reads(forward.inputs[0]);
      this.reads(forward.outputs[0]);
      this.writes((which == MAX_GATHER ? result : image) * 4);
    }
  }

  run(begin: i32, end: i32): void {
    const h = this.height;
    const w = this.width;
    const c = this.channels;
    const oh = this.outHeight;
    const ow = this.outWidth;
    const k = this.window;
    const s = this.stride;
    const p = this.padding;
    const y = this.y();
    const x = this.x(0);
    if (this.which == MAX) kernels.max_pool2d_f32(y, x, h, w, c, oh, ow, k, k, s, s, p, p, begin, end);
    else if (this.which == AVERAGE) kernels.avg_pool2d_f32(y, x, h, w, c, oh, ow, k, k, s, s, p, p, begin, end);
    else if (this.which == AVERAGE_GRADIENT) {
      kernels.avg_pool2d_grad_f32(y, x, h, w, c, oh, ow, k, k, s, s, p, p, begin, end);
    } else if (this.which == MAX_GATHER) {
      kernels.max_pool2d_gather_f32(y, x, this.x(1), this.x(2), h, w, c, oh, ow, k, k, s, s, p, p, begin, end);
    } else {
      kernels.max_pool2d_grad_f32(y, x, this.x(1), this.x(2), h, w, c, oh, ow, k, k, s, s, p, p, begin, end);
    }
  }
}

function checkAll(which: i32): void {
  for (let channels = 1; channels < 10; channels++) {
    expect(check(new PoolLaunch(which, 6, 8, channels, 2, 2, 0))).toBe("");
    expect(check(new PoolLaunch(which, 7, 5, channels, 3, 2, 1))).toBe("");
  }
  expect(check(new PoolLaunch(which, 7, 7, 3, 2, 2, 0))).toBe("");
  expect(check(new PoolLaunch(which, 7, 7, 3, 2, 3, 0))).toBe("");
  expect(check(new PoolLaunch(which, 7, 7, 3, 3, 1, 1))).toBe("");
  expect(check(new PoolLaunch(which, 5, 5, 3, 5, 1, 2))).toBe("");
  expect(check(new PoolLaunch(which, 9, 9, 33, 3, 3, 0))).toBe("");
}

describe("pool", () => {
  test("max_pool2d_f32", () => { checkAll(MAX); });
  test("max_pool2d_gather_f32", () => { checkAll(MAX_GATHER); });
  test("max_pool2d_grad_f32", () => { checkAll(MAX_GRADIENT); });
  test("avg_pool2d_f32", () => { checkAll(AVERAGE); });
  test("avg_pool2d_grad_f32", () => { checkAll(AVERAGE_GRADIENT); });

  test("NaN is the largest of its windows", () => {
    for (let channels = 1; channels < 6; channels++) {
      const launch = new PoolLaunch(MAX, 6, 6, channels, 2, 2, 0);
      for (let i = 0; i < BATCH * 36 * channels; i++) store<f32>(launch.x() + (i << 2), i == 7 * channels ? NaN : 1);
      launch.run(0, launch.units);
      // Pixel 7 stands in the second row and column: in the first window.
      for (let i = 0; i < BATCH * 9 * channels; i++) expect(isNaN(f32At(launch.outputs[0], i))).toBe(i == 0);
    }
  });
});
