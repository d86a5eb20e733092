// Examples in arrays as a source: cut into batches, perhaps in another order in each pass. Nothing is copied: a batch is
// the arrays and the rows that belong to it.
import { randomPermutation, withStream, wordsOf } from "../ops/random.ts";
import { scope } from "../tensor/scope.ts";
import type { Examples, Rows } from "./rows.ts";
import type { Batched, Pass } from "./source.ts";

/** Rows of examples that make a batch. */
export class RowBatch {
  readonly examples: Examples;
  readonly rows: Rows;
  /** How many they are. */
  readonly size: number;

  constructor(examples: Examples, rows: Rows, size: number) {
    this.examples = examples;
    this.rows = rows;
    this.size = size;
  }
}

/** How examples are cut into batches. */
export interface CuttingOptions {
  readonly batchSize: number;
  /** Whether each pass has an order of its own, which follows from the seed and the pass; default false. */
  readonly shuffle?: boolean;
  /** Whether a last batch of fewer examples is left out; default false. */
  readonly dropLast?: boolean;
}

/** Examples in arrays, batch by batch. */
export class ArraySource implements Batched<RowBatch> {
  readonly examples: Examples;
  readonly length: number;
  readonly samples: number;
  private readonly options: CuttingOptions;

  constructor(examples: Examples, options: CuttingOptions) {
    this.examples = examples;
    this.samples = examples.length;
    this.length = Math[options.dropLast ? "floor" : "ceil"](examples.length / options.batchSize);
    this.options = options;
  }

  *batches({ index, seed = 0 }: Pass): Generator<RowBatch, void, undefined> {
    const { examples, samples, length } = this;
    const { batchSize, shuffle } = this.options;
    const order = shuffle ? orderOfEpoch(seed, index, samples) : undefined;
    for (let begin = 0; begin < length * batchSize; begin += batchSize) {
      const end = Math.min(begin + batchSize, samples);
      yield new RowBatch(examples, order ? order.subarray(begin, end) : { begin, end }, end - begin);
    }
  }
}

/** The order of an epoch: draw number `epoch` of the seed's own stream. */
export function orderOfEpoch(seed: number, epoch: number, length: number): Int32Array {
  return withStream(Int32Array.of(...wordsOf(seed), epoch, 0), () => scope(() => randomPermutation(length).data()));
}
