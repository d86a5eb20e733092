// Batches for training loops of one's own: the order of `fit`, in tensors that captured steps read where they lie.

import type { ArrayData } from "../data/array.ts";
import { ArraySource } from "../data/array-source.ts";
import { isPromise, Reader } from "../data/reader.ts";
import { type Data, isByName, partsOf, toRows } from "../data/rows.ts";
import { type BatchData, type BatchStream, isSpent, isStream, type Source, sourceOf } from "../data/source.ts";
import { batchesOptions } from "../generated/options.ts";
import { nextSeed, wordsOf } from "../ops/random.ts";
import { requireCount, textOf } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BatchBuffers, examplesOf } from "./batches.ts";
import { givenOf } from "./feed.ts";

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
 * Batches of data, epoch after epoch: `for (const [x, y] of batches(images, labels, { size: 64 })) step(x, y)`. y
 * defaults to none, options to shuffled batches of 32. Each loop is an epoch with an order of its own. A batch's
 * tensors are refilled for the next, so that a captured step reads them in place; copy those that are to stay.
 * Errors: ShapeError for x and y of different lengths, ArgumentError for no data, NaN and infinities.
 */
export function batches<X extends Data, Y extends Data>(
  x: X,
  y: Y,
  options?: BatchesOptions,
): Batches<readonly [BatchOf<X>, BatchOf<Y>]>;
export function batches<X extends Data>(x: X, y?: undefined, options?: BatchesOptions): Batches<readonly [BatchOf<X>]>;
/**
 * The batches that a Source, an iterable or a function gives, each loop a pass of its own: a batch's parts in one list, x first.
 * Where they come asynchronously: `for await`. Errors: ArgumentError for options other than `seed`, and for what is no batch.
 */
export function batches(stream: BatchStream, y?: undefined, options?: Pick<BatchesOptions, "seed">): StreamBatches;
export function batches(
  x: Data | BatchStream,
  y?: Data,
  options: BatchesOptions = {},
): Batches<readonly Tensor<Dtype>[]> | StreamBatches {
  checkOptions("batches", options, batchesOptions);
  if (isStream(x)) {
    const { seed, ...others } = { y, ...options };
    const [name, value] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
    if (name === undefined) return new StreamBatches(x, seed);
    throw new ArgumentError(`batches: ${name} must be left out where x gives batches, got ${textOf(value)}`);
  }
  const rows = [toRows("batches", "x", x), ...(y === undefined ? [] : [toRows("batches", "y", y)])];
  return new Batches(rows, options);
}

/** What `batches` returns for data. */
export class Batches<T extends readonly Tensor<Dtype>[]> implements Iterable<T> {
  /** Batches in an epoch. */
  readonly length: number;
  /** The epoch of the next loop, counted from 0; set it to go on where an earlier program ended. */
  epoch = 0;
  private readonly source: ArraySource;
  private readonly seed: number;
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
    const [x, ...y] = rows;
    this.source = new ArraySource(examplesOf("batches", [x], y, []), { batchSize: size, shuffle, dropLast });
    this.length = this.source.length;
    this.seed = seed;
  }

  /** The batches of one pass, in tensors that the next batch overwrites. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const { examples, rows } of this.source.batches({ index: this.epoch++, seed: this.seed })) {
      yield this.buffers.load([...examples.inputs, ...examples.targets], rows) as unknown as T;
    }
  }

  /** Frees the tensors. */
  dispose(): void {
    this.buffers.dispose();
  }
}

/** What `batches` returns for what gives batches itself. */
export class StreamBatches implements Iterable<readonly Tensor<Dtype>[]>, AsyncIterable<readonly Tensor<Dtype>[]> {
  /** Batches in a pass, if that is known. */
  readonly length: number | undefined;
  /** The pass of the next loop, counted from 0. */
  epoch = 0;
  private readonly seed: number | undefined;
  private readonly source: Source;
  private readonly isSpent: boolean;
  private readonly buffers = new BatchBuffers();

  constructor(stream: BatchStream, seed: number | undefined) {
    this.source = sourceOf("batches", "x", stream);
    this.isSpent = isSpent(stream);
    this.length = this.source.length;
    this.seed = seed;
  }

  /** The batches of one pass, in tensors that the next batch overwrites. StateError where they come asynchronously. */
  *[Symbol.iterator](): IterableIterator<readonly Tensor<Dtype>[]> {
    const reader = this.open();
    try {
      for (;;) {
        const read = reader.next();
        if (isPromise(read)) {
          read.catch(() => {});
          throw new StateError(
            "batches: what comes asynchronously must be looped over by for await, got a loop by for",
          );
        }
        if (read === undefined) return;
        yield this.load(read);
      }
    } finally {
      reader.close();
    }
  }

  /** The batches of one pass, as they come. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<readonly Tensor<Dtype>[]> {
    const reader = this.open();
    try {
      for (;;) {
        const read = await reader.next();
        if (read === undefined) return;
        yield this.load(read);
      }
    } finally {
      await reader.close();
    }
  }

  /** Frees the tensors. */
  dispose(): void {
    this.buffers.dispose();
  }

  private open(): Reader<BatchData> {
    const reader = new Reader<BatchData>(this.source, {
      name: "batches: x",
      steps: undefined,
      goesOn: false,
      isSpent: this.isSpent,
    });
    // Nothing is open yet that would have to be closed first.
    void reader.begin(this.epoch++, this.seed);
    return reader;
  }

  private load(read: BatchData): Tensor<Dtype>[] {
    const { x, y, sampleWeight } = givenOf("batches: a batch", read);
    const [inputs, targets, weights] = Object.entries({ x, y, sampleWeight }).map(([what, data]) => {
      if (data === undefined) return [];
      const list = isByName(data) ? Object.values(data) : partsOf("batches", what, data, undefined, "inputs");
      return list.map((part) => toRows("batches", what, part, true));
    });
    const { length } = examplesOf("batches", inputs, targets, weights);
    return this.buffers.load([...inputs, ...targets, ...weights], { begin: 0, end: length });
  }
}
