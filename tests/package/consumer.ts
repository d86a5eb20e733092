// An app as a user writes it, compiled against the package's declarations by types.test.ts: it names the types that a
// wrapper needs, extends what is meant to be extended, and pins the types of results.
import * as heddle from "heddle";
import {
  type AnyTensor,
  type Callback,
  type CallContext,
  type CompileOptions,
  type FitOptions,
  type History,
  initializers,
  Layer,
  type Logs,
  losses,
  Model,
  metrics,
  type Op,
  optimizers,
  Sequential,
  type Shape,
  type Tensor,
  type Variable,
} from "heddle";
import { ArrayData } from "heddle/data";
import { decodeSafetensors } from "heddle/formats";
import * as layers from "heddle/layers";
import { meanSquaredError } from "heddle/losses";
import { AUC } from "heddle/metrics";
import { relu } from "heddle/ops";
import { adam, cosineDecay } from "heddle/optim";
import { type InitializeOptions, initialize, type Tensor as SeparateTensor } from "heddle/separate";
import { EarlyStopping } from "heddle/train";
import { RemoteModel, serve } from "heddle/worker";

/** A layer with a weight of its own. */
class Scale extends Layer {
  private factors: Variable | undefined;

  constructor(options: heddle.LayerOptions = {}) {
    super("scale", options);
  }

  override build(inputShape: Shape): void {
    this.factors = this.addWeight("factors", { shape: inputShape, initializer: initializers.ones() });
  }

  override call(x: AnyTensor, { training }: CallContext): Tensor {
    const y = this.factors === undefined ? this.floats(x) : heddle.mul(this.floats(x), this.factors);
    return training ? heddle.dropout(y, 0.1, { generator: new heddle.Generator(1) }) : y;
  }
}

/** A factory with options of the library's. */
function block(filters: number, options: Partial<layers.ConvLayerOptions<2>> = {}): Layer[] {
  return [
    layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu", ...options }),
    layers.maxPooling2d({ poolSize: 2 }),
  ];
}

/** A callback with a method of its own. */
class Watch implements Callback {
  readonly seen: number[] = [];

  onEpochEnd(_epoch: number, logs: Logs): void {
    this.seen.push(logs.loss ?? Number.NaN);
  }
}

const double: Op<(x: Tensor) => Tensor> = heddle.defineOp("double", {
  forward: (x) => heddle.add(x, x),
  gradients: [(dy) => heddle.mul(dy, 2)],
});

const farFromZero: losses.LossFunction<{ margin?: number }> = losses.defineLoss(
  "farFromZero",
  (_t, p, { margin = 1 }) => heddle.relu(heddle.sub(margin, heddle.abs(p))),
);

export const settings: CompileOptions = {
  optimizer: optimizers.adam({ learningRate: 1e-3 }),
  loss: losses.sparseCategoricalCrossentropy.with({ fromLogits: true }),
  metrics: ["accuracy", new metrics.AUC()],
};

/** Whatever may be left out may also be undefined, and a class of one's own may list its options. */
export class Wide extends layers.Layer {
  constructor(options: heddle.LayerOptions & { width?: number }) {
    super(options);
  }
  override call(x: Tensor): Tensor {
    return layers
      .dense({ units: 1, kernelRegularizer: undefined, activation: undefined, name: undefined })
      .apply(x, { training: undefined });
  }
}

/** What makes such layers, which files then know as "wide". */
export const wide: layers.LayerDefinition<typeof Wide> = layers.defineLayer("wide", Wide, ["width", "name"]);

/** A sequential model and a functional one, trained. */
export async function train(x: AnyTensor, y: AnyTensor, options: FitOptions = {}): Promise<History> {
  const model: Model = new Sequential([...block(8), layers.flatten(), new Scale(), layers.dense({ units: 10 })]);
  model.compile(settings);
  const lambda = new heddle.LambdaCallback({ onTrainEnd: ({ loss }) => console.assert(loss !== undefined) });
  const callbacks = [new Watch(), lambda, new heddle.EarlyStopping({ patience: 2 })];
  return await model.fit(x, y, { epochs: 2, callbacks, signal: new AbortController().signal, ...options });
}

/** Gradients in the structure of their parameters. */
export function derivatives(w: Variable, b: Variable, x: Tensor): { w: Tensor; b: Tensor } {
  const [value, gradients] = heddle.valueAndGrad((p: { w: Tensor; b: Tensor }) =>
    heddle.mean(heddle.square(double(heddle.linear(x, p.w, p.b)))),
  )({ w, b });
  value.dispose();
  return gradients;
}

export function shapesAndDtypes(): [Tensor<"i32">, Tensor<"bool">, Float32Array, Tensor] {
  const x = heddle.tensor([[1, 2]]);
  const places: Tensor<"i32"> = heddle.argMax(x);
  const large: Tensor<"bool"> = x.greater(1);
  const inputs = layers.input({ shape: [2] });
  const model = new Model({ inputs, outputs: layers.dense({ units: 1 }).apply(inputs) });
  const loss = farFromZero(x, x, { margin: 2, reduction: "sum" });
  model.dispose();
  return [places, large, x.data(), heddle.where(large, x, loss)];
}

/** The other entries have the same classes and functions, not others of the same shape. */
export async function fromSubpaths(
  options: InitializeOptions,
  x: Tensor,
): Promise<[Callback, Tensor, heddle.ArrayData]> {
  await initialize({ core: new URL("https://example.com/core-simd.wasm"), ...options });
  const auc: heddle.metrics.Metric = new AUC();
  const optimizer: heddle.optimizers.Optimizer = adam({
    learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }),
  });
  heddle.Model.prototype.compile({ optimizer, loss: meanSquaredError, metrics: [auc] });
  const same: SeparateTensor = relu(x);
  const { tensors } = decodeSafetensors(new Uint8Array(8));
  return [new EarlyStopping({ patience: tensors.size }), same, new ArrayData(new Float32Array(4), [2, 2], "f32")];
}

/** A model in a worker, told by names and configurations. */
export async function trainRemotely(
  x: AnyTensor,
  y: AnyTensor,
  signal: AbortSignal,
): Promise<Float32Array | undefined> {
  const model = new RemoteModel([layers.dense({ units: 1 }), { kind: "scale", config: { name: "last" } }], { seed: 1 });
  const learningRate = { kind: "cosineDecay", config: { initialLearningRate: 0.1, decaySteps: 10 } } as const;
  await model.compile({ optimizer: { kind: "sgd", config: { learningRate } }, loss: "mse", metrics: ["mae"] });
  const history: History = await model.fit(x, y, {
    signal,
    callbacks: [
      { onBatchEnd: (batch, { loss }) => console.assert(batch >= 0 && loss !== undefined) },
      { kind: "earlyStopping", config: { patience: 2 } },
    ],
  });
  console.assert(history.epochs.length > 0);
  const [first] = await model.getWeights();
  model.dispose();
  return first?.data as Float32Array | undefined;
}

/** What a worker file of one's own does. */
export function serveOwn(): void {
  layers.defineLayer("scale", Scale);
  serve({ methods: { summary: (model) => model.summary() } });
}

/** Figures are numbers by the names that the library's metrics have, and by names that are told. */
export async function figures(model: Model, remote: RemoteModel, x: AnyTensor, y: AnyTensor): Promise<string> {
  const { loss, accuracy, weighted_auc } = await model.evaluate(x, y);
  const { auc_1, loss: own } = await model.evaluate<"auc_1">(x, y);
  const { mae } = model.trainOnBatch(x, y);
  const { f1Score } = model.testOnBatch(x, y);
  const far = await remote.evaluate(x, y);
  const { top_3 } = await remote.testOnBatch<"top_3">(x);
  const all: number[] = [loss, accuracy, weighted_auc, auc_1, own, mae, f1Score, far.accuracy, top_3];
  return all.map((figure) => figure.toFixed(4)).join(", ");
}

/** Gradients in the structure of what the function is called with, where it takes no parameters of its own. */
export function structured(w: Variable, b: Variable, x: Tensor): [Tensor, Tensor[], { w: Tensor; b: Tensor }] {
  const both = heddle.valueAndGrad(() => heddle.mean(heddle.linear(x, w, b)));
  const [loss, list] = both([w, b]);
  const gradients = heddle.grad(() => heddle.mean(heddle.linear(x, w, b)))({ w, b });
  heddle.optimizers.sgd().step([w, b], list);
  return [loss, list, gradients];
}

/** Options may be handed on that are undefined, also under exactOptionalPropertyTypes. */
export function optional(kernelRegularizer: heddle.regularizers.Regularizer | undefined, y?: AnyTensor): Layer {
  const options: FitOptions = { validationSplit: undefined, callbacks: undefined, classWeight: undefined };
  const callback: Callback = { onEpochEnd: undefined };
  console.assert(options !== undefined && callback !== undefined && y === undefined);
  adam({ learningRate: undefined, clipNorm: undefined });
  return layers.dense({ units: 1, kernelRegularizer, activation: undefined, inputShape: undefined });
}

/** What is applied to something of unknown type is taken for a tensor. */
export function applied(layer: Layer): [Tensor, heddle.Symbolic, Tensor<"bool"> | undefined] {
  const y: Tensor = layer.apply(JSON.parse("0"));
  return [y, layer.apply(layers.input({ shape: [2] })), heddle.maskOf(y)];
}

/** Numbers of a known dtype lie in its array; f32 may be stored as bytes. */
export function stored(
  labels: heddle.ArrayData<"i32">,
  images: heddle.ArrayData<"f32">,
): [Int32Array, Float32Array | Uint8Array, Float32Array] {
  return [labels.data, images.data, images.valuesAt(0)];
}

/** Losses and metrics of one's own take plain tensors. */
export function judged(model: Model): void {
  model.compile({
    loss: (t, p) => heddle.mean(heddle.square(heddle.sub(p, t))),
    metrics: [(t, p) => heddle.abs(heddle.sub(p, t)), "mae"],
  });
}

/** Casts give tensors of the dtype they name, copies lie in memory of their own, and the type of lists may be told. */
export function read(x: AnyTensor): [Tensor, Tensor<"i32">, ArrayBuffer, number[][]] {
  const floats = x.cast("f32");
  return [floats, x.cast("i32"), floats.data().buffer, x.array<number[][]>()];
}

/** Captured steps take and give trees of tensors. */
export function captured(x: Tensor): { sum: Tensor; parts: Tensor[] } {
  const step = heddle.capture((given: Tensor) => ({ sum: heddle.sum(given), parts: [given.mul(2), given.add(1)] }));
  return step(x);
}
