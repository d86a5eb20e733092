// Finds the line behind noisy points, y = 3x + 2 + noise: first with a loop of one's own, then with a model and `fit`.
import {
  layers,
  optimizers,
  randomNormal,
  randomUniform,
  Sequential,
  scope,
  seed,
  tensor,
  valueAndGrad,
  variable,
} from "heddle";

seed(1);
const x = randomUniform([200, 1], { low: -1, high: 1 });
const y = x
  .mul(3)
  .add(2)
  .add(randomNormal([200, 1], { stddev: 0.1 }));

// A loop of one's own: variables, a loss, its gradients, a step.
const variables = [variable(tensor(0)), variable(tensor(0))];
const optimizer = new optimizers.SGD({ learningRate: 0.1 });
const [slope, intercept] = variables;
const lossAndGradients = valueAndGrad(variables, () => x.mul(slope).add(intercept).sub(y).square().mean());
for (let step = 0; step < 200; step++) {
  scope(() => {
    const [, gradients] = lossAndGradients();
    optimizer.step(variables, gradients);
  });
}
show("plain loop", slope.item(), intercept.item());

// The same as a model: one dense layer has a weight and a bias.
const line = layers.dense({ units: 1, inputShape: [1] });
const model = new Sequential([line]);
model.compile({ optimizer: new optimizers.SGD({ learningRate: 0.1 }), loss: "meanSquaredError" });
await model.fit(x, y, { epochs: 50, verbose: 0 });
const [weight, bias] = line.weights;
show("fit", weight.item(), bias.item());

function show(way: string, a: number, b: number): void {
  console.log(`${way.padEnd(12)} y = ${a.toFixed(3)} x + ${b.toFixed(3)}`);
}
