// Recurrent cells compute one time step from its input and states. A subclass needs `stateShapes` and `call`; `begin`
// and `whole` may compute parts for all steps at once.

import { mul } from "../ops/arithmetic.ts";
import { expandDims, squeeze } from "../ops/layout.ts";
import { dropout, Generator } from "../ops/random.ts";
import { requireShare } from "../runtime/arguments.ts";
import { ones } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { type ActivationLike, getActivation } from "./activations.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import { type CallContext, Layer, type LayerKind, type LayerOptions, type WeightOptions } from "./layer.ts";
import type { Mask } from "./masks.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { isShapeList, type Shapes } from "./shapes.ts";

/** A run over a batch of sequences. */
export interface CellRun {
  /** What the inputs contribute to any number of steps: [batch, steps, ...] -> [batch, steps, ...]. */
  project(x: Tensor): Tensor;
  /** The output and then the new states, from what the input contributes to one step, [batch, ...], and the states. */
  step(projected: Tensor, states: readonly Tensor[]): readonly Tensor[];
}

/** A single step of a run: x is its input, [batch, ...]. */
export function oneStep(run: CellRun, x: Tensor, states: readonly Tensor[]): readonly Tensor[] {
  return run.step(squeeze(run.project(expandDims(x, 1)), 1), states);
}

/** What a run over a sequence returns. */
export interface SequenceOptions extends CallContext {
  readonly mask: Mask | undefined;
  readonly returnSequences: boolean;
  /** Whether the states after the last step are wanted. */
  readonly returnState: boolean;
}

/** The outputs of all steps or of the last one, and the states after it. */
export interface SequenceResult {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
}

/**
 * Base of cells, which compute one step: [input of one step, ...states] -> [output, ...new states]. A subclass
 * overrides `stateShapes` and `call`.
 */
export abstract class RecurrentCell extends Layer {
  /** The shapes of one example's states, given that of its input to one step. */
  abstract stateShapes(inputShape: Shape): readonly Shape[];

  /** [output, ...new states] for [input of one step, ...states]. */
  abstract override call(inputs: readonly AnyTensor[], context: CallContext): readonly Tensor[];

  override outputShape(inputShapes: Shapes): Shape[] {
    const [inputShape] = isShapeList(inputShapes) ? inputShapes : [];
    if (inputShape === undefined) throw this.misfit("be a list [input of one step, ...states]", []);
    const states = this.stateShapes(inputShape);
    return [states[0], ...states];
  }

  /** The output that goes with states: that of a masked step. Default: the first state. */
  outputOf(states: readonly Tensor[]): Tensor {
    return states[0];
  }

  /** Begins a pass over sequences; dropout then drops the same at every step. Default: each step is a call. */
  begin(context: CallContext): CellRun {
    return { project: (x) => x, step: (x, states) => this.call([x, ...states], context) };
  }

  /** All steps at once, if this cell can do so: x is [batch, time, ...]; no states means zeros. Default: it cannot. */
  whole(_x: Tensor, _states: readonly Tensor[] | undefined, _options: SequenceOptions): SequenceResult | undefined {
    return undefined;
  }
}

/** Options of cells with an input kernel, a recurrent kernel and a bias. */
export interface KernelCellOptions extends LayerOptions {
  /** Activation of the candidate and the output; default "tanh". */
  activation?: ActivationLike;
  /** Whether a bias is added; default true. */
  useBias?: boolean;
  /** Default glorotUniform; PyTorch draws all weights from within 1 / sqrt(units) of 0. */
  kernelInitializer?: InitializerLike;
  /** Default orthogonal. */
  recurrentInitializer?: InitializerLike;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  /** Default: none. */
  kernelRegularizer?: RegularizerLike;
  /** Default: none. */
  recurrentRegularizer?: RegularizerLike;
  /** Default: none. */
  biasRegularizer?: RegularizerLike;
  /** Default: none. */
  kernelConstraint?: WeightOptions["constraint"];
  /** Default: none. */
  recurrentConstraint?: WeightOptions["constraint"];
  /** Default: none. */
  biasConstraint?: WeightOptions["constraint"];
  /** Dropout rate of the inputs in training, with one pattern for all steps; default 0. */
  dropout?: number;
  /**
   * Dropout rate of the hidden state in the recurrent product in training, with one pattern for all steps; default 0.
   */
  recurrentDropout?: number;
  /** Seed of the dropout; default: the global generator. */
  seed?: number;
}

/** A cell with an input kernel, a recurrent kernel, a bias and dropout of both. */
export abstract class KernelCell extends RecurrentCell {
  /** Of the candidate and the output. */
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: number;
  readonly recurrentDropout: number;
  /** There once the cell is built. */
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  private readonly settings: KernelCellOptions;
  private readonly generator: Generator | undefined;

  constructor(kind: LayerKind, options: KernelCellOptions) {
    super(kind, options);
    const { activation = "tanh", dropout = 0, recurrentDropout = 0, seed } = options;
    requireShare(this.name, "dropout", dropout);
    requireShare(this.name, "recurrentDropout", recurrentDropout);
    this.activation = getActivation(activation);
    this.dropout = dropout;
    this.recurrentDropout = recurrentDropout;
    this.settings = options;
    this.generator = seed === undefined ? undefined : new Generator(seed);
  }

  /** Makes the weights; `bias` is the shape of the bias and what it starts with. */
  protected addKernels(
    kernel: Shape,
    recurrentKernel: Shape,
    bias: Required<Pick<WeightOptions, "shape" | "initializer">>,
  ): void {
    const { settings } = this;
    this.kernel = this.addWeight("kernel", {
      shape: kernel,
      initializer: settings.kernelInitializer ?? "glorotUniform",
      regularizer: settings.kernelRegularizer,
      constraint: settings.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight("recurrent_kernel", {
      shape: recurrentKernel,
      initializer: settings.recurrentInitializer ?? "orthogonal",
      regularizer: settings.recurrentRegularizer,
      constraint: settings.recurrentConstraint,
    });
    if (settings.useBias === false) return;
    this.bias = this.addWeight("bias", {
      ...bias,
      regularizer: settings.biasRegularizer,
      constraint: settings.biasConstraint,
    });
  }

  protected get biasInitializer(): Initializer {
    return getInitializer(this.settings.biasInitializer ?? "zeros");
  }

  abstract override begin(context: CallContext): CellRun;

  override call([x, ...states]: readonly AnyTensor[], context: CallContext): readonly Tensor[] {
    return oneStep(this.begin(context), this.floats(x), states as Tensor[]);
  }

  override dispose(): void {
    super.dispose();
    this.generator?.state.dispose();
  }

  /** A function that drops the same of every step's inputs, [batch, steps, ...]; outside training it does nothing. */
  protected dropInputs({ training }: CallContext): (x: Tensor) => Tensor {
    return this.dropping(training ? this.dropout : 0, (shape) => shape.with(1, 1));
  }

  /** The same for hidden states, [batch, ...]. */
  protected dropStates({ training }: CallContext): (h: Tensor) => Tensor {
    return this.dropping(training ? this.recurrentDropout : 0, (shape) => shape);
  }

  /** Drops what it drew for the first tensor that it saw; `drawn` is the shape of that. */
  private dropping(rate: number, drawn: (shape: Shape) => Shape): (x: Tensor) => Tensor {
    if (rate === 0) return (x) => x;
    let kept: Tensor | undefined;
    return (x) => {
      kept ??= dropout(ones(drawn(x.shape)), rate, { generator: this.generator });
      return mul(x, kept);
    };
  }
}
