// What people see of models, layers and optimizers: one line in a console, and errors where a result has no values yet.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  grad,
  layers,
  Model,
  ones,
  optimizers,
  Sequential,
  squeeze,
  type Tensor,
  variable,
} from "../../ts/index.ts";

const { dense } = layers;

describe("consoles show", () => {
  it("layers, models, optimizers, data and symbolic results in one line", () => {
    const layer = dense({ units: 3, name: "first" });
    expect(inspect(layer)).toBe("first (dense): not built");
    const model = new Sequential([layer, dense({ units: 1 })], { name: "net" });
    model.ensureBuilt([2]);
    model.trainable = false;
    expect(inspect(model)).toBe("net (sequential): [batch, 2] -> [batch, 1], 13 parameters, frozen");
    expect(`${layer}`).toBe("first (dense): [batch, 2] -> [batch, 3], 9 parameters, frozen");
    expect(inspect(new optimizers.SGD({ learningRate: 0.5 }))).toBe("SGD: learning rate 0.5, 0 iterations");
    expect(inspect(new ArrayData(new Float32Array(6), [3, 2], "f32"))).toBe("ArrayData f32 [3, 2]");
    const x = layers.input({ shape: [2], name: "x" });
    expect(inspect({ x })).toBe("{ x: Symbolic f32 [batch, 2] of x }");
    const y = dense({ units: 1, name: "y" }).apply(x);
    expect(inspect(new Model({ inputs: x, outputs: y, name: "f" }))).toContain(
      "f (functional): [batch, 2] -> [batch, 1]",
    );
  });
});

describe("a symbolic result taken for a tensor", () => {
  it("says what can be done with it", () => {
    const x = layers.input({ shape: [2], name: "x" }) as unknown as Tensor;
    expect(() => x.backward()).toThrow("backward: it must be called on tensors, got the result of x");
    expect(() => grad((w: Tensor) => w)(x)).toThrow(ArgumentError);
    expect(() => squeeze(x)).toThrow("squeeze: x must be a tensor, got a symbolic result; apply layers.lambda(");
  });
});

describe("a step without variables", () => {
  it("says that the model must be built first", () => {
    const optimizer = new optimizers.SGD();
    const message = "build the model (call it once) before its weights and gradients are asked for";
    expect(() => optimizer.step([], [])).toThrow(`step: there must be variables to update, got none; ${message}`);
    expect(() => optimizer.step([variable(ones([1]))], [])).toThrow(`got 0 for 1; ${message}`);
  });
});
