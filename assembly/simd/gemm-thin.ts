// Products of a vector and a matrix: nothing is packed, because each number of the matrix is used only once.
import { Fma } from "./fma";

export class Thin {
  /** y[column] = max(floor, y[column] + sum over d < 8 of x[d] b[d, column]), the rows of b `bStep` bytes apart. */
  static add8(y: usize, x: usize, b: usize, bStep: usize, columns: i32, floor: f32): void {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    const x2 = v128.load32_splat(x, 8);
    const x3 = v128.load32_splat(x, 12);
    const x4 = v128.load32_splat(x, 16);
    const x5 = v128.load32_splat(x, 20);
    const x6 = v128.load32_splat(x, 24);
    const x7 = v128.load32_splat(x, 28);
    const least = f32x4.splat(floor);
    const b1 = b + bStep;
    const b2 = b1 + bStep;
    const b3 = b2 + bStep;
    const b4 = b3 + bStep;
    const b5 = b4 + bStep;
    const b6 = b5 + bStep;
    const b7 = b6 + bStep;
    const bytes = <usize>columns << 2;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      let sum = Fma.vec(x0, v128.load(b + i), v128.load(y + i));
      sum = Fma.vec(x1, v128.load(b1 + i), sum);
      sum = Fma.vec(x2, v128.load(b2 + i), sum);
      sum = Fma.vec(x3, v128.load(b3 + i), sum);
      sum = Fma.vec(x4, v128.load(b4 + i), sum);
      sum = Fma.vec(x5, v128.load(b5 + i), sum);
      sum = Fma.vec(x6, v128.load(b6 + i), sum);
      sum = Fma.vec(x7, v128.load(b7 + i), sum);
      v128.store(y + i, f32x4.pmax(sum, least));
    }
    for (; i < bytes; i += 4) {
      let sum = Fma.vec(x0, v128.load32_zero(b + i), v128.load32_zero(y + i));
      sum = Fma.vec(x1, v128.load32_zero(b1 + i), sum);
      sum = Fma.vec(x2, v128.load32_zero(b2 + i), sum);
      sum = Fma.vec(x3, v128.load32_zero(b3 + i), sum);
      sum = Fma.vec(x4, v128.load32_zero(b4 + i), sum);
      sum = Fma.vec(x5, v128.load32_zero(b5 + i), sum);
      sum = Fma.vec(x6, v128.load32_zero(b6 + i), sum);
      sum = Fma.vec(x7, v128.load32_zero(b7 + i), sum);
      v128.store_lane<f32>(y + i, f32x4.pmax(sum, least), 0);
    }
  }

  /** `add8` for one depth. */
  static add1(y: usize, x: usize, b: usize, columns: i32, floor: f32): void {
    const x0 = v128.load32_splat(x);
    const least = f32x4.splat(floor);
    const bytes = <usize>columns << 2;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      v128.store(y + i, f32x4.pmax(Fma.vec(x0, v128.load(b + i), v128.load(y + i)), least));
    }
    for (; i < bytes; i += 4) {
      const sum = Fma.vec(x0, v128.load32_zero(b + i), v128.load32_zero(y + i));
      v128.store_lane<f32>(y + i, f32x4.pmax(sum, least), 0);
    }
  }

  /** [a . b0, a . b1, a . b2, a . b3], each over `count` numbers that lie together. */
  static dots(a: usize, b0: usize, b1: usize, b2: usize, b3: usize, count: i32): v128 {
    let low0 = f32x4.splat(0);
    let low1 = low0;
    let low2 = low0;
    let low3 = low0;
    let high0 = low0;
    let high1 = low0;
    let high2 = low0;
    let high3 = low0;
    const end = a + (<usize>count << 2);
    for (; a + 32 <= end; a += 32, b0 += 32, b1 += 32, b2 += 32, b3 += 32) {
      const x0 = v128.load(a);
      const x1 = v128.load(a, 16);
      low0 = Fma.vec(x0, v128.load(b0), low0);
      high0 = Fma.vec(x1, v128.load(b0, 16), high0);
      low1 = Fma.vec(x0, v128.load(b1), low1);
      high1 = Fma.vec(x1, v128.load(b1, 16), high1);
      low2 = Fma.vec(x0, v128.load(b2), low2);
      high2 = Fma.vec(x1, v128.load(b2, 16), high2);
      low3 = Fma.vec(x0, v128.load(b3), low3);
      high3 = Fma.vec(x1, v128.load(b3, 16), high3);
    }
    for (; a < end; a += 4, b0 += 4, b1 += 4, b2 += 4, b3 += 4) {
      const x = v128.load32_zero(a);
      low0 = Fma.vec(x, v128.load32_zero(b0), low0);
      low1 = Fma.vec(x, v128.load32_zero(b1), low1);
      low2 = Fma.vec(x, v128.load32_zero(b2), low2);
      low3 = Fma.vec(x, v128.load32_zero(b3), low3);
    }
    low0 = f32x4.add(low0, high0);
    low1 = f32x4.add(low1, high1);
    low2 = f32x4.add(low2, high2);
    low3 = f32x4.add(low3, high3);
    const pair01 = f32x4.add(v128.shuffle<f32>(low0, low1, 0, 4, 1, 5), v128.shuffle<f32>(low0, low1, 2, 6, 3, 7));
    const pair23 = f32x4.add(v128.shuffle<f32>(low2, low3, 0, 4, 1, 5), v128.shuffle<f32>(low2, low3, 2, 6, 3, 7));
    return f32x4.add(v128.shuffle<f64>(pair01, pair23, 0, 2), v128.shuffle<f64>(pair01, pair23, 1, 3));
  }

  /** c[0..columns - 1] = max(floor, sums + bias), at most 4 columns; `bias` may be 0. */
  static write(c: usize, sums: v128, bias: usize, floor: f32, columns: i32): void {
    for (; columns > 0; columns--, c += 4) {
      let y = f32x4.extract_lane(sums, 0);
      if (bias) {
        y += load<f32>(bias);
        bias += 4;
      }
      store<f32>(c, y < floor ? floor : y);
      sums = v128.shuffle<f32>(sums, sums, 1, 2, 3, 0);
    }
  }
}
