// What Heddle is asked about sequences: generation with and without a key-value cache, attention with and without a window.
import {
  ArrayData,
  attention,
  capture,
  layers,
  matmul,
  memory,
  noGrad,
  randomNormal,
  seed,
  softmax,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../heddle.ts";
import { gpt } from "./heddle-networks.ts";
import { text } from "./inputs.js";
import type { Options, WholeTask } from "./serve.js";

/** All sequences as one part. */
export function textParts({ images: count, length, vocabulary }: Options): { x: ArrayData; y: ArrayData }[] {
  const { tokens, targets } = text(count, length, vocabulary);
  const shape = [count, length];
  return [{ x: new ArrayData(tokens, shape, "i32"), y: new ArrayData(targets, shape, "i32") }];
}

/** The last tokens of a sequence, which are generated one by one. */
const GENERATED = 16;

/** A language model that goes on writing, with a cache or by computing the whole sequence again for each token. */
function writer({ length, vocabulary }: Options) {
  seed(1);
  const model = gpt(1024, vocabulary);
  const tokens = tensor(text(1, length, vocabulary).tokens, { shape: [1, length] });
  const cache = layers.keyValueCache(model, { maxLength: 1024 });
  const whole = capture((tokens: Tensor<"i32">) => noGrad(() => model.apply(tokens)));
  const start = tokens.slice([0, 0], [1, length - GENERATED]);
  const rest = Array.from({ length: GENERATED }, (_, i) => tokens.slice([0, length - GENERATED + i], [1, 1]));
  return {
    /** Seconds a token, and the last token's most probable successor's probability. */
    cached(): [seconds: number, check: number] {
      cache.reset();
      cache.next(start).dispose();
      let check = 0;
      const began = performance.now();
      for (const token of rest) {
        const probabilities = cache.next(token);
        check = Math.max(...probabilities.view());
        probabilities.dispose();
      }
      return [(performance.now() - began) / 1000 / GENERATED, check];
    },
    recomputed(): [seconds: number, check: number] {
      const began = performance.now();
      const probabilities = whole(tokens);
      const check = Math.max(...probabilities.view().subarray(-vocabulary));
      probabilities.dispose();
      return [(performance.now() - began) / 1000, check];
    },
  };
}

export function generation(options: Options): WholeTask {
  const { cached, recomputed } = writer(options);
  const [, expected] = recomputed();
  return {
    round: async (seconds) => {
      let [amount, elapsed, check] = [0, 0, 0];
      while (elapsed < seconds) {
        const [time, found] = cached();
        [amount, elapsed, check] = [amount + 1, elapsed + time, Math.abs(found - expected)];
      }
      return { amount, seconds: elapsed, check };
    },
  };
}

export function generationShare(options: Options): WholeTask {
  const { cached, recomputed } = writer(options);
  return { round: (seconds) => shareOf(seconds, cached, recomputed) };
}

/** The time of `few` in that of `many`, taken in turns; the check is how far their results differ. */
async function shareOf(seconds: number, few: () => [number, number], many: () => [number, number]) {
  let [short, long, check] = [0, 0, 0];
  while (short + long < seconds) {
    const [[fewSeconds, found], [manySeconds, expected]] = [few(), many()];
    [short, long, check] = [short + fewSeconds, long + manySeconds, Math.abs(found - expected)];
  }
  return { amount: short / long, seconds: short + long, check };
}

type Attend = (q: Tensor, k: Tensor, v: Tensor) => Tensor;

/** A captured step: the sum of an attention's results and its gradients with respect to queries, keys and values. */
function gradientStep(attend: Attend) {
  const both = valueAndGrad(([q, k, v]: readonly Tensor[]) => sum(attend(q, k, v)));
  return capture((q: Tensor, k: Tensor, v: Tensor) => both([q, k, v]) as [Tensor, Tensor[]]);
}

function dispose([value, gradients]: readonly [Tensor, readonly Tensor[]]): void {
  for (const x of [value, ...gradients]) x.dispose();
}

const windowed =
  ({ window }: Options): Attend =>
  (q, k, v) =>
    attention(q, k, v, { window, globalTokens: 1 });

export function attentionTime(options: Options): WholeTask {
  const inputs = [0, 1, 2].map(() => randomNormal([1, options.length, 4, 32])) as [Tensor, Tensor, Tensor];
  const timed = (attend: Attend) => {
    const step = gradientStep(attend);
    dispose(step(...inputs));
    return (): [number, number] => {
      const began = performance.now();
      dispose(step(...inputs));
      return [(performance.now() - began) / 1000, 0];
    };
  };
  const [few, many] = [timed(windowed(options)), timed((q, k, v) => attention(q, k, v))];
  return { round: (seconds) => shareOf(seconds, few, many) };
}

/** Attention of one head by products and a softmax: the scores of all pairs are held at once. */
function attendWhole(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const [queries, keys, values] = [q, k, v].map((x) => x.reshape([x.shape[1], x.shape[3]]));
  const scores = matmul(queries.mul(q.shape[3] ** -0.5), keys, { transposeB: true });
  return matmul(softmax(scores), values).reshape(q.shape);
}

export function attentionMemory(options: Options): WholeTask {
  const inputs = [0, 1, 2].map(() => randomNormal([1, options.length, 1, 64])) as [Tensor, Tensor, Tensor];
  /** Bytes that a captured step holds: all it needs at once, its inputs included. */
  const bytesOf = (attend: Attend): number => {
    const before = memory.report().inUse;
    const step = gradientStep(attend);
    dispose(step(...inputs));
    const bytes = memory.report().inUse - before;
    step.dispose();
    return bytes;
  };
  return {
    round: async () => {
      const fused = bytesOf(windowed(options));
      const whole = bytesOf(attendWhole);
      return { amount: fused / whole, seconds: 0, check: fused };
    },
  };
}
