// The base of all optimizers: learning rate, step count and state of each variable in memory; clipping, accumulation,
// fused updates, averages of weights and constraints. Names, defaults and formulas are those of Keras 3.
import type { LossValue, Trained } from "../autograd/grad.ts";
import { noGrad } from "../autograd/tape.ts";
import { exclusionOptions, type Names, optimizerOptions } from "../generated/options.ts";
import { type Json, ownCopy, toJsonRecord } from "../layers/config.ts";
import {
  type Definition,
  type DefinitionDetails,
  defineClass,
  definitionOf,
  type OptionsClass,
} from "../layers/definition.ts";
import { matched, renamed } from "../layers/matching.ts";
import { mul } from "../ops/arithmetic.ts";
import { cast, where } from "../ops/compare.ts";
import { requireList, requireSynchronous, textOf } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { forbidWhileRecording, launch, unrecorded } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { full, tensor, zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { type ClippingOptions, checkClipping, clipGradients } from "./clipping.ts";
import { type Collection, paired, requireVariables } from "./collections.ts";
import { Group, type ParameterGroup } from "./groups.ts";
import { minimize } from "./minimize.ts";
import { requireDecay, requireNonNegative, requirePositive, requireSteps } from "./options.ts";
import { type LearningRate, Rate } from "./rate.ts";

/** Options of all optimizers. At most one kind of clipping. */
export interface OptimizerOptions extends ClippingOptions {
  /** A number, which may be set between steps, or a schedule; default 0.001, of SGD 0.01. */
  learningRate?: LearningRate;
  /** Decoupled: a step first subtracts learningRate * weightDecay * variable; default 0, of AdamW and Muon 0.004. */
  weightDecay?: number;
  /** Which variables weight decay applies to; default all. */
  decays?: (variable: Variable) => boolean;
  /** Whether an exponential moving average of the weights is kept; default false. */
  useEma?: boolean;
  /** Decay of that average, in [0, 1); default 0.99. */
  emaMomentum?: number;
  /** Steps after which the average replaces the weights, repeatedly; default never. */
  emaOverwriteFrequency?: number;
  /** Number of gradients averaged for one update; default 1. */
  gradientAccumulationSteps?: number;
  /** Factor of the loss, by which gradients are divided; default 1. `LossScaleOptimizer` adapts it. */
  lossScaleFactor?: number;
  /** Variables with options of their own; default none. */
  groups?: readonly ParameterGroup[];
}

/** Options of `excludeFromWeightDecay`. */
export interface ExclusionOptions {
  /** The variables themselves; default none. */
  variables?: Variable[];
  /** Substrings of their names; default none. */
  names?: string[];
}

/** An optimizer's state of one variable, by name. */
export type Slots<T = Variable> = Record<string, T>;

/** Parameters of one variable's update. All tensors are scalars in memory. */
export interface Update {
  readonly rate: Tensor;
  readonly weightDecay: number;
  /** What the gradient is multiplied by. */
  readonly scale: Tensor | undefined;
  /** When this is 0, nothing may change. */
  readonly gate: Tensor<"i32"> | undefined;
  /** The variable's own finished updates, where `countsUpdates` says that they are counted, else those of the optimizer. */
  readonly updates: Tensor<"i32">;
}

/** Parameters that a wrapping optimizer passes to the inner one. */
export interface Outer {
  /** When this is 0, nothing may change. */
  readonly gate?: Tensor<"i32">;
  /** What gradients are to be multiplied by. */
  readonly unscale?: Tensor;
}

const EMA = "ema";
const UPDATES = "updates";
const ACCUMULATED = "accumulatedGradient";
const fixed = { trainable: false };

/**
 * Base of all optimizers. A subclass updates one variable; clipping, weight decay, accumulation, weight averages and
 * parameter groups are done here.
 */
export abstract class Optimizer {
  /** The learning rate of the current step, in memory. */
  protected readonly rate: Variable;
  private readonly count: Variable<"i32">;
  private readonly ownRate: Rate;
  private readonly options: OptimizerOptions;
  private readonly defaultRate: LearningRate;
  readonly #definition: DefinitionDetails | undefined;
  private readonly groups: readonly Group[];
  private readonly slots = new Map<Variable, Slots>();
  private readonly undecayed: (string | Variable)[] = [];
  private swapped = false;
  /** Gradients accumulated since the last update. */
  private readonly pending: Variable<"i32"> | undefined;

  static {
    showAsText(Optimizer);
  }

  /** `learningRate` is the one that counts where the options have none; default 0.001. */
  constructor(options: OptimizerOptions, learningRate: LearningRate = 0.001) {
    this.#definition = definitionOf(new.target, options);
    checkOptions("optimizer", options, optimizerOptions, false);
    const { weightDecay = 0, emaMomentum = 0.99, emaOverwriteFrequency, gradientAccumulationSteps = 1 } = options;
    checkClipping(options);
    requireNonNegative("weightDecay", weightDecay);
    requireDecay("emaMomentum", emaMomentum);
    if (emaOverwriteFrequency !== undefined) requireSteps("emaOverwriteFrequency", emaOverwriteFrequency);
    requireSteps("gradientAccumulationSteps", gradientAccumulationSteps);
    requirePositive("lossScaleFactor", options.lossScaleFactor ?? 1);
    this.options = ownCopy(options);
    this.defaultRate = options.learningRate ?? learningRate;
    this.ownRate = new Rate(this.defaultRate);
    this.rate = this.ownRate.value;
    const { groups = [] } = options;
    requireList("optimizer", "groups", groups);
    this.groups = groups.map((group) => new Group(group));
    this.count = counter();
    this.pending = gradientAccumulationSteps > 1 ? counter() : undefined;
  }

  /** Its class, learning rate and finished updates. */
  toString(): string {
    return `${this.constructor.name}: learning rate ${Number(this.learningRate.toPrecision(6))}, ${this.iterations.view()[0]} iterations`;
  }

  /** The name by which its class is known. ArgumentError where it is not. */
  get kind(): string {
    if (this.#definition !== undefined) return this.#definition.kind;
    throw new ArgumentError("optimizer: to be saved or sent, it must be of a class of defineOptimizer, got another");
  }

  /**
   * The options that make the same optimizer again, as plain JSON, with the learning rate as it was set last; its state and
   * `exclusions` are apart. ArgumentError for what cannot be: functions, groups of variables.
   */
  config(): Record<string, Json> {
    const { kind, defaultRate } = this;
    const [learningRate] = this.rate.view();
    const isSet = typeof defaultRate === "number" && Math.fround(defaultRate) !== learningRate;
    return toJsonRecord(kind, { ...this.options, ...(isSet && { learningRate }) });
  }

  /** Finished updates; while gradients are accumulated none is finished. */
  get iterations(): Variable<"i32"> {
    return this.count;
  }

  /** That of the next step. It may be set between steps, captured ones included, unless a schedule sets it. */
  get learningRate(): number {
    return this.ownRate.at(this.count);
  }

  set learningRate(value: number) {
    this.ownRate.set(value);
  }

  /** Whether a schedule sets the learning rate. */
  get hasSchedule(): boolean {
    return this.ownRate.isScheduled;
  }

  /** Whether averages of the weights are kept. */
  get keepsAverages(): boolean {
    return this.options.useEma ?? false;
  }

  /** The learning rates of the groups for the next step, in their order. */
  get groupLearningRates(): number[] {
    return this.groups.map((group) => group.at(this.count, this.learningRate));
  }

  /** Sets the learning rate of a group that has one of its own. */
  setGroupLearningRate(index: number, value: number): void {
    const group = this.groups[index];
    if (group === undefined) {
      throw new ArgumentError(`optimizer: a group must be from 0 to ${this.groups.length - 1}, got ${index}`);
    }
    group.set(value);
  }

  /** The state of a variable at the beginning, in the order in which it is saved. */
  protected abstract slotsOf(variable: Variable): Slots<Tensor>;

  /** Launches the update of one variable. */
  protected abstract update(variable: Variable, slots: Slots, gradient: Tensor, how: Update): void;

  /** Launches what each step does before its updates. */
  protected begin(_gate: Tensor<"i32"> | undefined): void {}

  /** Whether each variable's updates are counted: fewer than the optimizer's steps where it came later or was left out. */
  protected get countsUpdates(): boolean {
    return false;
  }

  /** The weight decay where the options say none. */
  protected get defaultWeightDecay(): number {
    return 0;
  }

  /** The weight decay of variables for which no group has another one. */
  protected weightDecayOf(_variable: Variable): number {
    return this.options.weightDecay ?? this.defaultWeightDecay;
  }

  /** The loss times the loss scale, of which gradients are to be taken, so that they do not underflow. */
  scaleLoss(loss: Tensor): Tensor {
    const { lossScaleFactor = 1 } = this.options;
    return lossScaleFactor === 1 ? loss : mul(loss, lossScaleFactor);
  }

  /** Leaves these variables, and those whose names contain one of the given parts, without weight decay. */
  excludeFromWeightDecay(which: ExclusionOptions): void {
    const { variables = [], names = [] } = checkOptions("excludeFromWeightDecay", which, exclusionOptions);
    requireList("excludeFromWeightDecay", "variables", variables);
    requireList("excludeFromWeightDecay", "names", names);
    if (this.slots.size > 0) {
      throw new StateError("excludeFromWeightDecay: it must be called before the first step, got a later call");
    }
    this.undecayed.push(...variables, ...names);
  }

  /** What was left without weight decay: variables and parts of names. */
  get exclusions(): readonly (Variable | string)[] {
    return [...this.undecayed];
  }

  /**
   * One step. `gradients` is a list or record like `variables`; without it, the gradients that `backward` left on the
   * variables are used, then forgotten. Errors: ShapeError where one does not fit, StateError where there are none.
   */
  step(variables: Collection<Variable>, gradients?: Collection<Tensor>): void {
    if (gradients !== undefined) {
      this.apply(gradients, variables);
      return;
    }
    requireVariables(variables);
    const reached = Object.values(variables).filter((variable) => variable.grad !== undefined);
    if (reached.length === 0) {
      throw new StateError("step: a variable must have a gradient, got none that has; call backward or pass gradients");
    }
    const left = reached.map((variable) => variable.grad as Tensor);
    this.apply(left, reached);
    for (const variable of reached) variable.zeroGrad();
  }

  /**
   * One step of variables, or of a layer's or model's trainable weights, down the gradients of the scalar that `f` computes,
   * which it returns: `optimizer.minimize(model, () => loss)`. f may also return a list that begins with the scalar. The weights
   * are asked for when f has run. Errors: as `valueAndGrad` and `step`.
   */
  minimize<L extends LossValue>(of: readonly Variable[] | Trained, f: () => L): L {
    return minimize(this, of, f);
  }

  /** One step with the given gradients: Keras's name and order for it. */
  apply(gradients: Collection<Tensor>, variables: Collection<Variable>): void {
    const given = paired(variables, gradients);
    const targets = Object.values(variables);
    if (targets.length === 0) {
      throw new ArgumentError(
        "step: there must be variables to update, got none; is the model built, its weights trainable?",
      );
    }
    const frozen = targets.find(({ trainable }) => !trainable);
    if (frozen) throw new ArgumentError(`step: variables must be trainable, got ${frozen.name}, which is not`);
    this.build(targets);
    noGrad(() => scope(() => this.launchStep(targets, given)));
  }

  /** All launches of a step; for optimizers that wrap others. */
  launchStep(variables: readonly Variable[], given: readonly Tensor[], outer: Outer = {}): void {
    const { gradients, gate, unscale } = this.accumulate(variables, given, outer);
    const ready = clipGradients(gradients, this.options, unscale);
    this.ownRate.follow(this.count);
    for (const group of this.groups) group.follow(this.count, this.rate);
    this.begin(gate);
    variables.forEach((variable, i) => {
      const group = this.groups.find((group) => group.has(variable));
      const weightDecay = this.decays(variable) ? (group?.weightDecay ?? this.weightDecayOf(variable)) : 0;
      const slots = this.slots.get(variable) as Slots;
      const updates = countOf(slots) ?? this.count;
      const how = { rate: group?.value ?? this.rate, weightDecay, scale: ready[i].scale, gate, updates };
      this.update(variable, slots, ready[i].gradient, how);
    });
    this.average(variables, gate);
    for (const variable of variables) {
      if (variable.constraint !== undefined) assignThrough(gate, variable, variable.constraint(variable));
    }
    const counts = variables.map((variable) => countOf(this.slots.get(variable)));
    for (const count of [this.count, ...counts]) if (count) launch("advance_i32", 1, 1, count, gate);
  }

  private decays(variable: Variable): boolean {
    const { decays } = this.options;
    const excluded = this.undecayed.some((one) =>
      typeof one === "string" ? variable.name.includes(one) : one === variable,
    );
    return !excluded && (decays === undefined || requireSynchronous("optimizer: decays", decays(variable)));
  }

  /** The gradients of an update, whether there is to be one, and what the gradients are to be multiplied by. */
  private accumulate(
    variables: readonly Variable[],
    gradients: readonly Tensor[],
    outer: Outer,
  ): Outer & { gradients: readonly Tensor[] } {
    const { gradientAccumulationSteps: steps = 1, lossScaleFactor = 1 } = this.options;
    const { pending } = this;
    const unscale = outer.unscale ?? (lossScaleFactor === 1 ? undefined : tensor(1 / lossScaleFactor));
    if (pending === undefined) return { gradients, gate: outer.gate, unscale };
    const gate = empty([], "i32");
    launch("accumulation_gate_i32", 1, 1, gate, pending, outer.gate, steps);
    const sums = variables.map((variable, i) => {
      const sum = (this.slots.get(variable) as Slots)[ACCUMULATED];
      launch("accumulate_gradient_f32", sum.size, 0.3, sum, gradients[i], unscale, outer.gate, pending);
      return sum;
    });
    return { gradients: sums, gate, unscale: tensor(1 / steps) };
  }

  private average(variables: readonly Variable[], gate: Tensor<"i32"> | undefined): void {
    const { useEma, emaMomentum = 0.99, emaOverwriteFrequency = 0 } = this.options;
    if (!useEma) return;
    for (const x of variables) {
      const slots = this.slots.get(x) as Slots;
      const count = countOf(slots) ?? this.count;
      launch("average_weights_f32", x.size, 0.4, slots[EMA], x, gate, count, 1 - emaMomentum, emaOverwriteFrequency);
    }
  }

  /** Makes the state of variables that have none yet; `apply` does it by itself. */
  build(variables: readonly Variable[]): void {
    const { useEma = false } = this.options;
    requireVariables(variables);
    for (const variable of Object.values(variables)) {
      if (this.slots.has(variable)) continue;
      const slots = unrecorded(() =>
        scope(() => {
          const initial = this.slotsOf(variable);
          if (useEma) initial[EMA] = zeros(variable.shape);
          if (this.pending !== undefined) initial[ACCUMULATED] = zeros(variable.shape);
          if (useEma || this.countsUpdates) initial[UPDATES] = zeros([], "i32") as Tensor<Dtype> as Tensor;
          return Object.fromEntries(Object.entries(initial).map(([name, x]) => [name, new Variable(x, fixed)]));
        }),
      );
      this.slots.set(variable, slots);
    }
  }

  /** Puts the averages of the weights in their places, where `useEma` keeps them: for the end of training. */
  finalizeVariableValues(variables: readonly Variable[]): void {
    for (const [variable, average] of this.averages(variables)) {
      if (this.swapped) average.assign(variable);
      else variable.assign(average);
    }
    this.swapped = false;
  }

  /** Whether weights and averages have changed places. Set only with a state that was saved when they had. */
  get averagesInPlace(): boolean {
    return this.swapped;
  }

  set averagesInPlace(isSo: boolean) {
    this.swapped = isSo;
  }

  /** Exchanges the weights with their averages, where `useEma` keeps them and a step was taken. */
  swapAverages(variables: readonly Variable[]): void {
    forbidWhileRecording("swapAverages");
    const pairs = this.averages(variables);
    for (const [variable, average] of pairs) {
      const values = variable.data();
      variable.assign(average);
      average.assign(values);
    }
    if (pairs.length > 0) this.swapped = !this.swapped;
  }

  private averages(variables: readonly Variable[]): [Variable, Variable][] {
    if (!this.options.useEma) return [];
    return variables.flatMap((variable) => {
      const slots = this.slots.get(variable);
      return slots && countOf(slots)?.view()[0] ? [[variable, slots[EMA]] as [Variable, Variable]] : [];
    });
  }

  /** Everything to be saved with the model, by name, which `nameOf` may give variables; the tensors stay the optimizer's. */
  state(nameOf: (variable: Variable) => string = ({ name }) => name): Record<string, AnyTensor> {
    return this.ownState(nameOf);
  }

  private ownState(nameOf: (variable: Variable) => string): Record<string, Variable | Variable<"i32">> {
    const state: Record<string, Variable | Variable<"i32">> = { iterations: this.count, learningRate: this.rate };
    if (this.pending !== undefined) state.pendingGradients = this.pending;
    this.groups.forEach(({ value }, i) => {
      if (value !== undefined) state[`learningRate_${i + 1}`] = value;
    });
    for (const [variable, slots] of this.slots) {
      // Variables may share a name; the order tells them apart.
      const first = nameOf(variable);
      let name = first;
      const taken = (): boolean => Object.keys(slots).some((slot) => `${name}/${slot}` in state);
      for (let i = 1; taken(); i++) name = `${first}_${i}`;
      for (const [slot, x] of Object.entries(slots)) state[`${name}/${slot}`] = x;
    }
    return state;
  }

  /**
   * Takes over a saved state for these variables, by their names, or in order where layers are named otherwise.
   * Errors: FormatError, before anything changes, where something is missing.
   */
  restore(state: { readonly [name: string]: AnyTensor }, variables: readonly Variable[]): void {
    forbidWhileRecording("restore");
    if (typeof state !== "object" || state === null) {
      throw new ArgumentError(`restore: state must be a record of tensors, got ${textOf(state)}`);
    }
    this.build(variables);
    const own = new Map(Object.entries(this.state()));
    const found = matched("restore", own, renamedState(new Map(Object.entries(state)), [...own.keys()]));
    [...own.values()].forEach((target, i) => void (target as Variable).assign(found[i] as Tensor));
  }

  /** Frees what is kept for these variables, which are not updated again. */
  forget(variables: readonly Variable[]): void {
    for (const variable of variables) {
      for (const slot of Object.values(this.slots.get(variable) ?? {})) slot.dispose();
      this.slots.delete(variable);
    }
  }

  /** Frees the state. */
  dispose(): void {
    for (const x of Object.values(this.ownState(({ name }) => name))) x.dispose();
    this.slots.clear();
  }
}

/** Defines a class of optimizers by name: what makes them from options. */
export function defineOptimizer<C extends OptionsClass<Optimizer>>(
  kind: string,
  made: C,
  optionNames?: Names,
): Definition<C> {
  return defineClass(kind, made, optionNames, {});
}

/** How often the variable of these slots was updated, where that is counted. */
function countOf(slots: Slots | undefined): Variable<"i32"> | undefined {
  return slots?.[UPDATES] as Variable<Dtype> | undefined as Variable<"i32"> | undefined;
}

/**
 * A saved state under the wanted names, as `renamed` finds them. States of versions that counted no updates have none: each
 * variable had as many as the optimizer.
 */
export function renamedState<G>(
  given: ReadonlyMap<string, G>,
  wanted: readonly string[],
  ...others: (readonly string[])[]
): ReadonlyMap<string, G> {
  const isCount = (name: string): boolean => name.endsWith(`/${UPDATES}`);
  const iterations = given.get("iterations");
  if (iterations === undefined || [...given.keys()].some(isCount)) return renamed(given, wanted, ...others);
  const [first, ...rest] = [wanted, ...others].map((names) => names.filter((name) => !isCount(name)));
  const counts = wanted.filter(isCount).map((name) => [name, iterations] as const);
  return new Map([...renamed(given, first, ...rest), ...counts]);
}

/** State like the variable, filled with value, default 0. Shapes: `[...]` -> the same. Errors: none of its own. */
export function slotsLike(variable: Variable, names: readonly string[], value = 0): Slots<Tensor> {
  return Object.fromEntries(names.map((name) => [name, full(variable.shape, value)]));
}

/** target = value, unless the gate is closed: for updates that are written with ops. */
export function assignThrough(gate: Tensor<"i32"> | undefined, target: Variable, value: Tensor): void {
  target.assign(gate === undefined ? value : where(cast(gate, "bool") as Tensor<"bool">, value, target));
}

function counter(): Variable<"i32"> {
  return scope(() => new Variable(tensor(Int32Array.of(0), { shape: [] }), fixed));
}
