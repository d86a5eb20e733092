// The left operands of convolutions: windows of images are packed directly (implicit im2col).
// Images are [batch, height, width, channels]. Strides of memory count bytes.
import { Left, Panel, Spans, TILE_ROWS } from "./gemm";

const ABSENT: i32 = -0x40000000; // the y of a window that does not exist: all its taps lie outside

/**
 * Rows are the windows of a grid [batch, gridHeight, gridWidth] over a source image; depths are (tap row, tap column,
 * channel). Tap (ty, tx) of window (gy, gx) reads the source at y = gy strideY + ty stepY + originY and likewise x,
 * zero outside. Used by the forward pass and by the gradient of the input.
 *
 * Rows count through the images `together` at a time: with 4, a tile is the same window of 4 images, and taps that lie
 * outside are left out for the whole tile. Images must be a multiple of it.
 */
@unmanaged
export class Windows extends Left {
  source: usize;
  height: i32;
  width: i32;
  pixel: usize; // from one pixel of the source to the next
  channels: i32; // read of each pixel
  tapColumns: i32;
  rows: i32;
  together: i32; // images
  gridHeight: i32;
  gridWidth: i32;
  strideY: i32;
  strideX: i32;
  stepY: i32;
  stepX: i32;
  originY: i32;
  originX: i32;
  result: usize; // of window (0, 0)
  resultImage: usize; // from one image of the result to the next
  resultRow: usize; // from one row of windows to the next
  resultPixel: usize; // from one window to the next

  pack(panel: usize, spans: usize, row: i32, depth: i32, count: i32, zeros: usize): void {
    // The four windows: address of the image, y and x of the first tap.
    const windows = changetype<usize>(this) + offsetof<Windows>();
    const reach = (this.tapColumns - 1) * this.stepX;
    let isInside = true;
    for (let i = 0; i < TILE_ROWS; i++, row++) {
      const position = row / this.together;
      const y = row < this.rows ? position / this.gridWidth % this.gridHeight * this.strideY + this.originY : ABSENT;
      const x = position % this.gridWidth * this.strideX + this.originX;
      const window = windows + (<usize>i << 4);
      store<usize>(window, this.source + this.image(row) * <usize>this.height * <usize>this.width * this.pixel);
      store<i32>(window, y, 4);
      store<i32>(window, x, 8);
      if (x < 0 || x + reach >= this.width) isInside = false;
    }
    // The taps of a line lie together in memory if the pixels do.
    const isJoined = isInside && this.stepX == 1 && this.pixel == <usize>this.channels << 2;
    const tapColumns = isJoined ? 1 : this.tapColumns;
    const run = isJoined ? this.channels * this.tapColumns : this.channels;
    const end = depth + count;
    for (let at: usize = 0; depth < end; ) {
      const tap = depth / run;
      const channel = depth % run;
      const some = min(run - channel, end - depth);
      const y = tap / tapColumns * this.stepY;
      const x = tap % tapColumns * this.stepX;
      const p0 = this.tap(windows, y, x, channel, zeros);
      const p1 = this.tap(windows + 16, y, x, channel, zeros);
      const p2 = this.tap(windows + 32, y, x, channel, zeros);
      const p3 = this.tap(windows + 48, y, x, channel, zeros);
      const next = at + (<usize>some << 4);
      if (p0 != zeros || p1 != zeros || p2 != zeros || p3 != zeros || Spans.isFull(spans)) {
        Panel.interleave(panel + at, 16, p0, p1, p2, p3, some);
        Spans.add(spans, at, next);
      }
      at = next;
      depth += some;
    }
  }

  /** The address of a tap of a window, or of zeros. */
  @inline private tap(window: usize, y: i32, x: i32, channel: i32, zeros: usize): usize {
    y += load<i32>(window, 4);
    x += load<i32>(window, 8);
    if (<u32>y >= <u32>this.height || <u32>x >= <u32>this.width) return zeros;
    return load<usize>(window) + <usize>(y * this.width + x) * this.pixel + (<usize>channel << 2);
  }

  /** The image that a row belongs to. */
  @inline image(row: i32): usize {
    const together = this.together;
    return <usize>(row / (together * this.gridWidth * this.gridHeight) * together + row % together);
  }

  target(row: i32): usize {
    const position = row / this.together;
    const y = <usize>(position / this.gridWidth % this.gridHeight);
    const x = <usize>(position % this.gridWidth);
    return this.result + this.image(row) * this.resultImage + y * this.resultRow + x * this.resultPixel;
  }
}

/**
 * Windows that all lie inside the image, transposed: rows are (tap row, tap column, channel), depths are the
 * windows from number `firstWindow` on. Used by the gradient of the filters.
 */
@unmanaged
export class Taps extends Left {
  source: usize;
  height: i32;
  width: i32;
  pixel: usize;
  channels: i32;
  tapColumns: i32;
  rows: i32;
  gridHeight: i32;
  gridWidth: i32;
  strideY: i32;
  strideX: i32;
  stepY: i32;
  stepX: i32;
  firstWindow: i32;
  result: usize;
  resultStride: usize;

  pack(panel: usize, spans: usize, row: i32, depth: i32, count: i32, zeros: usize): void {
    Spans.add(spans, 0, <usize>count << 4);
    if (this.channels % TILE_ROWS == 0) {
      this.gather<v128>(panel, row, depth, count);
      return;
    }
    for (let i = 0; i < TILE_ROWS; i++, panel += 4) {
      if (row + i < this.rows) this.gather<f32>(panel, row + i, depth, count);
      else for (let at: usize = 0; at < <usize>count << 4; at += 16) store<f32>(panel + at, 0);
    }
  }

  /** Where the numbers that a window reads begin. */
  @inline window(line: i32, gx: i32): usize {
    const y = line / this.gridHeight * this.height + line % this.gridHeight * this.strideY;
    return this.source + <usize>(y * this.width + gx * this.strideX) * this.pixel;
  }

  /** Writes one row (f32) or the four rows from `row` on (v128), which then belong to one tap. */
  private gather<T>(panel: usize, row: i32, depth: i32, count: i32): void {
    const tap = row / this.channels;
    const y = <usize>(tap / this.tapColumns * this.stepY);
    const x = <usize>(tap % this.tapColumns * this.stepX);
    const offset = (y * <usize>this.width + x) * this.pixel + (<usize>(row % this.channels) << 2);
    const step = <usize>this.strideX * this.pixel;
    const line = <usize>this.width * this.pixel;
    const down = <usize>this.strideY * line;
    const across = <usize>(this.height - this.gridHeight * this.strideY) * line;
    let gx = (depth + this.firstWindow) % this.gridWidth;
    let gy = (depth + this.firstWindow) / this.gridWidth;
    let first = this.window(gy, 0) + offset; // what the first window of this row of windows reads
    gy %= this.gridHeight;
    while (count > 0) {
      const some = min(this.gridWidth - gx, count);
      let p = first + <usize>gx * step;
      for (const end = panel + (<usize>some << 4); panel < end; panel += 16, p += step) {
        if (sizeof<T>() == 16) v128.store(panel, v128.load(p));
        else store<f32>(panel, load<f32>(p));
      }
      count -= some;
      gx = 0;
      gy++;
      first += down;
      if (gy == this.gridHeight) {
        gy = 0;
        first += across;
      }
    }
  }

  @inline target(row: i32): usize {
    return this.result + <usize>row * this.resultStride;
  }
}

/**
 * The taps of a convolution with stride for one residue: position p of the input has the taps t for which
 * p + padding - t dilation is a multiple of the stride, that is, those of the residue (p + padding) mod stride.
 */
export class Phase {
  /** From one tap of a residue to the next. */
  static period(stride: i32, dilation: i32): i32 {
    let t = 1;
    while (t * dilation % stride != 0) t++;
    return t;
  }

  /** The first tap of a residue, or `taps` if it has none. */
  static firstTap(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
    let t = 0;
    while (t < taps && t * dilation % stride != residue) t++;
    return t;
  }

  /** How many taps a residue has. */
  static count(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
    const period = Phase.period(stride, dilation);
    return (taps - Phase.firstTap(taps, stride, dilation, residue) + period - 1) / period;
  }

  /** The last tap of a residue, or -1: the first one read, because the gradient walks the taps backwards. */
  static lastTap(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
    let t = taps - 1;
    while (t >= 0 && t * dilation % stride != residue) t--;
    return t;
  }

  /** The first input position of a residue. */
  static firstPosition(stride: i32, padding: i32, residue: i32): i32 {
    return ((residue - padding) % stride + stride) % stride;
  }
}
