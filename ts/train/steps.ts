// What a compiled model does with one batch: a training step, a test step, a prediction, each captured so that it runs
// in one call from the second batch on.
import { type Captured, capture } from "../autograd/capture.ts";
import { valueAndGradients } from "../autograd/grad.ts";
import { isTracked, lostWay, noGrad } from "../autograd/tape.ts";
import type { ApplyOptions, Inputs } from "../layers/layer.ts";
import { attachMask, maskOf } from "../layers/masks.ts";
import { fingerprint } from "../layers/module.ts";
import { add } from "../ops/arithmetic.ts";
import { cast } from "../ops/compare.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { scope } from "../tensor/scope.ts";
import { type AnyTensor, type Tensor, unfilled } from "../tensor/tensor.ts";
import { trainableChanges, Variable } from "../tensor/variable.ts";
import { asRead, type Batch } from "./batches.ts";
import type { Model } from "./model.ts";
import type { Objective } from "./objective.ts";

/** What `compile` settled. */
export interface Compiled {
  readonly optimizer: Optimizer;
  /** @internal */
  readonly objective: Objective;
  /** @internal */
  readonly runEagerly: boolean;
}

/** A step over the tensors of one batch: so many inputs, so many targets, then weights. */
type Step = Captured<[inputs: number, targets: number, ...tensors: AnyTensor[]], void>;

function batchOf(inputs: number, targets: number, loaded: readonly AnyTensor[]): Batch {
  const tensors = loaded.map(asRead);
  return {
    inputs: tensors.slice(0, inputs),
    targets: tensors.slice(inputs, inputs + targets),
    weights: tensors.slice(inputs + targets) as Tensor[],
  };
}

/** Whether what a captured step of a model depends on beside its arguments has changed. */
class Freshness {
  private readonly model: Model;
  private parts: readonly unknown[] | undefined;
  private count = -1;

  constructor(model: Model) {
    this.model = model;
  }

  /** Notes the model as it is: when a step has run, since that may have built layers. */
  note(): void {
    if (this.count === trainableChanges()) return;
    this.count = trainableChanges();
    this.parts = fingerprint(this.model);
  }

  /** `thoroughly` also sees layers that were exchanged for older ones, and fields that were changed. */
  isStale(thoroughly: boolean): boolean {
    if (this.parts === undefined || (!thoroughly && this.count === trainableChanges())) return false;
    const now = fingerprint(this.model);
    this.count = trainableChanges();
    return now.length !== this.parts.length || now.some((x, i) => !Object.is(x, this.parts?.[i]));
  }
}

/** The model's outputs for one batch. @internal */
export class Prediction {
  readonly freshness: Freshness;
  private readonly captured: Captured<AnyTensor[], AnyTensor[]>;

  constructor(model: Model, runEagerly: boolean) {
    this.freshness = new Freshness(model);
    this.captured = makeStep(
      (...inputs: AnyTensor[]) => noGrad(() => model.applyAll(oneOrAll(inputs.map(asRead)))),
      runEagerly,
    );
  }

  run({ inputs }: Batch): AnyTensor[] {
    const outputs = this.captured(...inputs);
    this.freshness.note();
    return outputs;
  }

  dispose(): void {
    this.captured.dispose();
  }
}

/** The training and the test step of a compiled model. @internal */
export class Steps {
  readonly freshness: Freshness;
  private readonly trainStep: Step;
  private readonly testStep: Step;
  /** Whether it was said that nothing is trained. */
  private warned = false;

  constructor(model: Model, { optimizer, objective, runEagerly }: Compiled) {
    this.freshness = new Freshness(model);
    /** The loss with everything that is added to it; the metrics take the batch in. */
    const judged = ({ inputs, targets, weights }: Batch, training: boolean): Tensor => {
      const added: Tensor[] = [];
      const times = new Map<string, number>();
      const addMetric = (name: string, value: Tensor): void => {
        const before = times.get(name) ?? 0;
        times.set(name, before + 1);
        objective.note(before === 0 ? name : `${name}_${before}`, value, inputs[0].shape[0]);
      };
      const addLoss = (loss: Tensor, name?: string): void => {
        added.push(loss);
        if (name !== undefined) addMetric(name, loss);
      };
      const options: ApplyOptions = { training, addLoss, addMetric };
      const predictions = model.applyAll(oneOrAll(inputs), options).map(toFloats);
      requireHeld(model, [...predictions, ...added]);
      // Here, where the predictions still have their masks.
      objective.measure(targets, predictions, weights);
      const own = objective.terms(targets, predictions, weights, predictions.map(maskOf));
      const terms = [...own, ...added, ...model.penalties()];
      if (terms.length > 0) return terms.reduce((sum, loss) => add(sum, loss));
      throw new ArgumentError(`compile: ${model.name} must have a loss, or layers that call addLoss, got neither`);
    };
    this.trainStep = makeStep((inputs: number, targets: number, ...tensors: AnyTensor[]) => {
      let trained: readonly Variable[] = [];
      // What is differentiated is the loss as the optimizer wants it scaled; what is reported is the loss. The weights are
      // asked for after the call, which may have made them.
      const [[, total], gradients] = valueAndGradients(
        () => {
          const total = judged(batchOf(inputs, targets, tensors), true);
          if (!isTracked(total) && model.trainableWeights.length > 0) {
            throw new StateError(
              "fit: the loss must depend on the trainable weights, got one that does not: is it computed in noGrad, behind " +
                "stopGradient, or from the labels alone?",
            );
          }
          return [optimizer.scaleLoss(total), total] as const;
        },
        () => (trained = model.trainableWeights),
      );
      if (trained.length > 0) optimizer.step(trained, gradients);
      else if (!this.warned) {
        console.warn(`heddle: fit: ${model.name} has no trainable weights, so that training changes none`);
        this.warned = true;
      }
      objective.record({ loss: total }, tensors[0].shape[0]);
    }, runEagerly);
    this.testStep = makeStep((inputs: number, targets: number, ...tensors: AnyTensor[]) => {
      const loss = noGrad(() => judged(batchOf(inputs, targets, tensors), false));
      objective.record({ loss }, tensors[0].shape[0]);
    }, runEagerly);
  }

  /** Updates the weights and the figures with one batch. */
  train(batch: Batch): void {
    this.run(this.trainStep, batch);
  }

  /** Updates the figures with one batch. */
  test(batch: Batch): void {
    this.run(this.testStep, batch);
  }

  private run(step: Step, { inputs, targets, weights }: Batch): void {
    step(inputs.length, targets.length, ...inputs, ...targets, ...weights);
    this.freshness.note();
  }

  /** Programs recorded so far. */
  get recordings(): { train: number; test: number } {
    return { train: this.trainStep.recordings, test: this.testStep.recordings };
  }

  dispose(): void {
    for (const step of [this.trainStep, this.testStep]) step.dispose();
  }
}

/** Trainable variables that the results of a model's call come from must be found by whoever trains and saves it. */
function requireHeld(model: Model, results: readonly Tensor[]): void {
  const used = lostWay("", results)?.leaves;
  if (used === undefined) return;
  for (const own of model.weights) used.delete(own);
  for (const other of used) {
    if (!(other instanceof Variable)) continue;
    throw new StateError(
      `${model.name}: call used the variable ${other.name}, which is not among the weights of ${model.name}; ` +
        "keep it in a property, or use stopGradient of it",
    );
  }
}

/** The step, captured, or run anew each time, so that it may read values. Results are the caller's own either way. */
function makeStep<Args extends readonly unknown[], R extends AnyTensor[] | void>(
  step: (...args: Args) => R,
  eagerly: boolean,
): Captured<Args, R> {
  // Batches of many sizes are no mistake here.
  if (!eagerly) return capture(step, { replaceOldest: true });
  const copied = (x: AnyTensor): AnyTensor => unfilled(x.shape, x.dtype).write(x.view());
  const run = (...args: Args): R => scope(() => (step(...args) as AnyTensor[] | undefined)?.map(copied) as R);
  return Object.assign(run, { dispose: () => {}, recordings: 0 });
}

/** A prediction as losses and metrics read it, with its mask. */
function toFloats(x: AnyTensor): Tensor {
  return x.dtype === "f32" ? (x as Tensor) : attachMask(cast(x, "f32") as Tensor, maskOf(x));
}

/** Models of one input get a tensor, the others a list. */
export function oneOrAll(inputs: readonly AnyTensor[]): Inputs {
  return inputs.length === 1 ? inputs[0] : inputs;
}
