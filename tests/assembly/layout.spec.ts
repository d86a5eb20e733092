// Data movement: views read and written, transposition, filling; elements of one byte and of four.
import * as kernels from "../../assembly/layout";
import { Buffer, bytes, check, f32At, floats, Launch } from "./launch";

/** A view of an array [6, 5, 7], read into a dense tensor or written from one: sizes, strides and where it begins. */
class ViewLaunch extends Launch {
  constructor(
    public size: i32, public inward: bool, public d0: i32, public d1: i32, public d2: i32,
    public s0: i32, public s1: i32, public s2: i32, public offset: i32,
  ) {
    super();
    this.units = d0 * d1 * d2;
    const dense = size == 1 ? bytes(this.units, 256) : floats(this.units);
    const whole = size == 1 ? bytes(210, 256, 2) : floats(210, 2);
    this.reads(inward ? dense : whole);
    if (inward) this.updates(whole);
    else this.writes(this.units * size);
  }

  run(begin: i32, end: i32): void {
    const y = this.y();
    const x = this.x();
    const d1 = this.d1;
    const d2 = this.d2;
    const s0 = this.s0;
    const s1 = this.s1;
    const s2 = this.s2;
    const o = this.offset;
    if (this.inward) {
      if (this.size == 1) kernels.view_write_u8(y, x, 1, 1, this.d0, d1, d2, 0, 0, 0, s0, s1, s2, o, begin, end);
      else kernels.view_write_u32(y, x, 1, 1, this.d0, d1, d2, 0, 0, 0, s0, s1, s2, o, begin, end);
    } else {
      if (this.size == 1) kernels.view_read_u8(y, x, 1, 1, this.d0, d1, d2, 0, 0, 0, s0, s1, s2, o, begin, end);
      else kernels.view_read_u32(y, x, 1, 1, this.d0, d1, d2, 0, 0, 0, s0, s1, s2, o, begin, end);
    }
  }
}

class FillLaunch extends Launch {
  constructor(public size: i32, count: i32) {
    super();
    this.units = count;
    this.writes(count * size);
  }

  run(begin: i32, end: i32): void {
    if (this.size == 1) kernels.fill_u8(this.y(), 200, begin, end);
    else kernels.fill_u32(this.y(), 0x12345678, begin, end);
  }
}

class TransposeLaunch extends Launch {
  constructor(public outer: i32, public rows: i32, public columns: i32) {
    super();
    this.units = outer * ((columns + 7) / 8);
    this.reads(floats(outer * rows * columns));
    this.writes(outer * rows * columns * 4);
  }

  run(begin: i32, end: i32): void {
    const r = this.rows;
    const c = this.columns;
    kernels.transpose_u32(
      this.y(), this.x(), r, c, c, r, 1, 1, this.outer, 0, 0, 0, r * c, 0, 0, 0, r * c, begin, end,
    );
  }
}

describe("layout", () => {
  test("views are read", () => {
    for (let size = 1; size <= 4; size += 3) {
      expect(check(new ViewLaunch(size, false, 6, 5, 7, 35, 7, 1, 0))).toBe("");
      expect(check(new ViewLaunch(size, false, 2, 3, 4, 35, 7, 1, 43))).toBe("");
      expect(check(new ViewLaunch(size, false, 7, 5, 6, 1, 7, 35, 0))).toBe("");
      expect(check(new ViewLaunch(size, false, 3, 4, 7, 0, 0, 1, 14))).toBe("");
      expect(check(new ViewLaunch(size, false, 3, 4, 9, 7, 35, 0, 3))).toBe("");
      expect(check(new ViewLaunch(size, false, 6, 5, 7, 35, 7, -1, 6))).toBe("");
      expect(check(new ViewLaunch(size, false, 6, 5, 7, -35, -7, -1, 209))).toBe("");
      expect(check(new ViewLaunch(size, false, 3, 5, 2, 70, 7, 3, 1))).toBe("");
      for (let n = 0; n < 20; n++) expect(check(new ViewLaunch(size, false, 1, 1, n, 0, 0, 1, 3))).toBe("");
    }
  });

  test("views are written, and what is not in them stays", () => {
    for (let size = 1; size <= 4; size += 3) {
      expect(check(new ViewLaunch(size, true, 6, 5, 7, 35, 7, 1, 0))).toBe("");
      expect(check(new ViewLaunch(size, true, 2, 3, 4, 35, 7, 1, 43))).toBe("");
      expect(check(new ViewLaunch(size, true, 7, 5, 6, 1, 7, 35, 0))).toBe("");
      expect(check(new ViewLaunch(size, true, 6, 5, 7, 35, 7, -1, 6))).toBe("");
      for (let n = 0; n < 20; n++) expect(check(new ViewLaunch(size, true, 1, 1, n, 0, 0, 1, 3))).toBe("");
    }
    const launch = new ViewLaunch(4, true, 1, 1, 9, 0, 0, 1, 3);
    const before = launch.outputs[0].copy();
    launch.run(0, 9);
    for (let i = 0; i < 210; i++) {
      const value = i >= 3 && i < 12 ? f32At(launch.inputs[0], i - 3) : f32At(before, i);
      expect(f32At(launch.outputs[0], i)).toBe(value);
    }
  });

  test("fill_u32 and fill_u8", () => {
    for (let n = 0; n < 70; n++) {
      expect(check(new FillLaunch(4, n))).toBe("");
      expect(check(new FillLaunch(1, n))).toBe("");
    }
  });

  test("transpose_u32", () => {
    for (let rows = 1; rows < 20; rows += rows < 10 ? 1 : 3) for (let columns = 1; columns < 36; columns += 5) {
      expect(check(new TransposeLaunch(2, rows, columns))).toBe("");
    }
    const launch = new TransposeLaunch(2, 11, 13);
    launch.run(0, launch.units);
    for (let o = 0; o < 2; o++) for (let r = 0; r < 11; r++) for (let c = 0; c < 13; c++) {
      expect(f32At(launch.outputs[0], o * 143 + c * 11 + r)).toBe(f32At(launch.inputs[0], o * 143 + r * 13 + c));
    }
  });

  test("bits are moved as they are, NaN's too", () => {
    const x = new Buffer(36);
    for (let i = 0; i < 9; i++) store<u32>(x.pointer + (i << 2), 0x7f800001 + i);
    const y = new Buffer(36);
    kernels.view_read_u32(y.pointer, x.pointer, 1, 1, 1, 1, 9, 0, 0, 0, 0, 0, 1, 0, 0, 9);
    expect(memory.compare(x.pointer, y.pointer, 36)).toBe(0);
  });
});
