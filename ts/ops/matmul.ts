// Matrix products, and the dense layer's product with fused bias and activation.
import { defineOp, type Op, requireFloat } from "../autograd/op.ts";
import { linearOptions, matmulOptions } from "../generated/options.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo, sum, sumTo } from "./broadcast.ts";
import { activated } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { cutIntoBlocks, MATRIX_ROWS } from "./lower/blocking.ts";
import { activationCode, type FusedActivation, requireBias } from "./lower/epilogue.ts";

export type { FusedActivation } from "./lower/epilogue.ts";

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Whether a is [..., k, m]; vectors are never transposed; default false. */
  transposeA?: boolean;
  /** Whether b is [..., n, k]; default false. */
  transposeB?: boolean;
}

/**
 * Matrix product. Leading axes broadcast; a vector is a row on the left, a column on the right, and its axis is missing
 * in the result, as in NumPy.
 * Shapes: `[..., m, k]`, `[..., k, n]` -> `[..., m, n]`.
 * Errors: ShapeError unless a's columns are b's rows and leading axes broadcast; DtypeError unless both are f32.
 */
export const matmul: Op<(a: Tensor, b: Tensor, options?: MatmulOptions) => Tensor> = defineOp("matmul", {
  perExample: (a, b, options) => a.rank > 1 && b.rank === 2 && options?.transposeA !== true,
  options: true,
  forward(a: Tensor, b: Tensor, options: MatmulOptions = {}) {
    checkOptions("matmul", options, matmulOptions);
    requireFloat("matmul", "a", a);
    requireFloat("matmul", "b", b);
    const { left, right, batch, m, n, k, shape, ...flags } = productOf(a.shape, b.shape, options);
    const y = empty(shape);
    const products = sizeOf(batch);
    if (right.length === 2 && !flags.transposeA && products === sizeOf(left.slice(0, -2))) {
      // One right matrix for all: the rows of all left matrices are one matrix.
      multiply(y, a, b, undefined, { m: products * m, n, k, ...flags });
      return y;
    }
    const [aAll, aBatch] = overBatch(a, left, batch);
    const [bAll, bBatch] = overBatch(b, right, batch);
    multiply(y, aAll, bAll, undefined, { m, n, k, ...flags, products, aBatch, bBatch });
    if (aAll !== a) aAll.dispose();
    if (bAll !== b) bAll.dispose();
    return y;
  },
  gradients: [
    (dy, _y, a, b, options) => {
      const { left, right, batch, m, n, transposeA, transposeB } = productOf(a.shape, b.shape, options);
      const dY = as(dy, [...batch, m, n]);
      const B = as(b, right);
      const dA = transposeA
        ? matmul(B, dY, { transposeA: transposeB, transposeB: true })
        : matmul(dY, B, { transposeB: !transposeB });
      return as(sumTo(dA, left), a.shape);
    },
    (dy, _y, a, b, options) => {
      const { left, right, batch, m, n, k, transposeA, transposeB } = productOf(a.shape, b.shape, options);
      // With one right matrix for all, the sum over the batch is part of the product.
      const isJoined = right.length === 2 && !transposeA && sizeOf(left.slice(0, -2)) === sizeOf(batch);
      const dY = as(dy, isJoined ? [sizeOf(batch) * m, n] : [...batch, m, n]);
      const A = as(a, isJoined ? [sizeOf(batch) * m, k] : left);
      const dB = transposeB
        ? matmul(dY, A, { transposeA: true, transposeB: transposeA })
        : matmul(A, dY, { transposeA: !transposeA });
      return as(sumTo(dB, right), b.shape);
    },
  ],
});

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Applied to the sums; default "linear". */
  activation?: FusedActivation;
}

/**
 * Dense product with bias, default none, and activation: activation(x weights + bias).
 * Shapes: `[..., k]`, `[k, n]`, `[n]` -> `[..., n]`.
 * Errors: ShapeError for shapes that do not fit; ArgumentError for an unknown activation; DtypeError unless all are
 * f32.
 */
export function linear(x: Tensor, weights: Tensor, bias?: Tensor, options: LinearOptions = {}): Tensor {
  const { activation } = checkOptions("linear", options, linearOptions);
  return activated(affine(x, weights, bias, activation), activation);
}

/** `linear` with the gradients of its sums: `activated` adds that of the activation. */
const affine = defineOp("linear", {
  perExample: (x) => x.rank > 1,
  forward(x: Tensor, weights: Tensor, bias: Tensor | undefined, activation: FusedActivation | undefined) {
    requireFloat("linear", "x", x);
    requireFloat("linear", "weights", weights);
    const [k, n] = weights.shape;
    if (weights.rank !== 2 || x.shape.at(-1) !== k) {
      throw new ShapeError(
        "linear: weights must be a matrix with a row for each number along x's last axis, " +
          `got ${formatShape(weights.shape)} for x ${formatShape(x.shape)}`,
      );
    }
    requireBias("linear", bias, n);
    const y = empty([...x.shape.slice(0, -1), n]);
    const m = sizeOf(x.shape.slice(0, -1));
    multiply(y, x, weights, bias, { m, n, k, activation: activationCode("linear", activation) });
    return y;
  },
  gradients: [
    (dy, _y, _x, weights) => matmul(dy, weights, { transposeB: true }),
    (dy, _y, x, weights) => {
      const [k, n] = weights.shape;
      const m = sizeOf(x.shape.slice(0, -1));
      return matmul(as(x, [m, k]), as(dy, [m, n]), { transposeA: true });
    },
    (dy) => sum(dy, leadingAxes(dy)),
  ],
});

/** The shapes of a matrix product. */
interface ProductShapes {
  /** The operands' shapes, vectors as matrices. */
  readonly left: Shape;
  readonly right: Shape;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: Shape;
  /** The result's. */
  readonly shape: Shape;
}

function productOf(a: Shape, b: Shape, options: MatmulOptions = {}): ProductShapes {
  if (a.length === 0 || b.length === 0) {
    throw new ShapeError(`matmul: a and b must be vectors or matrices, got ${formatShape(a)} and ${formatShape(b)}`);
  }
  const left = a.length === 1 ? [1, a[0]] : a;
  const right = b.length === 1 ? [b[0], 1] : b;
  const transposeA = a.length > 1 && options.transposeA === true;
  const transposeB = b.length > 1 && options.transposeB === true;
  const [m, k] = transposeA ? [left[left.length - 1], left[left.length - 2]] : left.slice(-2);
  const [rows, n] = transposeB ? [right[right.length - 1], right[right.length - 2]] : right.slice(-2);
  if (k !== rows) {
    const name = (shape: Shape, isTransposed: boolean) => `${formatShape(shape)}${isTransposed ? " transposed" : ""}`;
    throw new ShapeError(
      `matmul: a's columns must equal b's rows, got ${name(a, transposeA)} and ${name(b, transposeB)}`,
    );
  }
  const batch = broadcastShapes("matmul", left.slice(0, -2), right.slice(0, -2));
  const shape = [...batch, ...(a.length > 1 ? [m] : []), ...(b.length > 1 ? [n] : [])];
  return { left, right, transposeA, transposeB, m, n, k, batch, shape };
}

/** A tensor with one matrix per product, or one for all, and the stride between products. */
function overBatch(x: Tensor, matrix: Shape, batch: Shape): [Tensor, number] {
  const size = sizeOf(matrix.slice(-2));
  const own = matrix.slice(0, -2);
  if (sizeOf(own) === 1) return [x, 0];
  if (sizeOf(own) === sizeOf(batch)) return [x, size];
  return [broadcastTo(x, [...batch, ...matrix.slice(-2)]) as Tensor, size];
}

/** Sizes of `products` products [m, k] x [k, n]; where the next product's operands begin. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly products?: number;
  readonly aBatch?: number;
  readonly bBatch?: number;
  readonly activation?: number;
}

/** From this many row blocks on, packing the right matrix once beats packing it per block. */
const PACK_FROM_BLOCKS = 2;

/** y = activation(a b + bias). */
function multiply(y: Tensor, a: Tensor, b: Tensor, bias: Tensor | undefined, product: Product): void {
  const { m, n, k, transposeA = false, transposeB = false, products = 1, aBatch = 0, bBatch = 0 } = product;
  const { activation = 0 } = product;
  if (y.size === 0) return;
  if (m === 1 && k > 0) {
    multiplyVector(y, a, b, bias, transposeB, { n, k, products, xBatch: aBatch, matrixBatch: bBatch, activation });
    return;
  }
  if (n === 1 && k > 0 && bias === undefined) {
    const transposed = { n: m, k, products, xBatch: bBatch, matrixBatch: aBatch, activation };
    multiplyVector(y, b, a, undefined, !transposeA, transposed);
    return;
  }
  const { blockRows, blockColumns, units, cost } = cutIntoBlocks(m, n, k, products, MATRIX_ROWS);
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1];
  const [bRow, bColumn] = transposeB ? [1, k] : [n, 1];
  if (m < PACK_FROM_BLOCKS * blockRows) {
    launch(
      "matmul_f32",
      units,
      cost,
      y,
      a,
      b,
      bias,
      m,
      n,
      k,
      m * n,
      n,
      aBatch,
      aRow,
      aColumn,
      bBatch,
      bRow,
      bColumn,
      blockRows,
      blockColumns,
      activation,
    );
    return;
  }
  const panels = Math.ceil(n / 8);
  const matrices = bBatch === 0 ? 1 : products;
  const packed = empty([matrices, panels, k, 8]);
  launch("matmul_pack_f32", matrices * panels, k, packed, b, n, k, bBatch, bRow, bColumn);
  const packedBatch = bBatch === 0 ? 0 : panels * k * 8;
  launch(
    "matmul_f32",
    units,
    cost,
    y,
    a,
    packed,
    bias,
    m,
    n,
    k,
    m * n,
    n,
    aBatch,
    aRow,
    aColumn,
    packedBatch,
    0,
    0,
    blockRows,
    blockColumns,
    activation,
  );
  packed.dispose();
}

interface VectorProduct {
  readonly n: number;
  readonly k: number;
  readonly products: number;
  readonly xBatch: number;
  readonly matrixBatch: number;
  readonly activation: number;
}

/** y = activation(x matrix + bias), the matrix [k, n], or [n, k] if it is transposed. */
function multiplyVector(
  y: Tensor,
  x: Tensor,
  matrix: Tensor,
  bias: Tensor | undefined,
  isTransposed: boolean,
  product: VectorProduct,
): void {
  const { n, k, products, xBatch, matrixBatch, activation } = product;
  const nanoseconds = 0.15;
  if (isTransposed) {
    const units = products * Math.ceil(n / 32);
    const cost = nanoseconds * k * Math.min(n, 32);
    launch("matvec_f32", units, cost, y, x, matrix, bias, n, k, xBatch, matrixBatch, activation);
    return;
  }
  // Small matrices are read in one go; columns of large ones are split among threads.
  const group = n * k * nanoseconds < 20_000 ? n : n >= 2048 ? 512 : n >= 512 ? 128 : 32;
  const units = products * Math.ceil(n / group);
  const cost = nanoseconds * k * Math.min(n, group);
  launch("vecmat_f32", units, cost, y, x, matrix, bias, n, k, xBatch, matrixBatch, group, activation);
}

/** x in another shape; x itself if it has it. */
function as(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : (reshape(x, shape) as Tensor);
}

function leadingAxes(x: Tensor): number[] {
  return x.shape.slice(1).map((_, axis) => axis);
}
