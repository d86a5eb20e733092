// Convolutional LSTM over sequences of sequences, images or volumes.

import { convLSTMOptions } from "../generated/options.ts";
import { add } from "../ops/arithmetic.ts";
import { conv1d, conv2d, conv3d } from "../ops/conv.ts";
import { reshape, split } from "../ops/layout.ts";
import {
  FORMS,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  readOptions,
  slideOver,
} from "../ops/lower/conv-geometry.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ActivationLike, getActivation } from "./activations.ts";
import { ownCopy } from "./config.ts";
import { type CallContext, defineLayer, type LayerDefinition, type LayerKind, requireCount } from "./layer.ts";
import { forgetBias, lstmStep } from "./lstm-gates.ts";
import { type CellRun, KernelCell, type KernelCellOptions } from "./recurrent-cell.ts";
import { cellOptions, RecurrentLayer, type RecurrentLayerOptions } from "./rnn.ts";

/** Options of {@link convLstm1d}, {@link convLstm2d} and {@link convLstm3d}. */
export interface ConvLSTMOptions<R extends Rank = Rank> extends RecurrentLayerOptions, KernelCellOptions {
  /** Number of output channels. */
  filters: number;
  /** Size of the window, one number for all axes or one for each. */
  kernelSize: PerAxis<R>;
  /** Strides of the input convolution; default 1. */
  strides?: PerAxis<R>;
  /** Padding of the input convolution, "valid" or "same"; default "valid". That of the states is always "same". */
  padding?: Padding;
  /** Dilation of the input convolution; default 1. */
  dilationRate?: PerAxis<R>;
  /** Activation of the gates; default "sigmoid". */
  recurrentActivation?: ActivationLike;
  /** Whether the forget gate's bias starts at 1; default true. */
  unitForgetBias?: boolean;
}

const convolutions = { 1: conv1d, 2: conv2d, 3: conv3d };

/** One step of `ConvLSTM`. */
class ConvLSTMCell extends KernelCell {
  readonly rank: Rank;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly recurrentActivation: (x: Tensor) => Tensor;
  /** Of the convolution of the inputs. */
  private readonly window: { strides: PerAxis<Rank>; dilationRate: PerAxis<Rank>; padding: Padding };
  private readonly unitForgetBias: boolean;

  constructor(options: ConvLSTMOptions, rank: Rank) {
    super("conv_lstm_cell", options);
    const { filters, kernelSize, strides = 1, padding = "valid", dilationRate = 1 } = options;
    requireCount(this.name, "filters", filters);
    this.rank = rank;
    this.filters = filters;
    this.kernelSize = perAxis(this.name, "kernelSize", kernelSize, rank);
    this.window = ownCopy({ strides, padding, dilationRate });
    readOptions(this.name, rank, this.window);
    this.recurrentActivation = getActivation(options.recurrentActivation ?? "sigmoid");
    this.unitForgetBias = options.unitForgetBias ?? true;
  }

  override stateShapes(inputShape: Shape): readonly Shape[] {
    const { rank, kernelSize, window, name } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]} at each step`, inputShape);
    if (this.built && inputShape[rank] !== this.kernel.shape[rank]) {
      throw this.misfit(`keep the ${this.kernel.shape[rank]} channels it was built for`, inputShape);
    }
    const axes = slideOver(name, inputShape.slice(0, rank), kernelSize, readOptions(name, rank, window));
    const shape = [...axes.map(({ windows }) => windows), this.filters];
    return [shape, shape];
  }

  override build([inputShape]: readonly Shape[]): void {
    const columns = 4 * this.filters;
    const rest = this.biasInitializer;
    this.addKernels([...this.kernelSize, inputShape[this.rank], columns], [...this.kernelSize, this.filters, columns], {
      shape: [columns],
      initializer: this.unitForgetBias ? forgetBias(rest) : rest,
    });
  }

  override begin(context: CallContext): CellRun {
    const { activation, recurrentActivation, recurrentKernel, rank, window } = this;
    const drop = this.dropInputs(context);
    const hide = this.dropStates(context);
    const convolve = convolutions[rank] as (x: Tensor, kernel: Tensor, bias?: Tensor, options?: object) => Tensor;
    return {
      project: (x) => {
        const [batch, steps, ...shape] = x.shape;
        const joined = reshape(drop(x), [batch * steps, ...shape]);
        const y = convolve(joined, this.kernel, this.bias, window);
        return reshape(y, [batch, steps, ...y.shape.slice(1)]) as Tensor;
      },
      step: (projected, [h, cell]) => {
        const product = convolve(hide(h), recurrentKernel, undefined, { padding: "same" });
        return lstmStep(split(add(projected, product), 4, rank + 1), cell, activation, recurrentActivation);
      },
    };
  }
}

/**
 * Long short-term memory whose products are convolutions: gates i, f, c, o = recurrentActivation(conv(x_t, kernel) +
 * conv(h, recurrentKernel) + bias), but activation for c. [batch, time, ...space, channels] -> [batch, ...space, filters].
 * States: hidden, then cell. Dropout drops the same for all gates. See `rnn`. Source: Shi et al. 2015.
 */
abstract class ConvLSTM extends RecurrentLayer {
  constructor(kind: LayerKind, options: ConvLSTMOptions, rank: Rank) {
    super(
      kind,
      options,
      (name) => new ConvLSTMCell(cellOptions(options, convLSTMOptions, `${name}/conv_lstm_cell`), rank),
    );
  }
}

/** The layer that {@link convLstm1d} makes. */
export class ConvLSTM1D extends ConvLSTM {
  constructor(options: ConvLSTMOptions<1>) {
    super(convLstm1d, options, 1);
  }
}

/** The layer that {@link convLstm2d} makes. */
export class ConvLSTM2D extends ConvLSTM {
  constructor(options: ConvLSTMOptions<2>) {
    super(convLstm2d, options, 2);
  }
}

/** The layer that {@link convLstm3d} makes. */
export class ConvLSTM3D extends ConvLSTM {
  constructor(options: ConvLSTMOptions<3>) {
    super(convLstm3d, options, 3);
  }
}

/**
 * Convolutional LSTM over sequences of sequences: an LSTM whose products are 1D convolutions. States: hidden, then
 * cell.
 * Shapes: `[batch, time, steps, channels]` -> `[batch, newSteps, filters]`, or with returnSequences
 * `[batch, time, newSteps, filters]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or shorter than a window; DtypeError unless they are f32. Source: Shi et al. 2015.
 */
export const convLstm1d: LayerDefinition<typeof ConvLSTM1D> = defineLayer("conv_lstm1d", ConvLSTM1D, convLSTMOptions);

/**
 * Convolutional LSTM over sequences of images: an LSTM whose products are 2D convolutions. States: hidden, then cell.
 * Example: `layers.convLstm2d({ filters: 16, kernelSize: 3, padding: "same" })`.
 * Shapes: `[batch, time, height, width, channels]` -> `[batch, newHeight, newWidth, filters]`, or with returnSequences
 * `[batch, time, newHeight, newWidth, filters]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or smaller than a window; DtypeError unless they are f32. Source: Shi et al. 2015.
 */
export const convLstm2d: LayerDefinition<typeof ConvLSTM2D> = defineLayer("conv_lstm2d", ConvLSTM2D, convLSTMOptions);

/**
 * Convolutional LSTM over sequences of volumes: an LSTM whose products are 3D convolutions. States: hidden, then cell.
 * Shapes: `[batch, time, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, filters]`, or with
 * returnSequences `[batch, time, newDepth, newHeight, newWidth, filters]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or smaller than a window; DtypeError unless they are f32. Source: Shi et al. 2015.
 */
export const convLstm3d: LayerDefinition<typeof ConvLSTM3D> = defineLayer("conv_lstm3d", ConvLSTM3D, convLSTMOptions);
