// Running sums, products and maxima along the middle axis of [outer, length, inner].
import * as kernels from "../../assembly/scan";
import { check, f32At, floats, Launch } from "./launch";

type Scan = (
  y: usize, x: usize, length: i32, inner: i32, reverse: i32, exclusive: i32, begin: i32, end: i32,
) => void;

const OUTER: i32 = 3;

class ScanLaunch extends Launch {
  constructor(
    public kernel: Scan, public length: i32, public inner: i32, public reverse: i32, public exclusive: i32,
  ) {
    super();
    this.units = OUTER * ((inner + 3) / 4);
    this.reads(floats(OUTER * length * inner));
    this.writes(OUTER * length * inner * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), this.length, this.inner, this.reverse, this.exclusive, begin, end);
  }
}

function checkScan(kernel: Scan): void {
  for (let length = 0; length < 6; length++) for (let inner = 1; inner < 11; inner++) {
    for (let flags = 0; flags < 4; flags++) {
      expect(check(new ScanLaunch(kernel, length, inner, flags & 1, flags >> 1))).toBe("");
    }
  }
}

describe("scan", () => {
  test("cum_sum_f32", () => { checkScan(kernels.cum_sum_f32); });
  test("cum_prod_f32", () => { checkScan(kernels.cum_prod_f32); });
  test("cum_max_f32", () => { checkScan(kernels.cum_max_f32); });

  test("a million tenths add up to 100000, which f32 would miss by 1000", () => {
    const launch = new ScanLaunch(kernels.cum_sum_f32, 1000000, 1, 0, 0);
    for (let i = 0; i < 1000000; i++) store<f32>(launch.x() + (i << 2), 0.1);
    launch.run(0, 1);
    expect(abs(f32At(launch.outputs[0], 999999) - 100000)).toBeLessThan(0.01);
  });
});
