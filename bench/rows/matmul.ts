// How fast is a matrix product? The f32 operands and the product stay in the library's memory where it allows that (ONNX
// Runtime Web copies all three, jax-js the product). Squares ("sgemm"), and the products that a step of the README's CNN
// and of a small GPT is made of ("gemm").
import type { ContenderName } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";
import type { Target } from "../harness/targets.ts";

/** `batch` products [m, k] x [k, n]; T says that the operand before or behind is stored transposed. */
interface Product {
  name: string;
  form: "NN" | "NT" | "TN";
  m: number;
  n: number;
  k: number;
  batch?: number;
  /** What it is, where the sizes do not say it. */
  note?: string;
}

const square = (size: number, form: Product["form"] = "NN"): Product => {
  const name = form === "NN" ? `sgemm-${size}` : `sgemm-${form.toLowerCase()}-${size}`;
  return { name, form, m: size, n: size, k: size };
};

/** Of the CNN at batch 32: convolutions as products over their windows. */
const cnn: Product[] = [
  { name: "gemm-cnn-forward", form: "NN", m: 3872, n: 64, k: 288, note: "conv2 forward" },
  { name: "gemm-cnn-filter", form: "TN", m: 288, n: 64, k: 3872, note: "conv2's gradient of the filter" },
  { name: "gemm-cnn-input", form: "NT", m: 3872, n: 288, k: 64, note: "conv2's gradient of the windows" },
  { name: "gemm-cnn-flipped", form: "NN", m: 5408, n: 32, k: 576, note: "conv2's gradient of the input" },
];

/** Of a GPT with width 128, 128 tokens, batch 8, 4 heads: 1024 tokens, 32 heads in all. */
const gpt: Product[] = [
  { name: "gemm-gpt-qkv", form: "NN", m: 1024, n: 384, k: 128, note: "queries, keys and values" },
  { name: "gemm-gpt-projection", form: "NN", m: 1024, n: 128, k: 128, note: "projection" },
  { name: "gemm-gpt-up", form: "NN", m: 1024, n: 512, k: 128, note: "first dense layer" },
  { name: "gemm-gpt-down", form: "NN", m: 1024, n: 128, k: 512, note: "second dense layer" },
  { name: "gemm-gpt-up-weight", form: "TN", m: 128, n: 512, k: 1024, note: "gradient of its weight" },
  { name: "gemm-gpt-up-input", form: "NT", m: 1024, n: 128, k: 512, note: "gradient of its input" },
  { name: "gemm-gpt-qkv-weight", form: "TN", m: 128, n: 384, k: 1024, note: "gradient of their weight" },
  { name: "gemm-gpt-scores", form: "NT", m: 128, n: 128, k: 32, batch: 32, note: "attention's scores" },
  { name: "gemm-gpt-values", form: "NN", m: 128, n: 32, k: 128, batch: 32, note: "scores times values" },
  { name: "gemm-gpt-keys", form: "TN", m: 128, n: 32, k: 128, batch: 32, note: "gradient of the keys" },
];

const products: Product[] = [
  ...[960, 512, 64, 96, 128, 256, 2048].map((size) => square(size)),
  ...[128, 512].flatMap((size) => [square(size, "NT"), square(size, "TN")]),
  { ...square(128), name: "sgemm-batched-128", batch: 64 },
  ...cnn,
  ...gpt,
];

const wasmPeers = ["tfjs-wasm", "onnxruntime-web", "jax-js"] as const;
const contenders: ContenderName[] = [
  "heddle",
  "heddle wide",
  "heddle on node 20",
  ...wasmPeers,
  "native fma",
  "native mul+add",
  "pytorch",
];

/** The two the issue asks most of. */
const isLarge = ({ form, m }: Product) => form === "NN" && (m === 960 || m === 512);

export const matmul: Question[] = products.map((product) => {
  const { name, form, m, n, k, batch = 1, note } = product;
  const samples = spread(batch * m * n);
  const { sum, magnitude } = expected(product, samples);
  return {
    name,
    work: `f32 product ${form}, m x n x k = ${m} x ${n} x ${k}${batch > 1 ? `, ${batch} times` : ""}${note ? `, ${note}` : ""}`,
    unit: "GFLOP/s",
    better: "more",
    task: "matmul",
    options: { m, n, k, batch, transposeA: form === "TN", transposeB: form === "NT", samples },
    contenders,
    seconds: isLarge(product) ? 0.5 : 0.1,
    targets: targets(product),
    figure: ({ amount, seconds }) => amount / seconds,
    verify: (check) => Math.abs(check - sum) < 1e-6 * magnitude,
  };
});

function targets(product: Product): Target[] {
  const { m, n, k } = product;
  const list: Target[] = [
    { on: "one thread", atLeast: isLarge(product) ? 0.88 : 0.8, times: "the native 128-bit FMA peak" },
    { on: "all threads", atLeast: 1.85, times: "itself on one thread" },
  ];
  if (isLarge(product)) list.push({ on: "one thread", atLeast: 1.35, times: "the best WASM peer" });
  else if (Math.max(m, n, k) <= 128) list.push({ on: "one thread", atLeast: 2, times: "the best WASM peer" });
  return list;
}

/** Places of the product that are checked: up to 64 from its first to its last element. */
function spread(length: number): number[] {
  return Array.from({ length: 64 }, (_, i) => Math.floor((i * (length - 1)) / 63));
}

/** The sum of some elements of the product of the operands in bench/peers/inputs.js, and the sum of all magnitudes in it. */
function expected({ form, m, n, k }: Product, places: number[]): { sum: number; magnitude: number } {
  let sum = 0;
  let magnitude = 0;
  for (const place of places) {
    const which = Math.floor(place / (m * n));
    const row = Math.floor(place / n) % m;
    const column = place % n;
    for (let i = 0; i < k; i++) {
      const a = which * m * k + (form === "TN" ? i * m + row : row * k + i);
      const b = which * k * n + (form === "NT" ? column * k + i : i * n + column);
      const term = ((((a * 31) % 101) - 50) / 50) * ((((b * 17) % 97) - 48) / 48);
      sum += term;
      magnitude += Math.abs(term);
    }
  }
  return { sum, magnitude };
}
