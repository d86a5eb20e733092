// Convolutions of mostly zero images, as after ReLU and max pooling, and as their gradients: only nonzero numbers are
// multiplied. Each result is summed in the order of the blocked product without its zero terms, so the bits are the
// same, and the choice between the two only affects speed. What zeros are multiplied by must be finite for that.
import { Fma } from "./fma";
import { clearZeros, Panel } from "./gemm";
import { Taps, Windows } from "./gemm-conv";
import { wide } from "./gemm-wide";

/** Where the lists lie in scratch memory, and how much room they have. */
const LISTS: usize = 4096;
const LISTS_BYTES: usize = 448 * 1024;
const ENTRY: usize = 8; // f32 value, byte offset of what it is multiplied by
const SAMPLES: usize = 16; // vectors sampled in each image
/** Of 16 numbers so many may differ from zero for lists to be worth their trouble; so many beside tiles of 256 bits. */
const MOST_OF_16: i32 = 10;
const MOST_OF_16_WIDE: i32 = 6;

export class Sparse {
  /** Writes a number down; returns where the next goes: over it if it is zero. A branch would be mispredicted. */
  @inline static put(list: usize, bits: u32, offset: usize): usize {
    store<u32>(list, bits);
    store<usize>(list, offset, 4);
    return list + (bits << 1 ? ENTRY : 0);
  }

  /**
   * Lists the numbers of [x, x + bytes) that are not zero (bytes a multiple of 16) as (value, offset), where offsets
   * begin at `offset` and grow by `step` a number. Returns the end of the list.
   */
  static list(list: usize, x: usize, bytes: usize, offset: usize, step: usize): usize {
    for (const end = x + bytes; x < end; x += 16) {
      list = Sparse.put(list, load<u32>(x), offset);
      offset += step;
      list = Sparse.put(list, load<u32>(x, 4), offset);
      offset += step;
      list = Sparse.put(list, load<u32>(x, 8), offset);
      offset += step;
      list = Sparse.put(list, load<u32>(x, 12), offset);
      offset += step;
    }
    return list;
  }

  /** The same for `count` numbers `stride` bytes apart. */
  static listApart(list: usize, x: usize, stride: usize, count: i32, offset: usize, step: usize): usize {
    for (; count > 0; count--, x += stride, offset += step) list = Sparse.put(list, load<u32>(x), offset);
    return list;
  }

  /** y[0..23] = max(floor, start[0..23] + sum over the list of value * b[offset + 0..23]). */
  static add24(y: usize, start: usize, list: usize, end: usize, b: usize, floor: f32): void {
    let y0 = v128.load(start);
    let y1 = v128.load(start, 16);
    let y2 = v128.load(start, 32);
    let y3 = v128.load(start, 48);
    let y4 = v128.load(start, 64);
    let y5 = v128.load(start, 80);
    if (list < end) {
      // V8 moves the loads before the sums: with more sums than these, one would be kept in memory, in its own way.
      do {
        const x = v128.load32_splat(list);
        const p = b + load<usize>(list, 4);
        y0 = Fma.vec(x, v128.load(p), y0);
        y1 = Fma.vec(x, v128.load(p, 16), y1);
        y2 = Fma.vec(x, v128.load(p, 32), y2);
        y3 = Fma.vec(x, v128.load(p, 48), y3);
        y4 = Fma.vec(x, v128.load(p, 64), y4);
        y5 = Fma.vec(x, v128.load(p, 80), y5);
        list += ENTRY;
      } while (list < end);
    }
    const least = f32x4.splat(floor);
    v128.store(y, f32x4.pmax(y0, least));
    v128.store(y, f32x4.pmax(y1, least), 16);
    v128.store(y, f32x4.pmax(y2, least), 32);
    v128.store(y, f32x4.pmax(y3, least), 48);
    v128.store(y, f32x4.pmax(y4, least), 64);
    v128.store(y, f32x4.pmax(y5, least), 80);
  }

  /** The same for 16 numbers. */
  static add16(y: usize, start: usize, list: usize, end: usize, b: usize, floor: f32): void {
    let y0 = v128.load(start);
    let y1 = v128.load(start, 16);
    let y2 = v128.load(start, 32);
    let y3 = v128.load(start, 48);
    if (list < end) {
      do {
        const x = v128.load32_splat(list);
        const p = b + load<usize>(list, 4);
        y0 = Fma.vec(x, v128.load(p), y0);
        y1 = Fma.vec(x, v128.load(p, 16), y1);
        y2 = Fma.vec(x, v128.load(p, 32), y2);
        y3 = Fma.vec(x, v128.load(p, 48), y3);
        list += ENTRY;
      } while (list < end);
    }
    const least = f32x4.splat(floor);
    v128.store(y, f32x4.pmax(y0, least));
    v128.store(y, f32x4.pmax(y1, least), 16);
    v128.store(y, f32x4.pmax(y2, least), 32);
    v128.store(y, f32x4.pmax(y3, least), 48);
  }

  /** The same for 8 numbers. */
  static add8(y: usize, start: usize, list: usize, end: usize, b: usize, floor: f32): void {
    let y0 = v128.load(start);
    let y1 = v128.load(start, 16);
    for (; list < end; list += ENTRY) {
      const x = v128.load32_splat(list);
      const p = b + load<usize>(list, 4);
      y0 = Fma.vec(x, v128.load(p), y0);
      y1 = Fma.vec(x, v128.load(p, 16), y1);
    }
    const least = f32x4.splat(floor);
    v128.store(y, f32x4.pmax(y0, least));
    v128.store(y, f32x4.pmax(y1, least), 16);
  }

  /** As many of the next `count` numbers (a multiple of 8) as are best taken together; returns how many. */
  @inline static add(count: i32, y: usize, start: usize, list: usize, end: usize, b: usize, floor: f32): i32 {
    if (count >= 24 && count != 32) {
      Sparse.add24(y, start, list, end, b, floor);
      return 24;
    }
    if (count >= 16) {
      Sparse.add16(y, start, list, end, b, floor);
      return 16;
    }
    Sparse.add8(y, start, list, end, b, floor);
    return 8;
  }

  /** Whether `count` numbers that are not zero among `vectors` vectors are few enough for lists. */
  static isFew(count: i32, vectors: i32): bool {
    return count << 2 <= vectors * (wide ? MOST_OF_16_WIDE : MOST_OF_16);
  }

  /** Whether [x, x + bytes), bytes a multiple of 16, holds neither NaN nor infinity: 0 times those is NaN. */
  static isFinite(x: usize, bytes: usize): bool {
    const end = x + bytes;
    // Without their signs, the greatest bits are the greatest number's.
    let most = i32x4.splat(0);
    let other = most;
    for (; x + 64 <= end; x += 64) {
      most = i32x4.max_u(most, i32x4.shl(v128.load(x), 1));
      other = i32x4.max_u(other, i32x4.shl(v128.load(x, 16), 1));
      most = i32x4.max_u(most, i32x4.shl(v128.load(x, 32), 1));
      other = i32x4.max_u(other, i32x4.shl(v128.load(x, 48), 1));
    }
    for (; x < end; x += 16) most = i32x4.max_u(most, i32x4.shl(v128.load(x), 1));
    return !v128.any_true(i32x4.ge_u(i32x4.max_u(most, other), i32x4.splat(0x7f800000 << 1)));
  }

  /** How many numbers of `vectors` vectors, evenly spread over [x, x + bytes), are not zero. */
  static sample(x: usize, bytes: usize, vectors: usize): i32 {
    const step = bytes / vectors & ~15;
    let count = 0;
    for (; vectors > 0; vectors--, x += step) {
      count += popcnt(i32x4.bitmask(f32x4.ne(v128.load(x), f32x4.splat(0))));
    }
    return count;
  }
}

/** The convolution of a block of windows with dense filters [tap row, tap column, channel, columns], by lists. */
export class SparseWindows {
  /**
   * Whether the images that the windows [rowBegin, rowEnd) read have enough zeros, and lists of them fit.
   * `left` must have dense pixels of a multiple of 4 channels and taps side by side.
   */
  static isWorthwhile(left: Windows, tapRows: i32, rowBegin: i32, rowEnd: i32): bool {
    if (SparseWindows.rowsTogether(left, tapRows) < 1) return false;
    const windows = left.gridHeight * left.gridWidth;
    const gy = rowBegin / left.together % windows / left.gridWidth;
    const y = min(max(gy * left.strideY + left.originY, 0), left.height - 1);
    const lines = min((rowEnd - rowBegin) / left.together / left.gridWidth * left.strideY + tapRows, left.height - y);
    const line = <usize>left.width * left.pixel;
    if (<usize>lines * line < SAMPLES * 16) return false;
    let count = 0;
    for (let image = 0; image < left.together; image++) {
      const x = left.source + left.image(rowBegin + image) * <usize>left.height * line + <usize>y * line;
      count += Sparse.sample(x, <usize>lines * line, SAMPLES);
    }
    return Sparse.isFew(count, left.together * <i32>SAMPLES);
  }

  /** Rows of windows whose lines' lists fit into scratch memory. */
  private static rowsTogether(left: Windows, tapRows: i32): i32 {
    const line = <usize>left.width * left.pixel * (ENTRY / 4) + (<usize>(left.width + 1) << 2);
    const lines = <i32>(LISTS_BYTES / line);
    return (lines - (tapRows - 1) * left.stepY - 1) / left.strideY + 1;
  }

  /**
   * What `multiply` computes for the same block: rows from and up to multiples of `together`, columns of 8. With
   * `isBackwards` the taps of the filters are in reverse order.
   */
  static multiply(
    left: Windows, tapRows: i32, filters: usize, isBackwards: bool, columns: i32, bias: usize, floor: f32,
    rowBegin: i32, rowEnd: i32, columnBegin: i32, columnEnd: i32, scratch: usize,
  ): void {
    clearZeros(scratch);
    const together = left.together;
    const windows = left.gridHeight * left.gridWidth;
    const most = SparseWindows.rowsTogether(left, tapRows) * left.gridWidth;
    for (let image = 0; image < together; image++) {
      let position = rowBegin / together;
      while (position < rowEnd / together) {
        const first = position % windows;
        const rest = min(windows - first, rowEnd / together - position);
        // Up to the end of a row of windows, as many rows as fit.
        const count = min(rest, most - first % left.gridWidth);
        SparseWindows.run(
          left, tapRows, filters, isBackwards, columns, bias, floor, position * together + image, first, count,
          columnBegin, columnEnd, scratch,
        );
        position += count;
      }
    }
  }

  /** The windows [first, first + count) of one image; `row` is the row of the first. */
  private static run(
    left: Windows, tapRows: i32, filters: usize, isBackwards: bool, columns: i32, bias: usize, floor: f32,
    row: i32, first: i32, count: i32, columnBegin: i32, columnEnd: i32, scratch: usize,
  ): void {
    const width = left.width;
    const gridWidth = left.gridWidth;
    const top = first / gridWidth * left.strideY + left.originY;
    const yBegin = max(top, 0);
    const lastRow = (first + count - 1) / gridWidth * left.strideY + left.originY;
    const yEnd = min(lastRow + (tapRows - 1) * left.stepY + 1, left.height);
    const rowBytes = <usize>columns << 2;
    const tapBytes = <usize>left.channels * rowBytes;
    const tapStep = isBackwards ? -tapBytes : tapBytes;
    const firstTap = filters + (isBackwards ? <usize>(tapRows * left.tapColumns - 1) * tapBytes : 0);
    const starts = scratch + LISTS;
    const startsLine = <usize>(width + 1) << 2;

    // starts[line, x]: where the list of pixel x begins; the lists of a line lie one after the other.
    let list = starts + <usize>max(yEnd - yBegin, 0) * startsLine;
    let start = starts;
    let x = left.source + (left.image(row) * <usize>left.height + <usize>yBegin) * <usize>width * left.pixel;
    for (let y = yBegin; y < yEnd; y++) {
      for (let i = 0; i < width; i++, start += 4, x += left.pixel) {
        store<usize>(start, list);
        list = Sparse.list(list, x, left.pixel, <usize>i * tapStep, rowBytes);
      }
      store<usize>(start, list);
      start += 4;
    }

    const zeros = clearZeros(scratch);
    for (let ty = 0; ty < tapRows; ty++) {
      const lineTaps = firstTap + <usize>(ty * left.tapColumns) * tapStep;
      const least: f32 = ty == tapRows - 1 ? floor : f32.NEGATIVE_INFINITY;
      let gx = first % gridWidth;
      let y = top + ty * left.stepY;
      let result = left.target(row);
      for (let i = 0; i < count; i++, result += left.resultPixel) {
        const left0 = gx * left.strideX + left.originX;
        let begin: usize = 0;
        let end: usize = 0;
        if (y >= yBegin && y < yEnd) {
          const from = min(max(left0, 0), width);
          const to = max(min(left0 + left.tapColumns, width), from);
          const line = starts + <usize>(y - yBegin) * startsLine;
          begin = load<usize>(line + (<usize>from << 2));
          end = load<usize>(line + (<usize>to << 2));
        }
        const b = lineTaps - <usize>left0 * tapStep;
        for (let column = columnBegin; column < columnEnd; ) {
          const offset = <usize>column << 2;
          const from = ty > 0 ? result + offset : bias ? bias + offset : zeros;
          column += Sparse.add(columnEnd - column, result + offset, from, begin, end, b + offset, least);
        }
        gx++;
        if (gx == gridWidth) {
          gx = 0;
          y += left.strideY;
          result += left.resultRow - <usize>gridWidth * left.resultPixel;
        }
      }
    }
  }
}

/** The gradient of the filters over a chunk of windows, from lists of what is not zero in dy. */
export class SparseTaps {
  /** Windows taken together: so many that a list is worth its beginning, and what they read stays in cache. */
  static readonly TOGETHER: i32 = 128;

  /**
   * Whether dy, `count` windows of `outputs` numbers at `dy`, has enough zeros, and what lies under the
   * windows, `tapRows` taps down, is finite.
   */
  static isWorthwhile(left: Taps, tapRows: i32, dy: usize, count: i32, outputs: i32): bool {
    const bytes = <usize>(count * outputs) << 2;
    const samples: usize = 4 * SAMPLES;
    if (bytes < samples * 16 || !Sparse.isFew(Sparse.sample(dy, bytes, samples), <i32>samples)) return false;
    const first = left.window(left.firstWindow / left.gridWidth, 0);
    const last = left.window((left.firstWindow + count - 1) / left.gridWidth, 0);
    const lines = <usize>((tapRows - 1) * left.stepY + 1);
    return Sparse.isFinite(first, last - first + lines * <usize>left.width * left.pixel);
  }

  /**
   * What `multiply` computes for rows [rowBegin, rowEnd) (multiples of 8) and columns from and up to multiples of 4:
   * the sum over `count` windows from `left.firstWindow` on of the numbers under a tap times dy [window, outputs].
   * The taps lie side by side.
   */
  static multiply(
    left: Taps, dy: usize, count: i32, outputs: i32, rowBegin: i32, rowEnd: i32, columnBegin: i32, columnEnd: i32,
    scratch: usize,
  ): void {
    const zeros = clearZeros(scratch);
    const list = scratch + LISTS;
    const sums = list + <usize>SparseTaps.TOGETHER * ENTRY; // [column, row]
    const sumsBytes = <usize>(rowEnd - rowBegin) << 2;
    const line = <usize>left.width * left.pixel;
    const run = left.tapColumns * left.channels;
    const outPixel = <usize>outputs << 2;
    for (let from = 0; from < count; from += SparseTaps.TOGETHER) {
      const some = min(SparseTaps.TOGETHER, count - from);
      let sum = sums;
      for (let column = columnBegin; column < columnEnd; column++, sum += sumsBytes) {
        const end = SparseTaps.list(left, list, from, some, dy + (<usize>column << 2), outPixel);
        for (let row = rowBegin; row < rowEnd; ) {
          const ty = row / run;
          const last = min((ty + 1) * run, rowEnd);
          const tap = <usize>(ty * left.stepY) * line - (<usize>(ty * run) << 2);
          while (row < last) {
            const y = sum + (<usize>(row - rowBegin) << 2);
            const x = tap + (<usize>row << 2);
            row += Sparse.add(last - row, y, from > 0 ? y : zeros, list, end, x, f32.NEGATIVE_INFINITY);
          }
        }
      }
    }
    let sum = sums;
    for (let column = columnBegin; column < columnEnd; column += 4) {
      const result = left.target(rowBegin) + (<usize>column << 2);
      const sum1 = sum + sumsBytes;
      const sum2 = sum1 + sumsBytes;
      const sum3 = sum2 + sumsBytes;
      Panel.interleave(result, left.resultStride, sum, sum1, sum2, sum3, rowEnd - rowBegin);
      sum = sum3 + sumsBytes;
    }
  }

  /** Lists one column of dy over windows [from, from + count), with the addresses of the windows. */
  private static list(left: Taps, list: usize, from: i32, count: i32, dy: usize, outPixel: usize): usize {
    const window = left.firstWindow + from;
    const step = <usize>left.strideX * left.pixel;
    let gx = window % left.gridWidth;
    let line = window / left.gridWidth;
    let p = dy + <usize>from * outPixel;
    while (count > 0) {
      const some = min(left.gridWidth - gx, count);
      list = Sparse.listApart(list, p, outPixel, some, left.window(line, gx), step);
      p += <usize>some * outPixel;
      count -= some;
      gx = 0;
      line++;
    }
    return list;
  }
}
