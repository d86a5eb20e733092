// What a compiled model does with one batch: a training step, a test step, a prediction, each captured so that it runs
// in one call from the second batch on.
import { type Captured, capture } from "../autograd/capture.ts";
import { valueAndGrad } from "../autograd/grad.ts";
import { noGrad } from "../autograd/tape.ts";
import type { Loss } from "../losses/index.ts";
import type { Metric } from "../metrics/index.ts";
import { add } from "../ops/binary.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { BatchBuffer } from "./batches.ts";
import type { Model } from "./model.ts";

/** What `compile` settled. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
}

/** The model's output for one batch. */
export class Prediction {
  readonly run: Captured<[x: AnyTensor], Tensor>;
  /** Where `run` finds its batches. */
  readonly inputs = new BatchBuffer();

  constructor(model: Model) {
    this.run = capture((x) => noGrad(() => model.apply(x)), { replaceOldest: true });
  }

  dispose(): void {
    for (const thing of [this.run, this.inputs]) thing.dispose();
  }
}

type PairStep = Captured<[x: AnyTensor, y: AnyTensor], Tensor>;

export class Steps {
  /** Updates the weights and the metrics with one batch; the batch's loss. */
  readonly train: PairStep;
  /** Updates the metrics with one batch; the batch's loss. */
  readonly test: PairStep;
  /** Where the steps find the examples and the targets of their batches. */
  readonly inputs = new BatchBuffer();
  readonly targets = new BatchBuffer();
  /** The weights that `train` was made for. */
  private readonly trained: readonly Variable[];

  constructor(model: Model, { optimizer, loss, metrics }: Compiled) {
    const trained = model.trainableWeights;
    this.trained = trained;
    const total = (y: AnyTensor, prediction: Tensor): Tensor =>
      model.penalties().reduce((sum, penalty) => add(sum, penalty), loss(y, prediction));
    const measure = (y: AnyTensor, prediction: Tensor): void => {
      noGrad(() => {
        for (const metric of metrics) metric.update(y, prediction);
      });
    };
    const lossAndGradients = valueAndGrad((_weights: readonly Tensor[], x: AnyTensor, y: AnyTensor) => {
      const prediction = model.apply(x, { training: true });
      return [total(y, prediction), prediction] as const;
    });
    // Batches of many sizes are no mistake here.
    const options = { replaceOldest: true };
    this.train = capture((x, y) => {
      const [[value, prediction], gradients] = lossAndGradients(trained, x, y);
      optimizer.step(trained, gradients);
      measure(y, prediction);
      return value;
    }, options);
    this.test = capture(
      (x, y) =>
        noGrad(() => {
          const prediction = model.apply(x);
          measure(y, prediction);
          return total(y, prediction);
        }),
      options,
    );
  }

  /** Whether layers have been frozen or freed since. */
  isStale(model: Model): boolean {
    const now = model.trainableWeights;
    return now.length !== this.trained.length || now.some((weight, i) => weight !== this.trained[i]);
  }

  dispose(): void {
    for (const thing of [this.train, this.test, this.inputs, this.targets]) thing.dispose();
  }
}
