// Random numbers follow from the seed, the draw and the element alone, however the draw is cut.
import * as kernels from "../../assembly/random";
import { Buffer, check, f32At, Launch } from "./launch";

function state(draw: i32): Buffer {
  const buffer = new Buffer(16);
  store<i32>(buffer.pointer, 12345);
  store<i32>(buffer.pointer + 4, 678);
  store<i32>(buffer.pointer + 8, draw);
  store<i32>(buffer.pointer + 12, 0);
  return buffer;
}

class DrawLaunch extends Launch {
  constructor(public which: i32, public size: i32, draw: i32) {
    super();
    this.units = which == 5 ? 1 : (size + 15) / 16;
    this.reads(state(draw));
    this.writes(size * 4);
  }

  run(begin: i32, end: i32): void {
    const y = this.y();
    const x = this.x();
    const n = this.size;
    switch (this.which) {
      case 0: kernels.random_uniform_f32(y, x, n, -1, 3, this.scratch, begin, end); break;
      case 1: kernels.random_normal_f32(y, x, n, 1, 2, this.scratch, begin, end); break;
      case 2: kernels.random_truncated_normal_f32(y, x, n, 1, 2, this.scratch, begin, end); break;
      case 3: kernels.random_bernoulli_f32(y, x, n, 0.3, 5, this.scratch, begin, end); break;
      case 4: kernels.random_integer_i32(y, x, n, -3, 10, this.scratch, begin, end); break;
      default: kernels.random_permutation_i32(y, x, n, this.scratch, begin, end);
    }
  }
}

describe("random", () => {
  test("every draw, for sizes of every remainder", () => {
    for (let which = 0; which < 6; which++) {
      for (let n = 0; n < 36; n++) expect(check(new DrawLaunch(which, n, n))).toBe("");
      expect(check(new DrawLaunch(which, 500, 3))).toBe("");
    }
  });

  test("a longer draw begins like a shorter one, and the next draw is another", () => {
    const short = new DrawLaunch(1, 21, 7);
    const long = new DrawLaunch(1, 300, 7);
    const next = new DrawLaunch(1, 300, 8);
    short.run(0, short.units);
    long.run(0, long.units);
    next.run(0, next.units);
    let differ = 0;
    for (let i = 0; i < 300; i++) {
      if (i < 21) expect(f32At(short.outputs[0], i)).toBe(f32At(long.outputs[0], i));
      if (f32At(long.outputs[0], i) != f32At(next.outputs[0], i)) differ++;
    }
    expect(differ).toBe(300);
  });

  test("numbers keep to their range", () => {
    for (let which = 0; which < 5; which++) {
      const launch = new DrawLaunch(which, 5000, 1);
      launch.run(0, launch.units);
      for (let i = 0; i < 5000; i++) {
        const value = f32At(launch.outputs[0], i);
        const integer = load<i32>(launch.y() + (i << 2));
        if (which == 0) expect(value >= -1 && value < 3).toBe(true);
        if (which == 1) expect(abs(value) < 20).toBe(true);
        if (which == 2) expect(value >= -3 && value <= 5).toBe(true);
        if (which == 3) expect(value == 0 || value == 5).toBe(true);
        if (which == 4) expect(integer >= -3 && integer < 7).toBe(true);
      }
    }
  });

  test("a permutation has every number once", () => {
    for (let n = 0; n < 50; n++) {
      const launch = new DrawLaunch(5, n, n);
      launch.run(0, 1);
      const seen = new StaticArray<bool>(n);
      for (let i = 0; i < n; i++) seen[load<i32>(launch.y() + (i << 2))] = true;
      for (let i = 0; i < n; i++) expect(seen[i]).toBe(true);
    }
  });

  test("random_advance_i32", () => {
    const counter = state(4);
    kernels.random_advance_i32(counter.pointer, 0, 1);
    expect(load<i32>(counter.pointer + 8)).toBe(5);
    expect(load<i32>(counter.pointer)).toBe(12345);
    expect(counter.intact).toBe(true);
  });
});
