// What matrix products and convolutions share: how they are cut into units of work and their sums into chunks, and the
// activations that kernels apply to sums while they are in registers.
import { defineOp, requireTensor } from "../autograd/op.ts";
import { isTracked } from "../autograd/tape.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { alias, empty, type Tensor } from "../tensor/tensor.ts";
import { reluGrad } from "./elementwise.ts";

/** Activations that a product can apply by itself. */
export type FusedActivation = "linear" | "relu";

const activations: readonly string[] = ["linear", "relu"] satisfies FusedActivation[];

/** The kernels' number of an activation. */
export function activationCode(operation: string, activation: FusedActivation = "linear"): number {
  const code = activations.indexOf(activation);
  if (code < 0) {
    throw new ArgumentError(`${operation}: activation must be ${activations.join(" or ")}, got ${String(activation)}`);
  }
  return code;
}

const afterRelu = defineOp("relu", { forward: (y: Tensor) => alias(y), gradients: [(dy, y) => reluGrad(dy, y)] });

/**
 * The result of an op that applied an activation to its sums by itself: shares the op's memory, and has the
 * activation's gradient, so that the op's own gradients are those of the sums.
 */
export function activated(y: Tensor, activation: FusedActivation | undefined): Tensor {
  return activation === "relu" && isTracked(y) ? afterRelu(y) : y;
}

/** A product cut into blocks; each is a unit of work. */
export interface Blocks {
  readonly blockRows: number;
  readonly blockColumns: number;
  readonly units: number;
  /** Nanoseconds a unit. */
  readonly cost: number;
}

const MOST_ROWS = 96;
const MOST_COLUMNS = 512;
/** Cut on while there are fewer units than this, so that many threads find work .. */
const ENOUGH_UNITS = 32;
/** .. but not into units of fewer multiplications than this. */
const LEAST_WORK = 250_000;
const NANOSECONDS_PER_MULTIPLICATION = 0.04;

/**
 * Cuts `products` products [rows, depth] x [depth, columns] into blocks of about equal size. Blocks of few rows are
 * cheaper than blocks of few columns: each block packs its rows anew.
 */
export function cutIntoBlocks(rows: number, columns: number, depth: number, products = 1): Blocks {
  let rowBlocks = Math.max(1, Math.ceil(rows / MOST_ROWS));
  let columnBlocks = Math.max(1, Math.ceil(columns / MOST_COLUMNS));
  for (;;) {
    const blockRows = 4 * Math.ceil(rows / rowBlocks / 4);
    const blockColumns = 8 * Math.ceil(columns / columnBlocks / 8);
    const units = Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns) * products;
    const work = blockRows * blockColumns * depth;
    const isDone = units >= ENOUGH_UNITS || work < 2 * LEAST_WORK;
    if (!isDone && blockColumns >= 256) columnBlocks *= 2;
    else if (!isDone && blockRows >= 32) rowBlocks *= 2;
    else if (!isDone && blockColumns >= 64) columnBlocks *= 2;
    else return { blockRows, blockColumns, units, cost: 100 + work * NANOSECONDS_PER_MULTIPLICATION };
  }
}

/** Rows and columns of a block of filters, while there are enough blocks: with fewer, zeros are looked for too often. */
const FILTER_ROWS = 128;
const FILTER_COLUMNS = 128;
/** Rows of a block that fit into scratch memory. */
const MOST_FILTER_ROWS = 512;

/** Cuts `products` gradients of filters [rows, columns], sums over `depth`, into blocks. */
export function cutFilters(rows: number, columns: number, depth: number, products: number): Blocks {
  const columnBlocks = Math.ceil(columns / FILTER_COLUMNS);
  const wanted = Math.ceil(ENOUGH_UNITS / (columnBlocks * products));
  const rowBlocks = Math.max(Math.ceil(rows / MOST_FILTER_ROWS), Math.min(wanted, Math.floor(rows / FILTER_ROWS)), 1);
  const blockRows = 8 * Math.ceil(rows / rowBlocks / 8);
  const blockColumns = 8 * Math.ceil(columns / columnBlocks / 8);
  const units = Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns) * products;
  return {
    blockRows,
    blockColumns,
    units,
    cost: 100 + blockRows * blockColumns * depth * NANOSECONDS_PER_MULTIPLICATION,
  };
}

/** The most chunks that a long sum is cut into: fixed by the sizes, so that any number of threads adds alike. */
export const MOST_CHUNKS = 16;

/** Lets `f` compute the partial sums of all chunks and adds them up. */
export function overChunks(y: Tensor, chunks: number, f: (partial: Tensor) => void): void {
  if (chunks === 1) {
    f(y);
    return;
  }
  const partial = empty([chunks, y.size]);
  f(partial);
  launch("sum_chunks_f32", y.size, 0.1 * chunks, y, partial, y.size, chunks);
  partial.dispose();
}

/** Throws unless `x` is a tensor of dtype f32. */
export function requireFloat(operation: string, what: string, x: unknown): void {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "f32");
}

/** Throws unless `bias` is absent or has one number for each output. */
export function requireBias(operation: string, bias: Tensor | undefined, outputs: number): void {
  if (bias === undefined) return;
  requireFloat(operation, "bias", bias);
  if (bias.rank !== 1 || bias.size !== outputs) {
    throw new ShapeError(`${operation}: bias must have shape [${outputs}], got ${formatShape(bias.shape)}`);
  }
}
