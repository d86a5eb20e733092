// Perplexity of language models.
import { noGrad } from "../autograd/tape.ts";
import { perplexityOptions } from "../generated/options.ts";
import { sparseCategoricalCrossentropy } from "../losses/crossentropy.ts";
import { requirePair } from "../losses/targets.ts";
import { sum } from "../ops/broadcast.ts";
import { stack } from "../ops/layout.ts";
import { scope } from "../tensor/scope.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  defineMetric,
  GatheringMetric,
  type MetricDefinition,
  type MetricOptions,
  weightOfEach,
  weightsOf,
} from "./metric.ts";
import { Totals, weigh } from "./totals.ts";

/** Options of {@link Perplexity}. */
export interface PerplexityOptions extends MetricOptions {
  /** Whether yPred are logits; default false. */
  fromLogits?: boolean;
  /** A token that is not counted, such as padding; default none. */
  maskTokenId?: number;
}

/** The metric that {@link perplexity} makes. */
export class Perplexity extends GatheringMetric {
  /** @internal */
  protected readonly gathered: Totals = new Totals(2);
  private readonly fromLogits: boolean;
  private readonly ignoreClass: number | undefined;

  constructor(options: PerplexityOptions = {}) {
    super(options);
    const { fromLogits = false, maskTokenId } = options;
    this.fromLogits = fromLogits;
    this.ignoreClass = maskTokenId;
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    requirePair("perplexity", yTrue, yPred);
    noGrad(() =>
      scope(() => {
        const options = { fromLogits: this.fromLogits, ignoreClass: this.ignoreClass };
        const values = sparseCategoricalCrossentropy.perExample(yTrue, yPred, options);
        const kept = sparseCategoricalCrossentropy.countedValues(values, yTrue, yPred, options);
        const given = weightsOf("perplexity", values, yPred, kept, sampleWeight);
        const weights = weightOfEach("perplexity", values, given);
        this.gathered.add(stack([sum(weigh(values, weights)), sum(weights)]));
      }),
    );
  }

  /** 1 before the first update. */
  result(): number {
    const [total, count] = this.gathered.values();
    return Math.exp(count === 0 ? 0 : total / count);
  }
}

/**
 * Perplexity of a language model: e^(mean of -log p[token]) over all tokens.
 * Shapes: token numbers `[batch, time]`, yPred `[batch, time, tokens]` -> a number.
 * Errors: ArgumentError for tokens out of range; ShapeError for shapes that do not fit; DtypeError unless yPred is f32.
 */
export const perplexity: MetricDefinition<typeof Perplexity> = defineMetric("perplexity", Perplexity, {
  direction: "min",
  optionNames: perplexityOptions,
  ofLogits: { fromLogits: true },
});
