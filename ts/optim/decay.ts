// Learning-rate schedules: functions of the number of finished steps, written with ops so that captured steps follow
// them. Formulas and arguments are those of Keras 3, and for what Keras does not have those of PyTorch.

import {
  cosineDecayOptions,
  cosineDecayRestartsOptions,
  linearWarmupOptions,
  oneCycleOptions,
  piecewiseConstantOptions,
  polynomialDecayOptions,
  rateDecayOptions,
  stepDecayOptions,
} from "../generated/options.ts";
import { add, div, maximum, minimum, mul, neg, sub } from "../ops/arithmetic.ts";
import { less, lessEqual, where } from "../ops/compare.ts";
import { cos, floor, log } from "../ops/elementwise.ts";
import { pow } from "../ops/powers.ts";
import { requireList } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { full } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireNonNegative, requirePositive, requireRange, requireSteps } from "./options.ts";
import type { LearningRate, Schedule } from "./rate.ts";
import { defineSchedule, type ScheduleDefinition } from "./schedule.ts";

/** Options of schedules that decay over a given number of steps. */
export interface DecayOptions {
  /** Learning rate at step 0. */
  initialLearningRate: number;
  /** Number of steps of the decay. */
  decaySteps: number;
}

/** Options of schedules that may decay in steps. */
export interface RateDecayOptions extends DecayOptions {
  /** How much the rate decays in decaySteps steps. */
  decayRate: number;
  /** Whether the rate changes only every decaySteps steps; default false. */
  staircase?: boolean;
}

/**
 * initialLearningRate decayRate^(step / decaySteps).
 * Errors: ArgumentError for options out of range.
 */
export const exponentialDecay: ScheduleDefinition<RateDecayOptions> = defineSchedule(
  "exponentialDecay",
  (options) => {
    const { initialLearningRate, decayRate, staircase = false } = options;
    const decaySteps = checked(options);
    requireNonNegative("decayRate", decayRate);
    return (step) => mul(pow(decayRate, passed(step, decaySteps, staircase)), initialLearningRate);
  },
  rateDecayOptions,
);

/**
 * initialLearningRate / (1 + decayRate step / decaySteps).
 * Errors: ArgumentError for options out of range.
 */
export const inverseTimeDecay: ScheduleDefinition<RateDecayOptions> = defineSchedule(
  "inverseTimeDecay",
  (options) => {
    const { initialLearningRate, decayRate, staircase = false } = options;
    const decaySteps = checked(options);
    requireNonNegative("decayRate", decayRate);
    return (step) => div(initialLearningRate, add(mul(passed(step, decaySteps, staircase), decayRate), 1));
  },
  rateDecayOptions,
);

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantOptions {
  /** Steps, ascending, after which the next value holds. */
  boundaries: readonly number[];
  /** Learning rates, one more than boundaries. */
  values: readonly number[];
}

/**
 * values[0] up to and including step boundaries[0], then values[1], and so on.
 * Errors: ArgumentError unless boundaries ascend and there is one more value, none negative.
 */
export const piecewiseConstantDecay: ScheduleDefinition<PiecewiseConstantOptions> = defineSchedule(
  "piecewiseConstantDecay",
  (options) => {
    const { boundaries, values } = options;
    requireList("piecewiseConstantDecay", "boundaries", boundaries);
    requireList("piecewiseConstantDecay", "values", values);
    const ascending = boundaries.every((boundary, i) => i === 0 || boundary > boundaries[i - 1]);
    if (boundaries.length === 0 || values.length !== boundaries.length + 1 || !ascending) {
      throw new ArgumentError(
        "piecewiseConstantDecay: there must be ascending boundaries and one value more, " +
          `got [${boundaries.join(", ")}] and [${values.join(", ")}]`,
      );
    }
    for (const value of values) requireNonNegative("values", value);
    return (step) => {
      const last = full([], values[values.length - 1]);
      return boundaries.reduceRight((after, boundary, i) => where(lessEqual(step, boundary), values[i], after), last);
    };
  },
  piecewiseConstantOptions,
);

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions extends DecayOptions {
  /** Learning rate from decaySteps on; default 0.0001. */
  endLearningRate?: number;
  /** Exponent; default 1, linear. */
  power?: number;
  /** Whether the decay restarts whenever decaySteps steps have passed; default false. */
  cycle?: boolean;
}

/**
 * (initialLearningRate - endLearningRate) (1 - step / decaySteps)^power + endLearningRate, and endLearningRate from
 * decaySteps on; with cycle, decaySteps is multiplied by the least whole number that makes it at least step.
 * Errors: ArgumentError for options out of range.
 */
export const polynomialDecay: ScheduleDefinition<PolynomialDecayOptions> = defineSchedule(
  "polynomialDecay",
  (options) => {
    const { initialLearningRate, endLearningRate = 0.0001, power = 1, cycle = false } = options;
    const decaySteps = checked(options);
    requireNonNegative("endLearningRate", endLearningRate);
    requireNonNegative("power", power);
    return (step) => {
      const cycles = cycle ? maximum(neg(floor(div(step, -decaySteps))), 1) : 1;
      const part = minimum(div(step, mul(full([], decaySteps), cycles)), 1);
      return add(mul(pow(sub(1, part), power), initialLearningRate - endLearningRate), endLearningRate);
    };
  },
  polynomialDecayOptions,
);

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions extends DecayOptions {
  /** The final fraction of the rate, from 0 to 1; default 0. */
  alpha?: number;
  /** The rate after a linear warm-up; default no warm-up. */
  warmupTarget?: number;
  /** Steps of the warm-up; default 0. */
  warmupSteps?: number;
}

/**
 * initialLearningRate ((1 - alpha) (1 + cos(pi step / decaySteps)) / 2 + alpha), and alpha of it from decaySteps on.
 * With a warmupTarget, the rate first rises linearly to it in warmupSteps steps and decays from there.
 * Errors: ArgumentError for options out of range. Source: Loshchilov and Hutter, "SGDR" (2017).
 */
export const cosineDecay: ScheduleDefinition<CosineDecayOptions> = defineSchedule(
  "cosineDecay",
  (options) => {
    const { initialLearningRate, alpha = 0, warmupTarget, warmupSteps = 0 } = options;
    const decaySteps = checked(options);
    requireRange("alpha", alpha, 0, 1);
    requireNonNegative("warmupSteps", warmupSteps);
    const decay = (step: Tensor, top: number): Tensor => {
      const part = minimum(div(step, decaySteps), 1);
      return mul(add(mul(halfCosine(part), 1 - alpha), alpha), top);
    };
    if (warmupTarget === undefined) return (step) => decay(step, initialLearningRate);
    requireNonNegative("warmupTarget", warmupTarget);
    return warmUp({ target: decayed, warmupSteps, initialLearningRate, top: warmupTarget });
    function decayed(step: Tensor): Tensor {
      return decay(step, warmupTarget as number);
    }
  },
  cosineDecayOptions,
);

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** Learning rate at step 0. */
  initialLearningRate: number;
  /** Number of steps of the first decay. */
  firstDecaySteps: number;
  /** How many times as long each decay is as the one before, at least 1; default 2. */
  tMul?: number;
  /** How many times as high each decay starts as the one before; default 1. */
  mMul?: number;
  /** The final fraction of the rate, from 0 to 1; default 0. */
  alpha?: number;
}

/**
 * Cosine decay with warm restarts: restarts after firstDecaySteps steps, each time for tMul times as many, from mMul
 * times the rate.
 * Errors: ArgumentError for options out of range. Source: Loshchilov and Hutter, "SGDR" (2017).
 */
export const cosineDecayRestarts: ScheduleDefinition<CosineDecayRestartsOptions> = defineSchedule(
  "cosineDecayRestarts",
  (options) => {
    const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = options;
    const decaySteps = checked({ initialLearningRate, decaySteps: firstDecaySteps });
    requireRange("tMul", tMul, 1, Number.MAX_VALUE);
    requireNonNegative("mMul", mMul);
    requireRange("alpha", alpha, 0, 1);
    return (step) => {
      const { restarts, part } = sinceRestart(div(step, decaySteps), tMul);
      const cosine = mul(halfCosine(part), pow(mMul, restarts));
      return mul(add(mul(cosine, 1 - alpha), alpha), initialLearningRate);
    };
  },
  cosineDecayRestartsOptions,
);

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Learning rate at step 0. */
  initialLearningRate: number;
  /** Steps between decays. */
  stepSize: number;
  /** Factor of each decay; default 0.1. */
  gamma?: number;
}

/**
 * initialLearningRate gamma^floor(step / stepSize), PyTorch's StepLR.
 * Errors: ArgumentError for options out of range.
 */
export const stepDecay: ScheduleDefinition<StepDecayOptions> = defineSchedule(
  "stepDecay",
  (options) => {
    const { initialLearningRate, stepSize, gamma = 0.1 } = options;
    return exponentialDecay({ initialLearningRate, decaySteps: stepSize, decayRate: gamma, staircase: true });
  },
  stepDecayOptions,
);

/** Options of {@link linearWarmup}. */
export interface LinearWarmupOptions {
  /** Where the rise ends: a rate that stays, or a schedule that follows. */
  learningRate: LearningRate;
  /** Number of steps of the rise. */
  warmupSteps: number;
  /** Learning rate at step 0; default 0. */
  initialLearningRate?: number;
}

/**
 * Rises linearly from initialLearningRate to learningRate, or to the start of that schedule, in warmupSteps steps.
 * Errors: ArgumentError for options out of range.
 */
export const linearWarmup: ScheduleDefinition<LinearWarmupOptions> = defineSchedule(
  "linearWarmup",
  (options) => {
    const { learningRate, warmupSteps, initialLearningRate = 0 } = options;
    requireNonNegative("initialLearningRate", initialLearningRate);
    requireSteps("warmupSteps", warmupSteps);
    if (typeof learningRate !== "function") requireNonNegative("learningRate", learningRate);
    const target = typeof learningRate === "number" ? (): Tensor => full([], learningRate) : learningRate;
    return warmUp({ target, warmupSteps, initialLearningRate });
  },
  linearWarmupOptions,
);

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** Learning rate at the peak. */
  maxLearningRate: number;
  /** Number of steps of the cycle. */
  totalSteps: number;
  /** Fraction of the steps in which the rate rises; default 0.3. */
  pctStart?: number;
  /** maxLearningRate divided by the initial rate; default 25. */
  divFactor?: number;
  /** The initial rate divided by the final one; default 10000. */
  finalDivFactor?: number;
}

/**
 * One-cycle policy, PyTorch's OneCycleLR: half a cosine up from maxLearningRate / divFactor to maxLearningRate in the
 * first pctStart of totalSteps, then down to maxLearningRate / divFactor / finalDivFactor.
 * Errors: ArgumentError for options out of range. Source: Smith and Topin, "Super-convergence" (2018).
 */
export const oneCycle: ScheduleDefinition<OneCycleOptions> = defineSchedule(
  "oneCycle",
  (options) => {
    const { maxLearningRate, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
    requireNonNegative("maxLearningRate", maxLearningRate);
    requireSteps("totalSteps", totalSteps);
    requireRange("pctStart", pctStart, 0, 1);
    requirePositive("divFactor", divFactor);
    requirePositive("finalDivFactor", finalDivFactor);
    const first = maxLearningRate / divFactor;
    const last = first / finalDivFactor;
    // The last rise and the last step are steps too, hence - 1; nothing may be divided by 0.
    const peak = pctStart * totalSteps - 1;
    const rise = Math.max(peak, Number.EPSILON);
    const fall = Math.max(totalSteps - 1 - peak, Number.EPSILON);
    const between = (from: number, to: number, part: Tensor): Tensor =>
      add(mul(halfCosine(maximum(minimum(part, 1), 0)), from - to), to);
    return (step) => {
      const up = between(first, maxLearningRate, div(step, rise));
      const down = between(maxLearningRate, last, div(sub(step, peak), fall));
      return where(lessEqual(step, peak), up, down);
    };
  },
  oneCycleOptions,
);

function checked({ initialLearningRate, decaySteps }: DecayOptions): number {
  requireNonNegative("initialLearningRate", initialLearningRate);
  requirePositive("decaySteps", decaySteps);
  return decaySteps;
}

/** Elapsed multiples of decaySteps. */
function passed(step: Tensor, decaySteps: number, staircase: boolean): Tensor {
  const times = div(step, decaySteps);
  return staircase ? floor(times) : times;
}

/** From 1 to 0 while x goes from 0 to 1. */
function halfCosine(x: Tensor): Tensor {
  return mul(add(cos(mul(x, Math.PI)), 1), 0.5);
}

/** Finished decays, each tMul times as long as the one before, and the elapsed fraction of the current one. */
function sinceRestart(times: Tensor, tMul: number): { restarts: Tensor; part: Tensor } {
  if (tMul === 1) return { restarts: floor(times), part: sub(times, floor(times)) };
  const begin = (restarts: Tensor): Tensor => div(sub(pow(tMul, restarts), 1), tMul - 1);
  // The logarithm's rounding would be a whole decay off where one ends.
  const guess = floor(div(log(add(mul(times, tMul - 1), 1)), Math.log(tMul)));
  const grown = where(lessEqual(begin(add(guess, 1)), times), add(guess, 1), guess);
  const restarts = where(less(times, begin(grown)), sub(grown, 1), grown);
  return { restarts, part: div(sub(times, begin(restarts)), pow(tMul, restarts)) };
}

/** Rises linearly from initialLearningRate to `top`, by default the start of what follows. */
function warmUp(options: {
  target: Schedule;
  warmupSteps: number;
  initialLearningRate: number;
  top?: number;
}): Schedule {
  const { target, warmupSteps, initialLearningRate, top } = options;
  if (warmupSteps === 0) return target;
  return (step) => {
    const part = div(step, warmupSteps);
    const end = top ?? target(full([], 0));
    const rising = add(mul(part, sub(end, full([], initialLearningRate))), initialLearningRate);
    return where(less(step, warmupSteps), rising, target(maximum(sub(step, warmupSteps), 0)));
  };
}
