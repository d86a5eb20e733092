// Makers of what networks are made of: products, convolutions, pooling, normalization, recurrence, attention.
import * as ops from "../../../ts/ops/public.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import type { Random } from "../harness/random.ts";
import type { Maker } from "./makers.ts";
import type { Draft } from "./program.ts";

/** A value of this rank with something in it, or a leaf. */
function operand(draft: Draft, rank: number, leaf: (random: Random) => number[]): number {
  const found = draft.find((x) => x.dtype === "f32" && x.rank === rank && x.size > 0);
  return found ?? draft.leaf(leaf(draft.random));
}

const dims = (values: readonly AnyTensor[], i: number): readonly number[] => values[i].shape;
const at = (values: readonly AnyTensor[], i: number): Tensor => values[i] as Tensor;

const matmul: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, random.pick([2, 2, 3]), () => [random.whole(1, 60), random.whole(1, 60)]);
  const shape = dims(draft.values, i);
  const [transposeA, transposeB] = [random.chance(0.3), random.chance(0.3)];
  const depth = transposeA ? shape[shape.length - 2] : shape[shape.length - 1];
  const columns = random.pick([1, 3, 8, 17, 40, 65]);
  const batch = random.chance(0.5) ? shape.slice(0, -2) : [];
  const j = draft.leaf([...batch, ...(transposeB ? [columns, depth] : [depth, columns])]);
  const options = { transposeA, transposeB };
  return {
    text: `matmul(${i}, ${j}, ${JSON.stringify(options)})`,
    apply: (values) => ops.matmul(at(values, i), at(values, j), options),
  };
};

const linear: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, random.pick([1, 2, 3]), () => [random.whole(1, 40), random.whole(1, 80)]);
  const depth = dims(draft.values, i).at(-1) ?? 1;
  const units = random.pick([1, 2, 10, 33, 64]);
  const w = draft.leaf([depth, units]);
  const b = random.chance(0.7) ? draft.leaf([units]) : undefined;
  const activation = random.pick(["relu", undefined] as const);
  return {
    text: `linear(${i}, ${w}, ${b}, ${activation})`,
    apply: (values) =>
      ops.linear(at(values, i), at(values, w), b === undefined ? undefined : at(values, b), { activation }),
  };
};

const image = (random: Random): number[] => [
  random.whole(1, 3),
  random.whole(3, 14),
  random.whole(3, 14),
  random.pick([1, 2, 3, 8, 16, 24]),
];

const conv2d: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 4, image);
  const channels = dims(draft.values, i)[3];
  const filters = random.pick([1, 4, 7, 16, 32]);
  const size = random.pick([1, 2, 3, 3, 3, 5]);
  const [f, b] = [draft.leaf([size, size, channels, filters]), draft.leaf([filters])];
  const strided = random.chance(0.3);
  const options = {
    padding: random.pick(["same", "valid"] as const),
    strides: strided ? 2 : 1,
    dilationRate: !strided && random.chance(0.2) ? 2 : 1,
    activation: random.pick(["relu", undefined] as const),
  };
  return {
    text: `conv2d(${i}, ${f}, ${b}, ${JSON.stringify(options)})`,
    apply: (values) => ops.conv2d(at(values, i), at(values, f), at(values, b), options),
  };
};

const conv2dTranspose: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 4, image);
  const outputs = random.pick([1, 3, 8]);
  const size = random.whole(1, 4);
  const f = draft.leaf([size, size, outputs, dims(draft.values, i)[3]]);
  const options = { padding: random.pick(["same", "valid"] as const), strides: random.whole(1, 2) };
  return {
    text: `conv2dTranspose(${i}, ${f}, ${JSON.stringify(options)})`,
    apply: (values) => ops.conv2dTranspose(at(values, i), at(values, f), undefined, options),
  };
};

const depthwiseConv2d: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 4, image);
  const f = draft.leaf([random.whole(1, 3), random.whole(1, 3), dims(draft.values, i)[3], random.whole(1, 2)]);
  const options = { padding: random.pick(["same", "valid"] as const) };
  return {
    text: `depthwiseConv2d(${i}, ${f}, ${JSON.stringify(options)})`,
    apply: (values) => ops.depthwiseConv2d(at(values, i), at(values, f), undefined, options),
  };
};

const conv1d: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 3, () => [random.whole(1, 4), random.whole(3, 30), random.whole(1, 12)]);
  const filters = random.pick([1, 5, 16]);
  const f = draft.leaf([random.whole(1, 4), dims(draft.values, i)[2], filters]);
  const options = { padding: random.pick(["same", "valid", "causal"] as const) };
  return {
    text: `conv1d(${i}, ${f}, ${JSON.stringify(options)})`,
    apply: (values) => ops.conv1d(at(values, i), at(values, f), undefined, options),
  };
};

const pool2d: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 4, image);
  const pool = random.pick([ops.maxPool2d, ops.avgPool2d]);
  const options = {
    poolSize: random.whole(1, 3),
    strides: random.whole(1, 2),
    padding: random.pick(["same", "valid"] as const),
  };
  return {
    text: `${pool.name}(${i}, ${JSON.stringify(options)})`,
    apply: (values) => pool(at(values, i), options),
  };
};

const globalPool: Maker = (draft) => {
  const i = operand(draft, 4, image);
  const pool = draft.random.pick([ops.globalAveragePool2d, ops.globalMaxPool2d]);
  return { text: `${pool.name}(${i})`, apply: (values) => pool(at(values, i)) };
};

const layerNorm: Maker = (draft) => {
  const i = operand(draft, draft.random.whole(1, 4), (random) => [random.whole(1, 9), random.whole(1, 50)]);
  const size = dims(draft.values, i).at(-1) ?? 1;
  const [g, b] = [draft.leaf([size]), draft.leaf([size])];
  return {
    text: `layerNorm(${i}, ${g}, ${b})`,
    apply: (values) => ops.layerNorm(at(values, i), at(values, g), at(values, b)),
  };
};

const recurrent: Maker = (draft) => {
  const { random } = draft;
  const [batch, time, units] = [random.whole(1, 5), random.whole(1, 7), random.pick([1, 3, 8, 20])];
  const name = random.pick(["lstm", "simpleRnn"] as const);
  const gates = name === "lstm" ? 4 : 1;
  const [x, k] = [draft.leaf([batch, time, gates * units]), draft.leaf([units, gates * units])];
  const options = { returnSequences: random.chance(0.5) };
  return {
    text: `${name}(${x}, ${k}, ${JSON.stringify(options)})`,
    apply: (values) =>
      name === "lstm"
        ? ops.lstm(at(values, x), at(values, k), undefined, undefined, undefined, options)
        : ops.simpleRnn(at(values, x), at(values, k), undefined, undefined, options),
  };
};

const attention: Maker = (draft) => {
  const { random } = draft;
  const [batch, heads, queries, keys] = [1, 2, 12, 12].map((most) => random.whole(1, most));
  const size = random.pick([2, 4, 7, 16]);
  const [q, k, v] = [queries, keys, keys].map((rows) => draft.leaf([batch, heads, rows, size]));
  const options = { causal: random.chance(0.4) && queries <= keys };
  return {
    text: `attention(${q}, ${k}, ${v}, ${JSON.stringify(options)})`,
    apply: (values) => ops.attention(at(values, q), at(values, k), at(values, v), options),
  };
};

const embedding: Maker = (draft) => {
  const { random } = draft;
  const [words, size] = [random.whole(1, 40), random.whole(1, 20)];
  const table = draft.leaf([words, size]);
  const ids = draft.leaf([random.whole(1, 4), random.whole(1, 9)], { dtype: "i32", high: words });
  return {
    text: `embedding(${table}, ${ids})`,
    apply: (values) => ops.embedding(at(values, table), values[ids] as Tensor<"i32">),
  };
};

const resize: Maker = (draft) => {
  const { random } = draft;
  const i = operand(draft, 4, image);
  const size = [random.whole(1, 9), random.whole(1, 9)] as const;
  const interpolation = random.pick(["nearest", "bilinear"] as const);
  return {
    text: `resize(${i}, ${size}, ${interpolation})`,
    apply: (values) => ops.resize(at(values, i), size, { interpolation }),
  };
};

export const networkMakers: readonly Maker[] = [
  ...[matmul, matmul, linear, linear, conv2d, conv2d, conv2dTranspose, depthwiseConv2d, conv1d],
  ...[pool2d, globalPool, layerNorm, recurrent, attention, embedding, resize],
];
