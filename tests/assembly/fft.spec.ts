// Transforms of rows: every radix, with real or imaginary parts absent, in scratch and in memory of their own.
import * as kernels from "../../assembly/fft";
import { Buffer, check, f32At, floats, Launch } from "./launch";

const ROWS: i32 = 3;

function roots(n: i32): Buffer {
  const table = new Buffer(2 * n * 4);
  for (let k = 0; k < n; k++) {
    const angle = (2 * Math.PI * <f64>k) / <f64>n;
    store<f32>(table.pointer + (k << 2), <f32>Math.cos(angle));
    store<f32>(table.pointer + ((n + k) << 2), <f32>-Math.sin(angle));
  }
  return table;
}

class TransformLaunch extends Launch {
  constructor(public n: i32, public inverse: i32, public long: i32, public parts: i32) {
    super();
    this.units = ROWS;
    this.reads(floats(ROWS * n, 1));
    this.reads(floats(ROWS * n, 2));
    this.reads(roots(n));
    this.writes(2 * ROWS * n * 4);
    this.writes(long ? 2 * ROWS * n * 4 : 0);
  }

  run(begin: i32, end: i32): void {
    const re: usize = this.parts & 1 ? this.x(0) : 0;
    const im: usize = this.parts & 2 ? this.x(1) : 0;
    kernels.fft_f32(
      this.y(0), this.y(1), re, im, this.x(2), this.n, ROWS, this.inverse, this.long, 0.5, this.scratch, begin, end,
    );
  }

  /** How far it is from the sums that define it. */
  error(): f64 {
    let worst: f64 = 0;
    const n = this.n;
    for (let row = 0; row < ROWS; row++) for (let k = 0; k < n; k++) {
      let re: f64 = 0;
      let im: f64 = 0;
      for (let j = 0; j < n; j++) {
        const angle = ((this.inverse ? 2 : -2) * Math.PI * <f64>((j * k) % n)) / <f64>n;
        const a: f64 = this.parts & 1 ? <f64>f32At(this.inputs[0], row * n + j) : 0;
        const b: f64 = this.parts & 2 ? <f64>f32At(this.inputs[1], row * n + j) : 0;
        re += a * Math.cos(angle) - b * Math.sin(angle);
        im += a * Math.sin(angle) + b * Math.cos(angle);
      }
      worst = max(worst, abs(0.5 * re - <f64>f32At(this.outputs[0], row * n + k)));
      worst = max(worst, abs(0.5 * im - <f64>f32At(this.outputs[0], (ROWS + row) * n + k)));
    }
    return worst;
  }
}

const lengths: i32[] = [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 20, 25, 30, 32, 45, 48, 60, 64, 75, 100, 120, 128];

describe("fft", () => {
  test("fft_f32", () => {
    for (let i = 0; i < lengths.length; i++) for (let form = 0; form < 4; form++) {
      const launch = new TransformLaunch(lengths[i], form & 1, form >> 1, 3);
      expect(check(launch)).toBe("");
      launch.reset();
      launch.run(0, ROWS);
      expect(launch.error()).toBeLessThan(1e-5);
    }
  });
  test("an absent part is zero", () => {
    for (let i = 0; i < 12; i++) for (let form = 0; form < 4; form++) {
      const launch = new TransformLaunch(lengths[i], form & 1, 0, 1 + (form >> 1));
      expect(check(launch)).toBe("");
      launch.reset();
      launch.run(0, ROWS);
      expect(launch.error()).toBeLessThan(1e-5);
    }
  });
});
