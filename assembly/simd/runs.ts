// Runs of elements moved as bits: dense, repeated or with a stride. Depends on the size of an element, not on its
// dtype.

export class Run {
  /** y[i] = x[i] for n elements, both dense. */
  static copy<T>(y: usize, x: usize, n: i32): void {
    const bytes = <usize>n * sizeof<T>();
    if (bytes >= 1024) {
      memory.copy(y, x, bytes);
      return;
    }
    const end = y + bytes;
    for (; y + 32 <= end; y += 32, x += 32) {
      v128.store(y, v128.load(x));
      v128.store(y, v128.load(x, 16), 16);
    }
    if (y + 16 <= end) {
      v128.store(y, v128.load(x));
      y += 16;
      x += 16;
    }
    for (; y < end; y += sizeof<T>(), x += sizeof<T>()) store<T>(y, load<T>(x));
  }

  /** y[i] = value for n elements. */
  static fill<T>(y: usize, value: T, n: i32): void {
    const end = y + <usize>n * sizeof<T>();
    const values = v128.splat<T>(value);
    for (; y + 32 <= end; y += 32) {
      v128.store(y, values);
      v128.store(y, values, 16);
    }
    if (y + 16 <= end) {
      v128.store(y, values);
      y += 16;
    }
    for (; y < end; y += sizeof<T>()) store<T>(y, value);
  }

  /** y[i * yStride] = x[i * xStride] for n elements; strides count elements and may be zero or negative. */
  static move<T>(y: usize, yStride: i32, x: usize, xStride: i32, n: i32): void {
    if (n >= 8 && yStride == 1) {
      if (xStride == 1) return Run.copy<T>(y, x, n);
      if (xStride == 0) return Run.fill<T>(y, load<T>(x), n);
    }
    const yStep = <usize>yStride * sizeof<T>();
    const xStep = <usize>xStride * sizeof<T>();
    for (; n >= 4; n -= 4, y += 4 * yStep, x += 4 * xStep) {
      store<T>(y, load<T>(x));
      store<T>(y + yStep, load<T>(x + xStep));
      store<T>(y + 2 * yStep, load<T>(x + 2 * xStep));
      store<T>(y + 3 * yStep, load<T>(x + 3 * xStep));
    }
    for (; n > 0; n--, y += yStep, x += xStep) store<T>(y, load<T>(x));
  }

  /** y[i] += x[i] for n numbers, both dense. */
  static add(y: usize, x: usize, n: i32): void {
    const end = y + (<usize>n << 2);
    for (; y + 32 <= end; y += 32, x += 32) {
      v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
      v128.store(y, f32x4.add(v128.load(y, 16), v128.load(x, 16)), 16);
    }
    for (; y < end; y += 4, x += 4) store<f32>(y, load<f32>(y) + load<f32>(x));
  }
}
