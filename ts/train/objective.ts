// What `compile` settled: for each output of a model its loss, how much that counts, and its metrics.
import { noGrad } from "../autograd/tape.ts";
import type { Mask } from "../layers/masks.ts";
import { getLoss, type Loss, type LossName } from "../losses/index.ts";
import { weightedLoss } from "../losses/loss.ts";
import { getMetric, Mean, type Metric, type MetricLike } from "../metrics/index.ts";
import { add, mul } from "../ops/binary.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Logs } from "./callbacks.ts";

/** One for a model's only output, a list in the order of its outputs, or a record by their names. */
export type PerOutput<T> = T | readonly T[] | { readonly [output: string]: T };

/** A loss by name, or a function (labels, predictions) => scalar, or => a number for each example or step. */
export type LossLike = LossName | Loss;

/** What the outputs are judged by. */
export interface Judgement {
  loss: PerOutput<LossLike>;
  /** How much each output's loss counts; default 1. */
  lossWeights?: PerOutput<number>;
  /** Names, metrics, or functions (labels, predictions) => values to be averaged; for several outputs a list of lists. */
  metrics?:
    | readonly MetricLike[]
    | readonly (readonly MetricLike[])[]
    | { readonly [output: string]: readonly MetricLike[] };
  /** Metrics that take sample weights into account. */
  weightedMetrics?: Judgement["metrics"];
}

interface Output {
  readonly name: string;
  readonly loss: Loss;
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
  /** The running mean of its loss, where there are several. */
  readonly mean: Mean | undefined;
}

export class Objective {
  readonly outputs: readonly Output[];

  /** `names` are the outputs'; undefined when only the judgement tells how many there are. */
  constructor(names: readonly string[] | undefined, { loss, lossWeights, metrics, weightedMetrics }: Judgement) {
    const known = names ?? namesFrom(loss);
    const losses = perOutput("loss", known, loss, (value): value is LossLike => typeof value !== "object");
    const weights = perOutput("lossWeights", known, lossWeights ?? known.map(() => 1), isNumber);
    const own = metricsOf("metrics", known, metrics);
    const weighted = metricsOf("weightedMetrics", known, weightedMetrics);
    this.outputs = known.map((name, i) => ({
      name,
      loss: getLoss(losses[i]),
      lossWeight: weights[i],
      metrics: own[i].map((metric) => getMetric(metric)),
      weightedMetrics: weighted[i].map((metric) => getMetric(metric)),
      mean: known.length > 1 ? new Mean() : undefined,
    }));
  }

  /** The weighted sum of all outputs' losses, a scalar. */
  total(
    targets: readonly AnyTensor[],
    predictions: readonly Tensor[],
    weights: readonly Tensor[],
    masks: readonly (Mask | undefined)[],
  ): Tensor {
    this.requireOutputs(predictions.length);
    const losses = this.outputs.map(({ loss, lossWeight, mean }, i) => {
      const value = weightedLoss(loss, targets[i], predictions[i], { sampleWeight: weights[i], mask: masks[i] });
      mean?.update(value, undefined, predictions[i].shape[0]);
      return lossWeight === 1 ? value : mul(value, lossWeight);
    });
    return losses.reduce((sum, loss) => add(sum, loss));
  }

  /** Takes a batch into the metrics. */
  measure(targets: readonly AnyTensor[], predictions: readonly Tensor[], weights: readonly Tensor[]): void {
    noGrad(() => {
      this.outputs.forEach(({ metrics, weightedMetrics }, i) => {
        for (const metric of metrics) metric.update(targets[i], predictions[i]);
        for (const metric of weightedMetrics) metric.update(targets[i], predictions[i], weights[i]);
      });
    });
  }

  reset(): void {
    for (const { metrics, weightedMetrics, mean } of this.outputs) {
      for (const metric of [...metrics, ...weightedMetrics]) metric.reset();
      mean?.reset();
    }
  }

  /** Names of the figures in `logs`. */
  get names(): string[] {
    return this.outputs.flatMap(({ name, metrics, weightedMetrics, mean }) => {
      const prefix = mean ? `${name}_` : "";
      const own = [...metrics, ...weightedMetrics].map((metric) => prefix + metric.name);
      return mean ? [`${name}_loss`, ...own] : own;
    });
  }

  /** What the metrics say. */
  logs(): Logs {
    const values = this.outputs.flatMap(({ metrics, weightedMetrics, mean }) => {
      const own = [...metrics, ...weightedMetrics].map((metric) => metric.result());
      return mean ? [mean.result(), ...own] : own;
    });
    return Object.fromEntries(this.names.map((name, i) => [name, values[i]]));
  }

  private requireOutputs(count: number): void {
    if (count === this.outputs.length) return;
    throw new ArgumentError(
      `compile: there must be a loss for each of the model's ${count} outputs, got ${this.outputs.length}`,
    );
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

/** The outputs' names as the losses tell them. */
function namesFrom(loss: Judgement["loss"]): string[] {
  if (typeof loss !== "object" || loss === null) return ["output"];
  return Array.isArray(loss) ? loss.map((_, i) => `output_${i}`) : Object.keys(loss);
}

/** A value for each output. */
function perOutput<T>(
  what: string,
  names: readonly string[],
  given: PerOutput<T>,
  isOne: (value: unknown) => value is T,
): T[] {
  const list = isOne(given)
    ? [given]
    : Array.isArray(given)
      ? given
      : names.map((name) => (given as Record<string, T>)[name]);
  if (list.length !== names.length || !list.every(isOne)) {
    throw new ArgumentError(
      `compile: ${what} must be given for each of the outputs ${names.join(", ")}, got ${list.length} of them`,
    );
  }
  return list;
}

/** The metrics of each output. */
function metricsOf(
  what: string,
  names: readonly string[],
  given: Judgement["metrics"],
): readonly (readonly MetricLike[])[] {
  if (given === undefined) return names.map(() => []);
  if (!Array.isArray(given)) {
    const record = given as { readonly [output: string]: readonly MetricLike[] };
    const strange = Object.keys(record).find((name) => !names.includes(name));
    if (strange !== undefined) {
      throw new ArgumentError(`compile: ${what} must name the outputs ${names.join(", ")}, got ${strange}`);
    }
    return names.map((name) => record[name] ?? []);
  }
  if (names.length === 1 && !Array.isArray(given[0])) return [given as readonly MetricLike[]];
  if (given.length === 0) return names.map(() => []);
  if (given.length !== names.length || !given.every((list) => Array.isArray(list))) {
    throw new ArgumentError(
      `compile: ${what} must be a list of lists, one for each of the outputs ${names.join(", ")}, got something else`,
    );
  }
  return given as readonly (readonly MetricLike[])[];
}
