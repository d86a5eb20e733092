// Attention by its kernels against basic ops where sequences are long; what it takes of memory; what it refuses.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import {
  type AttentionOptions,
  attention,
  attentionScores,
  attentionValues,
  rotary,
  writeRows,
} from "../../ts/ops/attention.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { slice } from "../../ts/ops/layout.ts";
import { memory } from "../../ts/runtime/engine.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import { expectClose, spread } from "../layers/close.ts";

const composed = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor =>
  attentionValues(attentionScores(q, k, options), v);

describe("kernels and basic ops agree over many blocks", () => {
  const kinds: Record<string, AttentionOptions> = {
    "all keys": {},
    causal: { causal: true },
    "a window": { window: 40 },
    "a causal window with global tokens": { window: 50, globalTokens: 3, causal: true },
    "a mask": { mask: tensor(Array.from({ length: 330 }, (_, i) => i % 5 !== 2)) },
    "from a position on": { causal: true, window: 300, position: tensor([20], { dtype: "i32" }) },
  };
  it.each(Object.entries(kinds))("%s", (_, options) => {
    const inputs = [spread([2, 290, 4, 6], { seed: 1 }), spread([2, 330, 2, 6], { seed: 2 }), spread([2, 330, 2, 3])];
    const direction = spread([2, 290, 4, 3], { seed: 3 });
    const [fused, plain] = [attention, composed].map((op) => {
      const run = ([q, k, v]: readonly Tensor[]): Tensor => op(q, k, v, options);
      const gradients = grad((xs: readonly Tensor[]) => sum(mul(run(xs), direction)))(inputs) as Tensor[];
      return [run(inputs), ...gradients];
    });
    fused.forEach((x, i) => {
      expectClose(x.data(), plain[i].data(), { relative: 1e-4, absolute: 1e-5 });
    });
  });
});

it("a window of a long sequence takes far less memory than a matrix of scores, also for gradients", () => {
  const time = 2048;
  const x = spread([1, time, 2, 8]);
  const peakOf = (op: (q: Tensor) => Tensor): number => {
    let peak = 0;
    const before = memory.report().inUse;
    grad((q: Tensor) => {
      const y = sum(op(q));
      peak = memory.report().inUse - before;
      return y;
    })(x);
    return peak;
  };
  const scores = peakOf((q) => composed(q, q, q, {}));
  expect(scores).toBeGreaterThan(4 * 2 * time * time);
  expect(peakOf((q) => attention(q, q, q, { window: 64, globalTokens: 1 }))).toBeLessThan(scores / 16);
});

it("rotary turns each row by its own position, also back", () => {
  const x = spread([2, 3, 2, 4], { seed: 1 });
  const own = [
    [0, 1, 5],
    [7, 2, 2],
  ];
  const turned = (position: Tensor<"i32">) => (x: Tensor) => rotary(x, { position });
  const [given, dy] = [tensor(Int32Array.from(own.flat()), { shape: [2, 3] }), spread([2, 3, 2, 4], { seed: 2 })];
  const gradient = (f: (x: Tensor) => Tensor, x: Tensor, dy: Tensor): Tensor =>
    grad((x: Tensor) => sum(mul(f(x), dy)))(x);
  const [y, dx] = [rotary(x, { position: given }), gradient(turned(given), x, dy)];
  own.forEach((row, b) => {
    row.forEach((position, t) => {
      const one = (x: Tensor): Tensor => slice(x, [b, t, 0, 0], [1, 1, 2, 4]) as Tensor;
      const f = turned(tensor(Int32Array.of(position)));
      expect(one(y).data()).toEqual(f(one(x)).data());
      expect(one(dx).data()).toEqual(gradient(f, one(x), one(dy)).data());
    });
    expect(
      rotary(x, { position: tensor(Int32Array.from(row)) })
        .data()
        .slice(b * 24, b * 24 + 24),
    ).toEqual(y.data().slice(b * 24, b * 24 + 24));
  });
});

describe("bad input is refused before anything is computed", () => {
  const q = zeros([2, 3, 4, 5]);
  const wrong: [string, () => unknown][] = [
    ["attention: q must be [batch, queries, heads, headDim]", () => attention(zeros([3, 4, 5]), q, q)],
    ["attention: q must be [batch, queries, heads, headDim]", () => attention(q, zeros([2, 3, 3, 5]), q)],
    ["attention: v must be [batch, keys, keyHeads, valueDim]", () => attention(q, q, zeros([2, 4, 4, 5]))],
    ["attention: scale must be above 0, got 0", () => attention(q, q, q, { scale: 0 })],
    ["attention: window must be a whole number of at least 1, got 0", () => attention(q, q, q, { window: 0 })],
    ["attention: globalTokens must be a whole number", () => attention(q, q, q, { globalTokens: -1 })],
    [
      "attention: mask must broadcast to [batch, heads, queries, keys] = [2, 4, 3, 3], got [2, 2]",
      () => attention(q, q, q, { mask: zeros<"f32">([2, 2]) }),
    ],
    ["attention: mask must", () => attention(q, q, q, { mask: zeros([3], "i32") as unknown as Tensor })],
    ["attention: position must be one number", () => attention(q, q, q, { position: zeros([2], "i32") })],
    ["attentionValues: scores must be", () => attentionValues(zeros([2, 3, 4, 5]), q)],
    ["rotary: x must be [batch, time, heads, even headDim]", () => rotary(q)],
    [
      "rotary: position must be one number, or [time] or [batch, time] for x [2, 3, 1, 4], got shape [2]",
      () => rotary(zeros([2, 3, 1, 4]), { position: zeros([2], "i32") }),
    ],
    ["writeRows: x must be", () => writeRows(new Variable(zeros([2, 9, 3])), zeros([2, 1, 4]), zeros([1], "i32"))],
  ];
  it.each(wrong)("%s", (message, call) => {
    expect(call).toThrow(message);
  });
});
