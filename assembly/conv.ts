// Convolutions of images [batch, height, width, channels] with filters [rows, columns, channels / groups, outputs]: the
// forward pass, the gradient of the input (which is also the transposed convolution) and the gradient of the filters.
// All three are blocked matrix products that read the images through windows. Sizes: `height` x `width` x `channels` is
// the side of x, `outHeight` x `outWidth` x `outputs` the side of y, in the gradients too.
import { In, OptionalIn, Out, Scratch } from "./signature";
import { DEPTH, clearZeros, floorOf, multiply, Right } from "./simd/gemm";
import { Phase, Taps, Windows } from "./simd/gemm-conv";
import { Shallow } from "./simd/gemm-shallow";
import { Sparse, SparseTaps, SparseWindows } from "./simd/gemm-sparse";

const ROWS: i32 = 96; // rows of a block that are packed and multiplied together
const WINDOWS: i32 = 64; // windows of a line that the shallow forward pass packs together
const LINES: i32 = 4; // lines of dy worked on together by the shallow gradient, while they are in L1

/** How many images the windows are counted through at a time. */
function together(batch: i32): i32 {
  return batch % 4 == 0 ? 4 : 1;
}

/**
 * y[0] = 0, or 1 if one of `size` numbers (a multiple of 4) of x is NaN or infinite; one unit.
 * @pack
 */
export function find_infinite_f32(y: Out<f32>, x: In<f32>, size: i32, begin: i32, end: i32): void {
  if (begin < end) store<f32>(y, Sparse.isFinite(x, <usize>size << 2) ? 0 : 1);
}

/**
 * y = activation(conv(x, filters) + bias) over blocks [begin, end) of `blockRows` pixels x `blockColumns` outputs:
 * columns counted fastest, then rows, then groups. `packed` is the filters of each group by matmul_pack_f32. Where
 * `filters` are given as they are (one group, taps side by side, channels in multiples of 4, outputs of 8), images that
 * are zero in many places are multiplied by lists, unless a filter is infinite; the bits are the same.
 * @flops 2 * batch * outHeight * outWidth * outputs * kernelHeight * kernelWidth * channels / groups
 */
export function conv2d_f32(
  y: Out<f32>, x: In<f32>, packed: In<f32>, filters: OptionalIn<f32>, infinite: OptionalIn<f32>,
  bias: OptionalIn<f32>,
  batch: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  paddingTop: i32, paddingLeft: i32, dilationY: i32, dilationX: i32, groups: i32,
  blockRows: i32, blockColumns: i32, activation: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const groupChannels = channels / groups;
  const groupOutputs = outputs / groups;
  const rows = batch * outHeight * outWidth;
  const depth = kernelHeight * kernelWidth * groupChannels;
  const rowBlocks = (rows + blockRows - 1) / blockRows;
  const columnBlocks = (groupOutputs + blockColumns - 1) / blockColumns;
  const groupBytes = <usize>((groupOutputs + 7) >> 3) * (<usize>depth << 5);
  const left = changetype<Windows>(scratch);
  left.height = height;
  left.width = width;
  left.pixel = <usize>channels << 2;
  left.channels = groupChannels;
  left.tapColumns = kernelWidth;
  left.rows = rows;
  left.together = together(batch);
  left.gridHeight = outHeight;
  left.gridWidth = outWidth;
  left.strideY = strideY;
  left.strideX = strideX;
  left.stepY = dilationY;
  left.stepX = dilationX;
  left.originY = -paddingTop;
  left.originX = -paddingLeft;
  left.resultPixel = <usize>outputs << 2;
  left.resultRow = left.resultPixel * <usize>outWidth;
  left.resultImage = left.resultRow * <usize>outHeight;
  const mayLeaveOut = filters != 0 && (infinite == 0 || load<f32>(infinite) == 0);
  for (let unit = begin; unit < end; unit++) {
    const column = unit % columnBlocks * blockColumns;
    const rest = unit / columnBlocks;
    const row = rest % rowBlocks * blockRows;
    const group = <usize>(rest / rowBlocks);
    const firstOutput = group * <usize>groupOutputs << 2;
    left.source = x + (group * <usize>groupChannels << 2);
    left.result = y + firstOutput;
    const rowEnd = min(row + blockRows, rows);
    const columnEnd = min(column + blockColumns, groupOutputs);
    if (mayLeaveOut && SparseWindows.isWorthwhile(left, kernelHeight, row, rowEnd)) {
      SparseWindows.multiply(
        left, kernelHeight, filters, false, outputs, bias, floorOf(activation), row, rowEnd, column, columnEnd, scratch,
      );
      continue;
    }
    const right = Right.at(scratch, packed + group * groupBytes, depth, groupOutputs, 0, 0);
    for (let some = row; some < rowEnd; some += ROWS) {
      multiply<Windows>(
        left, right, bias ? bias + firstOutput : 0, floorOf(activation),
        some, min(some + ROWS, rowEnd), column, columnEnd, scratch,
      );
    }
  }
}

/**
 * Packs the filters for conv2d_grad_input_f32, as [group, panel of 8 channels, depth, 8] over panels [begin, end) of
 * all groups. Depths are (residue of y, residue of x, tap row, tap column, output of the group), the taps backwards.
 */
export function conv2d_grad_input_pack_f32(
  packed: Out<f32>, filters: In<f32>, channels: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32,
  strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, groups: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const zeros = clearZeros(scratch);
  const groupChannels = channels / groups;
  const groupOutputs = outputs / groups;
  const panels = (groupChannels + 7) >> 3;
  const periodY = Phase.period(strideY, dilationY);
  const periodX = Phase.period(strideX, dilationX);
  let y = packed + <usize>begin * (<usize>(kernelHeight * kernelWidth * groupOutputs) << 5);
  for (let unit = begin; unit < end; unit++) {
    const column = unit % panels << 3;
    const columnEnd = min(column + 8, groupChannels);
    const group = filters + (<usize>(unit / panels) * <usize>groupOutputs << 2);
    for (let residueY = 0; residueY < strideY; residueY++) {
      const lastY = Phase.lastTap(kernelHeight, strideY, dilationY, residueY);
      for (let residueX = 0; residueX < strideX; residueX++) {
        const lastX = Phase.lastTap(kernelWidth, strideX, dilationX, residueX);
        for (let ty = lastY; ty >= 0; ty -= periodY) {
          for (let tx = lastX; tx >= 0; tx -= periodX) {
            const tap = group + (<usize>(ty * kernelWidth + tx) * <usize>groupChannels * <usize>outputs << 2);
            const right = Right.at(scratch, tap, groupOutputs, groupChannels, 1, outputs);
            for (let depth = 0; depth < groupOutputs; depth += DEPTH) {
              const count = min(groupOutputs - depth, DEPTH);
              right.pack(y, 0, depth, count, column, columnEnd, zeros);
              y += <usize>count << 5;
            }
          }
        }
      }
    }
  }
}

/**
 * dx = activation(gradient of conv by x applied to dy, + bias) over blocks [begin, end) of `blockRows` pixels x
 * `blockColumns` channels: columns counted fastest, then rows, then groups, then residues. Pixels of x with the same
 * residues of y and x modulo the strides have the same taps, so each pair of residues is a convolution of its own.
 * Where `transposed` is given (one group, no strides and dilation, channels in multiples of 8, outputs of 4), the
 * filters as [tap row, tap column, output, channel], a dy that is zero in many places is multiplied by lists; the bits
 * are the same.
 * @flops 2 * batch * outHeight * outWidth * outputs * kernelHeight * kernelWidth * channels / groups
 */
export function conv2d_grad_input_f32(
  dx: Out<f32>, dy: In<f32>, packed: In<f32>, transposed: OptionalIn<f32>, infinite: OptionalIn<f32>,
  bias: OptionalIn<f32>,
  batch: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  paddingTop: i32, paddingLeft: i32, dilationY: i32, dilationX: i32, groups: i32,
  blockRows: i32, blockColumns: i32, activation: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const groupChannels = channels / groups;
  const groupOutputs = outputs / groups;
  const mostRows = batch * ((height + strideY - 1) / strideY) * ((width + strideX - 1) / strideX);
  const rowBlocks = (mostRows + blockRows - 1) / blockRows;
  const columnBlocks = (groupChannels + blockColumns - 1) / blockColumns;
  const panelStride = <usize>(kernelHeight * kernelWidth * groupOutputs) << 5;
  const groupBytes = <usize>((groupChannels + 7) >> 3) * panelStride;
  const pixel = <usize>channels << 2;
  const left = changetype<Windows>(scratch);
  left.height = outHeight;
  left.width = outWidth;
  left.pixel = <usize>outputs << 2;
  left.channels = groupOutputs;
  left.together = together(batch);
  left.strideY = 1;
  left.strideX = 1;
  left.resultPixel = pixel * <usize>strideX;
  left.resultRow = pixel * <usize>(width * strideY);
  left.resultImage = pixel * <usize>(width * height);
  const mayLeaveOut = transposed != 0 && (infinite == 0 || load<f32>(infinite) == 0);
  for (let unit = begin; unit < end; unit++) {
    const column = unit % columnBlocks * blockColumns;
    let rest = unit / columnBlocks;
    const row = rest % rowBlocks * blockRows;
    rest /= rowBlocks;
    const group = <usize>(rest % groups);
    rest /= groups;
    const residueX = rest % strideX;
    const residueY = rest / strideX;

    const firstY = Phase.firstPosition(strideY, paddingTop, residueY);
    const firstX = Phase.firstPosition(strideX, paddingLeft, residueX);
    if (firstY >= height || firstX >= width) continue;
    left.gridHeight = (height - firstY + strideY - 1) / strideY;
    left.gridWidth = (width - firstX + strideX - 1) / strideX;
    left.rows = batch * left.gridHeight * left.gridWidth;
    if (row >= left.rows) continue;
    const tapRows = Phase.count(kernelHeight, strideY, dilationY, residueY);
    left.tapColumns = Phase.count(kernelWidth, strideX, dilationX, residueX);
    left.stepY = Phase.period(strideY, dilationY) * dilationY / strideY;
    left.stepX = Phase.period(strideX, dilationX) * dilationX / strideX;
    const lastY = Phase.lastTap(kernelHeight, strideY, dilationY, residueY);
    const lastX = Phase.lastTap(kernelWidth, strideX, dilationX, residueX);
    left.originY = (firstY + paddingTop - lastY * dilationY) / strideY;
    left.originX = (firstX + paddingLeft - lastX * dilationX) / strideX;
    const firstChannel = group * <usize>groupChannels << 2;
    left.source = dy + (group * <usize>groupOutputs << 2);
    left.result = dx + firstChannel + <usize>(firstY * width + firstX) * pixel;

    let taps = 0; // those of the residues before this one
    for (let ry = 0; ry <= residueY; ry++) {
      const rowTaps = Phase.count(kernelHeight, strideY, dilationY, ry);
      for (let rx = 0; rx < (ry < residueY ? strideX : residueX); rx++) {
        taps += rowTaps * Phase.count(kernelWidth, strideX, dilationX, rx);
      }
    }
    const panels = packed + group * groupBytes + (<usize>(taps * groupOutputs) << 5);
    const depth = tapRows * left.tapColumns * groupOutputs;
    const rowEnd = min(row + blockRows, left.rows);
    const columnEnd = min(column + blockColumns, groupChannels);
    if (mayLeaveOut && SparseWindows.isWorthwhile(left, kernelHeight, row, rowEnd)) {
      SparseWindows.multiply(
        left, kernelHeight, transposed, true, channels, bias, floorOf(activation), row, rowEnd, column, columnEnd,
        scratch,
      );
      continue;
    }
    const right = Right.at(scratch, panels, depth, groupChannels, 0, 0);
    right.panelStride = panelStride;
    for (let some = row; some < rowEnd; some += ROWS) {
      multiply<Windows>(
        left, right, bias ? bias + firstChannel : 0, floorOf(activation),
        some, min(some + ROWS, rowEnd), column, columnEnd, scratch,
      );
    }
  }
}

/**
 * Gradient of conv without padding by the filters, applied to dy: partial[chunk] sums over the pixels of dy of one
 * chunk of `chunkPixels`, over blocks [begin, end) of `blockRows` filter rows x `blockColumns` outputs (multiples of 8,
 * at most 65,536 numbers): columns counted fastest, then rows, then groups, then chunks. sum_chunks_f32 adds the chunks
 * up. A dy that is zero in many places is multiplied by lists; the bits are the same.
 * @flops 2 * batch * outHeight * outWidth * outputs * kernelHeight * kernelWidth * channels / groups
 */
export function conv2d_grad_filter_f32(
  partial: Out<f32>, x: In<f32>, dy: In<f32>, batch: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  dilationY: i32, dilationX: i32, groups: i32,
  chunkPixels: i32, blockRows: i32, blockColumns: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const groupChannels = channels / groups;
  const groupOutputs = outputs / groups;
  const rows = kernelHeight * kernelWidth * groupChannels;
  const pixels = batch * outHeight * outWidth;
  const rowBlocks = (rows + blockRows - 1) / blockRows;
  const columnBlocks = (groupOutputs + blockColumns - 1) / blockColumns;
  const outputPixel = <usize>outputs << 2;
  const left = changetype<Taps>(scratch);
  left.height = height;
  left.width = width;
  left.pixel = <usize>channels << 2;
  left.channels = groupChannels;
  left.tapColumns = kernelWidth;
  left.rows = rows;
  left.gridHeight = outHeight;
  left.gridWidth = outWidth;
  left.strideY = strideY;
  left.strideX = strideX;
  left.stepY = dilationY;
  left.stepX = dilationX;
  left.resultStride = outputPixel;
  const mayBeSparse = groups == 1 && dilationX == 1 && channels % 8 == 0 && outputs % 4 == 0;
  for (let unit = begin; unit < end; unit++) {
    const column = unit % columnBlocks * blockColumns;
    let rest = unit / columnBlocks;
    const row = rest % rowBlocks * blockRows;
    rest /= rowBlocks;
    const group = <usize>(rest % groups);
    const chunk = rest / groups;
    const first = chunk * chunkPixels;
    const firstOutput = group * <usize>groupOutputs << 2;
    left.firstWindow = first;
    left.source = x + (group * <usize>groupChannels << 2);
    left.result = partial + <usize>(chunk * rows) * outputPixel + firstOutput;
    const dyAt = dy + <usize>first * outputPixel + firstOutput;
    const count = min(chunkPixels, pixels - first);
    const rowEnd = min(row + blockRows, rows);
    const columnEnd = min(column + blockColumns, groupOutputs);
    if (mayBeSparse && SparseTaps.isWorthwhile(left, kernelHeight, dyAt, count, outputs)) {
      SparseTaps.multiply(left, dyAt, count, outputs, row, rowEnd, column, columnEnd, scratch);
      continue;
    }
    const right = Right.at(scratch, dyAt, count, groupOutputs, outputs, 1);
    for (let some = row; some < rowEnd; some += ROWS) {
      multiply<Taps>(
        left, right, 0, f32.NEGATIVE_INFINITY, some, min(some + ROWS, rowEnd), column, columnEnd, scratch,
      );
    }
  }
}

/**
 * y = activation(conv(x, filters) + bias) without padding and groups, for windows of few numbers, at least 4 windows a
 * line and outputs in multiples of 8, over lines of y [begin, end) of all images. `packed` is the filters by
 * matmul_pack_f32.
 * @flops 2 * units * outWidth * outputs * kernelHeight * kernelWidth * channels
 */
export function conv2d_shallow_f32(
  y: Out<f32>, x: In<f32>, packed: In<f32>, bias: OptionalIn<f32>, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  dilationY: i32, dilationX: i32, activation: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>width;
  const outPixel = <usize>outputs << 2;
  const runs = dilationX == 1 ? 1 : kernelWidth;
  const run = dilationX == 1 ? pixel * <usize>kernelWidth : pixel;
  const panelBytes = <usize>(kernelHeight * kernelWidth * channels) << 5;
  const floor = floorOf(activation);
  for (let unit = begin; unit < end; unit++) {
    const firstLine = unit / outHeight * height + unit % outHeight * strideY;
    const xLine = x + <usize>firstLine * line;
    const yLine = y + <usize>(unit * outWidth) * outPixel;
    for (let from = 0; from < outWidth; from += WINDOWS) {
      const until = min(from + WINDOWS, outWidth);
      let panel = scratch;
      for (let column = from; column < until; column += 4) {
        // The last four windows overlap those before them: the same numbers once more.
        const at = xLine + <usize>min(column, outWidth - 4) * <usize>strideX * pixel;
        panel = Shallow.pack(
          panel, at, <usize>strideX * pixel, kernelHeight, <usize>dilationY * line, runs, <usize>dilationX * pixel, run,
        );
      }
      let b = packed;
      for (let output: usize = 0; output < outPixel; output += 32, b += panelBytes) {
        panel = scratch;
        for (let column = from; column < until; column += 4, panel += panelBytes >> 1) {
          const at = <usize>min(column, outWidth - 4);
          Shallow.forward(
            yLine + at * outPixel + output, outPixel, panel, panel + (panelBytes >> 1), b, bias ? bias + output : 0,
            floor,
          );
        }
      }
    }
  }
}

/**
 * Gradient of such a convolution by the filters (at most 32 numbers for each output): partial[chunk] sums over
 * `chunkLines` lines of dy, over chunks [begin, end). sum_chunks_f32 adds the chunks up.
 * @flops 2 * batch * outHeight * outWidth * outputs * kernelHeight * kernelWidth * channels
 */
export function conv2d_shallow_grad_filter_f32(
  partial: Out<f32>, x: In<f32>, dy: In<f32>, batch: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  dilationY: i32, dilationX: i32, chunkLines: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const taps = kernelHeight * kernelWidth * channels;
  const tapTiles = (taps + 3) >> 2;
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>width;
  const outPixel = <usize>outputs << 2;
  const tiles = scratch + 128; // [tap tile, outputs / 8, 4, 8], after the offsets of the taps
  const tilesEnd = tiles + (<usize>tapTiles << 2) * outPixel;
  for (let row = 0; row < tapTiles << 2; row++) {
    const last = min(row, taps - 1); // rows past the end repeat the last tap, and are discarded
    const tap = last / channels;
    const offset = <usize>(tap / kernelWidth * dilationY) * line + <usize>(tap % kernelWidth * dilationX) * pixel;
    store<usize>(scratch + (<usize>row << 2), offset + (<usize>(last % channels) << 2));
  }
  for (let chunk = begin; chunk < end; chunk++) {
    for (let tile = tiles; tile < tilesEnd; tile += 16) v128.store(tile, f32x4.splat(0));
    const last = min((chunk + 1) * chunkLines, batch * outHeight);
    for (let from = chunk * chunkLines; from < last; ) {
      const lines = min(min(LINES, last - from), outHeight - from % outHeight);
      const xAt = x + <usize>(from / outHeight * height + from % outHeight * strideY) * line;
      const dyAt = dy + <usize>(from * outWidth) * outPixel;
      let tile = tiles;
      for (let row = 0; row < tapTiles; row++) {
        const offsets = scratch + (<usize>row << 4);
        const x0 = xAt + load<usize>(offsets);
        const x1 = xAt + load<usize>(offsets, 4);
        const x2 = xAt + load<usize>(offsets, 8);
        const x3 = xAt + load<usize>(offsets, 12);
        for (let output: usize = 0; output < outPixel; output += 32, tile += 128) {
          Shallow.gradient(
            tile, x0, x1, x2, x3, <usize>strideX * pixel, <usize>strideY * line, dyAt + output, outPixel,
            lines, outWidth,
          );
        }
      }
      from += lines;
    }
    for (let row = 0; row < taps; row++) {
      const result = partial + <usize>(chunk * taps + row) * outPixel;
      let tile = tiles + (<usize>(row >> 2) << 2) * outPixel + (<usize>(row & 3) << 5);
      for (let output: usize = 0; output < outPixel; output += 32, tile += 128) {
        v128.store(result + output, v128.load(tile));
        v128.store(result + output, v128.load(tile, 16), 16);
      }
    }
  }
}

/** y[i] = partial[0, i] + partial[1, i] + .. in the order of the chunks, over elements [begin, end) of n. */
export function sum_chunks_f32(y: Out<f32>, partial: In<f32>, n: i32, chunks: i32, begin: i32, end: i32): void {
  const stride = <usize>n << 2;
  let i = <usize>begin << 2;
  const last = <usize>end << 2;
  for (; i + 32 <= last; i += 32) {
    let p = partial + i;
    let low = v128.load(p);
    let high = v128.load(p, 16);
    for (let chunk = 1; chunk < chunks; chunk++) {
      p += stride;
      low = f32x4.add(low, v128.load(p));
      high = f32x4.add(high, v128.load(p, 16));
    }
    v128.store(y + i, low);
    v128.store(y + i, high, 16);
  }
  for (; i < last; i += 4) {
    let p = partial + i;
    let sum = load<f32>(p);
    for (let chunk = 1; chunk < chunks; chunk++) sum += load<f32>((p += stride));
    store<f32>(y + i, sum);
  }
}
