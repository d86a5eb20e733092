// Tiles of convolutions with few channels and no padding: a window has so few numbers that the overhead of the blocked
// product would take as long as the multiplications.
import { Fma } from "./fma";

export class Shallow {
  /**
   * Packs the numbers of four windows `xStride` bytes apart as [taps, 4]. A window is `lines` x `runs` runs of `run`
   * bytes; strides count bytes. Returns the end of the panel.
   */
  static pack(
    panel: usize, x: usize, xStride: usize, lines: i32, lineStride: usize, runs: i32, runStride: usize, run: usize,
  ): usize {
    for (; lines > 0; lines--, x += lineStride) {
      for (let i = 0, from = x; i < runs; i++, from += runStride) {
        for (let p = from; p < from + run; p += 4, panel += 16) {
          if (xStride == 4) v128.store(panel, v128.load(p));
          else {
            store<f32>(panel, load<f32>(p));
            store<f32>(panel, load<f32>(p + xStride), 4);
            store<f32>(panel, load<f32>(p + 2 * xStride), 8);
            store<f32>(panel, load<f32>(p + 3 * xStride), 12);
          }
        }
      }
    }
    return panel;
  }

  /** Four windows times 8 outputs: y[i] = max(floor, bias + sum over the taps of a[tap, i] b[tap]); `bias` may be 0. */
  static forward(y: usize, yStride: usize, a: usize, aEnd: usize, b: usize, bias: usize, floor: f32): void {
    let y00 = bias ? v128.load(bias) : f32x4.splat(0);
    let y01 = bias ? v128.load(bias, 16) : f32x4.splat(0);
    let y10 = y00;
    let y11 = y01;
    let y20 = y00;
    let y21 = y01;
    let y30 = y00;
    let y31 = y01;
    do {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let x = v128.load32_splat(a);
      y00 = Fma.vec(x, b0, y00);
      y01 = Fma.vec(x, b1, y01);
      x = v128.load32_splat(a, 4);
      y10 = Fma.vec(x, b0, y10);
      y11 = Fma.vec(x, b1, y11);
      x = v128.load32_splat(a, 8);
      y20 = Fma.vec(x, b0, y20);
      y21 = Fma.vec(x, b1, y21);
      x = v128.load32_splat(a, 12);
      y30 = Fma.vec(x, b0, y30);
      y31 = Fma.vec(x, b1, y31);
      a += 16;
      b += 32;
    } while (a < aEnd);
    const least = f32x4.splat(floor);
    v128.store(y, f32x4.pmax(y00, least));
    v128.store(y, f32x4.pmax(y01, least), 16);
    y += yStride;
    v128.store(y, f32x4.pmax(y10, least));
    v128.store(y, f32x4.pmax(y11, least), 16);
    y += yStride;
    v128.store(y, f32x4.pmax(y20, least));
    v128.store(y, f32x4.pmax(y21, least), 16);
    y += yStride;
    v128.store(y, f32x4.pmax(y30, least));
    v128.store(y, f32x4.pmax(y31, least), 16);
  }

  /**
   * tile[0..3, 0..7] += sum over `lines` x `pixels` windows of [x0, x1, x2, x3] (four taps) times 8 outputs of dy. x
   * moves by `xStep` bytes from window to window and by `lineStride` from line to line, dy by `dyStep` throughout.
   */
  static gradient(
    tile: usize, x0: usize, x1: usize, x2: usize, x3: usize, xStep: usize, lineStride: usize,
    dy: usize, dyStep: usize, lines: i32, pixels: i32,
  ): void {
    let y00 = v128.load(tile);
    let y01 = v128.load(tile, 16);
    let y10 = v128.load(tile, 32);
    let y11 = v128.load(tile, 48);
    let y20 = v128.load(tile, 64);
    let y21 = v128.load(tile, 80);
    let y30 = v128.load(tile, 96);
    let y31 = v128.load(tile, 112);
    const line = dyStep * <usize>pixels;
    const jump = lineStride - xStep * <usize>pixels;
    for (; lines > 0; lines--, x0 += jump, x1 += jump, x2 += jump, x3 += jump) {
      const end = dy + line;
      do {
        const b0 = v128.load(dy);
        const b1 = v128.load(dy, 16);
        let x = v128.load32_splat(x0);
        y00 = Fma.vec(x, b0, y00);
        y01 = Fma.vec(x, b1, y01);
        x = v128.load32_splat(x1);
        y10 = Fma.vec(x, b0, y10);
        y11 = Fma.vec(x, b1, y11);
        x = v128.load32_splat(x2);
        y20 = Fma.vec(x, b0, y20);
        y21 = Fma.vec(x, b1, y21);
        x = v128.load32_splat(x3);
        y30 = Fma.vec(x, b0, y30);
        y31 = Fma.vec(x, b1, y31);
        x0 += xStep;
        x1 += xStep;
        x2 += xStep;
        x3 += xStep;
        dy += dyStep;
      } while (dy < end);
    }
    v128.store(tile, y00);
    v128.store(tile, y01, 16);
    v128.store(tile, y10, 32);
    v128.store(tile, y11, 48);
    v128.store(tile, y20, 64);
    v128.store(tile, y21, 80);
    v128.store(tile, y30, 96);
    v128.store(tile, y31, 112);
  }
}
