// Batch normalization over the rows and layer normalization over the columns of [rows, columns], with their gradients.
// Sums down the columns are made for blocks of `block` rows; `sum_f32` or `moments_merge_f32` combines the blocks.
import { In, InOut, OptionalIn, Out, Scratch } from "./signature";
import { Block, Lanes, Row, RowMap, Scaled, Sum, Term } from "./simd/reduce";

/** (a - s)^2 */
@unmanaged
class SquaredDeviation extends Term {
  @inline vec(a: v128, b: v128, s: v128): v128 {
    const d = f32x4.sub(a, s);
    return f32x4.mul(d, d);
  }
}

/** a (b - s) */
@unmanaged
class Covariance extends Term {
  @inline vec(a: v128, b: v128, s: v128): v128 { return f32x4.mul(a, f32x4.sub(b, s)); }
}

/** a b s */
@unmanaged
class ScaledProduct extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.mul(f32x4.mul(a, b), s); }
}

/** (a - s) - (b - t) u */
@unmanaged
class Residue extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.sub(f32x4.sub(a, s), f32x4.mul(f32x4.sub(b, t), u));
  }
}

/** mean[b, c] and m2[b, c], the sum of squared deviations from it, of each block of rows, over blocks [begin, end). */
export function moments_f32(
  mean: Out<f32>, m2: Out<f32>, x: In<f32>, rows: i32, columns: i32, block: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let b = begin; b < end; b++) {
    const at = <usize>b * stride;
    const source = x + <usize>(b * block) * stride;
    const count = min(block, rows - b * block);
    Block.fold<Sum>(mean + at, source, count, columns, stride);
    Row.map<Scaled>(mean + at, mean + at, mean + at, 1 / <f32>count, 0, 0, columns);
    Block.sum<SquaredDeviation>(m2 + at, source, source, mean + at, count, columns, stride);
  }
}

/** mean[c] and variance[c] (biased) of all rows from those of the blocks, by Chan's formula, over columns [begin, end). */
export function moments_merge_f32(
  mean: Out<f32>, variance: Out<f32>, blockMean: In<f32>, blockM2: In<f32>,
  rows: i32, columns: i32, block: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  const blocks = (rows + block - 1) / block;
  const scale = f32x4.splat(1 / <f32>rows);
  for (let c = begin; c < end; c += 4) {
    const lanes = min(end - c, 4);
    const at = <usize>c << 2;
    let sum = f32x4.splat(0);
    for (let b = 0, p = at; b < blocks; b++, p += stride) {
      const count = f32x4.splat(<f32>min(block, rows - b * block));
      sum = f32x4.add(sum, f32x4.mul(Lanes.load(blockMean + p, lanes), count));
    }
    const centre = f32x4.mul(sum, scale);
    let squares = f32x4.splat(0);
    for (let b = 0, p = at; b < blocks; b++, p += stride) {
      const count = f32x4.splat(<f32>min(block, rows - b * block));
      const d = f32x4.sub(Lanes.load(blockMean + p, lanes), centre);
      squares = f32x4.add(squares, f32x4.add(Lanes.load(blockM2 + p, lanes), f32x4.mul(f32x4.mul(d, d), count)));
    }
    Lanes.store(mean + at, centre, lanes);
    Lanes.store(variance + at, f32x4.mul(squares, scale), lanes);
  }
}

/** average[i] = momentum average[i] + (1 - momentum) value[i], over elements [begin, end). */
export function running_average_f32(
  average: InOut<f32>, value: In<f32>, momentum: f32, begin: i32, end: i32,
): void {
  for (let i = begin; i < end; i++) {
    const at = <usize>i << 2;
    store<f32>(average + at, momentum * load<f32>(average + at) + (1 - momentum) * load<f32>(value + at));
  }
}

/** How many columns batch normalization handles at a time: the table of their constants lies in scratch memory. */
const STRIP: i32 = 8192;
const TABLE: usize = 4 * STRIP;

/** y[c] = gamma[c] / sqrt(variance[c] + epsilon) for n columns; gamma is 1 where it is absent. */
function scales(y: usize, gamma: usize, variance: usize, epsilon: f32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 2;
    const factor: f32 = gamma != 0 ? load<f32>(gamma + at) : 1;
    store<f32>(y + at, factor / sqrt<f32>(load<f32>(variance + at) + epsilon));
  }
}

/** y[r, c] = (x[r, c] - mean[c]) gamma[c] / sqrt(variance[c] + epsilon) + beta[c], over rows [begin, end). */
export function batch_norm_f32(
  y: Out<f32>, x: In<f32>, mean: In<f32>, variance: In<f32>, gamma: OptionalIn<f32>, beta: OptionalIn<f32>,
  columns: i32, epsilon: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  const offset = scratch + TABLE;
  for (let first = 0; first < columns; first += STRIP) {
    const n = min(STRIP, columns - first);
    const at = <usize>first << 2;
    scales(scratch, gamma != 0 ? gamma + at : 0, variance + at, epsilon, n);
    if (beta != 0) memory.copy(offset, beta + at, <usize>n << 2);
    else memory.fill(offset, 0, <usize>n << 2);
    for (let r = begin; r < end; r++) {
      const row = <usize>(r * columns + first) << 2;
      normalize(y + row, x + row, mean + at, scratch, offset, n);
    }
  }
}

/** y[c] = (x[c] - mean[c]) scale[c] + offset[c] for n columns. */
function normalize(y: usize, x: usize, mean: usize, scale: usize, offset: usize, n: i32): void {
  const end = y + (<usize>n << 2);
  for (; y + 32 <= end; y += 32, x += 32, mean += 32, scale += 32, offset += 32) {
    const d0 = f32x4.sub(v128.load(x), v128.load(mean));
    const d1 = f32x4.sub(v128.load(x, 16), v128.load(mean, 16));
    v128.store(y, f32x4.add(f32x4.mul(d0, v128.load(scale)), v128.load(offset)));
    v128.store(y, f32x4.add(f32x4.mul(d1, v128.load(scale, 16)), v128.load(offset, 16)), 16);
  }
  for (; y < end; y += 4, x += 4, mean += 4, scale += 4, offset += 4) {
    store<f32>(y, (load<f32>(x) - load<f32>(mean)) * load<f32>(scale) + load<f32>(offset));
  }
}

/**
 * For each block of rows, dgamma[b, c] = sum of dy (x - mean) / sqrt(variance + epsilon) and dbeta[b, c] = sum of dy,
 * over blocks [begin, end).
 */
export function batch_norm_grad_affine_f32(
  dgamma: Out<f32>, dbeta: Out<f32>, dy: In<f32>, x: In<f32>, mean: In<f32>, variance: In<f32>,
  rows: i32, columns: i32, block: i32, epsilon: f32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let b = begin; b < end; b++) {
    const at = <usize>b * stride;
    const first = <usize>(b * block) * stride;
    const count = min(block, rows - b * block);
    Block.fold<Sum>(dbeta + at, dy + first, count, columns, stride);
    Block.sum<Covariance>(dgamma + at, dy + first, x + first, mean, count, columns, stride);
    scales(dgamma + at, dgamma + at, variance, epsilon, columns);
  }
}

/**
 * dx = gamma / sqrt(variance + epsilon) (dy - dbeta / rows - (x - mean) / sqrt(variance + epsilon) dgamma / rows): the
 * gradient through the normalization and through the moments, over rows [begin, end) of `rows`.
 */
export function batch_norm_grad_x_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, mean: In<f32>, variance: In<f32>, gamma: OptionalIn<f32>,
  dgamma: In<f32>, dbeta: In<f32>, rows: i32, columns: i32, epsilon: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  const slope = scratch + TABLE;
  const shift = slope + TABLE;
  const share: f32 = 1 / <f32>rows;
  for (let first = 0; first < columns; first += STRIP) {
    const n = min(STRIP, columns - first);
    const at = <usize>first << 2;
    scales(scratch, gamma != 0 ? gamma + at : 0, variance + at, epsilon, n);
    scales(slope, dgamma + at, variance + at, epsilon, n);
    Row.map<Scaled>(slope, slope, slope, share, 0, 0, n);
    Row.map<Scaled>(shift, dbeta + at, dbeta + at, share, 0, 0, n);
    for (let r = begin; r < end; r++) {
      const row = <usize>(r * columns + first) << 2;
      denormalize(dx + row, dy + row, x + row, mean + at, scratch, slope, shift, n);
    }
  }
}

/** dx[c] = scale[c] (dy[c] - shift[c] - (x[c] - mean[c]) slope[c]) for n columns. */
function denormalize(
  dx: usize, dy: usize, x: usize, mean: usize, scale: usize, slope: usize, shift: usize, n: i32,
): void {
  const bytes = <usize>n << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const drift = f32x4.mul(f32x4.sub(v128.load(x + i), v128.load(mean + i)), v128.load(slope + i));
    const g = f32x4.sub(f32x4.sub(v128.load(dy + i), v128.load(shift + i)), drift);
    v128.store(dx + i, f32x4.mul(g, v128.load(scale + i)));
  }
  for (; i < bytes; i += 4) {
    const drift = (load<f32>(x + i) - load<f32>(mean + i)) * load<f32>(slope + i);
    store<f32>(dx + i, (load<f32>(dy + i) - load<f32>(shift + i) - drift) * load<f32>(scale + i));
  }
}

/**
 * y[r, c] = (x[r, c] - mean[r]) rstd[r] gamma[c] + beta[c], where mean[r] is the mean of the row and rstd[r] one over
 * the square root of its variance + epsilon, over rows [begin, end).
 */
export function layer_norm_f32(
  y: Out<f32>, mean: Out<f32>, rstd: Out<f32>, x: In<f32>, gamma: OptionalIn<f32>, beta: OptionalIn<f32>,
  columns: i32, epsilon: f32, begin: i32, end: i32,
): void {
  const bytes = <usize>columns << 2;
  const size = <f32>columns;
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * bytes;
    const out = y + <usize>r * bytes;
    const centre = Row.fold<Sum>(row, columns) / size;
    const scale: f32 = 1 / sqrt<f32>(Row.sum<SquaredDeviation>(row, row, centre, columns) / size + epsilon);
    store<f32>(mean + (<usize>r << 2), centre);
    store<f32>(rstd + (<usize>r << 2), scale);
    standardize(out, row, centre, scale, gamma, beta, columns);
  }
}

/** y[c] = (x[c] - mean) scale gamma[c] + beta[c] for n columns; gamma is 1 and beta 0 where they are absent. */
function standardize(y: usize, x: usize, mean: f32, scale: f32, gamma: usize, beta: usize, n: i32): void {
  const bytes = <usize>n << 2;
  const means = f32x4.splat(mean);
  const scales = f32x4.splat(scale);
  for (let i: usize = 0; i < bytes; i += 16) {
    const lanes = <i32>(bytes - i) >> 2;
    let v = f32x4.mul(f32x4.sub(Lanes.load(x + i, lanes), means), scales);
    if (gamma != 0) v = f32x4.mul(v, Lanes.load(gamma + i, lanes));
    if (beta != 0) v = f32x4.add(v, Lanes.load(beta + i, lanes));
    Lanes.store(y + i, v, lanes);
  }
}

/**
 * dx = rstd (g - mean of g - xhat times the mean of g xhat), where g = dy gamma and xhat = (x - mean) rstd, over rows
 * [begin, end).
 */
export function layer_norm_grad_x_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, mean: In<f32>, rstd: In<f32>, gamma: OptionalIn<f32>,
  columns: i32, begin: i32, end: i32,
): void {
  const bytes = <usize>columns << 2;
  const size = <f32>columns;
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * bytes;
    const out = dx + <usize>r * bytes;
    const incoming = dy + <usize>r * bytes;
    const centre = load<f32>(mean + (<usize>r << 2));
    const scale = load<f32>(rstd + (<usize>r << 2));
    if (gamma != 0) Row.map<ScaledProduct>(out, incoming, gamma, scale, 0, 0, columns);
    else Row.map<Scaled>(out, incoming, incoming, scale, 0, 0, columns);
    const shift = Row.fold<Sum>(out, columns) / size;
    const slope = Row.sum<Covariance>(out, row, centre, columns) / size * scale * scale;
    Row.map<Residue>(out, out, row, shift, centre, slope, columns);
  }
}

/**
 * For each block of rows, dgamma[b, c] = sum of dy (x - mean[r]) rstd[r] and dbeta[b, c] = sum of dy, over blocks
 * [begin, end).
 */
export function layer_norm_grad_affine_f32(
  dgamma: Out<f32>, dbeta: Out<f32>, dy: In<f32>, x: In<f32>, mean: In<f32>, rstd: In<f32>,
  rows: i32, columns: i32, block: i32, begin: i32, end: i32,
): void {
  const bytes = <usize>columns << 2;
  for (let b = begin; b < end; b++) {
    const at = <usize>b * bytes;
    const first = b * block;
    const last = min(first + block, rows);
    Block.fold<Sum>(dbeta + at, dy + <usize>first * bytes, last - first, columns, bytes);
    memory.fill(dgamma + at, 0, bytes);
    for (let r = first; r < last; r++) {
      const row = <usize>r * bytes;
      const centre = load<f32>(mean + (<usize>r << 2));
      const scale = load<f32>(rstd + (<usize>r << 2));
      accumulate(dgamma + at, dy + row, x + row, centre, scale, columns);
    }
  }
}

/** y[c] += dy[c] (x[c] - mean) scale for n columns. */
function accumulate(y: usize, dy: usize, x: usize, mean: f32, scale: f32, n: i32): void {
  const bytes = <usize>n << 2;
  const means = f32x4.splat(mean);
  const scales = f32x4.splat(scale);
  for (let i: usize = 0; i < bytes; i += 16) {
    const lanes = <i32>(bytes - i) >> 2;
    const d = f32x4.mul(f32x4.sub(Lanes.load(x + i, lanes), means), scales);
    Lanes.store(y + i, f32x4.add(Lanes.load(y + i, lanes), f32x4.mul(Lanes.load(dy + i, lanes), d)), lanes);
  }
}
