// Ops applied to symbolic inputs: models drawn with them run, train, copy, save and summarize as those of layers do.
import { beforeEach, describe, expect, it } from "vitest";
import {
  abs,
  add,
  argMax,
  cast,
  concat,
  equal,
  layers,
  Model,
  matmul,
  modelFromConfig,
  mul,
  ones,
  optimizers,
  relu,
  type Symbolic,
  sum,
  Tensor,
  tensor,
  variable,
  where,
} from "../../ts/index.ts";
import * as publicOps from "../../ts/ops/public.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { tabulate } from "../../ts/tensor/create.ts";
import type { AnyTensor } from "../../ts/tensor/tensor.ts";
import { calls } from "../ops/calls.ts";

const numbers = (...shape: number[]): Tensor => tabulate(shape, (i) => (((i * 7) % 11) - 5) / 4);
const again = (model: Model): Model =>
  modelFromConfig(JSON.parse(JSON.stringify({ kind: model.kind, config: model.config() })));
const drawn = (draw: (x: Symbolic) => Symbolic, shape: number[] = [3]): Model => {
  const x = layers.input({ shape });
  return new Model({ inputs: x, outputs: draw(x) });
};

beforeEach(() => layers.resetLayerNames());

const functions = { ...publicOps } as never as Record<string, (...args: unknown[]) => object>;
const symbolic = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(symbolic);
  return x instanceof Tensor && x.rank > 0 ? layers.input({ shape: x.shape.slice(1), dtype: x.dtype }) : x;
};

describe("every op that people see", () => {
  it.each(Object.entries(calls))(
    "%s draws what it makes of symbolic inputs, or says that it cannot",
    (name, { call }) => {
      const args = call();
      if (!args.flat().some((x) => x instanceof Tensor && x.rank > 0)) return;
      let y: object;
      try {
        y = functions[name](...args.map(symbolic));
      } catch (error) {
        expect([ArgumentError, ShapeError, DtypeError]).toContain((error as Error).constructor);
        return;
      }
      for (const one of y instanceof layers.Symbolic ? [y] : Object.values(y))
        expect(one).toBeInstanceOf(layers.Symbolic);
    },
  );
});

describe("ops of symbolic inputs", () => {
  it("give what they give of tensors, for any batch, also in a copy and from a configuration", () => {
    const cases: [draw: (x: Symbolic) => Symbolic, f: (x: Tensor) => AnyTensor, shape?: number[]][] = [
      [(x) => add(x, 1), (x) => add(x, 1)],
      [(x) => mul(2, x), (x) => mul(2, x)],
      [(x) => add(x, relu(x)), (x) => add(x, relu(x))],
      [(x) => mul(x, x), (x) => mul(x, x)],
      [(x) => concat([x, abs(x)], -1), (x) => concat([x, abs(x)], -1)],
      [(x) => sum(x, 1, true), (x) => sum(x, 1, true)],
      [(x) => x.reshape([-1, 6]), (x) => x.reshape([-1, 6]), [2, 3]],
      [(x) => x.softmax(1).mul(x), (x) => x.softmax(1).mul(x), [2, 3]],
      [(x) => x.expandDims(2).tile([1, 1, 4]), (x) => x.expandDims(2).tile([1, 1, 4])],
      [(x) => x.slice([0, 1], [-1, 2]), (x) => x.slice([0, 1], [-1, 2])],
      [(x) => x.at(":, ::-1"), (x) => x.at(":, ::-1")],
      [(x) => x.transpose([0, 2, 1]), (x) => x.transpose([0, 2, 1]), [2, 3]],
      [(x) => matmul(x, x, { transposeB: true }), (x) => matmul(x, x, { transposeB: true }), [2, 3]],
      [(x) => where(equal(x, 0.25), x.neg(), 7), (x) => where(equal(x, 0.25), x.neg(), 7)],
      [(x) => x.stopGradient().sqrt().abs(), (x) => x.stopGradient().sqrt().abs()],
    ];
    for (const [draw, f, shape = [3]] of cases) {
      const model = drawn(draw, shape);
      for (const batch of [1, 4]) {
        const x = numbers(batch, ...shape);
        const expected = f(x);
        for (const one of [model, model.copy(), again(model)]) {
          const y = one.apply(x);
          expect(y.shape).toEqual(expected.shape);
          expect(y.data()).toEqual(expected.data());
        }
      }
      expect(model.outputs[0].shape).toEqual(f(numbers(2, ...shape)).shape.slice(1));
    }
  });

  it("know the dtypes of their results", () => {
    const x = layers.input({ shape: [3] });
    expect(argMax(x, 1).dtype).toBe("i32");
    expect(equal(x, x).dtype).toBe("bool");
    const ids = layers.input({ shape: [4], dtype: "i32" });
    expect(cast(ids, "f32").dtype).toBe("f32");
    const doubled = add(ids, 1);
    expect([doubled.dtype, doubled.shape]).toEqual(["i32", [4]]);
    const model = new Model({ inputs: ids, outputs: layers.embedding({ inputDim: 9, outputDim: 2 }).apply(doubled) });
    expect(model.apply(tensor(Int32Array.of(0, 1, 2, 7), { shape: [1, 4] })).shape).toEqual([1, 4, 2]);
    expect(layers.flatten().apply(ids).dtype).toBe("i32");
    const copied = again(new Model({ inputs: ids, outputs: doubled }));
    expect(copied.outputs[0].dtype).toBe("i32");
  });

  it("train the layers around them", async () => {
    const x = layers.input({ shape: [3] });
    const hidden = layers.dense({ units: 3, activation: "tanh" }).apply(x);
    const model = new Model({ inputs: x, outputs: layers.dense({ units: 1 }).apply(add(hidden, mul(x, 0.5))) });
    model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.05 }), loss: "mse" });
    const first = await model.evaluate(numbers(8, 3), ones([8, 1]));
    const { history } = await model.fit(numbers(8, 3), ones([8, 1]), { epochs: 60, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(first.loss / 2);
    const other = again(model);
    other.importWeights(model.exportWeights());
    expect(other.apply(numbers(2, 3)).data()).toEqual(model.apply(numbers(2, 3)).data());
    expect(model.summary()).toContain("mul (Operation)");
  });

  it("take constants, which are run and copied but not written; variables among them are weights", () => {
    const constant = tensor([1, 2, 3]);
    const model = drawn((x) => mul(x, constant));
    const x = numbers(2, 3);
    expect(model.copy().apply(x).data()).toEqual(mul(x, constant).data());
    expect(() => model.config()).toThrow(ArgumentError);
    expect(() => model.config()).toThrow("mul: to be saved or sent, arguments must be plain values");
    const scale = variable(tensor([1, 2, 3]));
    expect(drawn((y) => y.mul(scale)).weights).toEqual([scale]);
  });

  it("check arguments where they are drawn", () => {
    const x = layers.input({ shape: [3] });
    expect(() => add(x, layers.input({ shape: [4] }))).toThrow(ShapeError);
    expect(() => add(x, layers.input({ shape: [3], dtype: "i32" }))).toThrow(DtypeError);
    expect(() => sum(x)).toThrow("sum: what is applied to symbolic inputs must keep the batch axis");
    expect(() => x.reshape([6])).toThrow(ShapeError);
    const config = drawn((y) => add(y, 1)).config() as never as { layers: { config: { operation: string } }[] };
    config.layers[1].config.operation = "ad";
    expect(() => modelFromConfig({ kind: "functional", config: config as never })).toThrow(/did you mean add/);
  });
});
