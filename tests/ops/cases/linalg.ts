// Rows for ts/ops/linalg.ts, compared with textbook algorithms in float64. Vectors of either sign are compared squared.

import { mul } from "../../../ts/ops/arithmetic.ts";
import { square } from "../../../ts/ops/elementwise.ts";
import { concat, expandDims, reshape } from "../../../ts/ops/layout.ts";
import * as ops from "../../../ts/ops/linalg.ts";
import { matmul } from "../../../ts/ops/matmul.ts";
import * as norms from "../../../ts/ops/matrix-norm.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { fromIndices, type NdArray, numbers, sizeOf } from "../reference.ts";
import type { RowsOf } from "./case.ts";
import { type Case, type Input, row } from "./case.ts";

type Matrix = number[][];

const build = (m: number, n: number, f: (i: number, j: number) => number): Matrix =>
  Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => f(i, j)));
const transposed = (a: Matrix): Matrix => build(a[0]?.length ?? 0, a.length, (i, j) => a[j][i]);
const times = (a: Matrix, b: Matrix): Matrix =>
  build(a.length, b[0]?.length ?? 0, (i, j) => a[i].reduce((sum, x, k) => sum + x * b[k][j], 0));
const symmetric = (a: Matrix): Matrix => build(a.length, a.length, (i, j) => (a[i][j] + a[j][i]) / 2);
const identity = (n: number): Matrix => build(n, n, (i, j) => (i === j ? 1 : 0));

/** Gauss-Jordan elimination with pivots: x of a x = b, and a's determinant. */
function eliminate(a: Matrix, b: Matrix): { x: Matrix; determinant: number } {
  const n = a.length;
  const rows = a.map((values, i) => [...values, ...b[i]]);
  let determinant = 1;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    if (best !== k) determinant = -determinant;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    const pivot = rows[k][k];
    determinant *= pivot;
    rows[k] = rows[k].map((x) => x / pivot);
    for (let i = 0; i < n; i++) {
      const factor = rows[i][k];
      if (i !== k) rows[i] = rows[i].map((x, j) => x - factor * rows[k][j]);
    }
  }
  return { x: rows.map((values) => values.slice(n)), determinant };
}

const solved = (a: Matrix, b: Matrix): Matrix => eliminate(a, b).x;
const inverted = (a: Matrix): Matrix => solved(a, identity(a.length));
const determinant = (a: Matrix): number => eliminate(a, identity(a.length)).determinant;

function choleskyOf(given: Matrix): Matrix {
  const a = symmetric(given);
  const l = build(a.length, a.length, () => 0);
  a.forEach((_, i) => {
    for (let j = 0; j <= i; j++) {
      const rest = a[i][j] - l[i].slice(0, j).reduce((sum, x, k) => sum + x * l[j][k], 0);
      l[i][j] = i === j ? Math.sqrt(rest) : rest / l[j][j];
    }
  });
  return l;
}

/** Gram and Schmidt's q and r, with the signs that Householder's reflections give the first min(m, n) columns. */
function qrOf(a: Matrix): [Matrix, Matrix] {
  const [m, n] = [a.length, a[0].length];
  const k = Math.min(m, n);
  const columns = transposed(a);
  const q: Matrix = [];
  for (let j = 0; j < k; j++) {
    let v = columns[j];
    for (let pass = 0; pass < 2; pass++) {
      for (const u of q) {
        const dot = times([u], transposed([v]))[0][0];
        v = v.map((x, i) => x - dot * u[i]);
      }
    }
    const length = Math.hypot(...v);
    q.push(v.map((x) => x / length));
  }
  // r[j][j] is what a reflection makes of the j-th column's rest: negative where that begins with a positive number.
  let rest = a;
  for (let j = 0; j < k; j++) {
    const head = rest.slice(j).map((values) => values[j]);
    const isLast = head.length === 1;
    const diagonal = isLast ? head[0] : -Math.sign(head[0]) * Math.hypot(...head);
    const direction = times([q[j]], a)[0][j];
    if (Math.sign(direction) !== Math.sign(diagonal)) q[j] = q[j].map((x) => -x);
    if (isLast) break;
    const v = head.map((x, i) => x - (i === 0 ? diagonal : 0));
    const norm = v.reduce((sum, x) => sum + x * x, 0);
    rest = build(m, n, (i, c) => {
      if (i < j) return rest[i][c];
      const dot = v.reduce((sum, x, t) => sum + x * rest[t + j][c], 0);
      return rest[i][c] - (2 * v[i - j] * dot) / norm;
    });
  }
  return [transposed(q), times(q, a).map((values, i) => values.map((x, j) => (j < i ? 0 : x)))];
}

/** Jacobi's rotations: eigenvalues ascending, eigenvectors as columns. */
function eighOf(given: Matrix): [number[], Matrix] {
  const n = given.length;
  let a = symmetric(given);
  let v = identity(n);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const [c, s] = [Math.cos(theta), Math.sin(theta)];
        const turn = identity(n);
        turn[p][p] = turn[q][q] = c;
        turn[p][q] = s;
        turn[q][p] = -s;
        a = times(times(transposed(turn), a), turn);
        v = times(v, turn);
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[i][i] - a[j][j]);
  return [order.map((i) => a[i][i]), build(n, n, (i, j) => v[i][order[j]])];
}

/** u, s and v by the eigenvectors of the smaller of a' a and a a'. */
function svdOf(a: Matrix): [Matrix, number[], Matrix] {
  if (a.length < a[0].length) {
    const [u, s, v] = svdOf(transposed(a));
    return [v, s, u];
  }
  const [w, vectors] = eighOf(times(transposed(a), a));
  const s = w.map((x) => Math.sqrt(Math.max(x, 0))).reverse();
  const v = vectors.map((values) => values.toReversed());
  return [times(a, v).map((values) => values.map((x, j) => x / s[j])), s, v];
}

function pinvOf(a: Matrix): Matrix {
  const t = transposed(a);
  return a.length < a[0].length ? times(t, inverted(times(a, t))) : times(inverted(times(t, a)), t);
}

/** f of each matrix, or of the pairs of matrices with one batch; what it gives, flattened. */
function each(arrays: readonly NdArray[], shape: readonly number[], f: (...a: Matrix[]) => number[]): NdArray {
  const lists = arrays.map(({ shape: own, data }) => {
    const [m, n] = own.slice(-2);
    return Array.from({ length: sizeOf(own.slice(0, -2)) }, (_, b) => build(m, n, (i, j) => data[(b * m + i) * n + j]));
  });
  const count = Math.max(...lists.map((list) => list.length));
  const results = Array.from({ length: count }, (_, b) => f(...lists.map((list) => list[b % list.length])));
  return { shape, data: Float64Array.from(results.flat()) };
}

const random = (m: number, n: number, seed: number): Matrix => {
  const values = numbers(m * n, -1, 1, seed);
  return build(m, n, (i, j) => values[i * n + j]);
};

/** Matrices as an input: their values as f32. */
const input = (shape: readonly number[], make: (b: number) => Matrix): Input => ({
  shape,
  values: Array.from({ length: sizeOf(shape.slice(0, -2)) }, (_, b) => make(b).flat()).flat(),
});

/** Far from singular, with different singular values. */
const regular = (shape: readonly number[], seed = 3): Input => {
  const [m, n] = shape.slice(-2);
  return input(shape, (b) => {
    const noise = random(m, n, seed + 7 * b);
    return build(m, n, (i, j) => 0.5 * noise[i][j] + (i === j ? (i % 2 === 0 ? 1 : -1) * (1.5 + 0.4 * i) : 0));
  });
};

/** Symmetric and positive definite. */
const definite = (shape: readonly number[], seed = 5): Input => {
  const n = shape[shape.length - 1];
  return input(shape, (b) => {
    const half = random(n, n, seed + 7 * b);
    const product = times(half, transposed(half));
    return build(n, n, (i, j) => product[i][j] + (i === j ? 1 + 0.5 * i : 0));
  });
};

const flat = (x: Tensor): Tensor => reshape(x, [x.size]) as Tensor;
const squareShapes = [
  [1, 1],
  [2, 2],
  [5, 5],
  [2, 4, 4],
  [0, 3, 3],
];
const rectangles = [
  [3, 3],
  [5, 3],
  [3, 5],
  [2, 4, 2],
  [2, 2, 4],
  [6, 1],
  [1, 4],
];
const loose = { tolerance: 1e-5, gradientTolerance: 3e-4 };

function triangularRow(lower: boolean, a: readonly number[], b: readonly number[]): Case {
  const isVector = b.length === a.length - 1;
  return row({
    name: `${lower ? "lower" : "upper"}, ${a.join("x")} and ${b.join("x")}`,
    inputs: [definite(a), { shape: b }],
    run: (x: Tensor, y: Tensor) => ops.solveTriangular(x, y, { lower }),
    reference: (x, y) => {
      const columns = isVector ? { ...y, shape: [...y.shape, 1] } : y;
      return each([x, columns], b, (p, q) =>
        solved(
          p.map((values, i) => values.map((v, j) => ((lower ? j > i : j < i) ? 0 : v))),
          q,
        ).flat(),
      );
    },
    ...loose,
  });
}

function solveRow(name: string, a: readonly number[], b: readonly number[], shape = b): Case {
  const isVector = b.length === a.length - 1;
  return row({
    name,
    inputs: [regular(a), { shape: b }],
    run: (x: Tensor, y: Tensor) => ops.solve(x, y),
    reference: (x, y) =>
      each([x, isVector ? { ...y, shape: [...y.shape, 1] } : y], shape, (p, q) => solved(p, q).flat()),
    ...loose,
  });
}

function pinvRow(shape: readonly number[]): Case {
  return row({
    name: shape.join("x"),
    inputs: [regular(shape)],
    run: (a: Tensor) => ops.pinv(a),
    reference: (a) =>
      each([a], [...shape.slice(0, -2), shape.at(-1) as number, shape.at(-2) as number], (p) => pinvOf(p).flat()),
    ...loose,
  });
}

type Ord = norms.NormOptions["ord"];

/** A norm of the rows of [3, 4], or of two matrices [3, 4]. */
function normRow(ord: Ord, f: (values: number[], a: Matrix) => number, isMatrix: boolean, second = true): Case {
  return row({
    name: `${isMatrix ? "matrix" : "vector"} ${ord}`,
    inputs: [regular([2, 3, 4])],
    run: (x: Tensor) =>
      isMatrix ? norms.norm(x, { ord, axis: [1, 2] }) : norms.norm(x, { ord, axis: -1, keepDims: true }),
    reference: (x) =>
      isMatrix ? each([x], [2], (a) => [f(a.flat(), a)]) : each([x], [2, 3, 1], (a) => a.map((values) => f(values, a))),
    ...loose,
    second,
    gradients: ord === 0 ? [] : undefined,
  });
}

const sumOf = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const sizes = (values: number[]): number[] => values.map(Math.abs);
const lengthOf = (values: number[]): number => Math.hypot(...values);
const columnSums = (a: Matrix): number[] => transposed(a).map((values) => sumOf(sizes(values)));
const rowSums = (a: Matrix): number[] => a.map((values) => sumOf(sizes(values)));

export const linalgCases: { [name in RowsOf<typeof ops> | RowsOf<typeof norms>]: Case[] } = {
  cholesky: squareShapes.map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [definite(shape)],
      run: (a: Tensor) => ops.cholesky(a),
      reference: (a) => each([a], shape, (p) => choleskyOf(p).flat()),
      ...loose,
    }),
  ),
  solveTriangular: [
    ...[true, false].flatMap((lower) => [
      triangularRow(lower, [4, 4], [4, 3]),
      triangularRow(lower, [2, 3, 3], [2, 3, 2]),
      triangularRow(lower, [5, 5], [5]),
      triangularRow(lower, [3, 3], [3, 37]),
    ]),
    triangularRow(true, [3, 3], [2, 3, 2]),
    triangularRow(true, [3, 3], [3, 0]),
  ],
  solve: [
    solveRow("matrices", [4, 4], [4, 3]),
    solveRow("a batch", [2, 3, 3], [2, 3, 2]),
    solveRow("a vector", [5, 5], [5]),
    solveRow("a batch of vectors", [2, 3, 3], [2, 3]),
    solveRow("one left matrix for all", [3, 3], [2, 3, 2]),
    solveRow("one right matrix for all", [2, 3, 3], [1, 3, 2], [2, 3, 2]),
    solveRow("nothing", [0, 2, 2], [0, 2, 2]),
  ],
  inv: squareShapes.map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [regular(shape)],
      run: (a: Tensor) => ops.inv(a),
      reference: (a) => each([a], shape, (p) => inverted(p).flat()),
      ...loose,
    }),
  ),
  det: squareShapes.map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [regular(shape)],
      run: (a: Tensor) => ops.det(a),
      reference: (a) => each([a], shape.slice(0, -2), (p) => [determinant(p)]),
      ...loose,
    }),
  ),
  slogdet: squareShapes.map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [regular(shape)],
      run: (a: Tensor) =>
        concat(
          ops.slogdet(a).map((x) => expandDims(x, -1)),
          -1,
        ) as Tensor,
      reference: (a) =>
        each([a], [...shape.slice(0, -2), 2], (p) => [Math.sign(determinant(p)), Math.log(Math.abs(determinant(p)))]),
      ...loose,
    }),
  ),
  logdet: [
    row({
      inputs: [definite([2, 3, 3])],
      run: (a: Tensor) => ops.logdet(a),
      reference: (a) => each([a], [2], (p) => [Math.log(determinant(p))]),
      ...loose,
    }),
  ],
  qr: rectangles.map((shape) => {
    const [m, n] = shape.slice(-2);
    const k = Math.min(m, n);
    return row({
      name: shape.join("x"),
      inputs: [regular(shape)],
      run: (a: Tensor) => {
        const count = shape.length === 3 ? shape[0] : 1;
        const [q, r] = ops.qr(a);
        return concat([reshape(q, [count, m * k]), reshape(r, [count, k * n])], -1) as Tensor;
      },
      reference: (a) => each([a], [shape.length === 3 ? shape[0] : 1, m * k + k * n], (p) => qrOf(p).flat(2)),
      ...loose,
    });
  }),
  eigh: [
    [1, 1],
    [2, 2],
    [5, 5],
    [2, 4, 4],
  ].map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [definite(shape)],
      run: (a: Tensor) => {
        const [w, v] = ops.eigh(a);
        return concat([flat(w), flat(square(v))]) as Tensor;
      },
      reference: (a) => {
        const n = shape[shape.length - 1];
        const w = each([a], [], (p) => eighOf(p)[0]);
        const v = each([a], [], (p) =>
          eighOf(p)[1]
            .flat()
            .map((x) => x * x),
        );
        return { shape: [(a.data.length / n) * (n + 1)], data: Float64Array.of(...w.data, ...v.data) };
      },
      ...loose,
    }),
  ),
  svd: rectangles.map((shape) =>
    row({
      name: shape.join("x"),
      inputs: [regular(shape)],
      run: (a: Tensor) => {
        const [u, s, vt] = ops.svd(a);
        const both = matmul(mul(u, expandDims(square(s), -2) as Tensor), vt);
        return concat([flat(square(u)), flat(s), flat(square(vt)), flat(both)]) as Tensor;
      },
      reference: (a) => {
        const lists = [
          each([a], [], (p) =>
            svdOf(p)[0]
              .flat()
              .map((x) => x * x),
          ),
          each([a], [], (p) => svdOf(p)[1]),
          each([a], [], (p) =>
            transposed(svdOf(p)[2])
              .flat()
              .map((x) => x * x),
          ),
          each([a], [], (p) => {
            const [u, s, v] = svdOf(p);
            return times(
              u.map((values) => values.map((x, j) => x * s[j] ** 2)),
              transposed(v),
            ).flat();
          }),
        ];
        const data = Float64Array.from(lists.flatMap((list) => [...list.data]));
        return { shape: [data.length], data };
      },
      ...loose,
    }),
  ),
  svdvals: [
    row({
      inputs: [regular([2, 4, 3])],
      run: (a: Tensor) => ops.svdvals(a),
      reference: (a) => each([a], [2, 3], (p) => svdOf(p)[1]),
      ...loose,
    }),
  ],
  pinv: [
    [3, 3],
    [5, 3],
    [2, 5],
    [2, 4, 2],
  ].map(pinvRow),
  lstsq: [
    row({
      name: "a vector",
      inputs: [regular([5, 3]), { shape: [5] }],
      run: (a: Tensor, b: Tensor) => ops.lstsq(a, b),
      reference: (a, b) => each([a, { ...b, shape: [5, 1] }], [3], (p, q) => times(pinvOf(p), q).flat()),
      ...loose,
    }),
    row({
      name: "matrices, more unknowns than equations",
      inputs: [regular([2, 2, 4]), { shape: [2, 2, 3] }],
      run: (a: Tensor, b: Tensor) => ops.lstsq(a, b),
      reference: (a, b) => each([a, b], [2, 4, 3], (p, q) => times(pinvOf(p), q).flat()),
      ...loose,
    }),
  ],
  norm: [
    row({
      name: "of everything",
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => norms.norm(x),
      reference: (x) => fromIndices([], () => lengthOf([...x.data])),
    }),
    normRow(2, lengthOf, false),
    normRow(1, (x) => sumOf(sizes(x)), false),
    normRow(3, (x) => sumOf(sizes(x).map((v) => v ** 3)) ** (1 / 3), false),
    normRow(0, (x) => x.filter((v) => v !== 0).length, false),
    normRow(Number.POSITIVE_INFINITY, (x) => Math.max(...sizes(x)), false),
    normRow(Number.NEGATIVE_INFINITY, (x) => Math.min(...sizes(x)), false, false),
    normRow("fro", lengthOf, true),
    normRow("nuc", (_, a) => sumOf(svdOf(a)[1]), true),
    normRow(2, (_, a) => Math.max(...svdOf(a)[1]), true),
    normRow(-2, (_, a) => Math.min(...svdOf(a)[1]), true),
    normRow(1, (_, a) => Math.max(...columnSums(a)), true),
    normRow(-1, (_, a) => Math.min(...columnSums(a)), true),
    normRow(Number.POSITIVE_INFINITY, (_, a) => Math.max(...rowSums(a)), true),
    normRow(Number.NEGATIVE_INFINITY, (_, a) => Math.min(...rowSums(a)), true),
  ],
};
