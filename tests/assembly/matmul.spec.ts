// Matrix products: blocks of every shape, packed or not, with bias and ReLU, against the sum written down.
import * as kernels from "../../assembly/matmul";
import { set_wide } from "../../assembly/simd/gemm-wide";
import { check, f32At, floats, Launch } from "./launch";

const BATCH: i32 = 2;

function ceil(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

class PackLaunch extends Launch {
  constructor(public n: i32, public k: i32) {
    super();
    this.units = BATCH * ceil(n, 8);
    this.reads(floats(BATCH * n * k));
    this.writes(this.units * k * 32);
  }

  run(begin: i32, end: i32): void {
    const size = this.n * this.k;
    kernels.matmul_pack_f32(this.y(), this.x(), this.n, this.k, size, this.n, 1, this.scratch, begin, end);
  }
}

/** c = relu(a b + bias) in blocks of 8 x 16; a and b stored transposed, b packed beforehand, as told. */
class ProductLaunch extends Launch {
  constructor(
    public m: i32, public n: i32, public k: i32,
    public transposeA: bool, public transposeB: bool, public packed: bool, public fused: bool,
  ) {
    super();
    this.units = BATCH * ceil(m, 8) * ceil(n, 16);
    this.reads(floats(BATCH * m * k, 1));
    this.reads(floats(BATCH * k * n, 2));
    this.reads(floats(n, 3));
    if (packed) {
      const panels = new PackLaunch(n, k);
      memory.copy(panels.x(), this.x(1), BATCH * n * k * 4);
      panels.run(0, panels.units);
      this.reads(panels.outputs[0]);
    }
    this.writes(BATCH * m * n * 4);
  }

  run(begin: i32, end: i32): void {
    const aRow = this.transposeA ? 1 : this.k;
    const aColumn = this.transposeA ? this.m : 1;
    let bBatch = this.k * this.n;
    let bRow = this.transposeB ? 1 : this.n;
    let bColumn = this.transposeB ? this.k : 1;
    if (this.packed) {
      bBatch = ceil(this.n, 8) * this.k * 8;
      bRow = 8;
      bColumn = 0;
    }
    kernels.matmul_f32(
      this.y(), this.x(0), this.packed ? this.x(3) : this.x(1), this.fused ? this.x(2) : 0, this.m, this.n, this.k,
      this.m * this.n, this.n, this.m * this.k, aRow, aColumn, bBatch, bRow, bColumn, 8, 16, this.fused ? 1 : 0,
      this.scratch, begin, end,
    );
  }

  /** The element [batch, i, j], summed in f64. */
  reference(batch: i32, i: i32, j: i32): f64 {
    let sum: f64 = this.fused ? f32At(this.inputs[2], j) : 0;
    for (let d = 0; d < this.k; d++) {
      const a = batch * this.m * this.k + (this.transposeA ? d * this.m + i : i * this.k + d);
      const b = batch * this.k * this.n + (this.transposeB ? j * this.k + d : d * this.n + j);
      sum += <f64>f32At(this.inputs[0], a) * <f64>f32At(this.inputs[1], b);
    }
    return this.fused ? max(sum, 0) : sum;
  }

  /** The largest difference from the reference. */
  get error(): f64 {
    this.run(0, this.units);
    let worst: f64 = 0;
    for (let batch = 0; batch < BATCH; batch++) for (let i = 0; i < this.m; i++) for (let j = 0; j < this.n; j++) {
      const value = f32At(this.outputs[0], (batch * this.m + i) * this.n + j);
      const error = abs(<f64>value - this.reference(batch, i, j));
      if (!(error <= worst)) worst = error;
    }
    return worst;
  }
}

/** A vector by a matrix, or with `transposed` a matrix by a vector. */
class VectorLaunch extends Launch {
  constructor(public n: i32, public k: i32, public transposed: bool) {
    super();
    this.units = BATCH * ceil(n, transposed ? 32 : 16);
    this.reads(floats(BATCH * k, 1));
    this.reads(floats(BATCH * k * n, 2));
    this.reads(floats(n, 3));
    this.writes(BATCH * n * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.n;
    const k = this.k;
    if (this.transposed) {
      kernels.matvec_f32(this.y(), this.x(0), this.x(1), this.x(2), n, k, k, k * n, 1, begin, end);
    } else {
      kernels.vecmat_f32(this.y(), this.x(0), this.x(1), this.x(2), n, k, k, k * n, 16, 1, begin, end);
    }
  }
}

const SIZES: i32[] = [1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 33];

describe("matmul", () => {
  test("matmul_pack_f32", () => {
    for (let i = 0; i < SIZES.length; i++) for (let k = 0; k < 10; k++) {
      expect(check(new PackLaunch(SIZES[i], k))).toBe("");
    }
    expect(check(new PackLaunch(19, 300))).toBe("");
  });

  test("matmul_f32 in any layout", () => {
    for (let layout = 0; layout < 10; layout++) {
      const transposeA = (layout & 1) != 0;
      const transposeB = (layout & 2) != 0;
      const fused = (layout & 4) != 0;
      const packed = layout >= 8;
      for (let i = 0; i < SIZES.length; i++) {
        const n = SIZES[(i * 7 + layout) % SIZES.length];
        const k = SIZES[(i * 3 + 1) % SIZES.length];
        const launch = new ProductLaunch(SIZES[i], n, k, transposeA, transposeB, packed, fused);
        expect(check(launch)).toBe("");
        expect(launch.error).toBeLessThan(1e-4);
      }
      expect(check(new ProductLaunch(21, 37, 300, transposeA, transposeB, packed, fused))).toBe("");
    }
  });

  test("with tiles of 16 columns the bits are the same", () => {
    for (let layout = 0; layout < 10; layout++) for (let i = 0; i < SIZES.length; i++) {
      const k = layout == i ? 401 : SIZES[(i * 5 + layout) % SIZES.length];
      const n = SIZES[(i * 7 + layout) % SIZES.length];
      const launch = new ProductLaunch(
        SIZES[i], n, k, (layout & 1) != 0, (layout & 2) != 0, layout >= 8, (layout & 4) != 0,
      );
      const result = launch.outputs[0];
      launch.run(0, launch.units);
      const narrow = result.copy();
      result.clear();
      set_wide(true);
      launch.run(0, launch.units);
      set_wide(false);
      expect(memory.compare(narrow.pointer, result.pointer, result.bytes)).toBe(0);
    }
  });

  test("a product over nothing is the bias", () => {
    const launch = new ProductLaunch(5, 9, 0, false, false, false, true);
    expect(check(launch)).toBe("");
    expect(launch.error).toBe(0);
  });

  test("vecmat_f32 and matvec_f32", () => {
    for (let i = 0; i < SIZES.length; i++) for (let k = 1; k < 36; k += k < 9 ? 1 : 9) {
      expect(check(new VectorLaunch(SIZES[i], k, false))).toBe("");
      expect(check(new VectorLaunch(SIZES[i], k, true))).toBe("");
    }
  });

  test("NaN in a row of a spoils that row of c only", () => {
    const launch = new ProductLaunch(9, 11, 13, false, false, false, false);
    store<f32>(launch.x(0) + (<usize>(4 * 13 + 12) << 2), NaN);
    launch.run(0, launch.units);
    for (let i = 0; i < 9; i++) for (let j = 0; j < 11; j++) {
      expect(isNaN(f32At(launch.outputs[0], i * 11 + j))).toBe(i == 4);
    }
  });
});
