// What a model does with one batch, and a subclass may do otherwise: steps of training, testing and prediction, the loss and
// the metrics.
import { valueAndGradients } from "../autograd/grad.ts";
import { isTracked, lostWay } from "../autograd/tape.ts";
import { lossParts } from "../generated/options.ts";
import { collecting } from "../layers/collecting.ts";
import { type Inputs, Layer, type Outputs } from "../layers/layer.ts";
import { attachMask, maskOf } from "../layers/masks.ts";
import { add } from "../ops/arithmetic.ts";
import { cast } from "../ops/compare.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { requireSynchronous } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import type { Objective } from "./objective.ts";

/** What `compile` settled. */
export interface Compiled {
  readonly optimizer: Optimizer;
  /** @internal */
  readonly objective: Objective;
  /** @internal */
  readonly runEagerly: boolean;
}

/** One batch as steps see it. */
export interface StepBatch<X = Tensor, Y = Tensor> {
  /** The inputs, [batch, ...]; a list where there are several. */
  readonly x: X;
  /** The targets, [batch, ...]; a list where there are several, undefined where there are none. */
  readonly y: Y;
  /** What each example counts, [batch]; a list where there are several targets, undefined where all count alike. */
  readonly sampleWeight?: Inputs | undefined;
}

/** Any batch: of one input or several, with targets or without. */
export type AnyStepBatch = StepBatch<Inputs, Inputs | undefined>;

/** What a step returns: scalars by name, [] or of one element. */
export interface StepFigures {
  readonly [figure: string]: Tensor;
}

/** What `computeLoss` and `updateMetrics` take. */
export interface LossParts {
  /** Not used by default. */
  readonly x?: Inputs;
  /** The targets of the outputs that need some; one, or a list. */
  readonly y?: Inputs | undefined;
  /** What the model made of x; one, or a list. */
  readonly yPred: Inputs;
  /** One for all targets, or a list with one for each. */
  readonly sampleWeight?: Inputs | undefined;
}

/** Whether a model overrides its steps. @internal */
export const OWN_STEPS: unique symbol = Symbol("ownSteps");

/** The part of a model that says what is done with a batch. */
export abstract class ModelSteps extends Layer {
  abstract get compilation(): Compiled;

  /**
   * What `fit` and `trainOnBatch` do with a batch; default: a step of the optimizer on `computeLoss`. A subclass may do
   * anything else there, with several optimizers if it has them. Scalars that it returns are figures of the logs, averaged
   * over the examples of an epoch; metrics of `compile` are in the logs if `updateMetrics` was called. It is captured, as
   * `call` is: see `compile`. With a step of its own a model may be fitted without y.
   */
  trainStep(batch: AnyStepBatch): StepFigures {
    return trainByDefault(this, batch);
  }

  /** What `evaluate`, `testOnBatch` and the validation in `fit` do with a batch, outside the tape; as `trainStep`. */
  testStep(batch: AnyStepBatch): StepFigures {
    return testByDefault(this, batch);
  }

  /** What `predict` does with a batch, of which it gets x alone, outside the tape: the outputs, [batch, ...]. */
  predictStep({ x }: AnyStepBatch): Outputs {
    return this.applyAll(x);
  }

  /**
   * The loss of a batch, a scalar: those of `compile`, weighted, what layers have added in this step, and the penalties of
   * regularizers. ArgumentError for targets that do not fit the outputs, and where nothing says what the loss is.
   */
  computeLoss(parts: LossParts): Tensor {
    return lossByDefault(this, parts);
  }

  /** Takes a batch into the metrics of `compile`. ArgumentError for targets that do not fit the outputs. */
  updateMetrics(parts: LossParts): void {
    measureByDefault(this, parts);
  }

  /** Whether steps are its own, and so what they take for targets. @internal */
  get [OWN_STEPS](): boolean {
    return this.trainStep !== ModelSteps.prototype.trainStep || this.testStep !== ModelSteps.prototype.testStep;
  }
}

/** What layers have added to the loss in the current step. */
let added: Tensor[] = [];

/** Runs a step over so many examples; what its layers add goes to its loss and figures. */
export function runStep<T>(objective: Objective, examples: number, f: () => T): T {
  const outer = added;
  const times = new Map<string, number>();
  const addMetric = (name: string, value: Tensor): void => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    objective.note(before === 0 ? name : `${name}_${before}`, value, examples);
  };
  const addLoss = (loss: Tensor, name?: string): void => {
    added.push(loss);
    if (name !== undefined) addMetric(name, loss);
  };
  added = [];
  try {
    return collecting({ addLoss, addMetric }, f);
  } finally {
    added = outer;
  }
}

/** Those of whose models it was said that nothing is trained. */
const warned = new WeakSet<object>();

/** Updates the weights and metrics with one batch. */
export function trainByDefault(model: ModelSteps, batch: AnyStepBatch): StepFigures {
  const { compilation } = model;
  const { optimizer } = compilation;
  let trained: readonly Variable[] = [];
  // What is differentiated is the loss as the optimizer wants it scaled; what is reported is the loss. The weights are
  // asked for after the call, which may have made them.
  const [[, loss], gradients] = valueAndGradients(
    () => {
      const { loss } = testByDefault(model, batch, true);
      if (!isTracked(loss) && model.trainableWeights.length > 0) {
        throw new StateError(
          "fit: the loss must depend on the trainable weights, got one that does not: is it computed in noGrad, behind " +
            "stopGradient, or from the labels alone?",
        );
      }
      return [optimizer.scaleLoss(loss), loss] as const;
    },
    () => (trained = model.trainableWeights),
  );
  if (trained.length > 0) optimizer.step(trained, gradients);
  else if (!warned.has(compilation)) {
    console.warn(`heddle: fit: ${model.name} has no trainable weights, so that training changes none`);
    warned.add(compilation);
  }
  return { loss };
}

/** Updates the metrics with one batch. */
export function testByDefault(model: ModelSteps, { x, y, sampleWeight }: AnyStepBatch, training = false): StepFigures {
  const parts = { x, y, yPred: oneOrAll(model.applyAll(x, { training }).map(toFloats)), sampleWeight };
  // Before the loss, which takes what layers added: predictions have their masks for both.
  requireSynchronous(`${model.name}: updateMetrics`, model.updateMetrics(parts));
  return { loss: requireSynchronous(`${model.name}: computeLoss`, model.computeLoss(parts)) };
}

/** The losses of `compile`, what layers have added, and the penalties of weights. */
export function lossByDefault(model: ModelSteps, parts: LossParts): Tensor {
  const { y, yPred, sampleWeight } = checkOptions("computeLoss", parts, lossParts);
  const { objective } = model.compilation;
  const predictions = listed(yPred).map(toFloats);
  const own = added.splice(0);
  requireHeld(model, [...predictions, ...own]);
  const judged = objective.outputs.some(({ loss }) => loss) ? targetsFor("computeLoss", objective, y) : [];
  const weights = weightsFor(judged, sampleWeight);
  const terms = objective.terms(judged, predictions, weights, predictions.map(maskOf));
  const all = [...terms, ...own, ...model.penalties()];
  if (all.length > 0) return all.reduce((sum, loss) => add(sum, loss));
  throw new ArgumentError(`compile: ${model.name} must have a loss, or layers that call addLoss, got neither`);
}

/** Takes a batch into the metrics of `compile`. */
export function measureByDefault(model: ModelSteps, parts: LossParts): void {
  const { y, yPred, sampleWeight } = checkOptions("updateMetrics", parts, lossParts);
  const { objective } = model.compilation;
  if (objective.metrics.length === 0) return;
  const targets = targetsFor("updateMetrics", objective, y);
  objective.measure(targets, listed(yPred).map(toFloats), weightsFor(targets, sampleWeight));
}

/** The targets of the outputs that need some. */
function targetsFor(operation: string, { targeted }: Objective, y: Inputs | undefined): readonly AnyTensor[] {
  const targets = y === undefined ? [] : listed(y);
  if (targets.length === targeted.length) return targets;
  throw new ArgumentError(
    `${operation}: y must be given for each of the outputs ${targeted.join(", ")}, got ${targets.length}`,
  );
}

/** A weight for each of the targets, or none. */
function weightsFor(targets: readonly AnyTensor[], sampleWeight: Inputs | undefined): readonly Tensor[] {
  if (sampleWeight === undefined) return [];
  const weights = listed(sampleWeight) as readonly Tensor[];
  return weights.length === 1 ? targets.map(() => weights[0]) : weights;
}

/** Trainable variables that the results of a model's call come from must be found by whoever trains and saves it. */
function requireHeld(model: ModelSteps, results: readonly Tensor[]): void {
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

/** A prediction as losses and metrics read it, with its mask. */
function toFloats(x: AnyTensor): Tensor {
  return x.dtype === "f32" ? (x as Tensor) : attachMask(cast(x, "f32") as Tensor, maskOf(x));
}

/** One is not in a list. */
export function oneOrAll<T>(all: readonly T[]): T | readonly T[] {
  return all.length === 1 ? all[0] : all;
}

/** One in a list, or several as they are. */
export function listed(x: Inputs | Outputs): readonly AnyTensor[] {
  return Array.isArray(x) ? x : [x as AnyTensor];
}
