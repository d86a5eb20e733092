// Recurrent cells: simple, LSTM and GRU.
import { gruCellOptions, lstmCellOptions, simpleRNNCellOptions } from "../generated/options.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { reshape, slice, split } from "../ops/layout.ts";
import { linear, matmul } from "../ops/matmul.ts";
import { gru, lstm, simpleRnn } from "../ops/recurrent.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ActivationLike, activations, getActivation } from "./activations.ts";
import type { InitializerLike } from "./initializers.ts";
import { type CallContext, defineLayer, type LayerDefinition, type LayerKind, requireCount } from "./layer.ts";
import { forgetBias, lstmStep } from "./lstm-gates.ts";
import {
  type CellRun,
  KernelCell,
  type KernelCellOptions,
  type SequenceOptions,
  type SequenceResult,
} from "./recurrent-cell.ts";

/** Options of {@link simpleRnnCell}. */
export interface SimpleRNNCellOptions extends KernelCellOptions {
  /** Number of units: features of the output and of each state. */
  units: number;
}

/** Options that {@link gruCell} and {@link lstmCell} share. */
export interface GatedCellOptions extends SimpleRNNCellOptions {
  /** Activation of the gates; default "sigmoid". */
  recurrentActivation?: ActivationLike;
}

/** Options of {@link lstmCell}. */
export interface LSTMCellOptions extends GatedCellOptions {
  /** Whether the forget gate's bias starts at 1, after Jozefowicz et al. 2015; default true (PyTorch: no). */
  unitForgetBias?: boolean;
}

/** Options of {@link gruCell}. */
export interface GRUCellOptions extends GatedCellOptions {
  /** Whether the reset gate is applied after the recurrent product, as in PyTorch; default true. */
  resetAfter?: boolean;
}

/** A cell over vectors of features, whose hidden state has `units` numbers. */
abstract class DenseCell extends KernelCell {
  readonly units: number;
  /** Parts of the kernels: gates and candidates. */
  private readonly parts: number;

  constructor(kind: LayerKind, options: SimpleRNNCellOptions, parts: number) {
    super(kind, options);
    requireCount(this.name, "units", options.units);
    this.units = options.units;
    this.parts = parts;
  }

  override stateShapes(inputShape: Shape): readonly Shape[] {
    if (inputShape.length !== 1) throw this.misfit("have one axis of features at each step", inputShape);
    if (this.built && inputShape[0] !== this.kernel.shape[0]) {
      throw this.misfit(`keep the ${this.kernel.shape[0]} features it was built for`, inputShape);
    }
    return [[this.units]];
  }

  override build([[features]]: readonly Shape[]): void {
    const columns = this.parts * this.units;
    this.addKernels([features, columns], [this.units, columns], {
      shape: this.biasShape,
      initializer: this.startOfBias,
    });
  }

  protected get biasShape(): Shape {
    return [this.parts * this.units];
  }

  protected get startOfBias(): InitializerLike {
    return this.biasInitializer;
  }

  /** The part of the bias that is added to the inputs' product. */
  protected get inputBias(): Tensor | undefined {
    return this.bias;
  }

  /** Begins a pass over sequences; dropout then drops the same at every step. */
  override begin(context: CallContext): CellRun {
    const drop = this.dropInputs(context);
    const hide = this.dropStates(context);
    const bias = this.inputBias;
    return {
      project: (x) => linear(drop(x), this.kernel, bias),
      step: (projected, states) => this.advance(projected, hide(states[0]), states),
    };
  }

  /** One step; `shown` is what dropout leaves of the hidden state. */
  protected abstract advance(projected: Tensor, shown: Tensor, states: readonly Tensor[]): readonly Tensor[];

  override whole(
    x: Tensor,
    states: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): SequenceResult | undefined {
    return this.isUsual(options) ? this.fused(this.begin(options).project(x), states ?? [], options) : undefined;
  }

  /** Whether the fused op computes what this cell does. */
  protected isUsual({ training }: CallContext): boolean {
    return this.activation === activations.tanh && !(training && this.recurrentDropout > 0);
  }

  /** All steps in the op that fuses them; states that are not given are zeros. */
  protected abstract fused(projected: Tensor, states: readonly Tensor[], options: SequenceOptions): SequenceResult;
}

/** The layer that {@link simpleRnnCell} makes. */
export class SimpleRNNCell extends DenseCell {
  constructor(options: SimpleRNNCellOptions) {
    super(simpleRnnCell, options, 1);
  }

  protected advance(projected: Tensor, shown: Tensor): readonly Tensor[] {
    const h = this.activation(add(projected, matmul(shown, this.recurrentKernel)));
    return [h, h];
  }

  protected fused(projected: Tensor, [h]: readonly Tensor[], options: SequenceOptions): SequenceResult {
    const { returnSequences, mask } = options;
    return withLast(simpleRnn(projected, this.recurrentKernel, h, mask, { returnSequences }), options);
  }
}

/** The layer that {@link lstmCell} makes. */
export class LSTMCell extends DenseCell {
  /** Of the gates. */
  readonly recurrentActivation: (x: Tensor) => Tensor;
  readonly unitForgetBias: boolean;

  constructor(options: LSTMCellOptions) {
    super(lstmCell, options, 4);
    this.recurrentActivation = getActivation(options.recurrentActivation ?? "sigmoid");
    this.unitForgetBias = options.unitForgetBias ?? true;
  }

  /** The shapes of the hidden state and of the cell state. */
  override stateShapes(inputShape: Shape): readonly Shape[] {
    const [shape] = super.stateShapes(inputShape);
    return [shape, shape];
  }

  protected override get startOfBias(): InitializerLike {
    return this.unitForgetBias ? forgetBias(this.biasInitializer) : this.biasInitializer;
  }

  protected advance(projected: Tensor, shown: Tensor, [, cell]: readonly Tensor[]): readonly Tensor[] {
    const gates = split(add(projected, matmul(shown, this.recurrentKernel)), 4, 1);
    return lstmStep(gates, cell, this.activation, this.recurrentActivation);
  }

  protected override isUsual(context: CallContext): boolean {
    return super.isUsual(context) && this.recurrentActivation === activations.sigmoid;
  }

  protected fused(projected: Tensor, [h, cell]: readonly Tensor[], options: SequenceOptions): SequenceResult {
    const { returnSequences, returnState, mask } = options;
    const rows = lstm(projected, this.recurrentKernel, h, cell, mask, { returnSequences, returnCell: returnState });
    if (!returnState) return { output: rows, states: [] };
    const hidden = rows.shape[1] - 1;
    const last = rowOf(rows, hidden - 1);
    const output = returnSequences ? slice(rows, [0, 0, 0], [rows.shape[0], hidden, this.units]) : last;
    return { output, states: [last, rowOf(rows, hidden)] };
  }
}

/** The layer that {@link gruCell} makes. */
export class GRUCell extends DenseCell {
  /** Of the gates. */
  readonly recurrentActivation: (x: Tensor) => Tensor;
  readonly resetAfter: boolean;

  constructor(options: GRUCellOptions) {
    super(gruCell, options, 3);
    this.recurrentActivation = getActivation(options.recurrentActivation ?? "sigmoid");
    this.resetAfter = options.resetAfter ?? true;
  }

  protected override get biasShape(): Shape {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  protected override get inputBias(): Tensor | undefined {
    return this.bias && (this.resetAfter ? rowOf(this.bias, 0, 0) : this.bias);
  }

  private get recurrentBias(): Tensor | undefined {
    return this.bias && (this.resetAfter ? rowOf(this.bias, 1, 0) : undefined);
  }

  protected advance(projected: Tensor, shown: Tensor, [h]: readonly Tensor[]): readonly Tensor[] {
    const { units, recurrentKernel, activation, recurrentActivation } = this;
    const [xz, xr, xg] = split(projected, 3, 1);
    /** z h + (1 - z) g */
    const mixed = (z: Tensor, g: Tensor): readonly Tensor[] => {
      const next = add(g, mul(z, sub(h, g)));
      return [next, next];
    };
    if (this.resetAfter) {
      const [pz, pr, pg] = split(linear(shown, recurrentKernel, this.recurrentBias), 3, 1);
      const r = recurrentActivation(add(xr, pr));
      return mixed(recurrentActivation(add(xz, pz)), activation(add(xg, mul(r, pg))));
    }
    const [gates, candidate] = split(recurrentKernel, [2 * units, units], 1);
    const [pz, pr] = split(matmul(shown, gates), 2, 1);
    const r = recurrentActivation(add(xr, pr));
    const g = activation(add(xg, matmul(mul(r, shown), candidate)));
    return mixed(recurrentActivation(add(xz, pz)), g);
  }

  protected override isUsual(context: CallContext): boolean {
    return super.isUsual(context) && this.resetAfter && this.recurrentActivation === activations.sigmoid;
  }

  protected fused(projected: Tensor, [h]: readonly Tensor[], options: SequenceOptions): SequenceResult {
    const { returnSequences, mask } = options;
    return withLast(gru(projected, this.recurrentKernel, this.recurrentBias, h, mask, { returnSequences }), options);
  }
}

/** x[:, index], or x[index] along axis 0. */
function rowOf(x: Tensor, index: number, axis = 1): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  return reshape(slice(x, begin, x.shape.with(axis, 1)), x.shape.toSpliced(axis, 1)) as Tensor;
}

/** Outputs that are hidden states, with the last of them as state where that is wanted. */
function withLast(output: Tensor, { returnSequences, returnState }: SequenceOptions): SequenceResult {
  if (!returnState) return { output, states: [] };
  return { output, states: [returnSequences ? rowOf(output, output.shape[1] - 1) : output] };
}

/**
 * One step of a simple recurrent layer: h = activation(x kernel + h recurrentKernel + bias), for {@link rnn}.
 * Shapes: [`[batch, features]`, h `[batch, units]`] -> [h, h].
 * Errors: ArgumentError for options out of range; ShapeError for steps with other than one axis of features, or with
 * others than those it was built for; DtypeError unless they are f32.
 */
export const simpleRnnCell: LayerDefinition<typeof SimpleRNNCell> = defineLayer(
  "simple_rnn_cell",
  SimpleRNNCell,
  simpleRNNCellOptions,
);

/**
 * One step of long short-term memory, for {@link rnn}: gates i, f, o = recurrentActivation(x kernel + h
 * recurrentKernel + bias) and candidate c = activation(the same); cell = f cell + i c, h = o activation(cell).
 * Shapes: [`[batch, features]`, h `[batch, units]`, cell `[batch, units]`] -> [h, h, cell].
 * Errors: ArgumentError for options out of range; ShapeError for steps with other than one axis of features, or with
 * others than those it was built for; DtypeError unless they are f32. Source: Hochreiter and Schmidhuber 1997.
 */
export const lstmCell: LayerDefinition<typeof LSTMCell> = defineLayer("lstm_cell", LSTMCell, lstmCellOptions);

/**
 * One step of gated recurrent units, for {@link rnn}: gates z, r = recurrentActivation(x kernel + h recurrentKernel +
 * bias), candidate g = activation(x_g + r (h recurrentKernel + bias)_g), or activation(x_g + (r h) recurrentKernel_g)
 * with resetAfter false; h = z h + (1 - z) g. The bias is `[2, 3 units]` with resetAfter: input bias and recurrent
 * bias.
 * Shapes: [`[batch, features]`, h `[batch, units]`] -> [h, h].
 * Errors: ArgumentError for options out of range; ShapeError for steps with other than one axis of features, or with
 * others than those it was built for; DtypeError unless they are f32. Source: Cho et al. 2014.
 */
export const gruCell: LayerDefinition<typeof GRUCell> = defineLayer("gru_cell", GRUCell, gruCellOptions);
