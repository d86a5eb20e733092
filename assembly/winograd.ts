// Winograd's minimal filtering F(2x2, 3x3): a tile of 2 x 2 results of a 3 x 3 convolution from 4 x 4 pixels with 16
// multiplications a channel instead of 36. Images, filters and their gradients are transformed into 16 matrices, which
// matmul_f32 multiplies, and back (Lavin and Gray, arXiv 1509.09308). A matrix has a row for each tile, counted along
// lines, lines down an image, images last; matrices lie `plane` numbers apart. Channels and outputs come in eights.
import { In, OptionalIn, Out } from "./signature";
import { floorOf } from "./simd/gemm";
import { Turn } from "./simd/winograd";

/** v[16, tile, channels] = B' d B of images x that cover all tiles, over lines of tiles [begin, end) + `firstLine`. */
export function winograd_input_f32(
  v: Out<f32>, x: In<f32>, height: i32, width: i32, channels: i32, tileRows: i32, tileColumns: i32, plane: i32,
  firstLine: i32, begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>width;
  const step = <usize>plane << 2;
  for (let unit = begin; unit < end; unit++) {
    const at = firstLine + unit;
    let p = x + <usize>(at / tileRows * height + 2 * (at % tileRows)) * line;
    let result = v + <usize>(unit * tileColumns) * pixel;
    for (let tile = 0; tile < tileColumns; tile++, p += 2 * pixel, result += pixel) {
      for (let c: usize = 0; c < pixel; c += 16) {
        const d = p + c;
        const to = result + c;
        Turn.inputColumn(to, step << 2, d, d + 2 * pixel, line, false);
        Turn.inputColumn(to + step, step << 2, d + pixel, d + 2 * pixel, line, true);
        Turn.inputColumn(to + 2 * step, step << 2, d + 2 * pixel, d + pixel, line, false);
        Turn.inputColumn(to + 3 * step, step << 2, d + pixel, d + 3 * pixel, line, false);
      }
    }
  }
}

/**
 * y = activation(A' m A + bias) of m [16, tile, outputs], over lines of tiles [begin, end) + `firstLine`; what lies
 * outside of y is left out.
 */
export function winograd_output_f32(
  y: Out<f32>, m: In<f32>, bias: OptionalIn<f32>, height: i32, width: i32, outputs: i32, tileRows: i32,
  tileColumns: i32, plane: i32, activation: i32, firstLine: i32, begin: i32, end: i32,
): void {
  const pixel = <usize>outputs << 2;
  const line = pixel * <usize>width;
  const step = <usize>plane << 2;
  const floor = f32x4.splat(floorOf(activation));
  for (let unit = begin; unit < end; unit++) {
    const at = firstLine + unit;
    const row = 2 * (at % tileRows);
    const hasBelow = row + 1 < height;
    let result = y + <usize>(at / tileRows * height + row) * line;
    let from = m + <usize>(unit * tileColumns) * pixel;
    for (let column = 0; column < width; column += 2, result += 2 * pixel, from += pixel) {
      const hasRight = column + 1 < width;
      for (let c: usize = 0; c < pixel; c += 16) {
        const start = bias ? v128.load(bias + c) : f32x4.splat(0);
        const p = from + c;
        const upper0 = Turn.upper(p, step << 2);
        const upper1 = Turn.upper(p + step, step << 2);
        const upper2 = Turn.upper(p + 2 * step, step << 2);
        const upper3 = Turn.upper(p + 3 * step, step << 2);
        const top = f32x4.add(start, f32x4.add(f32x4.add(upper0, upper1), upper2));
        const topRight = f32x4.add(start, f32x4.sub(f32x4.sub(upper1, upper2), upper3));
        const lower0 = Turn.lower(p, step << 2);
        const lower1 = Turn.lower(p + step, step << 2);
        const lower2 = Turn.lower(p + 2 * step, step << 2);
        const lower3 = Turn.lower(p + 3 * step, step << 2);
        const below = f32x4.add(start, f32x4.add(f32x4.add(lower0, lower1), lower2));
        const belowRight = f32x4.add(start, f32x4.sub(f32x4.sub(lower1, lower2), lower3));
        const to = result + c;
        v128.store(to, f32x4.pmax(top, floor));
        if (hasRight) v128.store(to + pixel, f32x4.pmax(topRight, floor));
        if (hasBelow) v128.store(to + line, f32x4.pmax(below, floor));
        if (hasBelow && hasRight) v128.store(to + line + pixel, f32x4.pmax(belowRight, floor));
      }
    }
  }
}

/** z[16, tile, outputs] = A dy A', what lies outside of dy as zeros, over lines of tiles [begin, end) + `firstLine`. */
export function winograd_grad_output_f32(
  z: Out<f32>, dy: In<f32>, height: i32, width: i32, outputs: i32, tileRows: i32, tileColumns: i32, plane: i32,
  firstLine: i32, begin: i32, end: i32,
): void {
  const pixel = <usize>outputs << 2;
  const line = pixel * <usize>width;
  const step = <usize>plane << 2;
  const zero = f32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const at = firstLine + unit;
    const row = 2 * (at % tileRows);
    const hasBelow = row + 1 < height;
    let p = dy + <usize>(at / tileRows * height + row) * line;
    let result = z + <usize>(unit * tileColumns) * pixel;
    for (let column = 0; column < width; column += 2, p += 2 * pixel, result += pixel) {
      const hasRight = column + 1 < width;
      for (let c: usize = 0; c < pixel; c += 16) {
        const d = p + c;
        const top = v128.load(d);
        const topRight = hasRight ? v128.load(d + pixel) : zero;
        const below = hasBelow ? v128.load(d + line) : zero;
        const belowRight = hasBelow && hasRight ? v128.load(d + line + pixel) : zero;
        const to = result + c;
        Turn.gradientLine(to, step, top, topRight);
        Turn.gradientLine(to + 4 * step, step, f32x4.add(top, below), f32x4.add(topRight, belowRight));
        Turn.gradientLine(to + 8 * step, step, f32x4.sub(top, below), f32x4.sub(topRight, belowRight));
        Turn.gradientLine(to + 12 * step, step, f32x4.neg(below), f32x4.neg(belowRight));
      }
    }
  }
}

/**
 * u[16] = G g G' of filters g [3, 3, channels, outputs], each packed as [outputs / 8, channels, 8], over channels
 * [begin, end); filters are rotated by 180 degrees if `flipped`.
 * @pack
 */
export function winograd_pack_filters_f32(
  u: Out<f32>, filters: In<f32>, channels: i32, outputs: i32, plane: i32, flipped: i32, begin: i32, end: i32,
): void {
  const row = <usize>outputs << 2;
  const step = <usize>plane << 2;
  const panel = <usize>channels << 5;
  const taps = row * <usize>channels;
  const tap = flipped ? -taps : taps;
  for (let channel = begin; channel < end; channel++) {
    const first = filters + <usize>channel * row + (flipped ? 8 * taps : 0);
    for (let i: usize = 0; i < row; i += 16) {
      const g = first + i;
      const to = u + (i >> 5) * panel + (<usize>channel << 5) + (i & 16);
      const low0 = v128.load(g);
      const low1 = v128.load(g + tap);
      const low2 = v128.load(g + 2 * tap);
      const middle0 = v128.load(g + 3 * tap);
      const middle1 = v128.load(g + 4 * tap);
      const middle2 = v128.load(g + 5 * tap);
      const high0 = v128.load(g + 6 * tap);
      const high1 = v128.load(g + 7 * tap);
      const high2 = v128.load(g + 8 * tap);
      const outer0 = f32x4.add(low0, high0);
      const outer1 = f32x4.add(low1, high1);
      const outer2 = f32x4.add(low2, high2);
      Turn.filterLine(to, step, low0, low1, low2);
      Turn.filterLine(
        to + 4 * step, step, Turn.half(f32x4.add(outer0, middle0)), Turn.half(f32x4.add(outer1, middle1)),
        Turn.half(f32x4.add(outer2, middle2)),
      );
      Turn.filterLine(
        to + 8 * step, step, Turn.half(f32x4.sub(outer0, middle0)), Turn.half(f32x4.sub(outer1, middle1)),
        Turn.half(f32x4.sub(outer2, middle2)),
      );
      Turn.filterLine(to + 12 * step, step, high0, high1, high2);
    }
  }
}

/** df[chunk, 3, 3, channels, outputs] = G' w G of w [16, channels, outputs], over channels [begin, end). */
export function winograd_grad_filters_f32(
  df: Out<f32>, w: In<f32>, channels: i32, outputs: i32, plane: i32, chunk: i32, begin: i32, end: i32,
): void {
  const row = <usize>outputs << 2;
  const tap = row * <usize>channels;
  const step = <usize>plane << 2;
  const result = df + <usize>chunk * 9 * tap;
  for (let i = <usize>begin * row; i < <usize>end * row; i += 16) {
    const p = w + i;
    const to = result + i;
    for (let line = 0; line < 3; line++) {
      const t0 = Turn.gather(p, step << 2, line);
      const t1 = Turn.gather(p + step, step << 2, line);
      const t2 = Turn.gather(p + 2 * step, step << 2, line);
      const t3 = Turn.gather(p + 3 * step, step << 2, line);
      const sum = Turn.half(f32x4.add(t1, t2));
      const at = to + 3 * <usize>line * tap;
      v128.store(at, f32x4.add(t0, sum));
      v128.store(at + tap, Turn.half(f32x4.sub(t1, t2)));
      v128.store(at + 2 * tap, f32x4.add(sum, t3));
    }
  }
}
