// Initializers of weights. Fans, limits and defaults are those of Keras.

import {
  constantOptions,
  identityInitializerOptions,
  normalInitializerOptions,
  orthogonalInitializerOptions,
  seedOptions,
  uniformInitializerOptions,
  varianceScalingOptions,
} from "../generated/options.ts";
import { mul } from "../ops/arithmetic.ts";
import { reshape, transpose } from "../ops/layout.ts";
import {
  randomNormal as drawNormal,
  randomTruncatedNormal as drawTruncatedNormal,
  randomUniform as drawUniform,
  Generator,
  type RandomOptions,
} from "../ops/random.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { eye, full } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asFunction, type Json, lookUp, madeFrom, toJsonRecord, withoutOptions } from "./config.ts";
import { orthonormalRows } from "./orthonormal.ts";

/** Makes the initial value of a weight of a given shape. */
export type Initializer = (shape: Shape) => Tensor;

/** Options of random initializers. */
export interface SeedOptions {
  /** With a seed the same values are drawn each time; default: the global generator. */
  seed?: number;
}

/**
 * All values 0.
 * Errors: none of its own.
 */
export function zeros(): Initializer {
  return named("zeros", {}, (shape) => full(shape, 0));
}

/**
 * All values 1.
 * Errors: none of its own.
 */
export function ones(): Initializer {
  return named("ones", {}, (shape) => full(shape, 1));
}

/** Options of {@link constant}. */
export interface ConstantOptions {
  /** Default 0. */
  value?: number;
}

/**
 * All values `value`.
 * Errors: none of its own.
 */
export function constant(options: ConstantOptions = {}): Initializer {
  const { value = 0 } = checkOptions("constant", options, constantOptions);
  return named("constant", { value }, (shape) => full(shape, value));
}

/** Options of {@link randomUniform}. */
export interface UniformInitializerOptions extends SeedOptions {
  /** Lower bound; default -0.05. */
  minval?: number;
  /** Upper bound; default 0.05. */
  maxval?: number;
}

/**
 * Uniform in [minval, maxval).
 * Errors: ArgumentError for a seed that is no safe integer.
 */
export function randomUniform(options: UniformInitializerOptions = {}): Initializer {
  const { minval: low = -0.05, maxval: high = 0.05 } = checkOptions(
    "randomUniform",
    options,
    uniformInitializerOptions,
  );
  return named("randomUniform", options, (shape, random) => drawUniform(shape, { low, high, ...random }));
}

/** Options of {@link randomNormal} and {@link truncatedNormal}. */
export interface NormalInitializerOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** The standard deviation; default 0.05. */
  stddev?: number;
}

/**
 * Normal, with mean and standard deviation.
 * Errors: ArgumentError for a seed that is no safe integer.
 */
export function randomNormal(options: NormalInitializerOptions = {}): Initializer {
  const { mean = 0, stddev = 0.05 } = checkOptions("randomNormal", options, normalInitializerOptions);
  return named("randomNormal", options, (shape, random) => drawNormal(shape, { mean, stddev, ...random }));
}

/**
 * Normal; values more than two standard deviations from the mean are redrawn.
 * Errors: ArgumentError for a seed that is no safe integer.
 */
export function truncatedNormal(options: NormalInitializerOptions = {}): Initializer {
  const { mean = 0, stddev = 0.05 } = checkOptions("truncatedNormal", options, normalInitializerOptions);
  return named("truncatedNormal", options, (shape, random) => drawTruncatedNormal(shape, { mean, stddev, ...random }));
}

/** Options of {@link identity}. */
export interface IdentityInitializerOptions {
  /** Factor; default 1. */
  gain?: number;
}

/**
 * The identity matrix times gain.
 * Errors: ShapeError unless the weight is a matrix.
 */
export function identity(options: IdentityInitializerOptions = {}): Initializer {
  const { gain = 1 } = checkOptions("identity", options, identityInitializerOptions);
  return named("identity", { gain }, (shape) => {
    if (shape.length !== 2) {
      throw new ShapeError(`identity: the weight must be a matrix, got shape ${formatShape(shape)}`);
    }
    return mul(eye(shape[0], shape[1]), gain);
  });
}

/** Options of {@link orthogonal}. */
export interface OrthogonalInitializerOptions extends SeedOptions {
  /** Factor; default 1. */
  gain?: number;
}

/**
 * Random orthonormal columns, or rows where there are fewer, times gain; all axes but the last count as rows.
 * Errors: ArgumentError for a seed that is no safe integer; ShapeError for weights of fewer than two axes.
 * Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning" (2014).
 */
export function orthogonal(options: OrthogonalInitializerOptions = {}): Initializer {
  const { gain = 1 } = checkOptions("orthogonal", options, orthogonalInitializerOptions);
  return named("orthogonal", options, (shape, random) => {
    if (shape.length < 2) {
      throw new ShapeError(`orthogonal: the weight must have at least 2 axes, got shape ${formatShape(shape)}`);
    }
    const columns = shape[shape.length - 1];
    const rows = sizeOf(shape.slice(0, -1));
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    return scope(() => {
      const vectors = mul(orthonormalRows(drawNormal([count, length], random)), gain);
      return reshape(columns > rows ? vectors : transpose(vectors), shape) as Tensor;
    });
  });
}

/** Options of {@link varianceScaling}. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Variance times fan; default 1. */
  scale?: number;
  /**
   * Which fan: "fanIn", the inputs of an output, "fanOut", the outputs of an input, or "fanAvg", their mean; default
   * "fanIn".
   */
  mode?: "fanIn" | "fanOut" | "fanAvg";
  /** Default "truncatedNormal". */
  distribution?: "truncatedNormal" | "untruncatedNormal" | "uniform";
}

/**
 * Random values of variance scale / fan, where fan counts the weight's inputs or outputs.
 * Errors: ArgumentError unless scale is above 0 and mode and distribution are known names.
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const {
    scale = 1,
    mode = "fanIn",
    distribution = "truncatedNormal",
  } = checkOptions("varianceScaling", options, varianceScalingOptions);
  if (!(scale > 0)) throw new ArgumentError(`varianceScaling: scale must be greater than 0, got ${scale}`);
  const fan = lookUp("varianceScaling", mode, fanModes);
  const draw = lookUp("varianceScaling", distribution, distributions);
  return named("varianceScaling", { ...options }, (shape, random) =>
    draw(shape, random, scale / Math.max(1, fan(fansOf(shape)))),
  );
}

/** Makes a random initializer. */
export type RandomInitializer = (options?: SeedOptions) => Initializer;

/**
 * Glorot (Xavier) uniform: variance 2 / (fanIn + fanOut).
 * Errors: ArgumentError for a seed that is no safe integer. Source: Glorot and Bengio 2010.
 */
export const glorotUniform: RandomInitializer = scaled(
  "glorotUniform",
  drawUniformly,
  ({ fanIn, fanOut }) => 2 / (fanIn + fanOut),
);

/**
 * Glorot (Xavier) normal, truncated: variance 2 / (fanIn + fanOut).
 * Errors: ArgumentError for a seed that is no safe integer. Source: Glorot and Bengio 2010.
 */
export const glorotNormal: RandomInitializer = scaled(
  "glorotNormal",
  drawNormally,
  ({ fanIn, fanOut }) => 2 / (fanIn + fanOut),
);

/**
 * He (Kaiming) uniform: variance 2 / fanIn.
 * Errors: ArgumentError for a seed that is no safe integer. Source: He et al. 2015.
 */
export const heUniform: RandomInitializer = scaled("heUniform", drawUniformly, ({ fanIn }) => 2 / fanIn);

/**
 * He (Kaiming) normal, truncated: variance 2 / fanIn.
 * Errors: ArgumentError for a seed that is no safe integer. Source: He et al. 2015.
 */
export const heNormal: RandomInitializer = scaled("heNormal", drawNormally, ({ fanIn }) => 2 / fanIn);

/**
 * LeCun uniform: variance 1 / fanIn.
 * Errors: ArgumentError for a seed that is no safe integer. Source: LeCun et al. 1998.
 */
export const lecunUniform: RandomInitializer = scaled("lecunUniform", drawUniformly, ({ fanIn }) => 1 / fanIn);

/**
 * LeCun normal, truncated: variance 1 / fanIn.
 * Errors: ArgumentError for a seed that is no safe integer. Source: LeCun et al. 1998.
 */
export const lecunNormal: RandomInitializer = scaled("lecunNormal", drawNormally, ({ fanIn }) => 1 / fanIn);

/** The names of the initializers. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "constant"
  | "randomUniform"
  | "randomNormal"
  | "truncatedNormal"
  | "identity"
  | "orthogonal"
  | "varianceScaling"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal";

const factories: { readonly [name in InitializerName]: (options: never) => Initializer } = {
  zeros: withoutOptions("zeros", zeros),
  ones: withoutOptions("ones", ones),
  constant,
  randomUniform,
  randomNormal,
  truncatedNormal,
  identity,
  orthogonal,
  varianceScaling,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
};

/** An initializer by its name and options, as a saved layer has it: { name: "randomNormal", stddev: 0.02 }. */
export interface InitializerConfig {
  name: InitializerName;
  [option: string]: Json;
}

/** An initializer by name, by name and options, or as a function. */
export type InitializerLike = InitializerName | InitializerConfig | Initializer;

/**
 * The initializer of this name, or of a name and options; a function is returned as it is.
 * Errors: ArgumentError for an unknown name or option, or a class.
 */
export function getInitializer(initializer: InitializerLike): Initializer {
  if (typeof initializer === "function") return asFunction("initializer", initializer);
  const { name, ...options } =
    typeof initializer === "object" && initializer !== null ? initializer : { name: initializer };
  return lookUp("initializer", name, factories)(options as never);
}

/** Number of inputs of each output of a weight, and of outputs of each input. */
export interface Fans {
  fanIn: number;
  fanOut: number;
}

/**
 * The fans of a kernel `[...window, inputs, outputs]`: inputs and outputs times the window's size; a vector's size is
 * both.
 * Errors: ShapeError for an invalid shape.
 */
export function fansOf(shape: Shape): Fans {
  checkShape("initializer", shape);
  if (shape.length < 2) {
    const fan = shape[0] ?? 1;
    return { fanIn: fan, fanOut: fan };
  }
  const [inputs, outputs] = shape.slice(-2);
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * inputs, fanOut: window * outputs };
}

type Draw = (shape: Shape, random: RandomOptions, variance: number) => Tensor;

function drawUniformly(shape: Shape, random: RandomOptions, variance: number): Tensor {
  const limit = Math.sqrt(3 * variance);
  return drawUniform(shape, { low: -limit, high: limit, ...random });
}

/** The standard deviation of a standard normal distribution cut off at two. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

function drawNormally(shape: Shape, random: RandomOptions, variance: number): Tensor {
  return drawTruncatedNormal(shape, { stddev: Math.sqrt(variance) / TRUNCATED_DEVIATION, ...random });
}

function drawUntruncated(shape: Shape, random: RandomOptions, variance: number): Tensor {
  return drawNormal(shape, { stddev: Math.sqrt(variance), ...random });
}

const fanModes = {
  fanIn: ({ fanIn }: Fans): number => fanIn,
  fanOut: ({ fanOut }: Fans): number => fanOut,
  fanAvg: ({ fanIn, fanOut }: Fans): number => (fanIn + fanOut) / 2,
} as const;

const distributions = {
  truncatedNormal: drawNormally,
  untruncatedNormal: drawUntruncated,
  uniform: drawUniformly,
} as const;

/** A factory of initializers whose variance follows from the weight's fans. */
/* @__NO_SIDE_EFFECTS__ */
function scaled(name: string, draw: Draw, variance: (fans: Fans) => number): RandomInitializer {
  return (options = {}) =>
    named(name, checkOptions(name, options, seedOptions), (shape, random) => {
      const { fanIn, fanOut } = fansOf(shape);
      return draw(shape, random, variance({ fanIn: Math.max(1, fanIn), fanOut: Math.max(1, fanOut) }));
    });
}

/** An initializer that knows its name and options; with a seed it draws from a generator of its own. */
function named(name: string, options: object, draw: (shape: Shape, random: RandomOptions) => Tensor): Initializer {
  const { seed }: SeedOptions = options;
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new ArgumentError(`initializer: seed must be a safe integer, got ${seed}`);
  }
  const initializer: Initializer = (shape) => {
    if (seed === undefined) return draw(shape, {});
    const generator = new Generator(seed);
    try {
      return draw(shape, { generator });
    } finally {
      generator.state.dispose();
    }
  };
  const given = toJsonRecord("initializer", options);
  return madeFrom(initializer, Object.keys(given).length === 0 ? name : { name, ...given });
}
