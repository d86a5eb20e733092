// Rows for ts/ops/fft.ts: the defining sums, in float64.
import * as ops from "../../../ts/ops/fft.ts";
import { stack } from "../../../ts/ops/layout.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

type Pair = [NdArray, NdArray];

/** The transform along the last axis, as [2, ...]. */
function dft(x: NdArray, y: NdArray | undefined, sign: number, scale = 1): NdArray {
  const n = x.shape[x.shape.length - 1];
  return fromIndices([2, ...x.shape], ([part, ...index]) => {
    const k = index[index.length - 1];
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n;
      const where = index.with(-1, j);
      const [re, im] = [at(x, where), y ? at(y, where) : 0];
      sum += part === 0 ? re * Math.cos(angle) - im * Math.sin(angle) : re * Math.sin(angle) + im * Math.cos(angle);
    }
    return sum * scale;
  });
}

function parts(z: NdArray): Pair {
  const shape = z.shape.slice(1);
  const half = z.data.length / 2;
  return [
    { shape, data: z.data.slice(0, half) },
    { shape, data: z.data.slice(half) },
  ];
}

/** The array cut or filled with zeros to a length along its last axis. */
function resized(x: NdArray, n: number): NdArray {
  const own = x.shape[x.shape.length - 1];
  return fromIndices(x.shape.with(-1, n), (i) => (i[i.length - 1] < own ? at(x, i) : 0));
}

const swapped = (x: NdArray): NdArray =>
  fromIndices([...x.shape.slice(0, -2), x.shape.at(-1) as number, x.shape.at(-2) as number], (i) =>
    at(x, [...i.slice(0, -2), i[i.length - 1], i[i.length - 2]]),
  );

function dft2(x: NdArray, y: NdArray, sign: number, scale: number): NdArray {
  const [a, b] = parts(dft(x, y, sign)).map(swapped);
  const [c, d] = parts(dft(a, b, sign, scale)).map(swapped);
  return { shape: [2, ...c.shape], data: Float64Array.of(...c.data, ...d.data) };
}

function rdft(x: NdArray, n: number): NdArray {
  return resized(dft(resized(x, n), undefined, -1), Math.floor(n / 2) + 1);
}

function irdft(x: NdArray, y: NdArray, n: number): NdArray {
  const half = Math.floor(n / 2) + 1;
  const whole = [resized(x, half), resized(y, half)].map((part, isImaginary) =>
    fromIndices(part.shape.with(-1, n), (i) => {
      const k = i[i.length - 1];
      return k < half ? at(part, i) : at(part, i.with(-1, n - k)) * (isImaginary ? -1 : 1);
    }),
  );
  return parts(dft(whole[0], whole[1], 1, 1 / n))[0];
}

function pairRow(
  name: string,
  shape: readonly number[],
  op: (x: ops.ComplexPair) => Tensor[],
  reference: (x: NdArray, y: NdArray) => NdArray,
  rest: Partial<Case> = {},
): Case {
  return row({
    name,
    inputs: [{ shape }, { shape }],
    run: (x: Tensor, y: Tensor) => stack(op([x, y])) as Tensor,
    reference,
    ...rest,
  });
}

/** Lengths of every radix, of mixed ones, of vectors and rests, and prime ones. */
const lengths = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 32, 45, 48, 60, 7, 11, 14, 23];
const longTolerance = { gradients: [], tolerance: 1e-5 };
const forward = (x: NdArray, y: NdArray): NdArray => dft(x, y, -1);
const inverse = (x: NdArray, y: NdArray): NdArray => dft(x, y, 1, 1 / (x.shape.at(-1) as number));

const window = (n: number, total: number, constant: number) => {
  const before = Math.floor((total - n) / 2);
  return (i: number): number =>
    i < before || i >= before + n ? 0 : constant - (1 - constant) * Math.cos((2 * Math.PI * (i - before)) / n);
};

function frames(x: NdArray, length: number, step: number, f: (i: number) => number = () => 1): NdArray {
  const n = x.shape.at(-1) as number;
  const count = Math.floor((n - length) / step) + 1;
  return fromIndices([...x.shape.slice(0, -1), count, length], (i) => {
    const [piece, j] = i.slice(-2);
    return at(x, [...i.slice(0, -2), piece * step + j]) * f(j);
  });
}

function mirrored(x: NdArray, width: number): NdArray {
  const n = x.shape.at(-1) as number;
  return fromIndices(x.shape.with(-1, n + 2 * width), (i) => {
    const k = Math.abs(i[i.length - 1] - width);
    return at(x, i.with(-1, k < n ? k : 2 * n - 2 - k));
  });
}

export const fftCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  fft: [
    ...lengths.map((n) => pairRow(`length ${n}`, [2, n], ops.fft, forward, { tolerance: 3e-6 })),
    pairRow("a vector", [9], ops.fft, forward),
    pairRow("no rows", [0, 4], ops.fft, forward),
    pairRow("length 480", [3, 480], ops.fft, forward, longTolerance),
    pairRow("length 509", [2, 509], ops.fft, forward, longTolerance),
  ],
  ifft: [
    ...[1, 6, 8, 13].map((n) => pairRow(`length ${n}`, [2, n], ops.ifft, inverse)),
    pairRow("length 512", [2, 512], ops.ifft, inverse, longTolerance),
  ],
  fft2: [pairRow("an image", [2, 4, 6], ops.fft2, (x, y) => dft2(x, y, -1, 1), { tolerance: 3e-6 })],
  ifft2: [pairRow("an image", [5, 8], ops.ifft2, (x, y) => dft2(x, y, 1, 1 / 40))],
  rfft: [
    ...[
      [8, 8],
      [9, 9],
      [7, 12],
      [10, 6],
      [1, 1],
    ].map(([own, n]) =>
      row({
        name: `${own} numbers to length ${n}`,
        inputs: [{ shape: [2, own] }],
        run: (x: Tensor) => stack(ops.rfft(x, n)) as Tensor,
        reference: (x) => rdft(x, n),
      }),
    ),
  ],
  irfft: [
    ...[
      [5, 8],
      [5, 9],
      [4, 10],
      [6, 5],
    ].map(([own, n]) =>
      row({
        name: `${own} numbers to length ${n}`,
        inputs: [{ shape: [2, own] }, { shape: [2, own] }],
        run: (x: Tensor, y: Tensor) => ops.irfft([x, y], n),
        reference: (x, y) => irdft(x, y, n),
      }),
    ),
  ],
  extractSequences: [
    row({
      name: "overlapping",
      inputs: [{ shape: [2, 17] }],
      run: (x: Tensor) => ops.extractSequences(x, 5, 3),
      reference: (x) => frames(x, 5, 3),
    }),
    row({
      name: "apart",
      inputs: [{ shape: [11] }],
      run: (x: Tensor) => ops.extractSequences(x, 2, 4),
      reference: (x) => frames(x, 2, 4),
    }),
  ],
  stft: [
    row({
      name: "centred, Hann",
      inputs: [{ shape: [2, 21] }],
      run: (x: Tensor) => stack(ops.stft(x, 6, 3, 8)) as Tensor,
      reference: (x) => rdft(frames(mirrored(x, 4), 8, 3, window(6, 8, 0.5)), 8),
    }),
    row({
      name: "not centred, Hamming",
      inputs: [{ shape: [20] }],
      run: (x: Tensor) => stack(ops.stft(x, 8, 4, 8, { window: "hamming", center: false })) as Tensor,
      reference: (x) => rdft(frames(x, 8, 4, window(8, 8, 0.54)), 8),
    }),
  ],
  istft: [
    row({
      name: "sequences that overlap",
      inputs: [{ shape: [4, 5] }, { shape: [4, 5] }],
      run: (x: Tensor, y: Tensor) => ops.istft([x, y], 8, 2, 8, { window: "hamming", center: false }),
      reference: (x, y) => {
        const w = window(8, 8, 0.54);
        const pieces = irdft(x, y, 8);
        return fromIndices([14], ([t]) => {
          let [sum, total] = [0, 0];
          for (let p = 0; p < 4; p++) {
            const j = t - 2 * p;
            if (j < 0 || j >= 8) continue;
            sum += at(pieces, [p, j]) * w(j);
            total += w(j) ** 2;
          }
          return sum / total;
        });
      },
    }),
    row({
      name: "what stft took apart",
      inputs: [{ shape: [2, 30] }],
      run: (x: Tensor) => ops.istft(ops.stft(x, 8, 3, 10), 8, 3, 10, { length: 28 }),
      reference: (x) => resized(x, 28),
    }),
  ],
};
