// Batch normalization over the rows and layer normalization over the columns of [rows, columns], with their gradients.
// Sums down the columns are made for blocks of `block` rows; `sum_f32` or `moments_merge_f32` combines the blocks.
import { In, InEach, InOutEach, OptionalIn, Out, Scratch } from "./signature";
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

/** What the loops over the columns do with `lanes` of them. */
class Step {
  /** y[c] = (x[c] - mean[c]) scale[c] + offset[c] */
  @inline static normalize(y: usize, x: usize, mean: usize, scale: usize, offset: usize, lanes: i32): void {
    const d = f32x4.sub(Lanes.load(x, lanes), Lanes.load(mean, lanes));
    Lanes.store(y, f32x4.add(f32x4.mul(d, Lanes.load(scale, lanes)), Lanes.load(offset, lanes)), lanes);
  }

  /** dx[c] = scale[c] (dy[c] - shift[c] - (x[c] - mean[c]) slope[c]) */
  @inline static project(
    dx: usize, dy: usize, x: usize, mean: usize, scale: usize, slope: usize, shift: usize, lanes: i32,
  ): void {
    const drift = f32x4.mul(f32x4.sub(Lanes.load(x, lanes), Lanes.load(mean, lanes)), Lanes.load(slope, lanes));
    const g = f32x4.sub(f32x4.sub(Lanes.load(dy, lanes), Lanes.load(shift, lanes)), drift);
    Lanes.store(dx, f32x4.mul(g, Lanes.load(scale, lanes)), lanes);
  }

  /** y[c] = (x[c] - mean) scale gamma[c] + beta[c]; gamma is 1 and beta 0 where they are absent. */
  @inline static standardize(
    y: usize, x: usize, mean: v128, scale: v128, gamma: usize, beta: usize, at: usize, lanes: i32,
  ): void {
    let v = f32x4.mul(f32x4.sub(Lanes.load(x + at, lanes), mean), scale);
    if (gamma != 0) v = f32x4.mul(v, Lanes.load(gamma + at, lanes));
    if (beta != 0) v = f32x4.add(v, Lanes.load(beta + at, lanes));
    Lanes.store(y + at, v, lanes);
  }

  /** y[c] += dy[c] (x[c] - mean) scale */
  @inline static correlate(y: usize, dy: usize, x: usize, mean: v128, scale: v128, lanes: i32): void {
    const standard = f32x4.mul(f32x4.sub(Lanes.load(x, lanes), mean), scale);
    Lanes.store(y, f32x4.add(Lanes.load(y, lanes), f32x4.mul(Lanes.load(dy, lanes), standard)), lanes);
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

/** mean[c] and (biased) variance[c] from the moments of the blocks, by Chan's formula, over columns [begin, end). */
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

/**
 * average[i] = momentum average[i] + (1 - momentum) value[i], over elements [begin, end). A variance beyond f32 counts
 * as the greatest number: infinity would stay for ever.
 */
export function running_average_f32(
  average: InOutEach<f32>, value: InEach<f32>, momentum: f32, begin: i32, end: i32,
): void {
  for (let i = begin; i < end; i++) {
    const at = <usize>i << 2;
    store<f32>(average + at, momentum * load<f32>(average + at) + (1 - momentum) * within(load<f32>(value + at)));
  }
}

function within(x: f32): f32 {
  return x == Infinity ? f32.MAX_VALUE : x;
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
    const body = <usize>(n & ~3) << 2;
    const rest = n & 3;
    const centre = mean + at;
    scales(scratch, gamma != 0 ? gamma + at : 0, variance + at, epsilon, n);
    if (beta != 0) memory.copy(offset, beta + at, <usize>n << 2);
    else memory.fill(offset, 0, <usize>n << 2);
    for (let r = begin; r < end; r++) {
      const row = <usize>(r * columns + first) << 2;
      const yr = y + row;
      const xr = x + row;
      for (let i: usize = 0; i < body; i += 16) {
        Step.normalize(yr + i, xr + i, centre + i, scratch + i, offset + i, 4);
      }
      if (rest > 0) Step.normalize(yr + body, xr + body, centre + body, scratch + body, offset + body, rest);
    }
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
    const body = <usize>(n & ~3) << 2;
    const rest = n & 3;
    const centre = mean + at;
    scales(scratch, gamma != 0 ? gamma + at : 0, variance + at, epsilon, n);
    scales(slope, dgamma + at, variance + at, epsilon, n);
    Row.map<Scaled>(slope, slope, slope, share, 0, 0, n);
    Row.map<Scaled>(shift, dbeta + at, dbeta + at, share, 0, 0, n);
    for (let r = begin; r < end; r++) {
      const row = <usize>(r * columns + first) << 2;
      for (let i: usize = 0; i < body; i += 16) {
        const p = row + i;
        Step.project(dx + p, dy + p, x + p, centre + i, scratch + i, slope + i, shift + i, 4);
      }
      const p = row + body;
      if (rest > 0) {
        Step.project(dx + p, dy + p, x + p, centre + body, scratch + body, slope + body, shift + body, rest);
      }
    }
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
  const body = bytes & ~15;
  const rest = columns & 3;
  const size = <f32>columns;
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * bytes;
    const out = y + <usize>r * bytes;
    const centre = Row.fold<Sum>(row, columns) / size;
    const scale: f32 = 1 / sqrt<f32>(Row.sum<SquaredDeviation>(row, row, centre, columns) / size + epsilon);
    store<f32>(mean + (<usize>r << 2), centre);
    store<f32>(rstd + (<usize>r << 2), scale);
    const means = f32x4.splat(centre);
    const scales = f32x4.splat(scale);
    for (let i: usize = 0; i < body; i += 16) Step.standardize(out, row, means, scales, gamma, beta, i, 4);
    if (rest > 0) Step.standardize(out, row, means, scales, gamma, beta, body, rest);
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
  const body = bytes & ~15;
  const rest = columns & 3;
  for (let b = begin; b < end; b++) {
    const at = <usize>b * bytes;
    const first = b * block;
    const last = min(first + block, rows);
    Block.fold<Sum>(dbeta + at, dy + <usize>first * bytes, last - first, columns, bytes);
    memory.fill(dgamma + at, 0, bytes);
    for (let r = first; r < last; r++) {
      const row = <usize>r * bytes;
      const centre = v128.load32_splat(mean + (<usize>r << 2));
      const scale = v128.load32_splat(rstd + (<usize>r << 2));
      for (let i: usize = 0; i < body; i += 16) {
        Step.correlate(dgamma + at + i, dy + row + i, x + row + i, centre, scale, 4);
      }
      if (rest > 0) {
        Step.correlate(dgamma + at + body, dy + row + body, x + row + body, centre, scale, rest);
      }
    }
  }
}
