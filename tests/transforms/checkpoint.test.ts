// checkpoint: the same numbers, less memory, eagerly and captured; what f updates is updated once.
import { describe, expect, it } from "vitest";
import {
  backward,
  capture,
  checkpoint,
  dropout,
  Generator,
  grad,
  layers,
  matmul,
  memory,
  mul,
  noGrad,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  Variable,
} from "../../ts/index.ts";
import { record } from "../../ts/runtime/record.ts";
import { scope } from "../../ts/tensor/scope.ts";
import { spread } from "../layers/close.ts";

const values = (x: Tensor): number[] => [...x.data()];
const WIDTH = 16;
const weights = [1, 2, 3, 4].map((seed) => new Variable(spread([WIDTH, WIDTH], { seed, low: -0.4, high: 0.4 })));

/** Twelve products and activations with one of the weights. */
const block =
  (w: Variable) =>
  (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < 12; i++) y = tanh(matmul(y, w));
    return y;
  };

/** Four blocks, each as it stands or as a checkpoint; `look` is called at the end of the way forward. */
const network =
  (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor, look: () => void = () => {}) =>
  (x: Tensor): Tensor => {
    const y = weights.reduce((h, w) => wrap(block(w))(h), x);
    const loss = sum(square(y));
    look();
    return loss;
  };
const asIs = (f: (x: Tensor) => Tensor) => f;
const x = spread([1024, WIDTH], { seed: 9 });

describe("checkpoint", () => {
  it("changes no bit of value and gradients, with respect to arguments and to variables inside", () => {
    const gradients = (wrap: typeof asIs): Tensor[] =>
      grad((p: readonly Tensor[]) => network(wrap)(p[0]))([x, ...weights]) as Tensor[];
    const [plain, again] = [gradients(asIs), gradients(checkpoint)];
    again.forEach((g, i) => {
      expect(values(g)).toEqual(values(plain[i]));
    });
    expect(values(network(checkpoint)(x))).toEqual(values(network(asIs)(x)));
  });

  it("keeps a fraction of the memory between the way forward and the way back", () => {
    const inUse = (wrap: typeof asIs): number => {
      const before = memory.report().inUse;
      let during = 0;
      grad(
        network(wrap, () => {
          during = memory.report().inUse - before;
        }),
      )(x).dispose();
      return during;
    };
    const [plain, saved] = [inUse(asIs), inUse(checkpoint)];
    // 96 activations of 64 KiB, or one for each of four blocks.
    expect(plain).toBeGreaterThan(90 * 65536);
    expect(saved).toBeLessThan(plain / 8);
  });

  it("makes the arena of a captured step smaller, and replays the same bits", () => {
    const arena = (wrap: typeof asIs): number => {
      const step = (): Tensor => grad(network(wrap))(x);
      return scope(() => {
        const [, program] = record([], step, (y) => [y.buffer]);
        const bytes = program.arenaBytes;
        program.dispose();
        return bytes;
      });
    };
    expect(arena(checkpoint)).toBeLessThan(arena(asIs) / 2);
    const captured = capture((z: Tensor) => grad(network(checkpoint))(z));
    const eager = values(grad(network(asIs))(x));
    for (let i = 0; i < 2; i++) expect(values(captured(x))).toEqual(eager);
    captured.dispose();
  });

  it("draws the same random numbers again, and goes on with the stream where it was", () => {
    const run = (wrap: typeof asIs): number[][] => {
      const generator = new Generator(5);
      const f = wrap((z: Tensor) => mul(dropout(z, 0.5, { generator }), dropout(z, 0.3, { generator })));
      const gradient = grad((z: Tensor) => sum(mul(f(z), z)))(x);
      return [values(gradient), values(dropout(x, 0.5, { generator }))];
    };
    expect(run(checkpoint)).toEqual(run(asIs));
  });

  it("updates running statistics once", () => {
    const run = (wrap: typeof asIs): number[][] => {
      const layer = layers.batchNormalization({ inputShape: [WIDTH] });
      const f = wrap((z: Tensor) => layer.apply(z, { training: true }));
      const gradient = grad((z: Tensor) => sum(square(f(z))))(x);
      return [values(gradient), ...layer.weights.map(values)];
    };
    expect(run(checkpoint)).toEqual(run(asIs));
  });

  it("has second derivatives, nests, and works with backward", () => {
    const cube = checkpoint((z: Tensor) => mul(checkpoint(square)(z), z));
    const first = (z: Tensor): Tensor => sum(grad((t: Tensor) => sum(cube(t)))(z));
    expect(values(grad(first)(tensor([1, 2])))).toEqual([6, 12]);
    const w = new Variable(tensor([3]));
    backward(sum(checkpoint((z: Tensor) => mul(z, square(w)))(tensor([2]))));
    expect((w.grad as Tensor).item()).toBe(12);
  });

  it("is f itself where nothing is noted, and untracked where nothing is tracked", () => {
    expect(noGrad(() => checkpoint((z: Tensor) => z)(x))).toBe(x);
    expect(checkpoint(square)(x).derivation).toBeUndefined();
  });
});
