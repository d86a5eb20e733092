// Factorizations of f64 matrices: elimination with pivots, reflections (QR), eigenvectors of symmetric matrices. Rows
// are contiguous; functions of columns take the transposed matrix, so that inner loops run over contiguous memory.
import { Doubles } from "./doubles";

const EPSILON: f64 = 2.220446049250313e-16;
/** Steps of the QL iteration for one eigenvalue, of which two are usual. */
const MOST_STEPS: i32 = 60;

function at(x: usize, i: i32): f64 { return load<f64>(x + (<usize>i << 3)); }
function put(x: usize, i: i32, value: f64): void { store<f64>(x + (<usize>i << 3), value); }
function row(x: usize, i: i32, width: i32): usize { return x + ((<usize>i * <usize>width) << 3); }

/** x >= 0 with the sign that y has not: y taken off it cancels nothing. */
function against(x: f64, y: f64): f64 { return y > 0 ? -x : x; }

/**
 * Makes the left n columns of n rows of `width` numbers upper triangular, by Gauss's elimination with partial pivoting;
 * returns the sign of the rows' permutation, 0 where a pivot is 0.
 */
export function eliminate(a: usize, n: i32, width: i32): f64 {
  let sign: f64 = 1;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (abs(at(row(a, i, width), k)) > abs(at(row(a, best, width), k))) best = i;
    const pivotRow = row(a, k, width);
    if (best != k) {
      Doubles.swap(row(a, best, width), pivotRow, width);
      sign = -sign;
    }
    const pivot = at(pivotRow, k);
    if (pivot == 0) return 0;
    const next = <usize>(k + 1) << 3;
    for (let i = k + 1; i < n; i++) {
      const other = row(a, i, width);
      Doubles.add(other + next, -at(other, k) / pivot, pivotRow + next, width - k - 1);
    }
  }
  return sign;
}

/**
 * The reflection I - tau v v' that maps the n numbers at x to (beta, 0, ...), v[0] = 1: beta goes to x[0], v's other
 * numbers to where they were; returns tau. Signs as LAPACK's.
 */
function reflect(x: usize, n: i32): f64 {
  const rest = Doubles.dot(x + 8, x + 8, n - 1);
  if (rest == 0) return 0;
  const alpha = load<f64>(x);
  const beta = against(sqrt(alpha * alpha + rest), alpha);
  Doubles.scale(x + 8, 1 / (alpha - beta), x + 8, n - 1);
  store<f64>(x, beta);
  return (beta - alpha) / beta;
}

/** y -= tau v (v' y), v of n numbers, the first of them taken as 1. */
function applyReflection(y: usize, tau: f64, v: usize, n: i32): void {
  const s = tau * (load<f64>(y) + Doubles.dot(v + 8, y + 8, n - 1));
  store<f64>(y, load<f64>(y) - s);
  Doubles.add(y + 8, -s, v + 8, n - 1);
}

/**
 * Householder's QR of n columns of m >= n numbers, each column contiguous at a: R's columns are left there, and below
 * them the reflections; the n columns of Q go to q. `tau` is room for n numbers.
 */
export function orthogonalize(q: usize, a: usize, tau: usize, m: i32, n: i32): void {
  for (let j = 0; j < n; j++) {
    const v = row(a, j, m) + (<usize>j << 3);
    const factor = reflect(v, m - j);
    put(tau, j, factor);
    for (let c = j + 1; c < n; c++) applyReflection(row(a, c, m) + (<usize>j << 3), factor, v, m - j);
  }
  memory.fill(q, 0, (<usize>m * <usize>n) << 3);
  for (let j = n - 1; j >= 0; j--) {
    const v = row(a, j, m) + (<usize>j << 3);
    put(row(q, j, m), j, 1);
    for (let c = j; c < n; c++) applyReflection(row(q, c, m) + (<usize>j << 3), at(tau, j), v, m - j);
  }
}

/** Doubles of room that `diagonalize` needs beside its matrices. */
export const DIAGONALIZE_VECTORS: i32 = 3;

/**
 * Eigenvalues d, ascending, and eigenvectors, the rows of z, of the symmetric n x n matrix at a, which is used up;
 * false where a number is not finite. Householder's tridiagonal form, then QL with implicit shifts (Bowdler, Martin,
 * Reinsch and Wilkinson 1968). `room` is DIAGONALIZE_VECTORS times n numbers.
 */
export function diagonalize(d: usize, z: usize, a: usize, room: usize, n: i32): bool {
  const e = room;
  const tau = row(room, 1, n);
  const p = row(room, 2, n);
  tridiagonalize(d, e, tau, p, a, n);
  let norm: f64 = 0;
  for (let i = 0; i < n; i++) norm += abs(at(d, i)) + abs(at(e, i));
  if (!(norm < Infinity)) return false;
  // The reflections' product, transposed: row r is what becomes of the r-th eigenvector of the tridiagonal matrix.
  memory.fill(z, 0, (<usize>n * <usize>n) << 3);
  for (let i = 0; i < n; i++) {
    put(row(z, i, n), i, 1);
    for (let r = 0; r < i; r++) {
      const other = row(z, r, n);
      Doubles.add(other, -at(tau, i) * Doubles.dot(other, row(a, i, n), i), row(a, i, n), i);
    }
  }
  for (let l = 0; l < n; l++) {
    for (let step = 0; step < MOST_STEPS; step++) {
      let m = l;
      while (m < n - 1 && abs(at(e, m)) > EPSILON * (abs(at(d, m)) + abs(at(d, m + 1)) + EPSILON * norm)) m++;
      if (m == l) break;
      qlStep(d, e, z, l, m, n);
    }
  }
  sortAscending(d, z, n);
  return true;
}

/** Leaves the diagonal in d, the subdiagonal in e (the last 0), and reflection i in a's row i and tau. */
function tridiagonalize(d: usize, e: usize, tau: usize, p: usize, a: usize, n: i32): void {
  for (let i = n - 1; i > 0; i--) {
    const v = row(a, i, n);
    put(d, i, at(v, i));
    // The reflection keeps the last of the i numbers.
    const rest = Doubles.dot(v, v, i - 1);
    const alpha = at(v, i - 1);
    if (rest == 0) {
      put(e, i - 1, alpha);
      put(tau, i, 0);
      continue;
    }
    const beta = against(sqrt(alpha * alpha + rest), alpha);
    const factor = (beta - alpha) / beta;
    put(e, i - 1, beta);
    put(tau, i, factor);
    Doubles.scale(v, 1 / (alpha - beta), v, i - 1);
    put(v, i - 1, 1);
    for (let j = 0; j < i; j++) put(p, j, factor * Doubles.dot(row(a, j, n), v, i));
    Doubles.add(p, -0.5 * factor * Doubles.dot(p, v, i), v, i);
    for (let j = 0; j < i; j++) {
      Doubles.add(row(a, j, n), -at(v, j), p, i);
      Doubles.add(row(a, j, n), -at(p, j), v, i);
    }
  }
  put(d, 0, load<f64>(a));
  put(e, n - 1, 0);
  put(tau, 0, 0);
}

/** One implicit QL step on rows l to m of the tridiagonal matrix. */
function qlStep(d: usize, e: usize, z: usize, l: i32, m: i32, n: i32): void {
  let g = (at(d, l + 1) - at(d, l)) / (2 * at(e, l));
  g = at(d, m) - at(d, l) + at(e, l) / (g - against(sqrt(g * g + 1), g));
  let s: f64 = 1;
  let c: f64 = 1;
  let p: f64 = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * at(e, i);
    const b = c * at(e, i);
    const r = sqrt(f * f + g * g);
    put(e, i + 1, r);
    if (r == 0) {
      put(d, i + 1, at(d, i + 1) - p);
      put(e, m, 0);
      return;
    }
    s = f / r;
    c = g / r;
    g = at(d, i + 1) - p;
    const t = (at(d, i) - g) * s + 2 * c * b;
    p = s * t;
    put(d, i + 1, g + p);
    g = c * t - b;
    Doubles.rotate(row(z, i, n), row(z, i + 1, n), c, s, n);
  }
  put(d, l, at(d, l) - p);
  put(e, l, g);
  put(e, m, 0);
}

function sortAscending(d: usize, z: usize, n: i32): void {
  for (let i = 0; i < n - 1; i++) {
    let least = i;
    for (let j = i + 1; j < n; j++) if (at(d, j) < at(d, least)) least = j;
    if (least == i) continue;
    Doubles.swap(d + (<usize>i << 3), d + (<usize>least << 3), 1);
    Doubles.swap(row(z, i, n), row(z, least, n), n);
  }
}
