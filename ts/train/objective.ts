// What `compile` settled: for each output of a model its loss, how much that counts, and its metrics; and what the metrics
// have gathered, for each run apart.
import { noGrad } from "../autograd/tape.ts";
import type { Mask } from "../layers/masks.ts";
import { getLoss, type Loss, type LossName } from "../losses/index.ts";
import { weightedLoss } from "../losses/loss.ts";
import { type Direction, getMetric, Mean, type Metric, type MetricLike, namedDirection } from "../metrics/index.ts";
import { mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/layout.ts";
import { kindOf, requireList, requireSynchronous, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { watchWrites } from "../runtime/launch.ts";
import { type Dtype, requireDtype, type TypedArray } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import type { Logs } from "./callbacks/callback.ts";
import { hold, release } from "./holding.ts";
import { isOwned } from "./owned.ts";

/** One for a model's only output, a list in the order of its outputs, or a record by their names. */
export type PerOutput<T> = T | readonly T[] | { readonly [output: string]: T };

/**
 * A loss by name, or a function (yTrue, yPred) => scalar, or => a number for each example or step:
 * `(t, p) => mean(square(sub(p, t)))`. A captured step runs it once: the numbers that it finds in variables of JavaScript
 * stay what they were then.
 */
export type LossLike = LossName | Loss | ((yTrue: Tensor, yPred: Tensor) => Tensor);

/** What the outputs are judged by. */
export interface Judgement {
  /** The loss, or one for each output; default none: layers, or the model's own `call`, add it by `addLoss`. */
  loss?: PerOutput<LossLike>;
  /** How much each output's loss counts; default 1. */
  lossWeights?: PerOutput<number>;
  /**
   * Names, metrics, or functions (yTrue, yPred) => values to average; for several outputs a list of lists. Default
   * none. In logs a metric has its own name, after its output's where there are several, and numbered where it is
   * taken. Beside a loss with `fromLogits`, names and the library's functions take predictions for logits too; metrics
   * that were made do as they were told.
   */
  metrics?:
    | readonly MetricLike[]
    | readonly (readonly MetricLike[])[]
    | { readonly [output: string]: readonly MetricLike[] };
  /** Metrics weighted by sample weights, "weighted_accuracy" where the name is taken; default none. */
  weightedMetrics?: Judgement["metrics"];
}

interface Output {
  readonly name: string;
  readonly loss: Loss | undefined;
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
  /** The running mean of its loss, where there are several. */
  readonly mean: Mean | undefined;
}

/** A figure of the logs, and what gathers it. */
interface Figure {
  readonly name: string;
  readonly direction: Direction | undefined;
  readonly source: Metric | Mean;
}

/** What logs hold beside metrics, or callbacks beside logs. */
const RESERVED = ["loss", "learningRate", "epoch", "batch"];

export class Objective {
  readonly outputs: readonly Output[];
  private readonly figures: Figure[];
  private readonly take: Take;
  /** Figures that steps return. */
  private readonly returned = new Map<string, Mean>([["loss", new Mean()]]);
  /** Figures of layers' own. */
  private readonly noted = new Map<string, Mean>();
  /** Those that were made here, and not handed in. */
  private readonly own: (Metric | Mean)[];
  /** Those that were handed in: another model may have them too, but not in a run at the same time. */
  private readonly shared: readonly Metric[];
  private readonly runs = new Set<object>();
  /** What batches change of the metrics: found when they first do. */
  private readonly memory = new Set<Variable<Dtype>>();
  /** The run whose figures the metrics hold, and what they held for others. */
  private owner: object | undefined;
  private readonly kept = new Map<object, ReadonlyMap<Variable<Dtype>, TypedArray>>();

  /** `names` are the outputs'; undefined when only the judgement tells how many there are. */
  constructor(names: readonly string[] | undefined, { loss, lossWeights, metrics, weightedMetrics }: Judgement) {
    const known = names ?? namesFrom(loss);
    const losses = loss === undefined ? [] : perOutput("loss", known, loss, isLoss);
    const weights = perOutput("lossWeights", known, lossWeights ?? {}, Number.isFinite, 1);
    const own = metricsOf("metrics", known, metrics);
    const weighted = metricsOf("weightedMetrics", known, weightedMetrics);
    this.outputs = known.map((name, i) => {
      const judge = loss === undefined ? undefined : getLoss(losses[i]);
      const made = (metric: MetricLike): Metric => getMetric(metric, undefined, judge?.fromLogits);
      return {
        name,
        loss: judge,
        lossWeight: weights[i],
        metrics: own[i].map(made),
        weightedMetrics: weighted[i].map(made),
        mean: judge !== undefined && known.length > 1 ? new Mean() : undefined,
      };
    });
    this.take = namer();
    this.figures = figuresOf(this.outputs, this.take);
    for (const [name, source] of this.returned) this.figures.unshift({ name, direction: "min", source });
    const given = new Set<unknown>([...own.flat(), ...weighted.flat()].filter((metric) => !isOwned(metric)));
    const sources = this.figures.map(({ source }) => source);
    this.own = sources.filter((source) => !given.has(source));
    this.shared = sources.filter((source) => given.has(source)) as Metric[];
  }

  /** Names of the outputs that need targets. */
  get targeted(): string[] {
    const isJudged = ({ loss, metrics, weightedMetrics }: Output): boolean =>
      loss !== undefined || metrics.length + weightedMetrics.length > 0;
    return this.outputs.filter(isJudged).map(({ name }) => name);
  }

  /** All that gather figures of the outputs. */
  get metrics(): Metric[] {
    return this.outputs.flatMap(({ metrics, weightedMetrics }) => [...metrics, ...weightedMetrics]);
  }

  /** The terms of the loss: all outputs' own, weighted. Targets and weights are those of the `targeted` outputs. */
  terms(
    targets: readonly AnyTensor[],
    predictions: readonly Tensor[],
    weights: readonly Tensor[],
    masks: readonly (Mask | undefined)[],
  ): Tensor[] {
    this.requireOutputs(predictions.length);
    return this.outputs.flatMap(({ loss, lossWeight, mean }, i) => {
      if (loss === undefined) return [];
      const value = weightedLoss(loss, targets[i], predictions[i], { sampleWeight: weights[i], mask: masks[i] });
      if (mean) this.gather(() => mean.update(value, undefined, predictions[i].shape[0]));
      return [lossWeight === 1 ? value : mul(value, lossWeight)];
    });
  }

  /** Takes a batch into the metrics, which leave out what the predictions' masks do. */
  measure(targets: readonly AnyTensor[], predictions: readonly Tensor[], weights: readonly Tensor[]): void {
    const { targeted } = this;
    this.gather(() => {
      this.outputs.forEach(({ name, metrics, weightedMetrics }, i) => {
        const at = targeted.indexOf(name);
        const update = (metric: Metric, weight?: Tensor): void =>
          requireSynchronous(`compile: the metric ${metric.name}`, metric.update(targets[at], predictions[i], weight));
        for (const metric of metrics) update(metric);
        for (const metric of weightedMetrics) update(metric, weights[at]);
      });
    });
  }

  /**
   * Takes in what a step over so many examples returns; in `logs` it is the mean over all of them. Errors: ArgumentError for
   * what is no record of scalars and for names that are taken, ShapeError for larger tensors.
   */
  record(step: string, figures: unknown, examples: number): void {
    for (const [name, value] of scalarsOf(step, figures)) {
      const mean = this.returned.get(name) ?? this.join(step, name);
      this.gather(() => mean.update(value, undefined, examples));
    }
  }

  /** A mean for a figure of this name, after those that steps return already. */
  private join(step: string, name: string): Mean {
    if (RESERVED.includes(name) || name.startsWith("val_") || this.names.includes(name)) {
      throw new ArgumentError(`${step}: figures must have names that nobody else's have, got ${name}`);
    }
    const source = new Mean();
    this.figures.splice(this.returned.size, 0, { name: this.take(name), direction: undefined, source });
    this.returned.set(name, source);
    this.own.push(source);
    return source;
  }

  /** Takes in a layer's own figure of so many examples; in `logs` it is the mean over all of them, where there are any. */
  note(name: string, value: Tensor, examples: number): void {
    let mean = this.noted.get(name);
    if (mean === undefined) {
      mean = new Mean();
      this.noted.set(name, mean);
      this.figures.push({ name: this.take(name), direction: undefined, source: mean });
      this.own.push(mean);
    }
    const known = mean;
    this.gather(() => known.update(value, undefined, examples));
  }

  /** Runs an update of metrics, which shows where they keep what they gather. */
  private gather(update: () => void): void {
    const note = (x: unknown): void => void (x instanceof Variable && this.memory.add(x));
    noGrad(() => watchWrites(note, update));
  }

  /** Until `leave` the metrics are this objective's. StateError where another one has one of them. */
  begin(run: object): void {
    hold("fit, evaluate", this.shared, this, ({ name }) => `the metric ${name}`);
    this.runs.add(run);
  }

  /** From here on the metrics hold the figures of `run`, at first none; another run finds its own again. */
  enter(run: object): void {
    if (run === this.owner) return;
    this.begin(run);
    if (this.owner) this.kept.set(this.owner, new Map(Array.from(this.memory, (x) => [x, x.data()])));
    for (const { source } of this.figures) source.reset();
    for (const [x, values] of this.kept.get(run) ?? []) x.assign(values);
    this.kept.delete(run);
    this.owner = run;
  }

  /** What the metrics have gathered for a run. */
  gathered(run: object): TypedArray[] {
    this.enter(run);
    return Array.from(this.memory, (x) => x.data());
  }

  /** Gives a run that has not begun what one like it had gathered; false where the metrics are others, as far as is known. */
  recall(run: object, gathered: readonly TypedArray[]): boolean {
    const all = [...this.memory];
    this.kept.set(run, new Map(all.map((x, i) => [x, gathered[i]])));
    return all.length === gathered.length && all.every(({ size }, i) => size === gathered[i].length);
  }

  /** Forgets a run that is over. */
  leave(run: object): void {
    this.kept.delete(run);
    if (this.owner === run) this.owner = undefined;
    if (this.runs.delete(run) && this.runs.size === 0) release(this.shared);
  }

  /** Names of the figures in `logs`. */
  get names(): string[] {
    return this.figures.map(({ name }) => name);
  }

  /** Which way each figure of the logs gets better. */
  get directions(): { readonly [figure: string]: Direction | undefined } {
    return Object.fromEntries(this.names.map((name) => [name, this.directionOf(name)]));
  }

  /** Which way a figure of the logs gets better: as its metric says, or the one that has this name. */
  directionOf(name: string): Direction | undefined {
    const figure = this.figures.find((figure) => figure.name === name);
    return figure ? figure.direction : namedDirection(name);
  }

  /** What steps returned and the metrics say. ArgumentError where one says something else than a number. */
  logs(): Logs {
    const isThere = ({ source }: Figure): boolean => !(source instanceof Mean && source.isEmpty);
    return Object.fromEntries(
      this.figures.filter(isThere).map(({ name, source }) => {
        const value: unknown = requireSynchronous(`compile: the metric ${name}`, resultOf(name, source));
        if (typeof value === "number") return [name, value];
        throw new ArgumentError(`compile: the metric ${name} must give a number, got ${typeof value}`);
      }),
    );
  }

  /** Frees the metrics that were made by name or from functions; those handed in stay their owner's. */
  dispose(): void {
    for (const source of this.own) source.dispose();
  }

  private requireOutputs(count: number): void {
    if (count === this.outputs.length || this.targeted.length === 0) return;
    throw new ArgumentError(
      `compile: there must be a loss for each of the model's ${count} outputs, got ${this.outputs.length}`,
    );
  }
}

/** What a metric says. StateError where it has kept a tensor of a step. */
function resultOf(name: string, source: Metric | Mean): unknown {
  try {
    return source.result();
  } catch (cause) {
    if (!(cause instanceof StateError && cause.message.includes("must not be disposed"))) throw cause;
    throw new StateError(
      `compile: the metric ${name} must keep what it gathers in a variable, made outside update and assigned there, got a ` +
        "tensor of a step, which is freed after it",
      { cause },
    );
  }
}

/** What a step returns, checked. */
function scalarsOf(step: string, figures: unknown): [string, Tensor][] {
  requireSynchronous(step, figures);
  if (kindOf(figures) !== "Object" || figures instanceof Tensor) {
    throw new ArgumentError(`${step}: it must return a record of scalars, got ${textOf(figures)}`);
  }
  return Object.entries(figures as object).map(([name, value]: [string, unknown]) => {
    if (!(value instanceof Tensor)) {
      throw new ArgumentError(`${step}: figures must be tensors, got ${textOf(value)} for ${name}`);
    }
    requireDtype(step, `the figure ${name}`, value.dtype, "f32");
    if (value.size === 1) return [name, value.rank === 0 ? value : (reshape(value, []) as Tensor)];
    const got = formatShape(value.shape);
    throw new ShapeError(`${step}: figures must be scalars, got shape ${got} for ${name}; reduce it with mean or sum`);
  });
}

/** Takes the first of these names that is free, or numbers the last. */
type Take = (...wanted: readonly string[]) => string;

/** Names that are taken are numbered, as in Keras; those of validation count as taken too. */
function namer(): Take {
  const taken = new Set(RESERVED.flatMap((name) => [name, `val_${name}`]));
  const isFree = (name: string): boolean => !taken.has(name) && !taken.has(`val_${name}`);
  return (...wanted) => {
    const base = wanted.at(-1) as string;
    let name = wanted.find(isFree);
    for (let i = 1; name === undefined; i++) if (isFree(`${base}_${i}`)) name = `${base}_${i}`;
    taken.add(name).add(`val_${name}`);
    return name;
  };
}

/** The figures of the logs, of each output its loss and its metrics. */
function figuresOf(outputs: readonly Output[], take: Take): Figure[] {
  const used = new Set<Metric>();
  const named = (metrics: readonly Metric[], ...prefixes: readonly string[]): Figure[] =>
    metrics.map((source) => {
      if (used.has(source)) throw new ArgumentError(`compile: a metric must be used once, got ${source.name} twice`);
      used.add(source);
      return { name: take(...prefixes.map((prefix) => prefix + source.name)), direction: source.direction, source };
    });
  const prefixes = outputs.map(({ name, mean }) => (mean ? `${name}_` : ""));
  const losses = outputs.map(({ mean }, i): Figure[] =>
    mean ? [{ name: take(`${prefixes[i]}loss`), direction: "min", source: mean }] : [],
  );
  const plain = outputs.map(({ metrics }, i) => named(metrics, prefixes[i]));
  const weighted = outputs.map(({ weightedMetrics }, i) =>
    named(weightedMetrics, prefixes[i], `${prefixes[i]}weighted_`),
  );
  return outputs.flatMap((_, i) => [...losses[i], ...plain[i], ...weighted[i]]);
}

function isLoss(value: unknown): value is LossLike {
  return typeof value === "string" || typeof value === "function";
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** The outputs' names as the losses tell them. */
function namesFrom(loss: Judgement["loss"]): string[] {
  if (typeof loss !== "object" || loss === null) return ["output"];
  return Array.isArray(loss) ? loss.map((_, i) => `output_${i}`) : Object.keys(loss);
}

/** What a record has for each output, undefined where nothing. ArgumentError for names that no output has. */
function byName<T>(what: string, names: readonly string[], given: { readonly [output: string]: T }): (T | undefined)[] {
  const strange = Object.keys(given).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw new ArgumentError(`compile: ${what} must name the outputs ${names.join(", ")}, got "${strange}"`);
  }
  return names.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}

/** A value for each output. */
function perOutput<T>(
  what: string,
  names: readonly string[],
  given: PerOutput<T>,
  isOne: (value: unknown) => boolean,
  missing?: T,
): T[] {
  const list: readonly T[] = Array.isArray(given)
    ? given
    : isRecord(given)
      ? byName(what, names, given as Record<string, T>).map((value) => value ?? (missing as T))
      : [given as T];
  if (list.length === names.length && list.every(isOne)) return [...list];
  const got = list.map((value) => (value === undefined ? "nothing" : String(value))).join(", ");
  throw new ArgumentError(
    `compile: ${what} must be given for each of the outputs ${names.join(", ")}, got ${list.length}: ${got}`,
  );
}

/** The metrics of each output. */
function metricsOf(
  what: string,
  names: readonly string[],
  given: Judgement["metrics"],
): readonly (readonly MetricLike[])[] {
  if (given === undefined) return names.map(() => []);
  if (isRecord(given) && !Array.isArray(given)) {
    const record = given as { readonly [output: string]: readonly MetricLike[] };
    return byName(what, names, record).map((metrics = []) => {
      requireList("compile", what, metrics);
      return metrics as readonly MetricLike[];
    });
  }
  requireList("compile", what, given);
  if (names.length === 1 && !Array.isArray(given[0])) return [given as readonly MetricLike[]];
  if (given.length === 0) return names.map(() => []);
  if (given.length !== names.length || !given.every((list) => Array.isArray(list))) {
    throw new ArgumentError(
      `compile: ${what} must be a list of lists, one for each of the outputs ${names.join(", ")}, got something else`,
    );
  }
  return given as readonly (readonly MetricLike[])[];
}
