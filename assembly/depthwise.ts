// Depthwise convolutions: each channel of the image [batch, height, width, channels] has `multiplier` filters of its
// own [rows, columns, channels, multiplier]; output channel i comes from channel i / multiplier. Direct, channels in
// lanes. Sizes: `height` x `width` x `channels` is the side of x, `outHeight` x `outWidth` that of y, in the gradients
// too.
import { In, OptionalIn, Out, Scratch } from "./signature";
import { Fma } from "./simd/fma";
import { Four, One, TapGrid, Width } from "./simd/depthwise";
import { floorOf } from "./simd/gemm";
import { Phase } from "./simd/gemm-conv";
import { Run } from "./simd/runs";

/** The first tap that does not lie before 0, for a window that begins at `origin`. */
function firstInside(origin: i32, dilation: i32): i32 {
  return origin < 0 ? (dilation - 1 - origin) / dilation : 0;
}

/** The first tap at or past `size`, at most `taps`. */
function lastInside(origin: i32, dilation: i32, size: i32, taps: i32): i32 {
  return origin < size ? min(taps, (size - origin + dilation - 1) / dilation) : 0;
}

/** y = activation(depthwise conv(x, filters) + bias) over lines of y [begin, end) of all images. */
export function depthwise_conv2d_f32(
  y: Out<f32>, x: In<f32>, filters: In<f32>, bias: OptionalIn<f32>, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, multiplier: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  paddingTop: i32, paddingLeft: i32, dilationY: i32, dilationX: i32, activation: i32,
  scratch: Scratch, begin: i32, end: i32,
): void {
  const outputs = channels * multiplier;
  const pixel = <usize>channels << 2;
  const outPixel = <usize>outputs << 2;
  const floor = floorOf(activation);
  const isLineOf3 = kernelWidth == 3 && strideX == dilationX;
  const grid = changetype<TapGrid>(scratch);
  grid.xLine = pixel * <usize>(width * dilationY);
  grid.xColumn = pixel * <usize>dilationX;
  grid.wLine = outPixel * <usize>kernelWidth;
  grid.wColumn = outPixel;
  for (let line = begin; line < end; line++) {
    const top = line % outHeight * strideY - paddingTop;
    const ty = firstInside(top, dilationY);
    grid.lines = lastInside(top, dilationY, height, kernelHeight) - ty;
    const xLine = x + <usize>((line / outHeight * height + top + ty * dilationY) * width) * pixel;
    let yAt = y + <usize>(line * outWidth) * outPixel;
    for (let column = 0; column < outWidth; column++, yAt += outPixel) {
      const left = column * strideX - paddingLeft;
      const right = left + 3 * strideX + (kernelWidth - 1) * dilationX;
      if (multiplier == 1 && channels % 4 == 0 && left >= 0 && right < width && column + 4 <= outWidth) {
        grid.columns = kernelWidth;
        grid.x = xLine + <usize>left * pixel;
        grid.w = filters + <usize>(ty * kernelWidth) * outPixel;
        if (isLineOf3) {
          for (let offset: usize = 0; offset < pixel; offset += 16) {
            grid.write4PixelsOf3(yAt, outPixel, bias, floor, offset);
          }
        } else {
          for (let offset: usize = 0; offset < pixel; offset += 16) {
            grid.write4Pixels(yAt, outPixel, <usize>strideX * pixel, bias, floor, offset);
          }
        }
        column += 3;
        yAt += 3 * outPixel;
        continue;
      }
      const tx = firstInside(left, dilationX);
      grid.columns = lastInside(left, dilationX, width, kernelWidth) - tx;
      grid.x = xLine + <usize>(left + tx * dilationX) * pixel;
      grid.w = filters + <usize>(ty * kernelWidth + tx) * outPixel;
      let channel = 0;
      if (multiplier == 1) {
        for (; channel + 8 <= outputs; channel += 8) grid.write8(yAt, bias, floor, <usize>channel << 2);
      }
      for (; channel + 4 <= outputs; channel += 4) grid.write<Four>(yAt, bias, floor, channel, multiplier);
      for (; channel < outputs; channel++) grid.write<One>(yAt, bias, floor, channel, multiplier);
    }
  }
}

/** Gradient of a depthwise convolution by its input, applied to dy, over lines of dx [begin, end) of all images. */
export function depthwise_conv2d_grad_input_f32(
  dx: Out<f32>, dy: In<f32>, filters: In<f32>, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, multiplier: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  paddingTop: i32, paddingLeft: i32, dilationY: i32, dilationX: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const pixel = <usize>channels << 2;
  const outPixel = pixel * <usize>multiplier;
  const periodY = Phase.period(strideY, dilationY);
  const periodX = Phase.period(strideX, dilationX);
  const grid = changetype<TapGrid>(scratch);
  const isLineOf3 = kernelWidth == 3 && strideX == 1 && dilationX == 1 && multiplier == 1 && channels % 4 == 0;
  // As the tap grows, the position in dy shrinks.
  grid.xLine = -<isize>(outPixel * <usize>(outWidth * (periodY * dilationY / strideY)));
  grid.xColumn = -<isize>(outPixel * <usize>(periodX * dilationX / strideX));
  grid.wLine = outPixel * <usize>(kernelWidth * periodY);
  grid.wColumn = outPixel * <usize>periodX;
  for (let line = begin; line < end; line++) {
    const bottom = line % height + paddingTop;
    let ty = Phase.firstTap(kernelHeight, strideY, dilationY, bottom % strideY);
    while (ty < kernelHeight && bottom - ty * dilationY >= outHeight * strideY) ty += periodY;
    grid.lines = 0;
    for (let t = ty; t < kernelHeight && t * dilationY <= bottom; t += periodY) grid.lines++;
    const outLine = line / height * outHeight + (bottom - ty * dilationY) / strideY;
    const dyLine = dy + <usize>(outLine * outWidth) * outPixel;
    let dxAt = dx + <usize>(line * width) * pixel;
    for (let column = 0; column < width; column++, dxAt += pixel) {
      const right = column + paddingLeft;
      if (isLineOf3 && right >= 2 && right + 3 < outWidth && column + 4 <= width) {
        // The taps go to the left: the rightmost pixel comes first.
        grid.x = dyLine + <usize>(right + 3) * outPixel;
        grid.w = filters + <usize>(ty * kernelWidth) * outPixel;
        for (let offset: usize = 0; offset < pixel; offset += 16) {
          grid.write4PixelsOf3(dxAt + 3 * pixel, -<isize>pixel, 0, f32.NEGATIVE_INFINITY, offset);
        }
        column += 3;
        dxAt += 3 * pixel;
        continue;
      }
      let tx = Phase.firstTap(kernelWidth, strideX, dilationX, right % strideX);
      while (tx < kernelWidth && right - tx * dilationX >= outWidth * strideX) tx += periodX;
      grid.columns = 0;
      for (let t = tx; t < kernelWidth && t * dilationX <= right; t += periodX) grid.columns++;
      grid.x = dyLine + <usize>((right - tx * dilationX) / strideX) * outPixel;
      grid.w = filters + <usize>(ty * kernelWidth + tx) * outPixel;
      let channel = 0;
      if (multiplier == 1) {
        const floor = f32.NEGATIVE_INFINITY;
        for (; channel + 8 <= channels; channel += 8) grid.write8(dxAt, 0, floor, <usize>channel << 2);
        for (; channel + 4 <= channels; channel += 4) grid.write<Four>(dxAt, 0, floor, channel, 1);
      }
      for (; channel < channels; channel++) grid.fold(dxAt + (<usize>channel << 2), channel * multiplier, multiplier);
    }
  }
}

/** dw[channel ..] += sum over `count` pixels of x dy, for the channels of one width; steps are bytes between pixels. */
function addProducts<W extends Width>(
  dw: usize, x: usize, xStep: usize, dy: usize, dyStep: usize, count: i32, channel: i32, multiplier: i32,
): void {
  const width = changetype<W>(<usize>0);
  const offset = <usize>channel << 2;
  let sum = width.load(dw + offset);
  for (dy += offset; count > 0; count--, x += xStep, dy += dyStep) {
    sum = Fma.vec(width.spread(x, channel, multiplier), width.load(dy), sum);
  }
  width.store(dw + offset, sum);
}

/** `addProducts` for sixteen channels with a filter each: four independent sums. */
function add16Products(
  dw: usize, x: usize, xStep: usize, dy: usize, dyStep: usize, count: i32, channel: i32,
): void {
  const offset = <usize>channel << 2;
  dw += offset;
  let sum0 = v128.load(dw);
  let sum1 = v128.load(dw, 16);
  let sum2 = v128.load(dw, 32);
  let sum3 = v128.load(dw, 48);
  x += offset;
  dy += offset;
  for (; count > 0; count--, x += xStep, dy += dyStep) {
    sum0 = Fma.vec(v128.load(x), v128.load(dy), sum0);
    sum1 = Fma.vec(v128.load(x, 16), v128.load(dy, 16), sum1);
    sum2 = Fma.vec(v128.load(x, 32), v128.load(dy, 32), sum2);
    sum3 = Fma.vec(v128.load(x, 48), v128.load(dy, 48), sum3);
  }
  v128.store(dw, sum0);
  v128.store(dw, sum1, 16);
  v128.store(dw, sum2, 32);
  v128.store(dw, sum3, 48);
}

/**
 * Gradient of a depthwise convolution by its filters, applied to dy: partial[chunk] sums over `chunkLines` lines of dy,
 * over chunks [begin, end). sum_chunks_f32 adds the chunks up.
 */
export function depthwise_conv2d_grad_filter_f32(
  partial: Out<f32>, x: In<f32>, dy: In<f32>, batch: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, multiplier: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32,
  paddingTop: i32, paddingLeft: i32, dilationY: i32, dilationX: i32, chunkLines: i32, begin: i32, end: i32,
): void {
  const outputs = channels * multiplier;
  const pixel = <usize>channels << 2;
  const outPixel = <usize>outputs << 2;
  const step = pixel * <usize>strideX;
  for (let chunk = begin; chunk < end; chunk++) {
    const filters = partial + <usize>(chunk * kernelHeight * kernelWidth) * outPixel;
    Run.fill<f32>(filters, 0, kernelHeight * kernelWidth * outputs);
    const last = min((chunk + 1) * chunkLines, batch * outHeight);
    for (let line = chunk * chunkLines; line < last; line++) {
      const top = line % outHeight * strideY - paddingTop;
      const lastY = lastInside(top, dilationY, height, kernelHeight);
      for (let ty = firstInside(top, dilationY); ty < lastY; ty++) {
        const xLine = x + <usize>((line / outHeight * height + top + ty * dilationY) * width) * pixel;
        for (let tx = 0; tx < kernelWidth; tx++) {
          const left = tx * dilationX - paddingLeft;
          const column = firstInside(left, strideX);
          const count = lastInside(left, strideX, width, outWidth) - column;
          const dw = filters + <usize>(ty * kernelWidth + tx) * outPixel;
          const xAt = xLine + <usize>(left + column * strideX) * pixel;
          const dyAt = dy + <usize>(line * outWidth + column) * outPixel;
          let channel = 0;
          if (multiplier == 1) {
            for (; channel + 16 <= outputs; channel += 16) {
              add16Products(dw, xAt, step, dyAt, outPixel, count, channel);
            }
          }
          for (; channel + 4 <= outputs; channel += 4) {
            addProducts<Four>(dw, xAt, step, dyAt, outPixel, count, channel, multiplier);
          }
          for (; channel < outputs; channel++) {
            addProducts<One>(dw, xAt, step, dyAt, outPixel, count, channel, multiplier);
          }
        }
      }
    }
  }
}
