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
import { decodeSafetensors } from "heddle/io";
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
      { kind: "EarlyStopping", config: { patience: 2 } },
    ],
  });
  console.assert(history.epochs.length > 0);
  const [first] = await model.getWeights();
  model.dispose();
  return first?.data as Float32Array | undefined;
}

/** What a worker file of one's own does. */
export function serveOwn(): void {
  serve({ layers: { scale: Scale }, losses: { farFromZero }, metrics: { auc: () => new metrics.AUC() } });
}
