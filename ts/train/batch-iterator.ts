// Batches for training loops of one's own: the order of `fit`, in tensors that captured steps read where they lie.

import type { ArrayData } from "../data/array.ts";
import { batchesOptions } from "../generated/options.ts";
import { nextSeed, wordsOf } from "../ops/random.ts";
import { requireCount } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BatchBuffers, type Data, orderOfEpoch, toRows } from "./batches.ts";

/** What `batches` takes beside the data. */
export interface BatchesOptions {
  /** Examples in a batch; default 32. */
  size?: number;
  /** Whether each epoch has a new order; default true. */
  shuffle?: boolean;
  /** What the orders follow from, as in `fit`; default: another one each time, which follows from `seed()`. */
  seed?: number;
  /** Whether a last batch of fewer examples is left out; default false. */
  dropLast?: boolean;
}

/** The tensor that holds a batch of some data. */
export type BatchOf<D> = D extends Tensor<infer T> | ArrayData<infer T>
  ? Tensor<T>
  : D extends Int32Array
    ? Tensor<"i32">
    : D extends Uint8Array
      ? Tensor<"u8">
      : Tensor;

/**
 * The batches of data, epoch after epoch: `for (const [x, y] of batches(images, labels, { size: 64 })) step(x, y)`. Each loop
 * is an epoch with an order of its own. A batch's tensors are filled anew for the next, so that a captured step reads them
 * where they lie; those that are to stay must be copied.
 * Errors: ShapeError for x and y of different lengths, ArgumentError for no data, NaN and infinities.
 */
export function batches<X extends Data, Y extends Data>(
  x: X,
  y: Y,
  options?: BatchesOptions,
): Batches<readonly [BatchOf<X>, BatchOf<Y>]>;
export function batches<X extends Data>(x: X, y?: undefined, options?: BatchesOptions): Batches<readonly [BatchOf<X>]>;
export function batches(x: Data, y?: Data, options: BatchesOptions = {}): Batches<readonly Tensor<Dtype>[]> {
  checkOptions("batches", options, batchesOptions);
  const rows = [toRows("batches", "x", x), ...(y === undefined ? [] : [toRows("batches", "y", y)])];
  return new Batches(rows, options);
}

/** What `batches` returns. */
export class Batches<T extends readonly Tensor<Dtype>[]> implements Iterable<T> {
  /** Batches in an epoch. */
  readonly length: number;
  /** The epoch of the next loop, counted from 0; set it to go on where an earlier program ended. */
  epoch = 0;
  private readonly rows: readonly ArrayData[];
  private readonly options: Required<BatchesOptions>;
  private readonly buffers = new BatchBuffers();

  constructor(rows: readonly ArrayData[], options: BatchesOptions) {
    const {
      size = 32,
      shuffle = true,
      seed = nextSeed(),
      dropLast = false,
    } = checkOptions("batches", options, batchesOptions);
    requireCount("batches", "size", size);
    wordsOf(seed);
    const [{ length }] = rows;
    if (rows.some((other) => other.length !== length)) {
      const lengths = rows.map((other) => other.length).join(" and ");
      throw new ShapeError(`batches: x and y must have the same number of examples, got ${lengths}`);
    }
    this.length = dropLast ? Math.floor(length / size) : Math.ceil(length / size);
    this.rows = rows;
    this.options = { size, shuffle, seed, dropLast };
  }

  /** The batches of one pass, in tensors that the next batch overwrites. */
  *[Symbol.iterator](): IterableIterator<T> {
    const { size, shuffle, seed } = this.options;
    const [{ length }] = this.rows;
    const epoch = this.epoch++;
    const order = shuffle ? orderOfEpoch(seed, epoch, length) : undefined;
    for (let begin = 0; begin < this.length * size; begin += size) {
      const end = Math.min(begin + size, length);
      yield this.buffers.load(
        this.rows,
        order ? order.subarray(begin, end) : { begin, end },
      ) as Tensor<Dtype>[] as unknown as T;
    }
  }

  /** Frees the tensors. */
  dispose(): void {
    this.buffers.dispose();
  }
}
