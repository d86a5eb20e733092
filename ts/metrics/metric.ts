// The base of all metrics: values accumulated over batches. Updates are made of ops and change variables in place, so
// that they can be part of a captured step; only `result` reads.
import { noGrad } from "../autograd/tape.ts";
import type { Names } from "../generated/options.ts";
import { type Json, ownCopy, toJsonRecord } from "../layers/config.ts";
import {
  type Definition,
  type DefinitionDetails,
  defineClass,
  definitionOf,
  type OptionsClass,
} from "../layers/definition.ts";
import { maskOf } from "../layers/masks.ts";
import { alignWeights, bothMasks, fittingMask, type LossFunction, requireValues } from "../losses/loss.ts";
import { alignTargets, requirePair } from "../losses/targets.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { cast, logicalAnd, notEqual, where } from "../ops/compare.ts";
import { requireFunction, requireType } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { checkOptions } from "../runtime/options.ts";
import { full } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Mean } from "./totals.ts";

/** Whether a smaller ("min") or larger ("max") value is better. */
export type Direction = "min" | "max";

/** Options of all metrics. */
export interface MetricOptions {
  /** Its name in logs; default that of its kind. */
  name?: string;
}

/** Options of {@link defineMetric}. */
export interface MetricDetails {
  /** Whether smaller or larger is better; default: callbacks ask for a `mode`. */
  readonly direction?: Direction;
  /** The names of its options, which are then checked; by default every option is accepted. */
  readonly optionNames?: Names;
  /** Options where a model gets the metric by name alone; default none. */
  readonly byName?: object;
  /** Options where a model gets the metric by name beside a loss with `fromLogits`; default none. */
  readonly ofLogits?: object;
}

/**
 * What makes metrics of a class from their options.
 *
 * @typeParam C - The class.
 * @typeParam Make - The call.
 */
export type MetricDefinition<
  C extends OptionsClass<Metric<unknown>>,
  Make = (...options: ConstructorParameters<C>) => InstanceType<C>,
> = Definition<C, Make> & MetricDetails;

/** Defines a class of metrics by name. */
export function defineMetric<C extends OptionsClass<Metric<unknown>>>(
  kind: string,
  made: C,
  details: MetricDetails,
): MetricDefinition<C> {
  return defineClass(kind, made, details.optionNames, details);
}

/** A figure gathered over batches: a number, or whatever else `Result` says. Those of models are numbers. */
export abstract class Metric<Result = number> {
  readonly name: string;
  /** What callbacks that watch the figure take for better; where undefined they ask for a `mode`. */
  readonly direction: Direction | undefined;
  readonly #definition: (DefinitionDetails & MetricDetails) | undefined;
  readonly #given: MetricOptions;

  static {
    showAsText(Metric);
  }

  /**
   * `given` is its name, or all its options where `defineMetric` has made its class known: then it is named after its kind unless
   * they say otherwise, and `config` returns them.
   */
  constructor(given: string | MetricOptions, direction?: Direction) {
    this.#definition = definitionOf<DefinitionDetails & MetricDetails>(new.target, given as MetricOptions);
    const options = typeof given === "string" ? { name: given } : given;
    this.name = options?.name ?? this.#definition?.kind ?? (given as string);
    requireType("metric", "name", this.name, "string");
    this.direction = direction ?? this.#definition?.direction;
    this.#given = ownCopy(options);
  }

  /** The name by which its class is known. ArgumentError where it is not. */
  get kind(): string {
    if (this.#definition !== undefined) return this.#definition.kind;
    throw new ArgumentError(
      `metric: to be saved or sent, ${this.name} must be of a class of defineMetric, got another`,
    );
  }

  /** The options that make the same metric again, as plain JSON. ArgumentError for what cannot be. */
  config(): Record<string, Json> {
    return toJsonRecord(this.kind, this.#given);
  }

  /**
   * Takes a batch into account: made of ops and updates in place, reading nothing. sampleWeight, [batch] or of more of the
   * values' axes, says how much each counts; default 1. What the mask of yPred leaves out counts 0. A prediction of NaN that
   * counts makes the figure NaN; only accuracies take it for a wrong answer.
   */
  abstract update(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void;

  /** The value over all batches since the last reset. */
  abstract result(): Result;

  /** Its class, its name, and what it says now. */
  toString(): string {
    return `${this.constructor.name} ${this.name}: ${this.result()}`;
  }

  /** Forgets all batches. */
  abstract reset(): void;

  /** Frees its variables. */
  abstract dispose(): void;
}

/** A metric that gathers batches in one thing, such as running sums. */
export abstract class GatheringMetric<Result = number> extends Metric<Result> {
  /** Undefined before the first batch, if only that tells its size. @internal */
  protected abstract readonly gathered: { reset(): void; dispose(): void } | undefined;

  reset(): void {
    this.gathered?.reset();
  }

  dispose(): void {
    this.gathered?.dispose();
  }
}

/** Options of {@link defineFigure}. */
export interface FigureDetails<Options extends object = object> {
  /** Whether smaller or larger is better; default: callbacks ask for a `mode`. */
  readonly direction?: Direction;
  /** The names of its options, which are then checked; by default every option is accepted. */
  readonly optionNames?: Names<keyof Options & string>;
}

/** A figure of each example that has a name. */
export interface FigureFunction<Options extends object = object> {
  /** A number for each example, [batch], or for each of its parts. */
  (yTrue: AnyTensor, yPred: Tensor, options?: Options): Tensor;
  /** Its name, by which `compile` and `fromConfig` find its mean. */
  readonly kind: string;
  readonly direction: Direction | undefined;
  readonly optionNames: Names | undefined;
}

/** A metric by name, as the mean of a function of each example. */
export function defineFigure<Options extends object = object>(
  kind: string,
  f: (yTrue: AnyTensor, yPred: Tensor, options: Options) => Tensor,
  { direction, optionNames }: FigureDetails<Options>,
): FigureFunction<Options> {
  const figure = (yTrue: AnyTensor, yPred: Tensor, options = {} as Options): Tensor =>
    f(yTrue, yPred, optionNames ? checkOptions(kind, options, optionNames) : options);
  return Object.assign(Object.defineProperty(figure, "name", { value: kind }), { kind, direction, optionNames });
}

/** A batch's figure: a scalar, or a number for each example or each of its parts. A loss is one. */
export interface Figure<Options extends object = object> {
  (yTrue: Tensor, yPred: Tensor, options?: Options): Tensor;
  readonly name: string;
  /** What counts as better; of losses "min". */
  readonly direction?: Direction;
  /** See `LossFunction`. */
  readonly optionNames?: Names;
  /** See `LossFunction`. */
  readonly perExample?: LossFunction<Options>["perExample"];
  /** See `LossFunction`. */
  readonly countedValues?: LossFunction<Options>["countedValues"];
  /** Its name where it is defined. */
  readonly kind?: string;
  /** The options that it has as defaults. */
  config?(): Record<string, Json>;
}

/**
 * The mean of a figure over all examples. What a loss leaves out, such as an ignored class, is left out here too, and so
 * are the steps that the mask of yPred leaves out.
 */
export class MeanMetric<Options extends object = object> extends GatheringMetric {
  /** @internal */
  protected readonly gathered: Mean = new Mean();
  private readonly figure: Figure<Options>;
  private readonly options: Options | undefined;

  /** `options` are passed to the figure: `new MeanMetric("sure", metrics.binaryAccuracy, { threshold: 0.9 })`. */
  constructor(name: string | MetricOptions, figure: Figure<Options>, options?: Options) {
    requireFunction(typeof name === "string" ? name : "metric", figure);
    super(name, figure.direction);
    if (options !== undefined)
      checkOptions(this.name, options, figure.optionNames ?? [], figure.optionNames !== undefined);
    this.figure = figure;
    this.options = options;
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    noGrad(() =>
      scope(() => {
        const { figure, options, name } = this;
        requirePair(name, yTrue, yPred);
        const targets = alignTargets(yTrue, yPred) as Tensor;
        const values = requireValues(name, (figure.perExample ?? figure)(targets, yPred, options));
        const kept = figure.countedValues?.(values, targets, yPred, options);
        this.gathered.update(values, weightsOf(name, values, yPred, kept, sampleWeight), yPred.shape[0]);
      }),
    );
  }

  result(): number {
    return this.gathered.result();
  }

  override get kind(): string {
    return this.figure.kind ?? super.kind;
  }

  override config(): Record<string, Json> {
    const { kind, name, figure, options } = this;
    return { ...figure.config?.(), ...toJsonRecord(kind, { ...options, name: name === kind ? undefined : name }) };
  }
}

/**
 * What each of the values counts, for which only some may be kept, and of these those that the mask of yPred leaves: a number
 * for each, or for parts of their first axes; undefined where all count alike.
 */
export function weightsOf(
  operation: string,
  values: AnyTensor,
  yPred: AnyTensor,
  kept: Tensor<"bool"> | undefined,
  sampleWeight: Tensor | undefined,
): Tensor | undefined {
  const counted = bothMasks(values, kept, fittingMask(values, maskOf(yPred)));
  if (counted === undefined) return sampleWeight;
  const ones = cast(counted, "f32") as Tensor;
  if (sampleWeight === undefined) return ones;
  const [a, b] = [ones, sampleWeight].map((x) => alignWeights(operation, "sampleWeight", x, values.shape));
  return mul(a, b);
}

/** A number for each of the values: the weights, broadcast, or 1. */
export function weightOfEach(operation: string, values: AnyTensor, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return full(values.shape, 1);
  return broadcastTo(alignWeights(operation, "sampleWeight", weights, values.shape), values.shape) as Tensor;
}

/** The weights, NaN where a counted prediction is NaN, so that the sums are NaN too. */
export function spoiledBy(numbers: Tensor, weights: Tensor): Tensor {
  const isBroken = logicalAnd(notEqual(numbers, numbers), notEqual(weights, 0));
  return where(isBroken, Number.NaN, weights) as Tensor;
}
