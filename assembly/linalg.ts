// Linear algebra: a unit is one matrix of a batch. Matrices are f32; all arithmetic is f64, in memory of the
// caller (`work`, two f32 for each f64). What has no result (a singular matrix, an indefinite one) gives NaN.
import { In, Out } from "./signature";
import { Doubles, naturalLog } from "./simd/doubles";
import { diagonalize, eliminate, orthogonalize } from "./simd/factor";

/** Columns of a right-hand side that are solved together. */
const STRIP: i32 = 32;

function at(x: usize, i: i32): f64 { return load<f64>(x + (<usize>i << 3)); }
function put(x: usize, i: i32, value: f64): void { store<f64>(x + (<usize>i << 3), value); }
function row(x: usize, i: i32, width: i32): usize { return x + ((<usize>i * <usize>width) << 3); }

function fillNaN(y: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(y + (<usize>i << 2), NaN);
}

/** The symmetric part of the n x n matrix at a, as f64. */
function loadSymmetric(y: usize, a: usize, n: i32): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    const one = load<f32>(a + (<usize>(i * n + j) << 2));
    const other = load<f32>(a + (<usize>(j * n + i) << 2));
    put(y, i * n + j, 0.5 * (<f64>one + <f64>other));
  }
}

/**
 * l l' = (a + a') / 2 with l lower triangular, NaN where a is not positive definite; over matrices [begin, end) of
 * n x n. Work: n n f64 each. @flops units * n * n * n / 3
 */
export function cholesky_f32(l: Out<f32>, work: Out<f32>, a: In<f32>, n: i32, begin: i32, end: i32): void {
  const size = <usize>n * <usize>n;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const w = work + ((unit * size) << 3);
    const y = l + ((unit * size) << 2);
    loadSymmetric(w, a + ((unit * size) << 2), n);
    let definite = true;
    for (let i = 0; i < n; i++) {
      const own = row(w, i, n);
      for (let j = 0; j < i; j++) {
        const other = row(w, j, n);
        put(own, j, (at(own, j) - Doubles.dot(own, other, j)) / at(other, j));
      }
      const square = at(own, i) - Doubles.dot(own, own, i);
      if (!(square > 0)) definite = false;
      put(own, i, sqrt(square));
      const to = y + (<usize>(i * n) << 2);
      Doubles.narrow(to, 1, 1, own, i + 1);
      memory.fill(to + (<usize>(i + 1) << 2), 0, <usize>(n - i - 1) << 2);
    }
    if (!definite) fillNaN(y, n * n);
  }
}

/**
 * x of t x = b, where t is the lower triangle of a [n, n], or the upper one, or that transposed; b [n, columns]; over
 * strips [begin, end) of 32 columns, ceil(columns / 32) for each matrix. Work: as many f64 as b has numbers.
 * @flops units * n * n * 32
 */
export function solve_triangular_f32(
  x: Out<f32>, work: Out<f32>, a: In<f32>, b: In<f32>, n: i32, columns: i32, lower: i32, transposed: i32,
  begin: i32, end: i32,
): void {
  const strips = (columns + STRIP - 1) / STRIP;
  const ahead = (lower != 0) != (transposed != 0);
  const across = transposed ? n : 1;
  for (let unit = begin; unit < end; unit++) {
    const matrix = unit / strips;
    const first = (unit % strips) * STRIP;
    const width = min(STRIP, columns - first);
    const t = a + ((<usize>matrix * <usize>n * <usize>n) << 2);
    const all = <usize>matrix * <usize>n * <usize>columns;
    const w = work + ((all + <usize>n * <usize>first) << 3);
    for (let k = 0; k < n; k++) {
      const i = ahead ? k : n - 1 - k;
      const own = row(w, i, width);
      const offset = (all + <usize>i * <usize>columns + <usize>first) << 2;
      Doubles.widen(own, b + offset, 1, width);
      let element = t + (<usize>(i * (transposed ? 1 : n) + (ahead ? 0 : n - 1) * across) << 2);
      const step = <usize>(ahead ? across : -across) << 2;
      for (let s = 0; s < k; s++, element += step) {
        Doubles.add(own, -(<f64>load<f32>(element)), row(w, ahead ? s : n - 1 - s, width), width);
      }
      Doubles.scale(own, 1 / <f64>load<f32>(element), own, width);
      Doubles.narrow(x + offset, 1, 1, own, width);
    }
  }
}

/**
 * x of a x = b, a [n, n] and b [n, columns], NaN where a is singular; over matrices [begin, end). Work: n (n + columns)
 * f64 each. @flops units * n * n * (0.67 * n + 2 * columns)
 */
export function solve_f32(
  x: Out<f32>, work: Out<f32>, a: In<f32>, b: In<f32>, n: i32, columns: i32, begin: i32, end: i32,
): void {
  const width = n + columns;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const w = work + ((unit * <usize>n * <usize>width) << 3);
    const y = x + ((unit * <usize>n * <usize>columns) << 2);
    for (let i = 0; i < n; i++) {
      const own = row(w, i, width);
      const line = unit * <usize>n + <usize>i;
      Doubles.widen(own, a + ((line * <usize>n) << 2), 1, n);
      Doubles.widen(own + (<usize>n << 3), b + ((line * <usize>columns) << 2), 1, columns);
    }
    if (eliminate(w, n, width) == 0) {
      fillNaN(y, n * columns);
      continue;
    }
    for (let i = n - 1; i >= 0; i--) {
      const own = row(w, i, width) + (<usize>n << 3);
      Doubles.scale(own, 1 / at(row(w, i, width), i), own, columns);
      for (let r = 0; r < i; r++) {
        const other = row(w, r, width);
        Doubles.add(other + (<usize>n << 3), -at(other, i), own, columns);
      }
      Doubles.narrow(y + (<usize>(i * columns) << 2), 1, 1, own, columns);
    }
  }
}

/**
 * y = det a of a [n, n], or with `logarithm` the pair (sign, log |det a|); over matrices [begin, end). Work: n n f64
 * each. @flops units * n * n * n * 0.67
 */
export function determinant_f32(
  y: Out<f32>, work: Out<f32>, a: In<f32>, n: i32, logarithm: i32, begin: i32, end: i32,
): void {
  const size = <usize>n * <usize>n;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const w = work + ((unit * size) << 3);
    Doubles.widen(w, a + ((unit * size) << 2), 1, n * n);
    let sign = eliminate(w, n, n);
    let product: f64 = sign;
    let sum: f64 = sign == 0 ? -Infinity : 0;
    if (sign != 0) for (let i = 0; i < n; i++) {
      const pivot = at(row(w, i, n), i);
      product *= pivot;
      if (!logarithm) continue;
      sum += naturalLog(abs(pivot));
      sign *= pivot < 0 ? -1 : pivot > 0 ? 1 : NaN;
    }
    if (logarithm) {
      store<f32>(y + (unit << 3), <f32>sign);
      store<f32>(y + (unit << 3), <f32>sum, 4);
    } else store<f32>(y + (unit << 2), <f32>product);
  }
}

/**
 * q [m, n] with orthonormal columns and r [n, n] upper triangular, one after the other in y; q r = a [m, n], m >= n;
 * over matrices [begin, end). Work: n (2 m + 1) f64 each. @flops units * 4 * m * n * n
 */
export function qr_f32(y: Out<f32>, work: Out<f32>, a: In<f32>, m: i32, n: i32, begin: i32, end: i32): void {
  const size = <usize>m * <usize>n;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const columns = work + ((unit * (2 * size + <usize>n)) << 3);
    const q = columns + (size << 3);
    for (let j = 0; j < n; j++) Doubles.widen(row(columns, j, m), a + ((unit * size + <usize>j) << 2), n, m);
    orthogonalize(q, columns, q + (size << 3), m, n);
    const to = y + ((unit * (size + <usize>n * <usize>n)) << 2);
    const r = to + (size << 2);
    memory.fill(r, 0, (<usize>n * <usize>n) << 2);
    for (let j = 0; j < n; j++) {
      Doubles.narrow(to + (<usize>j << 2), n, 1, row(q, j, m), m);
      Doubles.narrow(r + (<usize>j << 2), n, 1, row(columns, j, m), j + 1);
    }
  }
}

/**
 * The eigenvalues of (a + a') / 2, ascending, and after them in y the matrix [n, n] whose columns are the eigenvectors;
 * over matrices [begin, end) of n x n. Work: n (2 n + 4) f64 each. @flops units * 9 * n * n * n
 */
export function eigh_f32(y: Out<f32>, work: Out<f32>, a: In<f32>, n: i32, begin: i32, end: i32): void {
  const size = <usize>n * <usize>n;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const w = work + ((unit * (2 * size + 4 * <usize>n)) << 3);
    const z = w + (size << 3);
    const d = z + (size << 3);
    const to = y + ((unit * (size + <usize>n)) << 2);
    loadSymmetric(w, a + ((unit * size) << 2), n);
    if (!diagonalize(d, z, w, d + (<usize>n << 3), n)) {
      fillNaN(to, n * n + n);
      continue;
    }
    Doubles.narrow(to, 1, 1, d, n);
    for (let i = 0; i < n; i++) Doubles.narrow(to + (<usize>(n + i) << 2), n, 1, row(z, i, n), n);
  }
}

/**
 * u [m, n], s [n] descending and v' [n, n], one after the other in y, with u s v' = a [m, n], m >= n; over matrices
 * [begin, end). The eigenvectors v of a' a; then a v is u s, orthogonal up to rounding, and reflections make u exactly
 * so, also where s is 0. In f64 squaring a costs no digit of an f32 result. Work: n (2 m + 2 n + 5) f64 each.
 * @flops units * n * n * (8 * m + 9 * n)
 */
export function svd_f32(y: Out<f32>, work: Out<f32>, a: In<f32>, m: i32, n: i32, begin: i32, end: i32): void {
  const size = <usize>m * <usize>n;
  const square = <usize>n * <usize>n;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    const columns = work + ((unit * (2 * size + 2 * square + 5 * <usize>n)) << 3);
    const images = columns + (size << 3);
    const gram = images + (size << 3);
    const z = gram + (square << 3);
    const d = z + (square << 3);
    const u = y + ((unit * (size + <usize>n + square)) << 2);
    const s = u + (size << 2);
    const vt = s + (<usize>n << 2);
    for (let j = 0; j < n; j++) Doubles.widen(row(columns, j, m), a + ((unit * size + <usize>j) << 2), n, m);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) {
      const product = Doubles.dot(row(columns, i, m), row(columns, j, m), m);
      put(gram, i * n + j, product);
      put(gram, j * n + i, product);
    }
    if (!diagonalize(d, z, gram, d + (<usize>n << 3), n)) {
      fillNaN(u, m * n + n + n * n);
      continue;
    }
    memory.fill(images, 0, size << 3);
    for (let i = 0; i < n; i++) {
      const vector = row(z, n - 1 - i, n);
      for (let j = 0; j < n; j++) Doubles.add(row(images, i, m), at(vector, j), row(columns, j, m), m);
      Doubles.narrow(vt + (<usize>(i * n) << 2), 1, 1, vector, n);
    }
    orthogonalize(columns, images, d, m, n);
    let least = Infinity;
    for (let i = 0; i < n; i++) {
      const value = at(row(images, i, m), i);
      least = min(least, abs(value));
      store<f32>(s + (<usize>i << 2), <f32>least);
      Doubles.narrow(u + (<usize>i << 2), n, value < 0 ? -1 : 1, row(columns, i, m), m);
    }
  }
}
