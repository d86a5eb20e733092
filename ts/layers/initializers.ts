// Initializers: the values that weights start with. Fans, limits and defaults are those of Keras.

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

/** Makes a new weight of a shape. */
export type Initializer = (shape: Shape) => Tensor;

/** With a seed a random initializer gives the same weight each time, without one the default generator draws. */
export interface SeedOptions {
  seed?: number;
}

/** All values 0. */
export function zeros(): Initializer {
  return named("zeros", {}, (shape) => full(shape, 0));
}

/** All values 1. */
export function ones(): Initializer {
  return named("ones", {}, (shape) => full(shape, 1));
}

/** What `constant` takes. */
export interface ConstantOptions {
  /** Default 0. */
  value?: number;
}

/** All values `value`. */
export function constant(options: ConstantOptions = {}): Initializer {
  const { value = 0 } = checkOptions("constant", options, constantOptions);
  return named("constant", { value }, (shape) => full(shape, value));
}

/** What `randomUniform` takes. */
export interface UniformInitializerOptions extends SeedOptions {
  /** Default -0.05. */
  minval?: number;
  /** Default 0.05. */
  maxval?: number;
}

/** Numbers spread evenly over [minval, maxval). */
export function randomUniform(options: UniformInitializerOptions = {}): Initializer {
  const { minval: low = -0.05, maxval: high = 0.05 } = checkOptions(
    "randomUniform",
    options,
    uniformInitializerOptions,
  );
  return named("randomUniform", options, (shape, random) => drawUniform(shape, { low, high, ...random }));
}

/** What `randomNormal` and `truncatedNormal` take. */
export interface NormalInitializerOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** The standard deviation; default 0.05. */
  stddev?: number;
}

/** Normally distributed numbers. */
export function randomNormal(options: NormalInitializerOptions = {}): Initializer {
  const { mean = 0, stddev = 0.05 } = checkOptions("randomNormal", options, normalInitializerOptions);
  return named("randomNormal", options, (shape, random) => drawNormal(shape, { mean, stddev, ...random }));
}

/** As randomNormal, but numbers further than two standard deviations from the mean are drawn again. */
export function truncatedNormal(options: NormalInitializerOptions = {}): Initializer {
  const { mean = 0, stddev = 0.05 } = checkOptions("truncatedNormal", options, normalInitializerOptions);
  return named("truncatedNormal", options, (shape, random) => drawTruncatedNormal(shape, { mean, stddev, ...random }));
}

/** What `identity` takes. */
export interface IdentityInitializerOptions {
  /** Default 1. */
  gain?: number;
}

/**
 * Returns its inputs unchanged.
 * Shapes: `[batch, ...]` -> the same, of any dtype.
 * Errors: none of its own.
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

/** What `orthogonal` takes. */
export interface OrthogonalInitializerOptions extends SeedOptions {
  /** Default 1. */
  gain?: number;
}

/**
 * Random orthonormal columns, or rows where there are fewer, times `gain`; all axes but the last are rows.
 * Saxe et al., "Exact solutions to the nonlinear dynamics of learning" (2014).
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

/** What `varianceScaling` takes. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Default 1. */
  scale?: number;
  /** What the scale is divided by: inputs of an output, outputs of an input, or their mean; default "fanIn". */
  mode?: "fanIn" | "fanOut" | "fanAvg";
  /** Default "truncatedNormal". */
  distribution?: "truncatedNormal" | "untruncatedNormal" | "uniform";
}

/** Random numbers with variance scale / fan. */
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

/** Evenly spread with variance 2 / (fanIn + fanOut). */
export const glorotUniform: RandomInitializer = scaled(
  "glorotUniform",
  drawUniformly,
  ({ fanIn, fanOut }) => 2 / (fanIn + fanOut),
);

/** Truncated normal with variance 2 / (fanIn + fanOut). */
export const glorotNormal: RandomInitializer = scaled(
  "glorotNormal",
  drawNormally,
  ({ fanIn, fanOut }) => 2 / (fanIn + fanOut),
);

/** Evenly spread with variance 2 / fanIn. */
export const heUniform: RandomInitializer = scaled("heUniform", drawUniformly, ({ fanIn }) => 2 / fanIn);

/** Truncated normal with variance 2 / fanIn. */
export const heNormal: RandomInitializer = scaled("heNormal", drawNormally, ({ fanIn }) => 2 / fanIn);

/** Evenly spread with variance 1 / fanIn. */
export const lecunUniform: RandomInitializer = scaled("lecunUniform", drawUniformly, ({ fanIn }) => 1 / fanIn);

/** Truncated normal with variance 1 / fanIn. */
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

/** How layers are given an initializer. */
export type InitializerLike = InitializerName | InitializerConfig | Initializer;

/** The initializer of this name; a function stays as it is. ArgumentError for an unknown name. */
export function getInitializer(initializer: InitializerLike): Initializer {
  if (typeof initializer === "function") return asFunction("initializer", initializer);
  const { name, ...options } =
    typeof initializer === "object" && initializer !== null ? initializer : { name: initializer };
  return lookUp("initializer", name, factories)(options as never);
}

/** How many inputs an output of the weight sees, and how many outputs an input reaches. */
export interface Fans {
  fanIn: number;
  fanOut: number;
}

/** Of a kernel [..., inputs, outputs]; the axes before are a convolution's window. */
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
