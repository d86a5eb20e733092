// Each optimizer against its formula in float64, with changing learning rates, weight decay and clipping, and against
// PyTorch.
import { describe, expect, it } from "vitest";
import { Adam, AdamW, type Optimizer, type OptimizerOptions, RMSprop, SGD } from "../../ts/optim/index.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import { readGolden } from "../golden/read.ts";
import { numbers } from "../ops/reference.ts";

const SIZE = 37;
const STEPS = 20;

/** One element: its value, its state and how a step changes them. */
type Rule = (x: number, g: number, state: number[], rate: number, t: number) => number;

const sgd: Rule = (x, g, _state, rate) => x - rate * g;

const momentum =
  (part: number, nesterov: boolean): Rule =>
  (x, g, state, rate) => {
    state[0] = part * (state[0] ?? 0) - rate * g;
    return nesterov ? x + part * state[0] - rate * g : x + state[0];
  };

const rmsprop =
  (rho: number, part: number, epsilon: number, centered: boolean): Rule =>
  (x, g, state, rate) => {
    const [velocity = 0, average = 0, step = 0] = state;
    state[0] = rho * velocity + (1 - rho) * g * g;
    state[1] = rho * average + (1 - rho) * g;
    const variance = centered ? state[0] - state[1] ** 2 : state[0];
    state[2] = part * step + (rate * g) / Math.sqrt(variance + epsilon);
    return x - state[2];
  };

const adam =
  (beta1: number, beta2: number, epsilon: number): Rule =>
  (x, g, state, rate, t) => {
    const [first = 0, second = 0] = state;
    state[0] = beta1 * first + (1 - beta1) * g;
    state[1] = beta2 * second + (1 - beta2) * g * g;
    const alpha = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    return x - (alpha * state[0]) / (Math.sqrt(state[1]) + epsilon);
  };

const rules: Record<string, [make: (options: OptimizerOptions) => Optimizer, rule: Rule]> = {
  SGD: [(options) => new SGD(options), sgd],
  "SGD with momentum": [(options) => new SGD({ momentum: 0.9, ...options }), momentum(0.9, false)],
  "SGD with Nesterov's momentum": [
    (options) => new SGD({ momentum: 0.8, nesterov: true, ...options }),
    momentum(0.8, true),
  ],
  RMSprop: [(options) => new RMSprop(options), rmsprop(0.9, 0, 1e-7, false)],
  "RMSprop with momentum": [
    (options) => new RMSprop({ rho: 0.8, momentum: 0.9, epsilon: 1e-3, ...options }),
    rmsprop(0.8, 0.9, 1e-3, false),
  ],
  "RMSprop, centered": [(options) => new RMSprop({ centered: true, ...options }), rmsprop(0.9, 0, 1e-7, true)],
  "RMSprop, centered, with momentum": [
    (options) => new RMSprop({ centered: true, momentum: 0.5, ...options }),
    rmsprop(0.9, 0.5, 1e-7, true),
  ],
  Adam: [(options) => new Adam(options), adam(0.9, 0.999, 1e-7)],
  "Adam with other betas": [
    (options) => new Adam({ beta1: 0.5, beta2: 0.9, epsilon: 1e-2, ...options }),
    adam(0.5, 0.9, 1e-2),
  ],
  AdamW: [(options) => new AdamW({ weightDecay: 0, ...options }), adam(0.9, 0.999, 1e-7)],
};

const gradientAt = (t: number): Float64Array => numbers(SIZE, -1.5, 2, t);

/** What is left of a gradient after clipping. */
function clip(g: Float64Array, { clipNorm, globalClipNorm, clipValue }: OptimizerOptions): Float64Array {
  const limit = clipNorm ?? globalClipNorm;
  const norm = Math.hypot(...g);
  if (limit !== undefined && norm > limit) return g.map((v) => (v * limit) / norm);
  return clipValue === undefined ? g : g.map((v) => Math.min(Math.max(v, -clipValue), clipValue));
}

/** Variables after 20 steps, the learning rate changing on the way: by the optimizer and by the rule. */
function train(
  make: (options: OptimizerOptions) => Optimizer,
  rule: Rule,
  options: OptimizerOptions,
): [Float32Array, Float64Array] {
  const start = numbers(SIZE, -1, 1, 77);
  const x = new Variable(tensor(Float32Array.from(start)));
  const optimizer = make({ learningRate: 0.03, ...options });
  const expected = start.slice();
  const states = Array.from(start, (): number[] => []);
  for (let t = 1; t <= STEPS; t++) {
    if (t === 11) optimizer.learningRate = 0.007;
    const rate = t < 11 ? 0.03 : 0.007;
    const gradient = gradientAt(t);
    optimizer.apply([tensor(Float32Array.from(gradient))], [x]);
    const { weightDecay = 0 } = options;
    clip(gradient, options).forEach((g, i) => {
      expected[i] = rule(expected[i] * (1 - rate * weightDecay), g, states[i], rate, t);
    });
  }
  expect(optimizer.iterations.item()).toBe(STEPS);
  const found = x.data();
  for (const thing of [x, optimizer]) thing.dispose();
  return [found, expected];
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(tolerance);
}

const variations: [name: string, options: OptimizerOptions][] = [
  ["as it is", {}],
  ["with weight decay", { weightDecay: 0.1 }],
  ["clipped by norm", { clipNorm: 2 }],
  ["clipped by the global norm", { globalClipNorm: 2, weightDecay: 0.01 }],
  ["clipped by value", { clipValue: 0.5 }],
];

describe.each(Object.entries(rules))("%s", (_name, [make, rule]) => {
  it.each(variations)("%s", (_variation, options) => {
    expectClose(...train(make, rule, options), 2e-6);
  });
});

describe("PyTorch", () => {
  const golden = readGolden("optimizers") as {
    start: number[];
    gradients: number[][];
    after: Record<string, number[]>;
    clipped: Record<string, number[]>;
  };
  const epsilon = 1e-12;
  const rate = { learningRate: 0.01 };
  const same: Record<string, Optimizer> = {
    sgd: new SGD(rate),
    "sgd momentum": new SGD({ ...rate, momentum: 0.9 }),
    "sgd nesterov": new SGD({ ...rate, momentum: 0.9, nesterov: true }),
    rmsprop: new RMSprop({ ...rate, epsilon }),
    "rmsprop momentum": new RMSprop({ ...rate, epsilon, momentum: 0.5 }),
    "rmsprop centered": new RMSprop({ ...rate, epsilon, centered: true }),
    "rmsprop centered momentum": new RMSprop({ ...rate, epsilon, momentum: 0.5, centered: true }),
    adam: new Adam({ ...rate, epsilon }),
    adamw: new AdamW({ ...rate, epsilon, weightDecay: 0.1 }),
  };

  it.each(Object.keys(golden.after))("%s is the same where Keras and PyTorch agree", (name) => {
    const x = new Variable(tensor(golden.start));
    for (const gradient of golden.gradients) same[name].step([x], [tensor(gradient)]);
    expectClose(x.data(), golden.after[name], 5e-6);
  });

  it.each(Object.keys(golden.clipped))("gradients are clipped by their common norm, at most %s", (limit) => {
    const parts = [golden.gradients[0].slice(0, 8), golden.gradients[0].slice(8)];
    const variables = parts.map((part) => new Variable(tensor(part.map(() => 0))));
    new SGD({ learningRate: 1, globalClipNorm: Number(limit) }).step(
      variables,
      parts.map((part) => tensor(part)),
    );
    const stepped = variables.flatMap((x) => Array.from(x.data(), (v) => -v));
    expectClose(stepped, golden.clipped[limit], 2e-6);
  });
});
