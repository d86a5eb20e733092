// Gradients by the weights of a layer or model, and steps down them.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  capture,
  grad,
  layers,
  losses,
  mean,
  noGrad,
  optimizers,
  Sequential,
  ShapeError,
  StateError,
  square,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../ts/index.ts";

const x = tensor([
  [1, 2],
  [3, 4],
]);
const y = tensor([[1], [2]]);
const dense = (): layers.Dense => layers.dense({ units: 1, kernelInitializer: "ones" });
const loss = (layer: layers.Dense, x: Tensor, y: Tensor): Tensor => mean(square(sub(layer.apply(x), y)));

describe("gradients by a module's weights", () => {
  it("are those by its variables, of a first call too, which makes them", () => {
    const layer = dense();
    const [value, gradients] = valueAndGrad(layer, (x: Tensor, y: Tensor) => loss(layer, x, y))(x, y);
    const [same, expected] = valueAndGrad(layer.trainableWeights, (x: Tensor, y: Tensor) => loss(layer, x, y))(x, y);
    expect(value.item()).toBe(same.item());
    expect(gradients.map((dx) => [...dx.data()])).toEqual(expected.map((dx) => [...dx.data()]));
    for (const all of [grad(layer, () => loss(layer, x, y))(), grad(layer.trainableWeights, () => loss(layer, x, y))()])
      expect(all.map((dx) => dx.array())).toEqual(expected.map((dx) => dx.array()));
    const weight = variable(tensor([2]));
    expect(grad({ weight }, (x: Tensor) => mean(square(weight.mul(x) as Tensor)))(tensor([3])).weight.array()).toEqual([
      36,
    ]);
  });

  it("bring along what f returns after the loss", () => {
    const layer = dense();
    const f = capture((x: Tensor, y: Tensor) => {
      const [[value, prediction], gradients] = valueAndGrad(layer, () => {
        const prediction = layer.apply(x);
        return [mean(square(sub(prediction, y))), prediction] as const;
      })();
      return { value, prediction, gradients };
    });
    for (let i = 0; i < 2; i++) {
      const { prediction, gradients } = f(x, y);
      expect(prediction.array()).toEqual([[3], [7]]);
      expect(gradients[0].shape).toEqual([2, 1]);
    }
  });

  it("are refused where there are none", () => {
    const frozen = dense();
    frozen.trainable = false;
    expect(() => valueAndGrad(frozen, () => loss(frozen, x, y))()).toThrow("there must be trainable weights, got none");
    expect(() => valueAndGrad(dense(), 3 as never)).toThrow(ArgumentError);
    expect(() => grad(dense(), undefined as never)).toThrow(ArgumentError);
    const layer = dense();
    expect(() => valueAndGrad(layer, () => noGrad(() => loss(layer, x, y)))()).toThrow(StateError);
    expect(() => valueAndGrad(layer, () => stopGradient(loss(layer, x, y)))()).toThrow(StateError);
    expect(() => valueAndGrad(layer, () => layer.apply(x))()).toThrow(ShapeError);
  });
});

describe("minimize", () => {
  it("is a step down the gradients, and gives what f does", () => {
    const make = (): Sequential =>
      new Sequential([layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" })]);
    const [one, other] = [make(), make()];
    const [first, second] = [new optimizers.Adam(), new optimizers.Adam()];
    const judged = (model: Sequential): readonly [Tensor, Tensor] => {
      const prediction = model.apply(x);
      return [losses.meanSquaredError(y, prediction), prediction];
    };
    const step = capture(() => first.minimize(one, () => judged(one)));
    for (let i = 0; i < 3; i++) {
      const [loss, prediction] = step();
      const [[expected], gradients] = valueAndGrad(other, () => judged(other))();
      second.step(other.trainableWeights, gradients);
      expect(loss.item()).toBe(expected.item());
      expect(prediction.shape).toEqual([2, 1]);
    }
    expect(one.weights.map((x) => x.array())).toEqual(other.weights.map((x) => x.array()));
  });

  it("scales the loss as the optimizer wants it, and reports it as it is", () => {
    const layer = dense();
    const optimizer = new optimizers.SGD({ learningRate: 0.1, lossScaleFactor: 1024 });
    const plain = dense();
    const value = optimizer.minimize(layer, () => loss(layer, x, y));
    expect(new optimizers.SGD({ learningRate: 0.1 }).minimize(plain, () => loss(plain, x, y)).item()).toBe(
      value.item(),
    );
    expect(layer.weights.map((x) => x.array())).toEqual(plain.weights.map((x) => x.array()));
  });

  it("refuses what it cannot step down, and changes nothing then", () => {
    const layer = dense();
    layer.apply(x);
    const optimizer = new optimizers.SGD({ learningRate: 1 });
    expect(() => optimizer.minimize(layer, () => layer.apply(x))).toThrow(ShapeError);
    expect(() => optimizer.minimize(layer, () => noGrad(() => loss(layer, x, y)))).toThrow(StateError);
    expect(() => optimizer.minimize([], () => loss(layer, x, y))).toThrow("minimize: there must be trainable weights");
    expect(() => optimizer.minimize(layer, 3 as never)).toThrow(ArgumentError);
    expect(layer.weights[0].array()).toEqual([[1], [1]]);
    expect(optimizer.iterations.item()).toBe(0);
  });
});
