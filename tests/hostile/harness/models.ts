// Small models of several kinds, each with data: all of them follow from a key.
import { ArrayData } from "../../../ts/data/array.ts";
import * as layers from "../../../ts/layers/index.ts";
import { seed } from "../../../ts/ops/random.ts";
import type { Variable } from "../../../ts/tensor/variable.ts";
import { Model, Sequential } from "../../../ts/train/index.ts";
import { type Bits, bitsOf } from "./bits.ts";
import { Random } from "./random.ts";

/** A compiled model and what it is trained on. */
export interface Task {
  readonly model: Model;
  readonly x: ArrayData;
  readonly y: ArrayData;
}

const EXAMPLES = 20;
const CLASSES = 3;

function floats(random: Random, shape: readonly number[]): ArrayData {
  return new ArrayData(random.floats(shape.reduce((a, b) => a * b, 1)), shape, "f32");
}

function labels(random: Random, below = CLASSES): ArrayData {
  return new ArrayData(
    Int32Array.from({ length: EXAMPLES }, () => random.whole(0, below - 1)),
    [EXAMPLES],
    "i32",
  );
}

const classifier = { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;

/** Makers of tasks by name; `random` chooses what may differ. */
const makers = {
  dense(random: Random): Task {
    const model = new Sequential([
      layers.dense({ units: 16, activation: "relu" }),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: CLASSES, activation: "softmax" }),
    ]);
    model.compile({ ...classifier, optimizer: random.pick(["adam", "sgd", "rmsprop", "adamw", "lion", "nadam"]) });
    return { model, x: floats(random, [EXAMPLES, 8]), y: labels(random) };
  },
  convolutions(random: Random): Task {
    const model = new Sequential([
      layers.conv2d({ filters: 6, kernelSize: 3, padding: "same" }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: CLASSES, activation: "softmax" }),
    ]);
    model.compile({ ...classifier, optimizer: random.pick(["adam", "sgd", "adagrad"]) });
    return { model, x: floats(random, [EXAMPLES, 8, 8, 2]), y: labels(random) };
  },
  sequences(random: Random): Task {
    const model = new Sequential([
      layers.embedding({ inputDim: 9, outputDim: 5, maskZero: true }),
      random.pick([layers.lstm, layers.gru])({ units: 7 }),
      layers.dense({ units: 1 }),
    ]);
    model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
    const ids = Int32Array.from({ length: EXAMPLES * 6 }, () => random.whole(0, 8));
    return { model, x: new ArrayData(ids, [EXAMPLES, 6], "i32"), y: floats(random, [EXAMPLES, 1]) };
  },
  functional(random: Random): Task {
    const input = layers.input({ shape: [5, 8] });
    const heads = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 });
    const attended = heads.apply([input, input]);
    const joined = layers.layerNormalization().apply(layers.add().apply([input, attended]));
    const pooled = layers.globalAveragePooling1d().apply(joined);
    const model = new Model({ inputs: input, outputs: layers.dense({ units: 2, activation: "tanh" }).apply(pooled) });
    model.compile({ optimizer: random.pick(["adam", "lamb"]), loss: "meanSquaredError" });
    return { model, x: floats(random, [EXAMPLES, 5, 8]), y: floats(random, [EXAMPLES, 2]) };
  },
};

export type TaskName = keyof typeof makers;
export const taskNames = Object.keys(makers) as TaskName[];

/** A task of this name; the same key makes the same weights and data. */
export function makeTask(name: TaskName, key: number): Task {
  const task = makeUnbuilt(name, key);
  buildTask(task);
  return task;
}

/** A task whose model is not built yet, unless it is a functional one. */
export function makeUnbuilt(name: TaskName, key: number): Task {
  layers.resetLayerNames();
  seed(key);
  return makers[name](new Random("task", name, key));
}

export function buildTask({ model, x }: Task): void {
  model.ensureBuilt(x.shape.slice(1));
}

/** All that a training step changes: the weights and the optimizer's state. */
export function variablesOf({ model }: Task): Variable[] {
  const { optimizer } = model.compilation;
  optimizer.build(model.trainableWeights);
  return [...model.weights, ...(Object.values(optimizer.state()) as Variable[])];
}

export function stateOf(task: Task): Bits[] {
  return variablesOf(task).map((x) => bitsOf(x.name, x));
}

/** Frees the model and its optimizer. */
export function disposeTask({ model }: Task): void {
  const { optimizer } = model.compilation;
  model.dispose();
  optimizer.dispose();
}
