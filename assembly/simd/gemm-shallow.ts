// Tiles of convolutions with few channels and no padding, straight from the image: a window has so few numbers that
// packing them would take as long as multiplying them.
import { Fma } from "./fma";

export class Shallow {
  /**
   * Four neighbouring windows times 8 outputs: y[i] = max(floor, bias + sum over the taps of x[i + tap] b[tap]). A
   * window is `lines` x `runs` runs of `run` numbers; strides count bytes, b is [taps, 8], `bias` may be 0.
   */
  static forward(
    y: usize, yStride: usize, x: usize, xStride: usize, b: usize, bias: usize, floor: f32,
    lines: i32, lineStride: usize, runs: i32, runStride: usize, run: usize,
  ): void {
    let y00 = bias ? v128.load(bias) : f32x4.splat(0);
    let y01 = bias ? v128.load(bias, 16) : f32x4.splat(0);
    let y10 = y00;
    let y11 = y01;
    let y20 = y00;
    let y21 = y01;
    let y30 = y00;
    let y31 = y01;
    for (; lines > 0; lines--, x += lineStride) {
      for (let i = 0, from = x; i < runs; i++, from += runStride) {
        let x0 = from;
        let x1 = x0 + xStride;
        let x2 = x1 + xStride;
        let x3 = x2 + xStride;
        const end = x0 + run;
        do {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
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
          x0 += 4;
          x1 += 4;
          x2 += 4;
          x3 += 4;
          b += 32;
        } while (x0 < end);
      }
    }
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
