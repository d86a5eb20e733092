// Rows for ts/ops/attention.ts.
import * as ops from "../../../ts/ops/attention.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray, sizeOf } from "../reference.ts";
import { type Case, type Input, row } from "./case.ts";

type Sight = Omit<ops.AttentionOptions, "mask" | "position"> & { position?: number };

/** Whether a query sees a key, by the words of the documentation. */
function sees(query: number, key: number, { causal, window, globalTokens = 0, position = 0 }: Sight): boolean {
  const own = query + position;
  if (causal && key > own) return false;
  return window === undefined || key < globalTokens || own < globalTokens || Math.abs(key - own) <= window;
}

/** The probabilities [batch, heads, queries, keys]. */
function probabilities(q: NdArray, k: NdArray, mask: NdArray | undefined, isBool: boolean, sight: Sight): NdArray {
  const [batch, queries, heads, dim] = q.shape;
  const [, keys, keyHeads] = k.shape;
  const scale = sight.scale ?? 1 / Math.sqrt(dim);
  const score = (b: number, h: number, i: number, j: number): number => {
    const given = mask ? at(mask, [b, h, i, j].slice(-Math.max(mask.shape.length, 1))) : 0;
    if (!sees(i, j, sight) || (isBool && given === 0)) return Number.NEGATIVE_INFINITY;
    let sum = 0;
    const keyHead = Math.floor((h * keyHeads) / heads);
    for (let d = 0; d < dim; d++) sum += at(q, [b, i, h, d]) * at(k, [b, j, keyHead, d]);
    return sum * scale + (isBool ? 0 : given);
  };
  const data = new Float64Array(batch * heads * queries * keys);
  for (let r = 0; r < batch * heads * queries; r++) {
    const [b, h, i] = [Math.floor(r / (heads * queries)), Math.floor(r / queries) % heads, r % queries];
    const scores = Array.from({ length: keys }, (_, j) => score(b, h, i, j));
    const peak = Math.max(...scores);
    const powers = scores.map((s) => (peak === Number.NEGATIVE_INFINITY ? 0 : Math.exp(s - peak)));
    const total = powers.reduce((a, x) => a + x, 0) || 1;
    powers.forEach((x, j) => {
      data[r * keys + j] = x / total;
    });
  }
  return { shape: [batch, heads, queries, keys], data };
}

function weighed(p: NdArray, v: NdArray): NdArray {
  const [batch, heads, queries, keys] = p.shape;
  const [, , keyHeads, valueDim] = v.shape;
  return fromIndices([batch, queries, heads, valueDim], ([b, i, h, d]) => {
    const keyHead = Math.floor((h * keyHeads) / heads);
    let sum = 0;
    for (let j = 0; j < keys; j++) sum += at(p, [b, h, i, j]) * at(v, [b, j, keyHead, d]);
    return sum;
  });
}

interface Kind {
  readonly name: string;
  readonly q: number[];
  readonly k: number[];
  readonly valueDim?: number;
  readonly mask?: Input;
  readonly options?: Sight;
  readonly more?: Partial<Case>;
}

/** Every other key, but none for the last query. */
const someKeys = (shape: number[]): Input => {
  const last = sizeOf(shape) - shape[shape.length - 1];
  return { shape, dtype: "bool", values: Array.from({ length: sizeOf(shape) }, (_, i) => +(i < last && i % 3 !== 1)) };
};

const kinds: Kind[] = [
  { name: "one head", q: [2, 5, 1, 4], k: [2, 7, 1, 4] },
  { name: "heads that share keys", q: [2, 3, 6, 4], k: [2, 5, 2, 4], valueDim: 3 },
  { name: "one query", q: [1, 1, 2, 5], k: [1, 19, 2, 5] },
  { name: "a scale", q: [1, 3, 1, 2], k: [1, 4, 1, 2], options: { scale: 1.5 } },
  { name: "causal", q: [1, 6, 2, 3], k: [1, 6, 1, 3], options: { causal: true } },
  { name: "causal from a position on", q: [1, 3, 1, 3], k: [1, 9, 1, 3], options: { causal: true, position: 4 } },
  { name: "a window", q: [1, 11, 1, 3], k: [1, 11, 1, 3], options: { window: 2 } },
  { name: "a causal window", q: [1, 9, 1, 3], k: [1, 9, 1, 3], options: { window: 3, causal: true } },
  { name: "a window and global tokens", q: [1, 12, 1, 2], k: [1, 12, 1, 2], options: { window: 1, globalTokens: 2 } },
  { name: "a window that no key is in", q: [1, 6, 1, 2], k: [1, 2, 1, 2], options: { window: 1 } },
  {
    name: "a causal window and global tokens",
    q: [1, 10, 2, 2],
    k: [1, 10, 2, 2],
    options: { window: 2, globalTokens: 3, causal: true },
  },
  { name: "a mask of keys", q: [2, 3, 2, 3], k: [2, 6, 2, 3], mask: { ...someKeys([2, 1, 1, 6]) } },
  { name: "a mask of one column", q: [1, 4, 2, 3], k: [1, 3, 2, 3], mask: someKeys([4, 1]) },
  {
    name: "a mask of everything, causal too",
    q: [2, 4, 2, 3],
    k: [2, 4, 1, 3],
    mask: someKeys([2, 2, 4, 4]),
    options: { causal: true },
  },
  { name: "numbers added to the scores", q: [2, 3, 2, 3], k: [2, 5, 1, 3], mask: { shape: [2, 3, 5] } },
  { name: "a number added for each key", q: [2, 2, 1, 3], k: [2, 5, 1, 3], mask: { shape: [2, 1, 1, 5] } },
  { name: "no queries", q: [2, 0, 2, 3], k: [2, 4, 1, 3] },
  { name: "no keys", q: [1, 3, 2, 3], k: [1, 0, 1, 3], more: { second: false } },
  { name: "no batch", q: [0, 3, 2, 3], k: [0, 4, 1, 3] },
  {
    name: "more queries and keys than a block",
    q: [1, 133, 2, 4],
    k: [1, 300, 1, 4],
    more: { gradients: [] },
  },
  {
    name: "causal blocks",
    q: [1, 300, 1, 4],
    k: [1, 300, 1, 4],
    options: { causal: true },
    more: { gradients: [] },
  },
  {
    name: "windowed blocks with global tokens",
    q: [1, 330, 1, 3],
    k: [1, 330, 1, 3],
    options: { window: 20, globalTokens: 5 },
    more: { gradients: [] },
  },
];

const optionsOf = ({ position, ...sight }: Sight, mask?: Tensor | Tensor<"bool">): ops.AttentionOptions => ({
  ...sight,
  mask,
  ...(position !== undefined && { position: tensor([position], { dtype: "i32" }) }),
});

function attentionRow({ name, q, k, valueDim = k[3], mask, options = {}, more }: Kind): Case {
  const inputs = [{ shape: q }, { shape: k }, { shape: [...k.slice(0, 3), valueDim] }, ...(mask ? [mask] : [])];
  return row({
    name,
    inputs,
    run: (q: Tensor, k: Tensor, v: Tensor, mask?: Tensor) => ops.attention(q, k, v, optionsOf(options, mask)),
    reference: (q, k, v, given) => weighed(probabilities(q, k, given, mask?.dtype === "bool", options), v),
    ...more,
  });
}

/** A mask without gradient goes through the kernels. */
const fixedMask = kinds.find(({ name }) => name === "numbers added to the scores") as Kind;

function turned(x: NdArray, position: number, maxWavelength: number): NdArray {
  const half = x.shape[3] / 2;
  return fromIndices(x.shape, ([b, t, h, i]) => {
    const angle = (t + position) * maxWavelength ** (-(i % half) / half);
    const other = at(x, [b, t, h, (i + half) % (2 * half)]);
    return at(x, [b, t, h, i]) * Math.cos(angle) + (i < half ? -1 : 1) * other * Math.sin(angle);
  });
}

export const attentionCases: { [name in Exclude<keyof typeof ops, "writeRows" | "reorderRows">]: Case[] } = {
  attention: [
    ...kinds.map(attentionRow),
    attentionRow({ ...fixedMask, name: "fixed numbers added to the scores", more: { gradients: [0, 1, 2] } }),
  ],
  attentionScores: kinds
    .filter(({ name }) => name !== "no keys" && !name.includes("block"))
    .map(({ name, q, k, mask, options = {}, more }) =>
      row({
        name,
        inputs: [{ shape: q }, { shape: k }, ...(mask ? [mask] : [])],
        run: (q: Tensor, k: Tensor, mask?: Tensor) => ops.attentionScores(q, k, optionsOf(options, mask)),
        reference: (q, k, given) => probabilities(q, k, given, mask?.dtype === "bool", options),
        ...more,
      }),
    ),
  attentionValues: [
    { name: "a head for each", scores: [2, 2, 3, 4], v: [2, 4, 2, 5] },
    { name: "heads that share values", scores: [1, 6, 2, 3], v: [1, 3, 2, 2] },
    { name: "no queries", scores: [1, 2, 0, 3], v: [1, 3, 2, 2] },
  ].map(({ name, scores, v }) =>
    row({
      name,
      inputs: [{ shape: scores }, { shape: v }],
      run: (scores: Tensor, v: Tensor) => ops.attentionValues(scores, v),
      reference: weighed,
    }),
  ),
  rotary: [
    { name: "from the start", shape: [2, 5, 3, 6] },
    { name: "from a position on", shape: [1, 4, 2, 10], position: 7 },
    { name: "short waves", shape: [1, 6, 1, 8], maxWavelength: 50 },
    { name: "no rows", shape: [2, 0, 1, 4] },
  ].map(({ name, shape, position, maxWavelength }) =>
    row({
      name,
      inputs: [{ shape }],
      run: (x: Tensor) =>
        ops.rotary(x, {
          maxWavelength,
          position: position === undefined ? position : tensor([position], { dtype: "i32" }),
        }),
      reference: (x) => turned(x, position ?? 0, maxWavelength ?? 10_000),
      tolerance: 5e-6,
    }),
  ),
  positions: [
    row({
      name: "from a position on",
      inputs: [{ shape: [1], dtype: "i32", values: [3] }],
      run: (position: Tensor<"i32">) => ops.positions(4, position),
      reference: (position) => fromIndices([4], ([i]) => i + position.data[0]),
    }),
  ],
};
