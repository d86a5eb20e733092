// The logarithm of the gamma function and its derivatives.
import * as kernels from "../../assembly/gamma";
import { check, f32At, Launch, oddFloats } from "./launch";

class GammaLaunch extends Launch {
  constructor(count: i32, public order: i32) {
    super();
    this.units = count;
    this.reads(oddFloats(count));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.polygamma_f32(this.y(), this.x(), this.order, begin, end);
  }
}

describe("gamma", () => {
  test("polygamma_f32", () => {
    for (let order = 0; order < 4; order++) for (let count = 0; count < 10; count++) {
      expect(check(new GammaLaunch(count, order))).toBe("");
    }
  });

  test("is ln 24, harmonic numbers and pi^2 / 6 where these stand", () => {
    const launch = new GammaLaunch(3, 0);
    store<f32>(launch.x(), 5);
    launch.run(0, 1);
    expect(abs(f32At(launch.outputs[0], 0) - 3.1780539)).toBeLessThan(1e-6);
    store<f32>(launch.x(), 3);
    launch.order = 1;
    launch.run(0, 1);
    expect(abs(f32At(launch.outputs[0], 0) - 0.9227843)).toBeLessThan(1e-7);
    store<f32>(launch.x(), 1);
    launch.order = 2;
    launch.run(0, 1);
    expect(abs(f32At(launch.outputs[0], 0) - 1.644934)).toBeLessThan(2e-7);
  });
});
