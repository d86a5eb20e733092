// Fourier transforms along the last axis. A complex tensor is a pair of tensors, real and imaginary parts. Lengths with
// only the factors 2, 3 and 5 run in one kernel, others as a convolution (Bluestein 1970).
import { defineOp, type Gradient, requireFloat, requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { istftOptions, stftOptions } from "../generated/options.ts";
import { requireCount, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { full, tabulate, tensor } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, Tensor } from "../tensor/tensor.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { broadcastTo, sum } from "./broadcast.ts";
import { greater, where } from "./compare.ts";
import { square } from "./elementwise.ts";
import { concat, flip, pad, reshape, slice, stack, transpose, unstack } from "./layout.ts";
import { denseStrides, readView } from "./lower/strided-copy.ts";

/** Complex numbers: their real parts and their imaginary parts, of one shape. */
export type ComplexPair = readonly [real: Tensor, imaginary: Tensor];

/** The longest rows that fit into a thread's scratch memory. */
const SHORT = 65536;

/**
 * scale sum_j x[j] e^(-2 pi i j k / n) along the last axis, with `inverse` e^(2 pi i j k / n): real and imaginary parts
 * stacked, [2, ...]. The matrix is symmetric, so the gradient is the transform the other way round.
 */
const transform = defineOp("fft", {
  forward(real: Tensor, imaginary: Tensor | undefined, inverse: boolean, scale: number): Tensor {
    const n = real.shape[real.rank - 1];
    if (!isSmooth(n)) return noGrad(() => scope(() => bluestein(real, imaginary, inverse, scale)));
    const y = empty([2, ...real.shape]);
    const rows = real.size / n;
    const isLong = n > SHORT;
    const work = empty([isLong ? rows : 0, 2, n]);
    const cost = 30 + n * (2 + 1.2 * Math.log2(n));
    launch("fft_f32", rows, cost, y, work, real, imaginary, roots(n), n, rows, +inverse, +isLong, scale);
    work.dispose();
    return y;
  },
  gradients: (dy, _y, _real, imaginary, inverse, scale): Gradient[] => {
    const [dReal, dImaginary] = unstack(dy) as Tensor[];
    const [real, other] = unstack(transform(dReal, dImaginary, !inverse, scale)) as Tensor[];
    return [real, imaginary && other];
  },
});

function isSmooth(n: number): boolean {
  for (const factor of [2, 3, 5]) while (n % factor === 0) n /= factor;
  return n === 1;
}

/** Tables of roots of unity by length, the last ones made. */
const tables = new Map<number, Float32Array>();
const MOST_TABLES = 32;

/** The cosines of 2 pi k / n for all k < n, then the sines, negated, each computed in float64. */
function roots(n: number): Tensor {
  let table = tables.get(n);
  if (table === undefined) {
    table = new Float32Array(2 * n);
    for (let k = 0; k < n; k++) {
      const angle = (2 * Math.PI * k) / n;
      table[k] = Math.cos(angle);
      table[n + k] = -Math.sin(angle);
    }
    if (tables.size === MOST_TABLES) tables.delete(tables.keys().next().value as number);
    if (n <= SHORT) tables.set(n, table);
  }
  return tensor(table, { shape: [2, n] });
}

/**
 * The transform of any length n as a convolution: with j k = (j^2 + k^2 - (k - j)^2) / 2 and c[j] = e^(pi i j^2 / n),
 * y[k] = c*[k] sum_j x[j] c*[j] c[k - j].
 */
function bluestein(real: Tensor, imaginary: Tensor | undefined, inverse: boolean, scale: number): Tensor {
  const n = real.shape[real.rank - 1];
  let m = 2 * n - 1;
  while (!isSmooth(m)) m++;
  const angles = Float64Array.from({ length: n }, (_, j) => (Math.PI * ((j * j) % (2 * n))) / n);
  const both = [angles.map(Math.cos), angles.map(inverse ? (a) => -Math.sin(a) : Math.sin)];
  const [cosine, sine] = both.map((values) => tensor(values));
  const around = both.map((values) => {
    const circle = new Float64Array(m);
    values.forEach((value, j) => {
      circle[j] = value;
      circle[(m - j) % m] = value;
    });
    return tensor(circle);
  }) as [Tensor, Tensor];
  const x = imaginary
    ? product([real, imaginary], [cosine, neg(sine)])
    : ([mul(real, cosine), neg(mul(real, sine))] as const);
  const longer = x.map((part) => resized(part, m)) as [Tensor, Tensor];
  const spectrum = unstack(transform(...longer, false, 1)) as [Tensor, Tensor];
  const filter = unstack(transform(...around, false, 1)) as [Tensor, Tensor];
  const y = unstack(transform(...product(spectrum, filter), true, scale / m)) as [Tensor, Tensor];
  return stack(product(y.map((part) => resized(part, n)) as [Tensor, Tensor], [cosine, neg(sine)])) as Tensor;
}

function product([ar, ai]: ComplexPair, [br, bi]: ComplexPair): [Tensor, Tensor] {
  return [sub(mul(ar, br), mul(ai, bi)), add(mul(ar, bi), mul(ai, br))];
}

/** x cut, or padded with zeros, to a length along the last axis. */
function resized(x: Tensor, length: number): Tensor {
  const own = x.shape[x.rank - 1];
  if (own === length) return x;
  const outer = x.shape.slice(0, -1);
  if (own > length) return slice(x, [...outer.map(() => 0), 0], [...outer, length]) as Tensor;
  return pad(x, [...outer.map(() => [0, 0] as const), [0, length - own]]) as Tensor;
}

function requireReal(operation: string, what: string, x: AnyTensor, least = 1): asserts x is Tensor {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "f32");
  if (x.rank < least || x.shape[x.rank - 1] === 0) {
    throw new ShapeError(
      `${operation}: ${what} must have ${least} axes, the last not empty, got ${formatShape(x.shape)}`,
    );
  }
}

function requireComplex(operation: string, x: ComplexPair, least = 1): void {
  if (!Array.isArray(x) || x.length !== 2) {
    throw new ArgumentError(`${operation}: x must be a pair of tensors, its real and imaginary parts`);
  }
  requireReal(operation, "the real part", x[0], least);
  requireReal(operation, "the imaginary part", x[1], least);
  if (!sameShape(x[0].shape, x[1].shape)) {
    const [real, imaginary] = x.map((part) => formatShape(part.shape));
    throw new ShapeError(`${operation}: both parts must have one shape, got ${real} and ${imaginary}`);
  }
}

/**
 * Discrete Fourier transform along the last axis, of any length n: y[k] = sum_j x[j] e^(-2 pi i j k / n). A NaN or
 * infinity makes all of its row NaN.
 * Shapes: real and imaginary `[..., n]` -> the same.
 * Errors: ArgumentError unless x is a pair; ShapeError unless its parts have one shape, not empty; DtypeError unless
 * they are f32.
 */
export function fft(x: ComplexPair): [real: Tensor, imaginary: Tensor] {
  requireComplex("fft", x);
  return unstack(transform(x[0], x[1], false, 1)) as [Tensor, Tensor];
}

/**
 * Inverse of {@link fft}: y[k] = 1/n sum_j x[j] e^(2 pi i j k / n) along the last axis.
 * Shapes: real and imaginary `[..., n]` -> the same.
 * Errors: ArgumentError unless x is a pair; ShapeError unless its parts have one shape, not empty; DtypeError unless
 * they are f32.
 */
export function ifft(x: ComplexPair): [real: Tensor, imaginary: Tensor] {
  requireComplex("ifft", x);
  return unstack(transform(x[0], x[1], true, 1 / x[0].shape[x[0].rank - 1])) as [Tensor, Tensor];
}

/**
 * {@link fft} along the last two axes.
 * Shapes: real and imaginary `[..., m, n]` -> the same.
 * Errors: ArgumentError unless x is a pair; ShapeError unless its parts have one shape of at least two axes; DtypeError
 * unless they are f32.
 */
export function fft2(x: ComplexPair): [real: Tensor, imaginary: Tensor] {
  requireComplex("fft2", x, 2);
  return overTwoAxes(fft, x);
}

/**
 * Inverse of {@link fft2}.
 * Shapes: real and imaginary `[..., m, n]` -> the same.
 * Errors: ArgumentError unless x is a pair; ShapeError unless its parts have one shape of at least two axes; DtypeError
 * unless they are f32.
 */
export function ifft2(x: ComplexPair): [real: Tensor, imaginary: Tensor] {
  requireComplex("ifft2", x, 2);
  return overTwoAxes(ifft, x);
}

function overTwoAxes(f: (x: ComplexPair) => [Tensor, Tensor], x: ComplexPair): [Tensor, Tensor] {
  const axes = x[0].shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  const swapped = ([real, imaginary]: ComplexPair): [Tensor, Tensor] => [
    transpose(real, perm) as Tensor,
    transpose(imaginary, perm) as Tensor,
  ];
  return swapped(f(swapped(f(x))));
}

/**
 * {@link fft} of real x along the last axis: the first n / 2 + 1 coefficients. x is first cut or zero-padded to length
 * n, default its own.
 * Shapes: `[..., time]` -> real and imaginary `[..., floor(n / 2) + 1]`.
 * Errors: ArgumentError unless length is a whole number of at least 1; ShapeError for an empty axis; DtypeError unless
 * x is f32.
 */
export function rfft(x: Tensor, length?: number): [real: Tensor, imaginary: Tensor] {
  requireReal("rfft", "x", x);
  const fftLength = length === undefined ? (x.shape.at(-1) ?? 0) : length;
  requireCount("rfft", "fftLength", fftLength);
  const [real, imaginary] = unstack(transform(resized(x, fftLength), undefined, false, 1)) as Tensor[];
  const half = Math.floor(fftLength / 2) + 1;
  return [resized(real, half), resized(imaginary, half)];
}

/**
 * Inverse of {@link rfft}: real numbers of length n, default 2 (m - 1), from the first m coefficients, cut or
 * zero-padded to n / 2 + 1. The imaginary parts of coefficients 0 and n / 2 do not count.
 * Shapes: real and imaginary `[..., m]` -> `[..., length]`.
 * Errors: ArgumentError unless x is a pair and length a whole number of at least 1; ShapeError unless its parts have
 * one shape, not empty; DtypeError unless they are f32.
 */
export function irfft(x: ComplexPair, length?: number): Tensor {
  requireComplex("irfft", x);
  const fftLength = length === undefined ? 2 * ((x[0].shape.at(-1) ?? 0) - 1) : length;
  requireCount("irfft", "fftLength", fftLength);
  const half = Math.floor(fftLength / 2) + 1;
  const [real, imaginary] = x.map((part) => resized(part, half));
  // The other half of the transform of real numbers is this one, conjugate and backwards.
  const mirrored = (part: Tensor): Tensor => {
    const outer = part.shape.slice(0, -1);
    const twins = slice(part, [...outer.map(() => 0), 1], [...outer, fftLength - half]) as Tensor;
    return flip(twins, -1) as Tensor;
  };
  const whole = [concat([real, mirrored(real)], -1), concat([imaginary, neg(mirrored(imaginary))], -1)] as Tensor[];
  return unstack(transform(whole[0], whole[1], true, 1 / fftLength))[0] as Tensor;
}

/** Pieces of x along the last axis, `length` long, one every `step` numbers: [..., pieces, length]. */
const sequences = defineOp("extractSequences", {
  forward(x: Tensor, length: number, step: number): Tensor {
    const pieces = Math.floor((x.shape[x.rank - 1] - length) / step) + 1;
    const outer = x.shape.slice(0, -1);
    const strides = denseStrides(x.shape);
    return readView("extractSequences", x, [...outer, pieces, length], [...strides.slice(0, -1), step, 1], 0);
  },
  gradients: [(dy, _y, x, _length, step): Tensor => resized(overlapAdd(dy, step), x.shape[x.rank - 1])],
});

/**
 * The sum of pieces [..., pieces, length] that begin `step` numbers after each other. Each piece is cut into blocks of
 * `step`; with one more row for each block than there are pieces, block b of piece p falls into line p + b.
 */
function overlapAdd(x: Tensor, step: number): Tensor {
  const outer = x.shape.slice(0, -2);
  const [pieces, length] = x.shape.slice(-2);
  const blocks = Math.ceil(length / step);
  const lines = pieces + blocks - 1;
  const cut = reshape(resized(x, blocks * step), [sizeOf(outer), pieces, blocks, step]) as Tensor;
  const byBlock = transpose(cut, [0, 2, 1, 3]) as Tensor;
  const padded = pad(byBlock, [
    [0, 0],
    [0, 0],
    [0, blocks],
    [0, 0],
  ]) as Tensor;
  const skewed = resized(
    reshape(padded, [sizeOf(outer), blocks * (pieces + blocks) * step]) as Tensor,
    blocks * lines * step,
  );
  const lineSums = sum(reshape(skewed, [sizeOf(outer), blocks, lines, step]) as Tensor, 1);
  return resized(reshape(lineSums, [...outer, lines * step]) as Tensor, (pieces - 1) * step + length);
}

/**
 * Overlapping pieces of x along the last axis.
 * Shapes: `[..., time]` -> `[..., 1 + floor((time - sequenceLength) / sequenceStride), sequenceLength]`.
 * Errors: ArgumentError unless both are whole numbers of at least 1; ShapeError where x is shorter than one piece;
 * DtypeError unless x is f32.
 */
export function extractSequences(x: Tensor, sequenceLength: number, sequenceStride: number): Tensor {
  requireReal("extractSequences", "x", x);
  requireCount("extractSequences", "sequenceLength", sequenceLength);
  requireCount("extractSequences", "sequenceStride", sequenceStride);
  if (x.shape[x.rank - 1] < sequenceLength) {
    const got = `${formatShape(x.shape)} for sequences of ${sequenceLength}`;
    throw new ShapeError(`extractSequences: x must be at least one sequence long, got ${got}`);
  }
  return sequences(x, sequenceLength, sequenceStride);
}

/** Options of {@link stft} and {@link istft}. */
export interface StftOptions {
  /** Factor of each sequence: "hann" (default), "hamming", a tensor [sequenceLength], or null for none. */
  window?: "hann" | "hamming" | Tensor | null;
  /** Whether sequence t is centred at t sequenceStride, with the signal mirrored at its ends; default true. */
  center?: boolean;
}

/** The window in the middle of `fftLength` zeros: periodic, as spectra want it. */
function windowOf(operation: string, window: StftOptions["window"], length: number, fftLength: number): Tensor {
  const before = Math.floor((fftLength - length) / 2);
  const widths = [[before, fftLength - length - before]] as const;
  if (window === null) return full([fftLength], 1);
  if (window instanceof Tensor) {
    requireFloat(operation, "the window", window);
    if (!sameShape(window.shape, [length])) {
      const got = formatShape(window.shape);
      throw new ShapeError(`${operation}: the window must have sequenceLength ${length} numbers, got shape ${got}`);
    }
    return pad(window, widths) as Tensor;
  }
  if (window !== undefined && window !== "hann" && window !== "hamming") {
    throw new ArgumentError(`${operation}: window must be "hann", "hamming", a tensor or null, got ${textOf(window)}`);
  }
  const constant = window === "hamming" ? 0.54 : 0.5;
  const turn = (2 * Math.PI) / length;
  const value = (i: number): number => (length === 1 ? 1 : constant - (1 - constant) * Math.cos(turn * i));
  return pad(tabulate([length], value), widths) as Tensor;
}

function requireLengths(operation: string, length: number, stride: number, fftLength: number): void {
  requireCount(operation, "sequenceLength", length);
  requireCount(operation, "sequenceStride", stride);
  requireCount(operation, "fftLength", fftLength);
  if (fftLength < length) {
    throw new ArgumentError(`${operation}: fftLength must be at least sequenceLength ${length}, got ${fftLength}`);
  }
}

/**
 * Short-time Fourier transform of real x: {@link rfft} of windowed, overlapping sequences.
 * Example: `stft(audio, 400, 160, 512)` of `[batch, samples]`.
 * Shapes: `[..., time]` -> real and imaginary `[..., sequences, floor(fftLength / 2) + 1]`.
 * Errors: ArgumentError for lengths below 1, an fftLength below sequenceLength and an unknown window; ShapeError for a
 * signal too short and a window of another length; DtypeError unless x is f32. Source: Keras's `stft`.
 */
export function stft(
  x: Tensor,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  options: StftOptions = {},
): [real: Tensor, imaginary: Tensor] {
  const { window = "hann", center = true } = checkOptions("stft", options, stftOptions);
  requireReal("stft", "x", x);
  requireLengths("stft", sequenceLength, sequenceStride, fftLength);
  const signal = center ? mirrored(x, Math.floor(fftLength / 2)) : x;
  const pieces = extractSequences(signal, fftLength, sequenceStride);
  return rfft(mul(pieces, windowOf("stft", window, sequenceLength, fftLength)));
}

/** x with `width` numbers added at both ends of the last axis: x mirrored there, without repeating the outermost. */
function mirrored(x: Tensor, width: number): Tensor {
  const n = x.shape[x.rank - 1];
  const outer = x.shape.slice(0, -1);
  if (width >= n)
    throw new ShapeError(`stft: x must be longer than ${width} to be mirrored, got ${formatShape(x.shape)}`);
  const part = (begin: number): Tensor =>
    flip(slice(x, [...outer.map(() => 0), begin], [...outer, width]), -1) as Tensor;
  return concat([part(1), x, part(n - 1 - width)], -1) as Tensor;
}

/** Options of {@link istft}. */
export interface IstftOptions extends StftOptions {
  /** Length of the result; default: all there is. */
  length?: number;
}

/**
 * Inverse of {@link stft} with the same options: the signal whose transform is nearest to x, windowed inverse
 * transforms summed where they overlap, over the sum of the squared windows.
 * Shapes: real and imaginary `[..., sequences, floor(fftLength / 2) + 1]` -> `[..., time]`.
 * Errors: ArgumentError for lengths below 1, an fftLength below sequenceLength and an unknown window; ShapeError unless
 * both parts have one shape of at least two axes; DtypeError unless they are f32. Source: Griffin and Lim 1984.
 */
export function istft(
  x: ComplexPair,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  options: IstftOptions = {},
): Tensor {
  const { window = "hann", center = true, length } = checkOptions("istft", options, istftOptions);
  requireComplex("istft", x, 2);
  requireLengths("istft", sequenceLength, sequenceStride, fftLength);
  if (length !== undefined) requireCount("istft", "length", length, 0);
  const weights = windowOf("istft", window, sequenceLength, fftLength);
  const pieces = mul(irfft(x, fftLength), weights);
  const squares = broadcastTo(square(weights), pieces.shape.slice(-2)) as Tensor;
  const total = overlapAdd(squares, sequenceStride);
  const signal = div(overlapAdd(pieces, sequenceStride), where(greater(total, 1e-10), total, 1));
  const begin = center ? Math.floor(fftLength / 2) : 0;
  const all = signal.shape[signal.rank - 1] - begin - (center && length === undefined ? begin : 0);
  const outer = signal.shape.slice(0, -1);
  return slice(signal, [...outer.map(() => 0), begin], [...outer, Math.min(length ?? all, all)]) as Tensor;
}
