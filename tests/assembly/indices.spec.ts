// Cells in which bad indices and labels are noted: the first one stays, however the range is cut.
import * as kernels from "../../assembly/indices";
import { Buffer, check, f32At, integers, Launch } from "./launch";

/** A cell in which nothing is noted. */
function cell(): Buffer {
  const buffer = new Buffer(8);
  store<i64>(buffer.pointer, -1);
  return buffer;
}

class IndicesLaunch extends Launch {
  constructor(count: i32, public limit: i32, low: i32, high: i32) {
    super();
    this.units = count;
    this.reads(integers(count, low, high));
    this.updates(cell());
  }

  run(begin: i32, end: i32): void {
    kernels.check_indices_i32(this.y(), this.x(), this.limit, begin, end);
  }
}

class LabelsLaunch extends Launch {
  constructor(count: i32, public limit: i32) {
    super();
    this.units = count;
    const labels = integers(count, 0, limit);
    for (let i = 0; i < count; i++) {
      const at = labels.pointer + (<usize>i << 2);
      store<f32>(at, <f32>load<i32>(at));
    }
    this.reads(labels);
    this.updates(cell());
  }

  run(begin: i32, end: i32): void {
    kernels.check_labels_f32(this.y(), this.x(), this.limit, begin, end);
  }
}

class CountedLaunch extends Launch {
  constructor(batch: i32, public longest: i32, public classes: i32) {
    super();
    this.units = batch;
    this.reads(integers(batch * longest, -1, classes + 1));
    this.reads(integers(batch, -1, longest + 2));
    this.updates(cell());
  }

  run(begin: i32, end: i32): void {
    kernels.check_counted_labels_i32(this.y(), this.x(0), this.x(1), this.longest, this.classes, begin, end);
  }
}

describe("indices", () => {
  test("check_indices_i32", () => {
    for (let count = 0; count < 30; count++) {
      expect(check(new IndicesLaunch(count, 5, 0, 5))).toBe("");
      expect(check(new IndicesLaunch(count, 5, -1, 6))).toBe("");
      expect(check(new IndicesLaunch(count, 5, 0, 6))).toBe("");
    }
  });
  test("check_labels_f32", () => {
    for (let count = 0; count < 12; count++) expect(check(new LabelsLaunch(count, 4))).toBe("");
  });
  test("check_counted_labels_i32", () => {
    for (let batch = 0; batch < 6; batch++) for (let longest = 1; longest < 9; longest++) {
      expect(check(new CountedLaunch(batch, longest, 4))).toBe("");
    }
  });

  test("notes nothing where all are good", () => {
    const launch = new IndicesLaunch(23, 5, 0, 5);
    launch.run(0, 23);
    expect(load<i64>(launch.y())).toBe(-1);
  });
  test("notes position and value of the first, in any order", () => {
    const launch = new IndicesLaunch(23, 5, 0, 5);
    store<i32>(launch.x() + 13 * 4, 5);
    store<i32>(launch.x() + 19 * 4, -7);
    launch.run(14, 23);
    expect(load<i32>(launch.y())).toBe(-7);
    expect(load<i32>(launch.y() + 4)).toBe(19);
    launch.run(0, 14);
    launch.run(14, 23);
    expect(load<i32>(launch.y())).toBe(5);
    expect(load<i32>(launch.y() + 4)).toBe(13);
  });
  test("a label is a whole number", () => {
    const values: f32[] = [NaN, Infinity, -Infinity, -1, 4, 0.5, 1e-42, 3e38, 4294967296];
    for (let i = 0; i < values.length; i++) {
      const launch = new LabelsLaunch(3, 4);
      store<f32>(launch.x(), -0.0);
      store<f32>(launch.x() + 4, values[i]);
      launch.run(0, 3);
      expect(load<i32>(launch.y() + 4)).toBe(1);
      expect(load<u32>(launch.y())).toBe(reinterpret<u32>(values[i]));
    }
    expect(f32At(new LabelsLaunch(1, 1).inputs[0], 0)).toBe(0);
  });
});
