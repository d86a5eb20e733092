// What every optimizer is: a learning rate and a count of steps in memory, state for each variable, gradient clipping
// and one fused launch a variable. Names, defaults and formulas are those of Keras 3.
import { noGrad } from "../autograd/tape.ts";
import { clip } from "../ops/elementwise.ts";
import { ArgumentError, FormatError, ShapeError, StateError } from "../runtime/errors.ts";
import { forbidWhileRecording, launch, unrecorded } from "../runtime/program.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** What every optimizer takes. At most one of the three ways of clipping. */
export interface OptimizerOptions {
  learningRate?: number;
  /** In each step a variable first loses learningRate * weightDecay of itself; default 0. */
  weightDecay?: number;
  /** Which variables weight decay applies to; default: all. */
  decays?: (variable: Variable) => boolean;
  /** Each gradient is scaled down to at most this norm. */
  clipNorm?: number;
  /** All gradients together are scaled down to at most this norm. */
  globalClipNorm?: number;
  /** Each element of a gradient is kept within this distance of zero. */
  clipValue?: number;
}

/** A list or record of things, such as variables or their gradients. */
export type Collection<T> = readonly T[] | { readonly [name: string]: T };

/** Elements of one partial sum of squares. */
const BLOCK = 4096;

export abstract class Optimizer {
  /** Finished steps. */
  readonly iterations: Variable<"i32">;
  /** The learning rate in memory, where captured steps find it. */
  protected readonly rate: Variable;
  private readonly options: OptimizerOptions;
  private readonly slots = new Map<Variable, readonly Variable[]>();

  constructor(options: OptimizerOptions, learningRate: number) {
    const ways = [options.clipNorm, options.globalClipNorm, options.clipValue].filter((limit) => limit !== undefined);
    if (ways.length > 1) {
      throw new ArgumentError(
        "optimizer: only one of clipNorm, globalClipNorm and clipValue may be given, got several",
      );
    }
    for (const limit of ways) requireRange("clipping", limit, Number.MIN_VALUE, Number.MAX_VALUE);
    requireRange("weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE);
    requireRange("learningRate", learningRate, 0, Number.MAX_VALUE);
    this.options = options;
    const fixed = { trainable: false };
    this.iterations = scope(() => new Variable(tensor(Int32Array.of(0), { shape: [] }), fixed));
    this.rate = scope(() => new Variable(tensor(learningRate), fixed));
  }

  /** May be set between steps, captured ones included. */
  get learningRate(): number {
    return this.rate.view()[0];
  }

  set learningRate(value: number) {
    forbidWhileRecording("learningRate");
    requireRange("learningRate", value, 0, Number.MAX_VALUE);
    this.rate.assign([value]);
  }

  /** What is kept for each variable, in the order `update` gets it. */
  protected abstract readonly slotNames: readonly string[];

  /** Launches the update of one variable; `scale` is what clipping multiplies its gradient by. */
  protected abstract update(
    variable: Variable,
    slots: readonly Variable[],
    gradient: Tensor,
    scale: Tensor | undefined,
    weightDecay: number,
  ): void;

  /**
   * One step. `gradients` is a list or record like `variables`; without it, the gradients that `backward` left on the
   * variables are used, then forgotten. Errors: ShapeError where one does not fit, StateError where there are none.
   */
  step(variables: Collection<Variable>, gradients?: Collection<Tensor>): void {
    if (gradients !== undefined) {
      this.apply(gradients, variables);
      return;
    }
    const reached = Object.values(variables).filter((variable) => variable.grad !== undefined);
    if (reached.length === 0) {
      throw new StateError("step: a variable must have a gradient, got none that has; call backward or pass gradients");
    }
    const left = reached.map((variable) => variable.grad as Tensor);
    this.apply(left, reached);
    for (const variable of reached) variable.zeroGrad();
  }

  /** One step with the given gradients: Keras's name and order for it. */
  apply(gradients: Collection<Tensor>, variables: Collection<Variable>): void {
    const targets = Object.values(variables);
    const given = paired(variables, gradients);
    this.build(targets);
    noGrad(() => scope(() => this.updateAll(targets, given)));
  }

  private updateAll(variables: readonly Variable[], gradients: readonly Tensor[]): void {
    const { weightDecay = 0, decays } = this.options;
    const clipped = this.clipValues(gradients);
    const scales = this.clipScales(clipped);
    variables.forEach((variable, i) => {
      const decay = decays === undefined || decays(variable) ? weightDecay : 0;
      this.update(variable, this.slots.get(variable) as Variable[], clipped[i], scales[i], decay);
    });
    launch("advance_i32", 1, 1, this.iterations);
  }

  /** Makes the state of variables that have none yet; `apply` does it by itself. */
  build(variables: readonly Variable[]): void {
    for (const variable of variables) {
      if (this.slots.has(variable)) continue;
      const make = (): Variable => new Variable(zeros(variable.shape), { trainable: false });
      const slots = unrecorded(() => scope(() => this.slotNames.map(make)));
      this.slots.set(variable, slots);
    }
  }

  /** Everything to be saved with the model, by name; the tensors stay the optimizer's. */
  state(): Record<string, AnyTensor> {
    const state: Record<string, AnyTensor> = { iterations: this.iterations, learningRate: this.rate };
    for (const [variable, slots] of this.slots) {
      // Variables may share a name; the order tells them apart.
      let name = variable.name;
      for (let i = 1; `${name}/${this.slotNames[0]}` in state; i++) name = `${variable.name}_${i}`;
      this.slotNames.forEach((slot, i) => {
        state[`${name}/${slot}`] = slots[i];
      });
    }
    return state;
  }

  /** Takes over a saved state for these variables. FormatError, before anything changes, where something is missing. */
  restore(state: { readonly [name: string]: AnyTensor }, variables: readonly Variable[]): void {
    forbidWhileRecording("restore");
    this.build(variables);
    const own = Object.entries(this.state()) as [string, Variable][];
    for (const [name, { shape, dtype }] of own) {
      const saved = state[name];
      if (saved?.dtype !== dtype || !sameShape(saved.shape, shape)) {
        const got = saved === undefined ? "nothing" : `${saved.dtype} ${formatShape(saved.shape)}`;
        throw new FormatError(`restore: the state must have "${name}" of ${dtype} ${formatShape(shape)}, got ${got}`);
      }
    }
    for (const [name, target] of own) target.assign(state[name] as Tensor);
  }

  /** Frees the state. */
  dispose(): void {
    for (const x of [this.iterations, this.rate, ...[...this.slots.values()].flat()]) x.dispose();
    this.slots.clear();
  }

  private clipValues(gradients: readonly Tensor[]): readonly Tensor[] {
    const { clipValue } = this.options;
    return clipValue === undefined ? gradients : gradients.map((g) => clip(g, -clipValue, clipValue));
  }

  /** What each gradient is to be multiplied by, where norms are clipped. */
  private clipScales(gradients: readonly Tensor[]): readonly (Tensor | undefined)[] {
    const { clipNorm, globalClipNorm } = this.options;
    if (clipNorm !== undefined) return gradients.map((g) => clipScale([g], clipNorm));
    if (globalClipNorm === undefined) return [];
    const scale = clipScale(gradients, globalClipNorm);
    return gradients.map(() => scale);
  }
}

/** limit / max(limit, norm of all the gradients together), a scalar in memory. */
function clipScale(gradients: readonly Tensor[], limit: number): Tensor {
  const blocks = gradients.map((g) => Math.ceil(g.size / BLOCK));
  const count = blocks.reduce((sum, n) => sum + n, 0);
  const partials = empty([count]);
  let first = 0;
  gradients.forEach((g, i) => {
    launch("sum_squares_f32", blocks[i], 0.05 * BLOCK, partials, g, g.size, first);
    first += blocks[i];
  });
  const scale = empty([]);
  launch("clip_scale_f32", 1, count, scale, partials, count, limit);
  return scale;
}

/** The gradients in the order of their variables. */
function paired(variables: Collection<Variable>, gradients: Collection<Tensor>): Tensor[] {
  const byName = new Map(Object.entries<Tensor | undefined>(gradients));
  const entries = Object.entries<Variable>(variables);
  if (entries.length !== byName.size) {
    throw new ArgumentError(`step: each variable must have one gradient, got ${byName.size} for ${entries.length}`);
  }
  return entries.map(([name, variable]) => {
    if (!(variable instanceof Variable)) {
      throw new ArgumentError(`step: what is updated must be variables, got something else at ${name}`);
    }
    requireDtype("step", variable.name, variable.dtype, "f32");
    const gradient = byName.get(name);
    if (gradient === undefined || !sameShape(gradient.shape, variable.shape)) {
      const got = gradient === undefined ? "none" : formatShape(gradient.shape);
      const wanted = formatShape(variable.shape);
      throw new ShapeError(`step: the gradient of ${variable.name} must have its shape ${wanted}, got ${got}`);
    }
    return gradient;
  });
}

/** Throws an ArgumentError unless low <= value <= high. */
export function requireRange(option: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) {
    const range = high === Number.MAX_VALUE ? `at least ${low} and finite` : `from ${low} to ${high}`;
    throw new ArgumentError(`optimizer: ${option} must be ${range}, got ${value}`);
  }
}
