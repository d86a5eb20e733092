// How fast are the convolutions of the README's network, forward and back, at batch 32?
import type { Case } from "./harness/micro.ts";
import { conv2d, conv2dTranspose, grad, maxPool2d, ones, sum, type Tensor } from "./heddle.ts";

const batch = 32;

/** Three cases of a 3 x 3 convolution of square images: forward, its input's gradient, forward with the filters'. */
function convolution(name: string, size: number, channels: number, outputs: number): Case[] {
  const made = size - 2;
  const operations = 2 * batch * made * made * 9 * channels * outputs;
  const images = () => ones([batch, size, size, channels]);
  const filters = () => ones([3, 3, channels, outputs]);
  const options = { activation: "relu" } as const;
  return [
    {
      name: `conv-${name}-forward`,
      unit: "GFLOP/s",
      amount: operations,
      prepare: () => {
        const [x, w, b] = [images(), filters(), ones([outputs])];
        return () => conv2d(x, w, b, options);
      },
    },
    {
      name: `conv-${name}-grad-input`,
      unit: "GFLOP/s",
      amount: operations,
      prepare: () => {
        const [dy, w] = [ones([batch, made, made, outputs]), filters()];
        return () => conv2dTranspose(dy, w);
      },
    },
    {
      name: `conv-${name}-forward-and-grad-filters`,
      unit: "GFLOP/s",
      amount: 2 * operations,
      prepare: () => {
        const x = images();
        const w = filters();
        const gradient = grad((weights: Tensor) => sum(conv2d(x, weights)));
        return () => gradient(w);
      },
    },
  ];
}

export const cases: Case[] = [
  ...convolution("28x28x1-32", 28, 1, 32),
  ...convolution("13x13x32-64", 13, 32, 64),
  ...convolution("5x5x64-64", 5, 64, 64),
  {
    name: "max-pool-26x26x32",
    unit: "GB/s",
    amount: 4 * batch * 32 * (26 * 26 + 13 * 13),
    prepare: () => {
      const x = ones([batch, 26, 26, 32]);
      return () => maxPool2d(x, { poolSize: 2 });
    },
  },
];
