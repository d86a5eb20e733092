// What can be chosen in the studio: models, optimizers, batch sizes. Words only; engine/models.ts and engine/optimizers.ts
// make the things themselves.
import type { Json, optimizers as library } from "heddle";

/** What a model is asked to do: name the digit, or draw it again. */
export type Task = "classify" | "reconstruct";

export interface ModelEntry {
  readonly title: string;
  /** Its layers, in a line. */
  readonly layers: string;
  readonly about: string;
  readonly task: Task;
}

export const models = {
  "digit-cnn": {
    title: "Digit CNN",
    layers: "conv 32, conv 64, conv 64, dense 64, softmax 10",
    about: "Three convolutions look for strokes, then for parts, then for digits.",
    task: "classify",
  },
  mlp: {
    title: "Multilayer perceptron",
    layers: "dense 64, dense 64, softmax 10",
    about: "Two hidden layers that see all pixels at once. Fast, a little less exact.",
    task: "classify",
  },
  linear: {
    title: "Softmax regression",
    layers: "softmax 10",
    about: "One layer: a template for each digit. Its filters can be read with the eye.",
    task: "classify",
  },
  autoencoder: {
    title: "Autoencoder",
    layers: "dense 128, code 24, dense 128, sigmoid 784",
    about: "Squeezes each digit into 24 numbers and draws it again from them.",
    task: "reconstruct",
  },
} as const satisfies { readonly [id: string]: ModelEntry };

export type ModelId = keyof typeof models;

export interface OptimizerEntry {
  readonly title: string;
  /** The library's name for it, and options beside the rate. */
  readonly kind: library.OptimizerName;
  readonly config?: { readonly [option: string]: Json };
  /** A rate that suits all models here. */
  readonly learningRate: number;
}

export const optimizers = {
  adam: { title: "Adam", kind: "adam", learningRate: 0.001 },
  adamw: { title: "AdamW", kind: "adamw", learningRate: 0.001 },
  nadam: { title: "Nadam", kind: "nadam", learningRate: 0.001 },
  rmsprop: { title: "RMSprop", kind: "rmsprop", learningRate: 0.001 },
  momentum: { title: "SGD with momentum", kind: "sgd", config: { momentum: 0.9 }, learningRate: 0.05 },
  sgd: { title: "SGD", kind: "sgd", learningRate: 0.1 },
  lion: { title: "Lion", kind: "lion", learningRate: 0.0003 },
} as const satisfies { readonly [id: string]: OptimizerEntry };

export type OptimizerId = keyof typeof optimizers;

export const batchSizes = [16, 32, 64, 128, 256] as const;

/** What is allowed, both ends included. Rates far too large are: what they do is worth seeing once. */
export const limits = {
  learningRate: { least: 1e-6, most: 1e6, isWhole: false },
  epochs: { least: 1, most: 100, isWhole: true },
} as const;

/** How a model is trained. */
export interface Settings {
  readonly model: ModelId;
  readonly optimizer: OptimizerId;
  readonly learningRate: number;
  readonly batchSize: number;
  /** Passes over the digits for each press of Train. */
  readonly epochs: number;
}

/** The settings of a model that nobody has set yet. */
export function defaultSettings(model: ModelId): Settings {
  return { model, optimizer: "adam", learningRate: optimizers.adam.learningRate, batchSize: 32, epochs: 5 };
}

/** What the second figure beside the loss is called, in full and short. */
export const figureNames = {
  classify: { full: "accuracy", short: "accuracy" },
  reconstruct: { full: "mean absolute error", short: "error" },
} as const satisfies { readonly [task in Task]: { readonly full: string; readonly short: string } };

/** The label of a digit that does not say what it is. */
export const UNKNOWN = 255;

export const CLASSES = 10;
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
