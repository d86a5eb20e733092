// What `fit`, `evaluate` and `predict` read, batch by batch: arrays are checked once, batches of streams as they come.
import { ArraySource, RowBatch } from "../data/array-source.ts";
import { type Awaitable, isPromise, Reader } from "../data/reader.ts";
import type { DataList, Examples, Targets } from "../data/rows.ts";
import {
  type BatchData,
  type Batched,
  isSpent,
  isStream,
  type Part,
  type Parts,
  type Source,
  sourceOf,
} from "../data/source.ts";
import { requireCount, requireList, requireNumbers, textOf } from "../runtime/arguments.ts";
import { ArgumentError, DtypeError, ShapeError } from "../runtime/errors.ts";
import { checkDtype } from "../tensor/dtype.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type Given, PART_NAMES, toExamples, toInputs, type Weighting, weighClasses } from "./batches.ts";
import { type Pause, settled } from "./pause.ts";
import type { Model } from "./trained.ts";

/** What is read, and how. */
export interface FeedOptions extends Weighting {
  readonly x: unknown;
  readonly y?: Targets | undefined;
  readonly batchSize?: number | undefined;
  readonly shuffle?: boolean | undefined;
  /** Batches in an epoch; default: those of a pass. In training epochs of so many go on over the passes. */
  readonly steps?: number | undefined;
  /** What the caller calls that option. */
  readonly stepsName: string;
  /** How many epochs are read; default 1. */
  readonly epochs?: number;
  /** What errors call a stream; default "x". */
  readonly what?: string;
  /** What is done with the batches; of those for a prediction only the inputs are wanted. */
  readonly use: "train" | "test" | "predict";
  readonly signal?: AbortSignal | undefined;
}

/** What a stream's batches have in common. */
type Likeness = readonly (Part & { readonly what: string })[];

/** The batches of a run. */
export class Feed {
  /** Examples in a batch and in a pass, as far as known. */
  readonly batchSize: number | undefined;
  readonly samples: number | undefined;
  /** How batches are cut, in words, where the batches of an epoch can be read again. */
  readonly cut: string | undefined;
  private readonly reader: Reader<BatchData | RowBatch>;
  private readonly operation: string;
  private readonly model: Model;
  private readonly options: FeedOptions;
  private readonly source: Batched<RowBatch> | Source;
  /** Of a stream: batches checked so far, what the first one was like, and the shapes of outputs for inputs like the last. */
  private checked = 0;
  private likeness: Likeness | undefined;
  private key = "";
  private known: readonly Shape[] | undefined;

  /** Examples are those of arrays, checked; otherwise x is a stream. */
  constructor(operation: string, model: Model, options: FeedOptions, examples?: Examples) {
    const { batchSize = 32, steps, stepsName, shuffle, epochs = 1, x, what = "x", use } = options;
    this.operation = operation;
    this.model = model;
    this.options = options;
    if (steps !== undefined) requireCount(operation, stepsName, steps);
    const cut = steps === undefined ? "" : `, ${steps} in an epoch`;
    const reading = { name: `${operation}: ${what}`, steps, goesOn: use === "train" };
    if (examples !== undefined) {
      const source = new ArraySource(examples, { batchSize, shuffle });
      this.source = source;
      this.batchSize = batchSize;
      this.cut = `${source.samples} examples in batches of ${batchSize}${shuffle ? ", shuffled" : ""}${cut}`;
      this.reader = new Reader<BatchData | RowBatch>(source, { ...reading, isSpent: false });
    } else {
      const stream = x as Source;
      this.source = sourceOf(operation, what, stream);
      const spent = isSpent(stream);
      if (spent && epochs > 1 && steps === undefined) {
        throw new ArgumentError(
          `${reading.name} must give batches for each of ${epochs} epochs, got an iterator, which can be read once; ` +
            `pass a function that returns one for each epoch, or ${stepsName}`,
        );
      }
      this.cut = spent ? undefined : `batches of a stream${cut}`;
      this.reader = new Reader<BatchData | RowBatch>(this.source, { ...reading, isSpent: spent });
    }
    this.samples = this.source.samples;
    const { length = Number.POSITIVE_INFINITY } = this.source;
    if (use !== "train" && steps !== undefined && steps > length) {
      throw new ArgumentError(
        `${operation}: ${stepsName} must be at most the ${length} batches there are, got ${steps}`,
      );
    }
  }

  /** Batches in an epoch, if that is known. */
  get length(): number | undefined {
    return this.reader.length;
  }

  /** Of a stream: reads the first batch ahead, to build the model as its examples are; it is checked when its turn comes. */
  async prime(epoch: number, seed: number | undefined): Promise<void> {
    if (this.source instanceof ArraySource) return;
    const { parts } = this.source as Source;
    if (parts) this.expect(parts);
    await this.reader.begin(epoch, seed);
    const first = await settled(this.reader.peek(), this.options.signal, 0);
    if (first !== undefined) this.batch(first);
    this.checked = 0;
  }

  /** Goes to a batch of an epoch. */
  begin(epoch: number, seed: number | undefined, batch?: number): Awaitable<void> {
    return this.reader.begin(epoch, seed, batch);
  }

  /** The next batch as it was read, undefined at the end of the epoch; `batch` makes of it what a step takes. */
  next(): Awaitable<BatchData | RowBatch | undefined> {
    return this.reader.next();
  }

  /** Reads the next batch, and leaves it to be read. */
  peek(): Promise<BatchData | RowBatch | undefined> {
    return this.reader.peek();
  }

  /** Closes what is being read; what has not closed a second after an abort is left. */
  end(): Promise<void> {
    return settled(this.reader.close(), this.options.signal);
  }

  /** The examples of what was read, checked, to be loaded at once. */
  batch(read: BatchData | RowBatch): RowBatch {
    if (read instanceof RowBatch) return read;
    const { what = "x", use, classWeight } = this.options;
    const operation = `${this.operation}: batch ${this.checked++} of ${what}`;
    const given = givenOf(operation, read);
    const all =
      use === "predict"
        ? toInputs(operation, given.x, this.model.inputNames, true)
        : toExamples(operation, given, this.model[PART_NAMES], true);
    const examples = weighClasses(operation, all, classWeight);
    const likeness = likenessOf(examples);
    this.likeness ??= likeness;
    requireLike(operation, likeness, this.likeness);
    const key = likeness.map(({ shape, dtype }) => `${dtype}${formatShape(shape)}`).join();
    if (key === this.key) this.model.checkTargets(operation, examples.targets, this.known);
    else this.known = this.model.prepare(operation, examples);
    this.key = key;
    return new RowBatch(examples, { begin: 0, end: examples.length }, examples.length);
  }

  /** Refuses what a source says that its batches hold, if the model cannot take it. */
  private expect({ inputs, targets = [], weights = [] }: Parts): void {
    const all = { x: inputs, ...(this.options.use === "predict" ? {} : { y: targets, sampleWeight: weights }) };
    this.likeness = Object.entries(all).flatMap(([what, list]) => {
      requireList(this.operation, `parts of ${what}`, list);
      return list.map(({ shape, dtype }) => {
        requireNumbers(this.operation, `the shape of a part of ${what}`, shape);
        checkDtype(this.operation, dtype);
        return { what, shape, dtype };
      });
    });
    this.model.prepare(this.operation, { inputs: inputs.map(({ shape }) => ({ shape: [1, ...shape] })), targets: [] });
  }
}

/** The examples of arrays, checked against the model. */
export function examplesFor(operation: string, model: Model, { x, y, sampleWeight }: Given): Examples {
  return toExamples(operation, { x, y, sampleWeight }, model[PART_NAMES]);
}

/** Targets and options; what gives batches has its targets with it, and options next to it. */
export function argumentsOf<Options>(
  x: unknown,
  y: Targets | Options | undefined,
  options: Options | undefined,
): readonly [y: Targets | undefined, options: Options] {
  const isNext = isStream(x) && options === undefined;
  const [targets, given = {} as Options] = isNext ? [undefined, y as Options | undefined] : [y as Targets, options];
  return [targets, given];
}

/** What a run over one pass reads. */
export function feedOf(operation: string, model: Model, options: FeedOptions): Feed {
  const { x, y, sampleWeight, use, batchSize } = options;
  if (batchSize !== undefined) requireCount(operation, "batchSize", batchSize);
  if (isStream(x)) {
    requireInStream(operation, options, { y, sampleWeight, batchSize });
    return new Feed(operation, model, options);
  }
  const data = x as DataList;
  const examples =
    use === "predict"
      ? toInputs(operation, data, model.inputNames)
      : examplesFor(operation, model, { x: data, y, sampleWeight });
  model.prepare(operation, examples);
  return new Feed(operation, model, options, examples);
}

/** Runs `take` for each batch of a pass, and tells how many there were. It gives way between them. */
export async function eachBatch(
  feed: Feed,
  pause: Pause,
  signal: AbortSignal | undefined,
  take: (batch: RowBatch, index: number) => void,
): Promise<number> {
  await feed.begin(0, undefined);
  for (let index = 0; ; index++) {
    const read = feed.next();
    const batch = isPromise(read) ? await settled(read, signal, 0) : read;
    if (batch === undefined) return index;
    const began = performance.now();
    take(feed.batch(batch), index);
    const rest = pause(performance.now() - began);
    if (rest) await rest;
  }
}

/** Throws an ArgumentError for what a stream's batches hold or settle themselves. */
export function requireInStream(operation: string, { what = "x" }: FeedOptions, given: Record<string, unknown>): void {
  const name = Object.keys(given).find((name) => given[name] !== undefined);
  if (name === undefined) return;
  throw new ArgumentError(
    `${operation}: ${name} must be left out where ${what} gives batches, got ${textOf(given[name])}; ` +
      "batches are [x, y] or [x, y, sampleWeight], and whoever makes them cuts and shuffles",
  );
}

/** A batch as it was read, by what its parts are. */
export function givenOf(operation: string, read: BatchData): Given {
  if (!Array.isArray(read)) return { x: read as DataList };
  if (read.length >= 1 && read.length <= 3) return { x: read[0], y: read[1], sampleWeight: read[2] };
  throw new ArgumentError(`${operation} must be [x], [x, y] or [x, y, sampleWeight], got a list of ${read.length}`);
}

function likenessOf({ inputs, targets, weights }: Examples): Likeness {
  return Object.entries({ x: inputs, y: targets, sampleWeight: weights }).flatMap(([what, list]) =>
    list.map(({ shape, dtype }) => ({ what, shape: shape.slice(1), dtype })),
  );
}

/** Throws unless a batch has the parts of those before it, of the same dtypes and with as many axes. */
function requireLike(operation: string, own: Likeness, first: Likeness): void {
  if (own.length !== first.length) {
    throw new ArgumentError(`${operation} must have as many parts as the others, ${first.length}, got ${own.length}`);
  }
  for (const [i, { what, shape, dtype }] of own.entries()) {
    if (dtype !== first[i].dtype) {
      throw new DtypeError(`${operation}: ${what} must be ${first[i].dtype} as in the others, got ${dtype}`);
    }
    if (shape.length !== first[i].shape.length) {
      throw new ShapeError(
        `${operation}: ${what} must have the axes of the others, examples of ${formatShape(first[i].shape)}, got ${formatShape(shape)}`,
      );
    }
  }
}
