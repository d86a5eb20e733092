// What may fail in the middle: each attempt begins the same whenever it is made from one key.
import { capture } from "../../../ts/autograd/capture.ts";
import { valueAndGrad } from "../../../ts/autograd/grad.ts";
import * as layers from "../../../ts/layers/index.ts";
import { seed } from "../../../ts/ops/random.ts";
import { adam, rmsprop, sgd } from "../../../ts/optim/index.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import { scope } from "../../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import { Sequential } from "../../../ts/train/index.ts";
import { evaluate, leavesOf, lossOf, makeProgram, numbersFor, tensorsFor, variablesFor } from "../programs/program.ts";
import { type Bits, bitsOf, figuresOf } from "./bits.ts";
import {
  buildTask,
  disposeTask,
  makeTask,
  makeUnbuilt,
  stateOf,
  type Task,
  type TaskName,
  taskNames,
  variablesOf,
} from "./models.ts";
import { Random } from "./random.ts";

export interface Attempt {
  /** The bits of the results and of all state that it changes. */
  act(): Bits[] | Promise<Bits[]>;
  /** Sets state back where it is right that an attempt that failed has gone part of its way, as `fit` may. */
  reset?(): void;
  /** Whether what was made before something failed stays, as layers that were built do, until all is disposed. */
  readonly keeps?: boolean;
  dispose(): void;
}

/** Makers of attempts by name. */
export const attempts: Readonly<Record<string, (key: number) => Attempt | Promise<Attempt>>> = {
  "a program and an update, eager": (key) => programAttempt(key, "eager"),
  "a program and an update, recorded": (key) => programAttempt(key, "recorded"),
  "a program and an update, replayed": (key) => programAttempt(key, "replayed"),
  "key-value cache": cacheAttempt,
  ...Object.fromEntries(
    taskNames.flatMap((name) => [
      [`${name}: build`, (key: number) => buildAttempt(name, key)],
      [`${name}: first step`, (key: number) => stepAttempt(name, key, 0)],
      [`${name}: third step`, (key: number) => stepAttempt(name, key, 2)],
      [`${name}: fit`, (key: number) => warmAttempt(name, key, fit)],
      [`${name}: evaluate`, (key: number) => warmAttempt(name, key, evaluateTask)],
      [`${name}: predict`, (key: number) => warmAttempt(name, key, predict)],
      [`${name}: weights to bytes and back`, (key: number) => weightsAttempt(name, key)],
    ]),
  ),
};

/** One step of a random program: its loss, gradients and an optimizer's update. */
function programAttempt(key: number, how: "eager" | "recorded" | "replayed"): Attempt {
  const random = new Random("attempt", key);
  const program = makeProgram(random);
  const constants = leavesOf(program, "constant").map((leaf) => numbersFor(leaf, random));
  const variables = variablesFor(leavesOf(program, "variable"), random);
  const inputs = tensorsFor(leavesOf(program, "input"), random);
  const optimizer = random.pick([adam, sgd, rmsprop])();
  optimizer.build(variables);
  const step = (...given: AnyTensor[]): AnyTensor[] => {
    const results = (): AnyTensor[] => evaluate(program, constants, given, variables);
    if (variables.length === 0) return results();
    const [values, gradients] = valueAndGrad((): [Tensor, ...AnyTensor[]] => {
      const outputs = results();
      return [lossOf(outputs), ...outputs];
    })(variables as Tensor[]);
    optimizer.step(variables, gradients as Tensor[]);
    return [...(values as AnyTensor[])];
  };
  const captured = how === "eager" ? undefined : capture(step);
  const run = (): Bits[] => {
    const bits: Bits[] = [];
    scope(() => {
      for (const [i, x] of (captured ?? step)(...inputs).entries()) bits.push(bitsOf(`result ${i}`, x));
    });
    return bits;
  };
  seed(key);
  if (how === "replayed") run();
  return {
    act: () => [...run(), ...variables.map((x, i) => bitsOf(`variable ${i}`, x))],
    // Eager ops that ran before one that failed have drawn their numbers.
    reset: () => how === "eager" && seed(key),
    dispose() {
      captured?.dispose();
      optimizer.dispose();
      for (const x of [...variables, ...inputs]) x.dispose();
    },
  };
}

function buildAttempt(name: TaskName, key: number): Attempt {
  const task = makeUnbuilt(name, key);
  return {
    act() {
      seed(key);
      buildTask(task);
      // Layers that were built stay so, and what they drew is not drawn again.
      return task.model.weights.map(({ name: weight, shape }) => figuresOf(weight, shape));
    },
    keeps: true,
    dispose: () => disposeTask(task),
  };
}

/** A training step after some others; the first one is recorded. */
function stepAttempt(name: TaskName, key: number, before: number): Attempt {
  const task = makeTask(name, key);
  variablesOf(task);
  for (let i = 0; i < before; i++) task.model.trainOnBatch(task.x, task.y);
  return {
    act() {
      const logs = task.model.trainOnBatch(task.x, task.y);
      return [figuresOf("logs", Object.values(logs)), ...stateOf(task)];
    },
    // The buffers for batches.
    keeps: before === 0,
    dispose: () => disposeTask(task),
  };
}

/** What runs batch after batch, once its steps have been recorded: recordings stay, whatever fails later. */
async function warmAttempt(name: TaskName, key: number, run: (task: Task) => Promise<Bits[]>): Promise<Attempt> {
  const task = makeTask(name, key);
  const variables = variablesOf(task);
  const initial = variables.map((x) => x.data());
  const reset = (): void => {
    for (const [i, x] of variables.entries()) x.assign(initial[i]);
    seed(key);
  };
  await run(task);
  reset();
  return { act: async () => [...(await run(task)), ...stateOf(task)], reset, dispose: () => disposeTask(task) };
}

async function fit({ model, x, y }: Task): Promise<Bits[]> {
  const options = { epochs: 2, batchSize: 8, seed: 5, verbose: 0, validationSplit: 0.2 } as const;
  const { history } = await model.fit(x, y, options);
  return Object.entries(history).map(([name, values]) => figuresOf(name, values));
}

async function evaluateTask({ model, x, y }: Task): Promise<Bits[]> {
  return [figuresOf("logs", Object.values(await model.evaluate(x, y, { batchSize: 8 })))];
}

async function predict({ model, x }: Task): Promise<Bits[]> {
  const y = await model.predict(x, { batchSize: 8 });
  const bits = bitsOf("predictions", y);
  y.dispose();
  return [bits];
}

function weightsAttempt(name: TaskName, key: number): Attempt {
  const [task, other] = [makeTask(name, key), makeTask(name, key)];
  for (const x of variablesOf(other)) x.assign(new Float32Array(x.size));
  return {
    act() {
      other.model.importWeights(task.model.exportWeights());
      return stateOf(other);
    },
    dispose() {
      disposeTask(task);
      disposeTask(other);
    },
  };
}

/** A language model's step with a cache: its first, of three tokens, or a later one of one token. */
function cacheAttempt(key: number): Attempt {
  layers.resetLayerNames();
  seed(key);
  const model = new Sequential([
    layers.embedding({ inputDim: 11, outputDim: 8, inputShape: [16] }),
    layers.transformerDecoder({ intermediateDim: 16, numHeads: 2, rotary: true }),
    layers.dense({ units: 11 }),
  ]);
  const cache = layers.keyValueCache(model, { maxLength: 16 });
  const steps = [[1, 2, 3], [4], [5], [6]].map((ids) => tensor(Int32Array.from(ids), { shape: [1, ids.length] }));
  const next = key % steps.length;
  for (const ids of steps.slice(0, next)) cache.next(ids).dispose();
  return {
    act() {
      const y = cache.next(steps[next]);
      const bits = bitsOf("logits", y);
      y.dispose();
      return [bits, bitsOf("position", cache.position), figuresOf("length", [cache.length])];
    },
    // What the first step makes for keys and values.
    keeps: next === 0,
    dispose() {
      cache.dispose();
      model.dispose();
      for (const ids of steps) ids.dispose();
    },
  };
}
