// Recurrent layers: a cell run over the steps of sequences [batch, time, ...], fused in one launch where it can, else
// step by step.

import { noGrad } from "../autograd/tape.ts";
import { type Names, rnnOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { cast, where } from "../ops/compare.ts";
import { flip, reshape, slice, stack, unstack } from "../ops/layout.ts";
import { typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { unrecorded } from "../runtime/launch.ts";
import { pickOptions } from "../runtime/options.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { noteChange, Variable } from "../tensor/variable.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
} from "./layer.ts";
import { firstMask, type Mask } from "./masks.ts";
import { MAKE_STATE, type Saved, STATE } from "./module.ts";
import { RecurrentCell, type SequenceOptions, type SequenceResult } from "./recurrent-cell.ts";
import { isShapeList, type Shapes, shapeList } from "./shapes.ts";

/** Options of every recurrent layer. */
export interface RecurrentLayerOptions extends LayerOptions {
  /**
   * Whether the outputs of all steps, `[batch, time, ...]`, are returned instead of the last; default false (PyTorch:
   * all).
   */
  returnSequences?: boolean;
  /** Whether the final states are returned as further results; default false (PyTorch: always). */
  returnState?: boolean;
  /** Whether steps run from last to first; outputs come in that order. Default false. */
  goBackwards?: boolean;
  /**
   * Whether each batch starts from the final states of the last one, example by example, until `resetStates`; default
   * false.
   */
  stateful?: boolean;
  /** Whether outputs of masked steps are zeros instead of the output before; default false. */
  zeroOutputForMask?: boolean;
  /**
   * Whether steps run one by one in basic ops even where a fused kernel exists; default false. Results differ by
   * rounding only.
   */
  unroll?: boolean;
}

/** Options of {@link rnn}. */
export interface RNNOptions extends RecurrentLayerOptions {
  /** Computes one step. */
  cell: RecurrentCell;
}

/**
 * Runs a cell over sequences. Inputs: [batch, time, ...], or a list of them and the initial states, zeros otherwise.
 * Results: the output or outputs, then with `returnState` the states. A masked step keeps the states and repeats the
 * output.
 */
export abstract class RecurrentLayer extends Layer {
  readonly cell: RecurrentCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly zeroOutputForMask: boolean;
  readonly unroll: boolean;
  /** The final states of the last batch. */
  #kept: readonly Variable[] | undefined;

  /** The cell is made when the layer's name is known. */
  constructor(kind: LayerKind, options: RecurrentLayerOptions, makeCell: (name: string) => RecurrentCell) {
    super(kind, options);
    this.cell = makeCell(this.name);
    if (!(this.cell instanceof RecurrentCell)) {
      throw new ArgumentError(`${this.name}: cell must be a recurrent cell, got ${typeOf(this.cell)}`);
    }
    this.returnSequences = options.returnSequences ?? false;
    this.returnState = options.returnState ?? false;
    this.goBackwards = options.goBackwards ?? false;
    this.stateful = options.stateful ?? false;
    this.zeroOutputForMask = options.zeroOutputForMask ?? false;
    this.unroll = options.unroll ?? false;
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override build(inputShape: Shapes): void {
    const [, ...step] = sequenceShape(inputShape);
    this.cell.ensureBuilt([step, ...this.cell.stateShapes(step)]);
  }

  override outputShape(inputShape: Shapes): Shapes {
    const [time, ...step] = sequenceShape(inputShape);
    if (time === undefined || step.length === 0 || time === 0) {
      throw this.misfit("have an axis of at least one step and axes of features", sequenceShape(inputShape));
    }
    const states = this.cell.stateShapes(step);
    if (isShapeList(inputShape)) this.checkStates(inputShape.slice(1), states);
    const [output] = this.cell.outputShape([step, ...states]);
    const shown = this.returnSequences ? [time, ...output] : output;
    return this.returnState ? [shown, ...states] : shown;
  }

  override outputMask(_inputs: Inputs, mask: Masks): Masks {
    const own = this.returnSequences ? firstMask(mask) : undefined;
    return this.returnState ? [own] : own;
  }

  call(inputs: Inputs, context: CallContext): Tensor | readonly Tensor[] {
    const [first, ...given] = inputs instanceof Tensor ? [inputs] : inputs;
    const mask = firstMask(context.mask);
    const x = this.goBackwards ? flip(this.floats(first), 1) : this.floats(first);
    const start = given.length > 0 ? given.map((state) => this.floats(state)) : this.keptStates(x);
    const { returnSequences, stateful } = this;
    const options: SequenceOptions = {
      ...context,
      mask: mask && this.goBackwards ? flip(mask, 1) : mask,
      returnSequences,
      returnState: this.returnState || stateful,
    };
    const whole = this.unroll ? undefined : this.cell.whole(x, start, options);
    const { output, states } = whole ?? this.stepByStep(x, start, options);
    if (stateful) this.keep(states);
    const shown = this.zeroOutputForMask && options.mask ? zeroMasked(output, options.mask, returnSequences) : output;
    return this.returnState ? [shown, ...states] : shown;
  }

  /** Sets the states of a stateful layer, default zeros: call it before unrelated sequences. */
  resetStates(states?: readonly AnyTensor[]): void {
    if (!this.stateful) throw new StateError(`${this.name}: resetStates is for stateful layers, got one that is not`);
    if (states === undefined) {
      for (const kept of this.#kept ?? []) kept.assign(new Float32Array(kept.size));
      return;
    }
    const shapes = states.map((state) => this.floats(state).shape);
    const before = this.#kept ?? [];
    if (before.length === states.length && before.every(({ shape }, i) => sameShape(shape, shapes[i]))) {
      // In place: captured steps go on from these variables.
      before.forEach((kept, i) => void kept.assign(states[i] as Tensor));
      return;
    }
    this.#kept = states.map((state) => this.variable(() => this.floats(state)));
    for (const kept of before) kept.dispose();
    noteChange();
  }

  /** @internal */
  override [MAKE_STATE](saved: ReadonlyMap<string, Saved>): void {
    const states = [...saved].filter(([name]) => name.startsWith("state_"));
    if (!this.stateful || this.#kept || states.length === 0) return;
    scope(() => this.resetStates(states.map(([, { data, shape }]) => tensor(data, { shape }))));
  }

  /** @internal */
  override [STATE](): Record<string, Variable> {
    return Object.fromEntries((this.#kept ?? []).map((state, i) => [`state_${i}`, state]));
  }

  private stepByStep(x: Tensor, start: readonly Tensor[] | undefined, options: SequenceOptions): SequenceResult {
    const { cell } = this;
    const [batch] = x.shape;
    const { mask, returnSequences } = options;
    const run = cell.begin(options);
    const masks = mask && unstack(mask, 1);
    let states = start ?? cell.stateShapes(x.shape.slice(2)).map((shape) => zeros([batch, ...shape]));
    let output = cell.outputOf(states);
    const outputs = unstack(run.project(x), 1).map((projected, t) => {
      const [shown, ...next] = run.step(projected, states);
      output = masks ? chosen(masks[t], shown, output) : shown;
      states = masks ? next.map((state, i) => chosen(masks[t], state, states[i])) : next;
      return output;
    });
    return { output: returnSequences ? stack(outputs, 1) : output, states };
  }

  /** The final states of the last batch, for a stateful layer; no gradient flows into it. */
  private keptStates(x: Tensor): Tensor[] | undefined {
    if (!this.stateful) return undefined;
    const shapes = this.cell.stateShapes(x.shape.slice(2)).map((shape) => [x.shape[0], ...shape]);
    this.#kept ??= shapes.map((shape) => this.variable(() => zeros(shape)));
    this.#kept.forEach(({ shape }, i) => {
      if (sameShape(shape, shapes[i])) return;
      throw new ShapeError(
        `${this.name}: the batches of a stateful layer must have one size, got states ${formatShape(shape)} ` +
          `and a batch that needs ${formatShape(shapes[i])}`,
      );
    });
    // Copies: the variables change before the gradient is taken.
    return this.#kept.map((state) => add(state, 0));
  }

  private variable(initial: () => Tensor): Variable {
    return unrecorded(() => new Variable(initial(), { name: `${this.name}/state`, trainable: false }));
  }

  private keep(states: readonly Tensor[]): void {
    noGrad(() => this.#kept?.forEach((kept, i) => void kept.assign(states[i])));
  }

  private checkStates(given: readonly Shape[], states: readonly Shape[]): void {
    if (given.length === 0) return;
    if (given.length === states.length && given.every((shape, i) => sameShape(shape, states[i]))) return;
    throw new ShapeError(
      `${this.name}: the states given must have shapes ${states.map(formatShape).join(", ")} for each example, ` +
        `got ${given.map(formatShape).join(", ")}`,
    );
  }
}

/** The layer that {@link rnn} makes. */
export class RNN extends RecurrentLayer {
  constructor(options: RNNOptions) {
    super(rnn, options, () => options.cell);
  }
}

/**
 * Runs a recurrent cell over the steps of sequences: `layers.rnn({ cell: layers.lstmCell({ units: 64 }) })`. Apply it
 * to x or to [x, ...initial states], zeros otherwise. Masked steps keep the states and repeat the output.
 * Shapes: `[batch, time, ...features]` -> `[batch, ...output]`, or `[batch, time, ...output]` with returnSequences;
 * with returnState also the final states.
 * Errors: ArgumentError unless cell is a recurrent cell; ShapeError for inputs or states of other shapes; DtypeError
 * unless they are f32.
 */
export const rnn: LayerDefinition<typeof RNN> = defineLayer("rnn", RNN, rnnOptions);

/** A cell's options, which have these names, among those of the layer that is made of it. @internal */
export function cellOptions<O extends LayerOptions>(options: O, names: Names<keyof O & string>, name: string): O {
  const { inputShape: _, activityRegularizer: __, ...others } = pickOptions(options, names);
  return { ...others, name } as O;
}

/** The shape of the sequences among the inputs. */
function sequenceShape(inputShape: Shapes): Shape {
  return shapeList(inputShape)[0];
}

/** a where the mask [batch] is true, else b. */
function chosen(mask: Mask, a: Tensor, b: Tensor): Tensor {
  return where(reshape(mask, [mask.size, ...a.shape.slice(1).map(() => 1)]) as Mask, a, b);
}

function zeroMasked(output: Tensor, mask: Mask, isSequence: boolean): Tensor {
  const [batch, time] = mask.shape;
  const counts = isSequence ? mask : slice(mask, [0, time - 1], [batch, 1]);
  const shape = isSequence
    ? [batch, time, ...output.shape.slice(2).map(() => 1)]
    : [batch, ...output.shape.slice(1).map(() => 1)];
  return mul(output, reshape(cast(counts, "f32"), shape) as Tensor);
}
