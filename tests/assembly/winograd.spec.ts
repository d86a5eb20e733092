// Winograd's convolution step by step: transformed images and filters, multiplied number by number and transformed
// back, are the convolution; and the reverse from results to filters is its gradient.
import * as kernels from "../../assembly/winograd";
import { check, f32At, floats, Launch } from "./launch";

const BATCH: i32 = 2;
const CHANNELS: i32 = 8;
const OUTPUTS: i32 = 16;
const SPACE: i32 = 16;

/** Images (0), results (1), gradients of results (2), filters (3) or gradients of filters (4), transformed. */
class WinogradLaunch extends Launch {
  readonly tileRows: i32;
  readonly tileColumns: i32;
  readonly firstLine: i32;

  constructor(public which: i32, public height: i32, public width: i32, public flipped: i32, skipped: i32 = 0) {
    super();
    this.tileRows = (height + 1) / 2;
    this.tileColumns = (width + 1) / 2;
    this.firstLine = skipped;
    const lines = BATCH * this.tileRows - skipped;
    this.units = which < 3 ? lines : CHANNELS;
    const result = BATCH * height * width * OUTPUTS;
    if (which == 0) this.reads(floats(BATCH * (2 * this.tileRows + 2) * (2 * this.tileColumns + 2) * CHANNELS, 1));
    else if (which == 1) this.reads(floats(16 * this.plane, 2));
    else if (which == 2) this.reads(floats(result, 3));
    else if (which == 3) this.reads(floats(9 * CHANNELS * OUTPUTS, 4));
    else this.reads(floats(16 * this.plane, 5));
    this.reads(floats(OUTPUTS, 6));
    this.writes((which == 1 ? result : which == 4 ? 9 * CHANNELS * OUTPUTS : 16 * this.plane) * 4);
  }

  /** Numbers from one of the 16 matrices to the next. */
  get plane(): i32 {
    if (this.which > 2) return CHANNELS * OUTPUTS + SPACE;
    const tiles = (BATCH * this.tileRows - this.firstLine) * this.tileColumns;
    return tiles * (this.which == 0 ? CHANNELS : OUTPUTS) + SPACE;
  }

  run(begin: i32, end: i32): void {
    const y = this.y();
    const x = this.x(0);
    const rows = this.tileRows;
    const columns = this.tileColumns;
    const first = this.firstLine;
    if (this.which == 0) {
      kernels.winograd_input_f32(
        y, x, 2 * rows + 2, 2 * columns + 2, CHANNELS, rows, columns, this.plane, first, begin, end,
      );
    } else if (this.which == 1) {
      kernels.winograd_output_f32(
        y, x, this.x(1), this.height, this.width, OUTPUTS, rows, columns, this.plane, this.flipped, first, begin, end,
      );
    } else if (this.which == 2) {
      kernels.winograd_grad_output_f32(
        y, x, this.height, this.width, OUTPUTS, rows, columns, this.plane, first, begin, end,
      );
    } else if (this.which == 3) {
      kernels.winograd_pack_filters_f32(y, x, CHANNELS, OUTPUTS, this.plane, this.flipped, begin, end);
    } else {
      kernels.winograd_grad_filters_f32(y, x, CHANNELS, OUTPUTS, this.plane, 0, begin, end);
    }
  }
}

function whole(launch: WinogradLaunch): WinogradLaunch {
  launch.run(0, launch.units);
  return launch;
}

/** The largest difference between a convolution and its way through the 16 matrices. */
function forwardError(height: i32, width: i32, flipped: i32): f64 {
  const images = whole(new WinogradLaunch(0, height, width, 0));
  const filters = whole(new WinogradLaunch(3, height, width, flipped));
  const results = new WinogradLaunch(1, height, width, 0);
  const tiles = BATCH * images.tileRows * images.tileColumns;
  for (let place = 0; place < 16; place++) for (let tile = 0; tile < tiles; tile++) for (let o = 0; o < OUTPUTS; o++) {
    let sum: f64 = 0;
    for (let c = 0; c < CHANNELS; c++) {
      const v = f32At(images.outputs[0], place * images.plane + tile * CHANNELS + c);
      const u = f32At(filters.outputs[0], place * filters.plane + ((o >> 3) * CHANNELS + c) * 8 + (o & 7));
      sum += <f64>v * <f64>u;
    }
    store<f32>(results.x(0) + (<usize>(place * results.plane + tile * OUTPUTS + o) << 2), <f32>sum);
  }
  whole(results);
  const stride = 2 * images.tileColumns + 2;
  let worst: f64 = 0;
  for (let n = 0; n < BATCH; n++) for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) {
    for (let o = 0; o < OUTPUTS; o++) {
      let sum: f64 = f32At(results.inputs[1], o);
      for (let tap = 0; tap < 9; tap++) for (let c = 0; c < CHANNELS; c++) {
        const pixel = (n * (2 * images.tileRows + 2) + i + tap / 3) * stride + j + tap % 3;
        const g = ((flipped ? 8 - tap : tap) * CHANNELS + c) * OUTPUTS + o;
        sum += <f64>f32At(images.inputs[0], pixel * CHANNELS + c) * <f64>f32At(filters.inputs[0], g);
      }
      const error = abs(<f64>f32At(results.outputs[0], ((n * height + i) * width + j) * OUTPUTS + o) - sum);
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

/** The largest difference between the gradient of the filters and its way through the 16 matrices. */
function filterError(height: i32, width: i32): f64 {
  const images = whole(new WinogradLaunch(0, height, width, 0));
  const gradients = whole(new WinogradLaunch(2, height, width, 0));
  const filters = new WinogradLaunch(4, height, width, 0);
  const tiles = BATCH * images.tileRows * images.tileColumns;
  for (let place = 0; place < 16; place++) for (let c = 0; c < CHANNELS; c++) for (let o = 0; o < OUTPUTS; o++) {
    let sum: f64 = 0;
    for (let tile = 0; tile < tiles; tile++) {
      const v = f32At(images.outputs[0], place * images.plane + tile * CHANNELS + c);
      const z = f32At(gradients.outputs[0], place * gradients.plane + tile * OUTPUTS + o);
      sum += <f64>v * <f64>z;
    }
    store<f32>(filters.x(0) + (<usize>(place * filters.plane + c * OUTPUTS + o) << 2), <f32>sum);
  }
  whole(filters);
  const stride = 2 * images.tileColumns + 2;
  let worst: f64 = 0;
  for (let tap = 0; tap < 9; tap++) for (let c = 0; c < CHANNELS; c++) for (let o = 0; o < OUTPUTS; o++) {
    let sum: f64 = 0;
    for (let n = 0; n < BATCH; n++) for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) {
      const pixel = (n * (2 * images.tileRows + 2) + i + tap / 3) * stride + j + tap % 3;
      const dy = f32At(gradients.inputs[0], ((n * height + i) * width + j) * OUTPUTS + o);
      sum += <f64>f32At(images.inputs[0], pixel * CHANNELS + c) * <f64>dy;
    }
    const error = abs(<f64>f32At(filters.outputs[0], (tap * CHANNELS + c) * OUTPUTS + o) - sum);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

function checkAll(which: i32): void {
  expect(check(new WinogradLaunch(which, 6, 8, 0))).toBe("");
  expect(check(new WinogradLaunch(which, 5, 7, 1))).toBe("");
  if (which < 3 && which != 1) expect(check(new WinogradLaunch(which, 5, 6, 0, 2))).toBe("");
}

describe("winograd", () => {
  test("winograd_input_f32", () => { checkAll(0); });
  test("winograd_output_f32", () => { checkAll(1); });
  test("winograd_grad_output_f32", () => { checkAll(2); });
  test("winograd_pack_filters_f32", () => { checkAll(3); });
  test("winograd_grad_filters_f32", () => { checkAll(4); });
  test("together they are a convolution", () => {
    expect(forwardError(6, 8, 0)).toBeLessThan(6e-5);
    expect(forwardError(5, 7, 0)).toBeLessThan(6e-5);
    expect(forwardError(4, 3, 1)).toBeLessThan(6e-5);
  });
  test("and its gradient by the filters", () => {
    expect(filterError(6, 8)).toBeLessThan(1e-4);
    expect(filterError(5, 7)).toBeLessThan(1e-4);
  });
});
