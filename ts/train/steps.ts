// What a compiled model does with one batch: a training step, a test step, a prediction, each captured so that it runs
// in one call from the second batch on.
import { type Captured, capture } from "../autograd/capture.ts";
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import type { Inputs } from "../layers/layer.ts";
import { fingerprint } from "../layers/module.ts";
import { scope } from "../tensor/scope.ts";
import { type AnyTensor, unfilled } from "../tensor/tensor.ts";
import { trainableChanges } from "../tensor/variable.ts";
import { type AnyStepBatch, type Compiled, listed, oneOrAll, runStep, type StepFigures } from "./batch-step.ts";
import { asRead, type Batch } from "./batches.ts";
import { optimizersOf } from "./model-optimizers.ts";
import type { Model } from "./trained.ts";

/** A step over the tensors of one batch: so many inputs, so many targets, then weights. */
type Step = Captured<[inputs: number, targets: number, ...tensors: AnyTensor[]], void>;

function batchOf(inputs: number, targets: number, loaded: readonly AnyTensor[]): AnyStepBatch {
  const tensors = loaded.map(asRead);
  const some = (begin: number, end = tensors.length): Inputs | undefined =>
    begin === end ? undefined : oneOrAll(tensors.slice(begin, end));
  const [first, last] = [inputs, inputs + targets];
  return { x: some(0, first) as Inputs, y: some(first, last), sampleWeight: some(last) };
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
    this.parts = this.look();
  }

  /** `thoroughly` also sees layers that were exchanged for older ones, and fields that were changed. */
  isStale(thoroughly: boolean): boolean {
    if (this.parts === undefined || (!thoroughly && this.count === trainableChanges())) return false;
    const now = this.look();
    this.count = trainableChanges();
    return now.length !== this.parts.length || now.some((x, i) => !Object.is(x, this.parts?.[i]));
  }

  private look(): readonly unknown[] {
    const { model } = this;
    return [...fingerprint(model), ...optimizersOf(model).values(), model.trainStep, model.testStep, model.predictStep];
  }
}

/** The model's outputs for one batch. @internal */
export class Prediction {
  readonly freshness: Freshness;
  private readonly captured: Captured<AnyTensor[], AnyTensor[]>;

  constructor(model: Model, runEagerly: boolean) {
    this.freshness = new Freshness(model);
    this.captured = makeStep((...inputs: AnyTensor[]) => {
      const x = oneOrAll(inputs.map(asRead)) as Inputs;
      const outputs = listed(noGrad(() => model.predictStep({ x, y: undefined })));
      for (const y of outputs) requireTensor(`${model.name}: predictStep`, "what it returns", y);
      return [...outputs];
    }, runEagerly);
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

  constructor(model: Model, { objective, runEagerly }: Compiled) {
    this.freshness = new Freshness(model);
    const step = (name: "trainStep" | "testStep"): Step =>
      makeStep((inputs: number, targets: number, ...tensors: AnyTensor[]) => {
        const [examples] = tensors[0].shape;
        const take = (): StepFigures => model[name](batchOf(inputs, targets, tensors));
        const figures = runStep(objective, examples, name === "testStep" ? () => noGrad(take) : take);
        objective.record(`${model.name}: ${name}`, figures, examples);
      }, runEagerly);
    this.trainStep = step("trainStep");
    this.testStep = step("testStep");
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

/** The step, captured, or run anew each time, so that it may read values. Results are the caller's own either way. */
function makeStep<Args extends readonly unknown[], R extends AnyTensor[] | void>(
  step: (...args: Args) => R,
  eagerly: boolean,
): Captured<Args, R> {
  // Batches of many sizes are no mistake here.
  const anyStep = step as (...args: readonly unknown[]) => R;
  if (!eagerly) return capture(anyStep, { replaceOldest: true }) as Captured<Args, R>;
  const copied = (x: AnyTensor): AnyTensor => unfilled(x.shape, x.dtype).write(x.view());
  const run = (...args: Args): R => scope(() => (step(...args) as AnyTensor[] | undefined)?.map(copied) as R);
  return Object.assign(run, { dispose: () => {}, recordings: 0 });
}
