// Winograd's convolutions against the direct ones: their results and gradients, over one chunk of lines and several.
import { afterEach, describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { type ConvOptions, conv2d } from "../../ts/ops/conv.ts";
import { randomNormal, seed } from "../../ts/ops/random.ts";
import { configure } from "../../ts/runtime/engine.ts";
import { profile } from "../../ts/runtime/profile.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

afterEach(() => configure({ winograd: true }));

const cases: [string, number[], number[], ConvOptions][] = [
  ["without padding", [2, 8, 10, 64], [3, 3, 64, 64], {}],
  ["with padding and odd sizes", [3, 7, 9, 32], [3, 3, 32, 48], { padding: "same" }],
  ["of several chunks", [3, 40, 41, 64], [3, 3, 64, 32], { padding: "same" }],
];

/** The result and both gradients of a convolution. */
function passes(x: Tensor, filters: Tensor, dy: Tensor, options: ConvOptions): Tensor[] {
  const loss = ([x, filters]: [Tensor, Tensor]) => sum(mul(conv2d(x, filters, undefined, options), dy));
  return [conv2d(x, filters, undefined, options), ...(grad(loss)([x, filters]) as Tensor[])];
}

describe("Winograd's convolution", () => {
  it.each(cases)("agrees with the direct one %s", async (_name, imageShape, filterShape, options) => {
    seed(3);
    const x = randomNormal(imageShape);
    const filters = randomNormal(filterShape, { stddev: 0.1 });
    configure({ winograd: false });
    const dy = randomNormal(conv2d(x, filters, undefined, options).shape);
    const direct = passes(x, filters, dy, options);
    configure({ winograd: true });
    const { rows } = profile(() => {
      for (const y of passes(x, filters, dy, options)) y.dispose();
    });
    expect(rows.map(({ kernel }) => kernel)).toContain("winograd_grad_filters_f32");
    const turned = passes(x, filters, dy, options);
    for (let i = 0; i < 3; i++) expectClose(turned[i], direct[i]);
  });
});

function expectClose(actual: Tensor, expected: Tensor): void {
  const [a, b] = [actual.data(), expected.data()];
  const scale = Math.sqrt(b.reduce((sum, value) => sum + value * value, 0) / b.length);
  expect(a.length).toBe(b.length);
  expect(a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)).toBeLessThan(3e-5 * scale);
}
