// Factorizations of batches of matrices: what they write, and that products of the factors give the matrix again.
import * as kernels from "../../assembly/linalg";
import { Buffer, check, f32At, floats, Launch } from "./launch";

const MATRICES: i32 = 3;

/** Symmetric matrices with a heavy diagonal. */
function definite(n: i32): Buffer {
  const buffer = floats(MATRICES * n * n, n + 1, -1, 1);
  for (let b = 0; b < MATRICES; b++) for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) {
    const value = f32At(buffer, (b * n + i) * n + j) + (i == j ? <f32>n : 0);
    store<f32>(buffer.pointer + (((b * n + i) * n + j) << 2), value);
    store<f32>(buffer.pointer + (((b * n + j) * n + i) << 2), value);
  }
  return buffer;
}

class CholeskyLaunch extends Launch {
  constructor(public n: i32) {
    super();
    this.units = MATRICES;
    this.reads(definite(n));
    this.writes(MATRICES * n * n * 4);
    this.writes(MATRICES * n * n * 8);
  }

  run(begin: i32, end: i32): void {
    kernels.cholesky_f32(this.y(0), this.y(1), this.x(), this.n, begin, end);
  }
}

class TriangularLaunch extends Launch {
  constructor(public n: i32, public columns: i32, public lower: i32, public transposed: i32) {
    super();
    this.units = MATRICES * ((columns + 31) / 32);
    this.reads(definite(n));
    this.reads(floats(MATRICES * n * columns));
    this.writes(MATRICES * n * columns * 4);
    this.writes(MATRICES * n * columns * 8);
  }

  run(begin: i32, end: i32): void {
    kernels.solve_triangular_f32(
      this.y(0), this.y(1), this.x(0), this.x(1), this.n, this.columns, this.lower, this.transposed, begin, end,
    );
  }

  /** How far t x is from b. */
  error(): f64 {
    let worst: f64 = 0;
    for (let b = 0; b < MATRICES; b++) for (let i = 0; i < this.n; i++) for (let c = 0; c < this.columns; c++) {
      let sum: f64 = 0;
      for (let j = 0; j < this.n; j++) {
        const row = this.transposed ? j : i;
        const column = this.transposed ? i : j;
        if (this.lower ? column > row : column < row) continue;
        const element = f32At(this.inputs[0], (b * this.n + row) * this.n + column);
        sum += <f64>element * <f64>f32At(this.outputs[0], (b * this.n + j) * this.columns + c);
      }
      worst = max(worst, abs(sum - <f64>f32At(this.inputs[1], (b * this.n + i) * this.columns + c)));
    }
    return worst;
  }
}

class SolveLaunch extends Launch {
  constructor(public n: i32, public columns: i32) {
    super();
    this.units = MATRICES;
    this.reads(definite(n));
    this.reads(floats(MATRICES * n * columns));
    this.writes(MATRICES * n * columns * 4);
    this.writes(MATRICES * n * (n + columns) * 8);
  }

  run(begin: i32, end: i32): void {
    kernels.solve_f32(this.y(0), this.y(1), this.x(0), this.x(1), this.n, this.columns, begin, end);
  }
}

class DeterminantLaunch extends Launch {
  constructor(public n: i32, public logarithm: i32) {
    super();
    this.units = MATRICES;
    this.reads(definite(n));
    this.writes(MATRICES * (logarithm ? 8 : 4));
    this.writes(MATRICES * n * n * 8);
  }

  run(begin: i32, end: i32): void {
    kernels.determinant_f32(this.y(0), this.y(1), this.x(), this.n, this.logarithm, begin, end);
  }
}

/** qr_f32 or svd_f32: factors of m x n matrices, m >= n, one after the other. */
class FactorLaunch extends Launch {
  private readonly packed: i32;

  constructor(public singular: bool, public m: i32, public n: i32) {
    super();
    this.units = MATRICES;
    this.packed = m * n + n * n + (singular ? n : 0);
    this.reads(floats(MATRICES * m * n, m + n));
    this.writes(MATRICES * this.packed * 4);
    this.writes(MATRICES * n * (singular ? 2 * m + 2 * n + 5 : 2 * m + 1) * 8);
  }

  run(begin: i32, end: i32): void {
    if (this.singular) kernels.svd_f32(this.y(0), this.y(1), this.x(), this.m, this.n, begin, end);
    else kernels.qr_f32(this.y(0), this.y(1), this.x(), this.m, this.n, begin, end);
  }

  /** How far the product of the factors is from the matrix, and the first one's columns from orthonormal. */
  error(): f64 {
    let worst: f64 = 0;
    const y = this.outputs[0];
    const n = this.n;
    for (let b = 0; b < MATRICES; b++) {
      const first = b * this.packed;
      const middle = first + this.m * n;
      const last = middle + (this.singular ? n : 0);
      for (let i = 0; i < this.m; i++) for (let j = 0; j < n; j++) {
        let sum: f64 = 0;
        for (let k = 0; k < n; k++) {
          const scale = this.singular ? f32At(y, middle + k) : <f32>1;
          sum += <f64>f32At(y, first + i * n + k) * <f64>scale * <f64>f32At(y, last + k * n + j);
        }
        worst = max(worst, abs(sum - <f64>f32At(this.inputs[0], (b * this.m + i) * n + j)));
      }
      for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) {
        let dot: f64 = 0;
        for (let i = 0; i < this.m; i++) dot += <f64>f32At(y, first + i * n + j) * <f64>f32At(y, first + i * n + k);
        worst = max(worst, abs(dot - (j == k ? 1 : 0)));
      }
    }
    return worst;
  }
}

class EighLaunch extends Launch {
  constructor(public n: i32) {
    super();
    this.units = MATRICES;
    this.reads(definite(n));
    this.writes(MATRICES * (n + n * n) * 4);
    this.writes(MATRICES * n * (2 * n + 4) * 8);
  }

  run(begin: i32, end: i32): void {
    kernels.eigh_f32(this.y(0), this.y(1), this.x(), this.n, begin, end);
  }

  /** How far a v is from w v. */
  error(): f64 {
    let worst: f64 = 0;
    const n = this.n;
    for (let b = 0; b < MATRICES; b++) for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) {
      const at = b * (n + n * n);
      let sum: f64 = 0;
      for (let j = 0; j < n; j++) {
        sum += <f64>f32At(this.inputs[0], (b * n + i) * n + j) * <f64>f32At(this.outputs[0], at + n + j * n + k);
      }
      const scaled = <f64>f32At(this.outputs[0], at + k) * <f64>f32At(this.outputs[0], at + n + i * n + k);
      worst = max(worst, abs(sum - scaled));
    }
    return worst;
  }
}

describe("linear algebra", () => {
  test("cholesky_f32: the square of its result is the matrix", () => {
    for (let n = 1; n < 12; n++) {
      const launch = new CholeskyLaunch(n);
      expect(check(launch)).toBe("");
      launch.reset();
      launch.run(0, MATRICES);
      const l = launch.outputs[0];
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
        let sum: f64 = 0;
        for (let k = 0; k < n; k++) sum += <f64>f32At(l, i * n + k) * <f64>f32At(l, j * n + k);
        expect(abs(sum - <f64>f32At(launch.inputs[0], i * n + j))).toBeLessThan(1e-5);
      }
    }
  });
  test("solve_triangular_f32", () => {
    for (let n = 1; n < 8; n++) for (let columns = 1; columns < 70; columns += columns < 4 ? 1 : 15) {
      for (let form = 0; form < 4; form++) {
        const launch = new TriangularLaunch(n, columns, form & 1, form >> 1);
        expect(check(launch)).toBe("");
        launch.reset();
        launch.run(0, launch.units);
        expect(launch.error()).toBeLessThan(1e-5);
      }
    }
  });
  test("solve_f32 and determinant_f32", () => {
    for (let n = 1; n < 9; n++) {
      for (let columns = 1; columns < 6; columns++) expect(check(new SolveLaunch(n, columns))).toBe("");
      expect(check(new DeterminantLaunch(n, 0))).toBe("");
      expect(check(new DeterminantLaunch(n, 1))).toBe("");
    }
  });
  test("the determinant and its logarithm agree", () => {
    for (let n = 1; n < 9; n++) {
      const plain = new DeterminantLaunch(n, 0);
      const logarithm = new DeterminantLaunch(n, 1);
      plain.run(0, MATRICES);
      logarithm.run(0, MATRICES);
      for (let b = 0; b < MATRICES; b++) {
        const value = <f64>f32At(plain.outputs[0], b);
        expect(f32At(logarithm.outputs[0], 2 * b)).toBe(<f32>(value > 0 ? 1 : -1));
        expect(abs(<f64>f32At(logarithm.outputs[0], 2 * b + 1) - Math.log(abs(value)))).toBeLessThan(1e-5);
      }
    }
  });
  test("qr_f32 and svd_f32: the product of the factors is the matrix", () => {
    for (let n = 1; n < 8; n++) for (let m = n; m < n + 5; m += 2) for (let which = 0; which < 2; which++) {
      const launch = new FactorLaunch(which == 1, m, n);
      expect(check(launch)).toBe("");
      launch.reset();
      launch.run(0, MATRICES);
      expect(launch.error()).toBeLessThan(3e-6);
    }
  });
  test("eigh_f32: the matrix only stretches its eigenvectors", () => {
    for (let n = 1; n < 12; n++) {
      const launch = new EighLaunch(n);
      expect(check(launch)).toBe("");
      launch.reset();
      launch.run(0, MATRICES);
      expect(launch.error()).toBeLessThan(1e-5);
      for (let k = 1; k < n; k++) expect(f32At(launch.outputs[0], k - 1)).toBeLessThan(f32At(launch.outputs[0], k));
    }
  });
});
