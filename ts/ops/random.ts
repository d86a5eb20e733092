// Random tensors. A generator counts its draws in memory, so that a captured step draws new numbers at each replay.
// Numbers depend only on the seed, the number of the draw and the element, not on threads, split or capture.
import { requireTensor, within } from "../autograd/op.ts";
import {
  randomBernoulliOptions,
  randomNormalOptions,
  randomOptions,
  randomUniformOptions,
} from "../generated/options.ts";
import { requireShare, requireType, textOf } from "../runtime/arguments.ts";
import { engine } from "../runtime/engine.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { forbidWhileRecording, launch, unrecorded } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { checkShape, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { mul } from "./arithmetic.ts";
import { reshape } from "./layout.ts";

/**
 * A stream of random numbers: all of it follows from the seed. Without one a generator's seed follows from the default
 * generator's and from how many were made since that was seeded.
 */
export class Generator {
  /**
   * Seed's low bits, its high bits, number of the next draw, number of the next stream that is derived from this one.
   * Assign it to continue a saved stream.
   */
  readonly state: Variable<"i32">;
  private key: readonly [low: number, high: number] = [0, 0];

  static {
    showAsText(Generator);
  }

  constructor(seed?: number) {
    this.state = scope(() => new Variable(tensor(new Int32Array(4)), { name: "random", trainable: false }));
    this.seed(seed);
  }

  /** Begins the stream anew. */
  seed(seed: number = nextSeed()): this {
    forbidWhileRecording("seed");
    this.key = wordsOf(seed);
    this.state.assign([...this.key, 0, 0]);
    return this;
  }

  /** Its seed and how many draws it has made. */
  toString(): string {
    const [low, high] = this.key;
    return `Generator: seed ${(high >>> 0) * 2 ** 32 + (low >>> 0)}, ${this.state.view()[2]} draws`;
  }

  /** Begins the part of the stream that belongs to these numbers: of each step or epoch, wherever training began. */
  seek(...numbers: readonly number[]): void {
    this.state.assign(streamOf(this.key, numbers));
  }
}

/** The words of a stream's state; see `Generator.state`. */
export type Stream = Int32Array;

/** The low and the high bits of a seed. ArgumentError unless it is a safe integer. @internal */
export function wordsOf(seed: number): [low: number, high: number] {
  if (!Number.isSafeInteger(seed))
    throw new ArgumentError(`seed: the seed must be a safe integer, got ${textOf(seed)}`);
  return [seed | 0, Math.floor(seed / 2 ** 32) | 0];
}

/** A stream for these numbers under a key. They are mixed as in MurmurHash3, so that all of them change all bits. @internal */
export function streamOf(key: readonly [low: number, high: number], numbers: readonly number[]): Stream {
  let [low, high] = key;
  for (const word of [...numbers, numbers.length]) {
    low = scrambled(low ^ word);
    high = scrambled((high + low) ^ 0x9e3779b9);
  }
  return Int32Array.of(low, high, 0, 0);
}

function scrambled(word: number): number {
  let x = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** The seed of another stream: it follows from the default generator's seed and how many were asked for since. @internal */
export function nextSeed(): number {
  const { state } = defaultGenerator();
  const [low, high, draw, count] = state.data();
  state.assign([low, high, draw, count + 1]);
  const [a, b] = streamOf([low, high], [count]);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

/** Runs `f` with another stream in the place of the default generator's, from where it stands to where `f` leaves it. @internal */
export function withStream<T>(stream: Stream, f: () => T): T {
  const { state } = defaultGenerator();
  exchange(state, stream);
  try {
    return f();
  } finally {
    exchange(state, stream);
  }
}

function exchange({ buffer }: Variable<"i32">, stream: Stream): void {
  const { i32 } = engine().memory;
  const at = buffer.block.address >>> 2;
  for (let i = 0; i < stream.length; i++) {
    const word = i32[at + i];
    i32[at + i] = stream[i];
    stream[i] = word;
  }
  buffer.version++;
}

let shared: Generator | undefined;

/** The generator that random functions use when they are given none. @internal */
export function defaultGenerator(): Generator {
  shared ??= unrecorded(() => new Generator(Math.floor(Math.random() * 2 ** 53)));
  return shared;
}

/**
 * Seeds the global generator: random numbers drawn after it are the same in every run.
 * Errors: ArgumentError unless the seed is a safe integer; StateError in a captured step.
 */
export function seed(seed: number): void {
  defaultGenerator().seed(seed);
}

/** Where a random function draws from. */
export interface RandomOptions {
  /** The generator to draw from; default the global one, which `seed` sets. */
  generator?: Generator;
}

const BLOCK = 16;

type Draw = "random_uniform_f32" | "random_normal_f32" | "random_truncated_normal_f32" | "random_bernoulli_f32";

/** The state that a random function draws from. */
function stateOf(operation: string, { generator = defaultGenerator() }: RandomOptions): Variable<"i32"> {
  if (generator instanceof Generator) return generator.state;
  throw new ArgumentError(`${operation}: generator must be a Generator, got ${textOf(generator)}`);
}

function draw(operation: string, kernel: Draw, shape: Shape, p: number, q: number, options: RandomOptions): Tensor {
  const state = stateOf(operation, options);
  const y = empty(shape);
  launch(kernel, Math.ceil(y.size / BLOCK), 50, y, state, y.size, p, q);
  launch("random_advance_i32", 1, 1, state);
  return y;
}

/** Options of {@link randomUniform}. */
export interface RandomUniformOptions extends RandomOptions {
  /** Lower bound, inclusive; default 0. */
  low?: number;
  /** Upper bound, exclusive; default 1. */
  high?: number;
}

/**
 * Uniform in [low, high), one of 2^24 values.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape; ArgumentError unless low <= high.
 */
export function randomUniform(shape: Shape, options: RandomUniformOptions = {}): Tensor {
  const { low = 0, high = 1 } = checkOptions("randomUniform", options, randomUniformOptions);
  checkShape("randomUniform", shape);
  if (!(low <= high && Number.isFinite(Math.fround(high - low)))) {
    throw new ArgumentError(
      `randomUniform: low must be at most high, their difference finite in f32, got ${low} and ${high}`,
    );
  }
  return draw("randomUniform", "random_uniform_f32", shape, low, high, options);
}

/** Options of {@link randomNormal} and {@link randomTruncatedNormal}. */
export interface RandomNormalOptions extends RandomOptions {
  /** Default 0. */
  mean?: number;
  /** The standard deviation; default 1. */
  stddev?: number;
}

/**
 * Normal, with mean and standard deviation.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape; ArgumentError unless mean is finite and stddev at least 0.
 */
export function randomNormal(shape: Shape, options: RandomNormalOptions = {}): Tensor {
  const { mean = 0, stddev = 1 } = checkOptions("randomNormal", options, randomNormalOptions);
  checkNormal("randomNormal", shape, mean, stddev);
  return draw("randomNormal", "random_normal_f32", shape, mean, stddev, options);
}

/**
 * Normal, without values further than two standard deviations from the mean.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape; ArgumentError unless mean is finite and stddev at least 0.
 */
export function randomTruncatedNormal(shape: Shape, options: RandomNormalOptions = {}): Tensor {
  const { mean = 0, stddev = 1 } = checkOptions("randomTruncatedNormal", options, randomNormalOptions);
  checkNormal("randomTruncatedNormal", shape, mean, stddev);
  return draw("randomTruncatedNormal", "random_truncated_normal_f32", shape, mean, stddev, options);
}

function checkNormal(operation: string, shape: Shape, mean: number, stddev: number): void {
  checkShape(operation, shape);
  if (!(Number.isFinite(mean) && stddev >= 0 && Number.isFinite(stddev))) {
    throw new ArgumentError(`${operation}: mean must be finite and stddev at least 0, got ${mean} and ${stddev}`);
  }
}

/** Options of {@link randomBernoulli}. */
export interface RandomBernoulliOptions extends RandomOptions {
  /** Probability of `value`; default 0.5. */
  probability?: number;
  /** What is not 0; default 1. */
  value?: number;
}

/**
 * `value` with a probability, else 0.
 * Shapes: -> `shape`.
 * Errors: ShapeError for an invalid shape; ArgumentError unless probability is from 0 to 1.
 */
export function randomBernoulli(shape: Shape, options: RandomBernoulliOptions = {}): Tensor {
  const { probability = 0.5, value = 1 } = checkOptions("randomBernoulli", options, randomBernoulliOptions);
  checkShape("randomBernoulli", shape);
  if (!(probability >= 0 && probability <= 1)) {
    throw new ArgumentError(`randomBernoulli: probability must be from 0 to 1, got ${probability}`);
  }
  return draw("randomBernoulli", "random_bernoulli_f32", shape, probability, value, options);
}

/**
 * Uniform integers in [low, high).
 * Shapes: -> i32 `shape`.
 * Errors: ShapeError for an invalid shape; ArgumentError unless low and high are 32-bit integers, low < high, and their
 * difference is below 2^32.
 */
export function randomInteger(shape: Shape, low: number, high: number, options: RandomOptions = {}): Tensor<"i32"> {
  const state = stateOf("randomInteger", checkOptions("randomInteger", options, randomOptions));
  checkShape("randomInteger", shape);
  for (const bound of [low, high]) requireType("randomInteger", "each bound", bound, "number");
  const fits = [low, high - 1].every((n) => Number.isInteger(n) && n === (n | 0)) && low < high;
  if (!fits || high - low >= 2 ** 32) {
    const must = "low must be less than high, both 32-bit integers, fewer than 2^32 apart";
    throw new ArgumentError(`randomInteger: ${must}, got ${low} and ${high}`);
  }
  const y = empty(shape, "i32");
  launch("random_integer_i32", Math.ceil(y.size / BLOCK), 50, y, state, y.size, low, high - low);
  launch("random_advance_i32", 1, 1, state);
  return y;
}

/**
 * A random permutation of 0 to size - 1.
 * Shapes: -> i32 `[size]`.
 * Errors: ShapeError unless size is a whole number of at least 0.
 */
export function randomPermutation(size: number, options: RandomOptions = {}): Tensor<"i32"> {
  const state = stateOf("randomPermutation", checkOptions("randomPermutation", options, randomOptions));
  checkShape("randomPermutation", [size]);
  const y = empty([size], "i32");
  launch("random_permutation_i32", 1, 5 * size, y, state, size);
  launch("random_advance_i32", 1, 1, state);
  return y;
}

/**
 * Zeroes each element with probability rate and scales the others by 1 / (1 - rate): for training only.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; DtypeError unless x is f32.
 */
export function dropout(x: Tensor, rate: number, options: RandomOptions = {}): Tensor {
  return within("dropout", () => {
    checkOptions("dropout", options, randomOptions);
    requireTensor("dropout", "x", x);
    requireShare("dropout", "rate", rate);
    if (rate === 0) return reshape(x, x.shape) as Tensor;
    return mul(x, randomBernoulli(x.shape, { ...options, probability: 1 - rate, value: 1 / (1 - rate) }));
  });
}
