// Max and average pooling of images [batch, height, width, channels], and their gradients. Windows of any size and
// stride; pixels of the padding do not count.
import { In, Out } from "./signature";
import { Fold, Lanes, Max, Row, Scaled, Sum } from "./simd/reduce";

/** Loops over the pixels of one window, all channels. `row` and `pixel` are the bytes from one to the next in x. */
class Window {
  /** y[c] = x[0, 0, c] . x[0, 1, c] . . . x[rows - 1, columns - 1, c] */
  static fold<F extends Fold>(y: usize, x: usize, rows: i32, columns: i32, row: usize, pixel: usize): void {
    const body = pixel & ~15;
    const rest = <i32>(pixel & 15) >> 2;
    if (rows == 2 && columns == 2) {
      for (let c: usize = 0; c < body; c += 16) Window.foldFour<F>(y + c, x + c, row, pixel, 4);
      if (rest > 0) Window.foldFour<F>(y + body, x + body, row, pixel, rest);
    } else {
      for (let c: usize = 0; c < body; c += 16) Window.foldAll<F>(y + c, x + c, rows, columns, row, pixel, 4);
      if (rest > 0) Window.foldAll<F>(y + body, x + body, rows, columns, row, pixel, rest);
    }
  }

  @inline private static foldFour<F extends Fold>(y: usize, x: usize, row: usize, pixel: usize, lanes: i32): void {
    const op = changetype<F>(<usize>0);
    const below = x + row;
    const first = op.vec(Lanes.load(x, lanes), Lanes.load(x + pixel, lanes));
    const second = op.vec(Lanes.load(below, lanes), Lanes.load(below + pixel, lanes));
    Lanes.store(y, op.vec(first, second), lanes);
  }

  @inline private static foldAll<F extends Fold>(
    y: usize, x: usize, rows: i32, columns: i32, row: usize, pixel: usize, lanes: i32,
  ): void {
    const op = changetype<F>(<usize>0);
    let total = f32x4.splat(op.start());
    for (let h = 0; h < rows; h++, x += row) {
      for (let w = 0, p = x; w < columns; w++, p += pixel) total = op.vec(total, Lanes.load(p, lanes));
    }
    Lanes.store(y, total, lanes);
  }

  /** Whether x is not the largest of its window: neither equal to it nor, where that is NaN, NaN itself. */
  @inline private static isSmaller(x: v128, largest: v128): v128 {
    return v128.and(f32x4.ne(x, largest), f32x4.eq(x, x));
  }

  /** y[c] = v[h, w, c] at the first pixel where x[h, w, c] is the largest of the window, peak[c] */
  static gather(
    y: usize, v: usize, x: usize, peak: usize, rows: i32, columns: i32, row: usize, pixel: usize,
  ): void {
    const body = pixel & ~15;
    const rest = <i32>(pixel & 15) >> 2;
    for (let c: usize = 0; c < body; c += 16) {
      Window.gatherAt(y + c, v + c, x + c, peak + c, rows, columns, row, pixel, 4);
    }
    if (rest > 0) Window.gatherAt(y + body, v + body, x + body, peak + body, rows, columns, row, pixel, rest);
  }

  @inline private static gatherAt(
    y: usize, v: usize, x: usize, peak: usize, rows: i32, columns: i32, row: usize, pixel: usize, lanes: i32,
  ): void {
    const largest = Lanes.load(peak, lanes);
    const step = v - x;
    let found = i32x4.splat(0);
    let open = i32x4.splat(-1);
    for (let h = 0; h < rows; h++, x += row) {
      for (let w = 0, p = x; w < columns; w++, p += pixel) {
        const smaller = Window.isSmaller(Lanes.load(p, lanes), largest);
        found = v128.or(found, v128.and(Lanes.load(p + step, lanes), v128.andnot(open, smaller)));
        open = v128.and(open, smaller);
      }
    }
    Lanes.store(y, found, lanes);
  }

  /**
   * dx[h, w, c] += dy[c] at the first pixel where x[h, w, c] is the largest of the window, peak[c]. The first `hidden`
   * rows are searched but not written.
   */
  static scatter(
    dx: usize, dy: usize, x: usize, peak: usize, rows: i32, columns: i32, hidden: i32, row: usize, pixel: usize,
  ): void {
    const body = pixel & ~15;
    const rest = <i32>(pixel & 15) >> 2;
    for (let c: usize = 0; c < body; c += 16) {
      Window.scatterAll(dx + c, dy + c, x + c, peak + c, rows, columns, hidden, row, pixel, 4);
    }
    if (rest > 0) {
      Window.scatterAll(dx + body, dy + body, x + body, peak + body, rows, columns, hidden, row, pixel, rest);
    }
  }

  @inline private static scatterAll(
    dx: usize, dy: usize, x: usize, peak: usize,
    rows: i32, columns: i32, hidden: i32, row: usize, pixel: usize, lanes: i32,
  ): void {
    const largest = Lanes.load(peak, lanes);
    const step = dx - x;
    let open = Lanes.load(dy, lanes);
    for (let h = 0; h < rows; h++, x += row) {
      for (let w = 0, p = x; w < columns; w++, p += pixel) {
        const smaller = Window.isSmaller(Lanes.load(p, lanes), largest);
        if (h >= hidden) {
          const share = v128.andnot(open, smaller);
          Lanes.store(p + step, f32x4.add(Lanes.load(p + step, lanes), share), lanes);
        }
        open = v128.and(open, smaller);
      }
    }
  }

  /** What `scatter` does, for a whole window of two by two that shares no pixel with another. */
  static scatterFour(dx: usize, dy: usize, x: usize, peak: usize, row: usize, pixel: usize): void {
    const body = pixel & ~15;
    const rest = <i32>(pixel & 15) >> 2;
    for (let c: usize = 0; c < body; c += 16) Window.scatterAt(dx + c, dy + c, x + c, peak + c, row, pixel, 4);
    if (rest > 0) Window.scatterAt(dx + body, dy + body, x + body, peak + body, row, pixel, rest);
  }

  @inline private static scatterAt(
    dx: usize, dy: usize, x: usize, peak: usize, row: usize, pixel: usize, lanes: i32,
  ): void {
    const largest = Lanes.load(peak, lanes);
    const open = Lanes.load(dy, lanes);
    const smaller0 = Window.isSmaller(Lanes.load(x, lanes), largest);
    const smaller1 = Window.isSmaller(Lanes.load(x + pixel, lanes), largest);
    const smaller2 = Window.isSmaller(Lanes.load(x + row, lanes), largest);
    const open1 = v128.and(open, smaller0);
    const open2 = v128.and(open1, smaller1);
    Lanes.store(dx, v128.andnot(open, smaller0), lanes);
    Lanes.store(dx + pixel, v128.andnot(open1, smaller1), lanes);
    Lanes.store(dx + row, v128.andnot(open2, smaller2), lanes);
    Lanes.store(dx + row + pixel, v128.and(open2, smaller2), lanes);
  }

  /** dx[c] += share dy[c] */
  static add(dx: usize, dy: usize, share: f32, pixel: usize): void {
    const body = pixel & ~15;
    const rest = <i32>(pixel & 15) >> 2;
    const scale = f32x4.splat(share);
    for (let c: usize = 0; c < body; c += 16) Window.addAt(dx + c, dy + c, scale, 4);
    if (rest > 0) Window.addAt(dx + body, dy + body, scale, rest);
  }

  @inline private static addAt(dx: usize, dy: usize, scale: v128, lanes: i32): void {
    Lanes.store(dx, f32x4.add(Lanes.load(dx, lanes), f32x4.mul(Lanes.load(dy, lanes), scale)), lanes);
  }
}

/** y = x folded over each window; if `average`, divided by the number of its pixels; over rows [begin, end) of y. */
function pool<F extends Fold>(
  y: usize, x: usize, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  average: bool, begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const row = <usize>width * pixel;
  let out = y + <usize>(begin * outWidth) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / outHeight;
    const top = (unit - image * outHeight) * strideHeight - padTop;
    const first = max(top, 0);
    const rows = min(top + windowHeight, height) - first;
    const source = x + <usize>(image * height + first) * row;
    for (let w = 0, left = -padLeft; w < outWidth; w++, left += strideWidth, out += pixel) {
      const from = max(left, 0);
      const columns = min(left + windowWidth, width) - from;
      Window.fold<F>(out, source + <usize>from * pixel, rows, columns, row, pixel);
      if (average) Row.map<Scaled>(out, out, out, 1 / <f32>(rows * columns), 0, 0, channels);
    }
  }
}

/** y = the largest number of each window of x, NaN if there is one, over rows [begin, end) of batch x outHeight. */
export function max_pool2d_f32(
  y: Out<f32>, x: In<f32>, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  pool<Max>(
    y, x, height, width, channels, outHeight, outWidth, windowHeight, windowWidth, strideHeight, strideWidth,
    padTop, padLeft, false, begin, end,
  );
}

/** z = v where x is first the largest of its window, y, over rows [begin, end) of batch x outHeight. */
export function max_pool2d_gather_f32(
  z: Out<f32>, v: In<f32>, x: In<f32>, y: In<f32>,
  height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const row = <usize>width * pixel;
  let at = <usize>(begin * outWidth) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / outHeight;
    const top = (unit - image * outHeight) * strideHeight - padTop;
    const first = max(top, 0);
    const rows = min(top + windowHeight, height) - first;
    const source = <usize>(image * height + first) * row;
    for (let w = 0, left = -padLeft; w < outWidth; w++, left += strideWidth, at += pixel) {
      const from = max(left, 0);
      const columns = min(left + windowWidth, width) - from;
      const p = source + <usize>from * pixel;
      Window.gather(z + at, v + p, x + p, y + at, rows, columns, row, pixel);
    }
  }
}

/**
 * dx = the sum of dy over the windows in which x is first the largest, y. Unit (image, h) of batch x outHeight writes
 * the band of rows of dx that begins where the windows of row h begin and ends where those of the next row do.
 */
export function max_pool2d_grad_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, y: In<f32>,
  height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const row = <usize>width * pixel;
  const apart = strideHeight >= windowHeight && strideWidth >= windowWidth;
  // Windows of two by two that tile the image write every pixel: nothing need be zero before.
  const square = windowHeight == 2 && windowWidth == 2 && strideHeight == 2 && strideWidth == 2;
  const tiled = square && height == 2 * outHeight && width == 2 * outWidth && padTop == 0 && padLeft == 0;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / outHeight;
    const h = unit - image * outHeight;
    const bandTop = max(h * strideHeight - padTop, 0);
    const bandEnd = h + 1 < outHeight ? min(max((h + 1) * strideHeight - padTop, 0), height) : height;
    if (bandTop >= bandEnd) continue;
    const band = dx + <usize>(image * height + bandTop) * row;
    if (!tiled) memory.fill(band, 0, <usize>(bandEnd - bandTop) * row);
    let oh = h;
    while (oh > 0 && (oh - 1) * strideHeight - padTop + windowHeight > bandTop) oh--;
    for (; oh <= h; oh++) {
      const top = oh * strideHeight - padTop;
      const first = max(top, 0);
      const rows = min(top + windowHeight, bandEnd) - first;
      const hidden = bandTop - first;
      const source = <usize>(image * height + first) * row;
      let at = <usize>((image * outHeight + oh) * outWidth) * pixel;
      for (let w = 0, left = -padLeft; w < outWidth; w++, left += strideWidth, at += pixel) {
        const from = max(left, 0);
        const columns = min(left + windowWidth, width) - from;
        const p = source + <usize>from * pixel;
        if (apart && rows == 2 && columns == 2) Window.scatterFour(dx + p, dy + at, x + p, y + at, row, pixel);
        else Window.scatter(dx + p, dy + at, x + p, y + at, rows, columns, hidden, row, pixel);
      }
    }
  }
}

/** y = the mean of each window of x, over rows [begin, end) of batch x outHeight. */
export function avg_pool2d_f32(
  y: Out<f32>, x: In<f32>, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  pool<Sum>(
    y, x, height, width, channels, outHeight, outWidth, windowHeight, windowWidth, strideHeight, strideWidth,
    padTop, padLeft, true, begin, end,
  );
}

/** dx = the sum of dy / pixels over the windows that hold the pixel, over rows [begin, end) of batch x height. */
export function avg_pool2d_grad_f32(
  dx: Out<f32>, dy: In<f32>, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const row = <usize>width * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / height;
    const h = unit - image * height + padTop;
    const target = dx + <usize>unit * row;
    memory.fill(target, 0, row);
    const last = min(h / strideHeight, outHeight - 1);
    for (let oh = h < windowHeight ? 0 : (h - windowHeight) / strideHeight + 1; oh <= last; oh++) {
      const top = oh * strideHeight - padTop;
      const rows = min(top + windowHeight, height) - max(top, 0);
      let source = dy + <usize>((image * outHeight + oh) * outWidth) * pixel;
      for (let w = 0, left = -padLeft; w < outWidth; w++, left += strideWidth, source += pixel) {
        const from = max(left, 0);
        const to = min(left + windowWidth, width);
        const share: f32 = 1 / <f32>(rows * (to - from));
        for (let i = from; i < to; i++) Window.add(target + <usize>i * pixel, source, share, pixel);
      }
    }
  }
}
