// Convolutions of images and gradients that are zero in many places, which the kernels multiply by lists: the operands of
// a sum give the results of a sum, whichever way each is computed.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { add, mul, sub } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { type ConvOptions, conv2d } from "../../ts/ops/conv.ts";
import { randomNormal, seed } from "../../ts/ops/random.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

/** x where three of four numbers are zero. */
function thinned(x: Tensor): Tensor {
  const values = x.data();
  for (let i = 0; i < values.length; i++) if ((i * 7919) % 4 !== 0) values[i] = 0;
  return tensor(values, { shape: [...x.shape] });
}

const cases: [string, number[], number[], ConvOptions][] = [
  ["without padding", [4, 13, 13, 32], [3, 3, 32, 64], {}],
  ["with padding", [4, 9, 10, 16], [3, 3, 16, 24], { padding: "same" }],
  ["with strides", [4, 16, 15, 16], [3, 3, 16, 24], { padding: "same", strides: 2 }],
  ["of one image", [1, 12, 11, 8], [5, 3, 8, 40], {}],
  ["of one pixel", [2, 14, 14, 64], [1, 1, 64, 16], {}],
];

describe("zeros in a convolution", () => {
  it.each(cases)("are left out %s", (_name, imageShape, filterShape, options) => {
    seed(7);
    const x = randomNormal(imageShape);
    const filters = randomNormal(filterShape, { stddev: 0.1 });
    const some = thinned(x);
    const others = sub(x, some);
    const y = conv2d(x, filters, undefined, options);
    expectClose(add(conv2d(some, filters, undefined, options), conv2d(others, filters, undefined, options)), y);

    const dy = randomNormal(y.shape);
    const someDy = thinned(dy);
    const othersDy = sub(dy, someDy);
    const byImage = (dy: Tensor): Tensor =>
      grad((x: Tensor) => sum(mul(conv2d(x, filters, undefined, options), dy)))(x) as Tensor;
    const byFilters = (dy: Tensor): Tensor =>
      grad((filters: Tensor) => sum(mul(conv2d(x, filters, undefined, options), dy)))(filters) as Tensor;
    expectClose(add(byImage(someDy), byImage(othersDy)), byImage(dy));
    expectClose(add(byFilters(someDy), byFilters(othersDy)), byFilters(dy));
  });

  it("do not hide what is not a number", () => {
    const x = tensor(new Float32Array(4 * 8 * 8 * 16), { shape: [4, 8, 8, 16] });
    const values = x.data();
    values[5 * 16 + 3] = Number.NaN;
    const y = conv2d(tensor(values, { shape: [4, 8, 8, 16] }), randomNormal([3, 3, 16, 8])).data();
    expect(y.filter((value) => Number.isNaN(value)).length).toBe(3 * 8);
  });
});

function expectClose(actual: Tensor, expected: Tensor): void {
  const [a, b] = [actual.data(), expected.data()];
  const scale = Math.sqrt(b.reduce((sum, value) => sum + value * value, 0) / b.length);
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-5 * scale * Math.sqrt(32));
}

describe("strides beyond the image", () => {
  it.each(["valid", "same"] as const)("are as those that leave one window, and cost no more: %s", (padding) => {
    seed(3);
    const [x, filters] = [randomNormal([1, 5, 5, 2]), randomNormal([3, 3, 2, 4])];
    const gradients = (strides: number): number[][] =>
      (
        grad(([a, b]: readonly Tensor[]) => sum(conv2d(a, b, undefined, { strides, padding })))([
          x,
          filters,
        ]) as Tensor[]
      ).map((dx) => [...dx.data()]);
    expect(gradients(2 ** 20)).toEqual(gradients(5));
  });
});
