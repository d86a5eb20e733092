// Batch and layer normalization, their moments and gradients.
import * as kernels from "../../assembly/norm";
import { check, f32At, floats, Launch } from "./launch";

const EPSILON: f32 = 1e-3;

function ceil(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

class MomentsLaunch extends Launch {
  constructor(public rows: i32, public columns: i32, public block: i32) {
    super();
    this.units = ceil(rows, block);
    this.reads(floats(rows * columns, 1, 99, 101));
    this.writes(this.units * columns * 4);
    this.writes(this.units * columns * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.moments_f32(this.y(0), this.y(1), this.x(), this.rows, this.columns, this.block, begin, end);
  }
}

class MergeLaunch extends Launch {
  constructor(public rows: i32, columns: i32, public block: i32) {
    super();
    this.units = columns;
    const moments = new MomentsLaunch(rows, columns, block);
    moments.run(0, moments.units);
    this.reads(moments.outputs[0]);
    this.reads(moments.outputs[1]);
    this.writes(columns * 4);
    this.writes(columns * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.units;
    kernels.moments_merge_f32(this.y(0), this.y(1), this.x(0), this.x(1), this.rows, n, this.block, begin, end);
  }
}

class AverageLaunch extends Launch {
  constructor(count: i32) {
    super();
    this.units = count;
    this.reads(floats(count, 1));
    this.updates(floats(count, 2));
  }

  run(begin: i32, end: i32): void {
    kernels.running_average_f32(this.y(), this.x(), 0.9, begin, end);
  }
}

const NORMALIZE: i32 = 0;
const AFFINE: i32 = 1;
const INPUT: i32 = 2;

/** Batch normalization: forward, the gradient of gamma and beta by blocks of 3 rows, the gradient of x. */
class BatchNormLaunch extends Launch {
  constructor(public which: i32, public rows: i32, public columns: i32, public plain: bool) {
    super();
    this.units = which == AFFINE ? ceil(rows, 3) : rows;
    this.reads(floats(rows * columns, 1));
    this.reads(floats(rows * columns, 2));
    this.reads(floats(columns, 3));
    this.reads(floats(columns, 4, 0.5, 2));
    this.reads(floats(columns, 5));
    this.reads(floats(columns, 6));
    this.writes((which == AFFINE ? this.units : rows) * columns * 4);
    if (which == AFFINE) this.writes(this.units * columns * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.columns;
    const dy = this.x(0);
    const x = this.x(1);
    const mean = this.x(2);
    const variance = this.x(3);
    const gamma: usize = this.plain ? 0 : this.x(4);
    const beta: usize = this.plain ? 0 : this.x(5);
    if (this.which == NORMALIZE) {
      kernels.batch_norm_f32(this.y(), x, mean, variance, gamma, beta, n, EPSILON, this.scratch, begin, end);
    } else if (this.which == AFFINE) {
      kernels.batch_norm_grad_affine_f32(
        this.y(0), this.y(1), dy, x, mean, variance, this.rows, n, 3, EPSILON, begin, end,
      );
    } else {
      kernels.batch_norm_grad_x_f32(
        this.y(), dy, x, mean, variance, gamma, this.x(4), this.x(5), this.rows, n, EPSILON, this.scratch, begin, end,
      );
    }
  }
}

/** Layer normalization, likewise. */
class LayerNormLaunch extends Launch {
  constructor(public which: i32, public rows: i32, public columns: i32, public plain: bool) {
    super();
    this.units = which == AFFINE ? ceil(rows, 3) : rows;
    this.reads(floats(rows * columns, 1));
    this.reads(floats(rows * columns, 2));
    this.reads(floats(rows, 3));
    this.reads(floats(rows, 4, 0.5, 2));
    this.reads(floats(columns, 5));
    this.reads(floats(columns, 6));
    this.writes((which == AFFINE ? this.units : rows) * columns * 4);
    if (which == AFFINE) this.writes(this.units * columns * 4);
    if (which == NORMALIZE) for (let i = 0; i < 2; i++) this.writes(rows * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.columns;
    const gamma: usize = this.plain ? 0 : this.x(4);
    const beta: usize = this.plain ? 0 : this.x(5);
    if (this.which == NORMALIZE) {
      kernels.layer_norm_f32(this.y(0), this.y(1), this.y(2), this.x(1), gamma, beta, n, EPSILON, begin, end);
    } else if (this.which == AFFINE) {
      kernels.layer_norm_grad_affine_f32(
        this.y(0), this.y(1), this.x(0), this.x(1), this.x(2), this.x(3), this.rows, n, 3, begin, end,
      );
    } else {
      kernels.layer_norm_grad_x_f32(this.y(), this.x(0), this.x(1), this.x(2), this.x(3), gamma, n, begin, end);
    }
  }
}

const COLUMNS: i32[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 70];

function checkBatchNorm(which: i32): void {
  for (let i = 0; i < COLUMNS.length; i++) for (let rows = 1; rows < 12; rows += 3) {
    expect(check(new BatchNormLaunch(which, rows, COLUMNS[i], false))).toBe("");
    expect(check(new BatchNormLaunch(which, rows, COLUMNS[i], true))).toBe("");
  }
}

function checkLayerNorm(which: i32): void {
  for (let i = 0; i < COLUMNS.length; i++) for (let rows = 1; rows < 12; rows += 3) {
    expect(check(new LayerNormLaunch(which, rows, COLUMNS[i], false))).toBe("");
    expect(check(new LayerNormLaunch(which, rows, COLUMNS[i], true))).toBe("");
  }
}

describe("norm", () => {
  test("moments_f32 and moments_merge_f32", () => {
    for (let i = 0; i < COLUMNS.length; i++) for (let rows = 1; rows < 30; rows += 5) {
      expect(check(new MomentsLaunch(rows, COLUMNS[i], 4))).toBe("");
      expect(check(new MergeLaunch(rows, COLUMNS[i], 4))).toBe("");
    }
  });
  test("running_average_f32", () => {
    for (let n = 0; n < 10; n++) expect(check(new AverageLaunch(n))).toBe("");
  });
  test("batch_norm_f32", () => { checkBatchNorm(NORMALIZE); });
  test("batch_norm_grad_affine_f32", () => { checkBatchNorm(AFFINE); });
  test("batch_norm_grad_x_f32", () => { checkBatchNorm(INPUT); });
  test("layer_norm_f32", () => { checkLayerNorm(NORMALIZE); });
  test("layer_norm_grad_affine_f32", () => { checkLayerNorm(AFFINE); });
  test("layer_norm_grad_x_f32", () => { checkLayerNorm(INPUT); });

  test("the variance of numbers far from zero is not lost", () => {
    const merge = new MergeLaunch(1000, 5, 64);
    merge.run(0, 5);
    for (let c = 0; c < 5; c++) {
      // Evenly spread over [99, 101): variance 1/3.
      expect(abs(f32At(merge.outputs[0], c) - 100)).toBeLessThan(0.1);
      expect(abs(f32At(merge.outputs[1], c) - 1.0 / 3)).toBeLessThan(0.05);
    }
  });
});
