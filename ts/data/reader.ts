// Reads the batches of a source epoch by epoch, synchronously where the source is, and closes what it leaves. It does not
// know what batches hold.
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { isData } from "./rows.ts";
import type { Batched } from "./source.ts";

/** A value, or a promise of it where one must wait. */
export type Awaitable<T> = T | Promise<T>;

/** Whether one must wait for it. */
export function isPromise<T>(x: Awaitable<T> | PromiseLike<T>): x is Promise<T> {
  return typeof (x as { then?: unknown } | undefined | null)?.then === "function";
}

/** What was read was only passed over: the next one is wanted. */
const SKIPPED = Symbol("skipped");

type Open<T> = () => Iterator<T> | AsyncIterator<T>;

/** How a source is read. */
export interface ReaderOptions {
  /** What errors call it: "fit: x". */
  readonly name: string;
  /** Batches in an epoch; undefined: those of a pass. */
  readonly steps: number | undefined;
  /** Whether epochs of so many steps follow each other over the passes, instead of beginning with a pass each. */
  readonly goesOn: boolean;
  /** Whether the source can only go on, and never begin anew. */
  readonly isSpent: boolean;
}

/** A source's batches, epoch by epoch. */
export class Reader<T> {
  private readonly source: Batched<T>;
  private readonly options: ReaderOptions;
  private iterator: Iterator<T> | AsyncIterator<T> | undefined;
  private pass = 0;
  /** Batches read of the pass; of all passes since the first one; and those to be passed over. */
  private taken = 0;
  private total = 0;
  private skip = 0;
  /** Batches to come in the epoch. */
  private left = 0;
  private seed: number | undefined;
  /** Whether it stands somewhere already. */
  private isPlaced = false;
  /** Batches that were read before it was their turn. */
  private readonly ahead: T[] = [];

  constructor(source: Batched<T>, options: ReaderOptions) {
    this.source = source;
    this.options = options;
  }

  /** Batches in an epoch, if that is known. */
  get length(): number | undefined {
    return this.options.steps ?? this.source.length;
  }

  /** Goes to a batch of an epoch, if it does not stand there. What can only be read once goes on where it stands. */
  begin(epoch: number, seed: number | undefined, batch = 0): Awaitable<void> {
    const { steps = Number.POSITIVE_INFINITY, isSpent } = this.options;
    this.left = steps - batch;
    const total = this.goesOn ? epoch * steps + batch : batch;
    const isHere = seed === this.seed && (this.goesOn ? this.total === total : this.isAt(epoch, batch));
    if (this.isPlaced && (isHere || isSpent)) return;
    const closed = this.close();
    this.isPlaced = true;
    this.seed = seed;
    if (isSpent) return closed;
    const { length } = this.source;
    this.total = total;
    this.pass = this.goesOn ? Math.floor(total / (length ?? Number.POSITIVE_INFINITY)) : epoch;
    this.skip = total - (this.goesOn ? this.pass * (length ?? 0) : 0);
    this.taken = 0;
    this.ahead.length = 0;
    return closed;
  }

  /** Whether epochs go on over passes. */
  private get goesOn(): boolean {
    return this.options.goesOn && this.options.steps !== undefined;
  }

  private isAt(epoch: number, batch: number): boolean {
    return this.pass === epoch && this.taken - this.ahead.length === batch && this.skip === 0;
  }

  /** Reads the epoch's next batch, and leaves it to be read. */
  async peek(): Promise<T | undefined> {
    const batch = await this.next();
    if (batch === undefined) return undefined;
    this.ahead.push(batch);
    this.left++;
    this.total--;
    return batch;
  }

  /** The epoch's next batch; undefined at its end. A promise where the source is asynchronous. */
  next(): Awaitable<T | undefined> {
    if (this.left === 0) return undefined;
    if (this.ahead.length > 0) {
      this.left--;
      this.total++;
      return this.ahead.shift();
    }
    return this.read();
  }

  /** Closes what is being read. */
  close(): Awaitable<void> {
    const { iterator } = this;
    this.iterator = undefined;
    this.isPlaced = false;
    const closed = iterator?.return?.();
    if (closed && isPromise(closed)) return closed.then(() => {});
  }

  private read(): Awaitable<T | undefined> {
    for (;;) {
      const read = this.step();
      if (isPromise(read)) return read.then((batch) => (batch === SKIPPED ? this.read() : batch));
      if (read !== SKIPPED) return read;
    }
  }

  private step(): Awaitable<T | undefined | typeof SKIPPED> {
    const { iterator } = this;
    if (iterator === undefined) {
      const made = this.source.batches({ index: this.pass, seed: this.seed });
      return isPromise(made) ? made.then((batches) => this.open(batches)) : this.open(made);
    }
    const failed = (error: unknown): never => {
      // It has ended by itself.
      this.iterator = undefined;
      throw error;
    };
    let result: Awaitable<IteratorResult<T>>;
    try {
      result = iterator.next();
    } catch (error) {
      return failed(error);
    }
    return isPromise(result) ? result.then((known) => this.take(known), failed) : this.take(result);
  }

  private open(batches: Iterable<T> | AsyncIterable<T>): typeof SKIPPED {
    const given = Object(batches) as { [Symbol.asyncIterator]?: Open<T>; [Symbol.iterator]?: Open<T> };
    const open = given[Symbol.asyncIterator] ?? given[Symbol.iterator];
    if (typeof open !== "function" || typeof batches === "string" || isData(batches) || ArrayBuffer.isView(batches)) {
      const { name } = this.options;
      throw new ArgumentError(`${name} must give an iterable of batches for each pass, got ${textOf(batches)}`);
    }
    this.iterator = open.call(given);
    return SKIPPED;
  }

  private take(result: IteratorResult<T>): T | undefined | typeof SKIPPED {
    const { steps, isSpent, name } = this.options;
    if (!result.done) {
      if (result.value === undefined) throw new ArgumentError(`${name} must give batches, got undefined`);
      this.taken++;
      if (this.skip > 0) {
        this.skip--;
        return SKIPPED;
      }
      this.left--;
      this.total++;
      return result.value;
    }
    this.iterator = undefined;
    if (this.taken === 0 || (steps !== undefined && (isSpent || !this.goesOn))) {
      const must = steps ? `${steps} batches in each epoch` : "at least one batch in each pass";
      throw new ArgumentError(
        `${name} must give ${must}, got no more after ${this.total}; a function that returns an iterable can be read anew`,
      );
    }
    this.pass++;
    this.taken = 0;
    // The pass is over, and with it the epoch.
    if (this.goesOn) return SKIPPED;
    this.left = 0;
    return undefined;
  }
}
