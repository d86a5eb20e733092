// 100 steps of every optimizer with several settings, and the schedules, as Keras 3 takes them.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { noGrad } from "../../ts/autograd/tape.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import * as optimizers from "../../ts/optim/index.ts";
import { rateAt, type Schedule } from "../../ts/optim/rate.ts";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
} from "../../ts/optim/schedules.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import { readGolden } from "../golden/read.ts";

type Options = Record<string, unknown>;

const golden = readGolden("keras-optimizers") as {
  rate: number;
  start: number[];
  optimizers: Record<string, { options: Options; shapes: number[][]; after: number[]; average?: number[] }>;
  lossScaling: { scales: number[]; after: number[] };
  schedules: Record<string, { options: Options; rates: number[] }>;
};

const STEPS = 100;

/** The script's noise. */
const noise = (n: number): number => Math.fround(((n * 7919) % 1009) / 500 - 1);

const renamed: Record<string, string> = {
  clipnorm: "clipNorm",
  global_clipnorm: "globalClipNorm",
  clipvalue: "clipValue",
  beta_2_decay: "beta2Decay",
};

/** Keras's option names in camelCase. */
function camelCase(options: Options): Options {
  const name = (key: string): string => renamed[key] ?? key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [name(key), value]));
}

const makers: Record<string, new (options: never) => optimizers.Optimizer> = {
  sgd: optimizers.SGD,
  rmsprop: optimizers.RMSprop,
  adagrad: optimizers.Adagrad,
  adadelta: optimizers.Adadelta,
  adam: optimizers.Adam,
  adamw: optimizers.AdamW,
  adamax: optimizers.Adamax,
  nadam: optimizers.Nadam,
  lion: optimizers.Lion,
  lamb: optimizers.Lamb,
  adafactor: optimizers.Adafactor,
  ftrl: optimizers.Ftrl,
  muon: optimizers.Muon,
  "clipped by norm": optimizers.Adam,
  "clipped by the global norm": optimizers.SGD,
  "clipped by value": optimizers.SGD,
  ema: optimizers.SGD,
  "ema overwriting": optimizers.Adam,
  accumulating: optimizers.Adam,
  "accumulating, clipped": optimizers.SGD,
  "loss scale": optimizers.SGD,
};

function make(name: string, options: Options): optimizers.Optimizer {
  const Maker = makers[name] ?? makers[name.split(" ")[0]];
  return new Maker({ learningRate: golden.rate, ...camelCase(options) } as never);
}

function expectClose(found: ArrayLike<number>, expected: readonly number[], rtol: number, atol: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    expect(difference, `element ${i}: ${found[i]}, not ${expected[i]}`).toBeLessThanOrEqual(
      atol + rtol * Math.abs(expected[i]),
    );
  }
}

function variables(shapes: number[][]): Variable[] {
  let at = 0;
  return shapes.map((shape, i) => {
    const size = shape.reduce((a, b) => a * b);
    at += size;
    return new Variable(tensor(golden.start.slice(at - size, at), { shape }), { name: `v${i}` });
  });
}

const values = (list: readonly Variable[]): number[] => list.flatMap((x) => [...x.data()]);

/** 100 steps whose gradients are 0.3 x + noise. */
function train(optimizer: optimizers.Optimizer, list: readonly Variable[], captured: boolean): void {
  const step = (...noises: Tensor[]): void => {
    const gradients = noGrad(() => list.map((x, i) => add(mul(x, 0.3), noises[i])));
    optimizer.step(list, gradients);
  };
  const stepper = captured ? capture(step) : step;
  for (let t = 0; t < STEPS; t++) {
    scope(() => {
      let at = 0;
      const noises = list.map((x) => {
        at += x.size;
        return tensor(
          Array.from({ length: x.size }, (_, i) => noise(17 * t + at - x.size + i)),
          { shape: x.shape },
        );
      });
      stepper(...noises);
    });
  }
  if (captured) (stepper as { dispose?: () => void }).dispose?.();
}

describe.each(Object.entries(golden.optimizers))("%s", (name, { options, shapes, after, average }) => {
  it("takes Keras's steps", () => {
    const list = variables(shapes);
    const optimizer = make(name, options);
    train(optimizer, list, false);
    expectClose(values(list), after, 1e-5, 1e-6);
    if (average !== undefined) {
      optimizer.finalizeVariableValues(list);
      expectClose(values(list), average, 1e-5, 1e-6);
    }
    optimizer.dispose();
  });

  it("takes the same captured, bit for bit", () => {
    const [eager, captured] = [false, true].map((captured) => {
      const list = variables(shapes);
      const optimizer = make(name, options);
      train(optimizer, list, captured);
      const state = Object.values(optimizer.state()).flatMap((x) => [...x.data()]);
      optimizer.dispose();
      return [...values(list), ...state];
    });
    expect(captured).toEqual(eager);
  });
});

describe("loss scaling", () => {
  it.each([false, true])("halves and doubles the scale as Keras does, captured: %s", (captured) => {
    const x = new Variable(tensor(golden.start.slice(0, 4)));
    const inner = new optimizers.Adam({ learningRate: golden.rate });
    const optimizer = new optimizers.LossScaleOptimizer({
      innerOptimizer: inner,
      initialScale: 8,
      dynamicGrowthSteps: 3,
    });
    const step = (g: Tensor): void => optimizer.step([x], [g]);
    const stepper = captured ? capture(step) : step;
    const scales = golden.lossScaling.scales.map((_, t) => {
      const scale = optimizer.dynamicScale.item();
      const g = Array.from({ length: 4 }, (_, i) => noise(17 * t + i) * scale);
      if (t === 3) g[1] = Number.POSITIVE_INFINITY;
      stepper(tensor(g));
      return optimizer.dynamicScale.item();
    });
    expect(scales).toEqual(golden.lossScaling.scales);
    expectClose(x.data(), golden.lossScaling.after, 1e-5, 1e-7);
    expect(optimizer.iterations.item()).toBe(9);
  });
});

const scheduleMakers: Record<string, (options: never) => Schedule> = {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
};

describe("schedules", () => {
  it.each(Object.entries(golden.schedules))("%s are Keras's", (name, { options, rates }) => {
    const schedule = scheduleMakers[name.split(" ")[0]](camelCase(options) as never);
    const found = rates.map((_, i) => rateAt(schedule, 3 * i));
    expectClose(found, rates, 1e-5, 1e-8);
  });
});
