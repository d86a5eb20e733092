// Softmax, its logarithm, cross-entropy, and their gradients, row by row.
import * as kernels from "../../assembly/softmax";
import { check, f32At, floats, integers, Launch } from "./launch";

type Map = (y: usize, x: usize, columns: i32, begin: i32, end: i32) => void;
type Gradient = (dx: usize, dy: usize, y: usize, columns: i32, begin: i32, end: i32) => void;

const ROWS: i32 = 5;

class MapLaunch extends Launch {
  constructor(public kernel: Map, public columns: i32, outputs: i32) {
    super();
    this.units = ROWS;
    this.reads(floats(ROWS * columns, columns, -30, 30));
    this.writes(ROWS * outputs * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), this.columns, begin, end);
  }
}

class GradientLaunch extends Launch {
  constructor(public kernel: Gradient, public columns: i32) {
    super();
    this.units = ROWS;
    this.reads(floats(ROWS * columns, 1));
    this.reads(floats(ROWS * columns, 2, 0, 1));
    this.writes(ROWS * columns * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), this.columns, begin, end);
  }
}

/** Cross-entropy of labels, one of which is none, or with `dense` of probabilities. */
class LossLaunch extends Launch {
  constructor(public dense: bool, public columns: i32) {
    super();
    this.units = ROWS;
    this.reads(floats(ROWS * columns, columns, -30, 30));
    this.reads(dense ? floats(ROWS * columns, 3, 0, 1) : integers(ROWS, -1, columns));
    for (let i = 0; i < 3; i++) this.writes(ROWS * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.columns;
    if (this.dense) {
      kernels.softmax_cross_entropy_f32(this.y(0), this.y(1), this.y(2), this.x(0), this.x(1), n, begin, end);
    } else {
      kernels.softmax_cross_entropy_labels_f32(this.y(0), this.y(1), this.y(2), this.x(0), this.x(1), n, begin, end);
    }
  }
}

class LossGradientLaunch extends Launch {
  constructor(public dense: bool, public columns: i32) {
    super();
    this.units = ROWS;
    const loss = new LossLaunch(dense, columns);
    loss.run(0, ROWS);
    this.reads(floats(ROWS, 9));
    this.reads(loss.inputs[0]);
    this.reads(loss.outputs[1]);
    this.reads(loss.outputs[2]);
    this.reads(loss.inputs[1]);
    this.writes(ROWS * columns * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.columns;
    const y = this.y();
    if (this.dense) {
      kernels.softmax_cross_entropy_grad_f32(
        y, this.x(0), this.x(1), this.x(2), this.x(3), this.x(4), n, begin, end,
      );
    } else {
      kernels.softmax_cross_entropy_labels_grad_f32(
        y, this.x(0), this.x(1), this.x(2), this.x(3), this.x(4), n, begin, end,
      );
    }
  }
}

const COLUMNS: i32[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 513, 600];

describe("softmax", () => {
  test("softmax_f32, log_softmax_f32 and log_sum_exp_f32", () => {
    for (let i = 0; i < COLUMNS.length; i++) {
      expect(check(new MapLaunch(kernels.softmax_f32, COLUMNS[i], COLUMNS[i]))).toBe("");
      expect(check(new MapLaunch(kernels.log_softmax_f32, COLUMNS[i], COLUMNS[i]))).toBe("");
      expect(check(new MapLaunch(kernels.log_sum_exp_f32, COLUMNS[i], 1))).toBe("");
    }
  });
  test("gradients", () => {
    for (let i = 0; i < COLUMNS.length; i++) {
      expect(check(new GradientLaunch(kernels.softmax_grad_f32, COLUMNS[i]))).toBe("");
      expect(check(new GradientLaunch(kernels.log_softmax_grad_f32, COLUMNS[i]))).toBe("");
    }
  });
  test("cross-entropy and its gradient", () => {
    for (let i = 1; i < COLUMNS.length; i++) for (let dense = 0; dense < 2; dense++) {
      expect(check(new LossLaunch(dense != 0, COLUMNS[i]))).toBe("");
      expect(check(new LossGradientLaunch(dense != 0, COLUMNS[i]))).toBe("");
    }
  });

  test("rows sum to one, however large their numbers", () => {
    for (let columns = 1; columns < 40; columns += 3) {
      const launch = new MapLaunch(kernels.softmax_f32, columns, columns);
      for (let i = 0; i < ROWS * columns; i++) store<f32>(launch.x() + (i << 2), <f32>(i % columns) * 1e5 - 1e6);
      launch.run(0, ROWS);
      for (let row = 0; row < ROWS; row++) {
        let sum: f64 = 0;
        for (let i = 0; i < columns; i++) sum += f32At(launch.outputs[0], row * columns + i);
        expect(sum).toBeCloseTo(1, 6);
      }
    }
  });

  test("NaN spoils its own row and no other", () => {
    const columns = 11;
    const launch = new MapLaunch(kernels.softmax_f32, columns, columns);
    store<f32>(launch.x() + (<usize>(2 * columns + 10) << 2), NaN);
    launch.run(0, ROWS);
    for (let i = 0; i < ROWS * columns; i++) {
      expect(isNaN(f32At(launch.outputs[0], i))).toBe(i / columns == 2);
    }
  });

  test("a label that is none makes NaN, and reads nothing beside its row", () => {
    const launch = new LossLaunch(false, 7);
    for (let row = 0; row < ROWS; row++) store<i32>(launch.x(1) + (row << 2), row == 1 ? 7 : row == 3 ? -1 : row);
    launch.run(0, ROWS);
    for (let row = 0; row < ROWS; row++) expect(isNaN(f32At(launch.outputs[0], row))).toBe(row == 1 || row == 3);
  });
});
