// Rows picked by index, some of them outside: those must read and write nothing that is not theirs.
import * as kernels from "../../assembly/gather";
import { bytes, check, f32At, floats, integers, Launch } from "./launch";

const OUTER: i32 = 2;
const AXIS: i32 = 5;

class GatherLaunch extends Launch {
  constructor(public size: i32, public count: i32, public inner: i32) {
    super();
    this.units = OUTER * count;
    const n = OUTER * AXIS * inner;
    this.reads(size == 1 ? bytes(n, 256) : floats(n));
    this.reads(integers(count, -2, AXIS + 2));
    this.writes(OUTER * count * inner * size);
  }

  run(begin: i32, end: i32): void {
    if (this.size == 1) {
      kernels.gather_u8(this.y(), this.x(0), this.x(1), AXIS, this.count, this.inner, begin, end);
    } else {
      kernels.gather_u32(this.y(), this.x(0), this.x(1), AXIS, this.count, this.inner, begin, end);
    }
  }
}

class ScatterLaunch extends Launch {
  constructor(public count: i32, public inner: i32) {
    super();
    this.units = OUTER * ((inner + 15) / 16);
    this.reads(floats(OUTER * count * inner));
    this.reads(integers(count, -2, AXIS + 2));
    this.updates(floats(OUTER * AXIS * inner, 2));
  }

  run(begin: i32, end: i32): void {
    kernels.scatter_add_f32(this.y(), this.x(0), this.x(1), AXIS, this.count, this.inner, begin, end);
  }
}

class AlongLaunch extends Launch {
  constructor(public isScattering: bool, public count: i32, public inner: i32) {
    super();
    const n = OUTER * count * inner;
    this.units = isScattering ? OUTER * inner : n;
    this.reads(floats(isScattering ? n : OUTER * AXIS * inner));
    this.reads(integers(n, -2, AXIS + 2));
    if (isScattering) this.updates(floats(OUTER * AXIS * inner, 2));
    else this.writes(n * 4);
  }

  run(begin: i32, end: i32): void {
    if (this.isScattering) {
      kernels.scatter_along_f32(this.y(), this.x(0), this.x(1), AXIS, this.count, this.inner, begin, end);
    } else {
      kernels.take_along_u32(this.y(), this.x(0), this.x(1), AXIS, this.count, this.inner, begin, end);
    }
  }
}

class OneHotLaunch extends Launch {
  constructor(count: i32, public depth: i32) {
    super();
    this.units = count;
    this.reads(integers(count, -2, depth + 2));
    this.writes(count * depth * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.one_hot_f32(this.y(), this.x(), this.depth, 1, -0.5, begin, end);
  }
}

describe("gather", () => {
  test("gather_u32 and gather_u8", () => {
    for (let inner = 1; inner < 40; inner += inner < 10 ? 1 : 7) for (let count = 0; count < 6; count++) {
      expect(check(new GatherLaunch(4, count, inner))).toBe("");
      expect(check(new GatherLaunch(1, count, inner))).toBe("");
    }
    expect(check(new GatherLaunch(4, 3, 300))).toBe("");
  });
  test("scatter_add_f32", () => {
    for (let inner = 1; inner < 60; inner += inner < 10 ? 1 : 7) for (let count = 0; count < 8; count++) {
      expect(check(new ScatterLaunch(count, inner))).toBe("");
    }
  });
  test("take_along_u32 and scatter_along_f32", () => {
    for (let inner = 1; inner < 9; inner++) for (let count = 0; count < 8; count++) {
      expect(check(new AlongLaunch(false, count, inner))).toBe("");
      expect(check(new AlongLaunch(true, count, inner))).toBe("");
    }
  });
  test("one_hot_f32", () => {
    for (let depth = 1; depth < 20; depth++) for (let count = 0; count < 6; count++) {
      expect(check(new OneHotLaunch(count, depth))).toBe("");
    }
  });

  test("an index that is none gathers zeros", () => {
    const launch = new GatherLaunch(4, 3, 7);
    store<i32>(launch.x(1), -1);
    store<i32>(launch.x(1) + 4, AXIS);
    store<i32>(launch.x(1) + 8, 4);
    launch.run(0, launch.units);
    for (let i = 0; i < 14; i++) expect(f32At(launch.outputs[0], i)).toBe(0);
    for (let i = 0; i < 7; i++) expect(f32At(launch.outputs[0], 14 + i)).toBe(f32At(launch.inputs[0], 28 + i));
  });

  test("rows scattered to one place add up", () => {
    const launch = new ScatterLaunch(3, 5);
    for (let i = 0; i < 3; i++) store<i32>(launch.x(1) + (i << 2), 2);
    const before = launch.outputs[0].copy();
    launch.run(0, launch.units);
    for (let c = 0; c < 5; c++) {
      const x = launch.inputs[0];
      const sum = f32At(before, 10 + c) + f32At(x, c) + f32At(x, 5 + c) + f32At(x, 10 + c);
      expect(abs(f32At(launch.outputs[0], 10 + c) - sum)).toBeLessThan(1e-5);
    }
  });
});
