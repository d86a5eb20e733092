// How fast are matrix products: square ones of all sizes, transposed ones, batched ones, and those of a dense layer?
import type { Case } from "./harness/micro.ts";
import { linear, matmul, ones } from "./heddle.ts";

interface Transposed {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** [m, k] x [k, n], `batch` times. */
function product(name: string, [m, k, n]: [number, number, number], options: Transposed = {}, batch = 1): Case {
  const leading = batch > 1 ? [batch] : [];
  return {
    name: `matmul-${name}`,
    unit: "GFLOP/s",
    amount: 2 * m * n * k * batch,
    prepare: () => {
      const a = ones([...leading, ...(options.transposeA ? [k, m] : [m, k])]);
      const b = ones([...leading, ...(options.transposeB ? [n, k] : [k, n])]);
      return () => matmul(a, b, options);
    },
  };
}

export const cases: Case[] = [
  ...[16, 32, 64, 128, 256, 512, 960].map((size) => product(`${size}`, [size, size, size])),
  product("512-transpose-a", [512, 512, 512], { transposeA: true }),
  product("512-transpose-b", [512, 512, 512], { transposeB: true }),
  product("64x128", [128, 128, 128], {}, 64),
  product("vector-1024", [1, 1024, 1024]),
  product("batch-32x784x64", [32, 784, 64]),
  {
    name: "linear-relu-32x576x64",
    unit: "GFLOP/s",
    amount: 2 * 32 * 576 * 64,
    prepare: () => {
      const [x, weights, bias] = [ones([32, 576]), ones([576, 64]), ones([64])];
      return () => linear(x, weights, bias, { activation: "relu" });
    },
  },
];
