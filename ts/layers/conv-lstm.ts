// Long short-term memory over sequences of sequences, images or volumes: both kernels are convolutions.
import { add } from "../ops/binary.ts";
import { conv2d } from "../ops/conv.ts";
import { pad, reshape, slice, split } from "../ops/layout.ts";
import { type Padding, slideAlong } from "../ops/window.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ActivationLike, getActivation } from "./activations.ts";
import { forgetBias, lstmStep } from "./cells.ts";
import { type CallContext, requireCount } from "./layer.ts";
import { cellOptions } from "./recurrent.ts";
import { type CellRun, KernelCell, type KernelCellOptions } from "./recurrent-cell.ts";
import { RecurrentLayer, type RecurrentLayerOptions } from "./rnn.ts";

/** What the layers of this file take. */
export interface ConvLSTMOptions extends RecurrentLayerOptions, KernelCellOptions {
  /** Number of output channels. */
  filters: number;
  /** Size of the window, one number for all axes or one for each. */
  kernelSize: number | readonly number[];
  /** Of the convolution of the inputs; default 1. */
  strides?: number | readonly number[];
  /** Of the convolution of the inputs, valid or same; default valid. That of the states is always same. */
  padding?: Padding;
  /** Of the convolution of the inputs; default 1. */
  dilationRate?: number | readonly number[];
  /** Of the gates; default sigmoid. */
  recurrentActivation?: ActivationLike;
  /** Whether the forget gate's bias starts with 1; default true. */
  unitForgetBias?: boolean;
}

/** A convolution over `rank` axes: an entry of each list for each axis. */
interface Window {
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilations: readonly number[];
}

/** One step of `ConvLSTM`. */
class ConvLSTMCell extends KernelCell {
  readonly rank: number;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly recurrentActivation: (x: Tensor) => Tensor;
  private readonly window: Window;
  private readonly unitForgetBias: boolean;
  /** Shape of one step's input; there once built. */
  private stepShape: Shape = [];

  constructor(options: ConvLSTMOptions, rank: number) {
    super("conv_lstm_cell", options);
    const { filters, kernelSize, strides = 1, padding = "valid", dilationRate = 1 } = options;
    requireCount(this.name, "filters", filters);
    if (padding !== "valid" && padding !== "same") {
      throw new ArgumentError(`${this.name}: padding must be valid or same, got ${String(padding)}`);
    }
    this.rank = rank;
    this.filters = filters;
    this.kernelSize = this.perAxis("kernelSize", kernelSize);
    const [distances, dilations] = [this.perAxis("strides", strides), this.perAxis("dilationRate", dilationRate)];
    this.window = { strides: distances, padding, dilations };
    this.recurrentActivation = getActivation(options.recurrentActivation ?? "sigmoid");
    this.unitForgetBias = options.unitForgetBias ?? true;
  }

  private perAxis(what: string, value: number | readonly number[]): readonly number[] {
    const list: readonly number[] = typeof value === "number" ? new Array<number>(this.rank).fill(value) : value;
    if (!(Array.isArray(list) && list.length === this.rank && list.every((n) => Number.isInteger(n) && n >= 1))) {
      const got = Array.isArray(value) ? `[${value.join(", ")}]` : value;
      throw new ArgumentError(
        `${this.name}: ${what} must be one or ${this.rank} whole numbers of at least 1, got ${got}`,
      );
    }
    return list;
  }

  override stateShapes(inputShape: Shape): readonly Shape[] {
    const { rank, kernelSize, window } = this;
    if (inputShape.length !== rank + 1) {
      throw this.misfit(`have ${rank} axes of space and one of channels at each step`, inputShape);
    }
    if (this.built && inputShape[rank] !== this.kernel.shape[rank]) {
      throw this.misfit(`keep the ${this.kernel.shape[rank]} channels it was built for`, inputShape);
    }
    const along = (size: number, axis: number): number =>
      slideAlong(this.name, size, kernelSize[axis], window.strides[axis], window.dilations[axis], window.padding)
        .windows;
    const shape = [...inputShape.slice(0, rank).map(along), this.filters];
    return [shape, shape];
  }

  override build([inputShape]: readonly Shape[]): void {
    const columns = 4 * this.filters;
    const rest = this.biasInitializer;
    this.stepShape = inputShape;
    this.addKernels([...this.kernelSize, inputShape[this.rank], columns], [...this.kernelSize, this.filters, columns], {
      shape: [columns],
      initializer: this.unitForgetBias ? forgetBias(rest) : rest,
    });
  }

  override begin(batch: number, context: CallContext): CellRun {
    const { activation, recurrentActivation, recurrentKernel, rank, window } = this;
    const drop = this.dropInputs(batch, this.stepShape, context);
    const hide = this.dropStates(batch, this.stateShapes(this.stepShape)[0], context);
    const still: Window = {
      strides: this.perAxis("strides", 1),
      padding: "same",
      dilations: this.perAxis("dilationRate", 1),
    };
    return {
      project: (x) => {
        const [, steps, ...shape] = x.shape;
        const joined = reshape(drop(x), [batch * steps, ...shape]);
        const y = convolve(joined, this.kernel, this.bias, window);
        return reshape(y, [batch, steps, ...y.shape.slice(1)]) as Tensor;
      },
      step: (projected, [h, cell]) => {
        const product = convolve(hide(h), recurrentKernel, undefined, still);
        return lstmStep(split(add(projected, product), 4, rank + 1), cell, activation, recurrentActivation);
      },
    };
  }
}

/** conv(x, kernel) + bias over one, two or three axes of space. */
function convolve(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  { strides, padding, dilations }: Window,
): Tensor {
  const [batch, ...space] = x.shape.slice(0, -1);
  const channels = x.shape[x.rank - 1];
  if (space.length === 1) {
    const options = { strides: [1, strides[0]], padding, dilationRate: [1, dilations[0]] } as const;
    const y = conv2d(reshape(x, [batch, 1, ...space, channels]), reshape(kernel, [1, ...kernel.shape]), bias, options);
    return reshape(y, [batch, ...y.shape.slice(2)]);
  }
  const options = { strides: pairOf(strides), padding, dilationRate: pairOf(dilations) };
  if (space.length === 2) return conv2d(x, kernel, bias, options);
  // A volume is a sum of images, one for each plane of the kernel.
  const [depth, ...image] = space;
  const along = slideAlong("convolve", depth, kernel.shape[0], strides[0], dilations[0], padding);
  const none = [0, 0] as const;
  const padded = pad(x, [none, [along.before, along.after], none, none, none]);
  const planes = Array.from({ length: along.taps }, (_, tap) => {
    const begin = [0, tap * along.dilation, 0, 0, 0];
    const frames = slice(padded, begin, [batch, along.windows, ...image, channels], [1, along.stride, 1, 1, 1]);
    const plane = slice(kernel, [tap, 0, 0, 0, 0], kernel.shape.with(0, 1));
    const joined = reshape(frames, [batch * along.windows, ...image, channels]);
    return conv2d(joined, reshape(plane, kernel.shape.slice(1)), tap === 0 ? bias : undefined, options);
  });
  const y = planes.reduce((sum, plane) => add(sum, plane));
  return reshape(y, [batch, along.windows, ...y.shape.slice(1)]);
}

/** The last two of a list. */
function pairOf(list: readonly number[]): readonly [number, number] {
  return [list[list.length - 2], list[list.length - 1]];
}

/**
 * Long short-term memory whose products are convolutions: gates i, f, c, o = recurrentActivation(conv(x_t, kernel) +
 * conv(h, recurrentKernel) + bias), but activation for c. [batch, time, ...space, channels] -> [batch, ...space, filters].
 * States: hidden, then cell. Dropout drops the same for all gates. See `rnn`. Source: Shi et al. 2015.
 */
abstract class ConvLSTM extends RecurrentLayer {
  constructor(kind: string, options: ConvLSTMOptions, rank: number) {
    super(kind, options, (name) => new ConvLSTMCell(cellOptions(options, `${name}/conv_lstm_cell`), rank));
  }
}

/** `ConvLSTM` over sequences of sequences, [batch, time, steps, channels]. */
export class ConvLSTM1D extends ConvLSTM {
  constructor(options: ConvLSTMOptions) {
    super("conv_lstm1d", options, 1);
  }
}

/** `ConvLSTM` over sequences of images, [batch, time, height, width, channels]. */
export class ConvLSTM2D extends ConvLSTM {
  constructor(options: ConvLSTMOptions) {
    super("conv_lstm2d", options, 2);
  }
}

/** `ConvLSTM` over sequences of volumes, [batch, time, depth, height, width, channels]. */
export class ConvLSTM3D extends ConvLSTM {
  constructor(options: ConvLSTMOptions) {
    super("conv_lstm3d", options, 3);
  }
}

/** Long short-term memory over sequences of sequences. */
export function convLstm1d(options: ConvLSTMOptions): ConvLSTM1D {
  return new ConvLSTM1D(options);
}

/** Long short-term memory over sequences of images. */
export function convLstm2d(options: ConvLSTMOptions): ConvLSTM2D {
  return new ConvLSTM2D(options);
}

/** Long short-term memory over sequences of volumes. */
export function convLstm3d(options: ConvLSTMOptions): ConvLSTM3D {
  return new ConvLSTM3D(options);
}
