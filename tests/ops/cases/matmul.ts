// Rows for ts/ops/matmul.ts: every path (blocked, packed beforehand, vector by matrix, matrix by vector), every
// transposition.
import * as ops from "../../../ts/ops/matmul.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

/** The product of matrices with leading axes broadcast; vectors are rows on the left and columns on the right. */
function product(a: NdArray, b: NdArray, { transposeA = false, transposeB = false }: ops.MatmulOptions = {}): NdArray {
  const left = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const right = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const isTurnedA = transposeA && a.shape.length > 1;
  const isTurnedB = transposeB && b.shape.length > 1;
  const [m, k] = isTurnedA ? left.shape.slice(-2).reverse() : left.shape.slice(-2);
  const n = right.shape.at(isTurnedB ? -2 : -1) as number;
  const [outer, inner] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const rank = Math.max(outer.length, inner.length);
  const batch = Array.from({ length: rank }, (_, i) =>
    [outer.at(i - rank) ?? 1, inner.at(i - rank) ?? 1].reduce((x, y) => (x === 1 ? y : x)),
  );
  const full = fromIndices([...batch, m, n], (index) => {
    const [i, j] = index.slice(-2);
    const where = index.slice(0, -2);
    let sum = 0;
    for (let d = 0; d < k; d++) {
      const x = at(left, [...where.slice(rank - outer.length), ...(isTurnedA ? [d, i] : [i, d])]);
      sum += x * at(right, [...where.slice(rank - inner.length), ...(isTurnedB ? [j, d] : [d, j])]);
    }
    return sum;
  });
  const shape = [...batch, ...(a.shape.length > 1 ? [m] : []), ...(b.shape.length > 1 ? [n] : [])];
  return { shape, data: full.data };
}

type Sizes = readonly number[];

function product2(name: string, a: Sizes, b: Sizes, options?: ops.MatmulOptions, rest: Partial<Case> = {}): Case {
  return row({
    name,
    inputs: [{ shape: a }, { shape: b }],
    run: (x: Tensor, y: Tensor) => ops.matmul(x, y, options),
    reference: (x, y) => product(x, y, options),
    gradientTolerance: 3e-4,
    ...rest,
  });
}

const turnA = { transposeA: true };
const turnB = { transposeB: true };
const turnBoth = { transposeA: true, transposeB: true };
/** Too large for differences of every element; the gradients are products themselves. */
const valueOnly = { gradients: [], tolerance: 2e-5 };

function linearRow(name: string, x: Sizes, weights: Sizes, hasBias: boolean, activation?: "linear" | "relu"): Case {
  const shapes = [x, weights, ...(hasBias ? [[weights[1]]] : [])];
  return row({
    name,
    inputs: shapes.map((shape) => ({ shape })),
    run: (a: Tensor, w: Tensor, bias: Tensor) => ops.linear(a, w, bias, { activation }),
    reference: (a, w, bias?: NdArray) => {
      const y = product(a, w);
      const sums = fromIndices(y.shape, (i) => at(y, i) + (bias ? at(bias, i) : 0));
      return activation === "relu" ? map(sums, (v) => Math.max(v, 0)) : sums;
    },
    gradientTolerance: 3e-4,
    second: activation !== "relu",
  });
}

export const matmulCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  matmul: [
    product2("one tile", [4, 5], [5, 8]),
    product2("odd sizes", [7, 5], [5, 11]),
    product2("odd sizes, a transposed", [5, 7], [5, 11], turnA),
    product2("odd sizes, b transposed", [7, 5], [11, 5], turnB),
    product2("odd sizes, both transposed", [5, 7], [11, 5], turnBoth),
    product2("one row", [1, 9], [9, 37]),
    product2("one row, b transposed", [1, 13], [35, 13], turnB),
    product2("one column", [21, 6], [6, 1]),
    product2("one column, a transposed", [6, 21], [6, 1], turnA),
    product2("one number", [1, 1], [1, 1]),
    product2("outer product", [5, 1], [1, 6]),
    product2("vector by vector", [9], [9]),
    product2("vector by matrix", [9], [9, 5]),
    product2("vector by matrix, transposed", [9], [5, 9], turnB),
    product2("matrix by vector", [5, 9], [9]),
    product2("matrix by vector, transposed", [9, 5], [9], turnA),
    product2("vector by matrices", [4], [3, 4, 5]),
    product2("matrices by vector", [3, 5, 4], [4]),
    product2("batch", [3, 4, 5], [3, 5, 6]),
    product2("batch, both transposed", [3, 5, 4], [3, 6, 5], turnBoth),
    product2("batch of rows", [4, 1, 5], [4, 5, 6]),
    product2("one right matrix for all", [2, 3, 4, 5], [5, 6]),
    product2("one right matrix for all, transposed", [2, 3, 5], [6, 5], turnB),
    product2("one right matrix for all, a transposed", [2, 5, 3], [5, 6], turnA),
    product2("one left matrix for all", [4, 5], [3, 5, 6]),
    product2("one left matrix for all, transposed", [5, 4], [3, 5, 6], turnA),
    product2("axes of size 1 broadcast", [2, 1, 3, 4], [1, 3, 4, 5]),
    product2("left broadcasts along one of two axes", [2, 1, 3, 4], [2, 3, 5, 4], turnB),
    product2("several blocks of depth", [6, 530], [530, 9], {}, valueOnly),
    product2("several blocks, packed on the way", [130, 70], [70, 90], {}, valueOnly),
    product2("packed beforehand", [401, 60], [60, 43], {}, valueOnly),
    product2("packed beforehand, transposed", [60, 401], [43, 60], turnBoth, valueOnly),
    product2("batch, packed beforehand", [2, 400, 30], [2, 30, 17], {}, valueOnly),
    product2("long row", [1, 70], [70, 2100], {}, valueOnly),
    product2("long row, transposed", [1, 300], [70, 300], turnB, valueOnly),
    product2("no rows", [0, 3], [3, 4]),
    product2("no columns", [2, 3], [3, 0]),
    product2("no depth", [2, 0], [0, 4]),
    product2("empty batch", [0, 2, 3], [0, 3, 4]),
  ],
  linear: [
    linearRow("bias", [6, 5], [5, 11], true),
    linearRow("no bias", [6, 5], [5, 11], false),
    linearRow("relu", [6, 5], [5, 11], true, "relu"),
    linearRow("relu, no bias", [6, 5], [5, 11], false, "relu"),
    linearRow("one output", [9, 5], [5, 1], true, "linear"),
    linearRow("one output, no bias", [9, 5], [5, 1], false),
    linearRow("one sample", [1, 7], [7, 10], true, "relu"),
    linearRow("a vector", [7], [7, 3], true),
    linearRow("leading axes", [2, 3, 4], [4, 5], true, "relu"),
    linearRow("no samples", [0, 4], [4, 5], true),
    linearRow("many samples", [33, 40], [40, 12], true, "relu"),
  ],
};
