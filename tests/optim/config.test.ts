// Optimizers and schedules as plain JSON: by name and options, and made again from them.
import { expect, it } from "vitest";
import allOptimizers from "../../ts/generated/optimizers.ts";
import type allSchedules from "../../ts/generated/schedules.ts";
import { mul, sub } from "../../ts/ops/arithmetic.ts";
import * as optimizers from "../../ts/optim/index.ts";
import * as schedules from "../../ts/optim/schedules.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { type Variable, variable } from "../../ts/tensor/variable.ts";
import { expectClose } from "../layers/close.ts";

/** Options of each, beside those that all have. */
const optimizerOptions: { readonly [name in keyof typeof allOptimizers]: object } = {
  adafactor: { beta2Decay: -0.7 },
  adagrad: { initialAccumulatorValue: 0.2 },
  adadelta: { rho: 0.9 },
  ftrl: { beta: 1 },
  adam: { amsgrad: true, beta1: 0.8 },
  adamw: { beta2: 0.99 },
  adamax: { beta2: 0.99 },
  nadam: { epsilon: 1e-6 },
  lamb: { beta1: 0.8 },
  lion: { beta2: 0.98 },
  muon: { nsSteps: 3, excludeLayers: ["last"], rmsRate: null },
  rmsprop: { centered: true, momentum: 0.5 },
  sgd: { momentum: 0.9, nesterov: true },
  lossScaleOptimizer: { innerOptimizer: { kind: "sgd", config: { learningRate: 0.1 } }, initialScale: 4 },
};
const decay = { initialLearningRate: 0.1, decaySteps: 5 };
const scheduleOptions: { readonly [name in keyof typeof allSchedules]: object } = {
  exponentialDecay: { ...decay, decayRate: 0.5, staircase: true },
  inverseTimeDecay: { ...decay, decayRate: 0.5 },
  piecewiseConstantDecay: { boundaries: [2, 4], values: [0.1, 0.2, 0.3] },
  polynomialDecay: { ...decay, power: 2 },
  cosineDecay: { ...decay, alpha: 0.1 },
  cosineDecayRestarts: { initialLearningRate: 0.1, firstDecaySteps: 3 },
  stepDecay: { initialLearningRate: 0.1, stepSize: 2 },
  linearWarmup: { learningRate: { kind: "cosineDecay", config: decay }, warmupSteps: 3 },
  oneCycle: { maxLearningRate: 0.1, totalSteps: 10 },
};

interface Written {
  readonly kind: string;
  config(): optimizers.Optimizer extends { config(): infer C } ? C : never;
}

/** What a file would hold of it. */
const written = (thing: Written): { kind: string; config: never } =>
  JSON.parse(JSON.stringify({ kind: thing.kind, config: thing.config() }));

/** Some weights after two steps. */
function trained(optimizer: optimizers.Optimizer): Float32Array {
  const x = variable(
    tensor([
      [1, -2],
      [0.5, 3],
    ]),
  );
  for (let i = 0; i < 2; i++) optimizer.step([x], [mul(x, i + 1)]);
  const values = x.data() as Float32Array;
  for (const one of [optimizer, x]) one.dispose();
  return values;
}

it.each(Object.entries(optimizerOptions))("%s travels with its options", (kind, own) => {
  const exported = new Map(Object.entries<unknown>(optimizers));
  expect(exported.get(kind)).toBe(new Map(Object.entries<unknown>(allOptimizers)).get(kind));
  const common = kind === "lossScaleOptimizer" ? {} : { weightDecay: 0.01, clipValue: 2, useEma: true };
  const config = { ...own, ...common };
  const optimizer = optimizers.fromConfig({ kind, config: config as never });
  expect(written(optimizer)).toEqual({ kind, config });
  const again = optimizers.fromConfig(written(optimizer));
  expect(again.constructor).toBe(optimizer.constructor);
  expect(trained(again)).toEqual(trained(optimizer));
});

it.each(Object.entries(scheduleOptions))("%s travels with its options", (kind, config) => {
  const schedule = schedules.fromConfig({ kind, config: config as never });
  expect(written(schedule)).toEqual({ kind, config });
  const again = schedules.fromConfig(written(schedule));
  for (const step of [0, 1, 4, 7]) expect(schedules.rateAt(again, step)).toBe(schedules.rateAt(schedule, step));
});

it("an optimizer takes its schedule along, and the learning rate that was set last", () => {
  const scheduled = optimizers.adam({ learningRate: schedules.linearWarmup({ learningRate: 0.1, warmupSteps: 4 }) });
  const config = { learningRate: { kind: "linearWarmup", config: { learningRate: 0.1, warmupSteps: 4 } } };
  expect(written(scheduled)).toEqual({ kind: "adam", config });
  const again = optimizers.fromConfig(written(scheduled));
  expect(again.hasSchedule).toBe(true);
  const set = optimizers.sgd({ learningRate: 0.1 });
  expect(set.config()).toEqual({ learningRate: 0.1 });
  set.learningRate = 0.25;
  expect(set.config()).toEqual({ learningRate: 0.25 });
  expect(optimizers.adamw().config()).toEqual({});
  for (const one of [scheduled, again, set]) one.dispose();
});

it("optimizers and schedules of one's own are found once they are defined", () => {
  class Signs extends optimizers.Optimizer {
    protected slotsOf(): optimizers.Slots<never> {
      return {};
    }
    protected update(x: Variable, _: optimizers.Slots, gradient: never, { rate }: optimizers.Update): void {
      x.assign(sub(x, mul(rate, gradient)));
    }
  }
  const nameless = new Signs({ learningRate: 0.5 });
  expect(() => nameless.config()).toThrow("optimizer: to be saved or sent, it must be of a class of defineOptimizer");
  optimizers.defineOptimizer("signs", Signs, ["learningRate weightDecay#"]);
  const made = optimizers.fromConfig({ kind: "signs", config: { learningRate: 0.5 } });
  expect(made).toBeInstanceOf(Signs);
  expect(written(made)).toEqual({ kind: "signs", config: { learningRate: 0.5 } });
  expect(() => optimizers.fromConfig({ kind: "signs", config: { rate: 1 } })).toThrow("signs: unknown option rate");
  expectClose(trained(made), trained(optimizers.sgd({ learningRate: 0.5 })));
  nameless.dispose();

  const halved = schedules.defineSchedule(
    "halved",
    ({ rate }: { rate: number }) =>
      (step) =>
        mul(mul(step, 0), rate),
    ["rate#"],
  );
  expect(written(halved({ rate: 2 }))).toEqual({ kind: "halved", config: { rate: 2 } });
  expect(schedules.rateAt(schedules.fromConfig({ kind: "halved", config: { rate: 2 } }), 1)).toBe(0);
});

it.each<[string, () => unknown]>([
  ["adam: unknown option beta", () => optimizers.fromConfig({ kind: "adam", config: { beta: 1 } })],
  ["optimizer: the name must be one of", () => optimizers.fromConfig("adamaxx")],
  [
    "the configuration must be that of an optimizer, got that of stepDecay",
    () => optimizers.fromConfig({ kind: "stepDecay", config: { initialLearningRate: 1, stepSize: 2 } }),
  ],
  [
    "schedule: a configuration must be at most 100 deep",
    () => {
      let config: object = { kind: "stepDecay", config: { initialLearningRate: 1, stepSize: 2 } };
      for (let i = 0; i < 20000; i++)
        config = { kind: "linearWarmup", config: { learningRate: config, warmupSteps: 1 } };
      schedules.fromConfig(config as never);
    },
  ],
  ["schedule: the name must be one of", () => schedules.fromConfig({ kind: "adam" })],
  ["adam: to be saved or sent, decays must be plain values", () => optimizers.adam({ decays: () => true }).config()],
  [
    "adam: to be saved or sent, learningRate must be plain values",
    () => optimizers.adam({ learningRate: (step) => mul(step, 0) }).config(),
  ],
  ["defineOptimizer: map must be a class of optimizers", () => optimizers.defineOptimizer("map", Map as never)],
])("%s", (message, f) => {
  expect(f).toThrow(message);
  expect(f).toThrow(expect.objectContaining({ name: "ArgumentError" }));
});
