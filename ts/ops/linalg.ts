// Linear algebra over the last two axes: [..., rows, columns], leading axes are a batch. Kernels compute in float64 and
// round once. Input without a result (a singular matrix to solve with, an indefinite one to factor) gives NaN for that
// matrix, eagerly and in captured steps alike, as NumPy on XLA does: no value is read to throw an error.
import { defineOp, type Op, requireTensor, within } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { pseudoInverseOptions, qrOptions, svdOptions, triangularOptions } from "../generated/options.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { eye, tensor, zeros } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { add, mul, neg, sub } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import { greater, where } from "./compare.ts";
import { concat, expandDims, pad, reshape, slice, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { inverseOrZero } from "./powers.ts";
import { max } from "./reduce.ts";

const EPSILON = 2 ** -23;

function requireMatrices(operation: string, what: string, x: AnyTensor): asserts x is Tensor {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "f32");
  if (x.rank < 2) {
    throw new ShapeError(`${operation}: ${what} must be [..., rows, columns], got shape ${formatShape(x.shape)}`);
  }
}

/** The side of square matrices. */
function sideOf(operation: string, a: AnyTensor): number {
  requireMatrices(operation, "a", a);
  const [rows, columns] = a.shape.slice(-2);
  if (rows !== columns) {
    throw new ShapeError(`${operation}: a must hold square matrices, got shape ${formatShape(a.shape)}`);
  }
  return rows;
}

function batchOf(a: AnyTensor): Shape {
  return a.shape.slice(0, -2);
}

/** Scratch memory for count x doubles float64 numbers. */
function room(count: number, doubles: number): Tensor {
  return empty([count, doubles, 2]);
}

/** The matrices transposed. */
function matrixTranspose(a: Tensor): Tensor {
  const axes = a.shape.map((_, axis) => axis);
  return transpose(a, [...axes.slice(0, -2), a.rank - 1, a.rank - 2]) as Tensor;
}

/** The mean of the matrices and their transposes. */
function symmetric(a: Tensor): Tensor {
  return mul(add(a, matrixTranspose(a)), 0.5);
}

/** 1 below the diagonal, `diagonal` on it, 0 above: [n, n]. */
function lowerTriangle(n: number, diagonal: number): Tensor {
  const values = Float32Array.from({ length: n * n }, (_, i) => {
    const below = Math.floor(i / n) - (i % n);
    return below > 0 ? 1 : below === 0 ? diagonal : 0;
  });
  return tensor(values, { shape: [n, n] });
}

/** Vectors [..., n] as diagonal matrices [..., n, n]. */
function diagonalMatrix(x: Tensor): Tensor {
  return mul(expandDims(x, -1) as Tensor, eye(x.shape[x.rank - 1]));
}

/** A factor that begins at `begin` in the last axis of packed factors, as [batch, ...shape]. */
function unpack(packed: Tensor, begin: number, shape: Shape): Tensor {
  const outer = packed.shape.slice(0, -1);
  const part = slice(packed, [...outer.map(() => 0), begin], [...outer, sizeOf(shape)]);
  return reshape(part, [...outer, ...shape]) as Tensor;
}

/**
 * Cholesky factors: lower triangular l with l l^T = a, NaN where a is not positive definite. Only (a + a^T) / 2 counts.
 * Shapes: `[..., n, n]` -> the same. Errors: ShapeError unless matrices are square; DtypeError unless a is f32. Source
 * of the gradient: Murray 2016.
 */
export const cholesky: Op<(a: Tensor) => Tensor> = defineOp("cholesky", {
  forward(a: Tensor): Tensor {
    const n = sideOf("cholesky", a);
    const l = empty(a.shape);
    const count = sizeOf(batchOf(a));
    const work = room(count, n * n);
    if (l.size > 0) launch("cholesky_f32", count, 20 + 0.3 * n ** 3, l, work, a, n);
    work.dispose();
    return l;
  },
  gradients: [
    (dl, l): Tensor => {
      const n = l.shape[l.rank - 1];
      const inner = mul(matmul(l, dl, { transposeA: true }), lowerTriangle(n, 0.5));
      const left = triangularSolve(l, inner, true, true);
      return symmetric(triangularSolve(l, matrixTranspose(left), true, true));
    },
  ],
});

/** x of t x = b for equal batches; t is a's lower or upper triangle, or that transposed. */
const triangularSolve = defineOp("solveTriangular", {
  forward(a: Tensor, b: Tensor, lower: boolean, transposed: boolean): Tensor {
    const [n, columns] = b.shape.slice(-2);
    const x = empty(b.shape);
    const work = room(1, x.size);
    const units = sizeOf(batchOf(a)) * Math.ceil(columns / 32);
    const cost = 20 + 0.25 * n * n * (4 + Math.min(columns, 32));
    if (x.size > 0) launch("solve_triangular_f32", units, cost, x, work, a, b, n, columns, +lower, +transposed);
    work.dispose();
    return x;
  },
  gradients: (dx, x, a, b, lower, transposed): Tensor[] => {
    const db = triangularSolve(a, dx, lower, !transposed);
    const [left, right] = transposed ? [x, db] : [db, x];
    const triangle = lowerTriangle(b.shape[b.rank - 2], 1);
    const part = lower ? triangle : matrixTranspose(triangle);
    return [neg(mul(matmul(left, right, { transposeB: true }), part)), db];
  },
});

/** x of a x = b for equal batches. */
const squareSolve = defineOp("solve", {
  forward(a: Tensor, b: Tensor): Tensor {
    const [n, columns] = b.shape.slice(-2);
    const x = empty(b.shape);
    const count = sizeOf(batchOf(a));
    const work = room(count, n * (n + columns));
    const cost = 30 + 0.5 * n * n * (n / 3 + columns);
    if (x.size > 0) launch("solve_f32", count, cost, x, work, a, b, n, columns);
    work.dispose();
    return x;
  },
  gradients: (dx, x, a): Tensor[] => {
    const db = squareSolve(matrixTranspose(a), dx);
    return [neg(matmul(db, x, { transposeB: true })), db];
  },
});

/** Calls f with a and b broadcast to equal batches, vectors b as columns. */
function solveWith(operation: string, a: Tensor, b: Tensor, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const n = sideOf(operation, a);
  requireTensor(operation, "b", b);
  requireDtype(operation, "b", b.dtype, "f32");
  const isVector = b.rank === a.rank - 1;
  const columns = isVector ? (expandDims(b, -1) as Tensor) : b;
  if (columns.rank < 2 || columns.shape[columns.rank - 2] !== n) {
    const got = `${formatShape(b.shape)} for a ${formatShape(a.shape)}`;
    throw new ShapeError(
      `${operation}: b must be [..., n, columns], or [..., n] with one axis fewer than a, got ${got}`,
    );
  }
  const batch = broadcastShapes(operation, batchOf(a), batchOf(columns));
  const spread = (x: Tensor): Tensor =>
    sameShape(batchOf(x), batch) ? x : (broadcastTo(x, [...batch, ...x.shape.slice(-2)]) as Tensor);
  const x = f(spread(a), spread(columns));
  return isVector ? (reshape(x, x.shape.slice(0, -1)) as Tensor) : x;
}

/** Options of {@link solveTriangular}. */
export interface TriangularOptions {
  /** Whether a is lower triangular instead of upper; default false. */
  lower?: boolean;
}

/**
 * Solves a x = b for triangular a, whose other triangle is not read. Infinite or NaN where its diagonal holds a 0.
 * Shapes: `[..., n, n]`, `[..., n, columns]` or `[..., n]` -> b's shape, leading axes broadcast. Errors: ShapeError
 * unless a is square and b fits it; DtypeError unless both are f32.
 */
export function solveTriangular(a: Tensor, b: Tensor, options: TriangularOptions = {}): Tensor {
  const { lower = false } = checkOptions("solveTriangular", options, triangularOptions);
  return solveWith("solveTriangular", a, b, (left, right) => triangularSolve(left, right, lower, false));
}

/**
 * Solves a x = b by elimination with pivots. NaN where a is singular. Shapes: `[..., n, n]`, `[..., n, columns]` or
 * `[..., n]` -> b's shape, leading axes broadcast. Errors: ShapeError unless a is square and b fits it; DtypeError
 * unless both are f32.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  return solveWith("solve", a, b, squareSolve);
}

/**
 * Inverse matrices, NaN where a is singular. Shapes: `[..., n, n]` -> the same. Errors: ShapeError unless matrices are
 * square; DtypeError unless a is f32.
 */
export function inv(a: Tensor): Tensor {
  const n = sideOf("inv", a);
  return squareSolve(a, broadcastTo(eye(n), [...batchOf(a), n, n]) as Tensor);
}

/**
 * Determinants. The gradient, det a times the transposed inverse, is NaN where a is singular. Shapes: `[..., n, n]` ->
 * `[...]`. Errors: ShapeError unless matrices are square; DtypeError unless a is f32.
 */
export const det: Op<(a: Tensor) => Tensor> = defineOp("det", {
  forward: (a: Tensor): Tensor => determinant("det", a, [], 0),
  gradients: [(dy, y, a) => mul(overMatrices(mul(dy, y)), matrixTranspose(inv(a)))],
});

/** (sign, log |det a|) along a last axis of 2. */
const signAndLog = defineOp("slogdet", {
  forward: (a: Tensor): Tensor => determinant("slogdet", a, [2], 1),
  gradients: [(dy, _y, a) => mul(overMatrices(unpack(dy, 1, [])), matrixTranspose(inv(a)))],
});

function determinant(operation: string, a: Tensor, of: Shape, logarithm: number): Tensor {
  const n = sideOf(operation, a);
  const y = empty([...batchOf(a), ...of]);
  const count = sizeOf(batchOf(a));
  const work = room(count, n * n);
  launch("determinant_f32", count, 30 + 0.3 * n ** 3, y, work, a, n, logarithm);
  work.dispose();
  return y;
}

/** Scalars per matrix, shaped to broadcast against the matrices. */
function overMatrices(x: Tensor): Tensor {
  return reshape(x, [...x.shape, 1, 1]) as Tensor;
}

/**
 * Sign and log |det a|: (0, -Infinity) where a is singular. Shapes: `[..., n, n]` -> `[...]` twice. Errors: ShapeError
 * unless matrices are square; DtypeError unless a is f32.
 */
export function slogdet(a: Tensor): [sign: Tensor, logarithm: Tensor] {
  return within("slogdet", () => {
    const both = signAndLog(a);
    return [unpack(both, 0, []), unpack(both, 1, [])];
  });
}

/**
 * log |det a|; -Infinity where a is singular. Shapes: `[..., n, n]` -> `[...]`. Errors: ShapeError unless matrices are
 * square; DtypeError unless a is f32.
 */
export function logdet(a: Tensor): Tensor {
  return within("logdet", () => slogdet(a)[1]);
}

/** q and r, one after the other, of matrices with no more columns than rows. */
const packedQR = defineOp("qr", {
  forward(a: Tensor): Tensor {
    const [m, n] = a.shape.slice(-2);
    const y = empty([...batchOf(a), m * n + n * n]);
    const count = sizeOf(batchOf(a));
    const work = room(count, n * (2 * m + 1));
    if (y.size > 0) launch("qr_f32", count, 50 + 2 * m * n * n, y, work, a, m, n);
    work.dispose();
    return y;
  },
  gradients: [
    (dy, y, a) => {
      const [m, n] = a.shape.slice(-2);
      const [q, r] = [unpack(y, 0, [m, n]), unpack(y, m * n, [n, n])];
      const [dq, dr] = [unpack(dy, 0, [m, n]), unpack(dy, m * n, [n, n])];
      const inner = sub(matmul(r, dr, { transposeB: true }), matmul(dq, q, { transposeA: true }));
      const lower = mul(inner, lowerTriangle(n, 0.5));
      const right = add(dq, matmul(q, add(lower, matrixTranspose(lower))));
      return matrixTranspose(triangularSolve(r, matrixTranspose(right), false, false));
    },
  ],
});

/** u [..., m, k] with orthonormal columns, and m - k more such columns that no gradient determines: [..., m, m]. */
function completed(operation: string, u: Tensor): Tensor {
  const [m, k] = u.shape.slice(-2);
  return m === k ? u : (concat([u, otherColumns(u, operation)], -1) as Tensor);
}

const otherColumns = defineOp("otherColumns", {
  forward: (u: Tensor, _operation: string): Tensor =>
    noGrad(() =>
      scope(() => {
        const [m, k] = u.shape.slice(-2);
        const square = concat([u, zeros([...batchOf(u), m, m - k])], -1) as Tensor;
        const q = unpack(packedQR(square), 0, [m, m]);
        return slice(q, [...batchOf(u).map(() => 0), 0, k]) as Tensor;
      }),
    ),
  gradients: [
    (_dy, _y, u, operation): Tensor => {
      throw new ArgumentError(
        `${operation}: to have a gradient, factors must be the reduced ones, got the full ones of ${formatShape(u.shape)}`,
      );
    },
  ],
});

/** Options of {@link qr}. */
export interface QrOptions {
  /** "reduced", the default as in NumPy, or "complete": q `[..., m, m]` and r `[..., m, n]`. */
  mode?: "reduced" | "complete";
}

/**
 * QR factorization: q with orthonormal columns, r upper triangular, signs as LAPACK's. The gradient needs the first k =
 * min(m, n) columns to be independent. Shapes: `[..., m, n]` -> q `[..., m, k]`, r `[..., k, n]`. Errors: ArgumentError
 * for an unknown mode, and for the gradient of a complete q with more columns than a; ShapeError for fewer than two
 * axes; DtypeError unless a is f32. Source of the gradient: Walter and Lehmann 2010.
 */
export function qr(a: Tensor, options: QrOptions = {}): [q: Tensor, r: Tensor] {
  const { mode = "reduced" } = checkOptions("qr", options, qrOptions);
  if (mode !== "reduced" && mode !== "complete") {
    throw new ArgumentError(`qr: mode must be reduced or complete, got ${textOf(mode)}`);
  }
  const [q, r] = reducedQR(a);
  const [m, k] = q.shape.slice(-2);
  if (mode === "reduced" || m === k) return [q, r];
  const below = r.shape.map((_, axis): [number, number] => [0, axis === r.rank - 2 ? m - k : 0]);
  return [completed("qr", q), pad(r, below) as Tensor];
}

function reducedQR(a: Tensor): [q: Tensor, r: Tensor] {
  requireMatrices("qr", "a", a);
  const [m, n] = a.shape.slice(-2);
  const zeros = a.shape.map(() => 0);
  const square = m < n ? (slice(a, zeros, [...batchOf(a), m, m]) as Tensor) : a;
  const k = Math.min(m, n);
  const packed = packedQR(square);
  const [q, r] = [unpack(packed, 0, [m, k]), unpack(packed, m * k, [k, k])];
  if (m >= n) return [q, r];
  const rest = slice(a, zeros.with(-1, m)) as Tensor;
  return [q, concat([r, matmul(q, rest, { transposeA: true })], -1) as Tensor];
}

/** The eigenvalues, and after them the matrix of eigenvectors. */
const packedEigh = defineOp("eigh", {
  forward(a: Tensor): Tensor {
    const n = sideOf("eigh", a);
    const y = empty([...batchOf(a), n + n * n]);
    const count = sizeOf(batchOf(a));
    const work = room(count, n * (2 * n + 4));
    if (y.size > 0) launch("eigh_f32", count, 100 + 5 * n ** 3, y, work, a, n);
    work.dispose();
    return y;
  },
  gradients: [
    (dy, y, a) => {
      const n = a.shape[a.rank - 1];
      const [w, v] = [unpack(y, 0, [n]), unpack(y, n, [n, n])];
      const [dw, dv] = [unpack(dy, 0, [n]), unpack(dy, n, [n, n])];
      const inner = mul(matmul(v, dv, { transposeA: true }), inverseOrZero(differences(w)));
      return symmetric(matmul(matmul(v, add(inner, diagonalMatrix(dw))), v, { transposeB: true }));
    },
  ],
});

/** x[j] - x[i] as a matrix [..., i, j]. */
function differences(x: Tensor): Tensor {
  return sub(expandDims(x, -2) as Tensor, expandDims(x, -1) as Tensor);
}

/**
 * Eigenvalues, ascending, and eigenvectors, columns of length 1 and either sign, of symmetric matrices; only (a + a^T)
 * / 2 counts. In the gradient equal eigenvalues add nothing to each other's vectors, which are not determined. Shapes:
 * `[..., n, n]` -> `[..., n]`, `[..., n, n]`. Errors: ShapeError unless matrices are square; DtypeError unless a is
 * f32. Source of the gradient: Giles 2008.
 */
export function eigh(a: Tensor): [eigenvalues: Tensor, eigenvectors: Tensor] {
  const n = sideOf("eigh", a);
  const packed = packedEigh(a);
  return [unpack(packed, 0, [n]), unpack(packed, n, [n, n])];
}

/** u, s and v', one after the other, of matrices with no more columns than rows. */
const packedSvd = defineOp("svd", {
  forward(a: Tensor): Tensor {
    const [m, n] = a.shape.slice(-2);
    const y = empty([...batchOf(a), m * n + n + n * n]);
    const count = sizeOf(batchOf(a));
    const work = room(count, n * (2 * m + 2 * n + 5));
    if (y.size > 0) launch("svd_f32", count, 200 + n * n * (4 * m + 5 * n), y, work, a, m, n);
    work.dispose();
    return y;
  },
  gradients: [
    (dy, y, a) => {
      const [m, n] = a.shape.slice(-2);
      const [u, s, vt] = factorsOf(y, m, n);
      const [du, ds, dvt] = factorsOf(dy, m, n);
      const rows = expandDims(s, -1) as Tensor;
      const columns = expandDims(s, -2) as Tensor;
      const apart = inverseOrZero(mul(differences(s), add(rows, columns)));
      const skewed = (x: Tensor): Tensor => mul(sub(x, matrixTranspose(x)), apart);
      const projected = matmul(u, du, { transposeA: true });
      const left = mul(skewed(projected), columns);
      const right = mul(skewed(matmul(vt, dvt, { transposeB: true })), rows);
      let inner = matmul(u, add(add(left, right), diagonalMatrix(ds)));
      if (m > n) inner = add(inner, mul(sub(du, matmul(u, projected)), expandDims(inverseOrZero(s), -2) as Tensor));
      return matmul(inner, vt);
    },
  ],
});

function factorsOf(packed: Tensor, m: number, n: number): [u: Tensor, s: Tensor, vt: Tensor] {
  return [unpack(packed, 0, [m, n]), unpack(packed, m * n, [n]), unpack(packed, m * n + n, [n, n])];
}

/** Options of {@link svd}. */
export interface SvdOptions {
  /** Whether u and v^T are square; default false, unlike Keras and NumPy: only the reduced factors have gradients. */
  fullMatrices?: boolean;
}

/**
 * Singular value decomposition a = u diag(s) v^T, s descending. In the gradient equal singular values add nothing to
 * each other's vectors. Shapes: `[..., m, n]` -> u `[..., m, k]`, s `[..., k]`, v^T `[..., k, n]`, k = min(m, n).
 * Errors: ShapeError for fewer than two axes; DtypeError unless a is f32; ArgumentError for the gradient of full
 * matrices with more than k vectors. Source of the gradient: Townsend 2016.
 */
export function svd(a: Tensor, options: SvdOptions = {}): [u: Tensor, s: Tensor, vt: Tensor] {
  const { fullMatrices = false } = checkOptions("svd", options, svdOptions);
  const [u, s, vt] = reducedSvd(a);
  return fullMatrices ? [completed("svd", u), s, matrixTranspose(completed("svd", matrixTranspose(vt)))] : [u, s, vt];
}

function reducedSvd(a: Tensor): [u: Tensor, s: Tensor, vt: Tensor] {
  requireMatrices("svd", "a", a);
  const [m, n] = a.shape.slice(-2);
  if (m >= n) return factorsOf(packedSvd(a), m, n);
  const [v, s, ut] = factorsOf(packedSvd(matrixTranspose(a)), n, m);
  return [matrixTranspose(ut), s, matrixTranspose(v)];
}

/**
 * Singular values, descending. Shapes: `[..., m, n]` -> `[..., min(m, n)]`. Errors: ShapeError for fewer than two axes;
 * DtypeError unless a is f32.
 */
export function svdvals(a: Tensor): Tensor {
  return within("svdvals", () => svd(a)[1]);
}

/** Options of {@link pinv} and {@link lstsq}. */
export interface PseudoInverseOptions {
  /** Singular values up to this times the largest count as 0; default max(m, n) 2^-23. */
  rcond?: number;
}

/**
 * Pseudo-inverse by singular values. Shapes: `[..., m, n]` -> `[..., n, m]`. Errors: ShapeError for fewer than two
 * axes; ArgumentError unless rcond is at least 0; DtypeError unless a is f32. Source of the gradient: Golub and Pereyra
 * 1973.
 */
export const pinv: Op<(a: Tensor, options?: PseudoInverseOptions) => Tensor> = defineOp("pinv", {
  options: true,
  forward(a: Tensor, options: PseudoInverseOptions = {}): Tensor {
    requireMatrices("pinv", "a", a);
    const { rcond = EPSILON * Math.max(...a.shape.slice(-2)) } = checkOptions("pinv", options, pseudoInverseOptions);
    if (!(rcond >= 0)) throw new ArgumentError(`pinv: rcond must be at least 0, got ${rcond}`);
    if (a.size === 0) return matrixTranspose(a);
    return noGrad(() =>
      scope(() => {
        const [u, s, vt] = svd(a);
        const kept = greater(s, mul(max(s, -1, true), rcond));
        const inverse = where(kept, inverseOrZero(s), mul(s, 0));
        return matmul(mul(matrixTranspose(vt), expandDims(inverse, -2) as Tensor), u, { transposeB: true });
      }),
    );
  },
  gradients: [
    (dy, p, a) => {
      const transposedDy = matrixTranspose(dy);
      const first = matmul(matmul(p, dy, { transposeA: true }), p, { transposeB: true });
      const inColumns = matmul(matmul(transposedDy, p), p, { transposeB: true });
      const inRows = matmul(p, matmul(p, transposedDy), { transposeA: true });
      const outside = sub(inColumns, matmul(a, matmul(p, inColumns)));
      const beside = sub(inRows, matmul(matmul(inRows, p), a));
      return sub(add(outside, beside), first);
    },
  ],
});

/**
 * Least squares: the x of least norm among those that minimize |a x - b|. Shapes: `[..., m, n]`, `[..., m, columns]` or
 * `[..., m]` -> `[..., n, columns]` or `[..., n]`. Errors: ShapeError for shapes that do not fit; ArgumentError unless
 * rcond is at least 0; DtypeError unless both are f32.
 */
export function lstsq(a: Tensor, b: Tensor, options: PseudoInverseOptions = {}): Tensor {
  return within("lstsq", () => {
    checkOptions("lstsq", options, pseudoInverseOptions);
    requireMatrices("lstsq", "a", a);
    requireTensor("lstsq", "b", b);
    const isVector = b.rank === a.rank - 1;
    const columns = isVector ? (expandDims(b, -1) as Tensor) : b;
    const x = matmul(pinv(a, options), columns);
    return isVector ? (reshape(x, x.shape.slice(0, -1)) as Tensor) : x;
  });
}
