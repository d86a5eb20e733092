// One pixel of a depthwise convolution: a sum over a grid of taps, channel by channel, channels in lanes.
import { Fma } from "./fma";

/** How many channels are worked on at once: a compile-time parameter. */
@unmanaged
export abstract class Width {
  abstract load(p: usize): v128;
  abstract store(p: usize, x: v128): void;
  /** x[channel / multiplier], x[(channel + 1) / multiplier], .. */
  abstract spread(x: usize, channel: i32, multiplier: i32): v128;
}

@unmanaged
export class Four extends Width {
  @inline load(p: usize): v128 {
    return v128.load(p);
  }
  @inline store(p: usize, x: v128): void {
    v128.store(p, x);
  }
  @inline spread(x: usize, channel: i32, multiplier: i32): v128 {
    if (multiplier == 1) return v128.load(x + (<usize>channel << 2));
    if (multiplier % 4 == 0) return v128.load32_splat(x + (<usize>(channel / multiplier) << 2));
    let y = v128.load32_zero(x + (<usize>(channel / multiplier) << 2));
    y = v128.load_lane<f32>(x + (<usize>((channel + 1) / multiplier) << 2), y, 1);
    y = v128.load_lane<f32>(x + (<usize>((channel + 2) / multiplier) << 2), y, 2);
    return v128.load_lane<f32>(x + (<usize>((channel + 3) / multiplier) << 2), y, 3);
  }
}

@unmanaged
export class One extends Width {
  @inline load(p: usize): v128 {
    return v128.load32_zero(p);
  }
  @inline store(p: usize, x: v128): void {
    v128.store_lane<f32>(p, x, 0);
  }
  @inline spread(x: usize, channel: i32, multiplier: i32): v128 {
    return v128.load32_zero(x + (<usize>(channel / multiplier) << 2));
  }
}

/**
 * A grid of taps: `lines` x `columns`, from `x` and `w` on, with the bytes between neighbours. In scratch
 * memory.
 */
@unmanaged
export class TapGrid {
  x: usize;
  xLine: isize;
  xColumn: isize;
  w: usize;
  wLine: usize;
  wColumn: usize;
  lines: i32;
  columns: i32;

  /**
   * y[0..7] = max(floor, bias + sum over the taps of x[0..7] w[0..7]) from channel `offset` bytes on; bias may be 0.
   */
  write8(y: usize, bias: usize, floor: f32, offset: usize): void {
    let low = bias ? v128.load(bias + offset) : f32x4.splat(0);
    let high = bias ? v128.load(bias + offset, 16) : f32x4.splat(0);
    let xLine = this.x + offset;
    let wLine = this.w + offset;
    for (let i = this.lines; i > 0; i--, xLine += this.xLine, wLine += this.wLine) {
      let x = xLine;
      let w = wLine;
      for (let j = this.columns; j > 0; j--, x += this.xColumn, w += this.wColumn) {
        low = Fma.vec(v128.load(x), v128.load(w), low);
        high = Fma.vec(v128.load(x, 16), v128.load(w, 16), high);
      }
    }
    const least = f32x4.splat(floor);
    v128.store(y + offset, f32x4.pmax(low, least));
    v128.store(y + offset, f32x4.pmax(high, least), 16);
  }

  /** Four vectors, not below `floor`, to addresses `step` bytes apart. */
  @inline private store4(to: usize, step: isize, floor: f32, y0: v128, y1: v128, y2: v128, y3: v128): void {
    const least = f32x4.splat(floor);
    v128.store(to, f32x4.pmax(y0, least));
    to += step;
    v128.store(to, f32x4.pmax(y1, least));
    to += step;
    v128.store(to, f32x4.pmax(y2, least));
    to += step;
    v128.store(to, f32x4.pmax(y3, least));
  }

  /**
   * Four channels from `offset` bytes on, of four neighbouring pixels of y whose grids are `xPixel` bytes apart: each
   * tap's filter is loaded once for all of them.
   */
  write4Pixels(y: usize, yPixel: usize, xPixel: usize, bias: usize, floor: f32, offset: usize): void {
    let sum0 = bias ? v128.load(bias + offset) : f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let xLine = this.x + offset;
    let wLine = this.w + offset;
    for (let i = this.lines; i > 0; i--, xLine += this.xLine, wLine += this.wLine) {
      let x = xLine;
      let w = wLine;
      for (let j = this.columns; j > 0; j--, x += this.xColumn, w += this.wColumn) {
        const filter = v128.load(w);
        sum0 = Fma.vec(v128.load(x), filter, sum0);
        const x1 = x + xPixel;
        sum1 = Fma.vec(v128.load(x1), filter, sum1);
        const x2 = x1 + xPixel;
        sum2 = Fma.vec(v128.load(x2), filter, sum2);
        sum3 = Fma.vec(v128.load(x2 + xPixel), filter, sum3);
      }
    }
    this.store4(y + offset, yPixel, floor, sum0, sum1, sum2, sum3);
  }

  /**
   * `write4Pixels` for lines of three taps as far apart as the pixels' grids: each number of x is loaded once for
   * all its taps. The pixels follow each other in the direction of the taps, which may be backwards.
   */
  write4PixelsOf3(y: usize, yPixel: isize, bias: usize, floor: f32, offset: usize): void {
    let sum0 = bias ? v128.load(bias + offset) : f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let xLine = this.x + offset;
    let w = this.w + offset;
    const xColumn = this.xColumn;
    const wColumn = this.wColumn;
    for (let i = this.lines; i > 0; i--, xLine += this.xLine, w += this.wLine) {
      const filter0 = v128.load(w);
      const filter1 = v128.load(w + wColumn);
      const filter2 = v128.load(w + 2 * wColumn);
      let x = xLine;
      let place = v128.load(x);
      sum0 = Fma.vec(place, filter0, sum0);
      x += xColumn;
      place = v128.load(x);
      sum0 = Fma.vec(place, filter1, sum0);
      sum1 = Fma.vec(place, filter0, sum1);
      x += xColumn;
      place = v128.load(x);
      sum0 = Fma.vec(place, filter2, sum0);
      sum1 = Fma.vec(place, filter1, sum1);
      sum2 = Fma.vec(place, filter0, sum2);
      x += xColumn;
      place = v128.load(x);
      sum1 = Fma.vec(place, filter2, sum1);
      sum2 = Fma.vec(place, filter1, sum2);
      sum3 = Fma.vec(place, filter0, sum3);
      x += xColumn;
      place = v128.load(x);
      sum2 = Fma.vec(place, filter2, sum2);
      sum3 = Fma.vec(place, filter1, sum3);
      sum3 = Fma.vec(v128.load(x + xColumn), filter2, sum3);
    }
    this.store4(y + offset, yPixel, floor, sum0, sum1, sum2, sum3);
  }

  /** `write8` for the channels of one width, with x spread over `multiplier` channels each. */
  write<W extends Width>(y: usize, bias: usize, floor: f32, channel: i32, multiplier: i32): void {
    const width = changetype<W>(<usize>0);
    const offset = <usize>channel << 2;
    let sum = bias ? width.load(bias + offset) : f32x4.splat(0);
    let xLine = this.x;
    let wLine = this.w + offset;
    for (let i = this.lines; i > 0; i--, xLine += this.xLine, wLine += this.wLine) {
      let x = xLine;
      let w = wLine;
      for (let j = this.columns; j > 0; j--, x += this.xColumn, w += this.wColumn) {
        sum = Fma.vec(width.spread(x, channel, multiplier), width.load(w), sum);
      }
    }
    width.store(y + offset, f32x4.pmax(sum, f32x4.splat(floor)));
  }

  /**
   * y = sum over the taps of x[first .. first + multiplier) . w[first .. first + multiplier): folds what `write`
   * spreads.
   */
  fold(y: usize, first: i32, multiplier: i32): void {
    const offset = <usize>first << 2;
    const bytes = <usize>multiplier << 2;
    let sum: f32 = 0;
    let xLine = this.x + offset;
    let wLine = this.w + offset;
    for (let i = this.lines; i > 0; i--, xLine += this.xLine, wLine += this.wLine) {
      let x = xLine;
      let w = wLine;
      for (let j = this.columns; j > 0; j--, x += this.xColumn, w += this.wColumn) {
        for (let k: usize = 0; k < bytes; k += 4) sum += load<f32>(x + k) * load<f32>(w + k);
      }
    }
    store<f32>(y, sum);
  }
}
