// What models read: examples in batches, from iterables, functions that make them, or a Source of one's own. It reads
// nothing and knows no models.
import { kindOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { type Data, type DataList, isData, type Targets } from "./rows.ts";

/**
 * One batch as it is read: `[x, y]`, `[x, y, sampleWeight]` or `[x]`; x alone, where it is no list. For several inputs or
 * outputs x and y are lists or records, as in `fit`. Tensors stay their owner's, and are read when the batch's turn comes.
 */
export type BatchData =
  | Exclude<Data, readonly unknown[]>
  | { readonly [input: string]: Data }
  | readonly [x: DataList, y?: Targets, sampleWeight?: Targets];

/** Which pass over the examples is asked for. */
export interface Pass {
  /** Counted from 0: the epoch, unless `stepsPerEpoch` cuts epochs elsewhere. */
  readonly index: number;
  /** The seed of `fit`, from which an order may follow with the index; undefined in evaluation and prediction. */
  readonly seed: number | undefined;
}

/** One input, target or weight of an example. */
export interface Part {
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** What the batches hold, in the order of the model's inputs and outputs. */
export interface Parts {
  readonly inputs: readonly Part[];
  readonly targets?: readonly Part[];
  readonly weights?: readonly Part[];
}

/** Something whose batches are read pass by pass. */
export interface Batched<T> {
  /** Batches in a pass, if that is known before it has been read. */
  readonly length?: number | undefined;
  /** Examples in a pass, if that is known. */
  readonly samples?: number | undefined;
  /**
   * The batches of one pass. The same pass gives the same batches again. What it returns is closed (`return()`) where it is not read to its end.
   */
  batches(pass: Pass): Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>;
}

/**
 * What `fit`, `evaluate` and `predict` read, to be implemented by whoever has data that lie neither in a tensor nor in an
 * array: `{ length: 100, batches: ({ index }) => read(index) }`. `length` is the number of batches in a pass; where it is
 * missing, progress has no end.
 */
export interface Source extends Batched<BatchData> {
  /** What the batches hold: then the model is built, and refuses what does not fit, before the first one is read. */
  readonly parts?: Parts | undefined;
}

/**
 * Batches as they come: a Source, an iterable or async iterable of them (a generator's, which can be read once), or a
 * function of the pass's number that makes one for each pass.
 */
export type BatchStream =
  | Source
  | Iterable<BatchData>
  | AsyncIterable<BatchData>
  | ((pass: number) => ReturnType<Source["batches"]>);

/** Whether it gives batches, and is not itself data. */
export function isStream(x: unknown): x is BatchStream {
  if (typeof x === "function") return true;
  if (typeof x !== "object" || x === null || isData(x) || Array.isArray(x) || ArrayBuffer.isView(x)) return false;
  return "batches" in x || Symbol.iterator in x || Symbol.asyncIterator in x;
}

/** Whether it can be read only once, as a generator's object. */
export function isSpent(x: BatchStream): boolean {
  return "next" in x && typeof x.next === "function";
}

/** The stream as a Source. Errors: ArgumentError for a Source whose figures or methods are of another kind. */
export function sourceOf(operation: string, what: string, x: BatchStream): Source {
  if (typeof x === "function") return { batches: ({ index }) => x(index) };
  if (!("batches" in x)) return { batches: () => x };
  for (const count of [x.length, x.samples]) {
    if (count === undefined || (Number.isSafeInteger(count) && count > 0)) continue;
    throw new ArgumentError(
      `${operation}: ${what} must have whole numbers above 0 as length and samples, got ${count}`,
    );
  }
  if (typeof x.batches === "function") return x;
  throw new ArgumentError(`${operation}: ${what} must have a method batches, got ${kindOf(x.batches)}`);
}
