// Gradients by arguments and by what a function computes on the way, such as a layer's output.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  capture,
  grad,
  innerGrad,
  layers,
  Model,
  mean,
  mul,
  relu,
  Sequential,
  ShapeError,
  scope,
  seed,
  sin,
  slice,
  square,
  sum,
  type Tensor,
  tensor,
  variable,
} from "../../ts/index.ts";

const bits = (x: Tensor): string => new Uint32Array(x.data().buffer).join();

describe("innerGrad", () => {
  it("gives the gradient by each tensor that follows the result", () => {
    const f = innerGrad((x: Tensor, factor: number) => {
      const a = sin(x);
      const b = mul(square(a), factor) as Tensor;
      return [sum(add(b, x)), b, a, x] as const;
    });
    const x = tensor([0.5, -1]);
    const [[y, b, a], [dB, dA, dX]] = f(x, 3);
    expect(y.item()).toBeCloseTo(3 * (Math.sin(0.5) ** 2 + Math.sin(1) ** 2) - 0.5);
    expect([...b.data()]).toEqual([...mul(square(sin(x)), 3).data()]);
    expect([...dB.data()]).toEqual([1, 1]);
    expect([...dA.data()]).toEqual([...mul(a, 6).data()]);
    for (const [i, at] of [0.5, -1].entries()) expect(dX.data()[i]).toBeCloseTo(6 * Math.sin(at) * Math.cos(at) + 1, 5);
    // The argument stays as it was.
    expect([x.tracked, x.disposed]).toEqual([false, false]);
  });

  it("is 0 where the result does not follow from a tensor, and differentiable itself", () => {
    const [, [dX, dA]] = innerGrad((x: Tensor) => [sum(square(x)), x, sin(x)] as const)(tensor([1, 2]));
    expect([[...dX.data()], [...dA.data()]]).toEqual([
      [2, 4],
      [0, 0],
    ]);
    const slope = (x: Tensor): Tensor => sum(innerGrad((x: Tensor) => [sum(mul(square(x), x)), x] as const)(x)[1][0]);
    expect([...grad(slope)(tensor([1, 2])).data()]).toEqual([6, 12]);
  });

  it("shows where a network looks, whatever is frozen, and the same when captured", () => {
    seed(5);
    const input = layers.input({ shape: [8, 8, 1] });
    const last = layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", name: "last" });
    const middle = last.apply(
      layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }).apply(input),
    );
    const pooled = layers.globalAveragePooling2d().apply(middle);
    const model = new Model({ inputs: input, outputs: layers.dense({ units: 3 }).apply(pooled) });
    model.trainable = false;
    const inner = new Model({ inputs: model.inputs, outputs: [model.outputOf("last"), model.output] });
    const look = (image: Tensor, label: number): Tensor => {
      const [[, activation], [slope]] = innerGrad((x: Tensor) => {
        const [activation, scores] = inner.applyAll(x);
        return [sum(slice(scores, [0, label], [1, 1])), activation] as const;
      })(image);
      return relu(sum(mul(activation, mean(slope, [1, 2], true)), -1)) as Tensor;
    };
    const image = tensor(Array.from({ length: 64 }, (_, i) => Math.sin(i))).reshape([1, 8, 8, 1]);
    const map = look(image, 1);
    expect(map.shape).toEqual([1, 8, 8]);
    // By the pooling the slope is the same everywhere: the dense layer's weight over the number of places.
    const [kernel] = model.getLayer(-1).weights;
    const activation = inner.applyAll(image)[0];
    const expected = scope(() =>
      relu(sum(mul(activation, mul(slice(kernel, [0, 1], [4, 1]).reshape([4]), 1 / 64)), -1)),
    );
    for (const [i, value] of map.data().entries()) expect(value).toBeCloseTo(expected.data()[i], 6);
    const captured = capture(look);
    expect([bits(captured(image, 1)), bits(captured(image, 1))]).toEqual([bits(map), bits(map)]);
    expect(model.weights.every(({ trainable }) => !trainable)).toBe(true);
  });

  it("goes by a variable, and by inputs of a model with weights to train", () => {
    const weight = variable(tensor([2, 3]));
    const [, [dW]] = innerGrad((x: Tensor) => [sum(mul(square(weight), x)), weight] as const)(tensor([1, 10]));
    expect([...dW.data()]).toEqual([4, 60]);
    const model = new Sequential([layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" })]);
    const [, [dX]] = innerGrad((x: Tensor) => [sum(square(model.apply(x))), x] as const)(tensor([[1, 2]]));
    expect(dX.array()).toEqual([[6, 6]]);
  });

  it("refuses what no gradient can be taken by", () => {
    const x = tensor([1, 2]);
    const other = tensor([1]);
    expect(() => innerGrad((x: Tensor) => [square(x), x] as const)(x)).toThrow(ShapeError);
    expect(() => innerGrad((x: Tensor) => [sum(x), other] as const)(x)).toThrow(
      "must be tensors computed from f's arguments, got one that does not depend on any at 1",
    );
    expect(() => innerGrad((x: Tensor) => [sum(x), 3 as never] as const)(x)).toThrow(ArgumentError);
    expect(() => innerGrad((x: Tensor) => sum(x) as never)(x)).toThrow("what f returns");
    expect(() => innerGrad(3 as never)).toThrow(ArgumentError);
  });
});
