// A model that says in `call` what it computes: blocks with a way around them, a term of the loss and a figure of its own.
// It tells two spirals apart.
import { ArrayData, abs, add, type CallContext, layers, Model, mean, mul, optimizers, seed, type Tensor } from "heddle";

/** Layers among its properties, also in lists, are found: they are trained, saved and shown. */
class Spirals extends Model {
  private readonly widen = layers.dense({ units: 32, activation: "tanh" });
  private readonly blocks = [1, 2, 3].map(() => ({
    norm: layers.layerNormalization(),
    dense: layers.dense({ units: 32, activation: "gelu" }),
  }));
  private readonly drop = layers.dropout({ rate: 0.05 });
  private readonly decide = layers.dense({ units: 1, activation: "sigmoid" });

  override call(points: Tensor, { training, addLoss, addMetric }: CallContext): Tensor {
    let x = this.widen.apply(points);
    for (const { norm, dense } of this.blocks) x = add(x, dense.apply(norm.apply(x)));
    const size = mean(abs(x));
    addLoss(mul(size, 1e-3));
    addMetric("activity", size);
    // Layers act differently in training, so they are told.
    return this.decide.apply(this.drop.apply(x, { training }));
  }
}

seed(7);
const COUNT = 400;
const turns = (i: number): number => 0.5 + (2.5 * i) / COUNT;
const x = new ArrayData(
  Float32Array.from({ length: 2 * COUNT }, (_, i) => {
    const [point, axis] = [i >> 1, i & 1];
    const angle = turns(point) * Math.PI + (point % 2) * Math.PI;
    return turns(point) * 0.35 * (axis ? Math.sin(angle) : Math.cos(angle));
  }),
  [COUNT, 2],
);
const y = Array.from({ length: COUNT }, (_, i) => [i % 2]);

const model = new Spirals();
model.compile({
  optimizer: optimizers.adam({ learningRate: 0.005 }),
  loss: "binaryCrossentropy",
  metrics: ["binaryAccuracy"],
});
await model.fit(x, y, { epochs: 60, verbose: 0 });
console.log(model.summary());
// Names that are not the library's own are told to the compiler.
const { binaryAccuracy, activity } = await model.evaluate<"binaryAccuracy" | "activity">(x, y);
console.log(`\n${(100 * binaryAccuracy).toFixed(1)} % of ${COUNT} points right, mean activity ${activity.toFixed(3)}`);
